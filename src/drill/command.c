#include "drill/runner.h"

#include "base/memory.h"
#include "drill/sysctl.h"

/* Shell commands of scripts, read by ourselves: what they would do to a kernel is done to our configuration. A
 * command that we do not know skips the script. */

#define WORDS 64

struct command {
    struct slice word[WORDS];
    uint32_t words;
    uint32_t line;
    struct slice whole;
};

static bool unknown_command(struct drill_runner *runner, const struct command *command, const char *what,
                            struct slice name)
{
    struct text text = runner_skip(runner, command->line);
    text_put(&text, what);
    text_slice(&text, name);
    return false;
}

static struct slice base_name(struct slice path)
{
    struct slice folder, name;
    return slice_split_last(path, '/', &folder, &name) ? name : path;
}

static struct slice word_of(const struct command *command, uint32_t index)
{
    return index < command->words ? command->word[index] : (struct slice){"", 0};
}

/* ---- sysctl ---- */

static bool set_sysctl(struct drill_runner *runner, const struct command *command, struct slice name,
                       struct slice value)
{
    const enum sysctl_result result = sysctl_set(&runner->machine.config, name, value);
    if (result == SYSCTL_DONE)
        return true;
    if (result == SYSCTL_BAD_VALUE) {
        struct text text = runner_fail(runner, command->line);
        text_put(&text, "sysctl ");
        text_slice(&text, name);
        text_put(&text, " cannot be ");
        text_slice(&text, value);
        return false;
    }
    unknown_command(runner, command, "sysctl ", name);
    if (result == SYSCTL_UNSUPPORTED) {
        struct text text = {runner->error.text, sizeof runner->error.text, slice_of(runner->error.text).length};
        text_char(&text, '=');
        text_slice(&text, value);
    }
    return false;
}

/* NAME=VALUE words; options and names alone (which only show a value) are passed over. */
static bool run_assignments(struct drill_runner *runner, const struct command *command)
{
    for (uint32_t i = 1; i < command->words; i++) {
        struct slice name, value;
        if (slice_starts(command->word[i], "-") || !slice_split(command->word[i], '=', &name, &value))
            continue;
        if (!set_sysctl(runner, command, name, value))
            return false;
    }
    machine_reconfigure(&runner->machine);
    return true;
}

/* echo VALUE > /proc/sys/... */
static bool run_echo(struct drill_runner *runner, const struct command *command)
{
    for (uint32_t i = 1; i + 1 < command->words; i++) {
        if (!slice_is(command->word[i], ">") || !slice_starts(command->word[i + 1], "/proc/sys/"))
            continue;
        if (i < 2)
            return unknown_command(runner, command, "command ", command->whole);
        const struct slice value = {command->word[1].at, (uint32_t)(command->word[i - 1].at - command->word[1].at) +
                                                             command->word[i - 1].length};
        if (!set_sysctl(runner, command, command->word[i + 1], value))
            return false;
    }
    machine_reconfigure(&runner->machine);
    return true;
}

/* ---- ip ---- */

static bool set_mtu(struct drill_runner *runner, const struct command *command, struct slice value)
{
    int64_t mtu;
    if (!drill_integer(value, &mtu) || mtu < 576 || mtu > 65535)
        return unknown_command(runner, command, "MTU ", value);
    runner->options.mtu = (uint32_t)mtu;
    if (runner->machine.stack != NULL)
        septet_interface_mtu(runner->machine.stack, 0, (uint32_t)mtu);
    return true;
}

/* 200ms, 1s, 300 */
static bool duration(struct slice text, int64_t *ns)
{
    uint32_t digits = 0;
    while (digits < text.length && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    const struct slice unit = {text.at + digits, text.length - digits};
    if (digits == 0 || digits > 9 || !drill_integer((struct slice){text.at, digits}, ns))
        return false;
    if (unit.length == 0 || slice_is(unit, "ms"))
        *ns *= SEPTET_MILLISECOND;
    else if (slice_is(unit, "s"))
        *ns *= SEPTET_SECOND;
    else if (slice_is(unit, "us"))
        *ns *= SEPTET_MICROSECOND;
    else
        return false;
    return true;
}

static bool route_metric(struct drill_runner *runner, const struct command *command, struct slice name,
                         struct slice value)
{
    struct septet_tcp_config *tcp = &runner->machine.config.tcp;
    int64_t number;
    if (slice_is(name, "mtu"))
        return set_mtu(runner, command, value);
    if (slice_is(name, "initcwnd") && drill_integer(value, &number) && number > 0 && number < 256) {
        tcp->initial_window = (uint8_t)number;
        return true;
    }
    if (slice_is(name, "rto_min") && duration(value, &number) && number > 0) {
        tcp->rto_minimum = number;
        return true;
    }
    if (slice_is(name, "congctl"))
        return set_sysctl(runner, command, slice_of("net.ipv4.tcp_congestion_control"), value);
    return unknown_command(runner, command, "route metric ", name);
}

/* Words of a route that say where it leads and not how. */
static bool route_is_about_way(struct slice word)
{
    static const char *const ways[] = {"via", "dev", "src", "table", "proto", "scope", "metric", "onlink"};
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (slice_is(word, ways[i]))
            return true;
    return false;
}

static bool run_route(struct drill_runner *runner, const struct command *command, uint32_t at)
{
    const struct slice verb = word_of(command, at);
    if (slice_is(verb, "del") || slice_is(verb, "flush") || slice_is(verb, "show") || slice_is(verb, "get"))
        return true;
    uint32_t i = at + 2; /* behind the verb and the destination */
    while (i < command->words) {
        const struct slice name = command->word[i];
        if (route_is_about_way(name)) {
            i += slice_is(name, "onlink") ? 1 : 2;
            continue;
        }
        const bool lock = slice_is(word_of(command, i + 1), "lock");
        if (!route_metric(runner, command, name, word_of(command, i + 1 + lock)))
            return false;
        i += 2u + lock;
    }
    machine_reconfigure(&runner->machine);
    return true;
}

static bool run_ip(struct drill_runner *runner, const struct command *command)
{
    uint32_t at = 1;
    while (at < command->words && slice_starts(command->word[at], "-"))
        at++;
    const struct slice object = word_of(command, at);
    if (slice_starts(object, "r")) /* route */
        return run_route(runner, command, at + 1);
    if (slice_starts(object, "l")) { /* link */
        for (uint32_t i = at + 1; i + 1 < command->words; i++)
            if (slice_is(command->word[i], "mtu"))
                return set_mtu(runner, command, command->word[i + 1]);
        return true;
    }
    if (slice_starts(object, "tcp_met")) /* nothing is remembered from one script to the next */
        return true;
    return unknown_command(runner, command, "command ", command->whole);
}

/* ---- ethtool, ifconfig ---- */

/* -K device (feature on|off)*: our packets arrive one by one and leave as segments anyway. */
static bool run_ethtool(struct drill_runner *runner, const struct command *command)
{
    static const char *const features[] = {"gro", "gso", "tso", "lro", "rx", "tx", "sg", "rx-gro-hw", "rxhash"};
    if (!slice_is(word_of(command, 1), "-K"))
        return unknown_command(runner, command, "command ", command->whole);
    for (uint32_t i = 3; i < command->words; i += 2) {
        bool known = false;
        for (unsigned k = 0; k < sizeof features / sizeof features[0]; k++)
            known = known || slice_is(command->word[i], features[k]);
        if (!known)
            return unknown_command(runner, command, "ethtool feature ", command->word[i]);
        if (slice_is(command->word[i], "gro"))
            runner->machine.config.tcp.gro = slice_is(word_of(command, i + 1), "on");
    }
    machine_reconfigure(&runner->machine);
    return true;
}

static bool run_ifconfig(struct drill_runner *runner, const struct command *command)
{
    for (uint32_t i = 2; i + 1 < command->words; i++)
        if (slice_is(command->word[i], "mtu"))
            return set_mtu(runner, command, command->word[i + 1]);
    return unknown_command(runner, command, "command ", command->whole);
}

/* ---- scripts and time ---- */

static bool run_sleep(struct drill_runner *runner, const struct command *command)
{
    int64_t time;
    if (!drill_seconds(word_of(command, 1), &time))
        return unknown_command(runner, command, "command ", command->whole);
    return runner->machine.stack == NULL || runner_wait(runner, runner_now(runner) + time, command->line);
}

/* Back to the profile. */
static bool run_defaults(struct drill_runner *runner, const struct command *command)
{
    (void)command;
    if (!machine_config(&runner->machine.config, &runner->options, &runner->error))
        return false;
    machine_reconfigure(&runner->machine);
    return true;
}

static bool run_nothing(struct drill_runner *runner, const struct command *command)
{
    (void)runner;
    (void)command;
    return true;
}

static const struct {
    const char *name;
    bool (*run)(struct drill_runner *runner, const struct command *command);
} commands[] = {
    {"sysctl", run_assignments},
    {"set_sysctls.py", run_assignments},
    {"set_sysctls.sh", run_assignments},
    {"echo", run_echo},
    {"ip", run_ip},
    {"ethtool", run_ethtool},
    {"ifconfig", run_ifconfig},
    {"sleep", run_sleep},
    {"defaults.sh", run_defaults},
    {"true", run_nothing},
    {":", run_nothing},
    {"sync", run_nothing},
    {"kldload", run_nothing},
    {"exit", run_nothing},
};

/* Takes `> file` and `2> file` away. */
static void forget_redirections(struct command *command)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < command->words; i++) {
        const struct slice word = command->word[i];
        const bool arrow = slice_is(word, ">") || slice_is(word, ">>") || slice_is(word, "<");
        const bool number = slice_is(word, "1") || slice_is(word, "2");
        const bool arrow_next = i + 1 < command->words && slice_is(command->word[i + 1], ">");
        if (arrow)
            i++;
        else if (word.length != 0 && !(number && arrow_next))
            command->word[kept++] = word;
    }
    command->words = kept;
}

static bool run_one(struct drill_runner *runner, struct command *command)
{
    const struct slice name = base_name(command->word[0]);
    if (!slice_is(name, "echo"))
        forget_redirections(command);
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (slice_is(name, commands[i].name))
            return commands[i].run(runner, command);
    return unknown_command(runner, command, "command ", name);
}

/* ---- what a shell would do ---- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* The next word, quotes taken off when it is quoted as a whole or from its '=' on. */
static uint32_t read_word(struct drill_runner *runner, struct slice text, uint32_t at, struct slice *word)
{
    char *to = arena_take(runner->arena, text.length - at + 1, 1);
    uint32_t length = 0;
    char quote = '\0';
    *word = (struct slice){text.at + at, 0};
    while (at < text.length) {
        const char c = text.at[at];
        if (quote == '\0' && (is_blank(c) || c == '\n' || c == ';' || c == '&' || c == '|'))
            break;
        if (quote == '\0' && c == '>' && at + 1 < text.length && text.at[at + 1] == '&') {
            at += 2; /* 2>&1: two outputs are one, which nobody reads */
            while (at < text.length && text.at[at] >= '0' && text.at[at] <= '9')
                at++;
            if (length == 1)
                length = 0;
            break;
        }
        if (quote == '\0' && c == '>' && length != 0 && to != NULL && to[length - 1] != '>')
            break;
        if (c == quote || (quote == '\0' && (c == '"' || c == '\''))) {
            quote = quote == '\0' ? c : '\0';
        } else if (to != NULL) {
            to[length++] = c;
            if (quote == '\0' && c == '>' && at + 1 < text.length && text.at[at + 1] != '>') {
                at++;
                break;
            }
        }
        at++;
    }
    if (to != NULL)
        *word = (struct slice){to, length};
    return at;
}

bool run_command(struct drill_runner *runner, struct slice text, uint32_t line)
{
    struct command command = {.line = line};
    uint32_t at = 0;
    while (at <= text.length) {
        const char c = at < text.length ? text.at[at] : '\n';
        if (is_blank(c)) {
            at++;
        } else if (c == '\\' && at + 1 < text.length && text.at[at + 1] == '\n') {
            at += 2;
            line++;
        } else if (c == '#' && command.words == 0) {
            while (at < text.length && text.at[at] != '\n')
                at++;
        } else if (c == '\n' || c == ';' || c == '&' || c == '|') {
            if (command.words != 0 && !run_one(runner, &command))
                return false;
            line += c == '\n';
            command = (struct command){.line = line};
            at++;
        } else {
            if (command.words == WORDS) {
                struct text words = runner_skip(runner, line);
                text_put(&words, "a command of more than 64 words");
                return false;
            }
            if (command.words == 0)
                command.whole = (struct slice){text.at + at, 0};
            at = read_word(runner, text, at, &command.word[command.words++]);
            command.whole.length = (uint32_t)(text.at + at - command.whole.at);
        }
    }
    return true;
}
