#include "explain/filter_value.h"

#include <string.h>

/* What the first lines of an HTTP/1 message say, as far as they are in one segment. */

struct message {
    const uint8_t *start; /* of the text */
    uint32_t length;
    bool response;
    struct capture_text word[3]; /* of the first line; the last one may hold spaces */
    uint32_t headers;            /* offset of the first header line */
};

static bool begins(const uint8_t *text, uint32_t length, const char *with)
{
    size_t count = strlen(with);
    return length >= count && memcmp(text, with, count) == 0;
}

static bool is_method(const uint8_t *text, uint32_t length)
{
    static const char *const methods[] = {"GET ",      "POST ",      "HEAD ",    "PUT ",   "DELETE ",
                                          "OPTIONS ",  "CONNECT ",   "TRACE ",   "PATCH ", "NOTIFY ",
                                          "M-SEARCH ", "SUBSCRIBE ", "PROPFIND "};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (begins(text, length, methods[i]))
            return true;
    return false;
}

/* The end of the line that begins at `at`, and in *next where the one behind it begins. */
static uint32_t line_end(const struct message *message, uint32_t at, uint32_t *next)
{
    const uint8_t *newline = memchr(message->start + at, '\n', message->length - at);
    uint32_t end = newline != NULL ? (uint32_t)(newline - message->start) : message->length;
    *next = newline != NULL ? end + 1 : message->length;
    if (end > at && message->start[end - 1] == '\r')
        end--;
    return end;
}

static bool read_message(const struct filter_frame *frame, struct message *message)
{
    const struct dissection *dissection = frame->dissection;
    if (!(dissection->is_tcp || dissection->is_udp) || dissection->payload_captured == 0)
        return false;
    *message = (struct message){.start = frame->bytes + dissection->payload, .length = dissection->payload_captured};
    message->response = begins(message->start, message->length, "HTTP/1.");
    if (!message->response && !is_method(message->start, message->length))
        return false;
    uint32_t at = 0, end = line_end(message, 0, &message->headers);
    for (uint32_t i = 0; i < 3 && at < end; i++) {
        const uint8_t *space = i < 2 ? memchr(message->start + at, ' ', end - at) : NULL;
        uint32_t stop = space != NULL ? (uint32_t)(space - message->start) : end;
        message->word[i] = (struct capture_text){(const char *)message->start + at, stop - at};
        at = stop + 1;
    }
    return true;
}

static void add_word(struct filter_values *values, const struct capture_text *word)
{
    if (word->length > 0)
        filter_add_bytes(values, filter_text, (const uint8_t *)word->text, word->length);
}

static void add_code(struct filter_values *values, const struct capture_text *word)
{
    uint32_t code = 0;
    for (uint32_t i = 0; i < word->length && i < 4; i++) {
        if (word->text[i] < '0' || word->text[i] > '9')
            return;
        code = code * 10 + (uint32_t)(word->text[i] - '0');
    }
    if (word->length > 0)
        filter_add_number(values, filter_number, code);
}

FILTER_READER(filter_read_http)
{
    struct message message;
    if (!read_message(subject->frame, &message))
        return;
    switch (field->parameter) {
    case http_message:
        filter_add_bytes(values, filter_protocol, message.start, message.length);
        return;
    case http_is_request:
    case http_is_response:
        if (message.response == (field->parameter == http_is_response))
            filter_add_number(values, filter_boolean, 1);
        return;
    default:
        break;
    }
    if (message.response && field->parameter == http_response_version)
        add_word(values, &message.word[0]);
    else if (message.response && field->parameter == http_code)
        add_code(values, &message.word[1]);
    else if (message.response && field->parameter == http_phrase)
        add_word(values, &message.word[2]);
    else if (!message.response && field->parameter == http_method)
        add_word(values, &message.word[0]);
    else if (!message.response && field->parameter == http_uri)
        add_word(values, &message.word[1]);
    else if (!message.response && field->parameter == http_request_version)
        add_word(values, &message.word[2]);
}

static bool is_header(const uint8_t *line, uint32_t length, const char *name)
{
    size_t count = strlen(name);
    if (length <= count || line[count] != ':')
        return false;
    for (size_t i = 0; i < count; i++)
        if ((line[i] | 0x20) != (uint8_t)name[i] && line[i] != (uint8_t)name[i])
            return false;
    return true;
}

FILTER_READER(filter_read_http_header)
{
    static const char *const names[] = {"host",       "user-agent", "server", "content-type",
                                        "connection", "location",   "referer"};
    const char *name = names[field->parameter - header_host];
    struct message message;
    if (!read_message(subject->frame, &message))
        return;
    uint32_t next;
    for (uint32_t at = message.headers; at < message.length; at = next) {
        uint32_t end = line_end(&message, at, &next), value = at + (uint32_t)strlen(name) + 1;
        if (end == at)
            return;
        if (!is_header(message.start + at, end - at, name))
            continue;
        while (value < end && message.start[value] == ' ')
            value++;
        filter_add_bytes(values, filter_text, message.start + value, end - value);
    }
}
