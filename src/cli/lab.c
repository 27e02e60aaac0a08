#include "cli/lab.h"
#include "cli/command.h"
#include "lab/expect.h"
#include "lab/random_world.h"
#include "lab/watch.h"
#include "report/conversation.h"

#include <errno.h>
#include <popt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* `septet lab`: runs a scenario in virtual time and shows what happened. */

/* Address space for the world; what is not used costs nothing. */
#define WORLD_MEMORY ((size_t)8 << 30)
#define FILE_MOST ((size_t)16 << 20)
#define LADDERS_MOST 4
#define DEFAULT_LIMIT (INT64_C(7) * 86400 * SEPTET_SECOND)

struct settings {
    const char *file;
    char *seed, *world, *pcap, *color;
    int width, connection;
    int ladder, summary, json, check, quiet, absolute, all, ascii, unicode;
};

struct run {
    const struct settings *settings;
    const char *name; /* of the scenario, for messages */
    struct arena arena;
    struct scenario scenario;
    struct world *world;
    struct watch *watch;
    struct story *story;
    enum world_end end;
    bool complaints;
};

const char *lab_end_name(enum world_end end)
{
    static const char *const names[] = {"quiet", "time", "stuck", "failed"};

    return names[end];
}

/* ---- the scenario ---- */

static char *read_file(const char *path, size_t *length)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *text = file ? malloc(FILE_MOST) : NULL;

    *length = text ? fread(text, 1, FILE_MOST, file) : 0;
    bool bad = !text || ferror(file) || *length == FILE_MOST;
    if (bad)
        fprintf(stderr, "septet lab: %s: %s\n", path,
                *length == FILE_MOST ? "expected a file of less than 16 MiB" : strerror(errno));
    if (file && file != stdin)
        fclose(file);
    if (bad) {
        free(text);
        return NULL;
    }
    return text;
}

static bool read_number(const char *option, const char *text, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0)
        return true;
    fprintf(stderr, "septet lab: --%s %s: expected a number\n", option, text);
    return false;
}

/* Fills run->scenario. The text must live as long. */
static bool make_scenario(struct run *run, const char *text, size_t length)
{
    struct lab_error error;
    uint64_t number;

    if (run->settings->world) {
        if (!read_number("world", run->settings->world, &number))
            return false;
        return random_world_make(&run->arena, number, &run->scenario);
    }
    if (!scenario_read(&run->arena, text, length, &run->scenario, &error)) {
        fprintf(stderr, "%s:%u: %s\n", run->name, error.line, error.text);
        return false;
    }
    return true;
}

static bool make_world(struct run *run)
{
    struct lab_error error;
    uint64_t seed = run->scenario.seed;

    if (run->settings->seed && !read_number("seed", run->settings->seed, &seed))
        return false;
    run->scenario.seed = seed;
    run->world = world_create(&run->arena, &run->scenario, seed, &error);
    if (!run->world) {
        fprintf(stderr, "%s:1: %s\n", run->name, error.text);
        return false;
    }
    run->watch = watch_create(&run->arena, run->world);
    run->story = run->watch ? story_create(&run->arena, run->world) : NULL;
    if (!run->story)
        fprintf(stderr, "septet lab: no memory to watch this world\n");
    return run->story != NULL;
}

/* ---- running ---- */

static void complain(struct run *run, const char *what)
{
    fprintf(stderr, "%s: %s\n", run->name, what);
    run->complaints = true;
}

static void complain_stuck(struct run *run)
{
    for (uint32_t i = 0; i < world_tasks(run->world); i++) {
        const struct lab_task *task = world_task(run->world, i);
        const struct scenario_program *program = &run->scenario.program[task->program];
        if (task->done)
            continue;
        fprintf(stderr, "%s:%u: program %s waits here for what never comes\n", run->name,
                run->scenario.action[program->first_action + task->action].line, program->name);
        run->complaints = true;
    }
}

static void run_world(struct run *run)
{
    int64_t limit = run->scenario.duration ? run->scenario.duration : DEFAULT_LIMIT;

    run->end = world_run(run->world, limit);
    if (run->end == WORLD_QUIET)
        watch_end(run->watch);
    if (world_failure(run->world)[0])
        complain(run, world_failure(run->world));
    else if (run->end == WORLD_STUCK || (run->end == WORLD_TIME && !run->scenario.duration))
        complain_stuck(run);
    if (run->story->full)
        complain(run, "the story is too long: its end is missing");
}

static void tell_unmet(void *context, const struct lab_error *unmet)
{
    struct run *run = context;

    fprintf(stderr, "%s:%u: %s\n", run->name, unmet->line, unmet->text);
}

static void check_expectations(struct run *run)
{
    uint32_t unmet = expectations_check(run->story, tell_unmet, run);

    if (unmet)
        run->complaints = true;
    if (!run->settings->quiet && !run->settings->json)
        printf("%s: %u of %u expectations are met\n", run->name,
               run->scenario.expectations - (unmet < run->scenario.expectations ? unmet : run->scenario.expectations),
               run->scenario.expectations);
}

/* ---- showing ---- */

static void write_out(void *context, const char *text, size_t length) { fwrite(text, 1, length, context); }

static bool says_utf8(const char *variable)
{
    const char *value = getenv(variable);

    return value &&
           (strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8") || strstr(value, "utf-8"));
}

static bool use_unicode(const struct settings *settings)
{
    if (settings->ascii || settings->unicode)
        return settings->unicode;
    const char *all = getenv("LC_ALL");
    if (all && *all)
        return says_utf8("LC_ALL");
    const char *type = getenv("LC_CTYPE");
    return type && *type ? says_utf8("LC_CTYPE") : says_utf8("LANG");
}

static bool use_color(const struct settings *settings)
{
    const char *no = getenv("NO_COLOR");

    if (settings->color && strcmp(settings->color, "auto") != 0)
        return strcmp(settings->color, "always") == 0;
    return isatty(STDOUT_FILENO) && !(no && *no);
}

static uint32_t find_width(const struct settings *settings)
{
    struct winsize size;
    int width = settings->width;

    if (!width && isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width < LADDER_WIDTH_LEAST)
        width = LADDER_WIDTH_LEAST;
    return width > LADDER_WIDTH_MOST ? LADDER_WIDTH_MOST : (uint32_t)width;
}

static void show_connection(const struct run *run, const struct ladder *ladder, uint32_t index)
{
    const struct settings *settings = run->settings;
    const struct conversation_options options = {.absolute = settings->absolute, .all = settings->all, .timers = true};
    bool everything = !settings->ladder && !settings->summary;

    if (run->story->connections > 1)
        printf("Connection %u of %u\n", index + 1, run->story->connections);
    if (everything || settings->ladder)
        conversation_ladder(ladder, run->story, index, &options);
    if (everything || settings->summary)
        conversation_summary(ladder, run->story, index);
}

static int show(const struct run *run)
{
    const struct settings *settings = run->settings;
    const struct ladder ladder = {write_out, stdout, find_width(settings), use_unicode(settings), use_color(settings)};
    uint32_t count = run->story->connections;

    if (settings->connection > 0) {
        if ((uint32_t)settings->connection > count) {
            fprintf(stderr, "septet lab: --connection %d: expected a number from 1 to %u\n", settings->connection,
                    count);
            return 2;
        }
        show_connection(run, &ladder, (uint32_t)settings->connection - 1);
        return 0;
    }
    if (run->scenario.title[0])
        printf("%s\n\n", run->scenario.title);
    for (uint32_t i = 0; i < count && i < LADDERS_MOST; i++) {
        show_connection(run, &ladder, i);
        putchar('\n');
    }
    if (count > LADDERS_MOST)
        printf("... and %u connections more: --connection N shows another one\n", count - LADDERS_MOST);
    if (run->story->other_frames)
        printf("%llu other frames (ARP, ICMP, UDP); --json and --pcap have them all\n",
               (unsigned long long)run->story->other_frames);
    return 0;
}

/* ---- the whole ---- */

static int run_and_show(struct run *run)
{
    const struct settings *settings = run->settings;
    struct lab_pcap *pcap = NULL;
    struct lab_json *json = NULL;
    int status = 0;

    if (settings->pcap && !(pcap = lab_pcap_begin(run->world, settings->pcap)))
        return 1;
    if (settings->json && !(json = lab_json_begin(run->world, stdout))) {
        fprintf(stderr, "septet lab: no memory\n");
        status = 1;
    }
    if (status == 0) {
        run_world(run);
        if (settings->check)
            check_expectations(run);
        if (json && !lab_json_end(json, run->end, run->story))
            complain(run, "standard output cannot be written");
        if (!settings->json && !settings->quiet && !(settings->check && !settings->ladder && !settings->summary))
            status = show(run);
        if (status == 0 && run->complaints)
            status = 1;
    }
    if (pcap && !lab_pcap_end(pcap))
        status = 1;
    if (fflush(stdout) != 0)
        status = 1;
    return status;
}

static int lab(const struct settings *settings)
{
    struct run run = {.settings = settings, .name = settings->world ? "random world" : settings->file};
    size_t length = 0;
    char *text = settings->world ? NULL : read_file(settings->file, &length);
    int status = 2;

    if (!text && !settings->world)
        return 2;
    void *memory = mmap(NULL, WORLD_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "septet lab: no address space for a world: %s\n", strerror(errno));
        free(text);
        return 1;
    }
    arena_init(&run.arena, memory, WORLD_MEMORY);
    if (make_scenario(&run, text, length) && make_world(&run))
        status = run_and_show(&run);
    munmap(memory, WORLD_MEMORY);
    free(text);
    return status;
}

static const char help[] =
    "\n"
    "Runs the world that a scenario file describes, in virtual time, and shows each TCP connection\n"
    "as a ladder with a summary. The same scenario and seed give the same packets on every machine.\n"
    "The format is told in docs/scenario-format.md.\n"
    "\n"
    "  septet lab scenarios/seven-segments.ucl\n"
    "  septet lab scenarios/lossy-transfer.ucl --seed 7 --summary\n"
    "  septet lab scenarios/time-wait.ucl --absolute --width 120\n"
    "  septet lab scenarios/reset.ucl --json | jq '.events[] | select(.event == \"state\")'\n"
    "  septet lab scenarios/two-networks.ucl --pcap captures && wireshark captures/client.pcapng\n"
    "  septet lab scenarios/lost-syn.ucl --check --quiet\n"
    "\n"
    "Exit status: 0, 1 when expectations are not met, programs wait for ever or an invariant is\n"
    "broken, 2 for a wrong scenario or usage.\n";

static int check_settings(poptContext context, struct settings *settings)
{
    settings->file = poptGetArg(context);
    const char *more = poptGetArg(context);

    if (more || (settings->file != NULL) == (settings->world != NULL)) {
        fprintf(stderr, "septet lab: expected one scenario file%s%s\n", more ? ", not also " : "; try --help",
                more ? more : "");
        return 2;
    }
    if (settings->color && strcmp(settings->color, "auto") != 0 && strcmp(settings->color, "always") != 0 &&
        strcmp(settings->color, "never") != 0) {
        fprintf(stderr, "septet lab: --color %s: expected auto, always or never\n", settings->color);
        return 2;
    }
    if (settings->width && (settings->width < LADDER_WIDTH_LEAST || settings->width > LADDER_WIDTH_MOST)) {
        fprintf(stderr, "septet lab: --width %d: expected a number from %d to %d\n", settings->width,
                LADDER_WIDTH_LEAST, LADDER_WIDTH_MOST);
        return 2;
    }
    return 0;
}

static int read_settings(poptContext context, struct settings *settings)
{
    int option;

    poptSetOtherOptionHelp(context, "[OPTION...] FILE");
    while ((option = poptGetNextOpt(context)) > 0) {
        if (option == 'h') {
            poptPrintHelp(context, stdout, 0);
            fputs(help, stdout);
            return -1;
        }
    }
    if (option < -1) {
        fprintf(stderr, "septet lab: %s: %s\n", poptBadOption(context, POPT_BADOPTION_NOALIAS), poptStrerror(option));
        return 2;
    }
    return check_settings(context, settings);
}

int command_lab(int argc, const char **argv)
{
    struct settings settings = {0};
    const struct poptOption table[] = {
        {"ladder", 'l', POPT_ARG_NONE, &settings.ladder, 0, "print the ladder of each connection", NULL},
        {"summary", 's', POPT_ARG_NONE, &settings.summary, 0, "print segments, goodput, round trips, windows", NULL},
        {"check", 'c', POPT_ARG_NONE, &settings.check, 0, "hold what happens against the scenario's `expect`", NULL},
        {"quiet", 'q', POPT_ARG_NONE, &settings.quiet, 0, "print errors only", NULL},
        {"json", 'j', POPT_ARG_NONE, &settings.json, 0, "print everything that happens as one JSON document", NULL},
        {"pcap", 'p', POPT_ARG_STRING, &settings.pcap, 0, "write a capture file for each host", "DIR"},
        {"seed", 0, POPT_ARG_STRING, &settings.seed, 0, "instead of the scenario's", "N"},
        {"absolute", 'a', POPT_ARG_NONE, &settings.absolute, 0, "sequence numbers as they are on the wire", NULL},
        {"all", 0, POPT_ARG_NONE, &settings.all, 0, "every segment: fold nothing", NULL},
        {"connection", 'n', POPT_ARG_INT, &settings.connection, 0, "show this connection only", "N"},
        {"width", 'w', POPT_ARG_INT, &settings.width, 0, "columns: 80 to 200 (the terminal's)", "N"},
        {"color", 0, POPT_ARG_STRING, &settings.color, 0, "auto, always or never (auto; NO_COLOR is heeded)", "WHEN"},
        {"ascii", 0, POPT_ARG_NONE, &settings.ascii, 0, "plain characters only", NULL},
        {"unicode", 0, POPT_ARG_NONE, &settings.unicode, 0, "box-drawing characters", NULL},
        {"world", 0, POPT_ARG_STRING, &settings.world, 0, "instead of FILE: the random world of this number", "N"},
        {"help", 'h', POPT_ARG_NONE, NULL, 'h', "print this help", NULL},
        POPT_TABLEEND,
    };
    poptContext context = poptGetContext("septet lab", argc, argv, table, 0);
    int status = read_settings(context, &settings);

    if (status == 0)
        status = lab(&settings);
    poptFreeContext(context);
    free(settings.seed);
    free(settings.world);
    free(settings.pcap);
    free(settings.color);
    return status < 0 ? 0 : status;
}
