#ifndef SEPTET_REPORT_LINE_H
#define SEPTET_REPORT_LINE_H

#include "report/ladder.h"

/* One line of cells, each with a character and a colour; for src/report. */

enum line_symbol { /* characters that look different in ASCII and in Unicode */
                   LINE_BAR = 1,
                   LINE_SINGLE,
                   LINE_DOUBLE,
                   LINE_DASHED,
                   LINE_RIGHT,
                   LINE_LEFT,
                   LINE_CROSS,
                   LINE_DOT
};
enum line_color { LINE_PLAIN, LINE_FAINT, LINE_GREEN, LINE_YELLOW, LINE_RED, LINE_CYAN, LINE_BOLD };

struct line {
    char cell[LADDER_WIDTH_MOST];
    uint8_t color[LADDER_WIDTH_MOST];
    uint32_t width;
};

/* Spaces, `width` of them. */
void line_clear(struct line *line, uint32_t width);
void line_put(struct line *line, uint32_t at, char cell, enum line_color color);
/* As much of a text as there is room for up to column `end`. Returns the column behind it. */
uint32_t line_text(struct line *line, uint32_t at, uint32_t end, const char *text, enum line_color color);
void line_fill(struct line *line, uint32_t from, uint32_t to, char cell, enum line_color color);
/* Writes the line without the spaces at its end. */
void line_write(const struct line *line, const struct ladder *ladder);

#endif
