#include "cli/command.h"

#include "cli/link_options.h"
#include "serve/ping.h"

#include <string.h>

static const char help[] =
    "\n"
    "Sends ICMP echo requests, as a host of its own on a TAP or TUN device.\n"
    "\n"
    "  septet ping --tap tap0 --address 10.7.0.2/24 10.7.0.1\n"
    "  septet ping --tap tap0 --address fd07::2/64 -c 3 -i 0.2 fd07::1\n"
    "\n"
    "It ends after the last answer or with an interrupt (Ctrl-C). Exit status: 0 when there was an answer, 1 when\n"
    "there was none, 2 for wrong usage.\n";

#define BUFFERS (UINT64_C(16) << 20)

struct settings {
    double interval, timeout;
    int count, size, quiet;
};

static int ping(const struct ping_options *options)
{
    struct host_needs needs = {"ping", 16, BUFFERS, stderr};
    struct ping_result result;
    struct host host;
    char error[LINK_ERROR_TEXT];
    int status = host_open(&host, &needs);

    if (status != 0) {
        return status;
    }
    if (!ping_run(&host.loop, options, &result, error)) {
        (void)complain("ping", "%s", error);
        status = 1;
    } else {
        status = result.received > 0 ? 0 : 1;
    }
    return host_close(&host, status);
}

static int check(poptContext context, const struct settings *settings, struct ping_options *options)
{
    const char *target = poptGetArg(context);

    if (target == NULL || poptPeekArg(context) != NULL) {
        return complain("ping", "expected one address to ping");
    }
    if (!septet_address_parse(target, strlen(target), &options->target)) {
        return complain("ping", "'%s': expected an IPv4 or IPv6 address", target);
    }
    if (settings->count < 0) {
        return complain("ping", "-c %d: expected a number of requests", settings->count);
    }
    if (settings->size < 0 || settings->size > PING_SIZE_MAX) {
        return complain("ping", "-s %d: expected 0 to %d bytes", settings->size, PING_SIZE_MAX);
    }
    if (!(settings->interval >= 0.0001 && settings->interval <= 86400)) {
        return complain("ping", "-i %g: expected 0.0001 to 86400 seconds", settings->interval);
    }
    if (!(settings->timeout >= 0.001 && settings->timeout <= 86400)) {
        return complain("ping", "-W %g: expected 0.001 to 86400 seconds", settings->timeout);
    }
    options->count = (uint32_t)settings->count;
    options->size = (uint32_t)settings->size;
    options->interval = (int64_t)(settings->interval * (double)SEPTET_SECOND);
    options->timeout = (int64_t)(settings->timeout * (double)SEPTET_SECOND);
    options->quiet = settings->quiet != 0;
    return 0;
}

int command_ping(int argc, const char **argv)
{
    struct settings settings = {.interval = 1, .timeout = 1, .size = 56};
    struct ping_options options = {0};
    struct poptOption table[] = {
        {"count", 'c', POPT_ARG_INT, &settings.count, 0, "stop after so many requests", "N"},
        {"interval", 'i', POPT_ARG_DOUBLE, &settings.interval, 0, "between requests (1)", "SECONDS"},
        {"size", 's', POPT_ARG_INT, &settings.size, 0, "bytes of data in each (56)", "N"},
        {"timeout", 'W', POPT_ARG_DOUBLE, &settings.timeout, 0, "how long to wait after the last request (1)",
         "SECONDS"},
        {"quiet", 'q', POPT_ARG_NONE, &settings.quiet, 0, "print the summary only", NULL},
        {NULL, 0, POPT_ARG_INCLUDE_TABLE, link_option_table, 0, "Link:", NULL},
        HELP_OPTION,
        POPT_TABLEEND,
    };
    poptContext context = poptGetContext("septet ping", argc, argv, table, 0);
    int status = read_options(context, "ping", "[OPTION...] ADDRESS", help);

    if (status == 0 && (status = check(context, &settings, &options)) == 0) {
        status = ping(&options);
    }
    poptFreeContext(context);
    return status < 0 ? 0 : status;
}
