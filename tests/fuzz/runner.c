/* Runs a fuzz target without libFuzzer: files first, then inputs made by mutating them or from nothing.
 * usage: fuzz_<name> [--random COUNT] [--seed NUMBER] [FILE | DIRECTORY]... */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_LIMIT 4096
#define CORPUS_LIMIT 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    uint8_t *bytes;
    size_t length;
};

static struct input corpus[CORPUS_LIMIT];
static size_t corpus_count;
static uint64_t state = 1;

/* splitmix64 */
static uint64_t next_random(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t below(size_t bound) { return bound ? (size_t)(next_random() % bound) : 0; }

/* The input has a block of its own of exactly its size, so that ASan sees the first byte read beyond it. */
static void run(const uint8_t *bytes, size_t length)
{
    uint8_t *exact = malloc(length ? length : 1);
    if (!exact) {
        fprintf(stderr, "no memory for an input of %zu bytes\n", length);
        exit(1);
    }
    memcpy(exact, bytes, length);
    LLVMFuzzerTestOneInput(length ? exact : exact + 1, length);
    free(exact);
}

static bool read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return false;
    }
    uint8_t *bytes = malloc(1 << 20);
    size_t length = bytes ? fread(bytes, 1, 1 << 20, file) : 0;
    fclose(file);
    if (!bytes)
        return false;
    run(bytes, length);
    if (corpus_count < CORPUS_LIMIT)
        corpus[corpus_count++] = (struct input){bytes, length};
    else
        free(bytes);
    return true;
}

static bool read_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return true; /* a target without a corpus starts from nothing */
    if (!S_ISDIR(status.st_mode))
        return read_file(path);
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    bool good = count >= 0;
    for (int i = 0; i < count; i++) {
        char name[4096];
        int length = snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && length > 0 && (size_t)length < sizeof name)
            good = read_file(name) && good;
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return good;
}

static size_t make_random(uint8_t *bytes)
{
    size_t length = below(next_random() % 8 ? 128 : INPUT_LIMIT);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)next_random();
    return length;
}

static size_t mutate(uint8_t *bytes, size_t length)
{
    static const uint8_t interesting[] = {0, 1, 2, 4, 0x7f, 0x80, 0xfe, 0xff};
    for (size_t rounds = 1 + below(8); rounds > 0 && length > 0; rounds--) {
        size_t at = below(length);
        switch (next_random() % 6) {
        case 0:
            bytes[at] ^= (uint8_t)(1U << below(8));
            break;
        case 1:
            bytes[at] = (uint8_t)next_random();
            break;
        case 2:
            bytes[at] = interesting[below(sizeof interesting)];
            break;
        case 3:
            length = at;
            break;
        case 4:
            memmove(bytes + at, bytes + at + 1, --length - at);
            break;
        default:
            if (length < INPUT_LIMIT) {
                memmove(bytes + at + 1, bytes + at, length++ - at);
                bytes[at] = (uint8_t)next_random();
            }
            break;
        }
    }
    return length;
}

static void run_random(unsigned long count)
{
    static uint8_t bytes[INPUT_LIMIT];
    for (unsigned long i = 0; i < count; i++) {
        size_t length;
        if (corpus_count > 0 && next_random() % 8) {
            const struct input *base = &corpus[below(corpus_count)];
            length = base->length < INPUT_LIMIT ? base->length : INPUT_LIMIT;
            memcpy(bytes, base->bytes, length);
            length = mutate(bytes, length);
        } else {
            length = make_random(bytes);
        }
        run(bytes, length);
    }
}

static bool number(const char *text, unsigned long *value)
{
    char *end;
    *value = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

int main(int argc, char **argv)
{
    unsigned long count = 0;
    unsigned long seed = 1;
    bool good = true;
    for (int i = 1; i < argc; i++) {
        unsigned long *option = NULL;
        if (strcmp(argv[i], "--random") == 0)
            option = &count;
        else if (strcmp(argv[i], "--seed") == 0)
            option = &seed;
        if (!option) {
            good = read_path(argv[i]) && good;
        } else if (++i == argc || !number(argv[i], option)) {
            fprintf(stderr, "usage: %s [--random COUNT] [--seed NUMBER] [FILE | DIRECTORY]...\n", argv[0]);
            return 2;
        }
    }
    state = seed;
    run_random(count);
    printf("%zu files, %lu made inputs\n", corpus_count, count);
    for (size_t i = 0; i < corpus_count; i++)
        free(corpus[i].bytes);
    return good ? 0 : 1;
}
