#include "socket/socket.h"

/* The parts of a set of sockets, laid out in memory that was given. */

void septet_sockets_config_default(struct septet_sockets_config *config)
{
    *config = (struct septet_sockets_config){
        .descriptors = 1024,
        .first_descriptor = 3,
        .sockets = 1024,
        .watches = 1024,
        .buffers_doubled = true,
        .connect_tells_once = true,
    };
}

static bool same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

bool septet_sockets_profile_apply(struct septet_sockets_config *config, const char *name)
{
    const bool bsd = same(name, "freebsd");
    if (!bsd && !same(name, "linux") && !same(name, "rfc"))
        return false;
    config->buffers_doubled = config->connect_tells_once = !bsd;
    config->error_first = config->accept_aborted = config->shutdown_waits = bsd;
    config->shutdown_discards = config->send_connected = config->bsd_options = bsd;
    return true;
}

static size_t aligned(size_t size) { return (size + 63) & ~(size_t)63; }

static uint32_t power_of_two(uint32_t at_least)
{
    uint32_t size = 16;
    while (size < at_least && size < UINT32_C(1) << 16)
        size *= 2;
    return size;
}

static bool valid(const struct septet_sockets_config *config)
{
    const uint32_t most = UINT32_C(1) << 24;
    return config != NULL && config->descriptors >= 1 && config->descriptors <= most &&
           config->first_descriptor <= INT32_MAX - most && config->sockets >= 1 && config->sockets <= most &&
           config->watches >= 1 && config->watches <= most;
}

static size_t bitmap_size(const struct septet_sockets_config *config)
{
    return ((size_t)config->descriptors + 63) / 64 * sizeof(uint64_t);
}

size_t septet_sockets_memory_size(const struct septet_sockets_config *config)
{
    if (!valid(config))
        return 0;
    return aligned(sizeof(struct septet_sockets)) + aligned(config->descriptors * sizeof(struct descriptor)) +
           aligned(bitmap_size(config)) + aligned(power_of_two(config->sockets) * sizeof(uint32_t)) +
           aligned(config->sockets * sizeof(struct open_socket)) + aligned(config->watches * sizeof(struct watch));
}

static int check(const struct septet_sockets_config *config, const struct septet *stack, const void *memory,
                 size_t size)
{
    if (!valid(config) || stack == NULL || memory == NULL || ((uintptr_t)memory & 63) != 0)
        return SEPTET_INVALID;
    return size < septet_sockets_memory_size(config) ? SEPTET_MEMORY_SIZE : SEPTET_OK;
}

struct septet_sockets *septet_sockets_create(const struct septet_sockets_config *config, struct septet *stack,
                                             void *memory, size_t size, int *error)
{
    const int result = check(config, stack, memory, size);
    if (error != NULL)
        *error = result;
    if (result != SEPTET_OK)
        return NULL;
    struct septet_sockets *sockets = memory;
    uint8_t *at = (uint8_t *)memory + aligned(sizeof *sockets);
    const uint32_t ports = power_of_two(config->sockets);
    *sockets = (struct septet_sockets){.stack = stack, .config = *config, .port_mask = ports - 1};
    sockets->descriptors = (void *)at;
    at += aligned(config->descriptors * sizeof(struct descriptor));
    sockets->taken = (void *)at;
    memset(sockets->taken, 0, bitmap_size(config));
    at += aligned(bitmap_size(config));
    sockets->ports = (void *)at;
    memset(sockets->ports, 0, ports * sizeof(uint32_t));
    at += aligned(ports * sizeof(uint32_t));
    slab_init(&sockets->sockets, at, sizeof(struct open_socket), config->sockets);
    at += aligned(config->sockets * sizeof(struct open_socket));
    slab_init(&sockets->watches, at, sizeof(struct watch), config->watches);
    return sockets;
}

struct septet *septet_sockets_stack(struct septet_sockets *sockets) { return sockets->stack; }

uint64_t septet_sockets_changes(const struct septet_sockets *sockets) { return sockets->changes; }
