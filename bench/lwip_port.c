#include "lwip_port.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <lwip/inet_chksum.h>
#include <lwip/mem.h>

#include "base/checksum.h"

#define EXPORT __attribute__((visibility("default"), used))

/* ---- checksums ---- */

static struct {
    __typeof__(&ip_chksum_pseudo) whole;
    __typeof__(&ip_chksum_pseudo_partial) part;
    bool off;
} sums;

void lwip_port_bind(const struct lwip_host *host)
{
    sums.whole = host->ip_chksum_pseudo;
    sums.part = host->ip_chksum_pseudo_partial;
}

void lwip_port_checksums(bool wanted) { sums.off = !wanted; }

u16_t lwip_standard_chksum(const void *data, int length); /* lwIP declares it for itself only */

EXPORT u16_t lwip_standard_chksum(const void *data, int length)
{
    struct checksum checksum = {0};
    checksum_add(&checksum, data, (uint32_t)length);
    return htons((uint16_t)~checksum_finish(&checksum));
}

EXPORT u16_t lwip_chksum_copy(void *to, const void *from, u16_t length)
{
    memcpy(to, from, length);
    return sums.off ? 0 : lwip_standard_chksum(to, length);
}

EXPORT u16_t ip_chksum_pseudo(struct pbuf *packet, u8_t protocol, u16_t length, const ip_addr_t *from,
                              const ip_addr_t *to)
{
    return sums.off ? 0 : sums.whole(packet, protocol, length, from, to);
}

EXPORT u16_t ip_chksum_pseudo_partial(struct pbuf *packet, u8_t protocol, u16_t length, u16_t part,
                                      const ip_addr_t *from, const ip_addr_t *to)
{
    return sums.off ? 0 : sums.part(packet, protocol, length, part, from, to);
}

/* ---- locks: one thread needs none ---- */

EXPORT sys_prot_t sys_arch_protect(void) { return 0; }

EXPORT void sys_arch_unprotect(sys_prot_t level) { (void)level; }

/* ---- memory: a free list for each size, over slabs ---- */

enum { UNIT = 64, CLASSES = 1100, SLAB = 1 << 20 };

struct block {
    size_t size; /* as asked for */
    struct block *next;
    uint8_t bytes[];
};

static struct {
    struct block *free[CLASSES];
    struct slab {
        struct slab *next;
        uint8_t pad[UNIT - sizeof(struct slab *)];
        uint8_t bytes[SLAB];
    } * slabs;
    size_t used; /* of the first slab */
    int64_t allocated;
    uint64_t calls;
} heap;

static size_t class_of(size_t size) { return (size + sizeof(struct block) + UNIT - 1) / UNIT; }

static struct block *carve(size_t size)
{
    if (!heap.slabs || heap.used + size > SLAB) {
        struct slab *slab = aligned_alloc(UNIT, sizeof *slab);
        if (!slab)
            return NULL;
        slab->next = heap.slabs;
        heap.slabs = slab;
        heap.used = 0;
    }
    heap.used += size;
    return (struct block *)(void *)(heap.slabs->bytes + heap.used - size);
}

EXPORT void *mem_malloc(mem_size_t size)
{
    size_t class = class_of(size);
    if (class >= CLASSES)
        return NULL;
    struct block *block = heap.free[class];
    if (block)
        heap.free[class] = block->next;
    else if (!(block = carve(class * UNIT)))
        return NULL;
    block->size = size;
    heap.allocated += (int64_t)size;
    heap.calls++;
    return block->bytes;
}

EXPORT void mem_free(void *memory)
{
    if (!memory)
        return;
    struct block *block = (struct block *)(void *)((uint8_t *)memory - offsetof(struct block, bytes));
    size_t class = class_of(block->size);
    heap.allocated -= (int64_t)block->size;
    block->next = heap.free[class];
    heap.free[class] = block;
}

EXPORT void *mem_calloc(mem_size_t count, mem_size_t size)
{
    void *memory = mem_malloc(count * size);
    return memory ? memset(memory, 0, count * size) : NULL;
}

EXPORT void *mem_trim(void *memory, mem_size_t size)
{
    (void)size;
    return memory;
}

int64_t lwip_port_allocated(void) { return heap.allocated; }

bool lwip_port_in_use(void) { return heap.calls > 0; }

void lwip_port_release(void)
{
    for (struct slab *slab = heap.slabs, *next; slab; slab = next) {
        next = slab->next;
        free(slab);
    }
    memset(&heap, 0, sizeof heap);
}
