#include "lab/expect.h"

#include "wire/tcp.h"

struct checker {
    const struct story *story;
    const struct scenario *scenario;
    void (*tell)(void *context, const struct lab_error *unmet);
    void *context;
    uint32_t unmet;
};

static void tell_unmet(struct checker *checker, uint32_t line, const struct text *what)
{
    struct lab_error error = {.line = line};
    struct text text;

    text_init(&text, error.text, sizeof error.text);
    text_put(&text, "expected ");
    text_slice(&text, (struct slice){what->at, what->length});
    checker->tell(checker->context, &error);
    checker->unmet++;
}

/* The first task of a program that had a connection, else the first. */
static const struct lab_task *task_of(const struct checker *checker, uint16_t program)
{
    const struct lab_task *first = NULL;

    for (uint32_t i = 0; i < world_tasks(checker->story->world); i++) {
        const struct lab_task *task = world_task(checker->story->world, i);
        if (task->program != program)
            continue;
        if (task->opened)
            return task;
        first = first ? first : task;
    }
    return first;
}

/* ---- numbers ---- */

static void check_number(struct checker *checker, const struct scenario_expectation *expectation, uint64_t number,
                         const char *of)
{
    struct expect_range range;
    char memory[200];
    struct text text;

    if (!expect_range_read(expectation->text, &range) || (number >= range.low && number <= range.high))
        return;
    text_init(&text, memory, sizeof memory);
    text_slice(&text, expectation->text);
    text_char(&text, ' ');
    text_slice(&text, expectation->name);
    text_put(&text, of);
    text_put(&text, ", not ");
    text_number(&text, number);
    tell_unmet(checker, expectation->line, &text);
}

static void check_counter(struct checker *checker, const struct scenario_expectation *expectation)
{
    const struct septet *stack = world_stack(checker->story->world, expectation->subject);

    for (unsigned i = 0; stack && i < SEPTET_COUNTER_COUNT; i++)
        if (slice_is(expectation->name, septet_counter_name(i)))
            check_number(checker, expectation, septet_counter(stack, i), "");
}

static void check_drop(struct checker *checker, const struct scenario_expectation *expectation)
{
    const struct septet *stack = world_stack(checker->story->world, expectation->subject);

    for (unsigned i = 0; stack && i < SEPTET_DROP_COUNT; i++)
        if (slice_is(expectation->name, septet_drop_name(i)))
            check_number(checker, expectation, septet_drops(stack, i), "");
}

static void check_fate(struct checker *checker, const struct scenario_expectation *expectation)
{
    for (unsigned i = 0; i < FATE_COUNT; i++)
        if (slice_is(expectation->name, frame_fate_name(i)))
            check_number(checker, expectation, world_fates(checker->story->world, expectation->subject, i), "");
}

static void check_received(struct checker *checker, const struct scenario_expectation *expectation)
{
    uint64_t received = 0;

    for (uint32_t i = 0; i < world_tasks(checker->story->world); i++) {
        const struct lab_task *task = world_task(checker->story->world, i);
        if (task->program == expectation->subject)
            received += task->received;
    }
    check_number(checker, expectation, received, " bytes received");
}

/* ---- results and times ---- */

static void check_result(struct checker *checker, const struct scenario_expectation *expectation)
{
    const struct lab_task *task = task_of(checker, expectation->subject);
    const char *result = task ? septet_error_name(task->error) : "nothing at all";
    char memory[200];
    struct text text;

    if (slice_is(expectation->text, result))
        return;
    text_init(&text, memory, sizeof memory);
    text_slice(&text, expectation->text);
    text_put(&text, " as the result of ");
    text_slice(&text, expectation->name);
    text_put(&text, ", not ");
    text_put(&text, result);
    tell_unmet(checker, expectation->line, &text);
}

static void check_ended(struct checker *checker, const struct scenario_expectation *expectation)
{
    const struct lab_task *task = task_of(checker, expectation->subject);
    int64_t time;
    int64_t tolerance;
    char memory[200];
    struct text text;

    if (!expect_time_read(expectation->text, &time, &tolerance))
        return;
    if (task && task->done && task->end_time >= time - tolerance && task->end_time <= time + tolerance)
        return;
    text_init(&text, memory, sizeof memory);
    text_slice(&text, expectation->name);
    text_put(&text, " to end at ");
    text_slice(&text, expectation->text);
    text_put(&text, ", not ");
    if (task && task->done)
        text_seconds(&text, task->end_time, 9);
    else
        text_put(&text, "never");
    tell_unmet(checker, expectation->line, &text);
}

/* ---- sequences: states, congestion phases ---- */

static const char *item_name(const struct story_item *item)
{
    return item->kind == STORY_STATE ? septet_state_name(item->to) : septet_phase_name(item->to);
}

/* The next item of a kind, from `at` on; a phase only when it is another than `before`. */
static uint32_t next_item(const struct checker *checker, uint32_t at, enum story_kind kind, uint32_t connection,
                          uint8_t side, const char *before)
{
    for (; at < checker->story->items; at++) {
        const struct story_item *item = &checker->story->item[at];
        if (item->kind != kind || item->connection != connection || item->side != side)
            continue;
        if (kind == STORY_STATE || before == NULL || !slice_is(slice_of(before), item_name(item)))
            return at;
    }
    return at;
}

static void tell_sequence(struct checker *checker, const struct scenario_expectation *expectation,
                          const struct story_item *item)
{
    char memory[200];
    struct text text;

    text_init(&text, memory, sizeof memory);
    text_slice(&text, expectation->name);
    text_put(&text, " to go to ");
    text_slice(&text, expectation->text);
    text_put(&text, ", not ");
    text_put(&text, item ? item_name(item) : "nowhere");
    if (item) {
        text_put(&text, " at ");
        text_seconds(&text, item->time, 6);
    }
    tell_unmet(checker, expectation->line, &text);
}

/* Holds the expectations from `first` on that are of the same kind and subject against the story. Returns the last. */
static uint32_t check_sequence(struct checker *checker, uint32_t first, enum story_kind kind)
{
    const struct scenario_expectation *expectation = &checker->scenario->expectation[first];
    const struct lab_task *task = task_of(checker, expectation->subject);
    uint8_t side = 0;
    uint32_t connection = task ? story_connection_of(checker->story, task, &side) : UINT32_MAX;
    uint32_t last = first;
    uint32_t at = 0;
    const char *before = NULL;
    bool told = false;

    for (uint32_t i = first; i < checker->scenario->expectations; i++) {
        const struct scenario_expectation *one = &checker->scenario->expectation[i];
        if (one->kind != expectation->kind || one->subject != expectation->subject)
            break;
        last = i;
        if (slice_is(one->text, "...")) {
            told = true;
            continue;
        }
        at = connection == UINT32_MAX ? checker->story->items : next_item(checker, at, kind, connection, side, before);
        const struct story_item *item = at < checker->story->items ? &checker->story->item[at] : NULL;
        before = item ? item_name(item) : NULL;
        if (!told && (!item || !slice_is_name(one->text, before))) {
            tell_sequence(checker, one, item);
            told = true;
        }
        at += item != NULL;
    }
    at = next_item(checker, at, kind, connection, side, before);
    if (!told && at < checker->story->items && connection != UINT32_MAX) {
        struct scenario_expectation end = checker->scenario->expectation[last];
        end.text = slice_of("nothing further");
        tell_sequence(checker, &end, &checker->story->item[at]);
    }
    return last;
}

/* ---- segments ---- */

static bool segment_matches(const struct checker *checker, const struct expect_segment *wanted,
                            const struct story_segment *segment)
{
    const struct story_connection *connection = &checker->story->connection[segment->connection];
    bool lost = segment->fate != FATE_DELIVERED;

    if (connection->host[segment->side] != wanted->host || (segment->flags & wanted->flags_set) != wanted->flags_set ||
        (segment->flags & wanted->flags_clear) != 0)
        return false;
    if (wanted->length >= 0 ? (int64_t)segment->length != wanted->length : (segment->length > 0) != wanted->data)
        return false;
    if (wanted->window >= 0 && (int64_t)segment->window_bytes != wanted->window)
        return false;
    if (wanted->time >= 0 &&
        (segment->sent < wanted->time - wanted->tolerance || segment->sent > wanted->time + wanted->tolerance))
        return false;
    bool copy = (segment->marks & FRAME_COPY) != 0;
    bool held = (segment->marks & FRAME_HELD_UP) != 0;
    return lost == wanted->lost && segment->again == wanted->again && segment->probe == wanted->probe &&
           copy == wanted->duplicate && (copy || held == wanted->held) && (segment->refused != 0) == wanted->refused;
}

static void put_segment(const struct checker *checker, const struct story_segment *segment, struct text *text)
{
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK"};
    const struct story_connection *connection = &checker->story->connection[segment->connection];
    uint16_t host = connection->host[segment->side];
    bool any = false;

    text_put(text, host == SCENARIO_NOBODY ? "?" : checker->scenario->host[host].name);
    text_char(text, ' ');
    for (uint32_t i = 0; i < 5; i++) {
        if (segment->flags >> i & 1) {
            text_put(text, any ? "+" : "");
            text_put(text, names[i]);
            any = true;
        }
    }
    text_put(text, " len ");
    text_number(text, segment->length);
    text_put(text, segment->fate != FATE_DELIVERED ? " lost" : "");
    text_put(text, segment->again ? " again" : "");
    text_put(text, segment->probe ? " probe" : "");
    text_put(text, segment->marks & FRAME_COPY ? " duplicate" : "");
    text_put(text, segment->marks & FRAME_HELD_UP ? " held" : "");
    text_put(text, segment->refused ? " refused" : "");
    text_put(text, " at ");
    text_seconds(text, segment->sent, 6);
}

/* The next segment of the first connection from `at` on. */
static uint32_t next_segment(const struct checker *checker, uint32_t at)
{
    while (at < checker->story->segments && checker->story->segment[at].connection != 0)
        at++;
    return at;
}

/* Patterns first..last against all segments of the first connection; "..." takes as few as it can. */
static void check_segments(struct checker *checker, uint32_t first, uint32_t last)
{
    const struct story *story = checker->story;
    const struct scenario_expectation *expectations = checker->scenario->expectation;
    uint32_t pattern = first;
    uint32_t at = next_segment(checker, 0);
    uint32_t wild = UINT32_MAX; /* the last "...", and where its next try begins */
    uint32_t resume = 0;
    uint32_t worst = first;
    uint32_t worst_at = at;

    while (pattern <= last || at < story->segments) {
        struct expect_segment wanted = {.any = false};
        bool there = pattern <= last && expect_segment_read(checker->scenario, expectations[pattern].text, &wanted);
        if (there && wanted.any) {
            wild = pattern++;
            resume = at;
            continue;
        }
        if (there && at < story->segments && segment_matches(checker, &wanted, &story->segment[at])) {
            pattern++;
            at = next_segment(checker, at + 1);
            continue;
        }
        if (pattern > worst || (pattern == worst && wild == UINT32_MAX)) {
            worst = pattern;
            worst_at = at;
        }
        if (wild == UINT32_MAX || resume >= story->segments)
            break;
        pattern = wild + 1;
        resume = at = next_segment(checker, resume + 1);
    }
    if (pattern > last && at >= story->segments)
        return;
    char memory[240];
    struct text text;
    text_init(&text, memory, sizeof memory);
    if (worst <= last)
        text_slice(&text, expectations[worst].text);
    else
        text_put(&text, "no further segment");
    text_put(&text, ", not ");
    if (worst_at < story->segments)
        put_segment(checker, &story->segment[worst_at], &text);
    else
        text_put(&text, "the end");
    tell_unmet(checker, expectations[worst <= last ? worst : last].line, &text);
}

static uint32_t last_of_kind(const struct checker *checker, uint32_t first)
{
    uint32_t last = first;

    while (last + 1 < checker->scenario->expectations &&
           checker->scenario->expectation[last + 1].kind == checker->scenario->expectation[first].kind)
        last++;
    return last;
}

/* Checks expectation number i and those that belong to it. Returns the last one checked. */
static uint32_t check(struct checker *checker, uint32_t i)
{
    const struct scenario_expectation *expectation = &checker->scenario->expectation[i];
    uint32_t last = i;

    switch (expectation->kind) {
    case EXPECT_SEGMENTS:
        last = last_of_kind(checker, i);
        check_segments(checker, i, last);
        break;
    case EXPECT_STATES:
        return check_sequence(checker, i, STORY_STATE);
    case EXPECT_PHASES:
        return check_sequence(checker, i, STORY_CONGESTION);
    case EXPECT_RESULT:
        check_result(checker, expectation);
        break;
    case EXPECT_RECEIVED:
        check_received(checker, expectation);
        break;
    case EXPECT_COUNTER:
        check_counter(checker, expectation);
        break;
    case EXPECT_DROP:
        check_drop(checker, expectation);
        break;
    case EXPECT_TIME:
        check_ended(checker, expectation);
        break;
    default:
        check_fate(checker, expectation);
        break;
    }
    return last;
}

uint32_t expectations_check(const struct story *story, void (*tell)(void *context, const struct lab_error *unmet),
                            void *context)
{
    struct checker checker = {
        .story = story, .scenario = world_scenario(story->world), .tell = tell, .context = context};

    for (uint32_t i = 0; i < checker.scenario->expectations; i++)
        i = check(&checker, i);
    return checker.unmet;
}
