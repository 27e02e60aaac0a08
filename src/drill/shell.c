#include "drill/shell.h"

#include "base/memory.h"

/* Cuts blocks in backquotes into commands and has them done one after the other. */

#define WORD_MOST 1024
#define VARIABLES 32
#define ARITHMETIC_DEPTH 8

struct shell {
    struct drill_runner *runner;
    struct slice text;
    uint32_t at, line;
    struct shell_command command, upstream; /* being read; before a | */
    bool piped;                             /* there is an upstream */
    bool passed_over;                       /* behind || of what went well, behind && of what did not */
    uint8_t status;
    struct drill_define variable[VARIABLES];
    uint32_t variables;
};

/* ---- characters ---- */

static char ahead(const struct shell *shell, uint32_t offset)
{
    return offset < shell->text.length - shell->at ? shell->text.at[shell->at + offset] : '\0';
}

static bool at_end(const struct shell *shell) { return shell->at >= shell->text.length; }
static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c); }

static bool skip_script(struct shell *shell, const char *what)
{
    struct text text = runner_skip(shell->runner, shell->line);
    text_put(&text, what);
    return false;
}

/* ---- variables ---- */

static struct slice variable_value(const struct shell *shell, struct slice name)
{
    for (uint32_t i = shell->variables; i > 0; i--)
        if (slice_equal(shell->variable[i - 1].name, name))
            return shell->variable[i - 1].value;
    if (slice_is(name, "PPID") || slice_is(name, "PACKETDRILL_PID"))
        return slice_of("1");
    return (struct slice){"", 0};
}

/* NAME=value */
static bool is_assignment(struct slice word, struct slice *name, struct slice *value)
{
    if (!slice_split(word, '=', name, value) || name->length == 0 || is_digit(name->at[0]))
        return false;
    for (uint32_t i = 0; i < name->length; i++)
        if (!is_name(name->at[i]))
            return false;
    return true;
}

/* ---- $((...)) ---- */

static bool arithmetic_sum(struct shell *shell, unsigned depth, int64_t *value);

static void arithmetic_blanks(struct shell *shell)
{
    while (is_blank(ahead(shell, 0)))
        shell->at++;
}

static struct slice take_name(struct shell *shell)
{
    const uint32_t start = shell->at;
    while (is_name(ahead(shell, 0)))
        shell->at++;
    return (struct slice){shell->text.at + start, shell->at - start};
}

static bool arithmetic_factor(struct shell *shell, unsigned depth, int64_t *value)
{
    arithmetic_blanks(shell);
    if (ahead(shell, 0) == '(' && depth < ARITHMETIC_DEPTH) {
        shell->at++;
        if (!arithmetic_sum(shell, depth + 1, value) || ahead(shell, 0) != ')')
            return false;
        shell->at++;
    } else {
        shell->at += ahead(shell, 0) == '$';
        struct slice word = take_name(shell);
        if (word.length != 0 && !is_digit(word.at[0]))
            word = variable_value(shell, word);
        if (!drill_integer(word, value) || *value > INT32_MAX)
            return false;
    }
    arithmetic_blanks(shell);
    return true;
}

static bool arithmetic_product(struct shell *shell, unsigned depth, int64_t *value)
{
    int64_t other;
    if (!arithmetic_factor(shell, depth, value))
        return false;
    for (char operator= ahead(shell, 0); operator== '*' || operator== '/' || operator== '%';
         operator= ahead(shell, 0)) {
        shell->at++;
        if (!arithmetic_factor(shell, depth, &other) || (operator!= '*' && other == 0) || *value > INT32_MAX ||
            *value < INT32_MIN || other > INT32_MAX || other < INT32_MIN)
            return false;
        *value = operator== '*' ? *value * other : operator== '/' ? *value / other : * value % other;
    }
    return true;
}

static bool arithmetic_sum(struct shell *shell, unsigned depth, int64_t *value)
{
    int64_t other;
    if (!arithmetic_product(shell, depth, value))
        return false;
    for (char operator= ahead(shell, 0); operator== '+' || operator== '-'; operator= ahead(shell, 0)) {
        shell->at++;
        if (!arithmetic_product(shell, depth, &other) || *value > INT64_MAX / 4 || *value < -(INT64_MAX / 4) ||
            other > INT64_MAX / 4 || other < -(INT64_MAX / 4))
            return false;
        *value += operator== '+' ? other : - other;
    }
    return true;
}

/* Behind $(( */
static bool put_arithmetic(struct shell *shell, struct text *word)
{
    int64_t value;
    if (!arithmetic_sum(shell, 0, &value) || ahead(shell, 0) != ')' || ahead(shell, 1) != ')')
        return skip_script(shell, "shell arithmetic");
    shell->at += 2;
    text_signed(word, value);
    return true;
}

/* ---- words ---- */

/* At $: a variable or arithmetic. */
static bool put_expansion(struct shell *shell, struct text *word)
{
    const bool braces = ahead(shell, 1) == '{';
    if (ahead(shell, 1) == '(' && ahead(shell, 2) == '(') {
        shell->at += 3;
        return put_arithmetic(shell, word);
    }
    if (ahead(shell, 1) == '(')
        return skip_script(shell, "shell substitution $(...)");
    shell->at += 1u + braces;
    if (!braces && (ahead(shell, 0) == '$' || ahead(shell, 0) == '?')) {
        text_put(word, ahead(shell, 0) == '$' ? "2" : shell->status == 0 ? "0" : "1");
        shell->at++;
        return true;
    }
    const struct slice name = take_name(shell);
    if (name.length == 0 && !braces) {
        text_char(word, '$');
        return true;
    }
    if (braces && ahead(shell, 0) != '}')
        return skip_script(shell, "shell expansion ${...}");
    shell->at += braces;
    text_slice(word, variable_value(shell, name));
    return true;
}

static bool ends_word(char c)
{
    return is_blank(c) || c == '\n' || c == ';' || c == '&' || c == '|' || c == '<' || c == '>' || c == '\0';
}

/* A character of a word, or of what is quoted. */
static bool read_character(struct shell *shell, char quote, struct text *word)
{
    const char c = ahead(shell, 0);
    if (c == '$' && quote != '\'')
        return put_expansion(shell, word);
    if (c == '`')
        return skip_script(shell, "shell substitution `...`");
    if (c == '\\' && quote != '\'' && shell->at + 1 < shell->text.length) {
        shell->at++;
        if (ahead(shell, 0) == '`')
            return skip_script(shell, "shell substitution `...`");
        if (ahead(shell, 0) == '\n')
            shell->line++;
        else
            text_char(word, ahead(shell, 0));
    } else {
        shell->line += c == '\n';
        text_char(word, c);
    }
    shell->at++;
    return true;
}

static bool read_word(struct shell *shell, struct slice *result)
{
    char *memory = arena_take(shell->runner->arena, WORD_MOST, 1);
    struct text word;
    char quote = '\0';
    if (memory == NULL)
        return runner_no_memory(shell->runner, shell->line);
    text_init(&word, memory, WORD_MOST);
    while (!at_end(shell)) {
        const char c = ahead(shell, 0);
        if (quote == '\0' && ends_word(c))
            break;
        if (c == quote || (quote == '\0' && (c == '"' || c == '\''))) {
            quote = quote == '\0' ? c : '\0';
            shell->at++;
        } else if (!read_character(shell, quote, &word)) {
            return false;
        }
    }
    if (quote != '\0')
        return skip_script(shell, "a shell command with an open quote");
    if (word.length + 1 >= WORD_MOST)
        return skip_script(shell, "a shell word of more than 1022 characters");
    *result = (struct slice){memory, word.length};
    return true;
}

/* ---- redirections ---- */

static bool at_redirection(const struct shell *shell)
{
    const uint32_t number = is_digit(ahead(shell, 0));
    const char c = ahead(shell, number);
    return c == '>' || c == '<' || (ahead(shell, 0) == '&' && ahead(shell, 1) == '>');
}

/* [n]>file, [n]>>file, [n]>&m, <file, &>file: where the output goes matters, what is read does not. */
static bool read_redirection(struct shell *shell)
{
    struct slice file;
    const bool errors = ahead(shell, 0) == '2';
    shell->at += is_digit(ahead(shell, 0)) || ahead(shell, 0) == '&';
    const bool input = ahead(shell, 0) == '<';
    shell->at++;
    if (input && ahead(shell, 0) == '<')
        return skip_script(shell, "shell here-document");
    shell->at += ahead(shell, 0) == '>';
    if (ahead(shell, 0) == '&') {
        shell->at++;
        while (is_digit(ahead(shell, 0)) || ahead(shell, 0) == '-')
            shell->at++;
        return true;
    }
    while (is_blank(ahead(shell, 0)))
        shell->at++;
    if (!read_word(shell, &file))
        return false;
    if (!input && !errors)
        shell->command.output = file;
    return true;
}

/* ---- commands ---- */

/* VAR=value alone, or before a command, which then has one word less. */
static bool take_assignments(struct shell *shell)
{
    struct shell_command *command = &shell->command;
    struct slice name, value;
    uint32_t count = 0;
    while (count < command->words && is_assignment(command->word[count], &name, &value)) {
        if (shell->variables == VARIABLES)
            return skip_script(shell, "a shell command with more than 32 variables");
        shell->variable[shell->variables++] = (struct drill_define){name, value};
        count++;
    }
    command->words -= count;
    for (uint32_t i = 0; i < command->words; i++)
        command->word[i] = command->word[i + count];
    return true;
}

/* Does the command that was read. */
static bool do_command(struct shell *shell)
{
    struct shell_command *command = &shell->command;
    if (!take_assignments(shell))
        return false;
    if (command->words == 0)
        return true;
    if (!shell->passed_over) {
        if (!(shell->piped ? command_pipe(shell->runner, &shell->upstream, command)
                           : command_run(shell->runner, command)))
            return false;
        shell->status = command->status;
    }
    if (command->leaves && !shell->passed_over)
        shell->at = shell->text.length;
    shell->piped = false;
    return true;
}

static bool end_command(struct shell *shell)
{
    const char c = ahead(shell, 0);
    const bool twice = (c == '&' || c == '|') && ahead(shell, 1) == c;
    if (c == '|' && !twice) {
        if (shell->piped)
            return skip_script(shell, "a shell pipeline of three commands");
        shell->upstream = shell->command;
        shell->piped = shell->command.words != 0;
    } else if (!do_command(shell)) {
        return false;
    }
    if (!at_end(shell)) {
        shell->line += c == '\n';
        shell->at += 1u + twice;
        shell->passed_over = twice && (c == '|') == (shell->status == 0);
    }
    shell->command = (struct shell_command){.line = shell->line};
    return true;
}

/* A word or a redirection of the command. */
static bool add_word(struct shell *shell)
{
    struct shell_command *command = &shell->command;
    if (at_redirection(shell))
        return read_redirection(shell);
    if (command->words == SHELL_WORDS)
        return skip_script(shell, "a command of more than 64 words");
    if (command->words == 0) {
        command->whole.at = shell->text.at + shell->at;
        command->line = shell->line;
    }
    if (!read_word(shell, &command->word[command->words++]))
        return false;
    command->whole.length = (uint32_t)(shell->text.at + shell->at - command->whole.at);
    return true;
}

bool run_command(struct drill_runner *runner, struct slice text, uint32_t line)
{
    struct shell *shell = arena_zeroed(runner->arena, sizeof *shell);
    if (shell == NULL)
        return runner_no_memory(runner, line);
    *shell = (struct shell){.runner = runner, .text = text, .line = line, .command.line = line};
    for (;;) {
        const char c = ahead(shell, 0);
        if (is_blank(c)) {
            shell->at++;
        } else if (c == '\\' && ahead(shell, 1) == '\n') {
            shell->at += 2;
            shell->line++;
        } else if (c == '#') {
            while (!at_end(shell) && ahead(shell, 0) != '\n')
                shell->at++;
        } else if (at_end(shell) || (ends_word(c) && !at_redirection(shell))) {
            const bool last = at_end(shell);
            if (!last && c == '\0')
                return skip_script(shell, "a NUL character in a shell command");
            if (!end_command(shell))
                return false;
            if (last)
                break;
        } else if (!add_word(shell)) {
            return false;
        }
    }
    if (shell->piped)
        return skip_script(shell, "a shell pipeline without an end");
    if (shell->status == 0)
        return true;
    struct text words = runner_fail(runner, shell->line);
    text_put(&words, "the shell command ends with status ");
    text_number(&words, shell->status);
    return false;
}
