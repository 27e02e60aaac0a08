#include "lwip_host.h"
#include "lwip_memory.h"
#include "lwip_port.h"
#include "memory_pair.h"
#include "meter.h"

#include <stdlib.h>
#include <string.h>

enum { PORT = 7, SEGMENT = 1460, CHUNK = 44 * SEGMENT };

struct bulk {
    struct lwip_host *pair[2];
    struct tcp_pcb *sender, *receiver;
    uint32_t unread; /* taken, but the window is not yet opened again: once for each batch */
    bool connected;
    uint8_t *source, *sink;
    uint64_t received;
    uint32_t window; /* most bytes in flight */
};

static err_t take(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    (void)error;
    struct bulk *bulk = arg;
    struct lwip_host *host = bulk->pair[1];
    if (!data)
        return ERR_OK;
    host->pbuf_copy_partial(data, bulk->sink, data->tot_len, 0);
    bulk->received += data->tot_len;
    bulk->unread += data->tot_len;
    bulk->receiver = pcb;
    host->pbuf_free(data);
    return ERR_OK;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct bulk *bulk = arg;
    if (error != ERR_OK || !pcb)
        return ERR_VAL;
    bulk->pair[1]->tcp_arg(pcb, bulk);
    bulk->pair[1]->tcp_recv(pcb, take);
    return ERR_OK;
}

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    (void)pcb;
    ((struct bulk *)arg)->connected = error == ERR_OK;
    return ERR_OK;
}

static bool begin(struct bulk *bulk)
{
    struct lwip_host *host = bulk->pair[0];
    ip_addr_t address = IPADDR4_INIT_BYTES(10, 7, 0, 2);
    if (!lwip_listen(bulk->pair[1], PORT, accepted, bulk) || !(bulk->sender = host->tcp_new()))
        return false;
    host->tcp_arg(bulk->sender, bulk);
    tcp_nagle_disable(bulk->sender);
    if (host->tcp_connect(bulk->sender, &address, PORT, connected) != ERR_OK)
        return false;
    lwip_settle(bulk->pair);
    return bulk->connected;
}

/* Fills the send buffer, but for what would take more than the window in flight. */
static void fill(struct bulk *bulk)
{
    struct lwip_host *host = bulk->pair[0];
    struct tcp_pcb *pcb = bulk->sender;
    uint32_t held = TCP_SND_BUF - pcb->snd_buf;
    while (held < bulk->window) {
        uint32_t length = bulk->window - held;
        if (length > pcb->snd_buf)
            length = pcb->snd_buf;
        if (length > CHUNK)
            length = CHUNK;
        if (length < SEGMENT || host->tcp_write(pcb, bulk->source, (uint16_t)length, TCP_WRITE_FLAG_COPY) != ERR_OK)
            break;
        held += length;
    }
    host->tcp_output(pcb);
}

static void open_window(struct bulk *bulk)
{
    for (uint32_t part; bulk->unread; bulk->unread -= part) {
        part = bulk->unread < UINT16_MAX ? bulk->unread : UINT16_MAX;
        bulk->pair[1]->tcp_recved(bulk->receiver, (uint16_t)part);
    }
}

static void measure(struct bench_run *run, struct bulk *bulk)
{
    struct meter meter;
    meter_start(&meter, run, UINT64_C(1) << 20);
    uint32_t turns = 0;
    while (meter_more(&meter)) {
        uint64_t before = bulk->received;
        fill(bulk);
        lwip_deliver(bulk->pair[1], UINT32_MAX);
        open_window(bulk);
        lwip_deliver(bulk->pair[0], UINT32_MAX);
        meter.done += bulk->received - before;
        if (++turns % 64 == 0 || bulk->received == before) {
            bulk->pair[0]->sys_check_timeouts();
            bulk->pair[1]->sys_check_timeouts();
        }
    }
    memory_report(run, &meter, SEGMENT, "");
}

static void transfer(struct bench_run *run, uint32_t window, bool checksums)
{
    struct bulk bulk = {.window = window, .source = calloc(1, CHUNK), .sink = calloc(1, CHUNK)};
    if (!bulk.source || !bulk.sink) {
        bench_skip(run, "no memory");
    } else if (lwip_pair_open(run, bulk.pair, 1024)) {
        lwip_port_checksums(checksums);
        if (begin(&bulk))
            measure(run, &bulk);
        else
            bench_skip(run, "lwIP does not connect");
        lwip_pair_close(bulk.pair);
    }
    free(bulk.source);
    free(bulk.sink);
}

void lwip_bulk(struct bench_run *run) { transfer(run, TCP_SND_BUF, false); }

void lwip_bulk_checksum(struct bench_run *run) { transfer(run, TCP_SND_BUF, true); }

void lwip_window(struct bench_run *run)
{
    if (run->size > TCP_SND_BUF)
        bench_skip(run, "Debian's library is built for windows of %u bytes at most", (unsigned)TCP_SND_BUF);
    else
        transfer(run, (uint32_t)run->size, false);
}
