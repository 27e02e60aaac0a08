#include "base/arithmetic.h"
#include "report/conversation.h"

#define SPARKS 60

struct summary {
    const struct ladder *ladder;
    const struct story *story;
    const struct story_connection *connection;
    uint32_t index;
};

static void write_line(const struct ladder *ladder, struct text *text)
{
    text_char(text, '\n');
    ladder->write(ladder->context, text->at, text->length);
}

static void put_host(const struct summary *summary, uint8_t side, struct text *text)
{
    uint16_t host = summary->connection->host[side];

    text_put(text, host == SCENARIO_NOBODY ? "?" : world_scenario(summary->story->world)->host[host].name);
}

static void put_rate(struct text *text, uint64_t bits)
{
    static const char *const units[] = {" bit/s", " kbit/s", " Mbit/s", " Gbit/s"};
    uint32_t unit = 0;
    uint64_t tenths = bits > UINT64_MAX / 10 ? UINT64_MAX : bits * 10;

    while (unit < 3 && tenths >= 10000) {
        tenths /= 1000;
        unit++;
    }
    text_number(text, tenths / 10);
    if (tenths < 1000 && unit) {
        text_char(text, '.');
        text_number(text, tenths % 10);
    }
    text_put(text, units[unit]);
}

/* From the first byte of data to the last acknowledgement of one. */
static int64_t transfer_time(const struct summary *summary, uint8_t side)
{
    int64_t first = -1;
    int64_t last = -1;

    for (uint32_t i = 0; i < summary->story->segments; i++) {
        const struct story_segment *segment = &summary->story->segment[i];
        if (segment->connection != summary->index || segment->side != side || segment->length == 0)
            continue;
        first = first < 0 ? segment->sent : first;
        last = max_i64(last, segment->arrived);
    }
    return first >= 0 && last > first ? last - first : 0;
}

static void side_line(const struct summary *summary, uint8_t side)
{
    const struct story_connection *connection = summary->connection;
    char memory[200];
    struct text text;

    text_init(&text, memory, sizeof memory);
    text_put(&text, "  ");
    put_host(summary, side, &text);
    text_put(&text, " sent ");
    text_number(&text, connection->segments[side]);
    text_put(&text, " segments, ");
    text_number(&text, connection->resent[side]);
    text_put(&text, " of them again; ");
    text_number(&text, connection->lost[side]);
    text_put(&text, " were lost; ");
    text_number(&text, connection->bytes[side]);
    text_put(&text, " bytes");
    int64_t time = transfer_time(summary, side);
    if (time > 0) {
        text_put(&text, ", goodput ");
        put_rate(&text, mul_div_u64(connection->bytes[side], 8000000000U, (uint64_t)time));
    }
    write_line(summary->ladder, &text);
}

static void rtt_line(const struct summary *summary, uint8_t side)
{
    const struct story_connection *connection = summary->connection;
    char memory[200];
    struct text text;

    if (connection->rtt_count[side] == 0)
        return;
    text_init(&text, memory, sizeof memory);
    text_put(&text, "  ");
    put_host(summary, side, &text);
    text_put(&text, " measured ");
    text_number(&text, connection->rtt_count[side]);
    text_put(&text, connection->rtt_count[side] == 1 ? " round trip: least " : " round trips: least ");
    text_duration(&text, connection->rtt_least[side]);
    text_put(&text, ", mean ");
    text_duration(&text, connection->rtt_sum[side] / connection->rtt_count[side] / 1000 * 1000);
    text_put(&text, ", last ");
    text_duration(&text, connection->rtt_last[side]);
    write_line(summary->ladder, &text);
}

/* ---- the congestion window, a column for each stretch of time ---- */

struct curve {
    uint32_t value[SPARKS];
    uint32_t least, most, count; /* count: of changes */
    int64_t begin, end;
};

static bool is_change(const struct summary *summary, const struct story_item *item, uint8_t side)
{
    return item->kind == STORY_CONGESTION && item->connection == summary->index && item->side == side;
}

static void find_span(const struct summary *summary, uint8_t side, struct curve *curve)
{
    *curve = (struct curve){.least = UINT32_MAX};
    for (uint32_t i = 0; i < summary->story->items; i++) {
        const struct story_item *item = &summary->story->item[i];
        if (!is_change(summary, item, side))
            continue;
        curve->begin = curve->count ? curve->begin : item->time;
        curve->end = item->time;
        curve->least = min_u32(curve->least, item->cwnd);
        curve->most = max_u32(curve->most, item->cwnd);
        curve->count++;
    }
}

static void fill_curve(const struct summary *summary, uint8_t side, struct curve *curve)
{
    uint32_t column = 0;
    uint32_t cwnd = 0;
    int64_t span = curve->end - curve->begin + 1;

    for (uint32_t i = 0; i < summary->story->items; i++) {
        const struct story_item *item = &summary->story->item[i];
        if (!is_change(summary, item, side))
            continue;
        uint32_t at = (uint32_t)mul_div_u64((uint64_t)(item->time - curve->begin), SPARKS, (uint64_t)span);
        while (column < at && column < SPARKS)
            curve->value[column++] = cwnd;
        cwnd = item->cwnd;
        if (column < SPARKS)
            curve->value[column] = cwnd;
    }
    while (column < SPARKS)
        curve->value[column++] = cwnd;
}

static void spark_line(const struct summary *summary, uint8_t side)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const letters[] = {"_", ".", ",", "-", "=", "+", "*", "#"};
    const char *const *levels = summary->ladder->unicode ? blocks : letters;
    struct curve curve;
    char memory[SPARKS * 3 + 120];
    struct text text;

    find_span(summary, side, &curve);
    if (curve.count < 4 || curve.most == curve.least)
        return;
    fill_curve(summary, side, &curve);
    text_init(&text, memory, sizeof memory);
    text_put(&text, "  cwnd ");
    for (uint32_t i = 0; i < SPARKS; i++)
        text_put(&text, levels[(uint64_t)curve.value[i] * 7 / curve.most]);
    write_line(summary->ladder, &text);
    text_init(&text, memory, sizeof memory);
    text_put(&text, "       of ");
    put_host(summary, side, &text);
    text_put(&text, ", ");
    text_number(&text, curve.least);
    text_put(&text, " to ");
    text_number(&text, curve.most);
    text_put(&text, " bytes, from ");
    text_seconds(&text, curve.begin, 3);
    text_put(&text, " to ");
    text_seconds(&text, curve.end, 3);
    text_put(&text, " s");
    write_line(summary->ladder, &text);
}

void conversation_summary(const struct ladder *ladder, const struct story *story, uint32_t connection)
{
    struct summary summary = {ladder, story, &story->connection[connection], connection};

    for (uint8_t side = 0; side < 2; side++)
        side_line(&summary, side);
    for (uint8_t side = 0; side < 2; side++)
        rtt_line(&summary, side);
    for (uint8_t side = 0; side < 2; side++)
        spark_line(&summary, side);
}
