#include "tcp/cc.h"
#include "tcp/record.h"

/* What an ACK tells: RFC 9293 section 3.10.7.4 fifth, gathered into one struct ack. */

struct flight *flight_begin(struct tcp *tcp, struct connection *c)
{
    if (c->flight != 0)
        return tcp_flight(tcp, c);
    c->flight = slab_take(&tcp->flights); /* as many as connections: never refused */
    struct flight *flight = tcp_flight(tcp, c);
    *flight = (struct flight){
        .high_rxt = c->snd_una,
        .lost_below = c->snd_una,
        .highest_sacked = c->snd_una,
        .resend_split = c->snd_una - 1,
        .delivered_at = tcp->core->now,
        .first_sent_at = tcp->core->now,
    };
    c->progress_at = compact_clock(tcp->core->now);
    return flight;
}

void flight_end(struct tcp *tcp, struct connection *c)
{
    struct flight *flight = tcp_flight(tcp, c);
    if (flight == NULL)
        return;
    stream_clear(&flight->records, &tcp->core->pages);
    slab_return(&tcp->flights, c->flight);
    c->flight = 0;
}

uint32_t flight_size(const struct tcp *tcp, const struct connection *c)
{
    const struct flight *flight = tcp_flight(tcp, c);
    if (flight == NULL)
        return 0;
    const uint32_t outstanding = c->snd_nxt - c->snd_una + flight->retransmitted;
    const uint32_t gone = flight->sacked + flight->lost;
    return outstanding > gone ? outstanding - gone : 0;
}

/* Takes note of segments that have arrived: `mask` of them in a record, none of them SACKed before. */
static void segments_acknowledged(struct connection *c, struct flight *flight, struct record *record, uint64_t mask,
                                  struct ack *ack)
{
    const uint32_t bytes = record_bytes(record, mask);
    const uint64_t twice = mask & (record->lost | record->retransmitted);
    if (twice != 0) {
        flight->lost -= record_bytes(record, mask & record->lost);
        flight->retransmitted -= record_bytes(record, mask & record->retransmitted);
        flight->to_resend -= count_bits_u64(mask & record->lost & ~record->retransmitted);
    }
    /* Karn: what was sent twice measures nothing. */
    if (mask != twice && record->sent_at >= ack->sent_at) {
        ack->sent_at = record->sent_at;
        ack->prior_delivered = record->delivered;
        ack->prior_time = record->sent_at - (int64_t)record->delivered_before_us * 1000;
        ack->send_elapsed = (int64_t)record->first_before_us * 1000;
        ack->app_limited = record->app_limited;
        ack->rate_valid = true;
        flight->first_sent_at = record->sent_at;
    }
    record->lost &= ~mask;
    record->retransmitted &= ~mask;
    c->delivered += bytes;
    ack->delivered += bytes;
}

void segments_sacked(struct connection *c, struct flight *flight, struct record *record, uint64_t mask, struct ack *ack)
{
    const uint32_t bytes = record_bytes(record, mask);
    segments_acknowledged(c, flight, record, mask, ack);
    record->sacked |= mask;
    flight->sacked += bytes;
    ack->sacked += bytes;
}

/* Drops the first segments of a record, which are acknowledged as a whole. */
static void record_shift(struct record *record, uint32_t segments)
{
    record->seq += segments * record->mss;
    record->length -= segments * record->mss;
    record->sacked >>= segments;
    record->lost >>= segments;
    record->retransmitted >>= segments;
}

static void acknowledge_up_to(struct tcp *tcp, struct connection *c, struct flight *flight, uint32_t ack_number,
                              struct ack *ack)
{
    uint32_t number = flight->records_first;
    while (number != flight->records_end) {
        struct record *record = record_at(tcp, flight, number);
        const bool whole = seq_leq(record->seq + record->length, ack_number);
        const uint32_t segments = whole ? 0 : (ack_number - record->seq) / record->mss;
        if (!whole && (seq_leq(ack_number, record->seq) || segments == 0))
            break;
        const uint64_t mask = whole ? record_mask(record) : (UINT64_C(1) << segments) - 1;
        flight->sacked -= record_bytes(record, mask & record->sacked);
        ack->resent =
            ack->resent || (mask & (record->lost | record->retransmitted)) != 0 || record->sent_at == RECORD_UNMEASURED;
        segments_acknowledged(c, flight, record, mask & ~record->sacked, ack);
        if (!whole) {
            record_shift(record, segments);
            break;
        }
        number++;
    }
    if (number != flight->records_first)
        record_release(tcp, flight, number);
}

/* RFC 9293 3.10.7.4: SND.WL1 and SND.WL2 keep old segments from changing the window (U-10). A segment that
 * acknowledges something new is none, even if it repeats old data: were its window not taken with its ACK, the
 * right edge would lie where the peer never put it. */
static void take_window(struct tcp *tcp, struct connection *c, const struct segment *segment, struct ack *ack)
{
    if (seq_leq(segment->ack, c->snd_una) &&
        (seq_lt(segment->seq, c->snd_wl1) || (segment->seq == c->snd_wl1 && seq_lt(segment->ack, c->snd_wl2))))
        return;
    const uint32_t window = (uint32_t)segment->window << c->snd_wscale;
    ack->window_changed = window != c->snd_wnd;
    c->snd_wnd = window;
    c->snd_wnd_max = max_u32(c->snd_wnd_max, window);
    c->snd_wl1 = segment->seq;
    c->snd_wl2 = segment->ack;
    if (ack->window_changed)
        trace_values(tcp, c, SEPTET_TRACE_send_window, c->snd_una, c->snd_nxt, window, 0);
}

static void take_rtt(struct tcp *tcp, struct connection *c, const struct segment *segment, struct ack *ack)
{
    if (ack->rate_valid && !ack->resent) {
        ack->rtt = tcp->core->now - ack->sent_at;
    } else if (ack->acked != 0) {
        ack->rtt = rtt_of_echo(tcp, c, segment); /* the echo tells which transmission it was */
    }
    if (ack->rtt >= 0)
        rtt_sample(tcp, c, ack->rtt);
}

static void free_acknowledged(struct tcp *tcp, struct connection *c)
{
    /* FIN is beyond the last byte. */
    stream_release(&c->send, &tcp->core->pages, seq_min(c->snd_una, c->snd_end));
    if (c->snd_una == c->snd_end || ((c->flags & CONNECTION_FIN_SENT) && c->snd_una == c->snd_nxt))
        stream_clear(&c->send, &tcp->core->pages);
    if (c->snd_una == c->snd_nxt) {
        flight_end(tcp, c);
        if (c->snd_nxt == c->snd_end + ((c->flags & CONNECTION_FIN_SENT) != 0))
            connection_event(tcp, c, SEPTET_EVENT_ACKNOWLEDGED);
    }
}

void tell_writable(struct tcp *tcp, struct connection *c)
{
    /* Not for every ACK: when a third of the buffer is free, S55. */
    if (!(c->flags & CONNECTION_WANTS_WRITE) || !connection_roomy(tcp, c))
        return;
    c->flags &= ~(uint32_t)CONNECTION_WANTS_WRITE;
    connection_event(tcp, c, SEPTET_EVENT_WRITABLE);
}

/* Marks that stayed behind would lie ahead after 2^31 bytes, if the flight never ends before. */
static void carry_marks(const struct connection *c, struct flight *flight)
{
    flight->high_rxt = seq_max(flight->high_rxt, c->snd_una);
    flight->lost_below = seq_max(flight->lost_below, c->snd_una);
    flight->highest_sacked = seq_max(flight->highest_sacked, c->snd_una);
    flight->resend_split = seq_max(flight->resend_split, c->snd_una - 1);
}

static void advance_una(struct tcp *tcp, struct connection *c, const struct segment *segment, struct ack *ack)
{
    ack->acked = segment->ack - c->snd_una;
    if (c->flight != 0)
        acknowledge_up_to(tcp, c, tcp_flight(tcp, c), segment->ack, ack);
    c->snd_una = segment->ack;
    c->recover = seq_max(c->recover, c->snd_una - 1);
    c->cwr_until = seq_max(c->cwr_until, c->snd_una - 1);
    if (c->flight != 0)
        carry_marks(c, tcp_flight(tcp, c));
    c->acked_at = c->progress_at = compact_clock(tcp->core->now);
    c->flags |= CONNECTION_CONFIRM;
    if (c->flags & CONNECTION_RETRIED) {
        c->flags &= ~(uint32_t)CONNECTION_RETRIED;
        c->soft_error = SEPTET_OK;
    }
    if ((c->flags & CONNECTION_URGENT_OUT) && seq_geq(c->snd_una, c->snd_up))
        c->flags &= ~(uint32_t)CONNECTION_URGENT_OUT;
    const uint32_t end = c->snd_end;
    if (seq_lt(c->snd_sml, c->snd_una))
        c->snd_sml = seq_min(c->snd_una, end);
}

/* The window is open again: what was sent into the closed one (a probe's octet, or what a shrunk window cut off)
 * and is not acknowledged now is not waited for. That says nothing about congestion. */
static void window_reopened(struct tcp *tcp, struct connection *c)
{
    c->backoff = 0;
    c->resend_kind = RESEND_NONE;
    c->resend_at = SEPTET_NEVER;
    c->flags &= ~(uint32_t)CONNECTION_PROBE;
    if (c->flight == 0)
        return;
    recovery_resend_all(tcp, c, SEPTET_LOSS_WINDOW);
    timer_resend(tcp, c, RESEND_RETRANSMIT, tcp->core->now + (int64_t)rtt_timeout(tcp, c));
}

void ack_arrives(struct tcp *tcp, struct connection *c, struct segment *segment)
{
    struct ack ack = {
        .rtt = -1,
        .flight_before = flight_size(tcp, c),
        .congestion = (segment->flags & TCP_ECE) && (c->ecn & ECN_ON),
    };
    const uint32_t occupied = segment->length + ((segment->flags & TCP_FIN) != 0);
    if (seq_lt(segment->ack, c->snd_una))
        return; /* old, but within what RFC 5961 accepts: its data counts */
    if (occupied == 0)
        COUNT(tcp->core, PureAcks);
    take_window(tcp, c, segment, &ack);
    if (c->resend_kind == RESEND_PERSIST) {
        if (!(c->flags & CONNECTION_RELEASED))
            c->progress_at = compact_clock(tcp->core->now); /* MUST-37: who answers probes is alive */
        if (c->snd_wnd != 0)
            window_reopened(tcp, c);
    }
    ack.duplicate = segment->ack == c->snd_una && occupied == 0 && !ack.window_changed && c->flight != 0;
    if (seq_gt(segment->ack, c->snd_una))
        advance_una(tcp, c, segment, &ack);
    if (c->flight != 0 && (c->flags & CONNECTION_SACK))
        sack_arrives(tcp, c, segment, &ack);
    take_rtt(tcp, c, segment, &ack);
    if (ack.delivered != 0)
        rate_sample(tcp, c, &ack);
    if (ack.congestion)
        ecn_echoed(tcp, c, ack.flight_before);
    if (ack.duplicate)
        COUNT(tcp->core, DupAcksIn);
    if (c->flight != 0) {
        loss_detect(tcp, c, &ack);
        recovery_ack(tcp, c, &ack);
    }
    if (ack.acked != 0) {
        free_acknowledged(tcp, c);
        timer_retransmission_restart(tcp, c);
        tell_writable(tcp, c);
    }
}
