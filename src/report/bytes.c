#include "base/bytes.h"
#include "explain/filter_value.h"
#include "report/packets.h"

#include <inttypes.h>
#include <string.h>

#define ROW 16
#define NARROW 6u /* bytes on a line beside the name of a field */
#define PLACES 64

/* Hexadecimal bytes of a row, from `at` on, in a column of `width` bytes. */
static void print_hex(FILE *file, const uint8_t *bytes, uint32_t at, uint32_t length, uint32_t width)
{
    fprintf(file, "  %04" PRIx32 "  ", at);
    for (uint32_t i = 0; i < width; i++)
        if (i < length)
            fprintf(file, "%02x ", bytes[at + i]);
        else
            fputs("   ", file);
}

/* The rest of `length` bytes whose first NARROW stand on the line before. */
static void print_more(FILE *file, const uint8_t *bytes, uint32_t at, uint32_t length)
{
    for (uint32_t done = NARROW; done < length; done += NARROW) {
        print_hex(file, bytes, at + done, length - done < NARROW ? length - done : NARROW, NARROW);
        fputc('\n', file);
    }
}

static void print_value(FILE *file, const struct filter_field *field, const uint8_t *bytes)
{
    struct septet_address address = septet_address_ipv4(bytes[0], 0, 0, 0);
    char text[SEPTET_ADDRESS_TEXT];
    uint32_t number = 0;
    switch (field->type) {
    case filter_ipv4:
        address = septet_address_ipv4(bytes[0], bytes[1], bytes[2], bytes[3]);
        break;
    case filter_ipv6:
        memcpy(address.bytes, bytes, sizeof address.bytes);
        break;
    case filter_mac:
        fprintf(file, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
        return;
    default:
        number = field->size == 1 ? bytes[0] : field->size == 2 ? load16(bytes) : load32(bytes);
        number = (number >> field->shift & field->mask) * field->unit;
        fprintf(file, field->type != filter_boolean && number > 9 ? "%" PRIu32 " (0x%" PRIx32 ")" : "%" PRIu32, number,
                number);
        return;
    }
    septet_address_format(&address, text);
    fputs(text, file);
}

static bool same_place(const struct filter_field *a, const struct filter_field *b)
{
    return a->offset == b->offset && a->size == b->size && a->shift == b->shift && a->mask == b->mask;
}

/* The fields of a layer in the order of their bytes, without second names of the same place. */
static uint32_t places_of(uint8_t layer, const struct filter_field *places[PLACES])
{
    uint32_t count = 0;
    const struct filter_field *field;
    for (uint32_t i = 0; (field = filter_field_at(i)) != NULL; i++) {
        bool known = false;
        for (uint32_t j = 0; j < count; j++)
            known = known || same_place(places[j], field);
        if (field->layer != layer || field->size == 0 || known || count == PLACES)
            continue;
        uint32_t at = count++;
        for (; at > 0 && (places[at - 1]->offset > field->offset ||
                          (places[at - 1]->offset == field->offset && places[at - 1]->size < field->size));
             at--)
            places[at] = places[at - 1];
        places[at] = field;
    }
    return count;
}

/* Bytes of a header from `from` to `to` that no field of a fixed place is known for. */
static void print_unnamed(FILE *file, const struct filter_frame *frame, const struct dissect_header *header,
                          uint32_t from, uint32_t to)
{
    uint32_t start = header->offset + from;
    print_hex(file, frame->bytes, start, to - from < NARROW ? to - from : NARROW, NARROW);
    if (header->layer == layer_eth && from == 12)
        fprintf(file, " eth.type = 0x%04x", load16(frame->bytes + start));
    fputc('\n', file);
    print_more(file, frame->bytes, start, to - from);
}

static void print_header(FILE *file, const struct filter_frame *frame, const struct dissect_header *header,
                         uint32_t end)
{
    const struct filter_field *places[PLACES];
    uint32_t count = places_of(header->layer, places), at = 0;
    fprintf(file, "%s, %" PRIu32 " bytes\n", dissect_layer_text(header->layer), header->length);
    for (uint32_t i = 0; i < count; i++) {
        const struct filter_field *field = places[i];
        uint32_t start = header->offset + field->offset;
        if (start + field->size > end)
            break;
        /* Bytes that no field is known for. */
        if (at < field->offset)
            print_unnamed(file, frame, header, at, field->offset);
        print_hex(file, frame->bytes, start, field->size, NARROW);
        fprintf(file, " %s = ", field->name);
        print_value(file, field, frame->bytes + start);
        fputc('\n', file);
        print_more(file, frame->bytes, start, field->size);
        if (at < field->offset + (uint32_t)field->size)
            at = field->offset + (uint32_t)field->size;
    }
    if (header->offset + at < end)
        print_unnamed(file, frame, header, at, end - header->offset);
}

static void print_tcp_options(FILE *file, const struct filter_frame *frame)
{
    static const char *const names[] = {"tcp.options.eol",
                                        "tcp.options.nop",
                                        "tcp.options.mss",
                                        "tcp.options.wscale",
                                        "tcp.options.sack_perm",
                                        "tcp.options.sack",
                                        NULL,
                                        NULL,
                                        "tcp.options.timestamp"};
    const struct dissection *dissection = frame->dissection;
    struct tcp_option_cursor cursor = {.at = frame->bytes + dissection->transport + TCP_HEADER,
                                       .left = dissection->options_captured};
    struct tcp_option option;
    while (tcp_option_next(&cursor, &option)) {
        const char *name = option.kind < sizeof names / sizeof names[0] ? names[option.kind] : NULL;
        uint32_t start = (uint32_t)(option.bytes - frame->bytes);
        print_hex(file, frame->bytes, start, option.length < NARROW ? option.length : NARROW, NARROW);
        if (name != NULL)
            fprintf(file, " %s\n", name);
        else
            fprintf(file, " option %u\n", option.kind);
        print_more(file, frame->bytes, start, option.length);
    }
}

static void print_rest(FILE *file, const struct filter_frame *frame, const char *title, uint32_t start, uint32_t end)
{
    if (start >= end)
        return;
    fprintf(file, "%s, %" PRIu32 " bytes\n", title, end - start);
    for (uint32_t at = start; at < end; at += ROW) {
        uint32_t count = end - at < ROW ? end - at : ROW;
        print_hex(file, frame->bytes, at, count, ROW);
        fputc(' ', file);
        for (uint32_t i = 0; i < count; i++) {
            uint8_t byte = frame->bytes[at + i];
            fputc(byte >= ' ' && byte < 127 ? byte : '.', file);
        }
        fputc('\n', file);
    }
}

void report_bytes(FILE *file, const struct filter_frame *frame)
{
    const struct dissection *dissection = frame->dissection;
    uint32_t behind = 0;
    fprintf(file, "frame %" PRIu64 ", %" PRIu32 " bytes", frame->number, frame->original);
    if (frame->captured < frame->original)
        fprintf(file, ", %" PRIu32 " of them captured", frame->captured);
    fputc('\n', file);
    for (uint32_t i = 0; i < dissection->headers; i++) {
        const struct dissect_header *header = &dissection->header[i];
        uint32_t length = header->layer == layer_tcp ? TCP_HEADER : header->length, end = header->offset + length;
        if (length == 0)
            continue;
        print_rest(file, frame, "not read", behind, header->offset);
        end = end < frame->captured ? end : frame->captured;
        print_header(file, frame, header, end);
        behind = header->offset + header->length;
    }
    if (dissection->is_tcp)
        print_tcp_options(file, frame);
    uint32_t payload_end = dissection->payload + dissection->payload_captured;
    if (dissection->is_ip && behind <= payload_end) {
        print_rest(file, frame, "payload", behind, payload_end);
        behind = payload_end;
    }
    print_rest(file, frame, dissection->is_ip ? "behind the packet" : "not read", behind, frame->captured);
}

void report_payload(FILE *file, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        bool line_end = bytes[i] == '\r' && i + 1 < length && bytes[i + 1] == '\n';
        if (line_end)
            continue;
        if (bytes[i] == '\\')
            fputs("\\\\", file);
        else if (bytes[i] == '\n' || bytes[i] == '\t' || (bytes[i] >= ' ' && bytes[i] < 127))
            fputc(bytes[i], file);
        else
            fprintf(file, "\\x%02x", bytes[i]);
    }
}
