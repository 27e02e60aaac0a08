#ifndef TESTS_SOCKET_PAIR_H
#define TESTS_SOCKET_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "septet/socket.h"

/* Two hosts, a and b, joined by a wire that loses nothing and takes no time, each with sockets; and virtual time.
 * Calls do not block unless a test says so: then their `wait` lets the other host answer and time pass. */

#define MS(n) ((n)*SEPTET_MILLISECOND)
#define S(n) ((n)*SEPTET_SECOND)
#define AF4 SEPTET_AF_INET
#define AF6 SEPTET_AF_INET6

struct pair;

struct host {
    struct pair *pair;
    struct septet *stack;
    struct septet_sockets *sockets;
    void *memory[2];
    struct septet_address ipv4, ipv6;
};

struct pair {
    struct host a, b;
    int64_t now;
    bool cut;                           /* the wire carries nothing */
    uint32_t carried;                   /* packets */
    uint32_t resets;                    /* of them with RST */
    int interrupt;                      /* what wait() returns next, if not 0 */
    void (*on_wait)(struct pair *pair); /* called once by the next wait */
    void *user;
};

/* `blocking`: calls that would wait do. */
struct pair *pair_new(bool blocking);
/* The same with a profile of stack and sockets. */
struct pair *pair_new_as(bool blocking, const char *profile);
/* Closes nothing: the test has. Proves that all was given back but what is listed as still open. */
void pair_end(struct pair *pair);
/* Carries packets until there are none. */
void settle(struct pair *pair);
/* Lets time pass, stopping at each deadline. */
void pass(struct pair *pair, int64_t duration);

/* 10.0.0.<1 or 2> or fd00::<1 or 2>, or any address when `host` is NULL. */
uint32_t name_of(union septet_sockaddr *name, int family, const struct host *host, uint16_t port);
int socket_on(struct host *host, int family, int type);
int bound_to(struct host *host, int family, int type, uint16_t port, int reuse_option);
/* A listener on any address. */
int listener_on(struct host *host, int family, uint16_t port, int backlog);
/* connect(), non-blocking or not. */
int connect_to(struct host *host, int fd, int family, const struct host *to, uint16_t port);
/* A connection of a to b port 80: the descriptors of both ends, with TCP_NODELAY. */
void connected(struct pair *pair, int *a, int *b);
/* The same from a listener that stays open. */
void connected_from(struct pair *pair, int listener, int *a, int *b);
/* What poll() says of a descriptor for everything but POLLRDBAND and POLLWRBAND, without waiting. */
unsigned mask_of(struct host *host, int fd);
int option_of(struct host *host, int fd, int level, int option);
int set_option(struct host *host, int fd, int level, int option, int value);
/* SO_ERROR. */
int error_of(struct host *host, int fd);
int set_linger(struct host *host, int fd, int on, int seconds);
int close_fd(struct host *host, int fd);
#define text_of(bytes) (bytes), sizeof(bytes) - 1
int64_t send_text(struct host *host, int fd, const char *text);
/* recv() of up to 64 bytes must give this text. */
#define expect_text(host, fd, text) expect_bytes(host, fd, text, 0, __FILE__, __LINE__)
#define expect_peek(host, fd, text) expect_bytes(host, fd, text, SEPTET_MSG_PEEK, __FILE__, __LINE__)
void expect_bytes(struct host *host, int fd, const char *text, int flags, const char *file, int line);
/* What recv() of 64 bytes returns. */
int64_t receive(struct host *host, int fd);

#define IN (SEPTET_POLLIN | SEPTET_POLLRDNORM)
#define OUT (SEPTET_POLLOUT | SEPTET_POLLWRNORM)
#define PRI SEPTET_POLLPRI
#define ERR SEPTET_POLLERR
#define HUP SEPTET_POLLHUP
#define RDHUP SEPTET_POLLRDHUP

#endif
