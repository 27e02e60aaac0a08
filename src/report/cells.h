#ifndef SEPTET_REPORT_CELLS_H
#define SEPTET_REPORT_CELLS_H

#include "report/ladder.h"

/* One line of cells, each with a character and a colour; for src/report. */

enum cell_symbol { /* characters that look different in ASCII and in Unicode */
                   CELL_BAR = 1,
                   CELL_SINGLE,
                   CELL_DOUBLE,
                   CELL_DASHED,
                   CELL_RIGHT,
                   CELL_LEFT,
                   CELL_CROSS,
                   CELL_DOT
};
enum cell_color { CELL_PLAIN, CELL_FAINT, CELL_GREEN, CELL_YELLOW, CELL_RED, CELL_CYAN, CELL_BOLD };

struct cells {
    char cell[LADDER_WIDTH_MOST];
    uint8_t color[LADDER_WIDTH_MOST];
    uint32_t width;
};

/* Spaces, `width` of them. */
void cells_clear(struct cells *line, uint32_t width);
void cells_put(struct cells *line, uint32_t at, char cell, enum cell_color color);
/* As much of a text as there is room for up to column `end`. Returns the column behind it. */
uint32_t cells_text(struct cells *line, uint32_t at, uint32_t end, const char *text, enum cell_color color);
void cells_fill(struct cells *line, uint32_t from, uint32_t to, char cell, enum cell_color color);
/* Writes the line without the spaces at its end. */
void cells_write(const struct cells *line, const struct ladder *ladder);

#endif
