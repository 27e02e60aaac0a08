#ifndef SEPTET_EXPLAIN_FLOW_H
#define SEPTET_EXPLAIN_FLOW_H

#include "base/range_set.h"
#include "base/siphash.h"
#include "explain/explain.h"

/* Private to src/explain: what is kept of a conversation while it goes on. */

#define RECORDS_LEAST 16u
#define RECORDS_MOST 512u
#define RANGES_LEAST 30u
#define RANGES_MOST 2046u
#define UNSEEN_MOST 8u
#define RTT_BUCKETS 112u

/* A segment that was sent. */
struct record {
    int64_t time;
    uint64_t frame;
    uint32_t seq, end, ack, ts_val, ip_id;
    uint16_t window, flags;
    uint8_t ttl;
    bool has_timestamps, resent;
};

/* The sequence space of one end, and what that end knows. */
struct side {
    bool started;                     /* a segment of it was seen */
    bool acked_known;                 /* the peer has acknowledged something */
    uint32_t low, high;               /* all below low was seen or acknowledged; the highest end seen */
    struct range_set *seen;           /* above low; NULL: nothing */
    struct range unseen[UNSEEN_MOST]; /* acknowledged by the peer and never captured */
    uint32_t unseen_count;
    struct record *records;           /* a ring; NULL: none yet */
    uint32_t capacity, made, unacked; /* records made ever; the first that is not acknowledged */
    uint32_t acked;                   /* by the peer */
    uint64_t acked_frame;
    int64_t acked_time, advanced; /* when acked and high grew */
    uint32_t duplicates;          /* ACKs of the peer that say `acked` again */
    uint32_t sacked;              /* highest edge of the peer's SACK blocks */
    bool has_sacked;
    bool window_known, window_closed;
    uint16_t window_field;
    uint64_t window; /* that this end offers last */
    int64_t window_closed_time;
    uint64_t window_closed_frame;
    uint8_t last_verdict;
    bool recovering;
    uint32_t recover; /* high when recovery began */
    int64_t limit_mark;
    int64_t wait_small;   /* when a small segment left that is not acknowledged; 0 */
    int64_t small_waited; /* how long the last one took */
    bool waits_for_window;
    uint32_t silly;     /* small segments that filled a small window */
    int64_t reset_time; /* when a reset was on its way to it */
    bool has_stamp;     /* of its time stamp clock: */
    uint32_t first_stamp;
    int64_t first_stamp_time;
    /* facts for the state */
    bool sent_syn, got_syn, got_syn_seen;
    bool syn_acked, syn_acked_seen;
    bool sent_fin, got_fin, got_fin_seen, fin_acked, fin_acked_seen, fin_first;
    bool fin_acks_fin; /* its FIN acknowledges that of the peer */
    bool reset, reset_seen;
    uint32_t fin_end;
    uint64_t resent_rto_frame;
    uint32_t *bucket; /* RTT_BUCKETS of them; NULL: no sample yet */
};

struct flow {
    struct explain_conversation conversation;
    struct side side[2];
    struct explain_finding *findings;
    uint32_t finding_count, finding_capacity;
    uint64_t memory;       /* beside this struct */
    uint32_t entry;        /* in the table */
    uint32_t older, newer; /* entries with a flow, in the order of use */
    bool over;             /* nothing more is to be expected */
    bool first_data_seen;
    uint8_t data_side; /* who sent data last */
    int64_t data_time[2];
};

/* A segment that waits alone: the SYN of a conversation nobody has answered yet. */
struct lone_syn {
    void *owner; /* of the conversation */
    int64_t time;
    uint64_t frame;
    uint32_t seq, ts_val, ip_id;
    uint16_t window, flags, mss, length;
    uint8_t scale, ttl, tos, options; /* bits of LONE_… */
};
#define LONE_MSS 1u
#define LONE_SCALE 2u
#define LONE_SACK 4u
#define LONE_TIMESTAMPS 8u
#define LONE_VERSION_6 16u
#define LONE_FAST_OPEN 32u

enum entry_kind { entry_free, entry_lone, entry_flow, entry_ended };

/* What the table holds of a stream: 112 bytes; the rest is there only once both ends have spoken. */
struct entry {
    struct septet_address address[2]; /* of the sides */
    uint16_t port[2];
    uint32_t stream;
    uint32_t first[2]; /* numbers that are 0 relatively; see started */
    uint8_t kind, started, reused;
    union {
        struct flow *flow;
        struct lone_syn lone;
    };
};

#define ENTRIES_IN_CHUNK 4096u

struct table {
    struct entry **chunks;
    uint32_t chunk_count, count; /* entries 0 … count - 1 */
    uint32_t *slots;             /* entry + 1; 0 free */
    uint32_t slot_mask;
    struct siphash_key key;
    uint64_t memory;
};

struct explain {
    struct explain_config config;
    struct explain_check check;
    struct table table;
    struct flow *scratch;    /* for what is told of an entry that has no flow */
    uint32_t oldest, newest; /* entry + 1 with a flow, by use */
    uint64_t memory;
    int64_t now;
    bool quiet; /* a segment that was told before is taken again */
    struct septet_address scanner, victim;
    uint32_t lone_count;
};

bool table_init(struct table *table, const uint64_t key[2]);
void table_end(struct table *table);
struct entry *table_at(const struct table *table, uint32_t index);
/* The newest entry of two ends in either order; *side: which of its sides the source is. UINT32_MAX: none. */
uint32_t table_find(const struct table *table, const struct dissection *dissection, uint8_t *side);
/* A new entry, the one that is found from now on. UINT32_MAX: no memory. */
uint32_t table_add(struct table *table, const struct dissection *dissection, uint8_t side);

struct flow *flow_create(struct explain *explain, uint32_t entry);
void flow_clear(struct explain *explain, struct flow *flow);
void flow_begin(struct flow *flow, const struct entry *entry);
struct explain_finding *flow_find(struct flow *flow, unsigned kind, unsigned side);
void flow_note(struct flow *flow, unsigned kind, unsigned side, const struct explain_segment *segment, uint64_t bytes,
               unsigned certainty);
/* Takes a segment: judges it, keeps what must be known of it. */
void flow_take(struct explain *explain, struct flow *flow, struct explain_segment *segment);
/* Judges a segment against the sequence spaces, and enters it there. */
void flow_judge(struct explain *explain, struct flow *flow, struct explain_segment *segment);
/* States of both ends and the steps of opening and closing. */
void flow_state(struct flow *flow, struct explain_segment *segment);
/* Numbers that can only be told at the end, and the findings. */
void flow_finish(struct flow *flow);
/* A round trip from data of an end to its acknowledgement. */
void flow_rtt(struct flow *flow, unsigned who, int64_t rtt);

static inline uint32_t segment_space(const struct explain_segment *s)
{
    return s->length + ((s->flags & TCP_SYN) != 0) + ((s->flags & TCP_FIN) != 0);
}

#endif
