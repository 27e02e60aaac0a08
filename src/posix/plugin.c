#include "posix/plugin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "drill/sysctl.h"

_Static_assert(sizeof(struct septet_iovec) == sizeof(struct iovec), "iovec");
_Static_assert(sizeof(struct septet_pollfd) == sizeof(struct pollfd), "pollfd");
_Static_assert(sizeof(struct septet_epoll_event) == sizeof(struct epoll_event), "epoll_event");

/* ---- the lock and the clock ---- */

bool plugin_enter(struct plugin *plugin)
{
    if (plugin == NULL) {
        errno = EINVAL;
        return false;
    }
    pthread_mutex_lock(&plugin->lock);
    plugin->machine.idle_rounds = 0;
    return true;
}

int64_t plugin_leave(struct plugin *plugin, int64_t result)
{
    machine_settle(&plugin->machine);
    if (plugin->machine.failure != NULL)
        result = -EIO;
    pthread_cond_broadcast(&plugin->moved);
    pthread_mutex_unlock(&plugin->lock);
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

static void pass(struct plugin *plugin, int64_t nanoseconds)
{
    machine_run(&plugin->machine, plugin->machine.now + nanoseconds, STOP_TIME);
}

/* Lets time pass until the call is over, whatever else is under way. */
static void drive(struct plugin *plugin, struct septet_operation *operation)
{
    struct septet_operation *other = plugin->machine.operation;
    plugin->machine.operation = operation;
    if (!machine_run(&plugin->machine, SEPTET_NEVER, STOP_OPERATION))
        septet_operation_cancel(plugin->machine.sockets, operation, -EDEADLK);
    plugin->machine.operation = other;
}

/* The driver lets time pass; the call is continued as it does. */
static void wait_for_driver(struct plugin *plugin, struct septet_operation *operation)
{
    while (plugin->machine.operation != NULL)
        pthread_cond_wait(&plugin->moved, &plugin->lock);
    plugin->machine.operation = operation;
    machine_settle(&plugin->machine);
    while (!operation->done && plugin->machine.failure == NULL)
        pthread_cond_wait(&plugin->moved, &plugin->lock);
    if (!operation->done)
        septet_operation_cancel(plugin->machine.sockets, operation, -EIO);
    plugin->machine.operation = NULL;
}

int64_t plugin_operate(struct plugin *plugin, struct septet_operation *operation)
{
    if (!septet_operation_start(plugin->machine.sockets, operation)) {
        if (pthread_equal(pthread_self(), plugin->driver))
            drive(plugin, operation);
        else
            wait_for_driver(plugin, operation);
    }
    return operation->result;
}

static int plugin_usleep(void *userdata, useconds_t microseconds)
{
    struct plugin *plugin = userdata;
    if (!plugin_enter(plugin))
        return -1;
    pass(plugin, (int64_t)microseconds * SEPTET_MICROSECOND);
    return (int)plugin_leave(plugin, 0);
}

static int plugin_gettimeofday(void *userdata, struct timeval *time, struct timezone *zone)
{
    struct plugin *plugin = userdata;
    if (!plugin_enter(plugin))
        return -1;
    pass(plugin, SEPTET_MICROSECOND);
    if (time != NULL) {
        time->tv_sec = plugin->machine.now / SEPTET_SECOND;
        time->tv_usec = plugin->machine.now % SEPTET_SECOND / SEPTET_MICROSECOND;
    }
    if (zone != NULL)
        memset(zone, 0, sizeof *zone);
    return (int)plugin_leave(plugin, 0);
}

/* ---- packets ---- */

static int plugin_netdev_send(void *userdata, const void *packet, size_t length)
{
    struct plugin *plugin = userdata;
    if (!plugin_enter(plugin))
        return -1;
    if (length > UINT16_MAX + 40)
        return (int)plugin_leave(plugin, -EMSGSIZE);
    machine_inject(&plugin->machine, packet, (uint32_t)length);
    return (int)plugin_leave(plugin, 0);
}

static int plugin_netdev_receive(void *userdata, void *packet, size_t *length, long long *microseconds)
{
    struct plugin *plugin = userdata;
    int result = 0;
    if (!plugin_enter(plugin))
        return -1;
    const size_t room = *length;
    *length = 0;
    machine_run(&plugin->machine, SEPTET_NEVER, STOP_PACKET);
    const struct captured *captured = machine_take(&plugin->machine);
    if (captured != NULL && captured->length > room) {
        result = -EMSGSIZE;
    } else if (captured != NULL) {
        memcpy(packet, captured->bytes, captured->length);
        *length = captured->length;
        *microseconds = captured->time / SEPTET_MICROSECOND;
    }
    machine_release(&plugin->machine);
    return (int)plugin_leave(plugin, result);
}

/* ---- calls that never block ---- */

#define CALL(...)                                             \
    struct plugin *plugin = userdata;                         \
    if (!plugin_enter(plugin))                                \
        return -1;                                            \
    struct septet_sockets *sockets = plugin->machine.sockets; \
    return (int)plugin_leave(plugin, __VA_ARGS__)

static int plugin_socket(void *userdata, int domain, int type, int protocol)
{
    CALL(septet_sockets_socket(sockets, domain, type, protocol));
}

static int plugin_bind(void *userdata, int fd, const struct sockaddr *address, socklen_t length)
{
    CALL(septet_sockets_bind(sockets, fd, address, length));
}

static int plugin_listen(void *userdata, int fd, int backlog) { CALL(septet_sockets_listen(sockets, fd, backlog)); }

static int plugin_shutdown(void *userdata, int fd, int how) { CALL(septet_sockets_shutdown(sockets, fd, how)); }

static int plugin_getsockopt(void *userdata, int fd, int level, int option, void *value, socklen_t *length)
{
    CALL(septet_sockets_getsockopt(sockets, fd, level, option, value, length));
}

static int plugin_setsockopt(void *userdata, int fd, int level, int option, const void *value, socklen_t length)
{
    CALL(septet_sockets_setsockopt(sockets, fd, level, option, value, length));
}

static int plugin_epoll_create(void *userdata, int size)
{
    CALL(size <= 0 ? -EINVAL : septet_sockets_epoll_create(sockets, 0));
}

static int plugin_epoll_ctl(void *userdata, int epoll, int command, int fd, struct epoll_event *event)
{
    struct septet_epoll_event copy;
    if (event != NULL)
        memcpy(&copy, event, sizeof copy);
    CALL(septet_sockets_epoll_ctl(sockets, epoll, command, fd, event == NULL ? NULL : &copy));
}

static int plugin_fcntl(void *userdata, int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    const int argument = va_arg(arguments, int); /* without one it is not looked at */
    va_end(arguments);
    CALL(septet_sockets_fcntl(sockets, fd, command, argument));
}

static int plugin_ioctl(void *userdata, int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    int *value = va_arg(arguments, int *);
    va_end(arguments);
    CALL(septet_sockets_ioctl(sockets, fd, (unsigned)request, value));
}

static int plugin_pipe_call(void *userdata, int fds[2])
{
    struct plugin *plugin = userdata;
    return plugin_enter(plugin) ? (int)plugin_leave(plugin, plugin_pipe_make(plugin, fds)) : -1;
}

/* ---- calls that may block ---- */

static int64_t operate(void *userdata, struct septet_operation operation)
{
    struct plugin *plugin = userdata;
    return plugin_enter(plugin) ? plugin_leave(plugin, plugin_operate(plugin, &operation)) : -1;
}

static int plugin_accept(void *userdata, int fd, struct sockaddr *address, socklen_t *length)
{
    return (int)operate(userdata, septet_operation_accept(fd, address, length, 0));
}

static int plugin_connect(void *userdata, int fd, const struct sockaddr *address, socklen_t length)
{
    return (int)operate(userdata, septet_operation_connect(fd, address, length));
}

static int plugin_close(void *userdata, int fd)
{
    struct plugin *plugin = userdata;
    if (!plugin_enter(plugin))
        return -1;
    if (plugin_pipe(plugin, fd) >= 0)
        return (int)plugin_leave(plugin, plugin_pipe_close(plugin, fd));
    struct septet_operation operation = septet_operation_close(fd);
    return (int)plugin_leave(plugin, plugin_operate(plugin, &operation));
}

/* The core only reads through the vectors of what is sent. */
static struct septet_msghdr message_of(const struct iovec *vector, size_t count)
{
    return (struct septet_msghdr){.vector = (struct septet_iovec *)(uintptr_t)vector, .vector_count = count};
}

static ssize_t plugin_recvfrom(void *userdata, int fd, void *data, size_t length, int flags, struct sockaddr *address,
                               socklen_t *address_length)
{
    return operate(userdata, septet_operation_recvfrom(fd, data, length, flags, address, address_length));
}

static ssize_t plugin_recv(void *userdata, int fd, void *data, size_t length, int flags)
{
    return plugin_recvfrom(userdata, fd, data, length, flags, NULL, NULL);
}

static ssize_t plugin_readv(void *userdata, int fd, const struct iovec *vector, int count)
{
    struct plugin *plugin = userdata;
    if (!plugin_enter(plugin))
        return -1;
    const int end = plugin_pipe(plugin, fd);
    if (end >= 0) {
        const ssize_t got = readv(end, vector, count);
        return plugin_leave(plugin, got < 0 ? -errno : got);
    }
    if (count < 0)
        return plugin_leave(plugin, -EINVAL);
    struct septet_msghdr message = message_of(vector, (size_t)count);
    struct septet_operation operation = septet_operation_recvmsg(fd, &message, 0);
    return plugin_leave(plugin, plugin_operate(plugin, &operation));
}

static ssize_t plugin_read(void *userdata, int fd, void *data, size_t length)
{
    const struct iovec vector = {data, length};
    return plugin_readv(userdata, fd, &vector, 1);
}

static ssize_t plugin_recvmsg(void *userdata, int fd, struct msghdr *to, int flags)
{
    struct septet_msghdr message = message_of(to->msg_iov, to->msg_iovlen);
    message.name = to->msg_name;
    message.name_length = to->msg_namelen;
    message.control = to->msg_control;
    message.control_length = to->msg_controllen;
    const ssize_t result = operate(userdata, septet_operation_recvmsg(fd, &message, flags));
    if (result >= 0) {
        to->msg_namelen = message.name_length;
        to->msg_controllen = message.control_length;
        to->msg_flags = message.flags;
    }
    return result;
}

static ssize_t plugin_sendto(void *userdata, int fd, const void *data, size_t length, int flags,
                             const struct sockaddr *address, socklen_t address_length)
{
    return operate(userdata, septet_operation_sendto(fd, data, length, flags, address, address_length));
}

static ssize_t plugin_send(void *userdata, int fd, const void *data, size_t length, int flags)
{
    return plugin_sendto(userdata, fd, data, length, flags, NULL, 0);
}

static ssize_t plugin_writev(void *userdata, int fd, const struct iovec *vector, int count)
{
    struct plugin *plugin = userdata;
    if (!plugin_enter(plugin))
        return -1;
    const int end = plugin_pipe(plugin, fd);
    if (end >= 0) {
        const ssize_t put = writev(end, vector, count);
        return plugin_leave(plugin, put < 0 ? -errno : put);
    }
    if (count < 0)
        return plugin_leave(plugin, -EINVAL);
    const struct septet_msghdr message = message_of(vector, (size_t)count);
    struct septet_operation operation = septet_operation_sendmsg(fd, &message, 0);
    return plugin_leave(plugin, plugin_operate(plugin, &operation));
}

static ssize_t plugin_write(void *userdata, int fd, const void *data, size_t length)
{
    struct iovec vector = {.iov_len = length};
    memcpy(&vector.iov_base, &data, sizeof data);
    return plugin_writev(userdata, fd, &vector, 1);
}

static ssize_t plugin_sendmsg(void *userdata, int fd, const struct msghdr *from, int flags)
{
    struct septet_msghdr message = message_of(from->msg_iov, from->msg_iovlen);
    message.name = from->msg_name;
    message.name_length = from->msg_namelen;
    message.control = from->msg_control;
    message.control_length = from->msg_controllen;
    return operate(userdata, septet_operation_sendmsg(fd, &message, flags));
}

static int64_t timeout_of(int milliseconds)
{
    return milliseconds < 0 ? -1 : (int64_t)milliseconds * SEPTET_MILLISECOND;
}

static int plugin_poll(void *userdata, struct pollfd *fds, nfds_t count, int timeout)
{
    void *same = fds;
    if (count > UINT32_MAX) {
        errno = EINVAL;
        return -1;
    }
    return (int)operate(userdata, septet_operation_poll(same, (uint32_t)count, timeout_of(timeout)));
}

static int plugin_epoll_wait(void *userdata, int epoll, struct epoll_event *events, int maximum, int timeout)
{
    void *same = events;
    return (int)operate(userdata, septet_operation_epoll_wait(epoll, same, maximum, timeout_of(timeout)));
}

static int plugin_splice_call(void *userdata, int from, loff_t *from_offset, int to, loff_t *to_offset, size_t length,
                              unsigned flags)
{
    struct plugin *plugin = userdata;
    if (!plugin_enter(plugin))
        return -1;
    const bool seeks = from_offset != NULL || to_offset != NULL;
    return (int)plugin_leave(plugin, seeks ? -ESPIPE : plugin_splice(plugin, from, to, length, flags));
}

/* ---- life ---- */

static void plugin_free(void *userdata)
{
    struct plugin *plugin = userdata;
    if (plugin == NULL)
        return;
    for (int i = 0; i < PLUGIN_PIPE_ENDS; i++)
        if (plugin->pipe_end[i] >= 0)
            close(plugin->pipe_end[i]);
    pthread_cond_destroy(&plugin->moved);
    pthread_mutex_destroy(&plugin->lock);
    munmap(plugin->arena.memory, DRILL_MEMORY);
    free(plugin);
}

/* One word of the flags. False with the error set. */
static bool set_flag(struct plugin *plugin, struct slice word, bool sysctls, struct drill_error *error)
{
    struct slice name = word, value = {"", 0};
    while (slice_starts(name, "-"))
        name = (struct slice){name.at + 1, name.length - 1};
    const struct slice whole = name;
    const bool has_value = slice_split(whole, '=', &name, &value);
    if (!has_value)
        name = whole;
    const bool is_sysctl = memchr(name.at, '.', name.length) != NULL;
    if (is_sysctl != sysctls)
        return true;
    if (!is_sysctl)
        return drill_option_set(&plugin->options, name, has_value, value, error);
    if (sysctl_set(&plugin->machine.config, name, value) == SYSCTL_DONE)
        return true;
    struct text text = drill_error_begin(error, 0);
    text_put(&text, "sysctl ");
    text_slice(&text, word);
    text_put(&text, " is not known or cannot have this value");
    return false;
}

static bool set_flags(struct plugin *plugin, const char *flags, bool sysctls, struct drill_error *error)
{
    static const char between[] = " \t,";
    while (flags != NULL && flags[strspn(flags, between)] != '\0') {
        flags += strspn(flags, between);
        const size_t length = strcspn(flags, between);
        if (!set_flag(plugin, (struct slice){flags, (uint32_t)length}, sysctls, error))
            return false;
        flags += length;
    }
    return true;
}

/* The profile comes first, then what changes it. */
static bool start(struct plugin *plugin, const char *flags, struct drill_error *error)
{
    drill_options_default(&plugin->options);
    drill_options_profile(&plugin->options, "linux");
    if (!set_flags(plugin, flags, false, error))
        return false;
    drill_options_finish(&plugin->options);
    plugin->machine.options = &plugin->options;
    return machine_config(&plugin->machine.config, &plugin->options, error) && set_flags(plugin, flags, true, error) &&
           machine_start(&plugin->machine, &plugin->arena, error);
}

static struct plugin *make(const char *flags)
{
    struct drill_error error = {.text = "no memory"};
    struct plugin *plugin = calloc(1, sizeof *plugin);
    void *memory = mmap(NULL, DRILL_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (plugin != NULL && memory != MAP_FAILED) {
        arena_init(&plugin->arena, memory, DRILL_MEMORY);
        pthread_mutex_init(&plugin->lock, NULL);
        pthread_cond_init(&plugin->moved, NULL);
        plugin->driver = pthread_self();
        for (int i = 0; i < PLUGIN_PIPE_ENDS; i++)
            plugin->pipe_end[i] = -1;
        if (start(plugin, flags, &error))
            return plugin;
        plugin_free(plugin);
    } else {
        if (memory != MAP_FAILED)
            munmap(memory, DRILL_MEMORY);
        free(plugin);
    }
    fprintf(stderr, "libseptet-packetdrill: %s%s\n", error.unsupported ? "not supported: " : "", error.text);
    return NULL;
}

__attribute__((visibility("default"))) void packetdrill_interface_init(const char *flags,
                                                                       struct packetdrill_interface *interface)
{
    *interface = (struct packetdrill_interface){
        .userdata = make(flags),
        .free = plugin_free,
        .socket = plugin_socket,
        .bind = plugin_bind,
        .listen = plugin_listen,
        .accept = plugin_accept,
        .connect = plugin_connect,
        .read = plugin_read,
        .readv = plugin_readv,
        .recv = plugin_recv,
        .recvfrom = plugin_recvfrom,
        .recvmsg = plugin_recvmsg,
        .write = plugin_write,
        .writev = plugin_writev,
        .send = plugin_send,
        .sendto = plugin_sendto,
        .sendmsg = plugin_sendmsg,
        .fcntl = plugin_fcntl,
        .ioctl = plugin_ioctl,
        .close = plugin_close,
        .shutdown = plugin_shutdown,
        .getsockopt = plugin_getsockopt,
        .setsockopt = plugin_setsockopt,
        .poll = plugin_poll,
        .netdev_send = plugin_netdev_send,
        .netdev_receive = plugin_netdev_receive,
        .usleep = plugin_usleep,
        .gettimeofday = plugin_gettimeofday,
        .epoll_create = plugin_epoll_create,
        .epoll_ctl = plugin_epoll_ctl,
        .epoll_wait = plugin_epoll_wait,
        .pipe = plugin_pipe_call,
        .splice = plugin_splice_call,
    };
}
