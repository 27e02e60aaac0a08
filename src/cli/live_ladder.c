#include "cli/live_ladder.h"

#include "report/live.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct live_ladder {
    struct service service;
    FILE *file;
    bool drawn; /* something since the last flush */
    struct live live;
};

static void write_text(void *context, const char *text, size_t length)
{
    struct live_ladder *ladder = context;

    (void)fwrite(text, 1, length, ladder->file);
    ladder->drawn = true;
}

static uint32_t width_of(FILE *file)
{
    struct winsize size;

    if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col < LADDER_WIDTH_LEAST) {
        return LADDER_WIDTH_LEAST;
    }
    return size.ws_col < LADDER_WIDTH_MOST ? size.ws_col : LADDER_WIDTH_MOST;
}

static int64_t on_work(struct service *service, int64_t now)
{
    struct live_ladder *ladder = (struct live_ladder *)service;

    live_flush(&ladder->live, now, false);
    if (ladder->drawn) {
        (void)fflush(ladder->file);
        ladder->drawn = false;
    }
    return ladder->live.current != NULL && ladder->live.current->folded > 0 ? now + 100 * SEPTET_MILLISECOND
                                                                            : SEPTET_NEVER;
}

static void on_event(struct service *service, const struct septet_event *event)
{
    (void)service;
    (void)event;
}

struct service *live_ladder_start(FILE *file)
{
    struct live_ladder *ladder = calloc(1, sizeof *ladder);
    struct ladder drawing = {.write = write_text, .context = ladder, .width = width_of(file)};

    if (ladder == NULL) {
        return NULL;
    }
    (void)setlocale(LC_CTYPE, "");
    drawing.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    drawing.color = isatty(fileno(file)) == 1 && getenv("NO_COLOR") == NULL;
    ladder->service = (struct service){.event = on_event, .work = on_work};
    ladder->file = file;
    live_begin(&ladder->live, &drawing);
    return &ladder->service;
}

void live_ladder_trace(struct service *service, const struct septet_trace_event *event)
{
    live_trace(&((struct live_ladder *)service)->live, event);
}

void live_ladder_end(struct service *service)
{
    struct live_ladder *ladder = (struct live_ladder *)service;

    if (ladder != NULL) {
        live_flush(&ladder->live, 0, true);
        (void)fflush(ladder->file);
        free(ladder);
    }
}
