#include "lwip_memory.h"
#include "lwip_tap.h"

/* In place of lwIP where its headers were not there at build time. */

static void absent(struct bench_run *run) { bench_skip(run, "built without the headers of lwIP (liblwip-dev)"); }

void lwip_bulk(struct bench_run *run) { absent(run); }
void lwip_bulk_checksum(struct bench_run *run) { absent(run); }
void lwip_window(struct bench_run *run) { absent(run); }
void lwip_many(struct bench_run *run) { absent(run); }
void lwip_churn(struct bench_run *run) { absent(run); }
void lwip_size(struct bench_run *run) { absent(run); }
void lwip_tap_receive(struct bench_run *run) { absent(run); }
void lwip_tap_send(struct bench_run *run) { absent(run); }
void lwip_tap_round_trips(struct bench_run *run) { absent(run); }
void lwip_tap_churn(struct bench_run *run) { absent(run); }
