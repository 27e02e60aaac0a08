#include "lab/expect.h"
#include "lab/quantity.h"
#include "lab/scenario_reader.h"

bool expect_range_read(struct slice text, struct expect_range *range)
{
    struct slice word[3] = {{0}};
    struct slice more;
    uint64_t number;
    uint32_t count = 0;

    while (count < 3 && slice_word(&text, &word[count]))
        count++;
    *range = (struct expect_range){0, UINT64_MAX};
    if (slice_word(&text, &more) || count == 0)
        return false;
    if (count == 1 && quantity_size(word[0], &number)) {
        *range = (struct expect_range){number, number};
        return true;
    }
    if (count == 3)
        return slice_is(word[1], "to") && quantity_size(word[0], &range->low) && quantity_size(word[2], &range->high);
    if (count != 2 || !quantity_size(word[1], &number))
        return false;
    if (slice_is(word[0], ">="))
        range->low = number;
    else if (slice_is(word[0], ">"))
        range->low = number + 1;
    else if (slice_is(word[0], "<="))
        range->high = number;
    else if (slice_is(word[0], "<") && number > 0)
        range->high = number - 1;
    else
        return false;
    return true;
}

static bool take_time(struct slice *rest, int64_t *time, int64_t *tolerance)
{
    struct slice word;
    struct slice ahead;

    *tolerance = 0;
    if (!slice_word(rest, &word) || !quantity_duration(word, time))
        return false;
    ahead = *rest;
    if (slice_word(&ahead, &word) && slice_is(word, "+-")) {
        *rest = ahead;
        return slice_word(rest, &word) && quantity_duration(word, tolerance);
    }
    return true;
}

bool expect_time_read(struct slice text, int64_t *time, int64_t *tolerance)
{
    struct slice more;

    return take_time(&text, time, tolerance) && !slice_word(&text, &more);
}

static bool take_number(struct slice *rest, int64_t *number)
{
    struct slice word;

    return slice_word(rest, &word) && quantity_integer(word, number) && *number >= 0;
}

static bool take_mark(struct slice word, struct slice *rest, struct expect_segment *segment)
{
    const struct {
        const char *name;
        bool *mark;
    } marks[] = {{"data", &segment->data},      {"lost", &segment->lost},           {"again", &segment->again},
                 {"probe", &segment->probe},    {"duplicate", &segment->duplicate}, {"held", &segment->held},
                 {"refused", &segment->refused}};

    for (uint32_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (slice_is(word, marks[i].name)) {
            *marks[i].mark = true;
            return true;
        }
    }
    if (slice_is(word, "len"))
        return take_number(rest, &segment->length);
    if (slice_is(word, "win"))
        return take_number(rest, &segment->window);
    return slice_is(word, "at") && take_time(rest, &segment->time, &segment->tolerance);
}

bool expect_segment_read(const struct scenario *scenario, struct slice text, struct expect_segment *segment)
{
    struct slice word;

    *segment = (struct expect_segment){.length = -1, .window = -1, .time = -1};
    if (slice_is(text, "...")) {
        segment->any = true;
        return true;
    }
    if (!slice_word(&text, &word))
        return false;
    segment->host = scenario_host_find(scenario, word);
    if (segment->host == SCENARIO_NOBODY || !slice_word(&text, &word) ||
        !scenario_flags(word, &segment->flags_set, &segment->flags_clear))
        return false;
    while (slice_word(&text, &word))
        if (!take_mark(word, &text, segment))
            return false;
    return true;
}

static bool is_state(struct slice text)
{
    for (unsigned i = 0; i < SEPTET_STATE_COUNT; i++)
        if (slice_is_name(text, septet_state_name(i)))
            return true;
    return false;
}

static bool is_phase(struct slice text)
{
    for (unsigned i = 0; i < SEPTET_PHASE_COUNT; i++)
        if (slice_is_name(text, septet_phase_name(i)))
            return true;
    return false;
}

static bool is_error(struct slice text)
{
    static const int errors[] = {
#define SEPTET_ERROR(name, number, words) number,
#include "septet/error.def"
#undef SEPTET_ERROR
    };

    for (uint32_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (slice_is(text, septet_error_name(errors[i])))
            return true;
    return false;
}

static bool is_counter(struct slice name)
{
    for (unsigned i = 0; i < SEPTET_COUNTER_COUNT; i++)
        if (slice_is(name, septet_counter_name(i)))
            return true;
    return false;
}

static bool is_drop(struct slice name)
{
    for (unsigned i = 0; i < SEPTET_DROP_COUNT; i++)
        if (slice_is(name, septet_drop_name(i)))
            return true;
    return false;
}

static bool is_fate(struct slice name)
{
    for (unsigned i = 0; i < FATE_COUNT; i++)
        if (slice_is(name, frame_fate_name(i)))
            return true;
    return false;
}

const char *expect_understood(const struct scenario *scenario, const struct scenario_expectation *expectation)
{
    struct expect_segment segment;
    struct expect_range range;
    int64_t time;
    int64_t tolerance;
    struct slice text = expectation->text;
    const char *number = "a number, or one with >= > <= <, or N to M";

    switch (expectation->kind) {
    case EXPECT_SEGMENTS:
        return expect_segment_read(scenario, text, &segment)
                   ? NULL
                   : "HOST FLAGS [data|len N] [win N] [lost] [again] [probe] [duplicate] [held] [refused] "
                     "[at TIME [+- TIME]], or ...";
    case EXPECT_STATES:
        return is_state(text) || slice_is(text, "...") ? NULL : "a state such as FIN-WAIT-1, or ...";
    case EXPECT_RESULT:
        return is_error(text) ? NULL : "OK or an error such as CONNECTION_RESET";
    case EXPECT_PHASES:
        return is_phase(text) || slice_is(text, "...") ? NULL : "slow_start, avoidance, recovery, loss or ...";
    case EXPECT_TIME:
        return expect_time_read(text, &time, &tolerance) ? NULL : "a time: 1.5s or 1.5s +- 10ms";
    case EXPECT_COUNTER:
        if (!is_counter(expectation->name))
            return "a counter of septet/counter.def";
        return expect_range_read(text, &range) ? NULL : number;
    case EXPECT_DROP:
        if (!is_drop(expectation->name))
            return "a reason of septet/drop.def";
        return expect_range_read(text, &range) ? NULL : number;
    case EXPECT_LINK:
        if (!is_fate(expectation->name))
            return "sent, copied, delivered, lost, burst, queue_full, codel, too_big, down, rule or host_down";
        return expect_range_read(text, &range) ? NULL : number;
    default:
        return expect_range_read(text, &range) ? NULL : number;
    }
}
