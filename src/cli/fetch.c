#include "cli/command.h"

#include "cli/link_options.h"
#include "serve/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "\n"
    "Fetches a file over HTTP/1.1 with Septet's TCP, as a host of its own on a TAP or TUN device. The server is named\n"
    "by its address; redirections are told, not followed.\n"
    "\n"
    "  septet fetch --tap tap0 --address 10.7.0.2/24 http://10.7.0.1/file -o file\n"
    "  septet fetch --tap tap0 --address fd07::2/64 'http://[fd07::1]:8080/file' --continue -o file\n"
    "  septet fetch --tap tap0 --address 10.7.0.2/24 --gateway 10.7.0.1 http://192.0.2.7/ | less\n"
    "\n"
    "Exit status: 0 when the file is complete, 1 when it is not, 2 for wrong usage.\n";

#define BUFFERS (UINT64_C(64) << 20)

struct settings {
    char *output;
    int resume, quiet, timeout;
};

static int fetch(const struct fetch_options *options)
{
    struct host_needs needs = {"fetch", 16, BUFFERS, options->path != NULL ? stdout : stderr};
    struct host host;
    char error[LINK_ERROR_TEXT];
    int status = host_open(&host, &needs);

    if (status != 0) {
        return status;
    }
    if (!fetch_run(&host.loop, options, error)) {
        (void)complain("fetch", "%s", error);
        status = 1;
    }
    return host_close(&host, status);
}

static int check(poptContext context, const struct settings *settings, struct fetch_options *options)
{
    const char *url = poptGetArg(context);
    const char *complaint;

    if (url == NULL) {
        return complain("fetch", "expected a URL like http://10.7.0.1/file");
    }
    if (poptPeekArg(context) != NULL) {
        return complain("fetch", "'%s': expected one URL", poptPeekArg(context));
    }
    complaint = http_url_read(url, &options->url);
    if (complaint != NULL) {
        return complain("fetch", "'%s': %s", url, complaint);
    }
    options->path = settings->output != NULL && strcmp(settings->output, "-") != 0 ? settings->output : NULL;
    options->resume = settings->resume != 0;
    options->quiet = settings->quiet != 0;
    options->timeout = settings->timeout * SEPTET_SECOND;
    if (options->resume && options->path == NULL) {
        return complain("fetch", "--continue needs the file to go on with: -o FILE");
    }
    if (settings->timeout < 1 || settings->timeout > 86400) {
        return complain("fetch", "--timeout %d: expected 1 to 86400 seconds", settings->timeout);
    }
    return 0;
}

int command_fetch(int argc, const char **argv)
{
    struct settings settings = {.timeout = 60};
    struct fetch_options options = {0};
    struct poptOption table[] = {
        {"output", 'o', POPT_ARG_STRING, &settings.output, 0, "write to this file (standard output)", "FILE"},
        {"continue", 'c', POPT_ARG_NONE, &settings.resume, 0, "fetch what the file lacks", NULL},
        {"quiet", 'q', POPT_ARG_NONE, &settings.quiet, 0, "neither progress nor summary", NULL},
        {"timeout", 0, POPT_ARG_INT, &settings.timeout, 0, "give up after so long without any progress (60)",
         "SECONDS"},
        {NULL, 0, POPT_ARG_INCLUDE_TABLE, link_option_table, 0, "Link:", NULL},
        HELP_OPTION,
        POPT_TABLEEND,
    };
    poptContext context = poptGetContext("septet fetch", argc, argv, table, 0);
    int status = read_options(context, "fetch", "[OPTION...] URL", help);

    if (status == 0 && (status = check(context, &settings, &options)) == 0) {
        status = fetch(&options);
    }
    poptFreeContext(context);
    free(settings.output);
    return status < 0 ? 0 : status;
}
