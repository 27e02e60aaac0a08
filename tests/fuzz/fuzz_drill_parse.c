#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "drill/syntax.h"

/* The reader of packetdrill scripts: any bytes give a tree or an error with words and a line. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[1 << 16];
    static char defines[] = "STANDARD=1";
    struct arena arena;
    struct drill_defines names = {0};
    struct drill_script script;
    struct drill_error error = {0};

    arena_init(&arena, memory, sizeof memory);
    if (!drill_define_add(&arena, &names, slice_of(defines)))
        abort();
    if (!drill_parse(&arena, (const char *)data, size, &names, &script, &error)) {
        if (error.text[0] == '\0')
            abort();
        return 0;
    }
    uint32_t events = 0;
    for (const struct drill_event *event = script.events; event != NULL; event = event->next) {
        if (event->line == 0 || event->source.at < script.text.at ||
            event->source.at + event->source.length > script.text.at + script.text.length)
            abort();
        events++;
    }
    if (events == 0 || events != script.event_count)
        abort();
    return 0;
}
