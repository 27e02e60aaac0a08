#ifndef TESTS_SUPPORT_PAIR_H
#define TESTS_SUPPORT_PAIR_H

#include "septet/tcp.h"

/* Two stacks at the ends of a bad link in virtual time, each with an application that sends and reads at random: all
 * from one number. Whoever runs the same number twice gets the same packets at the same times. */

#define PAIR_LATEST (INT64_C(3) * 3600 * SEPTET_SECOND)

/* How one run may differ from another of the same number. */
struct pair_variant {
    bool slow_path;    /* without header prediction */
    bool no_merging;   /* without GRO */
    bool offload;      /* a device cuts super-segments */
    int64_t batch;     /* what arrives within so many ns comes in one septet_input; 0: one packet at a time */
    bool small_stacks; /* pages for next to nothing */
};

/* One packet as it left. */
struct pair_packet {
    int64_t time;
    uint64_t digest;
    uint32_t length;
    uint8_t from;
};

struct pair_result {
    struct pair_packet *packets; /* the caller's to free */
    uint32_t packet_count;
    uint64_t delivered[2]; /* digests of what each application read */
    uint32_t bytes[2];
    bool finished; /* everything was delivered, both ends closed, nothing left over, before PAIR_LATEST */
    char why[200]; /* if not */
};

void pair_run(uint64_t number, const struct pair_variant *variant, struct pair_result *result);

#endif
