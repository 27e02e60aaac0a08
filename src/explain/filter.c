#include "explain/filter_lex.h"
#include "explain/filter_program.h"
#include "wire/icmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one expression may cost on one frame. */
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 1000
#define HEAP_LIMIT 1024 /* KiB */

/* Every node and every byte of a literal comes from characters of the text, and this many at most from one. */
#define NODES_PER_CHARACTER 3
#define BYTES_PER_CHARACTER 16

void filter_destroy(struct filter *filter)
{
    if (filter == NULL)
        return;
    for (uint32_t i = 0; i < filter->pattern_count; i++)
        pcre2_code_free(filter->patterns[i]);
    pcre2_match_data_free(filter->matches);
    pcre2_match_context_free(filter->limits);
    free(filter->nodes);
    free(filter->bytes);
    free(filter);
}

static struct filter *make_filter(size_t length)
{
    struct filter *filter = calloc(1, sizeof *filter);
    if (filter == NULL)
        return NULL;
    filter->nodes = malloc((NODES_PER_CHARACTER * length + 8) * sizeof filter->nodes[0]);
    filter->bytes = malloc(BYTES_PER_CHARACTER * length + 32);
    filter->matches = pcre2_match_data_create(1, NULL);
    filter->limits = pcre2_match_context_create(NULL);
    filter->node_count = 1;
    if (filter->nodes == NULL || filter->bytes == NULL || filter->matches == NULL || filter->limits == NULL) {
        filter_destroy(filter);
        return NULL;
    }
    pcre2_set_match_limit(filter->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(filter->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(filter->limits, HEAP_LIMIT);
    return filter;
}

struct filter *filter_compile(const char *text, struct filter_error *error)
{
    size_t length = strlen(text);
    if (length > FILTER_TEXT_MOST) {
        filter_fail(error, text, FILTER_TEXT_MOST, 1, "the filter is too long", NULL);
        return NULL;
    }
    struct filter *filter = make_filter(length);
    if (filter == NULL) {
        filter_fail(error, text, 0, 1, "there is no memory for this filter", NULL);
        return NULL;
    }
    if (!filter_parse(filter, text, error)) {
        filter_destroy(filter);
        return NULL;
    }
    return filter;
}

bool filter_needs_segment(const struct filter *filter) { return filter->needs_segment; }

/* The headers of the packet that an ICMP error quotes count, too. */
static uint32_t add_quote(const struct filter_frame *frame, struct dissect_header *headers, uint32_t count)
{
    const struct dissection *dissection = frame->dissection;
    const uint8_t *start = frame->bytes + dissection->transport;
    struct icmp icmp;
    struct icmp_quote quote;
    bool error =
        dissection->ip.version == 6
            ? dissection->icmp_type < 128
            : dissection->icmp_type == ICMPV4_UNREACHABLE ||
                  (dissection->icmp_type >= ICMPV4_SOURCE_QUENCH && dissection->icmp_type <= ICMPV4_REDIRECT) ||
                  dissection->icmp_type == ICMPV4_TIME_EXCEEDED || dissection->icmp_type == ICMPV4_PARAMETER_PROBLEM;
    if (!error ||
        icmp_parse(start, ICMP_HEADER + dissection->payload_captured, &dissection->ip, false, &icmp) != wire_none ||
        icmp_parse_quote(&icmp, dissection->ip.version, &quote) != wire_none)
        return count;
    uint32_t network = dissection->payload, transport = (uint32_t)(quote.transport - frame->bytes);
    headers[count++] =
        (struct dissect_header){quote.ip.version == 4 ? layer_ip : layer_ipv6, network, transport - network};
    if (quote.ip.protocol == PROTOCOL_TCP || quote.ip.protocol == PROTOCOL_UDP)
        headers[count++] = (struct dissect_header){quote.ip.protocol == PROTOCOL_TCP ? layer_tcp : layer_udp, transport,
                                                   quote.transport_length};
    return count;
}

bool filter_passes(struct filter *filter, const struct filter_frame *frame)
{
    const struct dissection *dissection = frame->dissection;
    struct filter_subject subject = {frame, dissection->header, dissection->headers};
    struct dissect_header headers[DISSECT_LAYERS + 2];
    if (dissection->is_icmp && dissection->payload_captured > 0) {
        memcpy(headers, dissection->header, dissection->headers * sizeof headers[0]);
        subject.headers = headers;
        subject.header_count = add_quote(frame, headers, dissection->headers);
    }
    return filter_test(filter, filter->root, &subject);
}

/* ---- errors ---- */

static size_t append(char *to, size_t size, size_t at, const char *text)
{
    int count = at < size ? snprintf(to + at, size - at, "%s", text) : 0;
    return at + (count > 0 ? (size_t)count : 0);
}

void filter_error_format(const struct filter_error *error, const char *text, char *to, size_t size)
{
    size_t at = append(to, size, 0, error->message);
    at = append(to, size, at, "\n  ");
    for (; *text != '\0' && at + 1 < size; text++)
        to[at++] = (uint8_t)*text < ' ' || *text == 127 ? ' ' : *text;
    at = append(to, size, at, "\n  ");
    for (uint32_t i = 1; i < error->column && at + 1 < size; i++)
        to[at++] = ' ';
    for (uint32_t i = 0; i < error->length && at + 1 < size; i++)
        to[at++] = '^';
    if (at < size)
        to[at] = '\0';
    if (error->suggestion[0] != '\0') {
        at = append(to, size, at, "\n");
        (void)append(to, size, at, error->suggestion);
    }
}
