#include "cli/command.h"

#include "cli/link_options.h"
#include "lab/quantity.h"
#include "serve/datagram_echo.h"
#include "serve/http_server.h"
#include "serve/stream_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "\n"
    "Makes a host of its own on a TAP or TUN device and serves files and small services with Septet's TCP.\n"
    "\n"
    "  ip tuntap add dev tap0 mode tap user $USER; ip link set tap0 up; ip addr add 10.7.0.1/24 dev tap0\n"
    "  septet serve --tap tap0 --address 10.7.0.2/24 --address fd07::2/64 --http .\n"
    "  septet serve --tap tap0 --address 10.7.0.2/24 --echo --discard --chargen --pcap server.pcapng\n"
    "  curl http://10.7.0.2/\n"
    "\n"
    "It ends with an interrupt (Ctrl-C). Exit status: 0, 1 when the link failed, 2 for wrong usage.\n";

#define STREAM_KINDS 3
#define NOT_SERVED (-1)
#define DEFAULT_CONNECTIONS 16384
#define DEFAULT_BUFFERS (UINT64_C(1) << 30)

struct settings {
    char *http, *memory;
    int http_port, connections;
    int port[STREAM_KINDS]; /* by enum stream_kind; NOT_SERVED, or 0 when no number was given */
    int udp_echo;
    uint64_t buffers;
};

struct services {
    struct service *http, *stream[STREAM_KINDS], *udp_echo;
};

/* The port of a service that has one by itself. */
static int check_port(const char *option, int *port, int own)
{
    *port = *port == 0 ? own : *port;
    return *port == NOT_SERVED || (*port >= 1 && *port <= 65535)
               ? 0
               : complain("serve", "--%s %d: expected a port from 1 to 65535", option, *port);
}

static bool serves_something(const struct settings *settings)
{
    return settings->http != NULL || settings->port[STREAM_ECHO] != NOT_SERVED ||
           settings->port[STREAM_DISCARD] != NOT_SERVED || settings->port[STREAM_CHARGEN] != NOT_SERVED ||
           settings->udp_echo != NOT_SERVED;
}

static int check(struct settings *settings)
{
    static const int own[STREAM_KINDS] = {[STREAM_ECHO] = 7, [STREAM_DISCARD] = 9, [STREAM_CHARGEN] = 19};
    int status = check_port("http-port", &settings->http_port, 80);

    for (int kind = 0; kind < STREAM_KINDS && status == 0; kind++) {
        status = check_port(stream_name((enum stream_kind)kind), &settings->port[kind], own[kind]);
    }
    if (status != 0 || (status = check_port("udp-echo", &settings->udp_echo, own[STREAM_ECHO])) != 0) {
        return status;
    }
    if (settings->connections < 1 || settings->connections > 10000000) {
        return complain("serve", "--connections %d: expected 1 to 10000000", settings->connections);
    }
    settings->buffers = DEFAULT_BUFFERS;
    if (settings->memory != NULL && (!quantity_size(slice_of(settings->memory), &settings->buffers) ||
                                     settings->buffers < UINT64_C(1) << 20 || settings->buffers > UINT64_C(1) << 40)) {
        return complain("serve", "--memory '%s': expected a size from 1mb to 1024gb", settings->memory);
    }
    if (!serves_something(settings)) {
        return complain("serve", "expected something to serve: --http DIR, --echo, --discard, --chargen or --udp-echo");
    }
    return 0;
}

/* ---- services ---- */

static bool start(struct host *host, const struct settings *settings, struct services *services,
                  char error[LINK_ERROR_TEXT])
{
    uint32_t connections = (uint32_t)settings->connections;

    if (settings->http != NULL) {
        struct http_server_options options = {settings->http, (uint16_t)settings->http_port, connections};

        services->http = http_server_start(&host->loop, &options, error);
        if (services->http == NULL) {
            return false;
        }
    }
    for (int kind = 0; kind < STREAM_KINDS; kind++) {
        if (settings->port[kind] != NOT_SERVED) {
            services->stream[kind] = stream_server_start(&host->loop, (enum stream_kind)kind,
                                                         (uint16_t)settings->port[kind], connections, error);
            if (services->stream[kind] == NULL) {
                return false;
            }
        }
    }
    if (settings->udp_echo != NOT_SERVED) {
        services->udp_echo = datagram_echo_start(&host->loop, (uint16_t)settings->udp_echo, error);
        return services->udp_echo != NULL;
    }
    return true;
}

static void stop(struct services *services)
{
    http_server_free(services->http);
    for (int kind = 0; kind < STREAM_KINDS; kind++) {
        stream_server_free(services->stream[kind]);
    }
    datagram_echo_free(services->udp_echo);
}

static void announce(const struct host *host, const struct settings *settings)
{
    char text[SEPTET_ADDRESS_TEXT];
    struct septet_address address;
    unsigned prefix, interface, state;

    for (unsigned i = 0; septet_address_get(host->stack, i, &address, &prefix, &interface, &state); i++) {
        bool ipv6 = !septet_address_is_ipv4(&address);

        septet_address_format(&address, text);
        printf("%s/%u on %s", text, prefix, host->link->interface.name);
        if (settings->http != NULL) {
            printf(": %s at http://%s%s%s:%d/", settings->http, ipv6 ? "[" : "", text, ipv6 ? "]" : "",
                   settings->http_port);
        }
        printf("\n");
    }
    for (int kind = 0; kind < STREAM_KINDS; kind++) {
        if (settings->port[kind] != NOT_SERVED) {
            printf("%s on TCP port %d\n", stream_name((enum stream_kind)kind), settings->port[kind]);
        }
    }
    if (settings->udp_echo != NOT_SERVED) {
        printf("echo on UDP port %d\n", settings->udp_echo);
    }
    (void)fflush(stdout);
}

static void summarize(const struct host *host, const struct services *services)
{
    printf("\n%llu connections", (unsigned long long)septet_counter(host->stack, SEPTET_COUNTER_PassiveOpens));
    if (services->http != NULL) {
        printf(", %llu responses", (unsigned long long)http_server_responses(services->http));
    }
    printf(", %llu segments in, %llu out, %llu of them retransmitted\n",
           (unsigned long long)septet_counter(host->stack, SEPTET_COUNTER_InSegs),
           (unsigned long long)septet_counter(host->stack, SEPTET_COUNTER_OutSegs),
           (unsigned long long)septet_counter(host->stack, SEPTET_COUNTER_RetransSegs));
}

static int serve(const struct settings *settings)
{
    struct host_needs needs = {"serve", (uint32_t)settings->connections, settings->buffers, stdout};
    struct services services = {0};
    struct host host;
    char error[LINK_ERROR_TEXT];
    int status = host_open(&host, &needs);

    if (status != 0) {
        return status;
    }
    if (!start(&host, settings, &services, error)) {
        status = complain("serve", "%s", error);
    } else {
        announce(&host, settings);
        if (!loop_run(&host.loop)) {
            (void)complain("serve", "%s", host.loop.error);
            status = 1;
        }
        summarize(&host, &services);
    }
    stop(&services);
    return host_close(&host, status);
}

int command_serve(int argc, const char **argv)
{
    struct settings settings = {
        .http_port = 80,
        .connections = DEFAULT_CONNECTIONS,
        .port = {NOT_SERVED, NOT_SERVED, NOT_SERVED},
        .udp_echo = NOT_SERVED,
    };
    struct poptOption table[] = {
        {"http", 0, POPT_ARG_STRING, &settings.http, 0, "serve the files of this directory over HTTP/1.1", "DIR"},
        {"http-port", 0, POPT_ARG_INT, &settings.http_port, 0, "at this port (80)", "PORT"},
        {"echo", 0, POPT_ARG_INT | POPT_ARGFLAG_OPTIONAL, &settings.port[STREAM_ECHO], 0,
         "RFC 862: send back what comes", "7"},
        {"discard", 0, POPT_ARG_INT | POPT_ARGFLAG_OPTIONAL, &settings.port[STREAM_DISCARD], 0,
         "RFC 863: throw away what comes", "9"},
        {"chargen", 0, POPT_ARG_INT | POPT_ARGFLAG_OPTIONAL, &settings.port[STREAM_CHARGEN], 0,
         "RFC 864: send characters without end", "19"},
        {"udp-echo", 0, POPT_ARG_INT | POPT_ARGFLAG_OPTIONAL, &settings.udp_echo, 0, "RFC 862 over UDP", "7"},
        {"connections", 0, POPT_ARG_INT, &settings.connections, 0, "room for so many at once (16384)", "N"},
        {"memory", 0, POPT_ARG_STRING, &settings.memory, 0, "at most so much for data in flight (1gb)", "SIZE"},
        {NULL, 0, POPT_ARG_INCLUDE_TABLE, link_option_table, 0, "Link:", NULL},
        HELP_OPTION,
        POPT_TABLEEND,
    };
    poptContext context = poptGetContext("septet serve", argc, argv, table, 0);
    int status = read_options(context, "serve", "[OPTION...]", help);

    if (status == 0 && poptPeekArg(context) != NULL) {
        status = complain("serve", "'%s': expected options only", poptPeekArg(context));
    }
    if (status == 0 && (status = check(&settings)) == 0) {
        status = serve(&settings);
    }
    poptFreeContext(context);
    free(settings.http);
    free(settings.memory);
    return status < 0 ? 0 : status;
}
