#include "lwip_tap.h"
#include "kernel_server.h"
#include "link/tap.h"
#include "lwip_host.h"
#include "tap_report.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct on_tap {
    struct lwip_host *host;
    struct bench_run *run;
    struct arena *arena;
    int tap;
    bool spinning;
    bool broken;
    struct meter meter;
    struct tap_times times;
    struct client {
        struct on_tap *owner;
        struct tcp_pcb *pcb;
        int64_t asked;
        bool established, answered, finished;
    } clients[64];
    uint8_t frame[2048], *buffer;
};

/* ---- the device ---- */

static err_t put(struct netif *netif, struct pbuf *frame)
{
    struct on_tap *on = netif->state;
    if (frame->next == NULL)
        return write(on->tap, frame->payload, frame->len) < 0 ? ERR_IF : ERR_OK;
    on->host->pbuf_copy_partial(frame, on->frame, frame->tot_len, 0);
    return write(on->tap, on->frame, frame->tot_len) < 0 ? ERR_IF : ERR_OK;
}

static err_t tap_netif(struct netif *netif)
{
    struct on_tap *on = netif->state;
    netif->name[0] = 't';
    netif->name[1] = 'p';
    netif->mtu = ARENA_MTU;
    netif->hwaddr_len = 6;
    memcpy(netif->hwaddr, arena_mac, 6);
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    netif->output = on->host->etharp_output;
    netif->linkoutput = put;
    return ERR_OK;
}

/* Takes up to 64 frames; sleeps for the first when there is none and the run is a blocking one. */
static void turn(struct on_tap *on)
{
    struct lwip_host *host = on->host;
    for (int i = 0; i < 64; i++) {
        ssize_t length = read(on->tap, on->frame, sizeof on->frame);
        if (length <= 0) {
            if (i == 0 && !on->spinning)
                poll(&(struct pollfd){.fd = on->tap, .events = POLLIN}, 1, 100);
            break;
        }
        struct pbuf *packet = host->pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_RAM);
        if (!packet)
            break;
        host->pbuf_take(packet, on->frame, (u16_t)length);
        if (host->netif.input(packet, &host->netif) != ERR_OK)
            host->pbuf_free(packet);
    }
    host->sys_check_timeouts();
}

static bool open_device(struct on_tap *on)
{
    ip4_addr_t address, mask, gateway;
    IP4_ADDR(&address, 10, 7, 0, 1);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 0, 0, 0, 0);
    struct tap_options options = {.name = "tap0", .mtu = ARENA_MTU};
    char error[LINK_ERROR_TEXT];
    memcpy(options.mac, arena_mac, sizeof options.mac);
    struct link *link = tap_open(&options, error);
    if (!link)
        bench_skip(on->run, "%s", error);
    if (!link || !arena_tap_up(on->run, on->arena) || !(on->host = lwip_open(on->run)))
        return false;
    on->tap = link->descriptor;
    struct lwip_host *host = on->host;
    if (!host->netif_add(&host->netif, &address, &mask, &gateway, on, tap_netif, host->ethernet_input)) {
        bench_skip(on->run, "lwIP has no memory for a netif");
        return false;
    }
    host->netif_set_default(&host->netif);
    host->netif_set_up(&host->netif);
    host->netif_set_link_up(&host->netif);
    return true;
}

/* ---- connections ---- */

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    (void)pcb;
    ((struct client *)arg)->established = error == ERR_OK;
    return ERR_OK;
}

static void failed(void *arg, err_t error)
{
    (void)error;
    ((struct client *)arg)->pcb = NULL;
    ((struct client *)arg)->owner->broken = true;
}

static bool dial(struct on_tap *on, struct client *client, tcp_recv_fn receive)
{
    struct lwip_host *host = on->host;
    ip_addr_t address = IPADDR4_INIT_BYTES(10, 7, 0, 2);
    *client = (struct client){.owner = on, .pcb = host->tcp_new()};
    if (!client->pcb)
        return false;
    tcp_nagle_disable(client->pcb);
    host->tcp_arg(client->pcb, client);
    host->tcp_recv(client->pcb, receive);
    host->tcp_err(client->pcb, failed);
    return host->tcp_connect(client->pcb, &address, ARENA_PORT, connected) == ERR_OK;
}

static bool dial_and_wait(struct on_tap *on, struct client *client, tcp_recv_fn receive)
{
    if (!dial(on, client, receive))
        return false;
    int64_t until = meter_wall() + 5000000000;
    while (!client->established && !on->broken && meter_wall() < until)
        turn(on);
    return client->established;
}

/* Runs `body` on a TAP device against a server of the kernel. */
static void with_device(struct bench_run *run, struct arena *arena, const struct kernel_server *server,
                        void (*body)(struct on_tap *))
{
    struct on_tap *on = calloc(1, sizeof *on);
    if (!on || !(on->buffer = calloc(1, UINT16_MAX))) {
        bench_skip(run, "no memory");
        return;
    }
    on->run = run;
    on->arena = arena;
    on->spinning = server->spinning;
    if (open_device(on) && arena_worker(run, arena, kernel_serve, server))
        body(on);
    if (on->broken)
        bench_skip(run, "lwIP's connection broke");
}

/* ---- bulk ---- */

static err_t swallow(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    (void)error;
    struct on_tap *on = ((struct client *)arg)->owner;
    if (!data)
        return ERR_OK;
    on->host->pbuf_copy_partial(data, on->buffer, data->tot_len, 0);
    on->meter.done += data->tot_len;
    on->host->tcp_recved(pcb, data->tot_len);
    on->host->pbuf_free(data);
    return ERR_OK;
}

static void pump(struct on_tap *on, bool sending)
{
    struct lwip_host *host = on->host;
    struct client *client = &on->clients[0];
    if (!dial_and_wait(on, client, swallow)) {
        bench_skip(on->run, "lwIP does not connect");
        return;
    }
    meter_start(&on->meter, on->run, UINT64_C(1) << 20);
    while (!on->broken && meter_more(&on->meter)) {
        while (sending && client->pcb->snd_buf > TCP_SND_BUF / 4 &&
               host->tcp_write(client->pcb, on->buffer, (uint16_t)(client->pcb->snd_buf / 1460 * 1460),
                               TCP_WRITE_FLAG_COPY) == ERR_OK)
            host->tcp_output(client->pcb);
        turn(on);
        if (sending)
            on->meter.done = atomic_load_explicit(&on->arena->shared->bytes, memory_order_relaxed);
    }
    tap_report_rate(on->run, &on->meter, "plain_");
}

static void pump_in(struct on_tap *on) { pump(on, false); }
static void pump_out(struct on_tap *on) { pump(on, true); }

static void receive(struct bench_run *run, struct arena *arena)
{
    with_device(run, arena, &(struct kernel_server){.role = KERNEL_SOURCE, .spinning = true}, pump_in);
}

static void send_bulk(struct bench_run *run, struct arena *arena)
{
    with_device(run, arena, &(struct kernel_server){.role = KERNEL_SINK, .spinning = true}, pump_out);
}

void lwip_tap_receive(struct bench_run *run) { arena_run(run, 60, receive); }

void lwip_tap_send(struct bench_run *run) { arena_run(run, 60, send_bulk); }

/* ---- ping-pong ---- */

static void ask(struct client *client)
{
    struct lwip_host *host = client->owner->host;
    client->asked = meter_wall();
    host->tcp_write(client->pcb, client->owner->buffer, KERNEL_MESSAGE, TCP_WRITE_FLAG_COPY);
    host->tcp_output(client->pcb);
}

static err_t pong(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    (void)error;
    struct client *client = arg;
    struct on_tap *on = client->owner;
    if (!data)
        return ERR_OK;
    if (on->meter.measuring)
        tap_times_add(&on->times, meter_wall() - client->asked);
    on->meter.done++;
    on->host->tcp_recved(pcb, data->tot_len);
    on->host->pbuf_free(data);
    ask(client);
    return ERR_OK;
}

static void ping_pong(struct on_tap *on)
{
    for (uint64_t i = 0; i < on->run->size; i++)
        if (!dial_and_wait(on, &on->clients[i], pong)) {
            bench_skip(on->run, "lwIP does not connect");
            return;
        }
    if (!tap_times_open(on->run, &on->times))
        return;
    meter_start(&on->meter, on->run, 64);
    for (uint64_t i = 0; i < on->run->size; i++)
        ask(&on->clients[i]);
    while (!on->broken && meter_more(&on->meter))
        turn(on);
    tap_times_report(on->run, &on->times, on->spinning ? "" : "blocking_");
}

static void round_trips(struct bench_run *run, struct arena *arena, bool spinning)
{
    struct kernel_server server = {.role = KERNEL_ECHO, .connections = (unsigned)run->size, .spinning = spinning};
    with_device(run, arena, &server, ping_pong);
}

static void spinning_round_trips(struct bench_run *run, struct arena *arena) { round_trips(run, arena, true); }
static void blocking_round_trips(struct bench_run *run, struct arena *arena) { round_trips(run, arena, false); }

void lwip_tap_round_trips(struct bench_run *run)
{
    if (arena_has_two_processors())
        arena_run(run, 60, spinning_round_trips);
    arena_run(run, 60, blocking_round_trips);
}

/* ---- churn ---- */

static err_t part(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    (void)error;
    struct client *client = arg;
    struct on_tap *on = client->owner;
    if (data) {
        client->answered = true;
        on->host->tcp_recved(pcb, data->tot_len);
        on->host->pbuf_free(data);
        return ERR_OK;
    }
    client->finished = client->answered;
    on->broken |= !client->answered;
    client->pcb = NULL;
    on->host->tcp_err(pcb, NULL);
    on->host->tcp_close(pcb);
    return ERR_OK;
}

static void converse(struct on_tap *on)
{
    struct client *client = &on->clients[0];
    meter_start(&on->meter, on->run, 16);
    while (meter_more(&on->meter)) {
        if (!dial_and_wait(on, client, part)) {
            bench_skip(on->run, "lwIP does not connect");
            return;
        }
        ask(client);
        while (!client->finished && !on->broken)
            turn(on);
        if (on->broken)
            return;
        on->meter.done++;
    }
    tap_report_churn(on->run, &on->meter, on->spinning ? "" : "blocking_");
}

static void spinning_churn(struct bench_run *run, struct arena *arena)
{
    with_device(run, arena, &(struct kernel_server){.role = KERNEL_CHURN, .spinning = true}, converse);
}

static void blocking_churn(struct bench_run *run, struct arena *arena)
{
    with_device(run, arena, &(struct kernel_server){.role = KERNEL_CHURN}, converse);
}

void lwip_tap_churn(struct bench_run *run)
{
    if (arena_has_two_processors())
        arena_run(run, 60, spinning_churn);
    arena_run(run, 60, blocking_churn);
}
