#ifndef SEPTET_CLI_LINK_OPTIONS_H
#define SEPTET_CLI_LINK_OPTIONS_H

#include "cli/live_ladder.h"

#include <popt.h>

/* The options that every command with a real link has, and the host that they describe. */

/* For POPT_ARG_INCLUDE_TABLE. The values are kept here, one set for the process. */
extern struct poptOption link_option_table[];

/* What a command needs of its stack. */
struct host_needs {
    const char *command; /* "serve": begins every message */
    uint32_t connections;
    uint64_t buffers; /* bytes of memory for data in flight; taken only when used */
    FILE *ladder;     /* where --ladder draws */
};

/* A stack on a link, in a loop. */
struct host {
    struct loop loop;
    struct septet *stack;
    void *memory;
    size_t memory_size;
    struct link *link;
    struct service *ladder;        /* NULL: none */
    struct link *capture;          /* the same when a capture is written, else NULL */
    struct septet_address address; /* the first one */
    uint64_t seed[2];
};

/* Opens what the options say. 0, or an exit status after one line on standard error. */
int host_open(struct host *host, const struct host_needs *needs);
/* Closes it. The exit status: `status`, or 1 after a line on standard error when the capture is not complete. */
int host_close(struct host *host, int status);

/* Prints "septet COMMAND: ..." and returns the status of wrong usage, 2. */
int complain(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads options: 0 when they are good; -1 when help was printed and the command is over; or 2 after a message.
 * `help` is what --help shows besides the options. */
int read_options(poptContext context, const char *command, const char *arguments, const char *help);

/* POPT_ARG_VAL of --help in every table. */
#define OPTION_HELP 'h'
#define HELP_OPTION                                                            \
    {                                                                          \
        "help", 'h', POPT_ARG_NONE, NULL, OPTION_HELP, "print this help", NULL \
    }

#endif
