#ifndef SEPTET_REPORT_LADDER_H
#define SEPTET_REPORT_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Draws one TCP conversation as a ladder: time and both ends' states at the sides, arrows between them. Knows
 * neither stacks nor captures: somebody makes rows. Nothing is kept but the line being drawn. */

#define LADDER_WIDTH_LEAST 80
#define LADDER_WIDTH_MOST 200

struct ladder {
    void (*write)(void *context, const char *text, size_t length);
    void *context;
    uint32_t width; /* columns, LADDER_WIDTH_LEAST..LADDER_WIDTH_MOST */
    bool unicode, color;
};

enum ladder_row_kind {
    LADDER_SEGMENT,   /* leaves one side and arrives at the other, or is lost on the way */
    LADDER_DEPARTURE, /* leaves; its arrival is a row of its own */
    LADDER_ARRIVAL,
    LADDER_STATE, /* a state changes by itself */
    LADDER_NOTE   /* words in the middle */
};

struct ladder_row {
    enum ladder_row_kind kind;
    int64_t time;    /* ns since the beginning; negative: not shown */
    uint32_t number; /* of the segment, from 1; 0: not shown */
    bool from_right;
    bool again;                        /* was sent before: drawn with a double line */
    const char *lost;                  /* why it never arrives; NULL when it does */
    uint16_t flags;                    /* wire/tcp.h */
    uint32_t seq, ack, length, window; /* as they are to be shown; ack only with the flag */
    const uint8_t *options;            /* TCP options, NULL for none to be shown */
    uint32_t options_length;
    uint32_t sack_base;      /* is subtracted from the edges of SACK blocks */
    const char *left_state;  /* NULL: as before */
    const char *right_state; /* NULL: as before */
    const char *note;        /* words of LADDER_NOTE; else what is to be said below the row, or NULL */
    bool alarm;              /* the note is about something that went wrong */
};

/* The names of the columns. `left` and `right` name the ends: "client 10.0.0.1:40000". */
void ladder_head(const struct ladder *ladder, const char *left, const char *right);
void ladder_row(const struct ladder *ladder, const struct ladder_row *row);

#endif
