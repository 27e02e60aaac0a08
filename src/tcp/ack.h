#ifndef SEPTET_TCP_ACK_H
#define SEPTET_TCP_ACK_H

#include <stdbool.h>
#include <stdint.h>

/* What one ACK told: recovery and congestion control read this and nothing else of the segment. */
struct ack {
    uint32_t acked;         /* bytes newly acknowledged cumulatively */
    uint32_t sacked;        /* bytes newly acknowledged selectively */
    uint32_t delivered;     /* both, each byte once: newly known to have arrived */
    uint32_t lost;          /* bytes newly marked lost */
    uint32_t flight_before; /* bytes in flight before this ACK */
    bool duplicate;         /* RFC 5681 section 2 */
    bool window_changed;
    bool congestion; /* it echoes a mark, RFC 3168 */
    bool dsack;
    bool resent;      /* of what was acknowledged cumulatively something was sent twice */
    bool app_limited; /* of the rate sample */
    bool rate_valid;
    int64_t sent_at; /* latest first transmission of a segment newly acknowledged and never sent again; 0 none */
    uint32_t prior_delivered; /* its record's, for the rate sample */
    int64_t prior_time, send_elapsed;
    int64_t rtt;            /* ns, -1 none */
    uint64_t delivery_rate; /* bytes per second, 0 unknown */
};

#endif
