#include "link/capture.h"

#include "capture/pcapng_write.h"
#include "link/segment.h"
#include "wire/ethernet.h"
#include "wire/link_type.h"
#include "wire/tcp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the stack says of a packet it says while or after it works on it, so packets that arrived are held until the
 * next call of the driver and written then, with their comments. A comment finds its packet by connection and
 * sequence number. One of a packet that did not come this way goes to the next packet of its connection. */
#define COMMENTS 256u
#define COMMENT_TEXT 112
#define PACKET_COMMENTS 16u
#define BUFFER ((size_t)1 << 20)

struct comment {
    struct septet_tuple tuple;
    uint32_t seq;
    bool has_seq;
    bool inbound; /* belongs to a packet that is held now */
    uint32_t length;
    char text[COMMENT_TEXT];
};

/* What a packet is about, as its receiver or sender here sees it. */
struct packet_key {
    bool tcp;
    struct septet_tuple tuple;
    uint32_t seq, length; /* length of the sequence space, at least 1 */
};

struct capture {
    struct link link;
    struct link *inner;
    FILE *file;
    int error;
    struct capture_sink sink;
    int64_t since_1970; /* what makes the loop's clock wall-clock time */
    struct septet_packet held[SEPTET_BATCH];
    uint32_t held_count;
    int64_t held_time;
    struct comment comments[COMMENTS];
    uint32_t comment_count;
    struct septet_tuple last_tuple; /* of the segment that arrived last */
    uint32_t last_seq;
    bool last_valid;
    uint8_t frame[SEGMENT_FRAME_MAX];
};

/* ---- comments ---- */

static bool same_tuple(const struct septet_tuple *a, const struct septet_tuple *b)
{
    return a->local_port == b->local_port && a->remote_port == b->remote_port &&
           septet_address_equal(&a->local, &b->local) && septet_address_equal(&a->remote, &b->remote);
}

static struct comment *new_comment(struct capture *capture, const struct septet_tuple *tuple)
{
    struct comment *comment;

    if (capture->comment_count == COMMENTS) {
        capture->comment_count--;
        memmove(capture->comments, capture->comments + 1, capture->comment_count * sizeof capture->comments[0]);
    }
    comment = &capture->comments[capture->comment_count++];
    *comment = (struct comment){.tuple = *tuple};
    return comment;
}

static void set_text(struct comment *comment, int length)
{
    comment->length = length < 0 ? 0 : length < COMMENT_TEXT ? (uint32_t)length : COMMENT_TEXT - 1;
}

/* States that we enter by something we send; the others follow from something that came. */
static bool entered_by_sending(uint64_t state)
{
    return state == SEPTET_STATE_syn_sent || state == SEPTET_STATE_fin_wait_1 || state == SEPTET_STATE_last_ack;
}

static void state_changed(struct capture *capture, const struct septet_trace_event *event)
{
    struct comment *comment = new_comment(capture, event->tuple);

    set_text(comment, snprintf(comment->text, COMMENT_TEXT, "%s -> %s", septet_state_name((unsigned)event->value[0]),
                               septet_state_name((unsigned)event->value[1])));
    if (!entered_by_sending(event->value[1]) && capture->last_valid && same_tuple(event->tuple, &capture->last_tuple)) {
        comment->inbound = true;
        comment->has_seq = true;
        comment->seq = capture->last_seq;
    }
}

static void segment_dropped(struct capture *capture, const struct septet_trace_event *event)
{
    struct comment *comment = new_comment(capture, event->tuple);
    unsigned reason = (unsigned)event->value[4];

    set_text(comment, snprintf(comment->text, COMMENT_TEXT, "dropped: %s (%s)", septet_drop_text(reason),
                               septet_drop_clause(reason)));
    comment->inbound = true;
    comment->has_seq = true;
    comment->seq = (uint32_t)event->value[0];
}

void capture_trace(struct link *link, const struct septet_trace_event *event)
{
    struct capture *capture = (struct capture *)link;
    struct comment *comment;

    if (event->tuple == NULL) {
        return;
    }
    switch (event->kind) {
    case SEPTET_TRACE_segment_received:
        capture->last_tuple = *event->tuple;
        capture->last_seq = (uint32_t)event->value[0];
        capture->last_valid = true;
        break;
    case SEPTET_TRACE_segment_dropped:
        segment_dropped(capture, event);
        break;
    case SEPTET_TRACE_state:
        state_changed(capture, event);
        break;
    case SEPTET_TRACE_segment_sent:
        if (event->value[5] != 0) {
            comment = new_comment(capture, event->tuple);
            set_text(comment, snprintf(comment->text, COMMENT_TEXT, "retransmission"));
            comment->has_seq = true;
            comment->seq = (uint32_t)event->value[0];
        }
        break;
    default:
        break;
    }
}

/* ---- which packet is it? ---- */

/* Reads the first frame of a packet; `rest` is what its other frames carry. */
static void read_key(const uint8_t *at, uint32_t length, uint32_t rest, bool ethernet, bool inbound,
                     struct packet_key *key)
{
    struct ethernet frame = {.header_length = 0};
    struct ip ip;
    struct tcp_header tcp;

    key->tcp = false;
    if (ethernet && ethernet_parse(at, length, &frame) != wire_none) {
        return;
    }
    at += frame.header_length;
    length -= frame.header_length;
    if (length == 0 ||
        (at[0] >> 4 == 4 ? ipv4_parse(at, length, false, &ip) : ipv6_parse(at, length, &ip)) != wire_none) {
        return;
    }
    if (ip.protocol != PROTOCOL_TCP || ip.fragmented ||
        tcp_parse(at + ip.header_length, ip.payload_length, &tcp) != wire_none) {
        return;
    }
    key->tcp = true;
    key->seq = tcp.seq;
    key->length = ip.payload_length - tcp.header_length + rest;
    key->length = key->length == 0 ? 1 : key->length;
    key->tuple = inbound ? (struct septet_tuple){ip.destination, ip.source, tcp.destination_port, tcp.source_port}
                         : (struct septet_tuple){ip.source, ip.destination, tcp.source_port, tcp.destination_port};
}

static bool belongs(const struct comment *comment, const struct packet_key *key, bool inbound)
{
    return comment->inbound == inbound && same_tuple(&comment->tuple, &key->tuple) &&
           (!comment->has_seq || comment->seq - key->seq < key->length);
}

/* ---- writing ---- */

static bool write_file(void *context, const void *bytes, size_t length)
{
    struct capture *capture = context;

    if (fwrite(bytes, 1, length, capture->file) == length) {
        return true;
    }
    capture->error = errno != 0 ? errno : EIO;
    return false;
}

/* Takes the comments of a packet off the list. */
static uint32_t take_comments(struct capture *capture, const struct packet_key *key, bool inbound,
                              struct comment taken[PACKET_COMMENTS])
{
    uint32_t count = 0, kept = 0;

    for (uint32_t i = 0; i < capture->comment_count; i++) {
        const struct comment *comment = &capture->comments[i];

        if (key->tcp && count < PACKET_COMMENTS && belongs(comment, key, inbound)) {
            taken[count++] = *comment;
        } else {
            capture->comments[kept++] = *comment;
        }
    }
    capture->comment_count = kept;
    return count;
}

/* The comments of a packet go to its last frame. */
static void write_packet(struct capture *capture, const struct septet_packet *packet, int64_t time, bool inbound)
{
    bool ethernet = capture->link.interface.ethernet;
    struct comment comments[PACKET_COMMENTS];
    struct capture_text texts[PACKET_COMMENTS];
    struct segmenter segmenter;
    struct packet_key key;
    uint32_t length, count;

    segmenter_begin(&segmenter, packet, ethernet);
    length = segmenter_next(&segmenter, capture->frame);
    read_key(capture->frame, length, packet->length - segmenter.at, ethernet, inbound, &key);
    count = take_comments(capture, &key, inbound, comments);
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = (struct capture_text){comments[i].text, comments[i].length};
    }
    for (; length > 0; length = segmenter_next(&segmenter, capture->frame)) {
        struct capture_piece piece = {capture->frame, length};
        struct pcapng_packet block = {
            .time = (uint64_t)(time + capture->since_1970),
            .pieces = &piece,
            .piece_count = 1,
            .comments = texts,
            .comment_count = segmenter.at >= packet->length ? count : 0,
            .direction = inbound ? pcapng_inbound : pcapng_outbound,
        };

        (void)pcapng_write_packet(&capture->sink, &block);
    }
}

/* What arrived in the last batch, with what the stack made of it. */
static void write_held(struct capture *capture)
{
    for (uint32_t i = 0; i < capture->held_count; i++) {
        write_packet(capture, &capture->held[i], capture->held_time, true);
    }
    capture->held_count = 0;
    capture->last_valid = false;
    for (uint32_t i = 0; i < capture->comment_count; i++) {
        if (capture->comments[i].inbound) {
            capture->comments[i].inbound = false;
            capture->comments[i].has_seq = false;
        }
    }
}

/* ---- the link ---- */

static int capture_read(struct link *link, int64_t now, struct septet_packet *packets, uint32_t maximum)
{
    struct capture *capture = (struct capture *)link;
    int count;

    write_held(capture);
    capture->inner->index = link->index;
    count = link_read(capture->inner, now, packets, maximum < SEPTET_BATCH ? maximum : SEPTET_BATCH);
    if (count > 0) {
        memcpy(capture->held, packets, (size_t)count * sizeof packets[0]);
        capture->held_count = (uint32_t)count;
        capture->held_time = now;
    } else {
        (void)fflush(capture->file);
    }
    link->counters = capture->inner->counters;
    return count;
}

static int capture_write(struct link *link, int64_t now, struct septet_packet *packets, uint32_t count)
{
    struct capture *capture = (struct capture *)link;
    int result;

    write_held(capture);
    for (uint32_t i = 0; i < count; i++) {
        write_packet(capture, &packets[i], now, false);
    }
    result = link_write(capture->inner, now, packets, count);
    link->counters = capture->inner->counters;
    return result;
}

static int64_t capture_deadline(const struct link *link)
{
    return link_deadline(((const struct capture *)link)->inner);
}

static void capture_close(struct link *link)
{
    struct capture *capture = (struct capture *)link;

    link_close(capture->inner);
    if (capture->file != NULL) {
        (void)fclose(capture->file);
    }
    free(capture);
}

static const struct link_operations operations = {
    .read = capture_read,
    .write = capture_write,
    .deadline = capture_deadline,
    .close = capture_close,
};

int capture_error(struct link *link)
{
    struct capture *capture = (struct capture *)link;

    if (capture->error == 0 && fflush(capture->file) != 0) {
        capture->error = errno;
    }
    return capture->error;
}

static int64_t clock_offset(void)
{
    struct timespec real, monotonic;

    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    return (int64_t)(real.tv_sec - monotonic.tv_sec) * SEPTET_SECOND + real.tv_nsec - monotonic.tv_nsec;
}

struct link *capture_open(const char *path, struct link *inner, char error[LINK_ERROR_TEXT])
{
    struct capture *capture = calloc(1, sizeof *capture);
    struct pcapng_interface interface = {
        .link_type = inner->interface.ethernet ? link_type_ethernet : link_type_raw,
        .name = {inner->interface.name, (uint32_t)strlen(inner->interface.name)},
    };

    if (capture == NULL) {
        snprintf(error, LINK_ERROR_TEXT, "%s: no memory to record", path);
        link_close(inner);
        return NULL;
    }
    capture->link = *inner;
    capture->link.operations = &operations;
    capture->inner = inner;
    capture->file = fopen(path, "wbe");
    if (capture->file == NULL) {
        snprintf(error, LINK_ERROR_TEXT, "cannot write the capture '%s': %s", path, strerror(errno));
        capture_close(&capture->link);
        return NULL;
    }
    (void)setvbuf(capture->file, NULL, _IOFBF, BUFFER);
    capture->since_1970 = clock_offset();
    capture->sink = capture_sink_function(write_file, capture);
    (void)pcapng_write_section(&capture->sink, NULL);
    (void)pcapng_write_interface(&capture->sink, &interface);
    return &capture->link;
}
