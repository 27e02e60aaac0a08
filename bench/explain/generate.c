/* generate KIND SCALE OUT.pcap: captures for bench/explain. full: SCALE MiB of full-size packets in 17,000 flows;
 * flood: SCALE thousand SYNs of different clients. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOWS 17000u
#define AT_ONCE 256u
#define MSS 1448u
#define ETHERNET 14u
#define IPV4 20u
#define TCP 32u

static FILE *out;
static uint64_t now = UINT64_C(1700000000000000);

static void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value);
}

static void write_segment(uint32_t flow, int from_server, uint32_t seq, uint32_t ack, unsigned flags, uint32_t length)
{
    static uint8_t frame[ETHERNET + IPV4 + TCP + MSS];
    static uint16_t id;
    const uint32_t total = ETHERNET + IPV4 + TCP + length;
    const uint32_t client = 0x0a000000 + flow / 60000 + 1, server = 0xc0a80001;
    uint8_t *ip = frame + ETHERNET, *tcp = ip + IPV4;
    const uint32_t record[4] = {(uint32_t)(now / 1000000), (uint32_t)(now % 1000000), total, total};

    put16(frame + 12, 0x0800);
    memset(ip, 0, IPV4 + TCP);
    ip[0] = 0x45;
    put16(ip + 2, total - ETHERNET);
    put16(ip + 4, ++id);
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, from_server ? server : client);
    put32(ip + 16, from_server ? client : server);
    put16(tcp, from_server ? 80 : 1024 + flow % 60000);
    put16(tcp + 2, from_server ? 1024 + flow % 60000 : 80);
    put32(tcp + 4, seq);
    put32(tcp + 8, ack);
    tcp[12] = TCP / 4 << 4;
    tcp[13] = (uint8_t)flags;
    put16(tcp + 14, 65000);
    tcp[20] = tcp[21] = 1;
    tcp[22] = 8;
    tcp[23] = 10;
    put32(tcp + 24, (uint32_t)(now / 1000));
    fwrite(record, sizeof record, 1, out);
    fwrite(frame, total, 1, out);
    now += 5;
}

static void full(uint64_t bytes)
{
    const uint64_t rounds = bytes / FLOWS / (2 * (MSS + 82) + 82) + 1;
    for (uint32_t base = 0; base < FLOWS; base += AT_ONCE) {
        const uint32_t end = base + AT_ONCE < FLOWS ? base + AT_ONCE : FLOWS;
        for (uint32_t f = base; f < end; f++) {
            write_segment(f, 0, 999, 0, 2, 0);
            write_segment(f, 1, 4999, 1000, 0x12, 0);
            write_segment(f, 0, 1000, 5000, 0x10, 0);
            write_segment(f, 0, 1000, 5000, 0x18, 100);
        }
        for (uint64_t i = 0; i < rounds; i++)
            for (uint32_t f = base; f < end; f++) {
                const uint32_t seq = 5000 + (uint32_t)(i * 2 * MSS);
                write_segment(f, 1, seq, 1100, 0x10, MSS);
                write_segment(f, 1, seq + MSS, 1100, 0x10, MSS);
                write_segment(f, 0, 1100, seq + 2 * MSS, 0x10, 0);
            }
        for (uint32_t f = base; f < end; f++) {
            const uint32_t seq = 5000 + (uint32_t)(rounds * 2 * MSS);
            write_segment(f, 1, seq, 1100, 0x11, 0);
            write_segment(f, 0, 1100, seq + 1, 0x11, 0);
            write_segment(f, 1, seq + 1, 1101, 0x10, 0);
        }
    }
}

int main(int argc, char **argv)
{
    static const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};
    if (argc != 4 || (out = fopen(argv[3], "wb")) == NULL)
        return 2;
    const uint64_t scale = strtoull(argv[2], NULL, 10);
    fwrite(header, sizeof header, 1, out);
    if (strcmp(argv[1], "full") == 0)
        full(scale << 20);
    else
        for (uint32_t f = 0; f < scale * 1000; f++)
            write_segment(f, 0, f * 7919, 0, 2, 0);
    return fclose(out) != 0;
}
