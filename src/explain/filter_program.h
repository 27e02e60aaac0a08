#ifndef SEPTET_EXPLAIN_FILTER_PROGRAM_H
#define SEPTET_EXPLAIN_FILTER_PROGRAM_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "explain/filter_value.h"

/* The compiled form of a filter: a tree in an array; for src/explain/filter*. */

#define FILTER_TEXT_MOST 8192
#define FILTER_DEPTH_MOST 100
#define FILTER_PATTERNS 32

enum filter_node_kind {
    /* tests */
    node_true,
    node_or,
    node_and,
    node_xor,
    node_not,
    node_present, /* a field is there, or a number is not 0 */
    node_compare,
    node_in, /* the first child, then values and ranges */
    node_contains,
    node_matches,
    /* values */
    node_field,
    node_literal,
    node_slice, /* the first child, then parts */
    node_arithmetic,
    node_function,
    /* parts of others */
    node_range, /* of `in`: two literals */
    node_part   /* of a slice */
};

enum filter_operator {
    operator_equal,
    operator_all_equal,
    operator_not_equal, /* all differ */
    operator_any_not_equal,
    operator_greater,
    operator_greater_equal,
    operator_less,
    operator_less_equal,
    operator_bits,
    operator_plus,
    operator_minus,
    operator_times,
    operator_divide,
    operator_modulo,
    operator_negate
};

enum filter_quantifier { quantifier_none, quantifier_any, quantifier_all };

enum filter_function { function_len, function_count, function_lower, function_upper, function_abs };

struct filter_node {
    uint8_t kind, sign, quantifier, type, depth;
    uint32_t first, next;     /* child and sibling; 0 none */
    uint32_t number;          /* of the field, function or pattern */
    int32_t start, end;       /* node_part: bytes; negative ones count from the end */
    bool end_is_length, open; /* node_part: `end` is a length; reaches to the end */
    uint32_t column, length;  /* where it stands in the text */
    struct filter_value value;
};

struct filter {
    struct filter_node *nodes; /* node 0 is nobody's */
    uint32_t node_count, root;
    uint8_t *bytes; /* of literals */
    uint32_t byte_count;
    pcre2_code *patterns[FILTER_PATTERNS];
    pcre2_match_data *matches;
    pcre2_match_context *limits;
    uint32_t pattern_count;
    bool needs_segment;
};

/* ---- filter_parse.c ---- */
/* Fills nodes and root; false with *error. */
bool filter_parse(struct filter *filter, const char *text, struct filter_error *error);

/* ---- filter_literal.c ---- */
/* What a word or string means as a value of a type: bytes go to filter->bytes. `quoted`: it was a string. False with a
 * message when it is none. */
bool filter_literal(struct filter *filter, const char *text, uint32_t length, bool quoted, uint8_t type,
                    struct filter_value *value, char message[200]);
const char *filter_type_text(uint8_t type);

/* ---- filter_run.c ---- */
bool filter_test(const struct filter *filter, uint32_t node, const struct filter_subject *subject);

#endif
