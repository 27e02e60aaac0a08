#include "cli/drill.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* %{ }% snippets: one program for python3, which reads it from its standard input. */

#define SECONDS_MOST 30
#define COMPLAINT_MOST 8192

struct child {
    pid_t pid;
    int in, out; /* our ends: the program goes in, complaints come out */
    char complaint[COMPLAINT_MOST];
    size_t length;
};

static bool start(struct child *child)
{
    int in[2], out[2];
    if (pipe(in) != 0)
        return false;
    if (pipe(out) != 0) {
        (void)close(in[0]);
        (void)close(in[1]);
        return false;
    }
    child->pid = fork();
    if (child->pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDERR_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        for (int i = 0; i < 2; i++) {
            (void)close(in[i]);
            (void)close(out[i]);
        }
        (void)signal(SIGPIPE, SIG_DFL);
        (void)execlp("python3", "python3", "-B", "-", (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    child->in = in[1];
    child->out = out[0];
    if (child->pid > 0)
        return true;
    (void)close(in[1]);
    (void)close(out[0]);
    return false;
}

static void read_complaint(struct child *child)
{
    char more[512];
    char *to = child->length < COMPLAINT_MOST - 1 ? child->complaint + child->length : more;
    const size_t room = to == more ? sizeof more : COMPLAINT_MOST - 1 - child->length;
    const ssize_t count = read(child->out, to, room);
    if (count <= 0) {
        (void)close(child->out);
        child->out = -1;
    } else if (to != more) {
        child->length += (size_t)count;
    }
}

static void write_program(struct child *child, struct slice *program)
{
    const ssize_t count = write(child->in, program->at, program->length < 4096 ? program->length : 4096);
    if (count > 0)
        *program = (struct slice){program->at + count, program->length - (uint32_t)count};
    if (count <= 0 || program->length == 0) {
        (void)close(child->in);
        child->in = -1;
    }
}

/* Feeds and listens until it is over; its exit status, or -1 when it took too long. */
static int converse(struct child *child, struct slice program)
{
    const time_t deadline = time(NULL) + SECONDS_MOST;
    int status = -1;
    while (child->out >= 0 && time(NULL) < deadline) {
        struct pollfd fds[2] = {{child->out, POLLIN, 0}, {child->in, POLLOUT, 0}};
        if (poll(fds, child->in >= 0 ? 2 : 1, 1000) < 0 && errno != EINTR)
            break;
        if (child->in >= 0 && (fds[1].revents & (POLLOUT | POLLERR)))
            write_program(child, &program);
        if (fds[0].revents != 0)
            read_complaint(child);
    }
    if (child->in >= 0)
        (void)close(child->in);
    if (child->out >= 0) {
        (void)kill(child->pid, SIGKILL);
        (void)close(child->out);
    }
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    child->complaint[child->length] = '\0';
    return child->out >= 0 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* The line of the script whose snippet has the line of the program that Python names last. */
static uint32_t script_line(const struct slice *program, const char *complaint)
{
    const char *at = complaint, *named = NULL;
    unsigned long wanted = 0, line = 0;
    uint32_t found = 0;
    while ((at = strstr(at, "\"<stdin>\", line ")) != NULL)
        named = at += strlen("\"<stdin>\", line ");
    if (named != NULL)
        wanted = strtoul(named, NULL, 10);
    for (struct slice rest = *program, word; line < wanted && rest.length != 0; line++) {
        if (!slice_split(rest, '\n', &word, &rest)) {
            word = rest;
            rest.length = 0;
        }
        if (slice_starts(word, DRILL_SNIPPET_MARK))
            found = (uint32_t)strtoul(word.at + strlen(DRILL_SNIPPET_MARK), NULL, 10);
    }
    return found;
}

static void say(struct drill_report *report, const struct child *child, const char *otherwise)
{
    size_t end = child->length;
    while (end > 0 && child->complaint[end - 1] == '\n')
        end--;
    size_t begin = end;
    while (begin > 0 && child->complaint[begin - 1] != '\n')
        begin--;
    report->verdict = DRILL_FAILED;
    report->line = script_line(&report->program, child->complaint);
    if (begin == end)
        snprintf(report->reason, sizeof report->reason, "the code %s", otherwise);
    else
        snprintf(report->reason, sizeof report->reason, "the code failed: %.*s", (int)(end - begin),
                 child->complaint + begin);
}

void python_check(struct drill_report *report)
{
    struct child child = {0};
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    if (!start(&child)) {
        report->verdict = DRILL_FAILED;
        snprintf(report->reason, sizeof report->reason, "python3 cannot be started: %s", strerror(errno));
        return;
    }
    const int status = converse(&child, report->program);
    (void)signal(SIGPIPE, before);
    if (status == 127) {
        report->verdict = DRILL_SKIPPED;
        snprintf(report->reason, sizeof report->reason, "python3");
    } else if (status != 0) {
        say(report, &child, status < 0 ? "did not end within 30 s" : "failed");
    }
}
