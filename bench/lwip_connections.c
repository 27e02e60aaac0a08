#include "lwip_host.h"
#include "lwip_memory.h"
#include "lwip_port.h"
#include "memory_pair.h"
#include "meter.h"

#include <stdlib.h>
#include <string.h>

/* Many connections between two hosts of lwIP. Its lists are linear, so the counts stay small. */

enum { PORT = 7, BATCH = 64, QUEUE = 4096, MOST = 10000, SIZED = 1000 };

struct crowd {
    struct lwip_host *pair[2];
    struct tcp_pcb **clients; /* the established ones */
    uint32_t connected;
    bool closing;    /* clients close when their answer is there */
    uint64_t echoes; /* answers that clients have received */
    uint8_t message[MEMORY_MESSAGE];
};

static err_t serve(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    (void)error;
    struct lwip_host *host = ((struct crowd *)arg)->pair[1];
    if (!data) {
        host->tcp_close(pcb);
        return ERR_OK;
    }
    host->tcp_write(pcb, data->payload, data->len, TCP_WRITE_FLAG_COPY);
    host->tcp_recved(pcb, data->tot_len);
    host->pbuf_free(data);
    return ERR_OK;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct lwip_host *host = ((struct crowd *)arg)->pair[1];
    if (error != ERR_OK || !pcb)
        return ERR_VAL;
    tcp_nagle_disable(pcb);
    host->tcp_arg(pcb, arg);
    host->tcp_recv(pcb, serve);
    return ERR_OK;
}

static err_t answered(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    (void)error;
    struct crowd *crowd = arg;
    struct lwip_host *host = crowd->pair[0];
    if (!data)
        return ERR_OK;
    host->pbuf_copy_partial(data, crowd->message, sizeof crowd->message, 0);
    host->tcp_recved(pcb, data->tot_len);
    host->pbuf_free(data);
    crowd->echoes++;
    if (crowd->closing)
        host->tcp_close(pcb);
    return ERR_OK;
}

static void ask(struct crowd *crowd, struct tcp_pcb *pcb)
{
    crowd->pair[0]->tcp_write(pcb, crowd->message, sizeof crowd->message, TCP_WRITE_FLAG_COPY);
    crowd->pair[0]->tcp_output(pcb);
}

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct crowd *crowd = arg;
    if (error != ERR_OK)
        return error;
    crowd->connected++;
    if (crowd->closing)
        ask(crowd, pcb);
    return ERR_OK;
}

static struct tcp_pcb *dial(struct crowd *crowd)
{
    struct lwip_host *host = crowd->pair[0];
    ip_addr_t address = IPADDR4_INIT_BYTES(10, 7, 0, 2);
    struct tcp_pcb *pcb = host->tcp_new();
    if (!pcb)
        return NULL;
    tcp_nagle_disable(pcb);
    host->tcp_arg(pcb, crowd);
    host->tcp_recv(pcb, answered);
    return host->tcp_connect(pcb, &address, PORT, connected) == ERR_OK ? pcb : NULL;
}

static bool open_many(struct crowd *crowd, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (!(crowd->clients[i] = dial(crowd)))
            return false;
        if (i % BATCH == 0 || i + 1 == count)
            lwip_settle(crowd->pair);
    }
    return crowd->connected == count;
}

static void run_timers(struct crowd *crowd)
{
    crowd->pair[0]->sys_check_timeouts();
    crowd->pair[1]->sys_check_timeouts();
}

/* Echoes round robin, `batch` connections at once. */
static double echo(struct bench_run *run, struct crowd *crowd, uint32_t batch)
{
    struct meter meter;
    uint64_t next = 0;
    uint32_t turns = 0;
    meter_start(&meter, run, 4096);
    while (meter_more(&meter)) {
        uint64_t before = crowd->echoes;
        for (uint32_t i = 0; i < batch; i++) {
            ask(crowd, crowd->clients[next]);
            if (++next == run->size)
                next = 0;
        }
        lwip_deliver(crowd->pair[1], QUEUE);
        lwip_deliver(crowd->pair[0], QUEUE);
        meter.done += crowd->echoes - before;
        if (crowd->echoes == before) {
            bench_skip(run, "lwIP does not answer");
            break;
        }
        if (++turns % 64 == 0)
            run_timers(crowd);
    }
    run->units = (double)meter.work;
    return (double)meter.cpu / (double)meter.work;
}

/* Runs `what` with `count` established connections. */
static void with_crowd(struct bench_run *run, uint64_t count, void (*what)(struct bench_run *, struct crowd *))
{
    struct crowd crowd = {.clients = calloc(count + SIZED, sizeof(struct tcp_pcb *))};
    if (count > MOST)
        bench_skip(run, "lwIP's lists are linear: setting up so many connections would take hours");
    else if (!crowd.clients)
        bench_skip(run, "no memory");
    else if (lwip_pair_open(run, crowd.pair, QUEUE)) {
        if (lwip_listen(crowd.pair[1], PORT, accepted, &crowd) && open_many(&crowd, count))
            what(run, &crowd);
        else
            bench_skip(run, "lwIP does not connect");
        lwip_pair_close(crowd.pair);
    }
    free(crowd.clients);
}

static void measure_many(struct bench_run *run, struct crowd *crowd)
{
    bench_figure(run, echo(run, crowd, 1), "ns", "echo_alone");
    if (!run->work)
        bench_figure(run, echo(run, crowd, run->size < BATCH ? (uint32_t)run->size : BATCH), "ns", "echo_batch");
}

void lwip_many(struct bench_run *run) { with_crowd(run, run->size, measure_many); }

static void measure_churn(struct bench_run *run, struct crowd *crowd)
{
    struct meter meter;
    crowd->closing = true;
    meter_start(&meter, run, BATCH);
    while (meter_more(&meter)) {
        uint64_t before = crowd->echoes;
        for (uint32_t i = 0; i < BATCH; i++)
            dial(crowd);
        lwip_settle(crowd->pair);
        lwip_forget_time_wait(crowd->pair[0]);
        run_timers(crowd);
        meter.done += crowd->echoes - before;
        if (crowd->echoes != before + BATCH) {
            bench_skip(run, "lwIP loses connections");
            break;
        }
    }
    bench_figure(run, (double)meter.work * 1e9 / (double)meter.cpu, "1/s", "rate");
}

void lwip_churn(struct bench_run *run) { with_crowd(run, run->size, measure_churn); }

static double each(int64_t before) { return (double)(lwip_port_allocated() - before) / SIZED; }

static void measure_size(struct bench_run *run, struct crowd *crowd)
{
    lwip_forget_time_wait(crowd->pair[0]);
    int64_t before = lwip_port_allocated();
    if (!open_many(crowd, SIZED)) {
        bench_skip(run, "lwIP does not connect");
        return;
    }
    bench_figure(run, each(before) / 2, "B", "idle");

    before = lwip_port_allocated();
    crowd->closing = true;
    for (uint32_t i = 0; i < SIZED; i++) {
        dial(crowd);
        lwip_settle(crowd->pair);
    }
    bench_figure(run, each(before), "B", "time_wait");

    for (uint32_t i = 0; i < SIZED; i++)
        dial(crowd);
    before = lwip_port_allocated() - lwip_waiting(crowd->pair[0]);
    lwip_deliver(crowd->pair[1], QUEUE);
    bench_figure(run, each(before + lwip_waiting(crowd->pair[1])), "B", "half_open");
}

void lwip_size(struct bench_run *run) { with_crowd(run, 0, measure_size); }
