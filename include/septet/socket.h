#ifndef SEPTET_SOCKET_H
#define SEPTET_SOCKET_H

/**
 * Berkeley sockets over a stack, without an operating system: descriptors, blocking, poll and epoll, options and
 * errors as Linux has them, with Linux's numbers and structures.
 *
 *     sockets = septet_sockets_create(&config, stack, memory, size, NULL);
 *     fd = septet_sockets_socket(sockets, SEPTET_AF_INET, SEPTET_SOCK_STREAM, 0);
 *     septet_sockets_connect(sockets, fd, &address, sizeof address);
 *     septet_sockets_send(sockets, fd, "hello", 5, 0);
 *
 * Calls return what their namesakes return, but a negative error number (-SEPTET_EAGAIN) instead of -1 and errno.
 * Nobody is sent a signal: a wrapper that wants SIGPIPE raises it on -SEPTET_EPIPE without SEPTET_MSG_NOSIGNAL.
 *
 * A call that blocks waits through the function `wait` of the configuration, which drives the stack for a while.
 * Without one every call behaves as if its descriptor were non-blocking. Who cannot wait inside a call starts it as
 * a struct septet_operation and continues that when something has happened.
 */

#include "septet/datagram.h"

#ifdef __cplusplus
extern "C" {
#endif

enum septet_constant {
#define CONSTANT(name, value) SEPTET_##name = (value),
#include "septet/socket_constants.def"
#undef CONSTANT
    SEPTET_CONSTANT_LAST = 0x7fffffff
};
/** The constant that does not fit an int. */
#define SEPTET_EPOLLET UINT32_C(0x80000000)

/** Looks up a name of socket_constants.def ("SO_REUSEADDR"). False when it is none of them. */
SEPTET_API bool septet_constant_find(const char *name, size_t length, int64_t *value);
/** "EAGAIN" for 11 or -11; NULL for numbers that are no error. Static. */
SEPTET_API const char *septet_errno_name(int error);
/** The error number that Linux has for an enum septet_error, negative; 0 for SEPTET_OK. */
SEPTET_API int septet_errno_of(int error);

/* ---- structures, laid out in memory as Linux's are ---- */

struct septet_sockaddr_in {
    uint16_t family; /**< SEPTET_AF_INET */
    uint8_t port[2]; /**< network byte order */
    uint8_t address[4];
    uint8_t zero[8];
};

struct septet_sockaddr_in6 {
    uint16_t family;    /**< SEPTET_AF_INET6 */
    uint8_t port[2];    /**< network byte order */
    uint32_t flow_info; /**< network byte order; ignored */
    uint8_t address[16];
    uint32_t scope; /**< ignored */
};

/** Room for either. */
union septet_sockaddr {
    uint16_t family;
    struct septet_sockaddr_in ipv4;
    struct septet_sockaddr_in6 ipv6;
};

/** Writes an address and port as a socket of `family` (SEPTET_AF_INET or _INET6) wants it: an IPv4 address is mapped
 * for SEPTET_AF_INET6. NULL: any. Returns the length, 0 when the family cannot express the address. */
SEPTET_API uint32_t septet_sockaddr_make(union septet_sockaddr *to, int family, const struct septet_address *address,
                                         uint16_t port);
/** Reads one of `length` bytes. False when it is too short or of another family. */
SEPTET_API bool septet_sockaddr_read(const void *from, uint32_t length, struct septet_address *address, uint16_t *port);

struct septet_iovec {
    void *base;
    size_t length;
};

struct septet_msghdr {
    void *name;
    uint32_t name_length;
    struct septet_iovec *vector;
    size_t vector_count;
    void *control;
    size_t control_length;
    int flags;
};

/** Head of a control message; data follows, messages are aligned to sizeof(size_t). */
struct septet_cmsghdr {
    size_t length; /**< head included */
    int level, type;
};

/** Data of an IP_RECVERR control message; the sockaddr of who sent the ICMP message follows. */
struct septet_sock_extended_err {
    uint32_t error;
    uint8_t origin, type, code, pad;
    uint32_t info, data;
};

struct septet_timeval {
    int64_t seconds, microseconds;
};

struct septet_linger {
    int on, seconds;
};

struct septet_pollfd {
    int fd;
    int16_t events, revents;
};

#if defined(__x86_64__) && defined(__GNUC__)
struct __attribute__((packed)) septet_epoll_event {
#else
struct septet_epoll_event {
#endif
    uint32_t events;
    uint64_t data;
};

/** Bytes of Linux 6.18's struct tcp_info; getsockopt() gives as many as were asked for. */
#define SEPTET_TCP_INFO_SIZE 280

/* ---- life ---- */

struct septet_sockets;

struct septet_sockets_config {
    uint32_t descriptors;      /**< (1024) */
    uint32_t first_descriptor; /**< number of the first one (3) */
    uint32_t sockets;          /**< open sockets and epoll sets, those included that are being closed (1024) */
    uint32_t watches;          /**< entries of all epoll sets (1024) */
    /**
     * False: every call drains the events of the stack first, all handles are these sockets'. True: the application
     * uses handles of its own on this stack as well; it drains septet_next_event() and hands each to
     * septet_sockets_event(). (false)
     */
    bool shared_stack;
    /**
     * Lets time pass and packets flow, until something may have happened, but not beyond `deadline` (SEPTET_NEVER:
     * none). 0 when something may have happened, -SEPTET_ETIMEDOUT when septet_now() has reached the deadline,
     * -SEPTET_EINTR when the call is to end. NULL: nothing ever blocks. (NULL)
     */
    int (*wait)(void *context, struct septet_sockets *sockets, int64_t deadline);
    void *wait_context;      /**< handed to wait */
    bool buffers_doubled;    /**< SO_RCVBUF and SO_SNDBUF give room for as much again, and tell it (true) */
    bool error_first;        /**< a pending error is told before the end of the stream, and not by send(), which says
                                EPIPE; a reset is ECONNRESET, whatever came before it (false) */
    bool accept_aborted;     /**< accept() of a connection that was reset meanwhile is ECONNABORTED (false) */
    bool connect_tells_once; /**< connect() once more after the connection was made is 0 before EISCONN (true) */
    bool shutdown_waits;     /**< shutdown() while connecting holds for the connection, it does not end it (false) */
    bool shutdown_discards;  /**< what comes after shutdown() of reading is thrown away (false) */
    bool send_connected;     /**< send() before the connection is made is ENOTCONN, connect() of a listener
                                EOPNOTSUPP (false) */
    bool bsd_options; /**< options are told as BSD has them: switches as the bit they are, SO_RCVBUF and SO_SNDBUF
                         of at most 2 MiB, newreno; of a connection that is over ECONNRESET (false) */
};

/** Fills in the defaults. */
SEPTET_API void septet_sockets_config_default(struct septet_sockets_config *config);
/** Sets what systems decide differently as septet_profile_apply() does: what sockets of "linux", "freebsd" or "rfc"
 * answer. False when there is no such profile. */
SEPTET_API bool septet_sockets_profile_apply(struct septet_sockets_config *config, const char *name);
/** Bytes that sockets of this configuration need; 0 when it is invalid. Memory that was never in use is not touched. */
SEPTET_API size_t septet_sockets_memory_size(const struct septet_sockets_config *config);
/**
 * Makes sockets over a stack in memory that stays the caller's, aligned to 64 bytes; both must outlive them. Errors
 * as septet_create(). There is no destroy.
 */
SEPTET_API struct septet_sockets *septet_sockets_create(const struct septet_sockets_config *config,
                                                        struct septet *stack, void *memory, size_t size, int *error);
/** The stack below. */
SEPTET_API struct septet *septet_sockets_stack(struct septet_sockets *sockets);

/** Takes all events of the stack: to be called after septet_input() or septet_advance() by who continues operations.
 * Has no effect on a shared stack. */
SEPTET_API void septet_sockets_process(struct septet_sockets *sockets);
/** Takes one event of a shared stack. False when it is not about one of these sockets. */
SEPTET_API bool septet_sockets_event(struct septet_sockets *sockets, const struct septet_event *event);
/** Counts what may have changed the answer of a call: while it stands still, no operation need be continued. */
SEPTET_API uint64_t septet_sockets_changes(const struct septet_sockets *sockets);
/** The handle behind a descriptor, for what only the stack's own interface tells; 0 when there is none (yet). */
SEPTET_API septet_handle septet_sockets_handle(struct septet_sockets *sockets, int fd);

/* ---- calls ---- */

/** SOCK_STREAM, SOCK_DGRAM, with SOCK_NONBLOCK,
 * SOCK_CLOEXEC. */
SEPTET_API int septet_sockets_socket(struct septet_sockets *sockets, int family, int type, int protocol);
SEPTET_API int septet_sockets_bind(struct septet_sockets *sockets, int fd, const void *address, uint32_t length);
SEPTET_API int septet_sockets_listen(struct septet_sockets *sockets, int fd, int backlog);
/** `address` and `length` may be NULL; `length`: room in, length of the address out. */
SEPTET_API int septet_sockets_accept4(struct septet_sockets *sockets, int fd, void *address, uint32_t *length,
                                      int flags);
SEPTET_API int septet_sockets_connect(struct septet_sockets *sockets, int fd, const void *address, uint32_t length);
SEPTET_API int septet_sockets_shutdown(struct septet_sockets *sockets, int fd, int how);
SEPTET_API int septet_sockets_close(struct septet_sockets *sockets, int fd);
SEPTET_API int septet_sockets_dup(struct septet_sockets *sockets, int fd);
/** Closes `to` first. -SEPTET_EBADF when `to` is out of range. */
SEPTET_API int septet_sockets_dup2(struct septet_sockets *sockets, int fd, int to);
SEPTET_API int septet_sockets_getsockname(struct septet_sockets *sockets, int fd, void *address, uint32_t *length);
SEPTET_API int septet_sockets_getpeername(struct septet_sockets *sockets, int fd, void *address, uint32_t *length);
SEPTET_API int septet_sockets_setsockopt(struct septet_sockets *sockets, int fd, int level, int option,
                                         const void *value, uint32_t length);
SEPTET_API int septet_sockets_getsockopt(struct septet_sockets *sockets, int fd, int level, int option, void *value,
                                         uint32_t *length);
/** FIONREAD (SIOCINQ), SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK, FIONBIO, FIOASYNC; `value` is an int. */
SEPTET_API int septet_sockets_ioctl(struct septet_sockets *sockets, int fd, unsigned request, int *value);
/** F_GETFL, F_SETFL (O_NONBLOCK), F_GETFD, F_SETFD, F_DUPFD, F_DUPFD_CLOEXEC, F_GETOWN, F_SETOWN. */
SEPTET_API int septet_sockets_fcntl(struct septet_sockets *sockets, int fd, int command, int argument);

SEPTET_API int64_t septet_sockets_send(struct septet_sockets *sockets, int fd, const void *data, size_t length,
                                       int flags);
SEPTET_API int64_t septet_sockets_sendto(struct septet_sockets *sockets, int fd, const void *data, size_t length,
                                         int flags, const void *address, uint32_t address_length);
SEPTET_API int64_t septet_sockets_sendmsg(struct septet_sockets *sockets, int fd, const struct septet_msghdr *message,
                                          int flags);
SEPTET_API int64_t septet_sockets_write(struct septet_sockets *sockets, int fd, const void *data, size_t length);
SEPTET_API int64_t septet_sockets_writev(struct septet_sockets *sockets, int fd, const struct septet_iovec *vector,
                                         int count);
SEPTET_API int64_t septet_sockets_recv(struct septet_sockets *sockets, int fd, void *data, size_t length, int flags);
SEPTET_API int64_t septet_sockets_recvfrom(struct septet_sockets *sockets, int fd, void *data, size_t length, int flags,
                                           void *address, uint32_t *address_length);
SEPTET_API int64_t septet_sockets_recvmsg(struct septet_sockets *sockets, int fd, struct septet_msghdr *message,
                                          int flags);
SEPTET_API int64_t septet_sockets_read(struct septet_sockets *sockets, int fd, void *data, size_t length);
SEPTET_API int64_t septet_sockets_readv(struct septet_sockets *sockets, int fd, const struct septet_iovec *vector,
                                        int count);

/** `timeout` in nanoseconds, negative: none. */
SEPTET_API int septet_sockets_poll(struct septet_sockets *sockets, struct septet_pollfd *fds, uint32_t count,
                                   int64_t timeout);
SEPTET_API int septet_sockets_epoll_create(struct septet_sockets *sockets, int flags);
/** `event` may be NULL for EPOLL_CTL_DEL. */
SEPTET_API int septet_sockets_epoll_ctl(struct septet_sockets *sockets, int epoll, int command, int fd,
                                        const struct septet_epoll_event *event);
/** `timeout` in nanoseconds, negative: none. */
SEPTET_API int septet_sockets_epoll_wait(struct septet_sockets *sockets, int epoll, struct septet_epoll_event *events,
                                         int maximum, int64_t timeout);

/* ---- calls that are started now and end later ---- */

enum septet_operation_kind {
    SEPTET_OPERATION_ACCEPT,
    SEPTET_OPERATION_CONNECT,
    SEPTET_OPERATION_SEND,
    SEPTET_OPERATION_RECEIVE,
    SEPTET_OPERATION_CLOSE,
    SEPTET_OPERATION_POLL,
    SEPTET_OPERATION_EPOLL_WAIT
};

/**
 * A call under way: made by one of the functions below, started, then continued until it is done. It lies in memory
 * of the caller, who must not move or change it in between; so do the buffers it names. Its descriptor may be closed
 * meanwhile: the socket lives on until the operation is done, as on Linux.
 */
struct septet_operation {
    bool done;
    int64_t result;   /**< of the call, once it is done */
    int64_t deadline; /**< while it is not: continue it then at the latest; SEPTET_NEVER */
    void *user;       /**< the caller's */

    /* private */
    uint8_t kind, listed;
    bool nonblocking, begun;
    int fd, flags;
    uint32_t socket; /* what it holds on to */
    uint64_t progress;
    struct septet_operation *next, *previous;
    union {
        struct {
            void *address;
            uint32_t *length;
        } accept;
        struct {
            const void *address;
            uint32_t length;
        } connect;
        struct {
            struct septet_msghdr message;
            struct septet_msghdr *reply;
            struct septet_iovec single;
            uint32_t *name_length;
        } data;
        struct {
            struct septet_pollfd *fds;
            uint32_t count;
        } poll;
        struct {
            struct septet_epoll_event *events;
            int maximum;
        } epoll;
    } of;
};

SEPTET_API struct septet_operation septet_operation_accept(int fd, void *address, uint32_t *length, int flags);
SEPTET_API struct septet_operation septet_operation_connect(int fd, const void *address, uint32_t length);
SEPTET_API struct septet_operation septet_operation_sendto(int fd, const void *data, size_t length, int flags,
                                                           const void *address, uint32_t address_length);
SEPTET_API struct septet_operation septet_operation_sendmsg(int fd, const struct septet_msghdr *message, int flags);
SEPTET_API struct septet_operation septet_operation_recvfrom(int fd, void *data, size_t length, int flags,
                                                             void *address, uint32_t *address_length);
SEPTET_API struct septet_operation septet_operation_recvmsg(int fd, struct septet_msghdr *message, int flags);
SEPTET_API struct septet_operation septet_operation_close(int fd);
SEPTET_API struct septet_operation septet_operation_poll(struct septet_pollfd *fds, uint32_t count, int64_t timeout);
SEPTET_API struct septet_operation septet_operation_epoll_wait(int epoll, struct septet_epoll_event *events,
                                                               int maximum, int64_t timeout);

/** Begins the call, blocking unless its descriptor or flags say otherwise. True when it is done already. */
SEPTET_API bool septet_operation_start(struct septet_sockets *sockets, struct septet_operation *operation);
/** Goes on with it. True when it is done now. */
SEPTET_API bool septet_operation_continue(struct septet_sockets *sockets, struct septet_operation *operation);
/** Ends it as a signal would: with what was done so far, or `error` (-SEPTET_EINTR). Nothing if it is done. */
SEPTET_API void septet_operation_cancel(struct septet_sockets *sockets, struct septet_operation *operation, int error);
/** Takes the next operation that is worth continuing because of what happened to its socket (deadlines are the
 * caller's affair); NULL when there is none. Each is told once for each time it is not done. */
SEPTET_API struct septet_operation *septet_operation_next_woken(struct septet_sockets *sockets);

#ifdef __cplusplus
}
#endif
#endif
