#include "base/slab.h"

#include "base/memory.h"

void slab_init(struct slab *slab, void *memory, uint32_t size, uint32_t total)
{
    *slab = (struct slab){.memory = memory, .size = size, .total = total};
}

uint32_t slab_take(struct slab *slab)
{
    uint32_t reference = slab->free;

    if (reference != 0) {
        memcpy(&slab->free, slab_at(slab, reference), sizeof slab->free);
    } else if (slab->fresh < slab->total) {
        reference = ++slab->fresh;
    } else {
        return 0;
    }
    if (++slab->used > slab->high) {
        slab->high = slab->used;
    }
    return reference;
}

void slab_return(struct slab *slab, uint32_t reference)
{
    if (reference == 0 || reference > slab->fresh) {
        return;
    }
    memcpy(slab_at(slab, reference), &slab->free, sizeof slab->free);
    slab->free = reference;
    slab->used--;
}
