#ifndef SEPTET_EXPLAIN_SEGMENT_H
#define SEPTET_EXPLAIN_SEGMENT_H

#include "wire/tcp.h"

/* One TCP segment of a capture with what is judged of it. */

enum explain_verdict {
#define VERDICT(name, text) explain_verdict_##name,
#include "explain/verdict.def"
#undef VERDICT
    EXPLAIN_VERDICTS
};

enum explain_evidence {
#define EVIDENCE(name) explain_evidence_##name,
#include "explain/evidence.def"
#undef EVIDENCE
};

enum explain_certainty { explain_guess, explain_likely, explain_certain };

/* What Wireshark 4 would print, by its own rules. */
enum explain_label {
    explain_label_none,
    explain_label_retransmission,
    explain_label_fast,
    explain_label_spurious,
    explain_label_out_of_order,
    explain_label_keep_alive
};

/* Steps that a segment is; several may fall on one. */
#define EXPLAIN_OPEN_1 0x001   /* SYN */
#define EXPLAIN_OPEN_2 0x002   /* SYN,ACK */
#define EXPLAIN_OPEN_3 0x004   /* ACK of it */
#define EXPLAIN_REQUEST 0x008  /* first data of the client */
#define EXPLAIN_RESPONSE 0x010 /* first data of the server */
#define EXPLAIN_CLOSE_1 0x020  /* first FIN */
#define EXPLAIN_CLOSE_2 0x040  /* ACK of it */
#define EXPLAIN_CLOSE_3 0x080  /* second FIN */
#define EXPLAIN_CLOSE_4 0x100  /* ACK of it */
#define EXPLAIN_RESET 0x200

/* The state of an end as the capture point can know it. */
struct explain_state {
    uint8_t state; /* enum septet_state */
    bool inferred; /* the end has sent nothing yet that proves it */
};

struct explain_segment {
    uint64_t frame; /* number in the capture */
    int64_t time;   /* ns since 1970 */
    uint32_t seq, ack, relative_seq, relative_ack;
    uint32_t length; /* payload, as the headers say */
    uint64_t window; /* bytes, when window_known; else the field */
    uint16_t window_field, flags;
    uint8_t side; /* who sent it: 0 client (left), 1 server */
    uint8_t header_length, ttl, dscp, ecn;
    bool window_known; /* the scale is known, or this is a SYN */
    bool has_timestamps, dsack, ip_version_6;
    uint8_t options_length, sack_count;
    uint8_t options[TCP_OPTIONS_MAX];
    struct sack_block sack[4];
    uint32_t ts_val, ts_ecr, ip_id; /* ip_id 0: none */
    uint16_t steps;                 /* EXPLAIN_… */
    uint8_t verdict, certainty, evidence, label;
    uint64_t other_frame;            /* that the evidence speaks of; 0 none */
    uint32_t own_value, other_value; /* that the evidence compares */
    int64_t apart;                   /* ns between this and the other frame */
    struct explain_state state[2];   /* of client and server, after this segment */
    int64_t rtt;                     /* that this ACK measures; -1: none */
    uint64_t rtt_frame;              /* that it acknowledges */
    uint32_t in_flight;              /* bytes of the sender not acknowledged, after this segment */
    uint32_t opens_hole;             /* bytes missing before this segment */
};

/* "resent after a timeout" … */
const char *explain_verdict_text(unsigned verdict);
/* The name in verdict.def: "timeout". */
const char *explain_verdict_name(unsigned verdict);
/* "Retransmission", "Out-Of-Order"; NULL for none. */
const char *explain_label_text(unsigned label);
/* "certain", "likely", "guess". */
const char *explain_certainty_text(unsigned certainty);
/* True when Wireshark's label says something else than the verdict. */
bool explain_label_differs(const struct explain_segment *segment);
/* The evidence as a sentence, always ended by NUL; empty when there is nothing to say. */
void explain_evidence_text(const struct explain_segment *segment, char *text, size_t size);

#endif
