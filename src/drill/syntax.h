#ifndef SEPTET_DRILL_SYNTAX_H
#define SEPTET_DRILL_SYNTAX_H

#include "drill/token.h"

/* What a script says, as a tree. Everything lives in the arena of the parser or in the script's text. */

/* ---- time ---- */

enum drill_time_kind { TIME_ABSOLUTE, TIME_RELATIVE, TIME_ANY, TIME_ABSOLUTE_RANGE, TIME_RELATIVE_RANGE };
struct drill_time {
    enum drill_time_kind kind;
    int64_t start, end; /* ns; `end` of ranges and of blocking calls */
};

/* ---- system calls ---- */

enum drill_expression_kind {
    EXPRESSION_ELLIPSIS,  /* ... : the runner supplies it */
    EXPRESSION_INTEGER,   /* `integer` */
    EXPRESSION_STRING,    /* `text` */
    EXPRESSION_ADDRESS,   /* `text`: a literal IP address */
    EXPRESSION_SYMBOL,    /* `text` */
    EXPRESSION_OR,        /* list `first` */
    EXPRESSION_FUNCTION,  /* text(list `first`): htons(8080) */
    EXPRESSION_ARRAY,     /* [list `first`] */
    EXPRESSION_STRUCTURE, /* {list `first`} */
    EXPRESSION_FIELD      /* text(list `arguments`) = `first` */
};
struct drill_expression {
    enum drill_expression_kind kind;
    uint32_t line;
    uint32_t count; /* of list `first` */
    int64_t integer;
    struct slice text;
    struct drill_expression *first, *arguments, *next;
};
/* The field of a structure with this name; NULL when there is none. */
const struct drill_expression *drill_field(const struct drill_expression *structure, const char *name);

struct drill_call {
    struct slice name;
    struct drill_expression *arguments; /* list */
    uint32_t argument_count;
    struct drill_expression *result;
    struct slice error; /* "EAGAIN"; empty: not checked */
    bool blocking;      /* an end time was given */
};

/* ---- packets ---- */

enum drill_ecn { ECN_UNCHECKED, ECN_NONE, ECN_ECT1, ECN_ECT0, ECN_CE, ECN_ANY_ECT };
struct drill_ip_info {
    enum drill_ecn ecn;
    bool has_class, has_dscp, has_ttl, has_flow_label;
    uint8_t traffic_class, dscp, ttl;
    uint32_t flow_label;
    /* Inbound only, and in no other tool: */
    bool bad_checksum; /* of TCP, UDP or ICMP */
    bool has_source, has_destination;
    struct septet_address source, destination;
    uint8_t options[40]; /* of IPv4 */
    uint8_t option_length;
};

#define DRILL_LABELS 8
enum drill_encapsulation_kind { ENCAPSULATION_IPV4, ENCAPSULATION_IPV6, ENCAPSULATION_GRE, ENCAPSULATION_MPLS };
struct drill_encapsulation {
    enum drill_encapsulation_kind kind;
    struct drill_encapsulation *next; /* inner */
    struct septet_address source, destination;
    struct drill_ip_info info;
    bool gre_checksum, gre_key, gre_sequence;
    uint32_t checksum, offset, key, sequence;
    uint32_t label[DRILL_LABELS]; /* whole words: label, traffic class, bottom, TTL */
    uint32_t labels;
};

enum drill_tcp_option_form {
    OPTION_PLAIN,        /* kind alone: NOP, EOL, SACK permitted */
    OPTION_MSS,          /* value[0] */
    OPTION_WINDOW_SCALE, /* value[0] */
    OPTION_SACK,         /* pairs of values */
    OPTION_TIMESTAMPS,   /* value[0], value[1]; `verbatim`: ecr is not mapped; `any`: val is not checked */
    OPTION_ACCECN,       /* 24-bit values */
    OPTION_BYTES         /* bytes behind kind and length (or, `raw`, all of them) */
};
struct drill_tcp_option {
    uint8_t kind;
    enum drill_tcp_option_form form;
    uint32_t line;
    bool verbatim, raw, any;
    uint8_t count;  /* of values */
    uint8_t length; /* of bytes */
    uint32_t value[8];
    uint8_t bytes[40];
};

struct drill_tcp {
    uint16_t flags; /* TCP_FIN ...; the ACE field's bits when `has_ace` */
    bool has_ace, has_ack, has_window, has_urgent;
    bool absolute_seq, any_seq, absolute_ack;
    bool any_options, any_ack;
    uint32_t seq, ack, length;
    uint32_t window, urgent;
    struct drill_tcp_option *option;
    uint32_t options, option_capacity;
};

enum drill_quote { QUOTE_NONE, QUOTE_TCP, QUOTE_UDP, QUOTE_RAW };
struct drill_icmp {
    struct slice type, code; /* names or numbers; code may be empty */
    uint32_t type_line;
    bool has_mtu, has_id;
    uint32_t mtu, id;
    enum drill_quote quote;
    uint32_t quote_seq, quote_length;
};

enum drill_transport { TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_ICMP };
struct drill_packet {
    bool inbound;
    struct drill_encapsulation *encapsulation; /* outermost first */
    struct drill_ip_info info;
    bool has_ports;
    uint16_t source_port, destination_port;
    enum drill_transport transport;
    struct drill_tcp tcp;
    uint32_t udp_length;
    struct drill_icmp icmp;
};

/* ---- script ---- */

enum drill_action { ACTION_PACKET, ACTION_CALL, ACTION_COMMAND, ACTION_CODE };
struct drill_event {
    struct drill_event *next;
    uint32_t line;
    struct slice source; /* the action as it stands in the script, blanks at the ends taken off */
    struct drill_time time;
    enum drill_action action;
    struct drill_packet *packet;
    struct drill_call *call;
    struct slice text; /* of commands and code */
};

/* --name=value as it stands in the script; `value` without quotes. */
struct drill_script_option {
    struct slice name, value;
    uint32_t line;
    bool has_value;
};

struct drill_script {
    struct slice text;
    struct drill_script_option *option;
    uint32_t options, option_capacity;
    struct slice initialize, clean_up; /* commands; empty: none */
    uint32_t initialize_line, clean_up_line;
    struct drill_event *events;
    uint32_t event_count;
};

/* Reads a script. `text` and the definitions must stay. False with *error filled in. */
bool drill_parse(struct arena *arena, const char *text, size_t length, const struct drill_defines *defines,
                 struct drill_script *script, struct drill_error *error);
/* Reads only its options: what they say may change how the rest is read. */
bool drill_parse_options(struct arena *arena, const char *text, size_t length, struct drill_script *script,
                         struct drill_error *error);

#endif
