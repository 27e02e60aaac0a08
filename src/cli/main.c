#include "cli/command.h"

#include <stdio.h>
#include <string.h>

/* `septet COMMAND ...` */

static const struct {
    const char *name, *summary;
    int (*run)(int argc, const char **argv);
} commands[] = {
    {"lab", "run a scenario in a simulated world and show the conversation", command_lab},
    {"drill", "run packetdrill scripts in virtual time", command_drill},
    {"capture", "record an interface, or a connection of its own making", command_capture},
    {"explain", "tell what is in captures", command_explain},
    {"serve", "answer HTTP, echo, discard and chargen on a link of your machine", command_serve},
    {"fetch", "get a file by HTTP over a link of your machine", command_fetch},
    {"ping", "ask a host for echoes", command_ping},
    {"bench", "measure septet side by side with its peers", command_bench},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

/* A subcommand sees itself as "septet NAME" in argv[0], for its usage line. */
static int run(size_t command, int argc, const char **argv)
{
    static char title[32];
    snprintf(title, sizeof title, "septet %s", commands[command].name);
    argv[0] = title;
    return commands[command].run(argc, argv);
}

static void usage(FILE *to)
{
    fputs("Usage: septet COMMAND [OPTION...]\n\nTCP/IP that you can run, embed, test and see.\n\n", to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`septet COMMAND --help` tells all of a command. Examples:\n"
          "  septet lab scenarios/seven-segments.ucl\n"
          "  septet serve --tap tap0 --address 10.7.0.2/24 --http .\n",
          to);
}

int main(int argc, const char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        usage(stdout);
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return run(i, argc - 1, argv + 1);
    if (argc < 2)
        usage(stderr);
    else
        fprintf(stderr, "septet: there is no command \"%s\"; `septet --help` lists them\n", name);
    return 2;
}
