#include "drill/runner.h"

#include "base/bytes.h"
#include "base/memory.h"

/* What the arguments of system calls mean. */

static const struct {
    const char *name;
    int64_t value;
} own_symbols[] = {
#define SYMBOL(name, value) {#name, value},
#include "drill/symbol.def"
#undef SYMBOL
};

bool value_symbol(struct slice name, int64_t *value)
{
    if (septet_constant_find(name.at, name.length, value))
        return true;
    for (unsigned i = 0; i < sizeof own_symbols / sizeof own_symbols[0]; i++) {
        if (slice_is(name, own_symbols[i].name)) {
            *value = own_symbols[i].value;
            return true;
        }
    }
    return false;
}

bool value_expected(struct drill_runner *runner, const struct drill_expression *expression, const char *what)
{
    struct text text = runner_fail(runner, expression->line);
    text_put(&text, "expected ");
    text_put(&text, what);
    if (expression->kind == EXPRESSION_SYMBOL || expression->kind == EXPRESSION_FUNCTION ||
        expression->kind == EXPRESSION_FIELD) {
        text_put(&text, ", found ");
        text_slice(&text, expression->text);
    }
    return false;
}

static bool unknown(struct drill_runner *runner, const struct drill_expression *expression, const char *what)
{
    struct text text = runner_skip(runner, expression->line);
    text_put(&text, what);
    text_slice(&text, expression->text);
    return false;
}

static bool function_value(struct drill_runner *runner, const struct drill_expression *expression, int64_t *value)
{
    if (expression->count != 1 || expression->first->kind == EXPRESSION_FUNCTION)
        return value_expected(runner, expression, "a number");
    if (slice_is(expression->text, "sizeof")) {
        *value = 4;
        return true;
    }
    /* Numbers stay in host order: where they are stored their order is known. */
    if (slice_is(expression->text, "htons") || slice_is(expression->text, "htonl") ||
        slice_is(expression->text, "ntohs") || slice_is(expression->text, "ntohl"))
        return value_integer(runner, expression->first, value);
    return unknown(runner, expression, "function ");
}

static bool or_value(struct drill_runner *runner, const struct drill_expression *expression, int64_t *value)
{
    int64_t part = 0;
    *value = 0;
    for (const struct drill_expression *at = expression->first; at != NULL; at = at->next) {
        if (at->kind == EXPRESSION_OR || !value_integer(runner, at, &part))
            return at->kind == EXPRESSION_OR ? value_expected(runner, at, "a number") : false;
        *value |= part;
    }
    return true;
}

/* What the kernel's own runner of scripts defines for each IP version. */
static bool version_symbol(const struct drill_runner *runner, struct slice name, int64_t *value)
{
    const bool ipv4 = runner->options.ip_version == DRILL_IPV4;
    if (slice_is(name, "CMSG_LEVEL_IP"))
        *value = ipv4 ? SEPTET_SOL_IP : SEPTET_SOL_IPV6;
    else if (slice_is(name, "CMSG_TYPE_RECVERR"))
        *value = ipv4 ? SEPTET_IP_RECVERR : SEPTET_IPV6_RECVERR;
    else
        return false;
    return true;
}

bool value_integer(struct drill_runner *runner, const struct drill_expression *expression, int64_t *value)
{
    switch (expression->kind) {
    case EXPRESSION_INTEGER:
        *value = expression->integer;
        return true;
    case EXPRESSION_SYMBOL:
        return value_symbol(expression->text, value) || version_symbol(runner, expression->text, value) ||
               unknown(runner, expression, "symbol ");
    case EXPRESSION_OR:
        return or_value(runner, expression, value);
    case EXPRESSION_FUNCTION:
        return function_value(runner, expression, value);
    default:
        return value_expected(runner, expression, "a number or a symbol");
    }
}

bool value_field(struct drill_runner *runner, const struct drill_expression *structure, const char *name,
                 int64_t otherwise, int64_t *value)
{
    const struct drill_expression *field = drill_field(structure, name);
    *value = otherwise;
    return field == NULL || field->first->kind == EXPRESSION_ELLIPSIS || value_integer(runner, field->first, value);
}

bool value_absent(const struct drill_expression *expression)
{
    return expression->kind == EXPRESSION_ELLIPSIS ||
           (expression->kind == EXPRESSION_SYMBOL && slice_is(expression->text, "NULL")) ||
           (expression->kind == EXPRESSION_INTEGER && expression->integer == 0);
}

bool value_fd(struct drill_runner *runner, const struct drill_expression *expression, int *script, int *live)
{
    int64_t number;
    if (!value_integer(runner, expression, &number))
        return false;
    if (number < -1 || number > INT32_MAX)
        return value_expected(runner, expression, "a file descriptor");
    *script = (int)number;
    *live = call_live_fd(runner, *script);
    return true;
}

/* ---- socket addresses ---- */

static int family_of(const struct drill_runner *runner)
{
    return runner->options.ip_version == DRILL_IPV4 ? SEPTET_AF_INET : SEPTET_AF_INET6;
}

/* inet_addr("192.0.2.1"), inet6_addr(...), INADDR_ANY, in6addr_any, a number, or a literal address */
static bool address_value(struct drill_runner *runner, const struct drill_expression *expression,
                          struct septet_address *address)
{
    const struct drill_expression *words = expression;
    int64_t number = 0;
    if (expression->kind == EXPRESSION_FUNCTION && expression->count >= 1)
        for (words = expression->first; words->next != NULL && words->kind != EXPRESSION_STRING;)
            words = words->next;
    if (words->kind == EXPRESSION_STRING || words->kind == EXPRESSION_ADDRESS)
        return septet_address_parse(words->text.at, words->text.length, address) ||
               value_expected(runner, words, "an IP address");
    if (expression->kind == EXPRESSION_SYMBOL &&
        (slice_is(expression->text, "in6addr_any") || slice_is(expression->text, "IN6ADDR_ANY_INIT"))) {
        memset(address, 0, sizeof *address);
        return true;
    }
    if (!value_integer(runner, words, &number))
        return false;
    *address =
        septet_address_ipv4((uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number);
    return true;
}

static const struct drill_expression *first_field(const struct drill_expression *structure, const char *a,
                                                  const char *b)
{
    const struct drill_expression *field = drill_field(structure, a);
    return field != NULL ? field : drill_field(structure, b);
}

static bool structure_sockaddr(struct drill_runner *runner, const struct drill_expression *expression,
                               union septet_sockaddr *to, uint32_t *length)
{
    const struct drill_expression *family = first_field(expression, "sa_family", "sin_family");
    const struct drill_expression *port = first_field(expression, "sin_port", "sin6_port");
    const struct drill_expression *address = first_field(expression, "sin_addr", "sin6_addr");
    struct septet_address value = {{0}};
    int64_t family_value = family_of(runner), port_value = 0;
    if (family == NULL)
        family = drill_field(expression, "sin6_family");
    if ((family != NULL && !value_integer(runner, family->first, &family_value)) ||
        (port != NULL && !value_integer(runner, port->first, &port_value)) ||
        (address != NULL && !address_value(runner, address->first, &value)))
        return false;
    *length = septet_sockaddr_make(to, (int)family_value, &value, (uint16_t)port_value);
    if (*length != 0)
        return true;
    to->family = (uint16_t)family_value;
    *length = sizeof to->ipv4;
    return true;
}

bool value_sockaddr(struct drill_runner *runner, const struct drill_expression *expression,
                    const struct septet_address *address, uint16_t port, union septet_sockaddr *to, uint32_t *length)
{
    int64_t family;
    memset(to, 0, sizeof *to);
    if (expression->kind == EXPRESSION_ELLIPSIS) {
        *length = septet_sockaddr_make(to, family_of(runner), address, port);
        return true;
    }
    if (expression->kind == EXPRESSION_STRUCTURE)
        return structure_sockaddr(runner, expression, to, length);
    if (!value_integer(runner, expression, &family))
        return false;
    to->family = (uint16_t)family; /* AF_UNSPEC: disconnect */
    *length = sizeof to->ipv4;
    return true;
}
