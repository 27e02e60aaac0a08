/* mem* for a machine without libc. WebAssembly's bulk memory instructions do the work: the builtins
 * become memory.copy and memory.fill, never a call of the function they stand in. */
#include "base/memory.h"

#ifndef __wasm_bulk_memory__
#error "compile with -mbulk-memory"
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t length) { return __builtin_memcpy(to, from, length); }

void *memmove(void *to, const void *from, size_t length) { return __builtin_memmove(to, from, length); }

void *memset(void *to, int value, size_t length) { return __builtin_memset(to, value, length); }

int memcmp(const void *a, const void *b, size_t length)
{
    const unsigned char *left = a;
    const unsigned char *right = b;
    for (size_t i = 0; i < length; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}
