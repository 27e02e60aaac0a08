/* Runs random worlds and prints a digest of their captures for each block: the same text on every machine.
 * usage: portable FIRST COUNT */
#include "portable/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool number(const char *text, uint64_t *value)
{
    char *end;
    *value = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

static bool run_blocks(uint64_t first, uint64_t count, uint8_t *memory)
{
    while (count > 0) {
        uint32_t block = count < PORTABLE_BLOCK ? (uint32_t)count : PORTABLE_BLOCK;
        uint64_t digest = 0;
        bool good = septet_portable_run(first, block, memory, PORTABLE_MEMORY, &digest);
        printf("worlds %" PRIu64 "..%" PRIu64 " %016" PRIx64 "%s\n", first, first + block - 1, digest,
               good ? "" : " failed");
        if (!good)
            return false;
        first += block;
        count -= block;
    }
    return true;
}

int main(int argc, char **argv)
{
    uint64_t first;
    uint64_t count;
    if (argc != 3 || !number(argv[1], &first) || !number(argv[2], &count)) {
        fprintf(stderr, "usage: %s FIRST COUNT\n", argv[0]);
        return 2;
    }
    uint8_t *memory = malloc(PORTABLE_MEMORY);
    if (!memory) {
        fprintf(stderr, "no memory: %zu bytes wanted\n", PORTABLE_MEMORY);
        return 1;
    }
    bool good = run_blocks(first, count, memory);
    free(memory);
    return good ? 0 : 1;
}
