/* Sockets over the TAP device of tap.h: waiting is a turn of its loop. */
#include "tap.h"

#include "socket_echo.h"

static inline int tap_wait(void *tap, struct septet_sockets *sockets, int64_t deadline)
{
    struct septet *stack = septet_sockets_stack(sockets);
    turn(stack, *(int *)tap);
    return septet_now(stack) >= deadline ? -SEPTET_ETIMEDOUT : 0;
}

static inline struct septet_sockets *tap_sockets(int *tap)
{
    struct septet_sockets_config config;
    struct septet *stack = make_host();
    septet_sockets_config_default(&config);
    config.wait = tap_wait;
    config.wait_context = tap;
    const size_t size = (septet_sockets_memory_size(&config) + 63) / 64 * 64;
    return stack == NULL ? NULL : septet_sockets_create(&config, stack, aligned_alloc(64, size), size, NULL);
}
