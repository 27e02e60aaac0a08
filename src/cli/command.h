#ifndef SEPTET_CLI_COMMAND_H
#define SEPTET_CLI_COMMAND_H

/* The subcommands: each file of this folder that is named after one has its function. argv[0] is "septet NAME". They
 * return the exit status: 0, 1 for failure, 2 for wrong usage or bad input. */
int command_bench(int argc, const char **argv);
int command_capture(int argc, const char **argv);
int command_drill(int argc, const char **argv);
int command_explain(int argc, const char **argv);
int command_fetch(int argc, const char **argv);
int command_lab(int argc, const char **argv);
int command_ping(int argc, const char **argv);
int command_serve(int argc, const char **argv);

#endif
