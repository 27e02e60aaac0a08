#include "memory_crowd.h"
#include "septet_memory.h"

/* ---- memory-many: echoes ---- */

/* The next `batch` connections in turn say something and are answered. */
static bool round_trip(struct bench_run *run, struct crowd *crowd, uint32_t batch)
{
    uint64_t before = crowd->echoes;
    for (uint32_t i = 0; i < batch; i++) {
        septet_send(crowd->pair.stack[CLIENT], crowd->clients[crowd->next], crowd->message, sizeof crowd->message, 0);
        if (++crowd->next == crowd->count)
            crowd->next = 0;
    }
    crowd_move(crowd, CLIENT);
    crowd_move(crowd, SERVER);
    memory_pair_advance(&crowd->pair, crowd->turn);
    if (crowd->echoes == before + batch && !crowd->failures)
        return true;
    bench_skip(run, "echoes are missing");
    return false;
}

/* Time moves so slowly that no delayed acknowledgement is due before a connection's next turn: the same packets for
 * every number of connections. */
static double echo(struct bench_run *run, struct crowd *crowd, uint32_t batch)
{
    struct meter meter;
    crowd->turn = 10 * (int64_t)batch;
    meter_start(&meter, run, 4096);
    while (meter_more(&meter) && round_trip(run, crowd, batch))
        meter.done += batch;
    run->units = (double)meter.work;
    return (double)meter.cpu / (double)meter.work;
}

/* Once around, so that nobody's first message is measured: its memory is new to the machine, too. */
static bool warm_up(struct bench_run *run, struct crowd *crowd)
{
    crowd->turn = 10;
    for (uint64_t done = 0; done < crowd->count; done++)
        if (!round_trip(run, crowd, 1))
            return false;
    return true;
}

void septet_many(struct bench_run *run)
{
    struct crowd crowd;
    if (!crowd_open(run, &crowd, run->size))
        return;
    if (crowd_gather(run, &crowd) && warm_up(run, &crowd)) {
        bench_figure(run, echo(run, &crowd, 1), "ns", "echo_alone");
        if (!run->work)
            bench_figure(run, echo(run, &crowd, run->size < CROWD_BATCH ? (uint32_t)run->size : CROWD_BATCH), "ns",
                         "echo_batch");
    }
    crowd_close(&crowd);
}

/* ---- memory-churn ---- */

static void converse(struct bench_run *run, struct crowd *crowd)
{
    struct meter meter;
    septet_handle connection;
    crowd->conversing = true;
    crowd->turn = 10 * SEPTET_MICROSECOND;
    meter_start(&meter, run, CROWD_BATCH);
    while (meter_more(&meter)) {
        uint64_t before = crowd->finished;
        for (uint32_t i = 0; i < CROWD_BATCH; i++)
            crowd_dial(crowd, 0, 7, &connection);
        crowd_settle(crowd);
        memory_pair_advance(&crowd->pair, crowd->turn);
        meter.done += crowd->finished - before;
        if (crowd->finished != before + CROWD_BATCH || crowd->failures) {
            bench_skip(run, "connections are lost");
            break;
        }
    }
    bench_figure(run, (double)meter.work * 1e9 / (double)meter.cpu, "1/s", "rate");
}

void septet_churn(struct bench_run *run)
{
    struct crowd crowd;
    if (!crowd_open(run, &crowd, run->size))
        return;
    if (crowd_gather(run, &crowd))
        converse(run, &crowd);
    crowd_close(&crowd);
}
