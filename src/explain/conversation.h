#ifndef SEPTET_EXPLAIN_CONVERSATION_H
#define SEPTET_EXPLAIN_CONVERSATION_H

#include "explain/segment.h"

/* One conversation (a stream, in Wireshark's words) and what was found about it. */

enum explain_finding_kind {
#define FINDING(name, severity, title, title_zh) explain_finding_##name,
#include "explain/finding.def"
#undef FINDING
    EXPLAIN_FINDINGS
};

enum explain_teardown {
#define TEARDOWN(name, text) explain_teardown_##name,
#include "explain/teardown.def"
#undef TEARDOWN
};

enum explain_limit {
    explain_limit_receiver,
    explain_limit_sender,
    explain_limit_congestion,
    explain_limit_application,
    EXPLAIN_LIMITS
};

/* All findings of one kind and side of a conversation. */
struct explain_finding {
    uint8_t kind, side, certainty;
    uint64_t count, bytes;
    uint64_t first_frame, last_frame;
    int64_t first_time, last_time;
    int64_t duration; /* ns, of what takes time; the longest */
};

struct explain_end {
    struct septet_address address;
    uint16_t port;
    bool isn_known, options_known; /* its SYN was captured */
    uint32_t isn;                  /* or the number before the first one that was seen */
    bool has_mss, has_scale, sack_permitted, timestamps, fast_open;
    uint16_t mss;
    uint8_t scale;
    uint64_t packets, bytes; /* segments; payload, with what was sent again */
    uint64_t unique_bytes;   /* of the sequence space that were seen */
    uint64_t resent, resent_bytes, late, captured_twice, cannot_tell;
    uint64_t duplicate_acks, zero_windows, keep_alives, probes, ce_marks, missing_bytes;
    uint64_t fin_frame, rst_frame; /* first; 0 none */
    int64_t fin_time;
    uint64_t rtt_samples; /* from its data to the peer's ACK, seen at the capture point */
    int64_t rtt_least, rtt_median, rtt_most, rto_observed; /* ns; 0 none */
    int64_t limit[EXPLAIN_LIMITS];                         /* ns that its sending was limited by … */
    int64_t think;                 /* ns between the peer's last data and its first answer, over all turns */
    uint64_t goodput;              /* bytes a second, between its first and last data */
    int64_t first_data, last_data; /* times; 0 none */
    struct explain_state state;    /* in the end */
};

struct explain_conversation {
    uint32_t stream;      /* as tshark numbers them */
    bool guessed;         /* no SYN: who is client was guessed */
    bool scaled;          /* both SYNs had a window scale */
    bool reused;          /* the same ports had a stream before */
    bool complete;        /* handshake, data, and close by FINs all in the capture */
    uint8_t closed_first; /* side of the first FIN or RST */
    uint8_t teardown;     /* enum explain_teardown */
    struct explain_end end[2];
    int64_t first_time, last_time;
    uint64_t first_frame, last_frame;
    uint64_t open_frame[3]; /* of the handshake; 0: not seen */
    int64_t open_time[3];
    uint64_t close_frame[4]; /* FIN, ACK, FIN, ACK; the same number twice where they merge; 0: not seen */
    int64_t close_time[4];
    uint64_t request_frame, response_frame; /* first data of client and server */
    int64_t request_time, response_time;
    int64_t initial_rtt; /* SYN to the ACK of SYN,ACK; 0 not known */
    uint32_t syns;       /* sent by the client */
    uint64_t turns;      /* changes of who sends data, from the client to the server */
    uint32_t findings;   /* filled when the conversation is over */
    const struct explain_finding *finding;
    void *owner; /* for whoever observes: NULL at first, kept as it is set */
};

/* The name in finding.def, its title, and how serious it is (0…3). */
const char *explain_finding_name(unsigned kind);
const char *explain_finding_title(unsigned kind, bool chinese);
unsigned explain_finding_severity(unsigned kind);
const char *explain_teardown_name(unsigned teardown);
const char *explain_teardown_text(unsigned teardown);
const char *explain_limit_name(unsigned limit);
/* A sentence about a finding that a student understands. */
void explain_finding_text(const struct explain_finding *finding, char *text, size_t size);
/* How bad a conversation is: larger is worse. */
uint64_t explain_badness(const struct explain_conversation *conversation);

#endif
