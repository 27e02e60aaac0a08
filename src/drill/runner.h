#ifndef SEPTET_DRILL_RUNNER_H
#define SEPTET_DRILL_RUNNER_H

#include "drill/compare.h"
#include "drill/machine.h"

struct drill_runner;

/* What the files that run scripts offer each other. All functions that return bool return false with
 * runner->error filled in, and the script is over. */

/* Numbers of what FreeBSD has and our sockets do not: no option of theirs. */
#define DRILL_FREEBSD 0x10000
#define DRILL_FUNCTION_BLOCK (DRILL_FREEBSD + 100)
#define DRILL_LOG (DRILL_FREEBSD + 110)
#define DRILL_FIONSPACE (DRILL_FREEBSD + 120)

#define DRILL_ARGUMENTS 8
#define DRILL_DESCRIPTORS 64

/* A system call under way. */
struct drill_pending {
    const struct drill_event *event;
    const struct drill_call *call;
    const struct drill_expression *argument[DRILL_ARGUMENTS];
    struct arena *arena; /* for what the call needs until it is checked */
    struct septet_operation operation;
    bool waits;      /* it is an operation; else `result` is there at once */
    bool makes_fd;   /* any result that is not negative is what the script expects */
    int64_t result;  /* negative: an error number */
    int64_t started; /* script time */
    int64_t planned_end;
    struct subject *subject;
    int script_fd;
    /* Compares what the call wrote, after its result was right; NULL: nothing. */
    bool (*check)(struct drill_runner *runner, struct drill_pending *pending);
    void *output; /* of the call; its kind is known to `check` */
    uint32_t output_count;
};

struct drill_fd {
    int script, live;
    bool fake; /* a file or pipe that nobody reads */
};

struct drill_runner {
    const struct drill_request *request;
    struct drill_report *report;
    struct arena *arena;
    struct arena scratch, held; /* for calls: of one event, and of one that blocks */
    struct drill_options options;
    struct drill_defines defines;
    struct drill_script script;
    struct drill_error error;
    struct drill_machine machine;
    struct subjects subjects;
    const struct drill_event *previous;
    int64_t previous_time; /* script time of the previous event */
    struct drill_fd fd[DRILL_DESCRIPTORS];
    uint32_t fds;
    struct drill_pending immediate, blocking;
    bool blocked; /* `blocking` is under way */
    uint8_t *room;
    uint32_t next_file; /* what open() gives */
    struct text program;
    uint32_t snippets;
};

/* ---- runner.c ---- */
/* Script time: ns since the beginning. */
static inline int64_t runner_now(const struct drill_runner *runner) { return runner->machine.now - DRILL_EPOCH; }
struct text runner_fail(struct drill_runner *runner, uint32_t line);
struct text runner_skip(struct drill_runner *runner, uint32_t line);
bool runner_no_memory(struct drill_runner *runner, uint32_t line);
/* Says it to the observer and counts it. */
void runner_warn(struct drill_runner *runner, uint32_t line, const char *words);
/* Lets time pass until a script time; false when the stack misbehaves. */
bool runner_wait(struct drill_runner *runner, int64_t until, uint32_t line);
/* Whether something happened within the tolerance of [start, end], script times. */
bool runner_in_time(const struct drill_runner *runner, int64_t start, int64_t end, int64_t actual);
/* Adds "expected at ..., happened at ..." to a message. */
void runner_put_times(struct text *text, int64_t start, int64_t end, int64_t actual);

/* ---- run_packet.c ---- */
bool run_inbound(struct drill_runner *runner, const struct drill_event *event);
bool run_outbound(struct drill_runner *runner, const struct drill_event *event, int64_t start, int64_t end,
                  int64_t *actual);

/* ---- call.c ---- */
bool run_call(struct drill_runner *runner, const struct drill_event *event, int64_t base);
/* Looks after the call that blocks: when it is over its result is checked. With `wait` it gets that much time (ns). */
bool call_collect(struct drill_runner *runner, int64_t wait);
/* The live descriptor of one of the script's; -1 when there is none. */
int call_live_fd(const struct drill_runner *runner, int script);
bool call_fd_add(struct drill_runner *runner, uint32_t line, int script, int live, bool fake);
void call_fd_remove(struct drill_runner *runner, int script);
struct drill_fd *call_fd_find(struct drill_runner *runner, int script);
/* "expected WHAT expected, got actual" for output of a call. */
bool call_differs(struct drill_runner *runner, uint32_t line, const char *what, int64_t expected, int64_t actual);

/* What a system call does: fills pending->result, or pending->operation and pending->waits. */
typedef bool drill_call_function(struct drill_runner *runner, struct drill_pending *pending);
drill_call_function call_socket, call_bind, call_listen, call_accept, call_connect, call_shutdown, call_close;
drill_call_function call_fcntl, call_ioctl, call_open, call_pipe, call_cap_set;
drill_call_function call_setsockopt, call_getsockopt;
drill_call_function call_read, call_readv, call_recv, call_recvfrom, call_recvmsg;
drill_call_function call_write, call_writev, call_send, call_sendto, call_sendmsg, call_sendfile, call_splice;
drill_call_function call_poll, call_epoll_create, call_epoll_ctl, call_epoll_wait;

/* ---- value.c ---- */
bool value_symbol(struct slice name, int64_t *value);
bool value_integer(struct drill_runner *runner, const struct drill_expression *expression, int64_t *value);
/* The same for `name` of a structure; `otherwise` when it has no such field or its value is `...`. */
bool value_field(struct drill_runner *runner, const struct drill_expression *structure, const char *name,
                 int64_t otherwise, int64_t *value);
bool value_fd(struct drill_runner *runner, const struct drill_expression *expression, int *script, int *live);
/* A socket address; `...` is address and port given here, in the family of the options. */
bool value_sockaddr(struct drill_runner *runner, const struct drill_expression *expression,
                    const struct septet_address *address, uint16_t port, union septet_sockaddr *to, uint32_t *length);
/* Whether the tool supplies it: ..., NULL or 0. */
bool value_absent(const struct drill_expression *expression);
bool value_expected(struct drill_runner *runner, const struct drill_expression *expression, const char *what);

/* ---- command.c ---- */
bool run_command(struct drill_runner *runner, struct slice text, uint32_t line);

/* ---- snippet.c ---- */
bool run_code(struct drill_runner *runner, const struct drill_event *event);
/* A field of TCP_INFO by its name, such as tcpi_rtt. False when there is none in so many bytes. */
bool tcp_info_field(struct slice name, const uint8_t *info, uint32_t length, uint64_t *value);
bool snippet_finish(struct drill_runner *runner, struct slice *program);

#endif
