#include "serve/http_url.h"

#include <http_parser.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool has(const struct http_parser_url *parts, enum http_parser_url_fields field)
{
    return (parts->field_set & 1u << field) != 0;
}

const char *http_url_read(const char *text, struct http_url *url)
{
    struct http_parser_url parts;
    char host[SEPTET_ADDRESS_TEXT], port[8] = "";
    const char *fragment;
    bool ipv6;

    if (!is_clean(text)) {
        return "spaces and other than ASCII characters must be percent-encoded";
    }
    http_parser_url_init(&parts);
    if (strncasecmp(text, "http://", 7) != 0) {
        return "expected http://ADDRESS[:PORT]/PATH";
    }
    if (strlen(text) > 8000 || http_parser_parse_url(text, strlen(text), 0, &parts) != 0 || !has(&parts, UF_HOST)) {
        return "malformed; expected http://ADDRESS[:PORT]/PATH";
    }
    if (has(&parts, UF_USERINFO)) {
        return "user names and passwords are not supported";
    }
    if (!septet_address_parse(text + parts.field_data[UF_HOST].off, parts.field_data[UF_HOST].len, &url->host)) {
        return "the host must be a numeric address, IPv6 in brackets";
    }
    if (has(&parts, UF_PORT) && parts.port == 0) {
        return "port 0 cannot be connected to";
    }
    url->port = has(&parts, UF_PORT) ? parts.port : 80;
    septet_address_format(&url->host, host);
    ipv6 = !septet_address_is_ipv4(&url->host);
    if (url->port != 80) {
        snprintf(port, sizeof port, ":%u", url->port);
    }
    snprintf(url->authority, sizeof url->authority, "%s%s%s%s", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
    url->target = text + 7 + strcspn(text + 7, "/?#");
    fragment = strchr(url->target, '#');
    url->target_length = fragment != NULL ? (size_t)(fragment - url->target) : strlen(url->target);
    return NULL;
}
