#include "cli/explain.h"

#include "cli/command.h"
#include "cli/link_options.h"

#include <stdlib.h>
#include <unistd.h>

static const char help[] =
    "\n"
    "Tells what is in captures: pcap and pcapng files, packed with gzip or zstd or not, several together by time;\n"
    "\"-\" is standard input.\n"
    "\n"
    "  septet explain web.pcapng                 the conversations, the worst first, and what is wrong with them\n"
    "  septet explain --stream 0 web.pcapng      one of them as a ladder, and its story\n"
    "  septet explain --packets -Y 'tcp.flags.syn == 1 && tcp.flags.ack == 0' web.pcapng\n"
    "  septet explain --bytes 4 web.pcapng.gz\n"
    "  septet explain --follow 0 web.pcapng      what both sides said\n"
    "  septet explain --write small.pcapng -Y 'ip.addr == 10.0.0.0/8' a.pcap b.pcap.zst\n"
    "\n"
    "Filters are Wireshark's display filters; docs/explain.md tells which fields there are. Exit status: 0, 1 when a\n"
    "file ends before its end (what could be read is told), 2 for wrong usage or a file that is no capture.\n";

int command_explain(int argc, const char **argv)
{
    char *filter = NULL, *write = NULL; /* popt's, to be freed */
    struct explain_options options = {.stream = -1, .follow = -1};
    struct poptOption table[] = {
        {"filter", 'Y', POPT_ARG_STRING, &filter, 0, "only frames that pass this display filter", "FILTER"},
        {"stream", 's', POPT_ARG_INT, &options.stream, 0, "the ladder and the story of one conversation", "NUMBER"},
        {"absolute", 0, POPT_ARG_NONE, &options.absolute, 0, "sequence numbers as they are on the wire", NULL},
        {"all", 0, POPT_ARG_NONE, &options.all, 0, "fold no rows of the ladder", NULL},
        {"json", 0, POPT_ARG_NONE, &options.json, 0, "all conversations as JSON (with --stream: and its segments)",
         NULL},
        {"segments", 0, POPT_ARG_NONE, &options.segments, 0, "with --json: the segments of all conversations", NULL},
        {"csv", 0, POPT_ARG_NONE, &options.csv, 0, "a line of CSV for each conversation", NULL},
        {"max-memory", 0, POPT_ARG_INT, &options.max_memory, 0, "for conversations, at most (2048)", "MIB"},
        {"packets", 0, POPT_ARG_NONE, &options.packets, 0, "a line for each frame", NULL},
        {"bytes", 0, POPT_ARG_INT, &options.bytes, 0, "the bytes of one frame, with the names of their fields",
         "FRAME"},
        {"follow", 0, POPT_ARG_INT, &options.follow, 0, "the payload of one conversation, as text", "NUMBER"},
        {"raw", 0, POPT_ARG_NONE, &options.raw, 0, "with --follow: the bytes themselves, to a file or pipe", NULL},
        {"write", 'w', POPT_ARG_STRING, &write, 0, "write the frames to a pcapng file", "FILE"},
        HELP_OPTION,
        POPT_TABLEEND,
    };
    poptContext context = poptGetContext("septet explain", argc, argv, table, 0);
    int status = read_options(context, "explain", "[OPTION...] FILE...", help);

    if (status == 0) {
        options.filter = filter;
        options.write = write;
        options.paths = poptGetArgs(context);
        while (options.paths != NULL && options.paths[options.count] != NULL) {
            options.count++;
        }
        if (options.count == 0) {
            status = complain("explain", "expected a capture file, or - for standard input");
        } else if (options.bytes < 0) {
            status = complain("explain", "--bytes %d: expected the number of a frame", options.bytes);
        } else if (options.raw && (options.follow < 0 || isatty(STDOUT_FILENO))) {
            status = complain("explain", options.follow < 0
                                             ? "--raw goes with --follow NUMBER"
                                             : "--raw: bytes of strangers are not written to a terminal; send them to "
                                               "a file or a pipe");
        } else {
            const bool frames = options.follow >= 0 || options.packets || options.bytes != 0 || options.write != NULL;
            status = frames ? explain_frames(&options) : explain_conversations(&options);
        }
    }
    poptFreeContext(context);
    free(filter);
    free(write);
    return status < 0 ? 0 : status;
}
