#include "cli/capture.h"

#include <errno.h>
#include <http_parser.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool fail(char error[WEB_ERROR], const char *what, const char *why)
{
    (void)snprintf(error, WEB_ERROR, "%.120s: %.120s", what, why);
    return false;
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    memcpy(&four, address, sizeof four);
    memcpy(&six, address, sizeof six);
    return ntohs(address->ss_family == AF_INET ? four.sin_port : six.sin6_port);
}

static bool same_host(const struct sockaddr *a, const struct sockaddr_storage *b)
{
    if (a == NULL || a->sa_family != b->ss_family) {
        return false;
    }
    if (a->sa_family == AF_INET) {
        return memcmp((const uint8_t *)a + offsetof(struct sockaddr_in, sin_addr),
                      (const uint8_t *)b + offsetof(struct sockaddr_in, sin_addr), sizeof(struct in_addr)) == 0;
    }
    return a->sa_family == AF_INET6 &&
           memcmp((const uint8_t *)a + offsetof(struct sockaddr_in6, sin6_addr),
                  (const uint8_t *)b + offsetof(struct sockaddr_in6, sin6_addr), sizeof(struct in6_addr)) == 0;
}

/* Asks the kernel's routes which of our addresses is used for the host, and then who has that address. */
static bool find_interface(struct web_get *get, char error[WEB_ERROR])
{
    struct sockaddr_storage local = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof local;
    struct ifaddrs *all = NULL;
    int probe = socket(get->target.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool known = probe >= 0 && connect(probe, (struct sockaddr *)&get->target, get->target_length) == 0 &&
                 getsockname(probe, (struct sockaddr *)&local, &length) == 0 && getifaddrs(&all) == 0;

    if (!known) {
        (void)fail(error, "the host cannot be reached", strerror(errno));
    }
    for (const struct ifaddrs *at = all; known && at != NULL; at = at->ifa_next) {
        if (same_host(at->ifa_addr, &local)) {
            (void)snprintf(get->interface, sizeof get->interface, "%.15s", at->ifa_name);
        }
    }
    if (all != NULL) {
        freeifaddrs(all);
    }
    if (probe >= 0) {
        (void)close(probe);
    }
    return known && (get->interface[0] != '\0' || fail(error, "the host", "no interface has our address for it"));
}

static bool resolve(struct web_get *get, const char *host, const char *port, char error[WEB_ERROR])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int result = getaddrinfo(host, port, &hints, &found);

    if (result != 0) {
        return fail(error, host, gai_strerror(result));
    }
    memcpy(&get->target, found->ai_addr, found->ai_addrlen);
    get->target_length = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

bool web_get_prepare(struct web_get *get, const char *url, char error[WEB_ERROR])
{
    struct http_parser_url parts;
    char host[256], port[6] = "80";
    const char *path = "/";

    *get = (struct web_get){.descriptor = -1};
    http_parser_url_init(&parts);
    if (strncmp(url, "https:", 6) == 0) {
        return fail(error, url, "what TLS hides cannot be seen in a capture; take an http:// address");
    }
    if (strncmp(url, "http://", 7) != 0 || http_parser_parse_url(url, strlen(url), 0, &parts) != 0 ||
        (parts.field_set & 1 << UF_HOST) == 0 || parts.field_data[UF_HOST].len >= sizeof host ||
        strpbrk(url, "\r\n ") != NULL) {
        return fail(error, url, "expected an address such as http://example.org/path");
    }
    (void)snprintf(host, sizeof host, "%.*s", (int)parts.field_data[UF_HOST].len, url + parts.field_data[UF_HOST].off);
    if (parts.field_set & 1 << UF_PORT) {
        (void)snprintf(port, sizeof port, "%u", parts.port);
    }
    if (parts.field_set & 1 << UF_PATH) {
        path = url + parts.field_data[UF_PATH].off;
    }
    get->request_length = (size_t)snprintf(
        get->request, sizeof get->request,
        "GET %.*s HTTP/1.1\r\nHost: %s%s%s\r\nUser-Agent: septet\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        (int)strcspn(path, "#"), path, host, strcmp(port, "80") == 0 ? "" : ":", strcmp(port, "80") == 0 ? "" : port);
    if (get->request_length >= sizeof get->request) {
        return fail(error, url, "the address is too long");
    }
    if (!resolve(get, host, port, error)) {
        return false;
    }
    get->remote_port = port_of(&get->target);
    return find_interface(get, error);
}

bool web_get_start(struct web_get *get, char error[WEB_ERROR])
{
    struct sockaddr_storage local = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof local;

    get->descriptor = socket(get->target.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (get->descriptor < 0 ||
        (connect(get->descriptor, (struct sockaddr *)&get->target, get->target_length) != 0 && errno != EINPROGRESS) ||
        getsockname(get->descriptor, (struct sockaddr *)&local, &length) != 0) {
        return fail(error, "cannot connect", strerror(errno));
    }
    get->local_port = port_of(&local);
    return true;
}

short web_get_events(const struct web_get *get) { return get->request_sent < get->request_length ? POLLOUT : POLLIN; }

/* The first line of the answer, as far as it came with the first bytes. */
static void keep_status(struct web_get *get, const char *bytes, size_t length)
{
    size_t at = 0;

    for (; at < length && at + 1 < sizeof get->status && bytes[at] != '\r' && bytes[at] != '\n'; at++) {
        get->status[at] = bytes[at] >= ' ' && bytes[at] < 127 ? bytes[at] : '.';
    }
    get->status[at] = '\0';
}

bool web_get_work(struct web_get *get, char error[WEB_ERROR])
{
    char bytes[65536];
    ssize_t count;

    error[0] = '\0';
    if (get->request_sent < get->request_length) {
        count = send(get->descriptor, get->request + get->request_sent, get->request_length - get->request_sent,
                     MSG_NOSIGNAL);
        get->request_sent += count > 0 ? (size_t)count : 0;
    } else {
        count = recv(get->descriptor, bytes, sizeof bytes, 0);
        if (count == 0) {
            return false;
        }
        if (count > 0 && get->received == 0) {
            keep_status(get, bytes, (size_t)count);
        }
        get->received += count > 0 ? (uint64_t)count : 0;
    }
    if (count < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN) {
        return fail(error, "the connection failed", strerror(errno));
    }
    return true;
}

void web_get_close(struct web_get *get)
{
    if (get->descriptor >= 0) {
        (void)close(get->descriptor);
    }
    get->descriptor = -1;
}
