#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

#include <string.h>

static const uint8_t bytes[] = {0x00, 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8, 0x00};

static void loads_are_big_endian(void **state)
{
    (void)state;
    assert_int_equal(load16(bytes + 1), 0x8192);
    assert_int_equal(load32(bytes + 1), 0x8192a3b4);
    assert_true(load64(bytes + 1) == UINT64_C(0x8192a3b4c5d6e7f8));
}

static void stores_touch_only_their_bytes(void **state)
{
    uint8_t to[10];

    (void)state;
    for (size_t length = 2; length <= 8; length *= 2) {
        memset(to, 0x5a, sizeof to);
        if (length == 2) {
            store16(to + 1, 0x8192);
        } else if (length == 4) {
            store32(to + 1, 0x8192a3b4);
        } else {
            store64(to + 1, UINT64_C(0x8192a3b4c5d6e7f8));
        }
        assert_memory_equal(to + 1, bytes + 1, length);
        assert_int_equal(to[0], 0x5a);
        assert_int_equal(to[length + 1], 0x5a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_are_big_endian),
        cmocka_unit_test(stores_touch_only_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
