#ifndef SEPTET_PACKETDRILL_H
#define SEPTET_PACKETDRILL_H

/**
 * What the public packetdrill program loads with --so_filename=libseptet-packetdrill.so: the interface that it asks
 * the stack under test for, here a Septet stack with a clock of its own.
 *
 * Every function takes `userdata` first and otherwise does what its POSIX namesake does, with -1 and errno. The
 * structures and constants are those of the C library.
 *
 * The clock is virtual and begins at 1000 s. Each gettimeofday() moves it by a microsecond, usleep() by what it is
 * given, netdev_receive() to the next packet that the stack sends. A blocking call of the thread that made the
 * interface moves it until the call is over, and fails with EDEADLK when nothing is left that could end it; one of
 * another thread waits until the first thread has moved it there. No call raises SIGPIPE.
 */

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

struct packetdrill_interface {
    void *userdata; /**< NULL when the flags were wrong: then every call fails with EINVAL */
    /** Ends it all. No other thread may be in a call. */
    void (*free)(void *userdata);
    int (*socket)(void *userdata, int domain, int type, int protocol);
    int (*bind)(void *userdata, int fd, const struct sockaddr *address, socklen_t length);
    int (*listen)(void *userdata, int fd, int backlog);
    int (*accept)(void *userdata, int fd, struct sockaddr *address, socklen_t *length);
    int (*connect)(void *userdata, int fd, const struct sockaddr *address, socklen_t length);
    ssize_t (*read)(void *userdata, int fd, void *data, size_t length);
    ssize_t (*readv)(void *userdata, int fd, const struct iovec *vector, int count);
    ssize_t (*recv)(void *userdata, int fd, void *data, size_t length, int flags);
    ssize_t (*recvfrom)(void *userdata, int fd, void *data, size_t length, int flags, struct sockaddr *address,
                        socklen_t *address_length);
    ssize_t (*recvmsg)(void *userdata, int fd, struct msghdr *message, int flags);
    ssize_t (*write)(void *userdata, int fd, const void *data, size_t length);
    ssize_t (*writev)(void *userdata, int fd, const struct iovec *vector, int count);
    ssize_t (*send)(void *userdata, int fd, const void *data, size_t length, int flags);
    ssize_t (*sendto)(void *userdata, int fd, const void *data, size_t length, int flags,
                      const struct sockaddr *address, socklen_t address_length);
    ssize_t (*sendmsg)(void *userdata, int fd, const struct msghdr *message, int flags);
    int (*fcntl)(void *userdata, int fd, int command, ...);
    int (*ioctl)(void *userdata, int fd, unsigned long request, ...);
    int (*close)(void *userdata, int fd);
    int (*shutdown)(void *userdata, int fd, int how);
    int (*getsockopt)(void *userdata, int fd, int level, int option, void *value, socklen_t *length);
    int (*setsockopt)(void *userdata, int fd, int level, int option, const void *value, socklen_t length);
    /** Sockets only: pipes are POLLNVAL. */
    int (*poll)(void *userdata, struct pollfd *fds, nfds_t count, int timeout);
    /** A raw IP packet arrives at the stack. 0, or -1. */
    int (*netdev_send)(void *userdata, const void *packet, size_t length);
    /** Takes the next packet that the stack sent, raw IP, and when it left; `length`: room in, bytes out, 0 when the
     * stack has nothing left to do. 0, or -1 (EMSGSIZE: more than the room, the packet is gone). */
    int (*netdev_receive)(void *userdata, void *packet, size_t *length, long long *microseconds);
    int (*usleep)(void *userdata, useconds_t microseconds);
    int (*gettimeofday)(void *userdata, struct timeval *time, struct timezone *zone);
    int (*epoll_create)(void *userdata, int size);
    int (*epoll_ctl)(void *userdata, int epoll, int command, int fd, struct epoll_event *event);
    int (*epoll_wait)(void *userdata, int epoll, struct epoll_event *events, int maximum, int timeout);
    int (*pipe)(void *userdata, int fds[2]);
    /** Between a pipe of pipe() and a stream socket; offsets must be NULL. */
    int (*splice)(void *userdata, int from, loff_t *from_offset, int to, loff_t *to_offset, size_t length,
                  unsigned flags);
};

/**
 * Fills in the interface. `flags` (may be NULL): words with blanks or commas between them. OPTION=VALUE is an option
 * of `septet drill` ("profile=freebsd", "ip_version=ipv6", "local_ip=10.0.0.1/8", "mtu=9000"; with or without --),
 * and a name with dots in it a sysctl ("net.ipv4.tcp_sack=0"). What is wrong with them is said on standard error.
 */
void packetdrill_interface_init(const char *flags, struct packetdrill_interface *interface);

#ifdef __cplusplus
}
#endif
#endif
