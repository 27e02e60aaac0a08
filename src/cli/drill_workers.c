#include "cli/drill.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Scripts are run in processes: several at once, and one that crashes is a result like another. A worker takes the
 * next number from memory that all share, writes it there, runs that script and sends the outcome through its pipe. */

#define JOBS_MOST 64
#define NOBODY UINT32_MAX

struct shared {
    atomic_uint next;
    atomic_uint current[JOBS_MOST]; /* what each worker is at */
};

/* What goes through the pipe, before the text. */
struct letter {
    uint32_t index;
    struct drill_report report;
    size_t text_length;
};

struct worker {
    pid_t pid;
    int pipe;
    uint8_t *bytes; /* received and not complete */
    size_t length, capacity;
};

struct crew {
    const struct drill_settings *settings;
    const struct script_list *list;
    struct shared *shared;
    struct worker worker[JOBS_MOST];
    uint32_t workers, alive;
    struct script_outcome *outcome;
    bool *ready;
    size_t told;
    void (*tell)(void *context, const char *path, const struct script_outcome *outcome);
    void *context;
};

/* ---- in a worker ---- */

static bool write_whole(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        const ssize_t count = write(fd, at, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        at += count;
        length -= (size_t)count;
    }
    return true;
}

static bool map_arena(struct arena *arena)
{
    void *memory = mmap(NULL, DRILL_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    arena_init(arena, memory, DRILL_MEMORY);
    return true;
}

static void work(const struct crew *crew, uint32_t number, int pipe_end)
{
    struct arena arena;
    if (!map_arena(&arena))
        _exit(1);
    for (;;) {
        const uint32_t index = atomic_fetch_add(&crew->shared->next, 1);
        struct script_outcome outcome;
        if (index >= crew->list->count)
            _exit(0);
        atomic_store(&crew->shared->current[number], index);
        script_run(crew->settings, crew->list->path[index], &arena, &outcome);
        struct letter letter;
        memset(&letter, 0, sizeof letter);
        letter.index = index;
        letter.report = outcome.report;
        letter.text_length = outcome.text_length;
        if (!write_whole(pipe_end, &letter, sizeof letter) || !write_whole(pipe_end, outcome.text, outcome.text_length))
            _exit(1);
        free(outcome.text);
        atomic_store(&crew->shared->current[number], NOBODY);
    }
}

/* ---- in the parent ---- */

static bool hire(struct crew *crew, uint32_t number)
{
    struct worker *worker = &crew->worker[number];
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    atomic_store(&crew->shared->current[number], NOBODY);
    (void)fflush(NULL);
    worker->pid = fork();
    if (worker->pid == 0) {
        (void)close(ends[0]);
        work(crew, number, ends[1]);
    }
    (void)close(ends[1]);
    worker->pipe = ends[0];
    worker->length = 0;
    if (worker->pid > 0) {
        crew->alive++;
        return true;
    }
    (void)close(ends[0]);
    worker->pipe = -1;
    return false;
}

static void tell_ready(struct crew *crew)
{
    while (crew->told < crew->list->count && crew->ready[crew->told]) {
        struct script_outcome *outcome = &crew->outcome[crew->told];
        crew->tell(crew->context, crew->list->path[crew->told], outcome);
        free(outcome->text);
        outcome->text = NULL;
        crew->told++;
    }
}

/* Takes complete letters off the front of what was received. */
static void take_letters(struct crew *crew, struct worker *worker)
{
    struct letter letter;
    while (worker->length >= sizeof letter) {
        memcpy(&letter, worker->bytes, sizeof letter);
        const size_t whole = sizeof letter + letter.text_length;
        if (worker->length < whole)
            break;
        struct script_outcome *outcome = &crew->outcome[letter.index];
        outcome->report = letter.report;
        outcome->text = malloc(letter.text_length + 1);
        if (outcome->text != NULL) {
            memcpy(outcome->text, worker->bytes + sizeof letter, letter.text_length);
            outcome->text[letter.text_length] = '\0';
            outcome->text_length = letter.text_length;
        }
        crew->ready[letter.index] = true;
        memmove(worker->bytes, worker->bytes + whole, worker->length - whole);
        worker->length -= whole;
    }
    tell_ready(crew);
}

/* A worker is gone. What it was at has crashed; another takes its place. */
static void bury(struct crew *crew, uint32_t number)
{
    struct worker *worker = &crew->worker[number];
    const uint32_t current = atomic_load(&crew->shared->current[number]);
    int status = 0;
    (void)close(worker->pipe);
    worker->pipe = -1;
    crew->alive--;
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (current == NOBODY || current >= crew->list->count || crew->ready[current])
        return;
    struct drill_report *report = &crew->outcome[current].report;
    report->verdict = DRILL_FAILED;
    if (WIFSIGNALED(status))
        snprintf(report->reason, sizeof report->reason, "septet itself crashed: %s", strsignal(WTERMSIG(status)));
    else
        snprintf(report->reason, sizeof report->reason, "septet itself ended with status %d", WEXITSTATUS(status));
    crew->ready[current] = true;
    tell_ready(crew);
    if (crew->told < crew->list->count)
        (void)hire(crew, number);
}

static bool receive(struct crew *crew, uint32_t number)
{
    struct worker *worker = &crew->worker[number];
    if (worker->capacity - worker->length < 65536) {
        const size_t capacity = worker->capacity * 2 + 65536;
        uint8_t *grown = realloc(worker->bytes, capacity);
        if (grown == NULL)
            return false;
        worker->bytes = grown;
        worker->capacity = capacity;
    }
    const ssize_t count = read(worker->pipe, worker->bytes + worker->length, worker->capacity - worker->length);
    if (count < 0 && errno == EINTR)
        return true;
    if (count <= 0) {
        bury(crew, number);
        return true;
    }
    worker->length += (size_t)count;
    take_letters(crew, worker);
    return true;
}

static bool listen_to_all(struct crew *crew)
{
    while (crew->alive > 0) {
        struct pollfd fds[JOBS_MOST];
        for (uint32_t i = 0; i < crew->workers; i++)
            fds[i] = (struct pollfd){crew->worker[i].pipe, POLLIN, 0};
        if (poll(fds, crew->workers, -1) < 0 && errno != EINTR)
            return false;
        for (uint32_t i = 0; i < crew->workers; i++)
            if (fds[i].fd >= 0 && fds[i].revents != 0 && !receive(crew, i))
                return false;
    }
    return crew->told == crew->list->count;
}

static bool run_crew(struct crew *crew)
{
    bool good = true;
    for (uint32_t i = 0; i < crew->workers && good; i++)
        good = hire(crew, i);
    good = good && listen_to_all(crew);
    if (!good)
        fprintf(stderr, "septet drill: the scripts could not all be run: %s\n", strerror(errno));
    for (uint32_t i = 0; i < crew->workers; i++)
        free(crew->worker[i].bytes);
    return good;
}

bool workers_run(const struct drill_settings *settings, const struct script_list *list,
                 void (*tell)(void *context, const char *path, const struct script_outcome *outcome), void *context)
{
    struct crew crew = {.settings = settings, .list = list, .tell = tell, .context = context};
    const size_t jobs = (size_t)settings->jobs < list->count ? (size_t)settings->jobs : list->count;
    crew.workers = (uint32_t)(jobs < JOBS_MOST ? jobs : JOBS_MOST);
    crew.outcome = calloc(list->count + 1, sizeof *crew.outcome);
    crew.ready = calloc(list->count + 1, sizeof *crew.ready);
    crew.shared = mmap(NULL, sizeof *crew.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool good = crew.outcome != NULL && crew.ready != NULL && crew.shared != MAP_FAILED;
    if (!good)
        fprintf(stderr, "septet drill: no memory for %zu scripts\n", list->count);
    for (uint32_t i = 0; i < JOBS_MOST; i++)
        crew.worker[i].pipe = -1;
    good = good && run_crew(&crew);
    if (crew.shared != MAP_FAILED)
        (void)munmap(crew.shared, sizeof *crew.shared);
    free(crew.outcome);
    free(crew.ready);
    return good;
}
