#ifndef SEPTET_CLI_CAPTURE_H
#define SEPTET_CLI_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define WEB_ERROR 256

/* One request over the kernel's TCP, for `septet capture --fetch`: opened, written and read as poll() allows. */
struct web_get {
    int descriptor; /* -1 when it is closed */
    char interface[16];
    uint16_t local_port, remote_port;
    struct sockaddr_storage target;
    socklen_t target_length;
    char request[1024];
    size_t request_length, request_sent;
    char status[128]; /* first line of the answer */
    uint64_t received;
};

/* Resolves the URL and finds the interface by which the host is reached. False with a sentence. */
bool web_get_prepare(struct web_get *get, const char *url, char error[WEB_ERROR]);
/* Connects, without waiting. */
bool web_get_start(struct web_get *get, char error[WEB_ERROR]);
/* What poll() should wait for, and what to do then. False when the answer is over; error is empty when it was whole. */
short web_get_events(const struct web_get *get);
bool web_get_work(struct web_get *get, char error[WEB_ERROR]);
void web_get_close(struct web_get *get);

#endif
