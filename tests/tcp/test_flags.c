/* A15, U-3: all 512 combinations of flags in every state, left of the window, at its edge, in it and right of it, empty
 * and with data, with every kind of acknowledgment, against a model that is section 3.10.7 of RFC 9293 read aloud,
 * with RFC 5961, RFC 1337 and MAY-2. The stack is a value: each combination begins with a copy of the same one. */
#include "support/peer.h"

#define PAYLOAD 50

/* Where a connection stands; passive SYN-RECEIVED and TIME-WAIT without a handle are compact. */
enum place {
    CLOSED,
    LISTEN,
    SYN_SENT,
    SYN_RECEIVED_PASSIVE,
    SYN_RECEIVED_ACTIVE,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    CLOSE_WAIT,
    CLOSING,
    LAST_ACK,
    TIME_WAIT,
    TIME_WAIT_COMPACT,
    PLACES
};
static const char *const place_names[PLACES] = {"CLOSED",
                                                "LISTEN",
                                                "SYN-SENT",
                                                "SYN-RECEIVED (passive)",
                                                "SYN-RECEIVED (active)",
                                                "ESTABLISHED",
                                                "FIN-WAIT-1",
                                                "FIN-WAIT-2",
                                                "CLOSE-WAIT",
                                                "CLOSING",
                                                "LAST-ACK",
                                                "TIME-WAIT",
                                                "TIME-WAIT (compact)"};

/* The stack's variables then, relative. */
struct variables {
    uint32_t snd_una, snd_nxt, irs, rcv_nxt, rcv_wnd;
};
static const struct variables variables_of[PLACES] = {
    [SYN_SENT] = {0, 1, 0, 0, 0},
    [SYN_RECEIVED_PASSIVE] = {0, 1, 0, 1, 4096},
    [SYN_RECEIVED_ACTIVE] = {0, 1, 0, 1, 4096},
    [ESTABLISHED] = {1, 1, 0, 1, 4096},
    [FIN_WAIT_1] = {1, 2, 0, 1, 4096},
    [FIN_WAIT_2] = {2, 2, 0, 1, 4096},
    [CLOSE_WAIT] = {1, 1, 0, 2, 4095},
    [CLOSING] = {1, 2, 0, 2, 4095},
    [LAST_ACK] = {1, 2, 0, 2, 4095},
    [TIME_WAIT] = {2, 2, 0, 2, 4095},
    [TIME_WAIT_COMPACT] = {2, 2, 0, 2, 4095},
};

enum answer { NOTHING, PLAIN_ACK, LATER_ACK, SYN_ACK, RST_OF_ACK, RST_OF_SEQ };
static const char *const answer_names[] = {"nothing", "ACK", "ACK after a while", "SYN,ACK", "RST", "RST,ACK"};

struct outcome {
    enum answer answer;
    enum place place;
    uint32_t rcv_nxt; /* that the answer acknowledges */
};

struct probe {
    enum place place;
    uint32_t flags, seq, ack, length;
};

/* ---- the model ---- */

static uint32_t segment_length(const struct probe *probe)
{
    return probe->length + ((probe->flags & SYN) != 0) + ((probe->flags & FIN) != 0);
}

static struct outcome stay(const struct probe *probe, enum answer answer)
{
    return (struct outcome){answer, probe->place, variables_of[probe->place].rcv_nxt};
}

static struct outcome model_closed(const struct probe *probe)
{
    if (probe->flags & RST)
        return stay(probe, NOTHING);
    return stay(probe, probe->flags & ACK ? RST_OF_ACK : RST_OF_SEQ);
}

static struct outcome model_listen(const struct probe *probe)
{
    if (probe->flags & RST)
        return stay(probe, NOTHING);
    if (probe->flags & ACK)
        return stay(probe, RST_OF_ACK);
    if (!(probe->flags & SYN) || (probe->flags & FIN))
        return stay(probe, NOTHING);
    return (struct outcome){SYN_ACK, SYN_RECEIVED_PASSIVE, probe->seq + 1};
}

/* Text and FIN where the peer may still send. */
static struct outcome model_text(const struct probe *probe, enum place place, uint32_t rcv_nxt)
{
    static const enum place after_fin[PLACES] = {
        [ESTABLISHED] = CLOSE_WAIT, [FIN_WAIT_1] = CLOSING, [FIN_WAIT_2] = TIME_WAIT};
    const bool fin = (probe->flags & FIN) != 0;
    const uint32_t end = probe->seq + probe->length;
    if (probe->length == 0 && !fin)
        return (struct outcome){NOTHING, place, rcv_nxt};
    if ((int32_t)(probe->seq - rcv_nxt) > 0)
        return (struct outcome){PLAIN_ACK, place, rcv_nxt};
    if (fin)
        return (struct outcome){PLAIN_ACK, after_fin[place], end + 1};
    return (struct outcome){probe->seq == rcv_nxt ? LATER_ACK : PLAIN_ACK, place, end};
}

static struct outcome model_syn_sent(const struct probe *probe)
{
    const bool ack = (probe->flags & ACK) != 0;
    if (ack && probe->ack != 1)
        return stay(probe, probe->flags & RST ? NOTHING : RST_OF_ACK);
    if (probe->flags & RST)
        return (struct outcome){NOTHING, ack ? CLOSED : SYN_SENT, 0};
    if (!(probe->flags & SYN))
        return stay(probe, NOTHING);
    if (!ack)
        return (struct outcome){SYN_ACK, SYN_RECEIVED_ACTIVE, probe->seq + 1};
    struct probe rest = *probe;
    rest.seq++;
    struct outcome outcome = model_text(&rest, ESTABLISHED, rest.seq);
    outcome.answer = PLAIN_ACK;
    return outcome;
}

/* First: the sequence number. A SYN or RST counts where it stands. */
static bool acceptable(const struct probe *probe)
{
    const struct variables *v = &variables_of[probe->place];
    const uint32_t length = probe->flags & (SYN | RST) ? 0 : segment_length(probe);
    return probe->seq - v->rcv_nxt < v->rcv_wnd || (length > 0 && probe->seq + length - 1 - v->rcv_nxt < v->rcv_wnd);
}

static struct outcome model_reset(const struct probe *probe)
{
    if (probe->place == TIME_WAIT || probe->place == TIME_WAIT_COMPACT)
        return stay(probe, NOTHING); /* RFC 1337 */
    if (probe->seq != variables_of[probe->place].rcv_nxt)
        return stay(probe, PLAIN_ACK);
    return (struct outcome){NOTHING, probe->place == SYN_RECEIVED_PASSIVE ? LISTEN : CLOSED, 0};
}

static struct outcome model_acknowledged(const struct probe *probe)
{
    const struct variables *v = &variables_of[probe->place];
    const bool all = probe->ack == v->snd_nxt;
    switch (probe->place) {
    case SYN_RECEIVED_PASSIVE:
    case SYN_RECEIVED_ACTIVE:
        return all ? model_text(probe, ESTABLISHED, v->rcv_nxt) : stay(probe, RST_OF_ACK);
    case ESTABLISHED:
    case FIN_WAIT_2:
        return model_text(probe, probe->place, v->rcv_nxt);
    case FIN_WAIT_1:
        return model_text(probe, all ? FIN_WAIT_2 : FIN_WAIT_1, v->rcv_nxt);
    case LAST_ACK:
        if (all)
            return (struct outcome){NOTHING, CLOSED, 0};
        break;
    default:
        break;
    }
    const bool waits =
        probe->place == TIME_WAIT || probe->place == TIME_WAIT_COMPACT || (probe->place == CLOSING && all);
    const bool text = probe->length != 0 || (probe->flags & FIN);
    const bool early = (int32_t)(probe->seq - v->rcv_nxt) < 0;
    /* Text behind the peer's FIN is ignored; in TIME-WAIT everything but the plain last ACK is acknowledged. */
    const bool answered = waits ? text || probe->seq != v->rcv_nxt || !all : text && early;
    struct outcome outcome = stay(probe, answered ? PLAIN_ACK : NOTHING);
    if (probe->place == CLOSING && all)
        outcome.place = TIME_WAIT;
    return outcome;
}

static bool replaces(const struct probe *probe)
{
    const bool waits = probe->place == TIME_WAIT || probe->place == TIME_WAIT_COMPACT;
    return waits && (probe->flags & (SYN | ACK | RST | FIN)) == SYN &&
           (int32_t)(probe->seq - variables_of[probe->place].rcv_nxt) > 0;
}

static struct outcome model_other(const struct probe *probe)
{
    const struct variables *v = &variables_of[probe->place];
    const bool opening = probe->place == SYN_RECEIVED_PASSIVE || probe->place == SYN_RECEIVED_ACTIVE;
    if (replaces(probe)) /* MAY-2 */
        return (struct outcome){SYN_ACK, SYN_RECEIVED_PASSIVE, probe->seq + 1};
    if (opening && (probe->flags & (SYN | ACK | RST)) == SYN && probe->seq == v->irs)
        return stay(probe, SYN_ACK); /* our SYN,ACK was lost */
    if (probe->place == SYN_RECEIVED_ACTIVE && (probe->flags & (SYN | ACK | RST)) == (SYN | ACK) &&
        probe->seq == v->irs) { /* figure 7: the SYN lies before the window */
        struct probe rest = *probe;
        rest.seq++;
        rest.flags &= ~(uint32_t)SYN;
        return model_other(&rest);
    }
    if (!acceptable(probe))
        return stay(probe, probe->flags & RST ? NOTHING : PLAIN_ACK);
    if (probe->flags & RST)
        return model_reset(probe);
    if (probe->flags & SYN) {
        if (probe->place == SYN_RECEIVED_PASSIVE)
            return (struct outcome){NOTHING, LISTEN, 0};
        return stay(probe, PLAIN_ACK); /* RFC 5961 section 4 */
    }
    if (!(probe->flags & ACK))
        return stay(probe, NOTHING);
    if (!opening && probe->ack - 1 > v->snd_nxt - 1) /* RFC 5961 section 5; never below our first byte: A5 */
        return stay(probe, PLAIN_ACK);
    return model_acknowledged(probe);
}

static struct outcome model(const struct probe *probe)
{
    switch (probe->place) {
    case CLOSED:
        return model_closed(probe);
    case LISTEN:
        return model_listen(probe);
    case SYN_SENT:
        return model_syn_sent(probe);
    default:
        return model_other(probe);
    }
}

/* ---- the stack ---- */

static struct peer *small_peer(bool fast_path)
{
    struct septet_config config;
    peer_config(&config);
    config.connections = config.half_open = config.time_wait = config.listeners = 2;
    config.tcp.fast_path = fast_path;
    config.tcp.ecn = SEPTET_ECN_OFF; /* these two flags make no difference then */
    config.page_size = 256;
    config.pages = 64;
    config.tcp.rto_initial = S(10);
    config.tcp.receive_buffer = config.tcp.send_buffer = 4096;
    return peer_new(4, &config);
}

static void close_and_expect_fin(struct peer *p, uint32_t ack)
{
    assert_int_equal(septet_shutdown(p->stack, p->flow->handle), SEPTET_OK);
    expect(p, FIN | ACK, .seq = 1, .ack = ack);
}

static void peer_fin(struct peer *p, uint32_t ack, uint32_t seq)
{
    inject(p, FIN | ACK, .seq = 1, .ack = ack);
    expect(p, ACK, .seq = seq, .ack = 2);
}

static void establish(struct peer *p, enum place place)
{
    passive(p);
    switch (place) {
    case FIN_WAIT_1:
        close_and_expect_fin(p, 1);
        break;
    case FIN_WAIT_2:
        close_and_expect_fin(p, 1);
        inject(p, ACK, .seq = 1, .ack = 2);
        break;
    case CLOSE_WAIT:
        peer_fin(p, 1, 1);
        break;
    case CLOSING:
        close_and_expect_fin(p, 1);
        peer_fin(p, 1, 2);
        break;
    case LAST_ACK:
        peer_fin(p, 1, 1);
        close_and_expect_fin(p, 2);
        break;
    case TIME_WAIT:
    case TIME_WAIT_COMPACT:
        close_and_expect_fin(p, 1);
        peer_fin(p, 2, 2);
        if (place == TIME_WAIT_COMPACT)
            septet_close(p->stack, p->flow->handle);
        break;
    default:
        break;
    }
}

static struct peer *bring_to(enum place place, bool fast_path)
{
    struct peer *p = small_peer(fast_path);
    if (place == SYN_SENT || place == SYN_RECEIVED_ACTIVE) {
        connect_out(p);
        expect(p, SYN, .seq = 0);
        if (place == SYN_RECEIVED_ACTIVE) {
            inject(p, SYN, .seq = 0, .mss = 1460);
            expect(p, SYN | ACK, .seq = 0, .ack = 1);
        }
    } else if (place == SYN_RECEIVED_PASSIVE) {
        listen_on(p, 80);
        inject(p, SYN, .seq = 0, .mss = 1460);
        expect(p, SYN | ACK, .seq = 0, .ack = 1);
    } else if (place == LISTEN) {
        listen_on(p, 80);
    } else if (place != CLOSED) {
        establish(p, place);
    }
    drain_events(p, 0);
    sleep_for(p, MS(600)); /* the limit of challenges is not what this is about */
    expect_nothing(p);
    return p;
}

struct snapshot {
    void *memory;
    size_t size;
    struct flow flow;
    int64_t now;
};

static struct snapshot snapshot_take(const struct peer *p)
{
    struct snapshot snapshot = {.size = septet_memory_size(&p->config), .flow = *p->flow, .now = p->now};
    snapshot.memory = malloc(snapshot.size);
    assert_non_null(snapshot.memory);
    memcpy(snapshot.memory, p->memory, snapshot.size);
    return snapshot;
}

static void snapshot_restore(struct peer *p, const struct snapshot *snapshot)
{
    memcpy(p->memory, snapshot->memory, snapshot->size);
    *p->flow = snapshot->flow;
    p->now = snapshot->now;
}

/* Where the connection stands now. A handle that the test does not have yet is accepted. */
static enum place place_now(struct peer *p)
{
    static const enum place of_state[] = {
        [SEPTET_STATE_closed] = CLOSED,
        [SEPTET_STATE_syn_sent] = SYN_SENT,
        [SEPTET_STATE_syn_received] = SYN_RECEIVED_ACTIVE,
        [SEPTET_STATE_established] = ESTABLISHED,
        [SEPTET_STATE_fin_wait_1] = FIN_WAIT_1,
        [SEPTET_STATE_fin_wait_2] = FIN_WAIT_2,
        [SEPTET_STATE_close_wait] = CLOSE_WAIT,
        [SEPTET_STATE_closing] = CLOSING,
        [SEPTET_STATE_last_ack] = LAST_ACK,
        [SEPTET_STATE_time_wait] = TIME_WAIT,
    };
    const struct septet_usage usage = usage_of(p);
    if (usage.half_open != 0)
        return SYN_RECEIVED_PASSIVE;
    if (usage.time_wait != 0)
        return TIME_WAIT_COMPACT;
    septet_handle handle = p->flow->handle;
    if (handle == 0 && (p->listener == 0 || septet_accept(p->stack, p->listener, &handle) != SEPTET_OK))
        return p->listener == 0 ? CLOSED : LISTEN;
    const int state = septet_state(p->stack, handle);
    return state < 0 ? CLOSED : of_state[state];
}

static bool answer_is(struct peer *p, const struct probe *probe, const struct outcome *outcome)
{
    const struct variables *v = &variables_of[probe->place];
    const struct seen *seen = take(p);
    if (outcome->answer == LATER_ACK) {
        if (seen != NULL)
            return false;
        advance(p, MS(499)); /* MUST-40 */
        seen = take(p);
    }
    if (seen == NULL)
        return outcome->answer == NOTHING;
    const uint32_t irs = p->flow->irs, iss = p->flow->iss;
    switch (outcome->answer) {
    case PLAIN_ACK:
    case LATER_ACK:
        return seen->flags == ACK && seen->seq == v->snd_nxt && seen->ack == outcome->rcv_nxt && seen->length == 0;
    case SYN_ACK:
        return seen->flags == (SYN | ACK) && seen->ack == outcome->rcv_nxt;
    case RST_OF_ACK:
        return seen->flags == RST && seen->seq + irs == probe->ack + irs && seen->raw_ack == 0;
    case RST_OF_SEQ:
        return seen->flags == (RST | ACK) && seen->iss == 0 &&
               seen->raw_ack == iss + probe->seq + segment_length(probe);
    default:
        return false;
    }
}

static void try(struct peer *p, const struct probe *probe)
{
    const struct outcome outcome = model(probe);
    inject(p, probe->flags, .seq = probe->seq, .ack = probe->ack, .length = probe->length);
    const bool answered = answer_is(p, probe, &outcome);
    const bool alone = take(p) == NULL;
    const enum place place = place_now(p);
    if (answered && alone && place == outcome.place)
        return;
    char flags[12];
    tcp_flags_format((uint16_t)probe->flags, flags);
    fail_msg("%s, [%s] seq %d ack %d length %u: expected %s and %s; the answer was %s%s, the state %s",
             place_names[probe->place], flags, (int32_t)probe->seq, (int32_t)probe->ack, probe->length,
             answer_names[outcome.answer], place_names[outcome.place], answered ? "right" : "wrong",
             alone ? "" : ", with another", place_names[place]);
}

/* Every flag, position, length and acknowledgment in one place. */
static void sweep(enum place place, bool fast_path)
{
    const struct variables *v = &variables_of[place];
    struct peer *p = bring_to(place, fast_path);
    const struct snapshot snapshot = snapshot_take(p);
    const uint32_t seqs[] = {v->irs,     v->rcv_nxt - 200, v->rcv_nxt - 10,
                             v->rcv_nxt, v->rcv_nxt + 100, v->rcv_nxt + v->rcv_wnd + 10};
    const uint32_t acks[] = {v->snd_una, v->snd_nxt, v->snd_nxt + 1, 0x90000000, 0};
    const size_t kinds = place == TIME_WAIT_COMPACT ? 3 : 5; /* which forgot its ISS */
    for (uint32_t flags = 0; flags < 512; flags++) {
        for (size_t at = 0; at < sizeof seqs / sizeof seqs[0]; at++) {
            for (uint32_t length = 0; length <= PAYLOAD; length += PAYLOAD) {
                for (size_t ack = 0; ack < (flags & ACK ? kinds : 1); ack++) {
                    const struct probe probe = {place, flags, seqs[at], acks[ack], length};
                    snapshot_restore(p, &snapshot);
                    try(p, &probe);
                }
            }
        }
    }
    snapshot_restore(p, &snapshot);
    free(snapshot.memory);
    peer_end(p);
}

#define SWEEP(name, place)         \
    static void name(void **state) \
    {                              \
        (void)state;               \
        sweep(place, true);        \
        sweep(place, false);       \
    }
SWEEP(closed, CLOSED)
SWEEP(listening, LISTEN)
SWEEP(syn_sent, SYN_SENT)
SWEEP(syn_received_passive, SYN_RECEIVED_PASSIVE)
SWEEP(syn_received_active, SYN_RECEIVED_ACTIVE)
SWEEP(established, ESTABLISHED)
SWEEP(fin_wait_1, FIN_WAIT_1)
SWEEP(fin_wait_2, FIN_WAIT_2)
SWEEP(close_wait, CLOSE_WAIT)
SWEEP(closing, CLOSING)
SWEEP(last_ack, LAST_ACK)
SWEEP(time_wait, TIME_WAIT)
SWEEP(time_wait_compact, TIME_WAIT_COMPACT)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed),
        cmocka_unit_test(listening),
        cmocka_unit_test(syn_sent),
        cmocka_unit_test(syn_received_passive),
        cmocka_unit_test(syn_received_active),
        cmocka_unit_test(established),
        cmocka_unit_test(fin_wait_1),
        cmocka_unit_test(fin_wait_2),
        cmocka_unit_test(close_wait),
        cmocka_unit_test(closing),
        cmocka_unit_test(last_ack),
        cmocka_unit_test(time_wait),
        cmocka_unit_test(time_wait_compact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
