#include "wire/tcp.h"

#include "base/bytes.h"

enum wire_error tcp_parse(const uint8_t *bytes, uint32_t length, struct tcp_header *tcp)
{
    if (length < TCP_HEADER)
        return wire_truncated;
    uint16_t offset_and_flags = load16(bytes + 12);
    uint8_t header_length = (uint8_t)(offset_and_flags >> 12 << 2);
    if (header_length < TCP_HEADER)
        return wire_header_length;
    if (header_length > length)
        return wire_truncated;
    tcp->source_port = load16(bytes);
    tcp->destination_port = load16(bytes + 2);
    tcp->seq = load32(bytes + 4);
    tcp->ack = load32(bytes + 8);
    tcp->flags = offset_and_flags & 0xfff;
    tcp->header_length = header_length;
    tcp->window = load16(bytes + 14);
    tcp->checksum = load16(bytes + 16);
    tcp->urgent = load16(bytes + 18);
    return wire_none;
}

void tcp_build(uint8_t *bytes, const struct tcp_header *tcp)
{
    store16(bytes, tcp->source_port);
    store16(bytes + 2, tcp->destination_port);
    store32(bytes + 4, tcp->seq);
    store32(bytes + 8, tcp->ack);
    store16(bytes + 12, (uint16_t)(tcp->header_length >> 2 << 12 | (tcp->flags & 0xfff)));
    store16(bytes + 14, tcp->window);
    store16(bytes + 16, tcp->checksum);
    store16(bytes + 18, tcp->urgent);
}

size_t tcp_flags_format(uint16_t flags, char text[12])
{
    static const struct {
        uint16_t flag;
        char letter;
    } letters[] = {
        {TCP_FIN, 'F'}, {TCP_SYN, 'S'}, {TCP_RST, 'R'}, {TCP_PSH, 'P'}, {TCP_ACK, '.'},
        {TCP_URG, 'U'}, {TCP_ECE, 'E'}, {TCP_CWR, 'W'}, {TCP_AE, 'A'},
    };
    static const char none[] = "none";
    size_t length = 0;
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        if (flags & letters[i].flag)
            text[length++] = letters[i].letter;
    if (length == 0)
        for (; none[length] != 0; length++)
            text[length] = none[length];
    text[length] = 0;
    return length;
}
