#ifndef SEPTET_EXPLAIN_CHECK_H
#define SEPTET_EXPLAIN_CHECK_H

#include "base/range_set.h"

/* What the capture itself makes uncertain: told before anything else. */
struct explain_check {
    uint64_t frames, bytes; /* bytes as on the wire */
    uint64_t tcp, udp, icmp, other, fragments, stopped;
    int64_t first_time, last_time;
    uint64_t cut;            /* frames shorter than on the wire (snap length) */
    uint64_t drops;          /* lost by the capture, as it says */
    uint64_t backwards;      /* frames with a time before that of the one before */
    uint64_t captured_twice; /* TCP segments */
    uint64_t super_packets;  /* longer than the MSS: captured before segmentation or after merging */
    uint64_t missing;        /* bytes acknowledged that were never captured */
    uint64_t tunnelled, vlan;
    uint64_t untracked; /* segments of conversations for which --max-memory left no room */
    uint64_t after_end; /* segments of conversations that had been released */
    uint32_t conversations, mid_stream, one_direction, half_open, refused;
    uint32_t most_half_open_port; /* unanswered SYNs: ports of one server asked by one client (port scan) */
    bool syn_flood, port_scan;
};

#endif
