#include "memory_pair.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PORT = 7 };

size_t memory_chunk(uint32_t segment) { return (size_t)segment * (segment > 4096 ? 2 : SEPTET_BATCH); }

void memory_report(struct bench_run *run, const struct meter *meter, uint32_t segment, const char *prefix)
{
    double segments = (double)meter->work / segment;
    run->units = segments * 2;
    if (run->work)
        return;
    bench_figure(run, (double)meter->work * 8 / (double)meter->cpu, "Gbit/s", "%srate", prefix);
    bench_figure(run, (double)meter->cpu / run->units, "ns", "%sns_per_segment", prefix);
}

struct septet_address memory_address(enum memory_end end)
{
    return septet_address_ipv4(10, 7, 0, end == CLIENT ? 1 : 2);
}

static bool open_end(struct bench_run *run, struct memory_pair *pair, enum memory_end end,
                     const struct septet_config *shared, uint32_t offloads)
{
    struct septet_config config = *shared;
    struct septet_interface interface = {.name = "memory", .mtu = 1500, .offloads = offloads};
    struct septet_address address = memory_address(end);
    int error = SEPTET_INVALID;
    config.seed[0] = 7 + end;
    size_t size = septet_memory_size(&config);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (size == 0 || memory == MAP_FAILED) {
        bench_skip(run, "no memory for a stack of %zu bytes", size);
        return false;
    }
    pair->memory[end].start = memory;
    pair->memory[end].size = size;
    madvise(memory, size, run->size ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    pair->stack[end] = septet_create(&config, memory, size, &error);
    int index = pair->stack[end] ? septet_interface_add(pair->stack[end], &interface) : error;
    if (index >= 0)
        error = septet_address_add(pair->stack[end], (unsigned)index, &address, 24, true);
    if (index < 0 || error < 0) {
        bench_skip(run, "no stack: %s", septet_error_text(index < 0 ? index : error));
        return false;
    }
    pair->wire.stack[end] = pair->stack[end];
    pair->wire.interface[end] = (uint16_t)index;
    return true;
}

bool memory_pair_open(struct bench_run *run, struct memory_pair *pair, const struct septet_config *config,
                      uint32_t offloads)
{
    *pair = (struct memory_pair){.now = config->now};
    if (open_end(run, pair, CLIENT, config, offloads) && open_end(run, pair, SERVER, config, offloads))
        return true;
    memory_pair_close(pair);
    return false;
}

void memory_pair_close(struct memory_pair *pair)
{
    for (int end = 0; end < 2; end++)
        if (pair->memory[end].start)
            munmap(pair->memory[end].start, pair->memory[end].size);
    *pair = (struct memory_pair){0};
}

void memory_pair_advance(struct memory_pair *pair, int64_t ns)
{
    pair->now += ns;
    septet_advance(pair->stack[CLIENT], pair->now);
    septet_advance(pair->stack[SERVER], pair->now);
}

bool memory_pair_connect(struct bench_run *run, struct memory_pair *pair, septet_handle connection[2])
{
    struct septet_address server = memory_address(SERVER);
    struct septet_event event;
    septet_handle listener;
    int error = septet_listen(pair->stack[SERVER], NULL, PORT, 1, &listener);
    if (error >= 0)
        error = septet_connect(pair->stack[CLIENT], NULL, 0, &server, PORT, &connection[CLIENT]);
    if (error >= 0 && !memory_link_settle(&pair->wire, 1, 100))
        error = SEPTET_TIMED_OUT;
    if (error >= 0)
        error = septet_accept(pair->stack[SERVER], listener, &connection[SERVER]);
    if (error < 0)
        bench_skip(run, "no connection: %s", septet_error_text(error));
    for (int end = 0; end < 2; end++)
        while (septet_next_event(pair->stack[end], &event)) {
        }
    return error >= 0;
}

size_t memory_pair_touched(const struct memory_pair *pair, enum memory_end end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (pair->memory[end].size + page - 1) / page, touched = 0;
    unsigned char *resident = malloc(pages);
    if (resident && mincore(pair->memory[end].start, pair->memory[end].size, resident) == 0)
        for (size_t i = 0; i < pages; i++)
            touched += resident[i] & 1;
    free(resident);
    return touched * page;
}
