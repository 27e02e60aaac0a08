#include "socket/pair.h"

static int wait_for(void *context, struct septet_sockets *sockets, int64_t deadline);

static void host_make(struct pair *pair, struct host *host, uint8_t number, bool blocking, const char *profile)
{
    const struct septet_interface interface = {.name = "wire", .mtu = 1500};
    struct septet_sockets_config own;
    struct septet_config config;
    septet_config_default(&config);
    if (profile != NULL)
        assert_true(septet_profile_apply(&config, profile));
    config.seed[0] = number;
    config.now = pair->now;
    config.pages = 1024;
    config.connections = config.half_open = config.time_wait = config.listeners = 64;
    config.tcp.send_buffer = config.tcp.receive_buffer = 65536;
    size_t size = (septet_memory_size(&config) + 63) / 64 * 64;
    host->pair = pair;
    host->memory[0] = aligned_alloc(64, size);
    host->stack = septet_create(&config, host->memory[0], size, NULL);
    assert_non_null(host->stack);
    host->ipv4 = septet_address_ipv4(10, 0, 0, number);
    host->ipv6 = (struct septet_address){{0xfd, [15] = number}};
    assert_int_equal(septet_interface_add(host->stack, &interface), 0);
    assert_int_equal(septet_address_add(host->stack, 0, &host->ipv4, 24, true), SEPTET_OK);
    assert_int_equal(septet_address_add(host->stack, 0, &host->ipv6, 64, true), SEPTET_OK);
    septet_sockets_config_default(&own);
    if (profile != NULL)
        assert_true(septet_sockets_profile_apply(&own, profile));
    own.descriptors = own.sockets = own.watches = 64;
    if (blocking)
        own.wait = wait_for;
    own.wait_context = pair;
    size = (septet_sockets_memory_size(&own) + 63) / 64 * 64;
    host->memory[1] = aligned_alloc(64, size);
    memset(host->memory[1], 0xa5, size);
    host->sockets = septet_sockets_create(&own, host->stack, host->memory[1], size, NULL);
    assert_non_null(host->sockets);
}

struct pair *pair_new_as(bool blocking, const char *profile)
{
    struct pair *pair = calloc(1, sizeof *pair);
    assert_non_null(pair);
    pair->now = S(1000);
    host_make(pair, &pair->a, 1, blocking, profile);
    host_make(pair, &pair->b, 2, blocking, profile);
    return pair;
}

struct pair *pair_new(bool blocking) { return pair_new_as(blocking, NULL); }

static void host_end(struct host *host)
{
    struct septet_usage usage;
    for (int fd = 3; fd < 3 + 64; fd++)
        (void)septet_sockets_close(host->sockets, fd);
    pass(host->pair, S(4000));
    septet_usage(host->stack, &usage);
    assert_int_equal(usage.connections, 0);
    assert_int_equal(usage.listeners, 0);
    assert_int_equal(usage.sockets, 0);
    assert_int_equal(usage.half_open, 0);
    assert_int_equal(usage.time_wait, 0);
    assert_int_equal(usage.pages, 0);
    free(host->memory[0]);
    free(host->memory[1]);
    host->stack = NULL;
}

void pair_end(struct pair *pair)
{
    pair->cut = false;
    for (int fd = 3; fd < 3 + 64; fd++)
        (void)septet_sockets_close(pair->b.sockets, fd);
    host_end(&pair->a);
    host_end(&pair->b);
    free(pair);
}

static uint32_t carry(struct pair *pair, struct host *from, struct host *to)
{
    struct septet_packet packets[SEPTET_BATCH];
    if (from->stack == NULL)
        return 0;
    const uint32_t count = septet_output(from->stack, packets, SEPTET_BATCH);
    for (uint32_t i = 0; i < count; i++) {
        const struct septet_packet *packet = &packets[i];
        const uint8_t protocol = packet->head[packet->ip_version == 4 ? 9 : 6];
        pair->resets += protocol == 6 && (packet->head[packet->checksum_start + 13] & 4);
    }
    pair->carried += count;
    if (!pair->cut && to->stack != NULL)
        septet_input(to->stack, packets, count);
    return count;
}

void settle(struct pair *pair)
{
    for (unsigned turn = 0; turn < 10000; turn++)
        if (carry(pair, &pair->a, &pair->b) + carry(pair, &pair->b, &pair->a) == 0)
            return;
    fail_msg("the hosts do not come to rest");
}

static void advance_to(struct pair *pair, int64_t now)
{
    pair->now = now > pair->now ? now : pair->now;
    if (pair->a.stack != NULL)
        septet_advance(pair->a.stack, pair->now);
    if (pair->b.stack != NULL)
        septet_advance(pair->b.stack, pair->now);
    settle(pair);
}

static int64_t next_deadline(const struct pair *pair)
{
    int64_t next = SEPTET_NEVER;
    const struct host *const hosts[2] = {&pair->a, &pair->b};
    for (unsigned i = 0; i < 2; i++) {
        const int64_t own = hosts[i]->stack == NULL ? SEPTET_NEVER : septet_deadline(hosts[i]->stack);
        next = own < next ? own : next;
    }
    return next;
}

void pass(struct pair *pair, int64_t duration)
{
    const int64_t end = pair->now + duration;
    settle(pair);
    for (unsigned turn = 0; turn < 1000000 && next_deadline(pair) < end; turn++)
        advance_to(pair, next_deadline(pair));
    advance_to(pair, end);
}

static int wait_for(void *context, struct septet_sockets *sockets, int64_t deadline)
{
    struct pair *pair = context;
    const int interrupt = pair->interrupt;
    void (*on_wait)(struct pair *) = pair->on_wait;
    pair->interrupt = 0;
    if (interrupt != 0)
        return interrupt;
    const uint64_t before = septet_sockets_changes(sockets);
    if (on_wait != NULL) {
        pair->on_wait = NULL;
        on_wait(pair);
    }
    settle(pair);
    septet_sockets_process(sockets);
    if (septet_sockets_changes(sockets) != before)
        return 0;
    const int64_t next = next_deadline(pair);
    if (next == SEPTET_NEVER && deadline == SEPTET_NEVER)
        fail_msg("waiting for ever");
    advance_to(pair, next < deadline ? next : deadline);
    return pair->now >= deadline ? -SEPTET_ETIMEDOUT : 0;
}

uint32_t name_of(union septet_sockaddr *name, int family, const struct host *host, uint16_t port)
{
    const struct septet_address *address = host == NULL ? NULL : family == AF4 ? &host->ipv4 : &host->ipv6;
    return septet_sockaddr_make(name, family, address, port);
}

int socket_on(struct host *host, int family, int type)
{
    const int fd = septet_sockets_socket(host->sockets, family, type, 0);
    assert_true(fd >= 3);
    return fd;
}

int bound_to(struct host *host, int family, int type, uint16_t port, int reuse_option)
{
    union septet_sockaddr name;
    const uint32_t length = name_of(&name, family, NULL, port);
    const int fd = socket_on(host, family, type);
    if (reuse_option != 0)
        assert_int_equal(set_option(host, fd, SEPTET_SOL_SOCKET, reuse_option, 1), 0);
    const int result = septet_sockets_bind(host->sockets, fd, &name, length);
    if (result == 0)
        return fd;
    close_fd(host, fd);
    return result;
}

int listener_on(struct host *host, int family, uint16_t port, int backlog)
{
    const int fd = bound_to(host, family, SEPTET_SOCK_STREAM, port, SEPTET_SO_REUSEADDR);
    assert_true(fd >= 3);
    assert_int_equal(septet_sockets_listen(host->sockets, fd, backlog), 0);
    return fd;
}

int connect_to(struct host *host, int fd, int family, const struct host *to, uint16_t port)
{
    union septet_sockaddr name;
    const uint32_t length = name_of(&name, family, to, port);
    return septet_sockets_connect(host->sockets, fd, &name, length);
}

void connected_from(struct pair *pair, int listener, int *a, int *b)
{
    *a = socket_on(&pair->a, AF4, SEPTET_SOCK_STREAM);
    const int result = connect_to(&pair->a, *a, AF4, &pair->b, 80);
    assert_true(result == 0 || result == -SEPTET_EINPROGRESS);
    settle(pair);
    const int again = result == 0 ? 0 : connect_to(&pair->a, *a, AF4, &pair->b, 80);
    assert_true(again == 0 || again == -SEPTET_EISCONN);
    *b = septet_sockets_accept4(pair->b.sockets, listener, NULL, NULL, 0);
    assert_true(*b >= 3);
    assert_int_equal(set_option(&pair->a, *a, SEPTET_SOL_TCP, SEPTET_TCP_NODELAY, 1), 0);
    assert_int_equal(set_option(&pair->b, *b, SEPTET_SOL_TCP, SEPTET_TCP_NODELAY, 1), 0);
    settle(pair);
}

void connected(struct pair *pair, int *a, int *b)
{
    const int listener = listener_on(&pair->b, AF4, 80, 8);
    connected_from(pair, listener, a, b);
    close_fd(&pair->b, listener);
}

unsigned mask_of(struct host *host, int fd)
{
    const unsigned all = IN | OUT | PRI | RDHUP;
    struct septet_pollfd entry = {.fd = fd, .events = (int16_t)all};
    const int count = septet_sockets_poll(host->sockets, &entry, 1, 0);
    assert_int_equal(count, entry.revents != 0);
    return (uint16_t)entry.revents;
}

int option_of(struct host *host, int fd, int level, int option)
{
    int value = -12345;
    uint32_t length = sizeof value;
    const int result = septet_sockets_getsockopt(host->sockets, fd, level, option, &value, &length);
    return result != 0 ? result : value;
}

int set_option(struct host *host, int fd, int level, int option, int value)
{
    return septet_sockets_setsockopt(host->sockets, fd, level, option, &value, sizeof value);
}

int error_of(struct host *host, int fd) { return option_of(host, fd, SEPTET_SOL_SOCKET, SEPTET_SO_ERROR); }

int set_linger(struct host *host, int fd, int on, int seconds)
{
    const struct septet_linger linger = {on, seconds};
    return septet_sockets_setsockopt(host->sockets, fd, SEPTET_SOL_SOCKET, SEPTET_SO_LINGER, &linger, sizeof linger);
}

int close_fd(struct host *host, int fd) { return septet_sockets_close(host->sockets, fd); }

int64_t send_text(struct host *host, int fd, const char *text)
{
    return septet_sockets_send(host->sockets, fd, text, strlen(text), 0);
}

int64_t receive(struct host *host, int fd)
{
    char bytes[64];
    return septet_sockets_recv(host->sockets, fd, bytes, sizeof bytes, 0);
}

void expect_bytes(struct host *host, int fd, const char *text, int flags, const char *file, int line)
{
    char bytes[65] = {0};
    const int64_t got = septet_sockets_recv(host->sockets, fd, bytes, 64, flags);
    _assert_int_equal((uint64_t)got, strlen(text), file, line);
    _assert_string_equal(bytes, text, file, line);
}
