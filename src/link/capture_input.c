#include "link/capture_input.h"

#include "link/capture_source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW ((size_t)256 << 10)
#define INTERFACES 256
#define NOT_MAPPED UINT32_MAX
#define COMPLAINT 256

struct file {
    const char *path;
    struct capture_source *source;
    struct capture_reader reader;
    struct capture_interface interfaces[INTERFACES]; /* of the section that is read */
    uint32_t number[INTERFACES];                     /* of these over all inputs, or NOT_MAPPED */
    uint32_t section;
    uint8_t *window;
    size_t length, capacity;
    struct capture_packet packet; /* the next one to be given */
    bool has_packet;
    int64_t time; /* of the packet that was read last */
    uint64_t packets, backwards;
    char complaint[COMPLAINT];
};

struct capture_input {
    struct file *files;
    uint32_t file_count;
    /* Files that have a packet, a heap by its time; the first of them gave the last frame when `given` is set. */
    uint32_t *heap;
    uint32_t heap_count;
    bool given;
    uint64_t frames;
    struct capture_input_interface *interfaces;
    uint32_t interface_count, interface_capacity;
};

/* ---- one file ---- */

static const char *path_text(const char *path) { return strcmp(path, "-") == 0 ? "standard input" : path; }

/* More of the file into the window, in which the reader needs `wanted` bytes behind those that it has done with. */
static bool refill(struct file *file)
{
    struct capture_reader *reader = &file->reader;
    size_t left = file->length - reader->used;
    bool last = false;

    if (left > 0 && reader->used > 0) {
        memmove(file->window, file->window + reader->used, left);
    }
    file->length = left;
    while (file->length < reader->wanted && !last) {
        size_t count;

        if (file->length == file->capacity) {
            size_t capacity = file->capacity == 0 ? WINDOW : file->capacity * 2;
            uint8_t *larger = realloc(file->window, capacity);

            if (larger == NULL) {
                return false;
            }
            file->window = larger;
            file->capacity = capacity;
        }
        count = capture_source_read(file->source, file->window + file->length, file->capacity - file->length);
        file->length += count;
        last = count == 0;
    }
    capture_reader_feed(reader, file->window, file->length, last);
    return true;
}

static void complain(struct file *file)
{
    const struct capture_reader *reader = &file->reader;
    const char *packed = capture_source_error(file->source);
    char value[40] = "";

    if (reader->error_value != 0 && packed == NULL) {
        snprintf(value, sizeof value, reader->error_value > UINT16_MAX ? " 0x%" PRIx64 : " %" PRIu64,
                 reader->error_value);
    }
    snprintf(file->complaint, sizeof file->complaint,
             "%s: reading ended at byte %" PRIu64 "%s, after %" PRIu64 " packet%s: %s%s", path_text(file->path),
             reader->error_offset, capture_source_packing(file->source) != NULL ? " of what was unpacked" : "",
             file->packets, file->packets == 1 ? "" : "s", packed != NULL ? packed : reader->error, value);
}

/* Reads the next packet of a file. */
static void read_packet(struct file *file)
{
    struct capture_packet *packet = &file->packet;

    file->has_packet = false;
    for (;;) {
        switch (capture_reader_next(&file->reader, packet)) {
        case capture_read_packet:
            if (!packet->has_time) {
                packet->time = file->time;
            }
            if (file->packets > 0 && packet->time < file->time) {
                file->backwards++;
            }
            file->time = packet->time;
            file->packets++;
            file->has_packet = true;
            return;
        case capture_read_more:
            if (!refill(file)) {
                snprintf(file->complaint, sizeof file->complaint, "%s: no memory to read on", path_text(file->path));
                return;
            }
            break;
        case capture_read_end:
            if (capture_source_error(file->source) != NULL) {
                file->reader.error_offset = file->reader.window_offset + file->reader.used;
                complain(file);
            }
            return;
        default:
            complain(file);
            return;
        }
    }
}

/* ---- all files ---- */

static bool is_before(const struct capture_input *input, uint32_t a, uint32_t b)
{
    int64_t first = input->files[a].packet.time, second = input->files[b].packet.time;

    return first != second ? first < second : a < b;
}

static void sift_down(struct capture_input *input, uint32_t at)
{
    uint32_t *heap = input->heap;

    for (;;) {
        uint32_t least = at, moved = heap[at];

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < input->heap_count; child++) {
            if (is_before(input, heap[child], heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        heap[at] = heap[least];
        heap[least] = moved;
        at = least;
    }
}

/* The file that gave the last frame reads on and takes its new place. */
static void replace_given(struct capture_input *input)
{
    struct file *file = &input->files[input->heap[0]];

    read_packet(file);
    if (!file->has_packet) {
        input->heap[0] = input->heap[--input->heap_count];
    }
    if (input->heap_count > 1) {
        sift_down(input, 0);
    }
}

static uint32_t add_interface(struct capture_input *input, uint32_t file_index)
{
    struct file *file = &input->files[file_index];
    const struct capture_interface *from = &file->interfaces[file->packet.interface];
    struct capture_input_interface *to;

    if (input->interface_count == input->interface_capacity) {
        uint32_t capacity = input->interface_capacity * 2 + 8;
        struct capture_input_interface *larger = realloc(input->interfaces, capacity * sizeof larger[0]);

        if (larger == NULL) {
            return input->interface_count > 0 ? 0 : NOT_MAPPED;
        }
        input->interfaces = larger;
        input->interface_capacity = capacity;
    }
    to = &input->interfaces[input->interface_count];
    *to = (struct capture_input_interface){
        .file = file_index,
        .link_type = from->link_type,
        .snap_length = from->snap_length,
    };
    memcpy(to->name, from->name, sizeof to->name);
    return input->interface_count++;
}

static uint32_t interface_of(struct capture_input *input, uint32_t file_index)
{
    struct file *file = &input->files[file_index];
    uint32_t *number;

    if (file->packet.section != file->section) {
        file->section = file->packet.section;
        memset(file->number, 0xff, sizeof file->number);
    }
    number = &file->number[file->packet.interface];
    if (*number == NOT_MAPPED) {
        *number = add_interface(input, file_index);
    }
    return *number;
}

bool capture_input_next(struct capture_input *input, struct capture_input_frame *frame)
{
    const struct capture_packet *packet;
    struct capture_input_interface *interface;
    uint32_t index;

    if (input->given) {
        replace_given(input);
    }
    input->given = input->heap_count > 0;
    if (!input->given) {
        return false;
    }
    packet = &input->files[input->heap[0]].packet;
    index = interface_of(input, input->heap[0]);
    if (index == NOT_MAPPED) {
        input->heap_count = 0;
        input->given = false;
        return false;
    }
    interface = &input->interfaces[index];
    interface->packets++;
    interface->cut += packet->captured_length < packet->original_length;
    *frame = (struct capture_input_frame){
        .number = ++input->frames,
        .time = packet->time,
        .drops = packet->has_drop_count ? packet->drop_count : 0,
        .bytes = packet->bytes,
        .comment = packet->comment,
        .captured = packet->captured_length,
        .original = packet->original_length,
        .interface = index,
        .link_type = packet->link_type,
        .has_time = packet->has_time,
        .inbound = packet->inbound,
        .outbound = packet->outbound,
    };
    return true;
}

/* ---- open and close ---- */

/* Opens a file and reads its first packet. What is no capture at all is refused. */
static bool open_file(struct file *file, const char *path, char error[CAPTURE_INPUT_ERROR])
{
    file->path = path;
    file->source = capture_source_open(path);
    if (file->source == NULL) {
        snprintf(error, CAPTURE_INPUT_ERROR, "%s: %s", path_text(path), strerror(errno));
        return false;
    }
    file->capacity = WINDOW;
    file->window = malloc(WINDOW);
    if (file->window == NULL) {
        snprintf(error, CAPTURE_INPUT_ERROR, "%s: no memory to read it", path_text(path));
        return false;
    }
    memset(file->number, 0xff, sizeof file->number);
    capture_reader_init(&file->reader, file->interfaces, INTERFACES, 0);
    capture_reader_feed(&file->reader, file->window, 0, false);
    read_packet(file);
    if (file->reader.format == capture_format_unknown) {
        snprintf(error, CAPTURE_INPUT_ERROR, "%s", file->complaint);
        return false;
    }
    return true;
}

struct capture_input *capture_input_open(const char *const *paths, uint32_t count, char error[CAPTURE_INPUT_ERROR])
{
    struct capture_input *input = calloc(1, sizeof *input);

    if (input != NULL) {
        input->files = calloc(count, sizeof input->files[0]);
        input->heap = calloc(count, sizeof input->heap[0]);
    }
    if (input == NULL || input->files == NULL || input->heap == NULL) {
        snprintf(error, CAPTURE_INPUT_ERROR, "no memory to read %" PRIu32 " files", count);
        capture_input_close(input);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        input->file_count++;
        if (!open_file(&input->files[i], paths[i], error)) {
            capture_input_close(input);
            return NULL;
        }
        if (input->files[i].has_packet) {
            input->heap[input->heap_count++] = i;
        }
    }
    for (uint32_t at = input->heap_count; at > 0; at--) {
        sift_down(input, at - 1);
    }
    return input;
}

void capture_input_close(struct capture_input *input)
{
    if (input == NULL) {
        return;
    }
    for (uint32_t i = 0; i < input->file_count; i++) {
        capture_source_close(input->files[i].source);
        free(input->files[i].window);
    }
    free(input->files);
    free(input->heap);
    free(input->interfaces);
    free(input);
}

/* ---- what is known ---- */

uint32_t capture_input_files(const struct capture_input *input) { return input->file_count; }

void capture_input_file(const struct capture_input *input, uint32_t index, struct capture_input_file *to)
{
    const struct file *file = &input->files[index];
    bool ahead = file->has_packet && !(input->given && input->heap[0] == index);

    *to = (struct capture_input_file){
        .name = file->path,
        .packing = capture_source_packing(file->source),
        .format = file->reader.format,
        .nanoseconds = file->reader.nanoseconds,
        .packets = file->packets - ahead,
        .backwards = file->backwards,
        .complaint = file->complaint[0] != '\0' ? file->complaint : NULL,
    };
}

uint32_t capture_input_interfaces(const struct capture_input *input) { return input->interface_count; }

const struct capture_input_interface *capture_input_interface(const struct capture_input *input, uint32_t index)
{
    struct capture_input_interface *interface = &input->interfaces[index];
    const struct file *file = &input->files[interface->file];

    /* Statistics stand behind the packets that they are about. */
    for (uint32_t i = 0; i < file->reader.interface_count; i++) {
        const struct capture_interface *from = &file->interfaces[i];

        if (file->number[i] == index && (from->has_received || from->has_dropped)) {
            interface->has_received = from->has_received;
            interface->has_dropped = from->has_dropped;
            interface->received = from->received;
            interface->dropped = from->dropped;
        }
    }
    return interface;
}

void capture_input_progress(const struct capture_input *input, uint64_t *done, uint64_t *size)
{
    bool known = true;

    *done = *size = 0;
    for (uint32_t i = 0; i < input->file_count; i++) {
        uint64_t of_file = capture_source_size(input->files[i].source);

        *done += capture_source_done(input->files[i].source);
        *size += of_file;
        known = known && of_file > 0;
    }
    *size = known ? *size : 0;
}
