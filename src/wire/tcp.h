#ifndef SEPTET_WIRE_TCP_H
#define SEPTET_WIRE_TCP_H

#include "wire/ip.h"

#define TCP_HEADER 20
#define TCP_OPTIONS_MAX 40
/* Bytes 13 and the low bits of byte 12, as one number. */
#define TCP_FIN 0x001
#define TCP_SYN 0x002
#define TCP_RST 0x004
#define TCP_PSH 0x008
#define TCP_ACK 0x010
#define TCP_URG 0x020
#define TCP_ECE 0x040
#define TCP_CWR 0x080
#define TCP_AE 0x100 /* RFC 9768 */
#define TCP_RESERVED 0xe00

struct tcp_header {
    uint16_t source_port, destination_port;
    uint32_t seq, ack;
    uint16_t flags;
    uint8_t header_length; /* bytes, 20..60 */
    uint16_t window;       /* as on the wire, unscaled */
    uint16_t checksum, urgent;
};
/* Reads the fixed header; header length checked against the segment (wire_header_length below 20, wire_truncated beyond
 * `length`). The options are bytes + TCP_HEADER, header_length - TCP_HEADER long. */
enum wire_error tcp_parse(const uint8_t *bytes, uint32_t length, struct tcp_header *tcp);
/* Writes the 20 bytes; header_length given, checksum as given. */
void tcp_build(uint8_t *bytes, const struct tcp_header *tcp);

#define TCP_OPTION_EOL 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MSS 2
#define TCP_OPTION_WINDOW_SCALE 3
#define TCP_OPTION_SACK_PERMITTED 4
#define TCP_OPTION_SACK 5
#define TCP_OPTION_TIMESTAMPS 8
#define TCP_OPTION_MD5 19
#define TCP_OPTION_USER_TIMEOUT 28
#define TCP_OPTION_AO 29
#define TCP_OPTION_MPTCP 30
#define TCP_OPTION_FASTOPEN 34
#define TCP_OPTION_ACCECN0 172
#define TCP_OPTION_ACCECN1 174
#define TCP_OPTION_EXPERIMENT1 253
#define TCP_OPTION_EXPERIMENT2 254

struct sack_block {
    uint32_t start, end;
};
/* Options read into values: what of them is known and well formed. Unknown kinds are skipped (MUST-6). */
struct tcp_options {
    bool has_mss, has_window_scale, sack_permitted, has_timestamps;
    bool has_fastopen;    /* cookie request when fastopen_length is 0 */
    bool malformed;       /* an illegal length: the rest was ignored (MUST-7) */
    uint8_t window_scale; /* as sent: 0..255 */
    uint8_t sack_count;
    uint8_t fastopen_length;
    uint16_t mss;
    uint32_t ts_val, ts_ecr;
    struct sack_block sack[4];
    uint8_t fastopen_cookie[16];
};
/* syn: whether SYN-only options (MSS, window scale, SACK permitted, fast open) count. Always bounded. A known kind of
 * the wrong length is ignored; of duplicates the last one wins. */
void tcp_options_parse(const uint8_t *bytes, uint32_t length, bool syn, struct tcp_options *options);

/* One option at a time, for readers who want them all in order. */
struct tcp_option {
    uint8_t kind;
    uint8_t length;       /* whole option, 1 for EOL and NOP */
    const uint8_t *bytes; /* from the kind byte */
};
struct tcp_option_cursor {
    const uint8_t *at;
    uint32_t left;
    bool malformed;
};
/* Start with {.at, .left}. EOL is returned, then the end; false at the end or with malformed set. */
bool tcp_option_next(struct tcp_option_cursor *cursor, struct tcp_option *option);

/* Writers return the bytes written: mss 4, window scale 3, SACK permitted 2, timestamps 10, SACK 2 + 8 n (n is cut
 * to 4), fast open 2 + length (cut to 16; the cookie may be null when it is 0). */
uint32_t tcp_option_mss(uint8_t *to, uint16_t mss);
uint32_t tcp_option_window_scale(uint8_t *to, uint8_t shift);
uint32_t tcp_option_sack_permitted(uint8_t *to);
uint32_t tcp_option_timestamps(uint8_t *to, uint32_t val, uint32_t ecr);
uint32_t tcp_option_sack(uint8_t *to, const struct sack_block *blocks, uint32_t count);
uint32_t tcp_option_fastopen(uint8_t *to, const uint8_t *cookie, uint8_t length);

/* "S", "S.", "P.", "F.", "R." ... in tcpdump's letters and order F S R P . U E W A, where '.' is ACK and A is AE;
 * "none" when none of them is set. Returns the length without the NUL. */
size_t tcp_flags_format(uint16_t flags, char text[12]);

#endif
