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

/* ---- memory: a free list for each size ---- */

enum { UNIT = 64, CLASSES = 64 };

struct block {
    size_t size; /* as asked for */
    struct block *next;
    uint8_t bytes[];
};

static struct {
    struct block *free[CLASSES];
    int64_t allocated;
    uint64_t calls;
} heap;

static size_t class_of(size_t size) { return (size + sizeof(struct block) + UNIT - 1) / UNIT; }

EXPORT void *mem_malloc(mem_size_t size)
{
    size_t class = class_of(size);
    struct block *block = class < CLASSES ? heap.free[class] : NULL;
    if (block)
        heap.free[class] = block->next;
    else if (!(block = malloc(class * UNIT)))
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
    if (class >= CLASSES) {
        free(block);
        return;
    }
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
