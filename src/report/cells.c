#include "report/cells.h"

#include "base/memory.h"

struct symbol {
    char ascii;
    const char *unicode;
};
static const struct symbol symbols[] = {
    {' ', " "}, {'|', "│"}, {'-', "─"}, {'=', "═"}, {'.', "╌"}, {'>', "▶"}, {'<', "◀"}, {'X', "✗"}, {'.', "┄"},
};
static const char *const colors[] = {"", "\033[2m", "\033[32m", "\033[33m", "\033[31m", "\033[36m", "\033[1m"};

void cells_clear(struct cells *line, uint32_t width)
{
    line->width = width > LADDER_WIDTH_MOST ? LADDER_WIDTH_MOST : width;
    memset(line->cell, ' ', line->width);
    memset(line->color, CELL_PLAIN, line->width);
}

void cells_put(struct cells *line, uint32_t at, char cell, enum cell_color color)
{
    if (at < line->width) {
        line->cell[at] = cell;
        line->color[at] = (uint8_t)color;
    }
}

uint32_t cells_text(struct cells *line, uint32_t at, uint32_t end, const char *text, enum cell_color color)
{
    for (; *text && at < end; text++)
        cells_put(line, at++, *text >= ' ' && *text <= '~' ? *text : '?', color);
    return at;
}

void cells_fill(struct cells *line, uint32_t from, uint32_t to, char cell, enum cell_color color)
{
    for (; from < to; from++)
        cells_put(line, from, cell, color);
}

static uint32_t add(char *to, uint32_t at, const char *text)
{
    while (*text)
        to[at++] = *text++;
    return at;
}

static const char *cell_text(char cell, bool unicode, char buffer[2])
{
    if ((unsigned char)cell < sizeof symbols / sizeof symbols[0] && unicode)
        return symbols[(unsigned char)cell].unicode;
    buffer[0] = (unsigned char)cell < sizeof symbols / sizeof symbols[0] ? symbols[(unsigned char)cell].ascii : cell;
    buffer[1] = '\0';
    return buffer;
}

void cells_write(const struct cells *line, const struct ladder *ladder)
{
    /* A cell is at most 3 bytes, with a colour before and the end of one behind it at most 12. */
    char out[LADDER_WIDTH_MOST * 12 + 8];
    char buffer[2];
    uint32_t end = line->width;
    uint32_t length = 0;
    uint8_t color = CELL_PLAIN;

    while (end > 0 && line->cell[end - 1] == ' ')
        end--;
    for (uint32_t i = 0; i < end; i++) {
        uint8_t wanted = ladder->color ? line->color[i] : CELL_PLAIN;
        if (wanted != color && color != CELL_PLAIN)
            length = add(out, length, "\033[0m");
        if (wanted != color)
            length = add(out, length, colors[wanted]);
        color = wanted;
        length = add(out, length, cell_text(line->cell[i], ladder->unicode, buffer));
    }
    if (color != CELL_PLAIN)
        length = add(out, length, "\033[0m");
    out[length++] = '\n';
    ladder->write(ladder->context, out, length);
}
