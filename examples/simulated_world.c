/* Two hosts in a simulated world: a wire of 10 ms between two stacks, and time that jumps. Nothing here knows of an
 * operating system but printf: the same runs on a microcontroller or in a browser. */
#include <septet/tcp.h>

#include <stdio.h>
#include <string.h>

#define DELAY (10 * SEPTET_MILLISECOND)
/* Packets on their way to a host: bytes and times of arrival. */
static struct wire {
    uint8_t bytes[64][1600];
    struct septet_packet packet[64];
    int64_t arrival[64];
    unsigned count;
} wire[2];
static _Alignas(64) uint8_t memory[2][8 << 20];

static struct septet *make_host(unsigned number)
{
    struct septet_config config;
    const struct septet_interface interface = {.name = "wire", .mtu = 1500};
    const struct septet_address address = septet_address_ipv4(10, 0, 0, (uint8_t)(number + 1));
    septet_config_default(&config);
    config.seed[0] = number;
    config.pages = 256;
    struct septet *host = septet_create(&config, memory[number], sizeof memory[number], NULL);
    septet_interface_add(host, &interface);
    septet_address_add(host, 0, &address, 24, true);
    return host;
}

/* What a host sends is copied onto the wire: its own bytes are only valid until its next call. */
static void send_packets(struct septet *host, struct wire *to)
{
    struct septet_packet packets[64];
    const uint32_t count = septet_output(host, packets, 64 - to->count);
    for (uint32_t i = 0; i < count; i++, to->count++) {
        uint8_t *bytes = to->bytes[to->count];
        memcpy(bytes, packets[i].head, packets[i].head_length);
        uint32_t length = packets[i].head_length;
        for (uint32_t j = 0; j < packets[i].span_count; length += packets[i].spans[j++].length)
            memcpy(bytes + length, packets[i].spans[j].data, packets[i].spans[j].length);
        to->packet[to->count] = (struct septet_packet){.head = bytes, .head_length = length, .length = length};
        to->arrival[to->count] = septet_now(host) + DELAY;
    }
}

int main(void)
{
    struct septet *host[2] = {make_host(0), make_host(1)};
    const struct septet_address server = septet_address_ipv4(10, 0, 0, 2);
    septet_handle listener, client, accepted;
    struct septet_event event;
    char text[32];
    septet_listen(host[1], NULL, 7, 1, &listener);
    septet_connect(host[0], NULL, 0, &server, 7, &client);
    septet_send(host[0], client, "hello", 5, 0);
    for (int64_t now = 0; now != SEPTET_NEVER && now < SEPTET_SECOND;) {
        for (unsigned i = 0; i < 2; i++) {
            struct wire arriving = wire[i]; /* all of a wire arrive together here: one delay for all */
            septet_advance(host[i], now);
            if (arriving.count != 0 && arriving.arrival[0] <= now) {
                for (unsigned j = 0; j < arriving.count; j++)
                    arriving.packet[j].head = arriving.bytes[j];
                wire[i].count = 0;
                septet_input(host[i], arriving.packet, arriving.count);
            }
            while (septet_next_event(host[i], &event))
                if (event.events & SEPTET_EVENT_ACCEPT && septet_accept(host[1], listener, &accepted) == SEPTET_OK)
                    printf("%3lld ms: accepted\n", (long long)(now / SEPTET_MILLISECOND));
                else if (event.events & SEPTET_EVENT_READABLE && septet_receive(host[i], event.handle, text, 32) == 5)
                    printf("%3lld ms: host %u got %.5s\n", (long long)(now / SEPTET_MILLISECOND), i + 1, text);
            send_packets(host[i], &wire[1 - i]);
        }
        const int64_t a = wire[0].count != 0 ? wire[0].arrival[0] : septet_deadline(host[0]);
        const int64_t b = wire[1].count != 0 ? wire[1].arrival[0] : septet_deadline(host[1]);
        now = a < b ? a : b;
    }
}
