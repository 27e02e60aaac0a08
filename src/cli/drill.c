#include "cli/drill.h"
#include "cli/command.h"
#include "cli/link_options.h"
#include "drill/options.h"

#include <stdlib.h>
#include <string.h>

/* `septet drill`: packetdrill scripts in virtual time. */

static const char help[] =
    "\n"
    "Runs packetdrill scripts on a stack of our own in virtual time: no root, no kernel, no waiting. The language is\n"
    "told in docs/drill.md. A directory means all *.pkt files below it.\n"
    "\n"
    "  septet drill tests/rfc\n"
    "  septet drill -v tests/rfc/must-13-time-wait.pkt\n"
    "  septet drill --ladder --pcap captures script.pkt\n"
    "  septet drill --profile freebsd --ip_version=ipv6 -D STANDARD=1 -j 2 scripts '--match=*rst*'\n"
    "\n"
    "packetdrill's own options are understood as well and override those of the scripts: --ip_version, --local_ip,\n"
    "--remote_ip, --netmask_ip, --bind_port, --connect_port, --mtu, --tolerance_usecs, --tolerance_percent,\n"
    "--tcp_ts_tick_usecs, --tcp_ts_ecr_scaled, --strict_segments, --non_fatal, --dry_run, --define, --init_scripts.\n"
    "\n"
    "Exit status: 0 when no script failed, 1 when one did, 2 for wrong usage.\n";

struct command_line {
    struct drill_settings settings;
    struct script_list scripts;
    const char **rest; /* arguments that are not packetdrill's */
    int rest_count;
    char *defines[128]; /* of -D, for the settings to point into */
    size_t define_count;
};

/* ---- packetdrill's options ---- */

static bool add_option(struct drill_settings *settings, struct slice name, bool has_value, struct slice value)
{
    if (settings->options == sizeof settings->option / sizeof settings->option[0]) {
        complain("drill", "too many options");
        return false;
    }
    settings->option[settings->options++] =
        (struct drill_script_option){.name = name, .value = value, .has_value = has_value};
    return true;
}

/* Whether an argument is an option of scripts: --name or --name=value, but none that is our own. */
static bool is_script_option(struct slice name)
{
    static const char *const own[] = {"verbose", "v", "profile", "dry_run"};
    struct drill_options scratch;
    struct drill_error error = {0};
    for (unsigned i = 0; i < sizeof own / sizeof own[0]; i++)
        if (slice_is(name, own[i]))
            return false;
    drill_options_default(&scratch);
    return drill_option_set(&scratch, name, false, (struct slice){"", 0}, &error) || error.unsupported ||
           strstr(error.text, "is no option") == NULL;
}

static bool sort_argument(struct command_line *line, const char *argument)
{
    const struct slice whole = slice_of(argument);
    struct slice name = whole, value = {"", 0};
    const bool option = slice_starts(whole, "--") && whole.length > 2;
    if (option)
        name = (struct slice){whole.at + 2, whole.length - 2};
    const bool has_value = option && slice_split(name, '=', &name, &value);
    if (option && is_script_option(name))
        return add_option(&line->settings, name, has_value, value);
    line->rest[line->rest_count++] = argument;
    return true;
}

/* ---- our own ---- */

struct raw_settings {
    char *list, *match, *exclude, *profile, *pcap;
    int jobs, json, ladder, verbose, quiet, dry_run;
};

static bool add_named(struct drill_settings *settings, const char *name, const char *value)
{
    return add_option(settings, slice_of(name), value != NULL, slice_of(value == NULL ? "" : value));
}

/* 0 when all is read, -1 when help was shown, 2 after a message. */
static int read_own(struct command_line *line, poptContext context, struct raw_settings *raw)
{
    int option;
    poptSetOtherOptionHelp(context, "[OPTION...] FILE|DIRECTORY|PATTERN...");
    while ((option = poptGetNextOpt(context)) > 0) {
        char *argument = poptGetOptArg(context);
        if (option == OPTION_HELP) {
            poptPrintHelp(context, stdout, 0);
            fputs(help, stdout);
            return -1;
        }
        if (line->define_count == sizeof line->defines / sizeof line->defines[0]) {
            free(argument);
            return complain("drill", "too many options");
        }
        line->defines[line->define_count++] = argument;
        if (option == 'D' && !add_named(&line->settings, "define", argument))
            return 2;
    }
    if (option < -1)
        return complain("drill", "%s: %s", poptBadOption(context, POPT_BADOPTION_NOALIAS), poptStrerror(option));
    if (raw->jobs < 1 || raw->jobs > 64)
        return complain("drill", "-j %d: expected a number from 1 to 64", raw->jobs);
    return 0;
}

static int collect(struct command_line *line, poptContext context, const struct raw_settings *raw)
{
    const char *argument;
    if (raw->list != NULL && !scripts_add_list(&line->scripts, raw->list))
        return 2;
    while ((argument = poptGetArg(context)) != NULL)
        if (!scripts_add(&line->scripts, argument))
            return 2;
    if (raw->match != NULL)
        scripts_filter(&line->scripts, raw->match, true);
    if (raw->exclude != NULL)
        scripts_filter(&line->scripts, raw->exclude, false);
    if (line->scripts.count == 0)
        return complain("drill", "expected scripts; try --help");
    return 0;
}

/* Says what is wrong with packetdrill's options before any script does. */
static int check_options(const struct drill_settings *settings)
{
    struct drill_options scratch;
    struct drill_error error = {0};
    drill_options_default(&scratch);
    for (uint32_t i = 0; i < settings->options; i++) {
        const struct drill_script_option *option = &settings->option[i];
        struct slice name, value;
        if (slice_is(option->name, "define") || slice_is(option->name, "D")) {
            if (!slice_split(option->value, '=', &name, &value))
                return complain("drill", "-D %.*s: expected NAME=VALUE", (int)option->value.length, option->value.at);
        } else if (!drill_option_set(&scratch, option->name, option->has_value, option->value, &error)) {
            return complain("drill", "%s", error.text);
        }
    }
    if (scratch.profile[0] == '\0')
        return 0;
    for (unsigned i = 0; septet_profile_name(i) != NULL; i++)
        if (strcmp(septet_profile_name(i), scratch.profile) == 0)
            return 0;
    return complain("drill", "--profile %s: expected linux, freebsd or rfc", scratch.profile);
}

static int run(struct command_line *line)
{
    struct drill_printer printer;
    printer_begin(&printer, &line->settings, stdout);
    const bool good = workers_run(&line->settings, &line->scripts, printer_tell, &printer);
    if (!printer_end(&printer) || !good)
        return 1;
    return printer.count[DRILL_FAILED] == 0 ? 0 : 1;
}

static int read_and_run(struct command_line *line)
{
    struct raw_settings raw = {.jobs = 1};
    const struct poptOption table[] = {
        {"jobs", 'j', POPT_ARG_INT, &raw.jobs, 0, "scripts at once (1)", "N"},
        {"profile", 'p', POPT_ARG_STRING, &raw.profile, 0,
         "linux, freebsd or rfc (the one that the script was written for)", "NAME"},
        {"define", 'D', POPT_ARG_STRING, NULL, 'D', "a word of the scripts, and for #ifdef", "NAME=VALUE"},
        {"match", 'm', POPT_ARG_STRING, &raw.match, 0, "only scripts whose path or name matches", "PATTERN"},
        {"exclude", 'x', POPT_ARG_STRING, &raw.exclude, 0, "no scripts whose path or name matches", "PATTERN"},
        {"list", 'l', POPT_ARG_STRING, &raw.list, 0, "scripts, directories and patterns, one a line", "FILE"},
        {"verbose", 'v', POPT_ARG_NONE, &raw.verbose, 0, "print each event as it happens", NULL},
        {"ladder", 0, POPT_ARG_NONE, &raw.ladder, 0, "draw the conversations", NULL},
        {"pcap", 0, POPT_ARG_STRING, &raw.pcap, 0, "write a capture of each script", "DIR"},
        {"json", 0, POPT_ARG_NONE, &raw.json, 0, "print one JSON document", NULL},
        {"quiet", 'q', POPT_ARG_NONE, &raw.quiet, 0, "print no line for scripts that pass", NULL},
        {"dry-run", 'n', POPT_ARG_NONE, &raw.dry_run, 0, "read the scripts only", NULL},
        {"dry_run", 0, POPT_ARG_NONE | POPT_ARGFLAG_DOC_HIDDEN, &raw.dry_run, 0, NULL, NULL},
        HELP_OPTION,
        POPT_TABLEEND,
    };
    poptContext context = poptGetContext("septet drill", line->rest_count, line->rest, table, 0);
    int status = context == NULL ? complain("drill", "no memory") : read_own(line, context, &raw);
    struct drill_settings *settings = &line->settings;
    settings->jobs = raw.jobs;
    settings->json = raw.json;
    settings->ladder = raw.ladder;
    settings->verbose = raw.verbose;
    settings->quiet = raw.quiet;
    settings->pcap = raw.pcap;
    if (status == 0 && ((raw.profile != NULL && !add_named(settings, "profile", raw.profile)) ||
                        (raw.dry_run && !add_named(settings, "dry_run", NULL))))
        status = 2;
    if (status == 0)
        status = check_options(settings);
    if (status == 0)
        status = collect(line, context, &raw);
    if (status == 0)
        status = run(line);
    if (context != NULL)
        poptFreeContext(context);
    char *const given[] = {raw.list, raw.match, raw.exclude, raw.profile, raw.pcap};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        free(given[i]);
    return status < 0 ? 0 : status;
}

int command_drill(int argc, const char **argv)
{
    struct command_line *line = calloc(1, sizeof *line);
    int status = 2;
    if (line != NULL)
        line->rest = calloc((size_t)argc + 1, sizeof *line->rest);
    bool good = line != NULL && line->rest != NULL;
    if (!good)
        status = complain("drill", "no memory");
    for (int i = 0; i < argc && good; i++) {
        if (i == 0)
            line->rest[line->rest_count++] = argv[0];
        else
            good = sort_argument(line, argv[i]);
    }
    if (good)
        status = read_and_run(line);
    if (line != NULL) {
        scripts_free(&line->scripts);
        for (size_t i = 0; i < line->define_count; i++)
            free(line->defines[i]);
        free(line->rest);
    }
    free(line);
    return status;
}
