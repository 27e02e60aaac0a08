#ifndef TESTS_CAPTURE_TEST_H
#define TESTS_CAPTURE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/random.h"
#include "capture/little.h"
#include "capture/read.h"

/* A capture file put together by hand, in either byte order. */
struct file {
    uint8_t bytes[1 << 16];
    size_t length;
    bool big_endian;
};

static inline void put_u16(struct file *file, uint16_t value)
{
    uint8_t *to = file->bytes + file->length;
    if (file->big_endian)
        store16(to, value);
    else
        store16_little(to, value);
    file->length += 2;
}

static inline void put_u32(struct file *file, uint32_t value)
{
    uint8_t *to = file->bytes + file->length;
    if (file->big_endian)
        store32(to, value);
    else
        store32_little(to, value);
    file->length += 4;
}

static inline void put_u64(struct file *file, uint64_t value)
{
    put_u32(file, (uint32_t)(file->big_endian ? value >> 32 : value));
    put_u32(file, (uint32_t)(file->big_endian ? value : value >> 32));
}

static inline void put_bytes(struct file *file, const void *bytes, size_t length)
{
    memcpy(file->bytes + file->length, bytes, length);
    file->length += length;
}

static inline void put_padded(struct file *file, const void *bytes, size_t length)
{
    put_bytes(file, bytes, length);
    while (file->length % 4 != 0)
        file->bytes[file->length++] = 0;
}

/* Blocks stand on multiples of four, so padding by the file's length is padding by the block's. */
static inline size_t begin_block(struct file *file, uint32_t type)
{
    size_t start = file->length;
    put_u32(file, type);
    put_u32(file, 0);
    return start;
}

static inline void end_block(struct file *file, size_t start)
{
    put_u32(file, 0);
    size_t end = file->length;
    uint32_t size = (uint32_t)(end - start);
    file->length = start + 4;
    put_u32(file, size);
    file->length = end - 4;
    put_u32(file, size);
}

static inline void put_option(struct file *file, uint16_t code, const void *value, uint16_t length)
{
    put_u16(file, code);
    put_u16(file, length);
    put_padded(file, value, length);
}

static inline void put_section(struct file *file)
{
    size_t start = begin_block(file, 0x0a0d0d0a);
    put_u32(file, 0x1a2b3c4d);
    put_u16(file, 1);
    put_u16(file, 0);
    put_u64(file, UINT64_MAX);
    put_option(file, 4, "by hand", 7);
    put_option(file, 0, "", 0);
    end_block(file, start);
}

/* resolution 0xff: no option. */
static inline void put_interface(struct file *file, uint16_t link_type, uint32_t snap_length, const char *name,
                                 uint8_t resolution)
{
    size_t start = begin_block(file, 1);
    put_u16(file, link_type);
    put_u16(file, 0);
    put_u32(file, snap_length);
    put_option(file, 2, name, (uint16_t)strlen(name));
    if (resolution != 0xff)
        put_option(file, 9, &resolution, 1);
    put_option(file, 0, "", 0);
    end_block(file, start);
}

static inline void put_enhanced(struct file *file, uint32_t interface, uint64_t ticks, const void *bytes,
                                uint32_t length, uint32_t original)
{
    size_t start = begin_block(file, 6);
    put_u32(file, interface);
    put_u32(file, (uint32_t)(ticks >> 32));
    put_u32(file, (uint32_t)ticks);
    put_u32(file, length);
    put_u32(file, original);
    put_padded(file, bytes, length);
    end_block(file, start);
}

/* The whole file as one window. */
static inline void open_file(struct capture_reader *reader, const struct file *file,
                             struct capture_interface *interfaces, uint32_t capacity)
{
    capture_reader_init(reader, interfaces, capacity, 0);
    capture_reader_feed(reader, file->bytes, file->length, true);
}

#endif
