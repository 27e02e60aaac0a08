#ifndef SEPTET_BASE_MEMORY_H
#define SEPTET_BASE_MEMORY_H

#include <stddef.h>

/* The only libc functions the core uses. Declared here because a freestanding
 * compiler has no <string.h>; a target without libc supplies them itself. */
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *a, const void *b, size_t length);

#endif
