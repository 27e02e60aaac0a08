#include "instructions.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meter.h"

/* One run over a fixed amount of work: all its instructions, and its units. */
struct count {
    double instructions, units;
};

/* ---- the processor's counter ---- */

static int open_counter(void)
{
    struct perf_event_attr attributes = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof attributes,
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .disabled = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };
    return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static bool count_by_processor(int counter, const struct bench_workload *workload,
                               const struct bench_contestant *contestant, uint64_t work, struct count *count)
{
    struct bench_run run = {.work = work, .size = workload->size};
    uint64_t value = 0;
    ioctl(counter, PERF_EVENT_IOC_RESET, 0);
    ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
    contestant->run(&run);
    ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
    *count = (struct count){0, run.units};
    if (run.skipped[0] || read(counter, &value, sizeof value) != sizeof value)
        return false;
    count->instructions = (double)value;
    return true;
}

/* ---- callgrind ---- */

extern char **environ;

#define TUNABLES                                                           \
    "GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x7fffffffffffffff:" \
    "glibc.cpu.x86_rep_stosb_threshold=0x7fffffffffffffff"

/* All that a child writes until it ends, or false after so many seconds. */
static bool collect(pid_t child, int pipe, char *text, size_t size, int seconds)
{
    size_t length = 0;
    int64_t until = meter_wall() + (int64_t)seconds * 1000000000;
    bool ended = false;
    while (!ended && meter_wall() < until) {
        struct pollfd ready = {.fd = pipe, .events = POLLIN};
        if (poll(&ready, 1, 1000) <= 0)
            continue;
        ssize_t got = read(pipe, text + length, size - 1 - length);
        ended = got <= 0;
        length += got > 0 ? (size_t)got : 0;
        if (length == size - 1)
            length = size / 2; /* the end is what matters */
    }
    text[length] = 0;
    if (!ended)
        kill(child, SIGKILL);
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool number_after(const char *text, const char *word, double *value)
{
    const char *found = strstr(text, word);
    return found && sscanf(found + strlen(word), "%lf", value) == 1;
}

static bool count_by_callgrind(const struct bench_workload *workload, const struct bench_contestant *contestant,
                               uint64_t work, struct count *count)
{
    char amount[32], self[512], text[8192];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    int ends[2];
    if (length <= 0 || pipe2(ends, O_CLOEXEC) != 0)
        return false;
    self[length] = 0;
    snprintf(amount, sizeof amount, "%llu", (unsigned long long)work);
    /* "rep movsb" is one instruction, but valgrind counts every byte of it: let memcpy and memset use vectors. */
    const char *command[] = {"env",  TUNABLES,       "valgrind",  "--tool=callgrind", "--callgrind-out-file=/dev/null",
                             self,   "bench",        "--counted", contestant->who,    "--work",
                             amount, workload->name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    pid_t child = -1;
    int error = posix_spawnp(&child, command[0], &actions, NULL, (char **)(uintptr_t)command, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    bool good = error == 0 && collect(child, ends[0], text, sizeof text, 120) &&
                number_after(text, "Collected :", &count->instructions) && number_after(text, "units", &count->units);
    close(ends[0]);
    return good;
}

bool instructions_count(const struct bench_workload *workload, const struct bench_contestant *contestant,
                        double *instructions)
{
    struct count once = {0}, twice = {0};
    uint64_t work = contestant->counted_work;
    int counter = open_counter();
    bool good = counter >= 0 ? count_by_processor(counter, workload, contestant, work, &once) &&
                                   count_by_processor(counter, workload, contestant, 2 * work, &twice)
                             : count_by_callgrind(workload, contestant, work, &once) &&
                                   count_by_callgrind(workload, contestant, 2 * work, &twice);
    if (counter >= 0)
        close(counter);
    if (!good || twice.units <= once.units)
        return false;
    *instructions = (twice.instructions - once.instructions) / (twice.units - once.units);
    return true;
}

int bench_counted(const struct bench_workload *workload, const char *who, uint64_t work)
{
    for (size_t i = 0; i < BENCH_CONTESTANTS && workload->contestants[i].who; i++) {
        if (strcmp(workload->contestants[i].who, who) != 0)
            continue;
        struct bench_run run = {.work = work, .size = workload->size};
        workload->contestants[i].run(&run);
        if (run.skipped[0])
            fprintf(stderr, "septet bench: %s %s: %s\n", workload->name, who, run.skipped);
        printf("units %.0f\n", run.units);
        return run.skipped[0] ? 1 : 0;
    }
    fprintf(stderr, "septet bench: %s has no %s\n", workload->name, who);
    return 2;
}
