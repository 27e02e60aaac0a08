#ifndef SEPTET_LAB_WORLD_STATE_H
#define SEPTET_LAB_WORLD_STATE_H

#include "lab/agenda.h"
#include "lab/codel.h"
#include "lab/world.h"

/* The inside of a world; for src/lab only. */

enum agenda_kind {
    AGENDA_ARRIVAL,     /* object: frame; index: scenario interface */
    AGENDA_TRANSMITTED, /* object: frame that has left its sender */
    AGENDA_HELD,        /* object: frame that a rule held */
    AGENDA_TASK,        /* index: task */
    AGENDA_PROGRAM,     /* index: program_moment() */
    AGENDA_REBOOT       /* index: host */
};

/* One end's sending side of a link. */
struct medium_side {
    uint64_t random;
    struct frame *first, *last; /* waiting to be transmitted */
    uint32_t packets, bytes;
    int64_t last_arrival;
    struct codel codel;
    bool busy, bad; /* bad: the Gilbert-Elliott model's state of loss */
};

struct medium {
    struct medium_side side[SCENARIO_ENDS];
    bool down; /* by an action */
    bool has_rules, has_downs;
    uint64_t fates[FATE_COUNT];
};

struct host_context {
    struct world *world;
    uint16_t host;
};

struct lab_host {
    struct septet *stack; /* NULL: dead */
    void *memory;
    size_t memory_size;
    int64_t deadline;
    uint32_t boots;
    struct frame *batch[SEPTET_BATCH];
    uint16_t batch_interface[SEPTET_BATCH]; /* as the stack counts them */
    uint32_t batch_count;
    uint32_t runnable_first, runnable_last; /* 1-based */
    bool dirty;
    struct host_context context;
};

struct lab_program {
    septet_handle listener;
    int error;        /* why there is no listener */
    uint32_t started; /* instances */
};

struct world {
    struct arena *arena;
    const struct scenario *scenario;
    uint64_t seed;
    int64_t now;
    uint32_t same_instant; /* steps since time last moved */
    struct agenda agenda;
    struct frame_pool pool;
    struct lab_host *host;
    struct medium *medium;
    struct lab_program *program;
    uint32_t *rule_matches; /* one for each rule */
    struct lab_task **task;
    uint32_t tasks, task_room;
    uint32_t unfinished;                  /* tasks that are not done, and programs that have not started */
    uint32_t polling;                     /* tasks whose condition no event announces */
    uint32_t outside_first, outside_last; /* runnable tasks of programs without a host */
    uint32_t in_flight;                   /* frames on links */
    bool states_matter;                   /* a program waits for a state */
    struct world_observer observer[WORLD_OBSERVERS];
    uint32_t observers;
    bool failed;
    char failure[300];
    uint8_t scratch[8192];
};

/* ---- world.c ---- */

/* Makes or remakes a host's stack. False with the world failed. */
bool host_boot(struct world *world, uint16_t host);
/* The host vanishes; reboots after `reboot` unless that is negative. */
void host_kill(struct world *world, uint16_t host, int64_t reboot);
void world_plan(struct world *world, int64_t time, uint32_t kind, uint32_t index, void *object);
void world_fail_text(struct world *world, const char *what, const struct lab_task *task, uint64_t number);
void world_note(struct world *world, const struct lab_task *task, const char *what);

/* ---- medium.c ---- */

void medium_begin(struct world *world);
/* A frame (its link and end are set) enters a link; takes the reference over. */
void medium_enter(struct world *world, struct frame *frame);
void medium_transmitted(struct world *world, struct frame *frame);
/* The propagation of a frame begins; nothing more befalls it. */
void medium_held(struct world *world, struct frame *frame);
/* A frame arrives at an interface. */
void medium_arrive(struct world *world, struct frame *frame, uint16_t interface);
void medium_report(struct world *world, const struct frame *frame, enum frame_fate fate, uint16_t interface);

/* What the rules of a link say about a frame that leaves `end`; NULL when none applies. Counts. */
const struct scenario_rule *medium_rule(struct world *world, const struct frame *frame);

/* ---- world_run.c ---- */

/* A packet for a host's stack, in the batch of this instant. Takes a reference. */
void host_receive(struct world *world, uint16_t host, struct frame *frame, uint16_t interface);

/* ---- task.c ---- */

/* What tells a program's start apart from one that was planned before its host died. */
uint32_t program_moment(const struct world *world, uint32_t program);
/* Starts a listener, or the next of `count` instances that begin `every` apart. */
void program_start(struct world *world, uint32_t moment);
/* Programs that are to run again after a reboot. */
void programs_restart(struct world *world, uint16_t host);
void task_event(struct world *world, uint16_t host, const struct septet_event *event);
/* Runs everything runnable on a host, or (SCENARIO_NOBODY) outside. True when anything ran. */
bool tasks_run(struct world *world, uint16_t host);
void task_wake(struct world *world, struct lab_task *task);
/* A connection changed its state: for `wait state`. */
void task_state(struct world *world, uint16_t host, const struct septet_trace_event *event);
void task_timer(struct world *world, uint32_t index);
/* Makes runnable what polls. */
void tasks_poll(struct world *world);
void tasks_killed(struct world *world, uint16_t host);
void task_plan(struct world *world, struct lab_task *task, int64_t time);
/* Ends a task; whatever it still holds is closed. */
void task_end(struct world *world, struct lab_task *task);
/* The first error a task meets is its result. */
void task_error(struct lab_task *task, int error);
/* The task of a program whose connection others mean: the first one that has a connection. */
const struct lab_task *task_of_program(const struct world *world, uint16_t program);
/* Takes what has arrived, as its reading mode allows. */
void task_read(struct world *world, struct lab_task *task);

/* ---- action.c ---- */

enum action_result { ACTION_DONE, ACTION_BLOCKED, ACTION_ENDED };
/* Works on the current action of a task; task->action_since says when it began. */
enum action_result action_run(struct world *world, struct lab_task *task, const struct scenario_action *action);
/* Whether what a waiting task waits for is true. */
bool action_condition(const struct world *world, const struct lab_task *task, const struct scenario_action *action);
/* Puts a segment on a link that no stack has sent. */
void action_inject(struct world *world, const struct scenario_action *action);
/* Sends and receives the datagrams of one action. */
enum action_result action_datagrams(struct world *world, struct lab_task *task, const struct scenario_action *action);

#endif
