#ifndef SEPTET_SOCKET_SOCKET_H
#define SEPTET_SOCKET_SOCKET_H

#include "base/arithmetic.h"
#include "base/memory.h"
#include "base/slab.h"
#include "septet/socket.h"
#include "socket/stored.h"
#include "stack/stack.h"

/* Berkeley sockets in the way Linux does them: a descriptor names an open socket, which several descriptors and
 * operations may hold on to. What can be asked of the stack is not kept here; events of the stack only say that
 * somebody's question may have another answer now, and what a connection ended with. */

enum socket_kind { SOCKET_STREAM, SOCKET_DATAGRAM, SOCKET_EPOLL };

/* What connect() thinks, Linux's sock->state. */
enum socket_phase { PHASE_UNCONNECTED, PHASE_CONNECTING, PHASE_CONNECTED };

enum socket_shutdown { SHUTDOWN_RECEIVE = 1, SHUTDOWN_SEND = 2, SHUTDOWN_BOTH = 3 };

/* The last byte of the peer's urgent data, which Linux takes out of band. */
enum urgent_state { URGENT_NONE, URGENT_UNREAD, URGENT_READ };

struct operation_list {
    struct septet_operation *first, *last;
};

struct epoll_set {
    uint32_t watches;                 /* by set_next */
    uint32_t ready_first, ready_last; /* by ready_next: those that may have something to tell */
    uint32_t nested;                  /* watches that are on epoll sets */
};

struct open_socket {
    uint8_t kind;   /* enum socket_kind */
    uint8_t family; /* SEPTET_AF_INET or SEPTET_AF_INET6 */
    uint8_t phase;  /* enum socket_phase */
    uint8_t shutdown;
    bool listening;
    bool peer_closed;               /* the peer's FIN was taken */
    bool over;                      /* the connection has ended */
    bool told_closed;               /* those who watch know that the state is CLOSE */
    bool deaf;                      /* what still comes is thrown away */
    bool address_bound, port_bound; /* by bind(), not on the way */
    bool in_port_table;
    bool send_blocked;   /* a datagram was refused: an event tells when to go on */
    uint8_t urgent;      /* enum urgent_state */
    uint32_t urgent_at;  /* its position */
    uint32_t position;   /* of the next byte to read, counted from anywhere */
    uint32_t references; /* descriptors and operations */
    uint32_t generation;
    int status; /* O_NONBLOCK, O_ASYNC */
    int error;  /* pending, positive */
    int soft_error;
    int owner;            /* F_SETOWN */
    septet_handle handle; /* 0: none */
    struct septet_address local, remote;
    uint16_t local_port, remote_port;
    uint32_t backlog;
    uint32_t port_next, port_previous;
    uint32_t watches; /* on this socket, by socket_next */
    struct operation_list waiters;
    struct epoll_set epoll;
    int64_t receive_timeout, send_timeout; /* ns, 0: none */
    uint64_t pacing_rate;
    int linger_on, linger_seconds;
    uint32_t send_buffer, receive_buffer; /* as getsockopt() tells them, 0: never set */
    uint8_t fastopen_key[32];
    uint32_t fastopen_key_length;
    char device[16];
    int32_t stored[STORED_COUNT]; /* options that are one number */
};

/* An entry of an epoll set. */
struct watch {
    uint32_t socket, epoll;
    int fd;
    uint32_t events;
    uint64_t data;
    bool ready;
    uint32_t socket_next, socket_previous;
    uint32_t set_next, set_previous;
    uint32_t ready_next, ready_previous;
};

struct descriptor {
    uint32_t socket; /* 0: free */
    bool close_on_exec;
};

struct septet_sockets {
    struct septet *stack;
    struct septet_sockets_config config;
    struct descriptor *descriptors;
    uint64_t *taken; /* bitmap of descriptors */
    struct slab sockets, watches;
    uint32_t *ports; /* heads of chains of sockets by protocol and local port */
    uint32_t port_mask;
    uint64_t changes, polled; /* polled: `changes` when the pollers were last woken */
    struct operation_list woken, pollers;
};

#define ERRNO(name) (-(int)SEPTET_##name)

static inline struct open_socket *socket_at(const struct septet_sockets *sockets, uint32_t reference)
{
    return slab_at(&sockets->sockets, reference);
}
static inline uint32_t socket_reference(const struct septet_sockets *sockets, const struct open_socket *socket)
{
    return slab_reference(&sockets->sockets, socket);
}
static inline struct watch *watch_at(const struct septet_sockets *sockets, uint32_t reference)
{
    return slab_at(&sockets->watches, reference);
}
static inline bool is_stream(const struct open_socket *socket) { return socket->kind == SOCKET_STREAM; }
/* The first error that is pending, negative, which it is no longer; 0 when there is none. */
static inline int take_socket_error(struct open_socket *socket)
{
    const int error = -socket->error;
    socket->error = 0;
    return error;
}

/* ---- descriptor.c ---- */

/* The socket of a descriptor; NULL when it is none: -SEPTET_EBADF. All calls begin here: the stack's events are taken
 * first. */
struct open_socket *socket_of(struct septet_sockets *sockets, int fd);
/* The same, but epoll sets are none: *error is -SEPTET_EBADF or -SEPTET_ENOTSOCK. */
struct open_socket *true_socket_of(struct septet_sockets *sockets, int fd, int *error);
/* A fresh socket held by nobody yet; NULL when all are in use. */
struct open_socket *socket_new(struct septet_sockets *sockets, enum socket_kind kind, int family);
/* The lowest free descriptor from `lowest` on becomes the socket's; -SEPTET_EMFILE. */
int descriptor_open(struct septet_sockets *sockets, struct open_socket *socket, int lowest, bool close_on_exec);
/* Frees a descriptor that is in use. Its socket is not let go of: the caller holds on to it now. */
uint32_t descriptor_release(struct septet_sockets *sockets, int fd);
/* Lets go of a socket; the last one to do so ends it. */
void socket_release(struct septet_sockets *sockets, struct open_socket *socket);

/* ---- event.c ---- */

void sockets_take_events(struct septet_sockets *sockets);
/* Tells watches and operations that something happened which concerns these poll bits; 0: all of them. */
void socket_wake(struct septet_sockets *sockets, struct open_socket *socket, uint32_t key);
void socket_handle_set(struct septet_sockets *sockets, struct open_socket *socket, septet_handle handle);

/* ---- name.c ---- */

/* Copies a name to the caller, at most *length bytes of it; *length becomes what it is long. Nothing for NULL. */
void name_give(const struct open_socket *socket, const struct septet_address *address, uint16_t port, void *to,
               uint32_t *length);
/* Reads a name as bind() and connect() of this socket take it; 0 or -SEPTET_EINVAL, -SEPTET_EAFNOSUPPORT. */
int name_take(const struct open_socket *socket, const void *from, uint32_t length, struct septet_address *address,
              uint16_t *port);
/* Any address of the socket's family. */
struct septet_address any_of(const struct open_socket *socket);

/* ---- bind.c ---- */

/* Gives an unbound socket a port (of the automatic range for 0), and a datagram socket its handle. */
int socket_bind(struct septet_sockets *sockets, struct open_socket *socket, const struct septet_address *address,
                uint16_t port);
/* Whether a port is another's; `listening`: judged as listen() does. */
bool bind_conflict(struct septet_sockets *sockets, const struct open_socket *socket,
                   const struct septet_address *address, uint16_t port);
void port_enter(struct septet_sockets *sockets, struct open_socket *socket, uint16_t port);
void port_leave(struct septet_sockets *sockets, struct open_socket *socket);
/* enum septet_bind_flag of a socket's options. */
unsigned bind_flags(const struct open_socket *socket);
/* Begins a connection from the socket's port, or a free one; enum septet_error. */
int bind_and_connect(struct septet_sockets *sockets, struct open_socket *socket, const struct septet_address *remote,
                     uint16_t port, septet_handle *handle);

/* ---- stream.c ---- */

/* The state by Linux's numbers, SEPTET_TCP_... */
int stream_state(const struct septet_sockets *sockets, const struct open_socket *socket);
/* Linux's tcp_disconnect(): back to a fresh socket, bound to what bind() said. */
void stream_disconnect(struct septet_sockets *sockets, struct open_socket *socket);
/* A step of connect(): 0, an error, or -SEPTET_EINPROGRESS or -SEPTET_EALREADY when it is under way. */
int stream_connect(struct septet_sockets *sockets, struct open_socket *socket, const void *address, uint32_t length);
/* Under way: -SEPTET_EINPROGRESS; else its end. */
int stream_connected(struct septet_sockets *sockets, struct open_socket *socket);
/* Reads the name of a peer; any address is the host itself. 0 or an error. */
int destination_take(struct septet_sockets *sockets, const struct open_socket *socket, const void *from,
                     uint32_t length, struct septet_address *address, uint16_t *port);
int datagram_connect(struct septet_sockets *sockets, struct open_socket *socket, const void *address, uint32_t length);
/* Takes a connection of a listener: a descriptor, or -SEPTET_EAGAIN and other errors. */
int stream_accept(struct septet_sockets *sockets, struct open_socket *listener, void *address, uint32_t *length,
                  int flags);

/* ---- urgent.c ---- */

/* Throws away what came, on a socket that is deaf. */
void stream_discard(struct septet_sockets *sockets, struct open_socket *socket);
/* Learns of urgent data. */
void urgent_update(struct septet_sockets *sockets, struct open_socket *socket);
/* Whether the next byte to read is the urgent one. */
bool urgent_at_mark(const struct open_socket *socket);
/* Whether the urgent byte has come and was not read. */
bool urgent_readable(const struct septet_sockets *sockets, const struct open_socket *socket);
/* recv() with MSG_OOB. */
int64_t urgent_receive(struct septet_sockets *sockets, struct open_socket *socket, struct septet_msghdr *message,
                       int flags);
/* Takes bytes off the stream and forgets urgent data that lies before. */
void stream_consume(struct septet_sockets *sockets, struct open_socket *socket, uint32_t length);
/* Bytes that can be read up to here, and what FIONREAD says. */
uint32_t stream_available(const struct septet_sockets *sockets, const struct open_socket *socket);
uint32_t stream_readable(const struct septet_sockets *sockets, const struct open_socket *socket);

/* ---- send.c, receive.c, datagram.c: a step of an operation; true when it is done, with its result ---- */

bool stream_send_step(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation);
bool stream_receive_step(struct septet_sockets *sockets, struct open_socket *socket,
                         struct septet_operation *operation);
bool datagram_send_step(struct septet_sockets *sockets, struct open_socket *socket, struct septet_operation *operation);
bool datagram_receive_step(struct septet_sockets *sockets, struct open_socket *socket,
                           struct septet_operation *operation);
/* Ends an operation. */
static inline bool operation_end(struct septet_operation *operation, int64_t result)
{
    operation->result = result;
    operation->done = true;
    return true;
}
/* Whether it must not wait (any longer). */
bool operation_out_of_time(const struct septet_sockets *sockets, const struct septet_operation *operation);
uint64_t vector_length(const struct septet_msghdr *message);
/* The piece of a vector `offset` bytes in: its address, *length at most what the piece has. NULL at the end. */
uint8_t *vector_at(const struct septet_msghdr *message, uint64_t offset, uint64_t *length);

/* ---- control.c: control messages ---- */

struct control {
    struct septet_msghdr *message;
    size_t room, used;
};
void control_begin(struct control *control, struct septet_msghdr *message);
void control_add(struct control *control, int level, int type, const void *data, size_t length);
void control_end(struct control *control);
void control_of_datagram(const struct open_socket *socket, const struct septet_datagram *info, struct control *control);
void control_of_error(const struct open_socket *socket, const struct septet_datagram_error *error,
                      struct control *control);

/* ---- option.c, option_special.c, option_apply.c, info.c ---- */

/* Options that are more than one number kept: *result as the call returns it. False when it is none of these. */
bool option_set_special(struct septet_sockets *sockets, struct open_socket *socket, int level, int option,
                        const void *value, uint32_t length, int *result);
bool option_get_special(struct septet_sockets *sockets, struct open_socket *socket, int level, int option, void *value,
                        uint32_t *length, int *result);
/* Copies as much as there is room for, *length becomes that. */
int option_give(void *to, uint32_t *length, const void *value, size_t size);

/* Defaults of a fresh socket. */
void options_init(struct open_socket *socket);
/* Gives a handle all options that differ from what it begins with. */
void options_apply(struct septet_sockets *sockets, struct open_socket *socket);
/* Gives it one. */
void option_apply(struct septet_sockets *sockets, struct open_socket *socket, enum stored option);
/* Gives it buffer sizes, pacing rate and lingering. */
void buffers_apply(struct septet_sockets *sockets, struct open_socket *socket);
/* TCP_DEFER_ACCEPT is given in seconds and kept as a count of SYN-ACK timeouts. */
uint32_t timeouts_in(uint32_t seconds);
int seconds_of_timeouts(int count);
/* The options that an accepted connection's socket has from its listener. */
void options_inherit(struct open_socket *child, const struct open_socket *listener);
void tcp_info_fill(struct septet_sockets *sockets, const struct open_socket *socket,
                   uint8_t bytes[SEPTET_TCP_INFO_SIZE]);

/* ---- poll.c, epoll.c ---- */

/* What poll() says of a socket. */
uint32_t socket_mask(struct septet_sockets *sockets, struct open_socket *socket);
bool poll_step(struct septet_sockets *sockets, struct septet_operation *operation);
bool epoll_wait_step(struct septet_sockets *sockets, struct open_socket *epoll, struct septet_operation *operation);
/* Something happened to the socket that a watch is on. */
void epoll_notify(struct septet_sockets *sockets, uint32_t reference, uint32_t key);
bool epoll_ready(struct septet_sockets *sockets, struct open_socket *epoll);
/* Takes a socket out of all epoll sets, and an epoll set apart. */
void epoll_forget(struct septet_sockets *sockets, struct open_socket *socket);

/* ---- operation.c ---- */

/* Wakes all operations of a socket. */
void operations_wake(struct septet_sockets *sockets, struct open_socket *socket);

#endif
