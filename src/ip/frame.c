#include "ip/frame.h"

#include "base/arithmetic.h"
#include "base/memory.h"

const uint8_t *ip_frame_piece(const struct ip_frame *frame, uint32_t offset, uint32_t *length)
{
    if (offset < frame->contiguous) {
        *length = min_u32(*length, frame->contiguous - offset);
        return frame->bytes + offset;
    }
    offset -= frame->contiguous;
    for (uint32_t i = 0; i < frame->span_count; i++) {
        if (offset < frame->spans[i].length) {
            *length = min_u32(*length, frame->spans[i].length - offset);
            return frame->spans[i].data + offset;
        }
        offset -= frame->spans[i].length;
    }
    *length = 0;
    return NULL;
}

static bool copy(const struct ip_frame *frame, uint32_t offset, uint8_t *to, uint32_t length)
{
    while (length > 0) {
        uint32_t piece = length;
        const uint8_t *from = ip_frame_piece(frame, offset, &piece);
        if (from == NULL)
            return false;
        memcpy(to, from, piece);
        to += piece;
        offset += piece;
        length -= piece;
    }
    return true;
}

/* Spans that hold [offset, length) of a frame, in the layer's array. */
static bool cut_spans(struct ip_layer *ip, struct ip_frame *frame, uint32_t offset, uint32_t length)
{
    uint32_t count = 0;
    while (offset < length) {
        uint32_t piece = length - offset;
        const uint8_t *data = ip_frame_piece(frame, offset, &piece);
        if (count == ip->span_capacity || data == NULL)
            return false;
        ip->spans[count++] = (struct septet_span){.data = data, .length = piece};
        offset += piece;
    }
    frame->spans = ip->spans;
    frame->span_count = count;
    return true;
}

bool ip_frame_pull(struct ip_layer *ip, struct ip_frame *frame, uint32_t need)
{
    if (frame->contiguous >= min_u32(need, frame->length))
        return true;
    const uint32_t pulled = min_u32(frame->length, IP_SCRATCH);
    if (!copy(frame, 0, ip->scratch, pulled) || !cut_spans(ip, frame, pulled, frame->length))
        return false;
    frame->bytes = ip->scratch;
    frame->contiguous = pulled;
    return true;
}

bool ip_frame_trim(struct ip_layer *ip, struct ip_frame *frame, uint32_t length)
{
    if (length >= frame->length)
        return true;
    if (length > frame->contiguous) {
        if (!cut_spans(ip, frame, frame->contiguous, length))
            return false;
    } else {
        frame->contiguous = length;
        frame->span_count = 0;
        frame->spans = NULL;
    }
    frame->length = length;
    return true;
}
