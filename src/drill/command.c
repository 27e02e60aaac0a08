#include "drill/shell.h"

#include "base/memory.h"
#include "drill/sysctl.h"

/* Shell commands of scripts, done by ourselves: what they would do to a kernel is done to our configuration. A command
 * that we do not know skips the script. */

static bool unknown(struct drill_runner *runner, const struct shell_command *command, const char *what,
                    struct slice name)
{
    struct text text = runner_skip(runner, command->line);
    text_put(&text, what);
    text_slice(&text, name);
    return false;
}

static bool unknown_whole(struct drill_runner *runner, const struct shell_command *command)
{
    return unknown(runner, command, "command ", command->whole);
}

static bool listed(struct slice word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(word, list[i]))
            return true;
    return false;
}
#define LISTED(word, list) listed(word, list, sizeof(list) / sizeof *(list))

/* ---- sysctl ---- */

static bool set_sysctl(struct drill_runner *runner, const struct shell_command *command, struct slice name,
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
    unknown(runner, command, "sysctl ", name);
    if (result == SYSCTL_UNSUPPORTED) {
        struct text text = {runner->error.text, sizeof runner->error.text, slice_of(runner->error.text).length};
        text_char(&text, '=');
        text_slice(&text, value);
    }
    return false;
}

/* NAME=VALUE words; options and names alone (which only show a value) are passed over. */
static bool run_assignments(struct drill_runner *runner, struct shell_command *command)
{
    for (uint32_t i = 1; i < command->words; i++) {
        struct slice name, value;
        if (slice_starts(command->word[i], "-p") || slice_is(command->word[i], "--system"))
            return unknown(runner, command, "a sysctl file: ", command->whole);
        if (slice_starts(command->word[i], "-") || !slice_split(command->word[i], '=', &name, &value))
            continue;
        if (!set_sysctl(runner, command, name, value))
            return false;
    }
    machine_reconfigure(&runner->machine);
    return true;
}

/* Words of a command joined by blanks, as echo prints them. */
static struct slice echoed(struct drill_runner *runner, const struct shell_command *command)
{
    uint32_t size = 1, first = 1;
    while (slice_is(shell_word(command, first), "-n") || slice_is(shell_word(command, first), "-e"))
        first++;
    for (uint32_t i = first; i < command->words; i++)
        size += command->word[i].length + 1;
    char *memory = arena_take(runner->arena, size, 1);
    struct text text;
    if (memory == NULL)
        return (struct slice){"", 0};
    text_init(&text, memory, size);
    for (uint32_t i = first; i < command->words; i++) {
        if (i != first)
            text_char(&text, ' ');
        text_slice(&text, command->word[i]);
    }
    return (struct slice){memory, text.length};
}

static bool write_file(struct drill_runner *runner, const struct shell_command *command, struct slice file,
                       struct slice value)
{
    if (!slice_starts(file, "/proc/sys/"))
        return true; /* a file that nobody reads */
    if (!set_sysctl(runner, command, file, value))
        return false;
    machine_reconfigure(&runner->machine);
    return true;
}

static bool run_echo(struct drill_runner *runner, struct shell_command *command)
{
    return write_file(runner, command, command->output, echoed(runner, command));
}

/* ---- ip ---- */

static bool set_mtu(struct drill_runner *runner, const struct shell_command *command, struct slice value)
{
    int64_t mtu;
    if (!drill_integer(value, &mtu) || mtu < 576 || mtu > 65535)
        return unknown(runner, command, "MTU ", value);
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

static bool route_number(struct drill_runner *runner, struct slice name, int64_t number, bool *known)
{
    struct septet_config *config = &runner->machine.config;
    *known = true;
    if (slice_is(name, "initcwnd") && number > 0 && number < 256)
        config->tcp.initial_window = (uint8_t)number;
    else if (slice_is(name, "hoplimit") && number > 0 && number < 256)
        config->hop_limit = (uint8_t)number;
    else if (slice_is(name, "quickack") && number == 1)
        config->tcp.delayed_ack = 0;
    else
        *known = slice_is(name, "quickack") && number == 0;
    return true;
}

static bool route_metric(struct drill_runner *runner, const struct shell_command *command, struct slice name,
                         struct slice value)
{
    struct septet_tcp_config *tcp = &runner->machine.config.tcp;
    int64_t number;
    bool known = false;
    if (slice_is(name, "mtu"))
        return set_mtu(runner, command, value);
    if (slice_is(name, "congctl"))
        return set_sysctl(runner, command, slice_of("net.ipv4.tcp_congestion_control"), value);
    if (slice_is(name, "rto_min") && duration(value, &number) && number > 0)
        tcp->rto_minimum = number;
    else if (slice_is(name, "features") && slice_is(value, "ecn"))
        tcp->ecn = SEPTET_ECN_ASK;
    else if (!drill_integer(value, &number) || !route_number(runner, name, number, &known) || !known)
        return unknown(runner, command, "route metric ", name);
    return true;
}

/* Words of a route that say where it leads and not how. */
static bool route_is_about_way(struct slice word)
{
    static const char *const ways[] = {"via", "dev", "src", "table", "proto", "protocol", "scope", "metric", "onlink"};
    return LISTED(word, ways);
}

static bool run_route(struct drill_runner *runner, const struct shell_command *command, uint32_t at)
{
    const struct slice verb = shell_word(command, at);
    static const char *const quiet[] = {"del", "delete", "flush", "show", "list", "get", ""};
    static const char *const loud[] = {"add", "change", "replace", "append", "prepend", "test"};
    if (LISTED(verb, quiet))
        return true;
    if (!LISTED(verb, loud))
        return unknown_whole(runner, command);
    uint32_t i = at + 2; /* behind the verb and the destination */
    while (i < command->words) {
        const struct slice name = command->word[i];
        if (route_is_about_way(name)) {
            i += slice_is(name, "onlink") ? 1 : 2;
            continue;
        }
        const bool lock = slice_is(shell_word(command, i + 1), "lock");
        if (!route_metric(runner, command, name, shell_word(command, i + 1 + lock)))
            return false;
        i += 2u + lock;
    }
    machine_reconfigure(&runner->machine);
    return true;
}

/* link set [dev] NAME (up | mtu N | txqueuelen N | gso_max_size N ...)* */
static bool run_link(struct drill_runner *runner, const struct shell_command *command, uint32_t at)
{
    static const char *const switches[] = {"up", "dev", "arp", "multicast"};
    static const char *const numbers[] = {
        "txqueuelen",        "qlen",         "txqlen",           "gso_max_size", "gso_max_segs",
        "gso_ipv4_max_size", "gro_max_size", "gro_ipv4_max_size"};
    const struct slice verb = shell_word(command, at);
    if (slice_is(verb, "show") || slice_is(verb, "list") || verb.length == 0)
        return true;
    if (!slice_is(verb, "set"))
        return unknown_whole(runner, command);
    at += slice_is(shell_word(command, at + 1), "dev") ? 3 : 2;
    for (; at < command->words; at++) {
        const struct slice word = command->word[at];
        if (LISTED(word, switches))
            continue;
        if (slice_is(word, "mtu")) {
            if (!set_mtu(runner, command, shell_word(command, at + 1)))
                return false;
        } else if (!LISTED(word, numbers)) {
            return unknown_whole(runner, command);
        }
        at++;
    }
    return true;
}

static bool run_ip(struct drill_runner *runner, struct shell_command *command)
{
    static const char *const quiet[] = {"show", "list", "flush", "delete", "del", ""};
    uint32_t at = 1;
    while (at < command->words && slice_starts(command->word[at], "-"))
        at++;
    const struct slice object = shell_word(command, at), verb = shell_word(command, at + 1);
    if (slice_is(object, "r") || slice_is(object, "ro") || slice_is(object, "route"))
        return run_route(runner, command, at + 1);
    if (slice_is(object, "link") || slice_is(object, "l"))
        return run_link(runner, command, at + 1);
    const bool metrics = slice_starts(object, "tcp_m"), neighbours = slice_starts(object, "n");
    /* Nothing is remembered from one script to the next. */
    if ((metrics || (neighbours && !slice_starts(object, "net")) || slice_starts(object, "a")) && LISTED(verb, quiet) &&
        (metrics || !slice_starts(verb, "d")))
        return true;
    return unknown_whole(runner, command);
}

/* ---- devices ---- */

/* -K device (feature on|off)*: our packets arrive one by one and leave as segments anyway. */
static bool run_ethtool(struct drill_runner *runner, struct shell_command *command)
{
    static const char *const features[] = {"gro",
                                           "gso",
                                           "tso",
                                           "lro",
                                           "rx",
                                           "tx",
                                           "sg",
                                           "rx-gro-hw",
                                           "ufo",
                                           "rxhash",
                                           "tx-tcp-accecn-segmentation",
                                           "tx-tcp-segmentation",
                                           "generic-receive-offload",
                                           "generic-segmentation-offload",
                                           "tcp-segmentation-offload"};
    if (!slice_is(shell_word(command, 1), "-K"))
        return unknown_whole(runner, command);
    for (uint32_t i = 3; i < command->words; i += 2) {
        const struct slice word = command->word[i];
        if (!LISTED(word, features))
            return unknown(runner, command, "ethtool feature ", word);
        if (slice_is(word, "gro") || slice_is(word, "generic-receive-offload"))
            runner->machine.config.tcp.gro = slice_is(shell_word(command, i + 1), "on");
    }
    machine_reconfigure(&runner->machine);
    return true;
}

static bool run_ifconfig(struct drill_runner *runner, struct shell_command *command)
{
    static const char *const switches[] = {"up",  "rxcsum", "txcsum", "rxcsum6", "txcsum6",
                                           "tso", "tso4",   "tso6",   "lro"};
    for (uint32_t i = 2; i < command->words; i++) {
        struct slice word = command->word[i];
        if (slice_is(word, "mtu")) {
            if (!set_mtu(runner, command, shell_word(command, ++i)))
                return false;
            continue;
        }
        if (slice_starts(word, "-"))
            word = (struct slice){word.at + 1, word.length - 1};
        if (!LISTED(word, switches))
            return unknown_whole(runner, command);
    }
    return true;
}

/* tc qdisc ... dev NAME root KIND: queues that neither delay nor drop. */
static bool run_tc(struct drill_runner *runner, struct shell_command *command)
{
    static const char *const plain[] = {"pfifo", "bfifo", "pfifo_fast", "fq", "fq_codel", "mq", "noqueue"};
    uint32_t at = 1;
    while (slice_starts(shell_word(command, at), "-"))
        at++;
    const struct slice object = shell_word(command, at), verb = shell_word(command, at + 1);
    if (!slice_is(object, "qdisc"))
        return unknown_whole(runner, command);
    if (slice_starts(verb, "del") || slice_is(verb, "show") || slice_is(verb, "ls") || verb.length == 0)
        return true;
    for (uint32_t i = at + 2; i < command->words; i++) {
        if (LISTED(command->word[i], plain))
            return true;
        if (slice_is(command->word[i], "dev") || slice_is(command->word[i], "handle") ||
            slice_is(command->word[i], "parent"))
            i++;
        else if (!slice_is(command->word[i], "root"))
            return unknown(runner, command, "queueing discipline ", command->word[i]);
    }
    return unknown_whole(runner, command);
}

/* ---- time, and what does nothing ---- */

static bool let_pass(struct drill_runner *runner, int64_t time, uint32_t line)
{
    return runner->machine.stack == NULL || runner_wait(runner, runner_now(runner) + time, line);
}

static bool run_sleep(struct drill_runner *runner, struct shell_command *command)
{
    int64_t time;
    struct slice word = shell_word(command, 1);
    if (word.length != 0 && word.at[word.length - 1] == 's')
        word.length--;
    return drill_seconds(word, &time) ? let_pass(runner, time, command->line) : unknown_whole(runner, command);
}

static bool run_usleep(struct drill_runner *runner, struct shell_command *command)
{
    int64_t time;
    if (!drill_integer(shell_word(command, 1), &time) || time < 0 || time > INT64_C(3600000000))
        return unknown_whole(runner, command);
    return let_pass(runner, time * SEPTET_MICROSECOND, command->line);
}

static const struct {
    const char *name, *value;
} usual[] = {
#define USUAL(name, value) {name, value},
#include "drill/usual.def"
#undef USUAL
};

/* Back to the profile, and what a Linux in production is set to. */
static bool run_defaults(struct drill_runner *runner, struct shell_command *command)
{
    if (!machine_config(&runner->machine.config, &runner->options, &runner->error))
        return false;
    for (unsigned i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (!set_sysctl(runner, command, slice_of(usual[i].name), slice_of(usual[i].value)))
            return false;
    machine_reconfigure(&runner->machine);
    return true;
}

static bool run_nothing(struct drill_runner *runner, struct shell_command *command)
{
    (void)runner;
    (void)command;
    return true;
}

static bool run_false(struct drill_runner *runner, struct shell_command *command)
{
    (void)runner;
    command->status = 1;
    return true;
}

static bool run_exit(struct drill_runner *runner, struct shell_command *command)
{
    int64_t status = 0;
    if (command->words > 1 && (!drill_integer(command->word[1], &status) || status < 0 || status > 255))
        return unknown_whole(runner, command);
    command->status = (uint8_t)status;
    command->leaves = true;
    return true;
}

/* ---- the table ---- */

static const struct {
    const char *name;
    bool (*run)(struct drill_runner *runner, struct shell_command *command);
} commands[] = {
#define COMMAND(name, function, words) {name, run_##function},
#include "drill/command.def"
#undef COMMAND
};

static struct slice base_name(struct slice path)
{
    struct slice folder, name;
    return slice_split_last(path, '/', &folder, &name) ? name : path;
}

static bool is_command(const char *entry, struct slice name)
{
    const struct slice whole = slice_of(entry);
    if (whole.at[whole.length - 1] != '*')
        return slice_is(name, entry);
    if (name.length >= whole.length)
        name.length = whole.length - 1;
    return slice_equal(name, (struct slice){whole.at, whole.length - 1});
}

bool command_run(struct drill_runner *runner, struct shell_command *command)
{
    const struct slice name = base_name(command->word[0]);
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (is_command(commands[i].name, name))
            return commands[i].run(runner, command);
    return unknown(runner, command, "command ", name);
}

bool command_pipe(struct drill_runner *runner, struct shell_command *from, struct shell_command *to)
{
    static const char *const sinks[] = {"cat", "head", "tail", "true"};
    const struct slice name = base_name(to->word[0]);
    if (LISTED(name, sinks))
        return command_run(runner, from);
    if (!slice_is(name, "tee") || !slice_is(base_name(from->word[0]), "echo"))
        return unknown(runner, to, "a shell pipe to ", name);
    for (uint32_t i = 1; i < to->words; i++)
        if (!write_file(runner, to, to->word[i], echoed(runner, from)))
            return false;
    return true;
}
