#include "drill/runner.h"

#include "base/memory.h"
#include "drill/build.h"
#include "drill/dialect.h"

/* Events in their order and at their times. */

#define SCRATCH_MEMORY (24u << 20)
#define GIVE_UP_AFTER (2 * SEPTET_SECOND)

/* ---- messages ---- */

struct text runner_fail(struct drill_runner *runner, uint32_t line) { return drill_error_begin(&runner->error, line); }

struct text runner_skip(struct drill_runner *runner, uint32_t line)
{
    return drill_unsupported_begin(&runner->error, line);
}

bool runner_no_memory(struct drill_runner *runner, uint32_t line)
{
    struct text text = runner_fail(runner, line);
    text_put(&text, "the script needs more memory than there is");
    return false;
}

void runner_warn(struct drill_runner *runner, uint32_t line, const char *words)
{
    const struct drill_observer *observer = runner->request->observer;
    runner->report->warnings++;
    if (observer != NULL && observer->note != NULL)
        observer->note(observer->context, runner_now(runner), line, words);
}

/* ---- time ---- */

static int64_t tolerance(const struct drill_runner *runner, int64_t time)
{
    const int64_t delta = time > runner->previous_time ? time - runner->previous_time : 0;
    const int64_t part = delta / 100000 * runner->options.tolerance_percent;
    return part > runner->options.tolerance ? part : runner->options.tolerance;
}

bool runner_in_time(const struct drill_runner *runner, int64_t start, int64_t end, int64_t actual)
{
    return actual >= start - tolerance(runner, start) && actual <= end + tolerance(runner, end);
}

void runner_put_times(struct text *text, int64_t start, int64_t end, int64_t actual)
{
    text_put(text, "expected at ");
    text_seconds(text, start, 6);
    if (end != start) {
        text_put(text, " to ");
        text_seconds(text, end, 6);
    }
    text_put(text, ", came at ");
    text_seconds(text, actual, 6);
}

bool runner_wait(struct drill_runner *runner, int64_t until, uint32_t line)
{
    machine_run(&runner->machine, DRILL_EPOCH + until, STOP_TIME);
    if (runner->machine.failure == NULL)
        return true;
    struct text text = runner_fail(runner, line);
    text_put(&text, runner->machine.failure);
    return false;
}

static bool both_inbound(const struct drill_event *a, const struct drill_event *b)
{
    return a != NULL && a->action == ACTION_PACKET && b->action == ACTION_PACKET && a->packet->inbound &&
           b->packet->inbound;
}

/* When the event is to happen, script times. */
static void event_times(const struct drill_runner *runner, const struct drill_event *event, int64_t *start,
                        int64_t *end)
{
    const struct drill_time *time = &event->time;
    const bool relative = time->kind == TIME_RELATIVE || time->kind == TIME_RELATIVE_RANGE;
    const bool range = time->kind == TIME_ABSOLUTE_RANGE || time->kind == TIME_RELATIVE_RANGE;
    int64_t base = 0;
    if (relative)
        base = both_inbound(runner->previous, event) ? runner->previous_time : runner_now(runner);
    *start = base + time->start;
    *end = range ? base + time->end : *start;
}

/* ---- events ---- */

static bool start_in_time(struct drill_runner *runner, const struct drill_event *event, int64_t time)
{
    if (runner_in_time(runner, time, time, runner_now(runner)))
        return true;
    struct text text = runner_fail(runner, event->line);
    text_put(&text, "too late: ");
    runner_put_times(&text, time, time, runner_now(runner));
    return false;
}

static void tell(const struct drill_runner *runner, const struct drill_event *event, int64_t time)
{
    const struct drill_observer *observer = runner->request->observer;
    if (observer != NULL && observer->event != NULL)
        observer->event(observer->context, time, event);
}

/* Everything but outbound packets waits for its time. */
static bool run_timed(struct drill_runner *runner, const struct drill_event *event, int64_t base, int64_t time)
{
    if (!runner_wait(runner, time, event->line) || !call_collect(runner, 0) || !start_in_time(runner, event, time))
        return false;
    tell(runner, event, runner_now(runner));
    switch (event->action) {
    case ACTION_PACKET:
        return run_inbound(runner, event);
    case ACTION_CALL:
        return run_call(runner, event, base);
    case ACTION_COMMAND:
        return run_command(runner, event->text, event->line);
    default:
        return run_code(runner, event);
    }
}

static bool run_event(struct drill_runner *runner, const struct drill_event *event)
{
    int64_t start, end;
    machine_release(&runner->machine);
    event_times(runner, event, &start, &end);
    int64_t script_time = start;
    if (event->action == ACTION_PACKET && !event->packet->inbound) {
        int64_t actual;
        if (!run_outbound(runner, event, start, end, &actual))
            return false;
        tell(runner, event, actual);
        if (!call_collect(runner, 0))
            return false;
        script_time = event->time.kind == TIME_ANY ? actual : end;
    } else if (!run_timed(runner, event, start - event->time.start, start)) {
        return false;
    }
    runner->previous = event;
    runner->previous_time = script_time;
    runner->report->events++;
    return true;
}

/* ---- the script ---- */

static bool is_define(struct slice name) { return slice_is(name, "define") || slice_is(name, "D"); }

static bool take_define(struct drill_runner *runner, const struct drill_script_option *option)
{
    if (drill_define_add(runner->arena, &runner->defines, option->value))
        return true;
    struct text text = runner_fail(runner, option->line);
    text_put(&text, "--define takes NAME=VALUE, not ");
    text_slice(&text, option->value);
    return false;
}

static bool take_settings(struct drill_runner *runner, const struct drill_script_option *option, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        runner->error.line = option[i].line;
        runner->error.column = 0;
        if (is_define(option[i].name) ? !take_define(runner, &option[i])
                                      : !drill_option_set(&runner->options, option[i].name, option[i].has_value,
                                                          option[i].value, &runner->error))
            return false;
    }
    return true;
}

/* What nobody chose the script's own words choose. */
static void choose_profile(struct drill_runner *runner)
{
    const struct drill_observer *observer = runner->request->observer;
    char words[DRILL_WORDS];
    struct text text;
    struct slice sign;
    if (runner->options.profile[0] != '\0')
        return;
    drill_options_profile(&runner->options, dialect_of(&runner->script, &sign));
    if (observer == NULL || observer->note == NULL)
        return;
    text_init(&text, words, sizeof words);
    text_put(&text, "profile ");
    text_put(&text, runner->options.profile);
    if (sign.length != 0) {
        text_put(&text, ", because of ");
        text_slice(&text, sign);
    }
    observer->note(observer->context, 0, 1, words);
}

static bool read_script(struct drill_runner *runner)
{
    const struct drill_request *request = runner->request;
    drill_options_default(&runner->options);
    if (!drill_parse_options(runner->arena, request->text, request->length, &runner->script, &runner->error) ||
        !take_settings(runner, runner->script.option, runner->script.options) ||
        !take_settings(runner, request->settings, request->setting_count) ||
        !drill_parse(runner->arena, request->text, request->length, &runner->defines, &runner->script, &runner->error))
        return false;
    choose_profile(runner);
    drill_options_finish(&runner->options);
    return true;
}

static bool take_memory(struct drill_runner *runner)
{
    runner->room = arena_take(runner->arena, BUILD_ROOM, 64);
    void *scratch = arena_take(runner->arena, SCRATCH_MEMORY, 64);
    void *held = arena_take(runner->arena, SCRATCH_MEMORY, 64);
    if (runner->room == NULL || scratch == NULL || held == NULL)
        return runner_no_memory(runner, 0);
    arena_init(&runner->scratch, scratch, SCRATCH_MEMORY);
    arena_init(&runner->held, held, SCRATCH_MEMORY);
    return true;
}

/* --init_scripts=a,b */
static bool run_init_scripts(struct drill_runner *runner)
{
    struct slice rest = runner->options.init_scripts, script;
    while (rest.length != 0) {
        if (!slice_split(rest, ',', &script, &rest)) {
            script = rest;
            rest.length = 0;
        }
        if (!run_command(runner, script, 0))
            return false;
    }
    return true;
}

static bool prepare(struct drill_runner *runner)
{
    const struct drill_script *script = &runner->script;
    struct drill_machine *machine = &runner->machine;
    machine->options = &runner->options;
    machine->observer = runner->request->observer;
    runner->subjects = (struct subjects){.arena = runner->arena, .options = &runner->options};
    if (!machine_config(&machine->config, &runner->options, &runner->error) || !take_memory(runner))
        return false;
    if (!run_init_scripts(runner))
        return false;
    if (script->initialize.length != 0 && !run_command(runner, script->initialize, script->initialize_line))
        return false;
    return machine_start(machine, runner->arena, &runner->error);
}

static bool run_events(struct drill_runner *runner)
{
    for (const struct drill_event *event = runner->script.events; event != NULL; event = event->next) {
        runner->error.line = event->line;
        runner->error.column = 0;
        if (!run_event(runner, event))
            return false;
    }
    return call_collect(runner, runner->blocked ? GIVE_UP_AFTER : 0) &&
           snippet_finish(runner, &runner->report->program);
}

static void finish(struct drill_runner *runner, bool passed)
{
    struct drill_report *report = runner->report;
    struct text reason;
    report->verdict = passed ? DRILL_PASSED : runner->error.unsupported ? DRILL_SKIPPED : DRILL_FAILED;
    report->time = runner->machine.stack == NULL ? 0 : runner_now(runner);
    text_init(&reason, report->reason, sizeof report->reason);
    if (!passed) {
        report->line = runner->error.line;
        report->column = runner->error.column;
        text_put(&reason, runner->error.text);
    }
}

void drill_run(const struct drill_request *request, struct drill_report *report)
{
    memset(report, 0, sizeof *report);
    struct drill_runner *runner = arena_zeroed(request->arena, sizeof *runner);
    if (runner == NULL) {
        struct text reason;
        report->verdict = DRILL_FAILED;
        text_init(&reason, report->reason, sizeof report->reason);
        text_put(&reason, "there is no memory to run a script");
        return;
    }
    runner->request = request;
    runner->report = report;
    runner->arena = request->arena;
    if (!read_script(runner))
        finish(runner, false);
    else
        finish(runner, runner->options.dry_run || (prepare(runner) && run_events(runner)));
}
