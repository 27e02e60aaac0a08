/* Runs random worlds one after the other and says which of them breaks an invariant.
 * usage: random_worlds FIRST COUNT [--digests | --all]
 * Exit status: 0 none, 1 some (the first ten are printed, or --all), 2 usage. */
#include "lab/random_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FAILURES_SHOWN 10

struct tally {
    uint64_t worlds, failures, frames, connections, digest;
    int64_t time;
};

static bool read_number(const char *text, uint64_t *value)
{
    char *end;

    *value = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

static void add(struct tally *tally, const struct random_world_result *result, bool all)
{
    tally->worlds++;
    tally->frames += result->frames;
    tally->connections += result->connections;
    tally->time += result->time / 1000000;
    tally->digest = tally->digest * 31 + result->digest;
    if (!result->failed)
        return;
    tally->failures++;
    if (all || tally->failures <= FAILURES_SHOWN)
        printf("%s\n", result->failure);
    fflush(stdout);
}

static void report(const struct tally *tally, double seconds)
{
    printf("%" PRIu64 " worlds, %" PRIu64 " failed: %" PRIu64 " frames, %" PRIu64 " connections, %" PRId64
           " s of virtual time in %.1f s; digest %016" PRIx64 "\n",
           tally->worlds, tally->failures, tally->frames, tally->connections, tally->time / 1000, seconds,
           tally->digest);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct arena arena;
    struct random_world_result result;
    struct tally tally = {0};
    uint64_t first = 1;
    uint64_t count = 20000;
    clock_t begin = clock();
    bool digests = argc == 4 && strcmp(argv[3], "--digests") == 0;
    bool all = argc == 4 && strcmp(argv[3], "--all") == 0;

    if (argc > 1 && (argc > 4 || argc < 3 || !read_number(argv[1], &first) || !read_number(argv[2], &count) ||
                     (argc == 4 && !digests && !all))) {
        fprintf(stderr, "usage: %s FIRST COUNT [--digests | --all]\n", argv[0]);
        return 2;
    }
    void *memory = malloc(RANDOM_WORLD_MEMORY);
    if (!memory) {
        fprintf(stderr, "no memory: %zu bytes wanted\n", RANDOM_WORLD_MEMORY);
        return 1;
    }
    arena_init(&arena, memory, RANDOM_WORLD_MEMORY);
    for (uint64_t seed = first; seed - first < count; seed++) {
        random_world_run(&arena, seed, &result);
        add(&tally, &result, all);
        if (digests)
            printf("%" PRIu64 " %016" PRIx64 "\n", seed, result.digest);
        if (tally.worlds % 10000 == 0 && tally.worlds < count)
            report(&tally, (double)(clock() - begin) / CLOCKS_PER_SEC);
    }
    report(&tally, (double)(clock() - begin) / CLOCKS_PER_SEC);
    free(memory);
    return tally.failures ? 1 : 0;
}
