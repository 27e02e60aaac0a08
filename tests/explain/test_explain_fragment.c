#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "explain/fragment.h"
#include "wire/link_type.h"

/* A UDP datagram of PAYLOAD bytes, cut into pieces. */
#define PAYLOAD 400u
#define DATAGRAM (UDP_HEADER + PAYLOAD)
#define SECOND INT64_C(1000000000)

static uint8_t datagram[DATAGRAM];
static struct dissection dissection;
static const uint8_t *whole;
static uint32_t whole_length;

static struct septet_address address(uint8_t last) { return septet_address_ipv4(10, 0, 0, last); }

static uint32_t make_fragment(uint8_t *frame, bool six, uint32_t id, uint32_t start, uint32_t end)
{
    struct ip_fields fields = {.source = address(1),
                               .destination = address(2),
                               .protocol = PROTOCOL_UDP,
                               .identification = id,
                               .fragment_offset = (uint16_t)start,
                               .more_fragments = end < DATAGRAM};
    uint32_t at = six ? IPV6_HEADER + IPV6_FRAGMENT_HEADER : IPV4_HEADER;
    if (six) {
        fields.protocol = PROTOCOL_FRAGMENT;
        fields.source.bytes[0] = fields.destination.bytes[0] = 0x20;
        ipv6_build(frame, &fields, IPV6_FRAGMENT_HEADER + end - start);
        memset(frame + IPV6_HEADER, 0, IPV6_FRAGMENT_HEADER);
        frame[IPV6_HEADER] = PROTOCOL_UDP;
        store16(frame + IPV6_HEADER + 2, (uint16_t)(start | (end < DATAGRAM)));
        store32(frame + IPV6_HEADER + 4, id);
    } else {
        ipv4_build(frame, &fields, end - start);
    }
    memcpy(frame + at, datagram + start, end - start);
    return at + end - start;
}

static bool add_cut(struct fragments *fragments, int64_t time, bool six, uint32_t id, uint32_t start, uint32_t end,
                    uint32_t missing)
{
    uint8_t frame[1024];
    uint32_t length = make_fragment(frame, six, id, start, end);
    assert_true(dissect(link_type_raw, frame, length - missing, length, &dissection));
    assert_true(dissection.fragment);
    whole = frame;
    whole_length = length;
    return fragments_add(fragments, time, &whole, &whole_length, &dissection);
}

static bool add(struct fragments *fragments, bool six, uint32_t id, uint32_t start, uint32_t end)
{
    return add_cut(fragments, SECOND, six, id, start, end, 0);
}

static void check_whole(void)
{
    assert_true(dissection.is_udp && dissection.reassembled);
    assert_false(dissection.fragment || dissection.cut);
    assert_int_equal(dissection.udp.destination_port, 5353);
    assert_int_equal(dissection.payload_length, PAYLOAD);
    assert_int_equal(dissection.payload_captured, PAYLOAD);
    assert_int_equal(dissection.payload + PAYLOAD, whole_length);
    assert_memory_equal(whole + dissection.payload, datagram + UDP_HEADER, PAYLOAD);
}

static void every_order(void **state)
{
    (void)state;
    static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const uint32_t borders[] = {0, 8, 208, DATAGRAM};
    struct fragments *fragments = fragments_create();
    for (uint32_t i = 0; i < 12; i++) {
        const uint8_t *order = orders[i / 2];
        assert_false(add(fragments, i % 2, 7, borders[order[0]], borders[order[0] + 1]));
        assert_false(add(fragments, i % 2, 7, borders[order[1]], borders[order[1] + 1]));
        assert_false(add(fragments, i % 2, 7, borders[order[1]], borders[order[1] + 1]));
        assert_true(add(fragments, i % 2, 7, borders[order[2]], borders[order[2] + 1]));
        check_whole();
    }
    assert_int_equal(fragments_counts(fragments).datagrams, 12);
    assert_int_equal(fragments_counts(fragments).overlapping, 12);
    assert_int_equal(fragments_counts(fragments).incomplete, 0);
    fragments_destroy(fragments);
}

static void datagrams_are_told_apart(void **state)
{
    (void)state;
    struct fragments *fragments = fragments_create();
    assert_false(add(fragments, false, 1, 0, 200));
    assert_false(add(fragments, false, 2, 200, DATAGRAM));
    assert_false(add(fragments, true, 1, 200, DATAGRAM));
    assert_true(add(fragments, false, 2, 0, 200));
    check_whole();
    assert_int_equal(fragments_counts(fragments).incomplete, 2);
    fragments_destroy(fragments);
}

static void memory_is_bounded_and_the_oldest_goes(void **state)
{
    (void)state;
    struct fragments *fragments = fragments_create();
    for (uint32_t id = 0; id < 1000; id++)
        assert_false(add_cut(fragments, SECOND + id, false, id, 0, 200, 0));
    assert_false(add(fragments, false, 5, 200, DATAGRAM));
    assert_true(add(fragments, false, 999, 200, DATAGRAM));
    check_whole();
    assert_int_equal(fragments_counts(fragments).incomplete, 1000);
    /* An identification that is used again an hour later is of another datagram. */
    assert_false(add_cut(fragments, 3600 * SECOND, false, 998, 200, DATAGRAM, 0));
    fragments_destroy(fragments);
}

static void cut_fragments_have_their_length(void **state)
{
    (void)state;
    struct fragments *fragments = fragments_create();
    assert_false(add_cut(fragments, SECOND, false, 1, 0, 200, 100));
    assert_true(add_cut(fragments, SECOND, false, 1, 200, DATAGRAM, 0));
    assert_true(dissection.is_udp && dissection.cut);
    assert_int_equal(dissection.payload_length, PAYLOAD);
    assert_int_equal(dissection.payload_captured, 100 - UDP_HEADER);
    assert_memory_equal(whole + dissection.payload, datagram + UDP_HEADER, 100 - UDP_HEADER);
    fragments_destroy(fragments);
}

/* A datagram of too many pieces is given up rather than put together wrongly. */
static void many_pieces(void **state)
{
    (void)state;
    struct fragments *fragments = fragments_create();
    for (uint32_t start = 0; start < DATAGRAM; start += 16)
        assert_false(add(fragments, false, 1, start, start + 8));
    assert_int_equal(fragments_counts(fragments).fragments, 26);
    fragments_destroy(fragments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order),
        cmocka_unit_test(datagrams_are_told_apart),
        cmocka_unit_test(memory_is_bounded_and_the_oldest_goes),
        cmocka_unit_test(cut_fragments_have_their_length),
        cmocka_unit_test(many_pieces),
    };
    for (uint32_t i = 0; i < DATAGRAM; i++)
        datagram[i] = (uint8_t)(i * 7);
    udp_build(datagram, 1234, 5353, DATAGRAM);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
