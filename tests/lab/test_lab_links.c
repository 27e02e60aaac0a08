#include "lab_test.h"

#include "lab/codel.h"
#include "wire/ip.h"
#include "wire/tcp.h"
#include "wire/udp.h"

/* Each fault of a link by itself: frames are put on it that no stack has made. */

#define FRAMES 20000
#define TOS_ECT0 2
/* Keeps time going while nothing happens. */
#define CLOCK "program clock { do \"wait 100s\" }\n"

struct arrival {
    int64_t time;
    uint32_t index; /* of the frame sent, or that it is a copy of */
    uint32_t length;
    uint8_t marks;
    uint32_t difference; /* bits that are not as they were sent */
    uint8_t traffic_class;
    bool header_good, from_a;
};

static struct lab_fixture lab;
static struct arrival arrivals[2 * FRAMES];
static uint32_t arrived;
static uint64_t numbers[FRAMES]; /* of the frames sent, in order */
static uint32_t sends;
static uint64_t fates[FATE_COUNT];
static uint8_t template[2000];

static uint32_t bit_difference(const uint8_t *a, const uint8_t *b, uint32_t length)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < length; i++)
        for (uint8_t x = a[i] ^ b[i]; x; x &= (uint8_t)(x - 1))
            bits++;
    return bits;
}

static uint32_t index_of(uint64_t number)
{
    uint32_t low = 0;
    uint32_t high = sends;

    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (numbers[middle] <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void on_frame(void *context, const struct frame_report *report)
{
    struct ip ip;

    (void)context;
    if (!(report->frame->marks & FRAME_FOREIGN))
        return;
    if (report->fate == FATE_SENT && sends < FRAMES)
        numbers[sends++] = report->frame->number;
    fates[report->fate]++;
    if (report->fate != FATE_DELIVERED || arrived == 2 * FRAMES)
        return;
    arrivals[arrived++] = (struct arrival){
        .time = report->time,
        .index = index_of(report->frame->original),
        .length = report->frame->length,
        .marks = report->frame->marks,
        .difference = bit_difference(report->frame->bytes, template, report->frame->length),
        .traffic_class = report->frame->bytes[1],
        .from_a = report->from == 0,
        .header_good = ipv4_parse(report->frame->bytes, report->frame->length, true, &ip) == wire_none,
    };
}

/* A UDP packet of so many bytes in all. */
static void make_template(uint32_t length)
{
    const struct ip_fields fields = {.source = septet_address_ipv4(10, 0, 0, 1),
                                     .destination = septet_address_ipv4(10, 0, 0, 2),
                                     .protocol = PROTOCOL_UDP,
                                     .ttl = 64,
                                     .traffic_class = TOS_ECT0,
                                     .do_not_fragment = true};

    memset(template, 0x55, sizeof template);
    ipv4_build(template, &fields, length - IPV4_HEADER);
    udp_build(template + IPV4_HEADER, 1000, 9, (uint16_t)(length - IPV4_HEADER));
}

/* A world whose link has these settings; nothing has happened yet. */
static void begin(const char *settings)
{
    char text[1000];
    const struct world_observer observer = {.frame = on_frame};

    snprintf(text, sizeof text, TWO_HOSTS "link wire { between [a, b]\n%s }\n" CLOCK, settings);
    lab_make(&lab, text);
    assert_true(world_observe(lab.world, &observer));
    arrived = 0;
    sends = 0;
    memset(fates, 0, sizeof fates);
    make_template(1000);
}

static void send_at(int64_t time, uint32_t length)
{
    world_run(lab.world, time);
    assert_true(world_send(lab.world, 0, 0, template, length));
}

static void finish(void) { assert_int_equal(world_run(lab.world, INT64_C(3600) * SEPTET_SECOND), WORLD_QUIET); }

/* A frame each millisecond. */
static void send_many(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        send_at((int64_t)i * SEPTET_MILLISECOND, 1000);
    finish();
}

static void about(uint64_t value, uint64_t expected)
{
    if (value < expected * 9 / 10 || value > expected * 11 / 10)
        fail_msg("%llu is not about %llu", (unsigned long long)value, (unsigned long long)expected);
}

static void delay(void **state)
{
    (void)state;
    begin("delay 7ms");
    send_at(0, 1000);
    send_at(SEPTET_MILLISECOND, 1000);
    finish();
    assert_int_equal(arrived, 2);
    assert_int_equal(arrivals[0].time, 7 * SEPTET_MILLISECOND);
    assert_int_equal(arrivals[1].time, 8 * SEPTET_MILLISECOND);
    assert_int_equal(arrivals[0].difference, 0);
}

static void rate(void **state)
{
    (void)state;
    begin("rate 1mbit");
    send_at(0, 1000);
    send_at(0, 500);
    finish();
    assert_int_equal(arrivals[0].time, 8 * SEPTET_MILLISECOND);
    assert_int_equal(arrivals[1].time, 12 * SEPTET_MILLISECOND);
}

static void drop_tail(void **state)
{
    (void)state;
    begin("rate 1mbit; queue_packets 3");
    for (uint32_t i = 0; i < 10; i++)
        send_at(0, 1000);
    finish();
    assert_int_equal(arrived, 4); /* one on the wire and three that wait */
    assert_int_equal(fates[FATE_QUEUE_FULL], 6);
    begin("rate 1mbit; queue_packets 0; queue_bytes 2500");
    for (uint32_t i = 0; i < 10; i++)
        send_at(0, 1000);
    finish();
    assert_int_equal(arrived, 3);
}

static void codel(void **state)
{
    (void)state;
    begin("rate 8mbit; queue_packets 0; codel on");
    for (uint32_t i = 0; i < 4000; i++) /* twice what the link carries */
        send_at((int64_t)i * SEPTET_MILLISECOND / 2, 1000);
    finish();
    assert_in_range(fates[FATE_CODEL], 20, 2000);
    assert_int_equal(fates[FATE_CODEL] + arrived, 4000);
    begin("rate 8mbit; queue_packets 0; codel on; ecn on");
    for (uint32_t i = 0; i < 4000; i++)
        send_at((int64_t)i * SEPTET_MILLISECOND / 2, 1000);
    finish();
    assert_int_equal(arrived, 4000);
    uint32_t marked = 0;
    for (uint32_t i = 0; i < arrived; i++) {
        bool ce = (arrivals[i].traffic_class & 3) == 3;
        assert_int_equal(ce, (arrivals[i].marks & FRAME_CE) != 0);
        assert_true(arrivals[i].header_good); /* the header checksum goes with the mark */
        marked += ce;
    }
    assert_in_range(marked, 20, 2000);
}

static void jitter(void **state)
{
    (void)state;
    begin("delay 10ms; jitter 4ms; keep_order off");
    send_many(FRAMES);
    assert_int_equal(arrived, FRAMES);
    uint32_t overtaken = 0;
    for (uint32_t i = 0; i < arrived; i++) {
        int64_t flight = arrivals[i].time - (int64_t)arrivals[i].index * SEPTET_MILLISECOND;
        assert_in_range(flight, 10 * SEPTET_MILLISECOND, 14 * SEPTET_MILLISECOND);
        overtaken += i > 0 && arrivals[i].index < arrivals[i - 1].index;
    }
    assert_true(overtaken > FRAMES / 10);
    begin("delay 10ms; jitter 4ms");
    send_many(FRAMES);
    for (uint32_t i = 1; i < arrived; i++)
        assert_true(arrivals[i].index > arrivals[i - 1].index);
}

static void loss(void **state)
{
    (void)state;
    begin("loss 10%");
    send_many(FRAMES);
    about(fates[FATE_LOST], FRAMES / 10);
    assert_int_equal(arrived + fates[FATE_LOST], FRAMES);
}

static void bursts(void **state)
{
    (void)state;
    begin("burst_enter 1%; burst_leave 20%");
    send_many(FRAMES);
    /* In the bad state 1 / (1 + 20) of the time, five frames at a time. */
    assert_in_range(fates[FATE_BURST], FRAMES / 21 * 7 / 10, FRAMES / 21 * 13 / 10);
    uint32_t runs = 0;
    for (uint32_t i = 1; i < arrived; i++)
        runs += arrivals[i].index != arrivals[i - 1].index + 1;
    assert_in_range(fates[FATE_BURST] / runs, 4, 6);
}

static void reordering(void **state)
{
    (void)state;
    begin("delay 10ms; reorder 5%; reorder_delay 3500us");
    send_many(FRAMES);
    uint32_t late = 0;
    for (uint32_t i = 0; i < arrived; i++)
        late += (arrivals[i].marks & FRAME_HELD_UP) != 0;
    about(late, FRAMES / 20);
    uint32_t overtaken = 0;
    for (uint32_t i = 1; i < arrived; i++)
        overtaken += arrivals[i].index < arrivals[i - 1].index;
    assert_true(overtaken > late / 2);
}

static void duplication(void **state)
{
    (void)state;
    begin("duplicate 10%");
    send_many(FRAMES);
    about(fates[FATE_COPIED], FRAMES / 10);
    assert_int_equal(arrived, FRAMES + fates[FATE_COPIED]);
}

static void corruption(void **state)
{
    (void)state;
    begin("corrupt 10%");
    send_many(FRAMES);
    uint32_t corrupted = 0;
    for (uint32_t i = 0; i < arrived; i++) {
        assert_int_equal(arrivals[i].difference, arrivals[i].marks & FRAME_CORRUPTED ? 1 : 0);
        corrupted += (arrivals[i].marks & FRAME_CORRUPTED) != 0;
    }
    about(corrupted, FRAMES / 10);
}

static void black_hole(void **state)
{
    (void)state;
    begin("black_hole 999");
    send_at(0, 999);
    send_at(0, 1000);
    finish();
    assert_int_equal(arrived, 1);
    assert_int_equal(fates[FATE_TOO_BIG], 1);
}

static void down_times(void **state)
{
    (void)state;
    begin("down [\"from 2ms to 4ms\", \"from b from 5ms to 9ms\"]");
    send_many(10);
    assert_int_equal(fates[FATE_DOWN], 2);
    assert_int_equal(arrived, 8);
}

static void directions(void **state)
{
    (void)state;
    begin("delay 1ms; from a { delay 3ms }");
    send_at(0, 1000);
    assert_true(world_send(lab.world, 0, 1, template, 1000));
    finish();
    assert_int_equal(arrivals[0].time, SEPTET_MILLISECOND);
    assert_int_equal(arrivals[1].time, 3 * SEPTET_MILLISECOND);
}

static void rules(void **state)
{
    (void)state;
    begin("rule [\"drop from a udp nth 2\", \"delay udp nth 4 by 50ms\", \"hold udp nth 5 until 90ms\","
          " \"duplicate udp nth 6 by 5ms\", \"corrupt udp nth 7 count 2\", \"drop from b udp all\"]");
    send_many(9);
    assert_int_equal(fates[FATE_RULE], 1);
    assert_int_equal(fates[FATE_COPIED], 1);
    assert_int_equal(arrived, 9);
    uint32_t corrupted = 0;
    for (uint32_t i = 0; i < arrived; i++)
        corrupted += (arrivals[i].marks & FRAME_CORRUPTED) != 0;
    assert_int_equal(corrupted, 2);
    assert_int_equal(arrivals[7].time, 53 * SEPTET_MILLISECOND);
    assert_int_equal(arrivals[8].time, 90 * SEPTET_MILLISECOND);
}

/* What the settings of other links and the frames of the other direction do changes nothing. */
static void independence(void **state)
{
    uint64_t lost;

    (void)state;
    begin("loss 10%");
    send_many(1000);
    lost = fates[FATE_LOST];
    begin("loss 10%; from b { loss 50%; duplicate 50% }");
    uint64_t lost_both = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        send_at((int64_t)i * SEPTET_MILLISECOND, 1000);
        assert_true(world_send(lab.world, 0, 1, template, 1000));
    }
    finish();
    for (uint32_t i = 0; i < arrived; i++)
        lost_both += arrivals[i].from_a;
    assert_int_equal(1000 - lost_both, lost);
}

static void square_roots(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        uint64_t root = codel_square_root(i);
        assert_true(root * root <= i && (root + 1) * (root + 1) > i);
    }
    assert_int_equal(codel_square_root(UINT64_MAX), UINT32_MAX);
    assert_int_equal(codel_square_root(UINT64_C(1) << 62), UINT32_C(1) << 31);
}

/* RFC 8289 5.3: the n-th drop of an episode comes interval / sqrt(n) after the one before. */
static void control_law(void **state)
{
    const struct codel_limits limits = {5 * SEPTET_MILLISECOND, 100 * SEPTET_MILLISECOND, 1514};
    struct codel control = {0};
    int64_t drops[8];
    uint32_t count = 0;
    bool again = false;

    (void)state;
    for (int64_t now = 0; count < 8; now += SEPTET_MILLISECOND) {
        /* Every packet has waited 20 ms. */
        again = codel_drop(&control, &limits, now, now - 20 * SEPTET_MILLISECOND, 100000, false);
        if (again) {
            drops[count++] = now;
            codel_drop(&control, &limits, now, now - 20 * SEPTET_MILLISECOND, 100000, true);
        }
    }
    assert_int_equal(drops[0], 100 * SEPTET_MILLISECOND);
    assert_int_equal(drops[1] - drops[0], 100 * SEPTET_MILLISECOND);
    for (uint32_t n = 2; n < 8; n++) {
        int64_t expected = 100 * SEPTET_MILLISECOND * 65536 / codel_square_root((uint64_t)n << 32);
        int64_t error = drops[n] - drops[n - 1] - expected;
        assert_in_range(error + SEPTET_MILLISECOND, 0, 3 * SEPTET_MILLISECOND);
    }
    assert_false(codel_drop(&control, &limits, drops[7] + SEPTET_SECOND, drops[7] + SEPTET_SECOND, 100000, false));
    assert_false(control.dropping);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delay),        cmocka_unit_test(rate),        cmocka_unit_test(drop_tail),
        cmocka_unit_test(codel),        cmocka_unit_test(jitter),      cmocka_unit_test(loss),
        cmocka_unit_test(bursts),       cmocka_unit_test(reordering),  cmocka_unit_test(duplication),
        cmocka_unit_test(corruption),   cmocka_unit_test(black_hole),  cmocka_unit_test(down_times),
        cmocka_unit_test(directions),   cmocka_unit_test(rules),       cmocka_unit_test(independence),
        cmocka_unit_test(square_roots), cmocka_unit_test(control_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
