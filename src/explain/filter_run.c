#include "base/bytes.h"
#include "explain/filter_program.h"

#include <string.h>

static void evaluate(const struct filter *filter, uint32_t index, const struct filter_subject *subject,
                     struct filter_values *values);

static void clear(struct filter_values *values) { values->count = values->used = 0; }

/* ---- comparing ---- */

/* Addresses with a prefix are equal when so many bits are. */
static int compare_bytes(const struct filter_value *a, const struct filter_value *b)
{
    uint8_t prefix = a->prefix != FILTER_NO_PREFIX ? a->prefix : b->prefix;
    uint32_t least = a->length < b->length ? a->length : b->length;
    if (prefix == FILTER_NO_PREFIX || prefix > least * 8) {
        int order = least > 0 ? memcmp(a->bytes, b->bytes, least) : 0;
        return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
    }
    int order = prefix >= 8 ? memcmp(a->bytes, b->bytes, prefix / 8) : 0;
    if (order != 0 || prefix % 8 == 0)
        return order;
    int mask = 0xff << (8 - prefix % 8) & 0xff;
    return (a->bytes[prefix / 8] & mask) - (b->bytes[prefix / 8] & mask);
}

static int compare_values(const struct filter_value *a, const struct filter_value *b)
{
    if (!filter_is_numeric(a->type) || !filter_is_numeric(b->type))
        return filter_has_bytes(a->type) && filter_has_bytes(b->type) ? compare_bytes(a, b) : 1;
    if (filter_is_signed(a->type) || filter_is_signed(b->type))
        return (a->signed_number > b->signed_number) - (a->signed_number < b->signed_number);
    return (a->number > b->number) - (a->number < b->number);
}

static bool holds(uint8_t sign, int order)
{
    switch (sign) {
    case operator_equal:
    case operator_all_equal:
        return order == 0;
    case operator_not_equal:
    case operator_any_not_equal:
        return order != 0;
    case operator_greater:
        return order > 0;
    case operator_greater_equal:
        return order >= 0;
    case operator_less:
        return order < 0;
    default:
        return order <= 0;
    }
}

/* Fields may have several values: one pair that holds is enough, or all have to. */
static bool test_compare(const struct filter *filter, const struct filter_node *node,
                         const struct filter_subject *subject)
{
    struct filter_values left, right;
    bool all =
        node->quantifier == quantifier_all ||
        (node->quantifier == quantifier_none && (node->sign == operator_all_equal || node->sign == operator_not_equal));
    clear(&left);
    clear(&right);
    evaluate(filter, node->first, subject, &left);
    if (left.count == 0)
        return false;
    evaluate(filter, filter->nodes[node->first].next, subject, &right);
    for (uint32_t i = 0; i < left.count; i++)
        for (uint32_t j = 0; j < right.count; j++)
            if (holds(node->sign, compare_values(&left.value[i], &right.value[j])) != all)
                return !all;
    return all && right.count > 0;
}

static bool is_in(const struct filter *filter, const struct filter_node *set, const struct filter_value *value)
{
    for (uint32_t at = filter->nodes[set->first].next; at != 0; at = filter->nodes[at].next) {
        const struct filter_node *item = &filter->nodes[at];
        if (item->kind == node_literal) {
            if (compare_values(value, &item->value) == 0)
                return true;
            continue;
        }
        const struct filter_node *low = &filter->nodes[item->first];
        if (compare_values(value, &low->value) >= 0 && compare_values(value, &filter->nodes[low->next].value) <= 0)
            return true;
    }
    return false;
}

static bool test_in(const struct filter *filter, const struct filter_node *node, const struct filter_subject *subject)
{
    struct filter_values values;
    bool all = node->quantifier == quantifier_all;
    clear(&values);
    evaluate(filter, node->first, subject, &values);
    for (uint32_t i = 0; i < values.count; i++)
        if (is_in(filter, node, &values.value[i]) != all)
            return !all;
    return all && values.count > 0;
}

static bool value_contains(const struct filter_value *value, const struct filter_value *part)
{
    if (!filter_has_bytes(value->type))
        return false;
    return memmem(value->bytes, value->length, part->bytes, part->length) != NULL;
}

static bool value_matches(const struct filter *filter, const struct filter_value *value, uint32_t pattern)
{
    static const uint8_t nothing[1];
    if (!filter_has_bytes(value->type))
        return false;
    return pcre2_match(filter->patterns[pattern], value->length > 0 ? value->bytes : nothing, value->length, 0, 0,
                       filter->matches, filter->limits) >= 0;
}

static bool test_text(const struct filter *filter, const struct filter_node *node, const struct filter_subject *subject)
{
    struct filter_values values;
    bool all = node->quantifier == quantifier_all;
    clear(&values);
    evaluate(filter, node->first, subject, &values);
    const struct filter_value *part = &filter->nodes[filter->nodes[node->first].next].value;
    for (uint32_t i = 0; i < values.count; i++) {
        bool good = node->kind == node_contains ? value_contains(&values.value[i], part)
                                                : value_matches(filter, &values.value[i], node->number);
        if (good != all)
            return !all;
    }
    return all && values.count > 0;
}

/* A field is there; what is calculated is not 0. */
static bool test_present(const struct filter *filter, const struct filter_node *node,
                         const struct filter_subject *subject)
{
    struct filter_values values;
    bool calculated = filter->nodes[node->first].kind == node_arithmetic;
    clear(&values);
    evaluate(filter, node->first, subject, &values);
    for (uint32_t i = 0; i < values.count; i++)
        if (!calculated || values.value[i].number != 0)
            return true;
    return false;
}

bool filter_test(const struct filter *filter, uint32_t index, const struct filter_subject *subject)
{
    const struct filter_node *node = &filter->nodes[index];
    bool result = false;
    switch (node->kind) {
    case node_true:
        return true;
    case node_or:
        for (uint32_t at = node->first; at != 0 && !result; at = filter->nodes[at].next)
            result = filter_test(filter, at, subject);
        return result;
    case node_and:
        result = true;
        for (uint32_t at = node->first; at != 0 && result; at = filter->nodes[at].next)
            result = filter_test(filter, at, subject);
        return result;
    case node_xor:
        for (uint32_t at = node->first; at != 0; at = filter->nodes[at].next)
            result ^= filter_test(filter, at, subject);
        return result;
    case node_not:
        return !filter_test(filter, node->first, subject);
    case node_present:
        return test_present(filter, node, subject);
    case node_compare:
        return test_compare(filter, node, subject);
    case node_in:
        return test_in(filter, node, subject);
    default:
        return test_text(filter, node, subject);
    }
}

/* ---- values ---- */

/* One part of a slice; nothing when it lies outside. */
static bool cut(const struct filter_node *part, const struct filter_value *value, const uint8_t **bytes,
                uint32_t *length)
{
    int64_t all = value->length, start = part->start < 0 ? all + part->start : part->start;
    int64_t end = part->open            ? all
                  : part->end_is_length ? start + part->end
                                        : (part->end < 0 ? all + part->end : part->end) + 1;
    if (start < 0 || start >= all || end > all || end <= start)
        return false;
    *bytes = value->bytes + start;
    *length = (uint32_t)(end - start);
    return true;
}

/* `passing`: the value's bytes do not live as long as the slice. */
static void slice(const struct filter *filter, const struct filter_node *node, const struct filter_value *value,
                  bool passing, struct filter_values *values)
{
    uint32_t first = filter->nodes[node->first].next, length = 0, total = 0;
    const uint8_t *bytes = NULL;
    if (!filter_has_bytes(value->type))
        return;
    for (uint32_t at = first; at != 0; at = filter->nodes[at].next) {
        if (!cut(&filter->nodes[at], value, &bytes, &length))
            return;
        total += length;
    }
    if (passing || filter->nodes[first].next != 0) {
        uint8_t *joined = filter_scratch(values, total);
        if (joined == NULL)
            return;
        total = 0;
        for (uint32_t at = first; at != 0; at = filter->nodes[at].next) {
            (void)cut(&filter->nodes[at], value, &bytes, &length);
            memcpy(joined + total, bytes, length);
            total += length;
        }
        bytes = joined;
    }
    filter_add_bytes(values, node->type, bytes, total);
}

/* Bytes of a slice count as a number of the network's order. */
static bool number_of(const struct filter_value *value, uint64_t *number)
{
    if (filter_is_numeric(value->type)) {
        *number = value->number;
        return true;
    }
    *number = 0;
    for (uint32_t i = 0; i < value->length && value->length <= 8; i++)
        *number = *number << 8 | value->bytes[i];
    return filter_has_bytes(value->type) && value->length <= 8;
}

static bool calculate(uint8_t sign, uint64_t a, uint64_t b, bool is_signed, uint64_t *result)
{
    switch (sign) {
    case operator_bits:
        *result = a & b;
        return true;
    case operator_plus:
        *result = a + b;
        return true;
    case operator_minus:
        *result = a - b;
        return is_signed || a >= b;
    case operator_times:
        *result = a * b;
        return true;
    case operator_negate:
        *result = 0 - a;
        return true;
    default:
        break;
    }
    if (b == 0)
        return false;
    if (!is_signed) {
        *result = sign == operator_divide ? a / b : a % b;
        return true;
    }
    if ((int64_t)a == INT64_MIN && (int64_t)b == -1)
        return false;
    *result = (uint64_t)(sign == operator_divide ? (int64_t)a / (int64_t)b : (int64_t)a % (int64_t)b);
    return true;
}

/* Nothing comes of a division by zero or of less than nothing: as if the field were not there. */
static void evaluate_arithmetic(const struct filter *filter, const struct filter_node *node,
                                const struct filter_subject *subject, struct filter_values *values)
{
    struct filter_values left, right;
    uint64_t a, b = 0, result;
    uint32_t second = filter->nodes[node->first].next;
    bool is_signed = filter_is_signed(node->type);
    clear(&left);
    clear(&right);
    evaluate(filter, node->first, subject, &left);
    if (second != 0)
        evaluate(filter, second, subject, &right);
    else
        right.count = 1;
    for (uint32_t i = 0; i < left.count; i++)
        for (uint32_t j = 0; j < right.count; j++)
            if (number_of(&left.value[i], &a) && (second == 0 || number_of(&right.value[j], &b)) &&
                calculate(node->sign, a, b, is_signed, &result))
                filter_add_number(values, node->type, result);
}

static void change_case(bool upper, const struct filter_value *value, struct filter_values *values)
{
    uint8_t *text = filter_scratch(values, value->length);
    if (text == NULL)
        return;
    for (uint32_t i = 0; i < value->length; i++) {
        uint8_t c = value->bytes[i];
        if (upper && c >= 'a' && c <= 'z')
            c = (uint8_t)(c - 32);
        else if (!upper && c >= 'A' && c <= 'Z')
            c = (uint8_t)(c + 32);
        text[i] = c;
    }
    filter_add_bytes(values, filter_text, text, value->length);
}

static void evaluate_function(const struct filter *filter, const struct filter_node *node,
                              const struct filter_subject *subject, struct filter_values *values)
{
    struct filter_values inner;
    clear(&inner);
    evaluate(filter, node->first, subject, &inner);
    if (node->number == function_count && inner.count > 0) {
        filter_add_number(values, filter_number, inner.count);
        return;
    }
    for (uint32_t i = 0; i < inner.count; i++) {
        const struct filter_value *value = &inner.value[i];
        if (node->number == function_len)
            filter_add_number(values, filter_number, value->length);
        else if (node->number == function_abs)
            filter_add_number(values, value->type,
                              filter_is_signed(value->type) && value->signed_number < 0 ? 0 - value->number
                                                                                        : value->number);
        else
            change_case(node->number == function_upper, value, values);
    }
}

static void evaluate(const struct filter *filter, uint32_t index, const struct filter_subject *subject,
                     struct filter_values *values)
{
    const struct filter_node *node = &filter->nodes[index];
    switch (node->kind) {
    case node_field:
        filter_field_read(node->number, subject, values);
        break;
    case node_literal:
        values->value[0] = node->value;
        values->count = 1;
        break;
    case node_slice: {
        struct filter_values whole;
        clear(&whole);
        evaluate(filter, node->first, subject, &whole);
        for (uint32_t i = 0; i < whole.count; i++)
            slice(filter, node, &whole.value[i], whole.used > 0, values);
        break;
    }
    case node_arithmetic:
        evaluate_arithmetic(filter, node, subject, values);
        break;
    default:
        evaluate_function(filter, node, subject, values);
        break;
    }
}
