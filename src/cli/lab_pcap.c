#include "capture/pcapng_write.h"
#include "cli/lab.h"
#include "wire/link_type.h"
#include "wire/tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A packet that came in is kept until the next one: what the stack says about it comes afterwards. What the stack
 * says before it sends is said of the packet that it sends. */

#define COMMENTS 16
#define COMMENT_LENGTH 120

struct host_file {
    FILE *file;
    struct capture_sink sink;
    char *path;
    uint8_t *bytes; /* of the packet kept */
    size_t room;
    uint32_t length;
    struct pcapng_packet packet;
    char comment[COMMENTS][COMMENT_LENGTH];
    struct capture_text text[COMMENTS];
    uint32_t comments;
    bool kept;
};

struct lab_pcap {
    struct world *world;
    struct host_file *host;
    uint32_t hosts;
};

static bool write_file(void *context, const void *bytes, size_t length)
{
    return fwrite(bytes, 1, length, context) == length;
}

static void write_packet(struct host_file *host, struct pcapng_packet *packet, const uint8_t *bytes, uint32_t length)
{
    struct capture_piece piece = {bytes, length};

    packet->pieces = &piece;
    packet->piece_count = 1;
    packet->comments = host->text;
    packet->comment_count = host->comments;
    pcapng_write_packet(&host->sink, packet);
    host->comments = 0;
}

static void write_kept(struct host_file *host)
{
    if (host->kept)
        write_packet(host, &host->packet, host->bytes, host->length);
    host->kept = false;
}

static void keep(struct host_file *host, const struct pcapng_packet *packet, const struct frame *frame)
{
    if (host->room < frame->length) {
        uint8_t *larger = realloc(host->bytes, frame->length);
        if (!larger) {
            host->sink.failed = true;
            return;
        }
        host->bytes = larger;
        host->room = frame->length;
    }
    memcpy(host->bytes, frame->bytes, frame->length);
    host->length = frame->length;
    host->packet = *packet;
    host->kept = true;
}

static void on_frame(void *context, const struct frame_report *report)
{
    struct lab_pcap *pcap = context;
    const struct scenario *scenario = world_scenario(pcap->world);
    struct pcapng_packet packet = {.time = (uint64_t)report->time};

    if (report->fate == FATE_DELIVERED) {
        struct host_file *host = &pcap->host[report->to];
        write_kept(host);
        packet.interface = scenario->interface[report->interface].index;
        packet.direction = pcapng_inbound;
        keep(host, &packet, report->frame);
    } else if (report->fate == FATE_SENT && !(report->frame->marks & FRAME_FOREIGN)) {
        struct host_file *host = &pcap->host[report->from];
        write_kept(host);
        packet.interface = scenario->interface[report->interface].index;
        packet.direction = pcapng_outbound;
        write_packet(host, &packet, report->frame->bytes, report->frame->length);
    }
}

static void add_comment(struct host_file *host, const char *words)
{
    if (host->comments == COMMENTS)
        return;
    char *to = host->comment[host->comments];
    int length = snprintf(to, COMMENT_LENGTH, "%s", words);
    host->text[host->comments] = (struct capture_text){to, (uint32_t)length};
    host->comments++;
}

static void on_trace(void *context, uint16_t host, const struct septet_trace_event *event)
{
    struct lab_pcap *pcap = context;
    char words[COMMENT_LENGTH];

    switch (event->kind) {
    case SEPTET_TRACE_state:
        snprintf(words, sizeof words, "%s -> %s", septet_state_name((unsigned)event->value[0]),
                 septet_state_name((unsigned)event->value[1]));
        break;
    case SEPTET_TRACE_segment_dropped:
        snprintf(words, sizeof words, "dropped: %s", septet_drop_text((unsigned)event->value[4]));
        break;
    case SEPTET_TRACE_packet_dropped:
        snprintf(words, sizeof words, "dropped: %s", septet_drop_text((unsigned)event->value[0]));
        break;
    case SEPTET_TRACE_segment_sent:
        if (!event->value[5])
            return;
        snprintf(words, sizeof words, "retransmission");
        write_kept(&pcap->host[host]);
        break;
    case SEPTET_TRACE_timer:
        write_kept(&pcap->host[host]);
        snprintf(words, sizeof words, "%s timer", septet_timer_name((unsigned)event->value[0]));
        break;
    default:
        return;
    }
    add_comment(&pcap->host[host], words);
}

/* What a program does has nothing to do with the packet before. */
static void on_note(void *context, int64_t time, const struct lab_task *task, const char *what)
{
    struct lab_pcap *pcap = context;

    (void)time;
    (void)what;
    if (task->host != SCENARIO_NOBODY)
        write_kept(&pcap->host[task->host]);
}

static bool complain(const char *path)
{
    fprintf(stderr, "septet lab: %s: %s\n", path, strerror(errno));
    return false;
}

static struct capture_text text_of(const char *text) { return (struct capture_text){text, (uint32_t)strlen(text)}; }

static bool open_host(struct lab_pcap *pcap, uint16_t index, const char *directory)
{
    const struct scenario *scenario = world_scenario(pcap->world);
    struct host_file *host = &pcap->host[index];
    size_t size = strlen(directory) + SCENARIO_NAME + sizeof "/.pcapng";
    struct pcapng_section section = {.application = text_of("septet lab"),
                                     .hardware = text_of(scenario->host[index].name),
                                     .comment = text_of(scenario->title)};

    host->path = malloc(size);
    if (!host->path)
        return complain(directory);
    snprintf(host->path, size, "%s/%s.pcapng", directory, scenario->host[index].name);
    host->file = fopen(host->path, "wb");
    if (!host->file)
        return complain(host->path);
    host->sink = capture_sink_function(write_file, host->file);
    pcapng_write_section(&host->sink, &section);
    for (uint32_t i = 0; i < scenario->interfaces; i++) {
        const struct scenario_link *link = &scenario->link[scenario->interface[i].link];
        struct pcapng_interface interface = {.link_type = link->ethernet ? link_type_ethernet : link_type_raw,
                                             .name = text_of(link->name)};
        if (scenario->interface[i].host == index)
            pcapng_write_interface(&host->sink, &interface);
    }
    return true;
}

struct lab_pcap *lab_pcap_begin(struct world *world, const char *directory)
{
    struct lab_pcap *pcap = calloc(1, sizeof *pcap);
    struct world_observer observer = {pcap, on_frame, on_trace, on_note, NULL};
    bool good = pcap != NULL;

    if (good) {
        pcap->world = world;
        pcap->hosts = world_scenario(world)->hosts;
        pcap->host = calloc(pcap->hosts + (size_t)1, sizeof *pcap->host);
        good = pcap->host && world_observe(world, &observer);
    }
    if (!good) {
        complain(directory);
    } else if (mkdir(directory, 0777) != 0 && errno != EEXIST) {
        good = complain(directory);
    }
    for (uint32_t i = 0; good && i < pcap->hosts; i++)
        good = open_host(pcap, (uint16_t)i, directory);
    if (good)
        return pcap;
    if (pcap && pcap->host)
        lab_pcap_end(pcap);
    else
        free(pcap);
    return NULL;
}

bool lab_pcap_end(struct lab_pcap *pcap)
{
    bool good = true;

    for (uint32_t i = 0; i < pcap->hosts; i++) {
        struct host_file *host = &pcap->host[i];
        if (host->file) {
            write_kept(host);
            bool written = !host->sink.failed;
            if (fclose(host->file) != 0 || !written)
                good = complain(host->path);
        }
        free(host->path);
        free(host->bytes);
    }
    free(pcap->host);
    free(pcap);
    return good;
}
