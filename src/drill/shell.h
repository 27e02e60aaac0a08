#ifndef SEPTET_DRILL_SHELL_H
#define SEPTET_DRILL_SHELL_H

#include "drill/runner.h"

/* The shell of scripts, read by ourselves: words, quotes, variables, ; && || | and redirections. */

#define SHELL_WORDS 64

struct shell_command {
    struct slice word[SHELL_WORDS]; /* word[0] is its name */
    uint32_t words;
    uint32_t line;
    struct slice whole;  /* as it stands in the script */
    struct slice output; /* the file that > or >> names; empty: none */
    uint8_t status;      /* that it ends with; 0 when nobody sets it */
    bool leaves;         /* the shell ends here */
};

/* The index-th word; empty when there are fewer. */
static inline struct slice shell_word(const struct shell_command *command, uint32_t index)
{
    return index < command->words ? command->word[index] : (struct slice){"", 0};
}

/* ---- command.c ---- */
/* Does what a command would do. False with the error filled in: skipped with its name when it is unknown. */
bool command_run(struct drill_runner *runner, struct shell_command *command);
/* The same for `from | to`. */
bool command_pipe(struct drill_runner *runner, struct shell_command *from, struct shell_command *to);

#endif
