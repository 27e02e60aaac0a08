#include "cli/bench.h"

#include "kernel_tap.h"
#include "limit.h"
#include "lwip_memory.h"
#include "lwip_tap.h"
#include "memory_pair.h"
#include "septet_memory.h"
#include "septet_tap.h"

#define BULK_COUNTED (UINT64_C(16) << 20)
#define ECHOES_COUNTED 20000
#define KI UINT64_C(1024)
#define MI (1024 * KI)

const struct bench_workload bench_workloads[] = {
    {"memory-bulk-1500",
     "one connection over memory, MTU 1500, no super-segments, no checksums",
     MEMORY_SEGMENT,
     {{"septet", septet_bulk, "instructions_per_segment", BULK_COUNTED},
      {"lwip", lwip_bulk, "instructions_per_segment", BULK_COUNTED},
      {"limit", limit_bulk, "instructions_per_segment", BULK_COUNTED}}},
    {"memory-bulk-1500-checksum",
     "the same with checksums made and verified",
     MEMORY_SEGMENT,
     {{"septet", septet_bulk_checksum, "instructions_per_segment", BULK_COUNTED},
      {"lwip", lwip_bulk_checksum, "instructions_per_segment", BULK_COUNTED},
      {"limit", limit_bulk_checksum, "instructions_per_segment", BULK_COUNTED}}},
    {"memory-bulk-64k",
     "the same with super-segments of 64 KiB",
     MEMORY_SUPER_SEGMENT,
     {{"septet", septet_bulk_super, "instructions_per_segment", BULK_COUNTED},
      {"limit", limit_bulk, "instructions_per_segment", BULK_COUNTED}}},

    {"memory-window-16k",
     "one connection over memory, MTU 1500, 16 KiB in flight",
     16 * KI,
     {{"septet", septet_window, NULL, 0}, {"lwip", lwip_window, NULL, 0}, {"limit", limit_window, NULL, 0}}},
    {"memory-window-256k",
     "256 KiB in flight",
     256 * KI,
     {{"septet", septet_window, NULL, 0}, {"lwip", lwip_window, NULL, 0}, {"limit", limit_window, NULL, 0}}},
    {"memory-window-4m",
     "4 MiB in flight",
     4 * MI,
     {{"septet", septet_window, NULL, 0}, {"lwip", lwip_window, NULL, 0}, {"limit", limit_window, NULL, 0}}},
    {"memory-window-64m",
     "64 MiB in flight",
     64 * MI,
     {{"septet", septet_window, NULL, 0}, {"lwip", lwip_window, NULL, 0}, {"limit", limit_window, NULL, 0}}},

    {"memory-many-1",
     "64-byte echoes over one established connection",
     1,
     {{"septet", septet_many, "instructions_per_echo", ECHOES_COUNTED},
      {"lwip", lwip_many, "instructions_per_echo", ECHOES_COUNTED}}},
    {"memory-many-1k",
     "64-byte echoes round robin over 1,000 connections",
     1000,
     {{"septet", septet_many, NULL, 0}, {"lwip", lwip_many, NULL, 0}}},
    {"memory-many-100k",
     "64-byte echoes round robin over 100,000 connections",
     100000,
     {{"septet", septet_many, NULL, 0}, {"lwip", lwip_many, NULL, 0}}},
    {"memory-many-1m",
     "64-byte echoes round robin over 1,000,000 connections",
     1000000,
     {{"septet", septet_many, NULL, 0}, {"lwip", lwip_many, NULL, 0}}},
    {"memory-size",
     "bytes of memory for each idle, half-open and TIME-WAIT connection",
     0,
     {{"septet", septet_size, NULL, 0}, {"lwip", lwip_size, NULL, 0}}},
    {"memory-churn-0",
     "connections opened, 64 bytes each way, closed; no others open",
     0,
     {{"septet", septet_churn, NULL, 0}, {"lwip", lwip_churn, NULL, 0}}},
    {"memory-churn-10k",
     "the same with 10,000 others open",
     10000,
     {{"septet", septet_churn, NULL, 0}, {"lwip", lwip_churn, NULL, 0}}},
    {"memory-churn-1m",
     "the same with 1,000,000 others open",
     1000000,
     {{"septet", septet_churn, NULL, 0}, {"lwip", lwip_churn, NULL, 0}}},

    {"tap-bulk-receive",
     "one connection from the kernel over TAP; the kernel to itself over veth",
     0,
     {{"septet", septet_tap_receive, NULL, 0},
      {"lwip", lwip_tap_receive, NULL, 0},
      {"kernel", kernel_bulk_receive, NULL, 0}}},
    {"tap-bulk-send",
     "one connection to the kernel over TAP",
     0,
     {{"septet", septet_tap_send, NULL, 0}, {"lwip", lwip_tap_send, NULL, 0}, {"kernel", kernel_bulk_send, NULL, 0}}},
    {"tap-rr-1",
     "64-byte ping-pong with the kernel over TAP",
     1,
     {{"septet", septet_tap_round_trips, NULL, 0},
      {"lwip", lwip_tap_round_trips, NULL, 0},
      {"kernel", kernel_round_trips, NULL, 0}}},
    {"tap-rr-64",
     "64-byte ping-pong on 64 connections at once",
     64,
     {{"septet", septet_tap_round_trips, NULL, 0},
      {"lwip", lwip_tap_round_trips, NULL, 0},
      {"kernel", kernel_round_trips, NULL, 0}}},
    {"tap-churn",
     "connections to the kernel opened, 64 bytes each way, closed, one at a time",
     0,
     {{"septet", septet_tap_churn, NULL, 0}, {"lwip", lwip_tap_churn, NULL, 0}, {"kernel", kernel_churn, NULL, 0}}},
};

const size_t bench_workload_count = sizeof bench_workloads / sizeof *bench_workloads;
