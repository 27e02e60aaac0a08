#include "serve/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INTERVAL 100000000
#define BAR_MAX 60

static unsigned terminal_width(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void scaled(double value, double step, const char *const *units, unsigned count, char text[PROGRESS_TEXT])
{
    unsigned unit = 0;

    while (value >= step && unit + 1 < count) {
        value /= step;
        unit++;
    }
    snprintf(text, PROGRESS_TEXT, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

void progress_size(uint64_t bytes, char text[PROGRESS_TEXT])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};

    scaled((double)bytes, 1024, units, 5, text);
}

void progress_rate(uint64_t bytes, int64_t time, char text[PROGRESS_TEXT])
{
    static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s"};

    scaled(time > 0 ? (double)bytes * 8e9 / (double)time : 0, 1000, units, 4, text);
}

void progress_begin(struct progress *progress, bool wanted, int64_t now, uint64_t first)
{
    *progress = (struct progress){.shown = wanted && isatty(STDERR_FILENO) == 1, .begun = now, .first = first};
}

static void draw_bar(uint64_t bytes, uint64_t total, unsigned width)
{
    unsigned filled = total > 0 ? (unsigned)((double)bytes / (double)total * width) : width;

    fputc('[', stderr);
    for (unsigned i = 0; i < width; i++) {
        fputc(i < filled ? '=' : i == filled ? '>' : ' ', stderr);
    }
    fputs("] ", stderr);
}

void progress_update(struct progress *progress, int64_t now, uint64_t bytes, uint64_t total)
{
    char size[PROGRESS_TEXT], rate[PROGRESS_TEXT];
    uint64_t fresh = bytes - progress->first;
    unsigned width;

    if (!progress->shown || now - progress->drawn < INTERVAL) {
        return;
    }
    width = terminal_width();
    progress->drawn = now;
    progress_size(bytes, size);
    progress_rate(fresh, now - progress->begun, rate);
    fputc('\r', stderr);
    if (total != PROGRESS_UNKNOWN && bytes <= total) {
        unsigned bar = width > 50 ? width - 45 : 5;

        fprintf(stderr, "%3.0f%% ", total > 0 ? (double)bytes / (double)total * 100 : 100.0);
        draw_bar(bytes, total, bar < BAR_MAX ? bar : BAR_MAX);
        fprintf(stderr, "%10s %12s", size, rate);
        if (fresh > 0) {
            double left = (double)(now - progress->begun) / 1e9 / (double)fresh * (double)(total - bytes);

            fprintf(stderr, " %3.0f s", left < 999 ? left : 999.0);
        }
    } else {
        fprintf(stderr, "%10s %12s", size, rate);
    }
    fputs("\033[K", stderr);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown && progress->drawn != 0) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    progress->shown = false;
}
