#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arithmetic.h"
#include "base/random.h"
#include "base/slab.h"
#include "base/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A stream beside a model: flat rings of bytes and of "was written" flags, and
 * of "page exists" flags, all indexed by the low bits of the position. */
enum { RING = 1 << 22 };
struct model {
    struct slab pages;
    struct stream stream;
    uint64_t random;
    uint32_t low; /* nothing exists below */
    uint32_t window;
    uint8_t *data, *written, *exists;
    uint8_t *scratch;
};

static void *zeroed(size_t size)
{
    void *memory = calloc(1, size);

    assert_non_null(memory);
    return memory;
}

static void model_init(struct model *model, uint32_t page, uint32_t pages, uint32_t low, uint32_t window)
{
    *model = (struct model){.random = page ^ low, .low = low, .window = window};
    slab_init(&model->pages, zeroed((size_t)page * pages), page, pages);
    memset(model->pages.memory, 0xee, (size_t)page * pages);
    model->data = zeroed(RING);
    model->written = zeroed(RING);
    model->exists = zeroed(RING / 256);
    model->scratch = zeroed(RING);
}

static void model_free(struct model *model)
{
    stream_clear(&model->stream, &model->pages);
    assert_int_equal(model->stream.pages, 0);
    assert_int_equal(model->pages.used, 0);
    free(model->pages.memory);
    free(model->data);
    free(model->written);
    free(model->exists);
    free(model->scratch);
}

static uint32_t below(struct model *model, uint32_t bound) { return (uint32_t)(splitmix64(&model->random) % bound); }

static uint32_t page_index(const struct model *model, uint32_t at) { return at % RING / model->pages.size; }

static void model_write(struct model *model, uint32_t at, uint32_t length)
{
    const uint32_t used = model->pages.used;
    uint32_t written;

    for (uint32_t i = 0; i < length; i++) {
        model->scratch[i] = (uint8_t)splitmix64(&model->random);
    }
    written = stream_write(&model->stream, &model->pages, at, model->scratch, length);
    assert_true(written <= length);
    if (written < length) {
        /* Stops only before a missing page, and only for lack of memory: at most
         * four pages (page, root, two tables) can have been missing. */
        assert_int_equal((at + written) % model->pages.size == 0 || written == 0, 1);
        assert_int_equal(model->exists[page_index(model, at + written)], 0);
        assert_true(slab_available(&model->pages) < 5);
        assert_true(model->pages.used >= used);
    }
    for (uint32_t i = 0; i < written; i++) {
        const uint32_t index = (at + i) % RING;
        model->data[index] = model->scratch[i];
        model->written[index] = 1;
        model->exists[page_index(model, at + i)] = 1;
    }
}

static void model_read(struct model *model, uint32_t at, uint32_t length)
{
    stream_read(&model->stream, &model->pages, at, model->scratch, length);
    for (uint32_t i = 0; i < length; i++) {
        const uint32_t index = (at + i) % RING;
        if (model->written[index]) {
            assert_int_equal(model->scratch[i], model->data[index]);
        } else if (!model->exists[page_index(model, at + i)]) {
            assert_int_equal(model->scratch[i], 0);
        }
    }
}

static void model_release(struct model *model, uint32_t before)
{
    const uint32_t size = model->pages.size;
    const uint32_t from = model->low & ~(size - 1), to = before & ~(size - 1);

    stream_release(&model->stream, &model->pages, before);
    for (uint32_t at = from; at != to; at += size) {
        model->exists[page_index(model, at)] = 0;
        memset(model->written + at % RING, 0, size);
    }
    model->low = before;
}

/* Page presence and accounting. */
static void model_check(struct model *model)
{
    const uint32_t size = model->pages.size;
    uint32_t held = 0;

    for (uint32_t i = 0; i <= model->window / size + 1; i++) {
        const uint32_t at = (model->low & ~(size - 1)) + i * size;
        uint32_t length = UINT32_MAX;
        const uint8_t *memory = stream_at(&model->stream, &model->pages, at, &length);
        assert_int_equal(memory != NULL, model->exists[page_index(model, at)]);
        held += memory != NULL;
    }
    assert_int_equal(model->stream.pages, model->pages.used);
    assert_true(model->stream.pages >= held);
    if (held == 0) {
        assert_int_equal(model->stream.pages, 0);
    }
    if (model->stream.levels == 0) {
        assert_int_equal(model->stream.pages, held);
    } else if (model->stream.levels == 1) {
        assert_int_equal(model->stream.pages, held + 1);
    }
}

static void step(struct model *model)
{
    const uint32_t kind = below(model, 100);
    const uint32_t offset = below(model, 3) ? below(model, model->window) : below(model, model->pages.size * 6);
    const uint32_t at = model->low + offset % model->window;
    const uint32_t room = model->window - offset % model->window;
    const uint32_t longest = below(model, 10) ? model->pages.size * 2 : model->pages.size * 12;
    const uint32_t length = min_u32(below(model, longest), room);

    if (kind < 50) {
        model_write(model, at, length);
    } else if (kind < 80) {
        model_read(model, at, length);
    } else if (kind < 97) {
        model_release(model, model->low + length);
    } else if (kind < 99) {
        model_release(model, at);
    } else {
        stream_clear(&model->stream, &model->pages);
        memset(model->written, 0, RING);
        memset(model->exists, 0, RING / 256);
    }
    model_check(model);
}

static void run(uint32_t page, uint32_t pages, uint32_t low, uint32_t window, uint32_t steps)
{
    struct model model;

    model_init(&model, page, pages, low, window);
    for (uint32_t i = 0; i < steps; i++) {
        step(&model);
    }
    model_free(&model);
}

static void equals_model_inline(void **state)
{
    (void)state;
    run(256, 100, UINT32_MAX - 20000, 1024, 8000);
    run(4096, 100, 0, 16384, 4000);
}

static void equals_model_one_table(void **state)
{
    (void)state;
    run(256, 100, UINT32_MAX - 20000, 63 * 256, 8000);
    run(1024, 300, UINT32_C(0x80000000) - 5000, 200 * 1024, 1500);
    run(65536, 40, UINT32_MAX - 3000000, 1 << 21, 200);
}

static void equals_model_with_root(void **state)
{
    (void)state;
    run(256, 5000, UINT32_MAX - 300000, 1000 * 1000, 3000);
    run(512, 5000, UINT32_MAX - 300000, 1 << 21, 1000);
}

/* The slab runs out all the time. */
static void equals_model_when_starved(void **state)
{
    (void)state;
    for (uint32_t pages = 1; pages < 12; pages++) {
        run(256, pages, UINT32_MAX - 300000, 1000 * 1000, 300);
        run(256, pages, UINT32_MAX - 3000, 5000, 600);
    }
}

static void lower_positions_may_come_later(void **state)
{
    struct slab pages;
    struct stream stream = {0};
    const uint32_t top = 1000000;

    (void)state;
    slab_init(&pages, zeroed(5000 * 256), 256, 5000);
    /* Backwards through inline, one table, root, and across position 0. */
    for (uint32_t i = 0; i < 1015000; i += 256) {
        const uint8_t bytes[2] = {(uint8_t)i, (uint8_t)(i >> 8)};
        assert_int_equal(stream_write(&stream, &pages, top - i, bytes, 2), 2);
    }
    for (uint32_t i = 0; i < 1015000; i += 256) {
        uint8_t bytes[2];
        stream_read(&stream, &pages, top - i, bytes, 2);
        assert_int_equal(bytes[0], (uint8_t)i);
        assert_int_equal(bytes[1], (uint8_t)(i >> 8));
    }
    stream_release(&stream, &pages, top + 256);
    assert_int_equal(pages.used, 0);
    assert_int_equal(stream.pages, 0);
    free(pages.memory);
}

/* A table that held parts of two groups becomes that of the lower one: below its
 * old entries there must be nothing then, when the stream grows downwards. */
static void a_divided_table_keeps_nothing_twice(void **state)
{
    struct slab pages;
    struct stream stream = {0};

    (void)state;
    slab_init(&pages, zeroed(200 * 256), 256, 200);
    for (uint32_t number = 100; number < 140; number++) { /* groups 1 and 2 */
        assert_int_equal(stream_write(&stream, &pages, number * 256, (const uint8_t *)"a", 1), 1);
    }
    assert_int_equal(stream.levels, 1);
    assert_int_equal(stream_write(&stream, &pages, 170 * 256, (const uint8_t *)"a", 1), 1);
    assert_int_equal(stream.levels, 2);
    assert_int_equal(stream_write(&stream, &pages, 64 * 256, (const uint8_t *)"a", 1), 1);
    for (uint32_t number = 0; number < 200; number++) {
        uint32_t length = 1;
        const bool written = number == 64 || (number >= 100 && number < 140) || number == 170;
        assert_int_equal(stream_at(&stream, &pages, number * 256, &length) != NULL, written);
    }
    assert_int_equal(stream.pages, 42 + 3);
    stream_clear(&stream, &pages);
    assert_int_equal(pages.used, 0);
    free(pages.memory);
}

/* The limits of the header, with the slab never the cause. */
static void span_is_limited(void **state)
{
    static const struct {
        uint32_t page, limit;
    } cases[] = {
        {256, (63 * 64 + 1) * 256},     {512, (127 * 128 + 1) * 512},        {1024, (255 * 256 + 1) * 1024},
        {2048, (511 * 512 + 1) * 2048}, {4096, UINT32_C(0x80000000) - 4096}, {65536, UINT32_C(0x80000000) - 65536},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint32_t page = cases[i].page, limit = cases[i].limit;
        struct slab pages;

        slab_init(&pages, zeroed((size_t)page * 8), page, 8);
        for (uint64_t start = 0; start <= UINT32_MAX; start += UINT32_C(0x0fff0000)) {
            const uint32_t first = (uint32_t)start & ~(page - 1);
            struct stream stream = {0};

            assert_int_equal(stream_write(&stream, &pages, first, (const uint8_t *)"a", 1), 1);
            assert_int_equal(stream_write(&stream, &pages, first + limit, (const uint8_t *)"x", 1), 0);
            assert_int_equal(stream_write(&stream, &pages, first + limit - 1, (const uint8_t *)"b", 1), 1);
            assert_int_equal(stream_write(&stream, &pages, first - 1, (const uint8_t *)"x", 1), 0);
            assert_int_equal(stream.pages, pages.used);
            stream_release(&stream, &pages, first + page);
            /* The root, the table of "b" and its page; the table of "a" too if it is shared. */
            assert_in_range(stream.pages, 3, 4);
            stream_release(&stream, &pages, first + limit);
            assert_int_equal(stream.pages, 0);
            assert_int_equal(pages.used, 0);

            assert_int_equal(stream_write(&stream, &pages, first - 1, (const uint8_t *)"a", 1), 1);
            assert_int_equal(stream_write(&stream, &pages, first - 1 - limit, (const uint8_t *)"x", 1), 0);
            assert_int_equal(stream_write(&stream, &pages, first - limit, (const uint8_t *)"b", 1), 1);
            stream_clear(&stream, &pages);
            assert_int_equal(pages.used, 0);
        }
        free(pages.memory);
    }
}

static void release_keeps_the_partly_used_page(void **state)
{
    struct slab pages;
    struct stream stream = {0};
    uint8_t data[1024], back[1024];
    uint32_t length = 1000;

    (void)state;
    memset(data, 7, sizeof data);
    slab_init(&pages, zeroed(16 * 256), 256, 16);
    assert_int_equal(stream_write(&stream, &pages, 100, data, 1000), 1000);
    assert_int_equal(stream.pages, 6); /* five pages and a table */
    stream_release(&stream, &pages, 255);
    assert_int_equal(stream.pages, 6);
    stream_release(&stream, &pages, 256);
    assert_int_equal(stream.pages, 5);
    assert_null(stream_at(&stream, &pages, 255, &length));
    stream_release(&stream, &pages, 1099);
    assert_int_equal(stream.pages, 2);
    stream_release(&stream, &pages, 100); /* behind: nothing to do */
    assert_int_equal(stream.pages, 2);
    stream_read(&stream, &pages, 1024, back, 76);
    assert_memory_equal(back, data, 76);
    stream_release(&stream, &pages, 1280);
    assert_int_equal(stream.pages, 0);
    assert_int_equal(pages.used, 0);
    free(pages.memory);
}

/* Out-of-order data exists above; the release point has not come there yet. */
static void release_below_everything_does_nothing(void **state)
{
    struct slab pages;
    struct stream stream = {0};

    (void)state;
    slab_init(&pages, zeroed(16 * 256), 256, 16);
    assert_int_equal(stream_write(&stream, &pages, 5000, (const uint8_t *)"a", 1), 1);
    stream_release(&stream, &pages, UINT32_MAX - 5000);
    assert_int_equal(stream.pages, 1);
    stream_release(&stream, &pages, 4000);
    assert_int_equal(stream.pages, 1);
    stream_release(&stream, &pages, 1000000); /* far past the top */
    assert_int_equal(stream.pages, 0);
    free(pages.memory);
}

static void reserve_and_at_stay_inside_a_page(void **state)
{
    struct slab pages;
    struct stream stream = {0};
    uint32_t length = 1000;
    uint8_t *memory;

    (void)state;
    slab_init(&pages, zeroed(16 * 256), 256, 16);
    assert_null(stream_at(&stream, &pages, 50, &length));
    length = 1000;
    memory = stream_reserve(&stream, &pages, 50, &length);
    assert_non_null(memory);
    assert_int_equal(length, 206);
    length = 10;
    assert_ptr_equal(stream_at(&stream, &pages, 60, &length), memory + 10);
    assert_int_equal(length, 10);
    length = 10;
    assert_ptr_equal(stream_reserve(&stream, &pages, 250, &length), memory + 200);
    assert_int_equal(length, 6);
    assert_int_equal(stream.pages, 1);
    stream_clear(&stream, &pages);
    free(pages.memory);
}

static void an_empty_slab_writes_nothing(void **state)
{
    struct slab pages;
    struct stream stream = {0};
    uint32_t length = 10;

    (void)state;
    slab_init(&pages, NULL, 256, 0);
    assert_int_equal(stream_write(&stream, &pages, 0, (const uint8_t *)"a", 1), 0);
    assert_null(stream_reserve(&stream, &pages, UINT32_MAX, &length));
    assert_int_equal(stream_write(&stream, &pages, 0, NULL, 0), 0);
    stream_release(&stream, &pages, 1000);
    stream_clear(&stream, &pages);
    assert_int_equal(stream.pages, 0);
}

/* Going from inline straight to a root needs several pages: all or nothing. */
static void growth_is_all_or_nothing(void **state)
{
    (void)state;
    for (uint32_t spare = 0; spare < 6; spare++) {
        struct slab pages;
        struct stream stream = {0};
        uint32_t taken = 0, got;
        uint8_t data[512], back[512];

        memset(data, 9, sizeof data);
        slab_init(&pages, zeroed(16 * 256), 256, 16);
        /* Two inline pages in neighbouring groups. */
        assert_int_equal(stream_write(&stream, &pages, 63 * 256, data, 512), 512);
        while (slab_available(&pages) > spare) {
            assert_int_not_equal(slab_take(&pages), 0);
            taken++;
        }
        got = stream_write(&stream, &pages, 500000, data, 1);
        assert_int_equal(got, spare >= 5); /* root, three tables, the page */
        assert_int_equal(stream.pages, got ? 7 : 2);
        assert_int_equal(stream.pages + taken, pages.used);
        stream_read(&stream, &pages, 63 * 256, back, 512);
        assert_memory_equal(back, data, 512);
        stream_clear(&stream, &pages);
        assert_int_equal(pages.used, taken);
        free(pages.memory);
    }
}

/* What lies before the cut stays, what lies behind is gone with its pages, and the stream can be written again there.
 */
static void truncation_keeps_what_is_before(void **state)
{
    enum { PAGE = 256, PAGES = 4096, LENGTH = 400 * PAGE };
    uint8_t *memory = zeroed((size_t)PAGE * PAGES);
    uint8_t *expected = zeroed(LENGTH), *got = zeroed(LENGTH);
    struct slab pages;
    struct stream stream = {0};
    uint64_t random = 1;
    (void)state;

    slab_init(&pages, memory, PAGE, PAGES);
    for (unsigned round = 0; round < 2000; round++) {
        const uint32_t start = (uint32_t)splitmix64(&random);
        const uint32_t length = 1 + (uint32_t)(splitmix64(&random) % LENGTH);
        const uint32_t cut = (uint32_t)(splitmix64(&random) % (length + 2 * PAGE));
        const uint32_t kept = min_u32(cut, length);

        for (uint32_t i = 0; i < length; i++) {
            expected[i] = (uint8_t)splitmix64(&random);
        }
        assert_int_equal(stream_write(&stream, &pages, start, expected, length), length);
        stream_truncate(&stream, &pages, start + cut);
        assert_int_equal(stream.pages, pages.used);
        stream_read(&stream, &pages, start, got, kept);
        assert_memory_equal(got, expected, kept);
        assert_int_equal(stream_write(&stream, &pages, start + kept, expected + kept, length - kept), length - kept);
        stream_read(&stream, &pages, start, got, length);
        assert_memory_equal(got, expected, length);
        stream_clear(&stream, &pages);
        assert_int_equal(pages.used, 0);
    }
    free(memory);
    free(expected);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_model_inline),
        cmocka_unit_test(equals_model_one_table),
        cmocka_unit_test(equals_model_with_root),
        cmocka_unit_test(equals_model_when_starved),
        cmocka_unit_test(lower_positions_may_come_later),
        cmocka_unit_test(a_divided_table_keeps_nothing_twice),
        cmocka_unit_test(span_is_limited),
        cmocka_unit_test(release_keeps_the_partly_used_page),
        cmocka_unit_test(release_below_everything_does_nothing),
        cmocka_unit_test(reserve_and_at_stay_inside_a_page),
        cmocka_unit_test(an_empty_slab_writes_nothing),
        cmocka_unit_test(growth_is_all_or_nothing),
        cmocka_unit_test(truncation_keeps_what_is_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
