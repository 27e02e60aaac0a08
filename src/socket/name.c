#include "base/bytes.h"
#include "socket/socket.h"

/* Names of sockets, and the names and numbers of Linux's constants. */

struct septet_address any_of(const struct open_socket *socket)
{
    return socket->family == SEPTET_AF_INET ? septet_address_ipv4(0, 0, 0, 0) : (struct septet_address){{0}};
}

uint32_t septet_sockaddr_make(union septet_sockaddr *to, int family, const struct septet_address *address,
                              uint16_t port)
{
    *to = (union septet_sockaddr){.ipv6 = {.family = (uint16_t)family}};
    if (family == SEPTET_AF_INET) {
        const bool any = address == NULL || address_is_any(address);
        if (!any && !septet_address_is_ipv4(address))
            return 0;
        store16(to->ipv4.port, port);
        if (!any)
            memcpy(to->ipv4.address, address->bytes + 12, 4);
        return sizeof to->ipv4;
    }
    if (family != SEPTET_AF_INET6)
        return 0;
    store16(to->ipv6.port, port);
    if (address != NULL)
        memcpy(to->ipv6.address, address->bytes, 16);
    return sizeof to->ipv6;
}

#define IPV6_NAME_LEAST 24 /* RFC 2133 had no scope */

bool septet_sockaddr_read(const void *from, uint32_t length, struct septet_address *address, uint16_t *port)
{
    union septet_sockaddr name = {0};
    memcpy(&name, from, min_u32(length, sizeof name));
    if (length >= sizeof name.ipv4 && name.family == SEPTET_AF_INET) {
        *address =
            septet_address_ipv4(name.ipv4.address[0], name.ipv4.address[1], name.ipv4.address[2], name.ipv4.address[3]);
        *port = load16(name.ipv4.port);
        return true;
    }
    if (length >= IPV6_NAME_LEAST && name.family == SEPTET_AF_INET6) {
        memcpy(address->bytes, name.ipv6.address, 16);
        *port = load16(name.ipv6.port);
        return true;
    }
    return false;
}

void name_give(const struct open_socket *socket, const struct septet_address *address, uint16_t port, void *to,
               uint32_t *length)
{
    union septet_sockaddr name;
    if (to == NULL || length == NULL)
        return;
    const uint32_t long_name = septet_sockaddr_make(&name, socket->family, address, port);
    memcpy(to, &name, min_u32(*length, long_name));
    *length = long_name;
}

int name_take(const struct open_socket *socket, const void *from, uint32_t length, struct septet_address *address,
              uint16_t *port)
{
    uint16_t family;
    if (from == NULL ||
        length < (socket->family == SEPTET_AF_INET ? sizeof(struct septet_sockaddr_in) : (size_t)IPV6_NAME_LEAST))
        return ERRNO(EINVAL);
    memcpy(&family, from, sizeof family);
    if (family != socket->family || !septet_sockaddr_read(from, length, address, port))
        return ERRNO(EAFNOSUPPORT);
    return 0;
}

/* ---- constants ---- */

static const struct {
    const char *name;
    int64_t value;
} constants[] = {
#define CONSTANT(name, value) {#name, value},
#define CONSTANT_WIDE(name, value) {#name, value},
#include "septet/socket_constants.def"
#undef CONSTANT
};

#define CONSTANTS (sizeof constants / sizeof constants[0])

static bool same(const char *text, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == 0 || text[i] != name[i])
            return false;
    return text[length] == 0;
}

bool septet_constant_find(const char *name, size_t length, int64_t *value)
{
    for (size_t i = 0; i < CONSTANTS; i++) {
        if (same(constants[i].name, name, length)) {
            *value = constants[i].value;
            return true;
        }
    }
    return false;
}

const char *septet_errno_name(int error)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {
#define ERROR(name) {#name, SEPTET_##name}
        ERROR(EPERM),        ERROR(ENOENT),          ERROR(EINTR),           ERROR(EIO),          ERROR(EBADF),
        ERROR(EAGAIN),       ERROR(ENOMEM),          ERROR(EACCES),          ERROR(EFAULT),       ERROR(EBUSY),
        ERROR(EEXIST),       ERROR(ENODEV),          ERROR(ENOTDIR),         ERROR(EINVAL),       ERROR(ENFILE),
        ERROR(EMFILE),       ERROR(ENOTTY),          ERROR(ESPIPE),          ERROR(EPIPE),        ERROR(EDOM),
        ERROR(ERANGE),       ERROR(ENOSYS),          ERROR(ELOOP),           ERROR(ENODATA),      ERROR(EPROTO),
        ERROR(EOVERFLOW),    ERROR(ENOTSOCK),        ERROR(EDESTADDRREQ),    ERROR(EMSGSIZE),     ERROR(EPROTOTYPE),
        ERROR(ENOPROTOOPT),  ERROR(EPROTONOSUPPORT), ERROR(ESOCKTNOSUPPORT), ERROR(EOPNOTSUPP),   ERROR(EPFNOSUPPORT),
        ERROR(EAFNOSUPPORT), ERROR(EADDRINUSE),      ERROR(EADDRNOTAVAIL),   ERROR(ENETDOWN),     ERROR(ENETUNREACH),
        ERROR(ENETRESET),    ERROR(ECONNABORTED),    ERROR(ECONNRESET),      ERROR(ENOBUFS),      ERROR(EISCONN),
        ERROR(ENOTCONN),     ERROR(ESHUTDOWN),       ERROR(ETIMEDOUT),       ERROR(ECONNREFUSED), ERROR(EHOSTDOWN),
        ERROR(EHOSTUNREACH), ERROR(EALREADY),        ERROR(EINPROGRESS),
#undef ERROR
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].number == error || names[i].number == -error)
            return names[i].name;
    return NULL;
}

int septet_errno_of(int error)
{
    switch (error) {
    case SEPTET_OK:
        return 0;
    case SEPTET_AGAIN:
    case SEPTET_NO_PAGES:
        return ERRNO(EAGAIN);
    case SEPTET_NO_CONNECTIONS:
    case SEPTET_NO_LISTENERS:
    case SEPTET_NO_SOCKETS:
    case SEPTET_MEMORY_SIZE:
        return ERRNO(ENOBUFS);
    case SEPTET_NO_PORTS:
    case SEPTET_ADDRESS_NOT_AVAILABLE:
        return ERRNO(EADDRNOTAVAIL);
    case SEPTET_ADDRESS_IN_USE:
        return ERRNO(EADDRINUSE);
    case SEPTET_NETWORK_UNREACHABLE:
        return ERRNO(ENETUNREACH);
    case SEPTET_HOST_UNREACHABLE:
        return ERRNO(EHOSTUNREACH);
    case SEPTET_CONNECTION_REFUSED:
        return ERRNO(ECONNREFUSED);
    case SEPTET_CONNECTION_RESET:
        return ERRNO(ECONNRESET);
    case SEPTET_CONNECTION_ABORTED:
        return ERRNO(ECONNABORTED);
    case SEPTET_TIMED_OUT:
        return ERRNO(ETIMEDOUT);
    case SEPTET_NOT_CONNECTED:
    case SEPTET_STALE:
        return ERRNO(ENOTCONN);
    case SEPTET_ALREADY_CONNECTED:
        return ERRNO(EISCONN);
    case SEPTET_CLOSING:
        return ERRNO(EPIPE);
    case SEPTET_MESSAGE_TOO_LONG:
    case SEPTET_FRAGMENTATION_NEEDED:
        return ERRNO(EMSGSIZE);
    case SEPTET_NOT_SUPPORTED:
        return ERRNO(EOPNOTSUPP);
    case SEPTET_PROTOCOL_UNREACHABLE:
    case SEPTET_NO_SUCH_OPTION:
        return ERRNO(ENOPROTOOPT);
    default:
        return ERRNO(EINVAL);
    }
}
