#ifndef SEPTET_PORTS_PORTABLE_RUN_H
#define SEPTET_PORTS_PORTABLE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that any block of worlds can be run in. */
#define PORTABLE_MEMORY ((size_t)64 << 20)
/* Worlds behind one digest: small enough to find the one that differs. */
#define PORTABLE_BLOCK 10

/**
 * Runs the random worlds with the seeds first_seed, first_seed + 1, ... (count of them, at least 1) one after
 * the other inside `memory` (size bytes, aligned to 16) and writes one digest of all bytes of all their captures
 * to *digest. Returns false when a world broke an invariant or the memory did not suffice; *digest then covers
 * what was captured until there. The result depends on the seeds only, not on memory, its address or earlier calls.
 */
bool septet_portable_run(uint64_t first_seed, uint32_t count, uint8_t *memory, size_t size, uint64_t *digest);

#endif
