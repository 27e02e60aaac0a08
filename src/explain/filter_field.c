#include "base/bytes.h"
#include "explain/filter_value.h"

#include <string.h>

#define NAME_MOST 48

static void read_layer(const struct filter_subject *subject, const struct filter_field *field,
                       struct filter_values *values);
static void read_bits(const struct filter_subject *subject, const struct filter_field *field,
                      struct filter_values *values);
static void read_block(const struct filter_subject *subject, const struct filter_field *field,
                       struct filter_values *values);

static const struct filter_field fields[] = {
#define LAYER_FIELD(field_name, of_layer) \
    {.name = (field_name), .type = filter_protocol, .layer = layer_##of_layer, .read = read_layer},
#define BITS(field_name, of_type, of_layer, at, bytes, right, bits) \
    {.name = (field_name),                                          \
     .type = filter_##of_type,                                      \
     .layer = layer_##of_layer,                                     \
     .offset = (at),                                                \
     .size = (bytes),                                               \
     .shift = (right),                                              \
     .mask = (bits),                                                \
     .unit = 1,                                                     \
     .read = read_bits},
#define SCALED(field_name, of_layer, at, bytes, right, bits, times) \
    {.name = (field_name),                                          \
     .type = filter_number,                                         \
     .layer = layer_##of_layer,                                     \
     .offset = (at),                                                \
     .size = (bytes),                                               \
     .shift = (right),                                              \
     .mask = (bits),                                                \
     .unit = (times),                                               \
     .read = read_bits},
#define BLOCK(field_name, of_type, of_layer, at, bytes) \
    {.name = (field_name),                              \
     .type = filter_##of_type,                          \
     .layer = layer_##of_layer,                         \
     .offset = (at),                                    \
     .size = (bytes),                                   \
     .read = read_block},
#define OPTION(field_name, of_type, kind, at, bytes) \
    {.name = (field_name),                           \
     .type = filter_##of_type,                       \
     .offset = (at),                                 \
     .size = (bytes),                                \
     .parameter = (kind),                            \
     .read = filter_read_option},
#define READ(field_name, of_type, function, which) \
    {.name = (field_name), .type = filter_##of_type, .read = (function), .parameter = (which)},
#define ANALYSIS(field_name, which) \
    {.name = (field_name), .type = filter_none, .read = filter_read_analysis, .parameter = filter_analysis_##which},
#include "explain/filter_field.def"
#undef LAYER_FIELD
#undef BITS
#undef SCALED
#undef BLOCK
#undef OPTION
#undef READ
#undef ANALYSIS
};
#define FIELDS ((uint32_t)(sizeof fields / sizeof fields[0]))

const struct filter_field *filter_field_at(uint32_t index) { return index < FIELDS ? &fields[index] : NULL; }

/* Wireshark takes names of protocols in any case. */
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool same_name(const char *known, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (known[i] == '\0' || known[i] != lower(name[i]))
            return false;
    return known[length] == '\0';
}

int filter_field_find(const char *name, size_t length)
{
    for (uint32_t i = 0; i < FIELDS; i++)
        if (same_name(fields[i].name, name, length))
            return (int)i;
    return -1;
}

bool filter_field_needs_segment(const struct filter_field *field)
{
    return field->read == filter_read_segment || field->read == filter_read_analysis ||
           field->read == filter_read_finding;
}

/* Letters to insert, delete or change to make one name of the other. */
static uint32_t distance(const char *known, size_t known_length, const char *name, size_t length)
{
    uint32_t row[NAME_MOST + 1];
    for (uint32_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; i <= known_length; i++) {
        uint32_t diagonal = row[0];
        row[0] = (uint32_t)i;
        for (size_t j = 1; j <= length; j++) {
            uint32_t change = diagonal + (known[i - 1] != lower(name[j - 1]));
            diagonal = row[j];
            uint32_t least = row[j] < row[j - 1] ? row[j] : row[j - 1];
            row[j] = change < least + 1 ? change : least + 1;
        }
    }
    return row[length];
}

const char *filter_field_like(const char *name, size_t length)
{
    /* What people mean who know another tool, or the RFC. */
    static const struct {
        const char *wrong, *right;
    } known[] = {
        {"port", "tcp.port"},
        {"host", "ip.addr"},
        {"tcp.syn", "tcp.flags.syn"},
        {"tcp.ack_number", "tcp.ack"},
        {"tcp.fin", "tcp.flags.fin"},
        {"tcp.rst", "tcp.flags.reset"},
        {"tcp.flags.rst", "tcp.flags.reset"},
        {"tcp.flags.psh", "tcp.flags.push"},
        {"tcp.flags.ns", "tcp.flags.ae"},
        {"tcp.window", "tcp.window_size"},
        {"tcp.win", "tcp.window_size"},
        {"tcp.retransmission", "tcp.analysis.retransmission"},
        {"tcp.length", "tcp.len"},
        {"tcp.data", "tcp.payload"},
        {"ip.source", "ip.src"},
        {"ip.destination", "ip.dst"},
        {"src", "ip.src"},
        {"dst", "ip.dst"},
        {"mac", "eth.addr"},
    };
    const char *best = NULL;
    uint32_t least = 3;
    if (length == 0 || length > NAME_MOST)
        return NULL;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (same_name(known[i].wrong, name, length))
            return known[i].right;
    if (least > length / 3 + 1)
        least = (uint32_t)length / 3 + 1;
    for (uint32_t i = 0; i < FIELDS; i++) {
        uint32_t letters = distance(fields[i].name, strlen(fields[i].name), name, length);
        if (letters < least) {
            least = letters;
            best = fields[i].name;
        }
    }
    return best;
}

void filter_field_read(uint32_t index, const struct filter_subject *subject, struct filter_values *values)
{
    const char *name = fields[index].name;
    for (; index < FIELDS && (fields[index].name == name || strcmp(fields[index].name, name) == 0); index++)
        fields[index].read(subject, &fields[index], values);
}

/* ---- values ---- */

static struct filter_value *add(struct filter_values *values)
{
    return values->count < FILTER_VALUES ? &values->value[values->count++] : NULL;
}

void filter_add_number(struct filter_values *values, uint8_t type, uint64_t number)
{
    struct filter_value *value = add(values);
    if (value != NULL)
        *value = (struct filter_value){.type = type, .prefix = FILTER_NO_PREFIX, .number = number};
}

void filter_add_bytes(struct filter_values *values, uint8_t type, const uint8_t *bytes, uint32_t length)
{
    struct filter_value *value = add(values);
    if (value != NULL)
        *value = (struct filter_value){.type = type, .prefix = FILTER_NO_PREFIX, .length = length, .bytes = bytes};
}

void filter_add_text(struct filter_values *values, const char *text)
{
    if (text != NULL)
        filter_add_bytes(values, filter_text, (const uint8_t *)text, (uint32_t)strlen(text));
}

uint8_t *filter_scratch(struct filter_values *values, uint32_t length)
{
    if (length > FILTER_SCRATCH - values->used)
        return NULL;
    values->used += length;
    return values->scratch + values->used - length;
}

/* ---- what stands at a fixed place of a header ---- */

/* Where a field of a header begins; null when it was not captured. */
static const uint8_t *place(const struct filter_subject *subject, const struct dissect_header *header,
                            const struct filter_field *field)
{
    if (header->layer != field->layer)
        return NULL;
    uint64_t end = (uint64_t)header->offset + field->offset + field->size;
    return end <= subject->frame->captured ? subject->frame->bytes + header->offset + field->offset : NULL;
}

/* A protocol reaches to the end of the frame, as its slices and `contains` have it. */
static void read_layer(const struct filter_subject *subject, const struct filter_field *field,
                       struct filter_values *values)
{
    const struct filter_frame *frame = subject->frame;
    if (field->layer == layer_none) {
        filter_add_bytes(values, filter_protocol, frame->bytes, frame->captured);
        return;
    }
    for (uint32_t i = 0; i < subject->header_count; i++) {
        const uint8_t *at = place(subject, &subject->headers[i], field);
        if (at != NULL)
            filter_add_bytes(values, filter_protocol, at, (uint32_t)(frame->bytes + frame->captured - at));
    }
}

static void read_bits(const struct filter_subject *subject, const struct filter_field *field,
                      struct filter_values *values)
{
    for (uint32_t i = 0; i < subject->header_count; i++) {
        const uint8_t *at = place(subject, &subject->headers[i], field);
        if (at == NULL)
            continue;
        uint32_t number = field->size == 1 ? at[0] : field->size == 2 ? load16(at) : load32(at);
        number = (number >> field->shift & field->mask) * field->unit;
        filter_add_number(values, field->type, field->type == filter_boolean ? number != 0 : number);
    }
}

static void read_block(const struct filter_subject *subject, const struct filter_field *field,
                       struct filter_values *values)
{
    for (uint32_t i = 0; i < subject->header_count; i++) {
        const uint8_t *at = place(subject, &subject->headers[i], field);
        if (at != NULL)
            filter_add_bytes(values, field->type, at, field->size);
    }
}
