#include "arena.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void arena_pin(unsigned processor)
{
    if (!arena_has_two_processors())
        return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    sched_setaffinity(0, sizeof set, &set);
}

bool arena_has_two_processors(void) { return sysconf(_SC_NPROCESSORS_ONLN) > 1; }

static bool write_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool good = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
    if (file >= 0)
        close(file);
    return good;
}

/* A new network namespace; who is not root becomes it in a new user namespace first. */
static bool enter(struct bench_run *run)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    if (user != 0) {
        char map[64];
        if (unshare(CLONE_NEWUSER) != 0) {
            bench_skip(run, "no user namespaces here: %s", strerror(errno));
            return false;
        }
        write_file("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "0 %u 1\n", (unsigned)user);
        write_file("/proc/self/uid_map", map);
        snprintf(map, sizeof map, "0 %u 1\n", (unsigned)group);
        write_file("/proc/self/gid_map", map);
    }
    if (unshare(CLONE_NEWNET) != 0) {
        bench_skip(run, "no network namespaces here: %s", strerror(errno));
        return false;
    }
    return true;
}

static void in_child(struct bench_run *run, unsigned seconds, struct arena_shared *shared,
                     void (*body)(struct bench_run *, struct arena *))
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    alarm(seconds);
    struct arena arena = {.control = -1, .netlink = -1, .shared = shared};
    if (enter(run)) {
        arena.control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        arena.netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0 /* NETLINK_ROUTE */);
        arena_pin(0);
        if (arena.control < 0 || arena.netlink < 0)
            bench_skip(run, "no sockets in the namespace: %s", strerror(errno));
        else
            body(run, &arena);
    }
    if (arena.worker > 0)
        kill(arena.worker, SIGKILL);
}

static void *share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void arena_run(struct bench_run *run, unsigned seconds, void (*body)(struct bench_run *run, struct arena *arena))
{
    struct bench_run *copy = share(sizeof *copy);
    struct arena_shared *shared = share(sizeof *shared);
    pid_t child = -1;
    if (copy && shared) {
        *copy = *run;
        fflush(NULL);
        child = fork();
    }
    if (child == 0) {
        in_child(copy, seconds, shared, body);
        _exit(0);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child < 0)
        bench_skip(run, "no process for the run: %s", strerror(errno));
    else
        *run = *copy;
    if (child > 0 && WIFSIGNALED(status))
        bench_skip(run, WTERMSIG(status) == SIGALRM ? "took more than %u seconds" : "ended by signal %d",
                   WTERMSIG(status) == SIGALRM ? seconds : (unsigned)WTERMSIG(status));
    if (copy)
        munmap(copy, sizeof *copy);
    if (shared)
        munmap(shared, sizeof *shared);
}

bool arena_worker(struct bench_run *run, struct arena *arena, void (*body)(struct arena *arena, const void *arguments),
                  const void *arguments)
{
    arena->worker = fork();
    if (arena->worker == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        arena_pin(1);
        body(arena, arguments);
        atomic_store(&arena->shared->ready, -1);
        _exit(0);
    }
    for (int waited = 0; arena->worker > 0 && waited < 2000; waited++) {
        int ready = atomic_load(&arena->shared->ready);
        if (ready > 0)
            return true;
        if (ready < 0)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    bench_skip(run, "the kernel's end does not start");
    return false;
}
