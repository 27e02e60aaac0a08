#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "drill/drill.h"

/* Whole scripts: commands, packets, calls. Any bytes give a verdict, and one that is not "passed" a reason. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void *memory;
    struct arena arena;
    struct drill_report report;
    if (memory == NULL && (memory = malloc(DRILL_MEMORY)) == NULL)
        abort();
    arena_init(&arena, memory, DRILL_MEMORY);
    const struct drill_request request = {.text = (const char *)data, .length = size, .arena = &arena};
    drill_run(&request, &report);
    if (report.verdict != DRILL_PASSED && report.reason[0] == '\0')
        abort();
    return 0;
}
