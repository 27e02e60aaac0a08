#include "capture/sink.h"

#include "base/arithmetic.h"
#include "base/memory.h"

struct capture_sink capture_sink_buffer(uint8_t *buffer, size_t capacity)
{
    return (struct capture_sink){.buffer = buffer, .capacity = capacity};
}

struct capture_sink capture_sink_function(bool (*write)(void *context, const void *bytes, size_t length), void *context)
{
    return (struct capture_sink){.write = write, .context = context};
}

uint32_t capture_pieces_length(const struct capture_piece *pieces, uint32_t count)
{
    uint32_t length = 0;
    for (uint32_t i = 0; i < count; i++)
        length = add_saturate_u32(length, pieces[i].length);
    return length;
}

bool capture_sink_reserve(struct capture_sink *sink, size_t length)
{
    if (!sink->write && length > sink->capacity - sink->length)
        sink->failed = true;
    return !sink->failed;
}

void capture_sink_put(struct capture_sink *sink, const void *bytes, size_t length)
{
    if (length == 0 || sink->failed)
        return;
    if (sink->write) {
        if (!sink->write(sink->context, bytes, length)) {
            sink->failed = true;
            return;
        }
    } else {
        memcpy(sink->buffer + sink->length, bytes, length);
    }
    sink->length += length;
}

void capture_sink_put_pieces(struct capture_sink *sink, const struct capture_piece *pieces, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        capture_sink_put(sink, pieces[i].bytes, pieces[i].length);
}
