#ifndef SEPTET_CAPTURE_SINK_H
#define SEPTET_CAPTURE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a capture is written: a buffer of the caller, or a function of the caller. To use a buffer again set
 * `length` to 0 and `failed` to false. */
struct capture_sink {
    bool (*write)(void *context, const void *bytes, size_t length); /* null for a buffer; false when it fails */
    void *context;
    uint8_t *buffer;
    size_t capacity;
    size_t length; /* bytes written so far, in a buffer or through the function */
    bool failed;   /* the buffer was full or the function failed; nothing is written any more */
};
struct capture_sink capture_sink_buffer(uint8_t *buffer, size_t capacity);
struct capture_sink capture_sink_function(bool (*write)(void *context, const void *bytes, size_t length),
                                          void *context);

/* A part of a packet: packets are written from where their headers and payload lie. */
struct capture_piece {
    const uint8_t *bytes;
    uint32_t length;
};
/* The bytes of all pieces, at most UINT32_MAX. */
uint32_t capture_pieces_length(const struct capture_piece *pieces, uint32_t count);

/* For the writers of src/capture. Reserve asks whether `length` more bytes fit, so that what is written to a
 * buffer is a whole record or nothing; put writes. */
bool capture_sink_reserve(struct capture_sink *sink, size_t length);
void capture_sink_put(struct capture_sink *sink, const void *bytes, size_t length);
void capture_sink_put_pieces(struct capture_sink *sink, const struct capture_piece *pieces, uint32_t count);

#endif
