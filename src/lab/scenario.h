#ifndef SEPTET_LAB_SCENARIO_H
#define SEPTET_LAB_SCENARIO_H

#include "lab/ucl.h"
#include "septet/datagram.h"

/* A world before it begins: hosts, links, what the applications do and what is to come of it. Made from a scenario
 * file (scenario_read) or by a program; world_create() brings it to life. All of it lies in the arena of its maker. */

#define SCENARIO_NAME 24
#define SCENARIO_ENDS 8
#define SCENARIO_DATAGRAM 8000  /* bytes of the largest one */
#define SCENARIO_NOBODY 0xffffU /* no host, link or program */
#define SCENARIO_HOSTS 64
#define SCENARIO_LINKS 64

struct scenario_host {
    char name[SCENARIO_NAME];
    struct septet_config config; /* seed and trace are filled in by the world */
};

struct scenario_interface {
    uint16_t host, link;
    uint16_t index; /* within the host: what septet_interface_add() will say */
    uint8_t end;    /* of the link */
    bool autoconfigure;
    bool detect; /* its addresses are probed for before they are used */
    uint8_t mac[6];
    uint32_t mtu;
    uint32_t offloads;
};

struct scenario_address {
    uint16_t interface;
    uint8_t prefix_length;
    struct septet_address address;
};

struct scenario_route {
    uint16_t host, interface;
    uint8_t prefix_length;
    bool has_gateway;
    struct septet_address prefix, gateway;
    uint32_t mtu;
};

/* What one end's sending side of a link does to frames. Probabilities in parts per million. */
struct link_settings {
    uint64_t rate; /* bits per second, 0: no limit, and then no queue */
    int64_t delay, jitter;
    bool keep_order; /* jitter never lets a frame overtake another */
    bool codel;      /* RFC 8289; false: drop at the tail */
    bool ecn;        /* mark instead of dropping (CoDel, ECN-capable packets) */
    int64_t codel_target, codel_interval;
    uint32_t queue_packets, queue_bytes; /* 0: no limit */
    uint32_t loss;
    uint32_t burst_enter, burst_leave, burst_loss; /* Gilbert-Elliott: per frame into and out of the bad state */
    uint32_t reorder;
    int64_t reorder_delay; /* by how much a reordered frame comes later */
    uint32_t duplicate, corrupt;
    uint32_t mtu; /* IP bytes; larger packets vanish. 0: no limit */
};

struct scenario_link {
    char name[SCENARIO_NAME];
    bool ethernet;
    bool super_segments; /* carry super-segments whole, as a virtual wire does */
    uint8_t ends;
    uint16_t interface[SCENARIO_ENDS];
    struct link_settings from[SCENARIO_ENDS];
};

#define SCENARIO_ALL_ENDS 255
struct scenario_down {
    uint16_t link;
    uint8_t end; /* SCENARIO_ALL_ENDS */
    int64_t from, to;
};

enum rule_action { RULE_DROP, RULE_DELAY, RULE_HOLD, RULE_DUPLICATE, RULE_CORRUPT };
enum rule_protocol { RULE_ANY, RULE_TCP, RULE_UDP, RULE_ICMP, RULE_ARP };
enum rule_payload { RULE_PAYLOAD_ANY, RULE_PAYLOAD_SOME, RULE_PAYLOAD_NONE };
/* Frames number first, first + 1, ... (count of them) of those that match. */
struct scenario_rule {
    uint16_t link;
    uint8_t end; /* the sender; SCENARIO_ALL_ENDS */
    uint8_t action, protocol, payload;
    uint16_t flags_set, flags_clear; /* TCP */
    uint16_t port;                   /* source or destination; 0 any */
    uint32_t first, count;
    int64_t time; /* delay of RULE_DELAY and of the copy of RULE_DUPLICATE; moment of RULE_HOLD */
};

enum action_verb {
    ACTION_CONNECT,
    ACTION_SEND,
    ACTION_READ,
    ACTION_WAIT,
    ACTION_SHUTDOWN,
    ACTION_CLOSE,
    ACTION_ABORT,
    ACTION_SET,
    ACTION_KILL,
    ACTION_LINK,
    ACTION_PING,
    ACTION_UDP,
    ACTION_INJECT
};
enum wait_for {
    WAIT_DURATION,
    WAIT_UNTIL,
    WAIT_CONNECTED,
    WAIT_STATE,
    WAIT_RECEIVED,
    WAIT_SENT,
    WAIT_ACKNOWLEDGED,
    WAIT_END,
    WAIT_CLOSED
};
enum read_mode { READ_ALL, READ_NONE, READ_RATE };

/* One step of a program; the fields each verb uses are named in actor.c. */
struct scenario_action {
    uint8_t verb, mode; /* mode: enum wait_for, enum read_mode */
    bool flag;
    uint16_t target; /* host, link or program */
    uint16_t port, local_port;
    uint16_t flags; /* TCP flags to inject, SEPTET_SEND_* */
    uint32_t count, option;
    uint32_t line;
    uint64_t size, chunk;
    int64_t time, value;
    uint32_t seq, ack;
    struct septet_address address, from;
};

enum program_kind { PROGRAM_PLAIN, PROGRAM_LISTEN, PROGRAM_UDP };
struct scenario_program {
    char name[SCENARIO_NAME];
    uint16_t host; /* SCENARIO_NOBODY: acts on the world from outside */
    uint8_t kind;
    bool again; /* started again when its host reboots */
    uint16_t port;
    uint32_t backlog;
    int64_t start;
    uint32_t count; /* instances, each `every` after the one before */
    int64_t every;
    uint32_t first_action, action_count;
    uint32_t line;
};

enum expectation_kind {
    EXPECT_SEGMENTS,
    EXPECT_STATES,
    EXPECT_RESULT,
    EXPECT_RECEIVED,
    EXPECT_COUNTER,
    EXPECT_DROP,
    EXPECT_PHASES,
    EXPECT_TIME,
    EXPECT_LINK
};
/* What must come true; the text is read by expect.c when the world has ended. */
struct scenario_expectation {
    uint8_t kind;
    uint16_t subject; /* host, program or link */
    uint32_t line;
    struct slice name; /* counter, drop reason or fate */
    struct slice text;
};

struct scenario {
    char title[120];
    uint64_t seed;
    int64_t duration; /* 0: until nothing is going on any more */
    struct scenario_host *host;
    struct scenario_interface *interface;
    struct scenario_address *address;
    struct scenario_route *route;
    struct scenario_link *link;
    struct scenario_down *down;
    struct scenario_rule *rule;
    struct scenario_program *program;
    struct scenario_action *action;
    struct scenario_expectation *expectation;
    uint32_t hosts, interfaces, addresses, routes, links, downs, rules, programs, actions, expectations;
    uint32_t host_room, interface_room, address_room, route_room, link_room, down_room, rule_room, program_room,
        action_room, expectation_room;
};

/* Adds a zeroed element to one of the arrays (plural and singular of its name), or NULL when the arena is full. */
#define SCENARIO_ADD(arena, scenario, many, one)                                                                    \
    ((__typeof__((scenario)->one))arena_append(arena, &(scenario)->one, &(scenario)->many, &(scenario)->one##_room, \
                                               sizeof *(scenario)->one))

/* Empty, one seed, no hosts. */
void scenario_init(struct scenario *scenario);
/* The configuration that hosts of the lab begin with: small and complete. */
void scenario_host_default(struct septet_config *config);
/* No limit, no delay, no fault; CoDel's constants as RFC 8289 has them. */
void scenario_link_default(struct link_settings *settings);

/* Reads a scenario file's text (docs/scenario-format.md), which must outlive the scenario. False with *error set. */
bool scenario_read(struct arena *arena, const char *text, size_t length, struct scenario *scenario,
                   struct lab_error *error);

#endif
