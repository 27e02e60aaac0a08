#include "drill/runner.h"

#include "base/memory.h"

/* %{ }%: what TCP_INFO says at that time becomes variables of one Python program, which is run at the end. */

#define PROGRAM_MEMORY (2u << 20)

static const struct {
    const char *name;
    uint16_t offset, size;
} fields[] = {
#define TCPI(name, offset, size) {"tcpi_" #name, offset, size},
#include "drill/tcpi.def"
#undef TCPI
};

/* Constants that snippets may use, by the beginning of their names. */
static const char *const constants[] = {
    "TCP_ESTABLISHED", "TCP_SYN_SENT",      "TCP_SYN_RECV",        "TCP_FIN_WAIT1",    "TCP_FIN_WAIT2",
    "TCP_TIME_WAIT",   "TCP_CLOSE",         "TCP_CLOSE_WAIT",      "TCP_LAST_ACK",     "TCP_LISTEN",
    "TCP_CLOSING",     "TCP_NEW_SYN_RECV",  "TCP_CA_Open",         "TCP_CA_Disorder",  "TCP_CA_CWR",
    "TCP_CA_Recovery", "TCP_CA_Loss",       "TCPI_OPT_TIMESTAMPS", "TCPI_OPT_SACK",    "TCPI_OPT_WSCALE",
    "TCPI_OPT_ECN",    "TCPI_OPT_ECN_SEEN", "TCPI_OPT_SYN_DATA",   "TCPI_OPT_USEC_TS", "TCPI_OPT_TFO_CHILD",
};

static void put_assignment(struct text *text, const char *name, uint64_t value)
{
    text_put(text, name);
    text_put(text, " = ");
    text_number(text, value);
    text_char(text, '\n');
}

static bool begin_program(struct drill_runner *runner, uint32_t line)
{
    char *memory = arena_take(runner->arena, PROGRAM_MEMORY, 1);
    int64_t value;
    if (memory == NULL)
        return runner_no_memory(runner, line);
    text_init(&runner->program, memory, PROGRAM_MEMORY);
    for (unsigned i = 0; i < sizeof constants / sizeof constants[0]; i++)
        if (value_symbol(slice_of(constants[i]), &value))
            put_assignment(&runner->program, constants[i], (uint64_t)value);
    return true;
}

static uint64_t number_at(const uint8_t *bytes, unsigned offset, unsigned size)
{
    uint16_t medium;
    uint32_t large;
    uint64_t huge;
    switch (size) {
    case 1:
        return bytes[offset];
    case 2:
        memcpy(&medium, bytes + offset, sizeof medium);
        return medium;
    case 4:
        memcpy(&large, bytes + offset, sizeof large);
        return large;
    default:
        memcpy(&huge, bytes + offset, sizeof huge);
        return huge;
    }
}

bool tcp_info_field(struct slice name, const uint8_t *info, uint32_t length, uint64_t *value)
{
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!slice_is(name, fields[i].name))
            continue;
        if (fields[i].offset + fields[i].size > length)
            return false;
        *value = number_at(info, fields[i].offset, fields[i].size);
        return true;
    }
    return false;
}

static void put_info(struct drill_runner *runner, const uint8_t *info, uint32_t length)
{
    struct text *program = &runner->program;
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].offset + fields[i].size <= length)
            put_assignment(program, fields[i].name, number_at(info, fields[i].offset, fields[i].size));
    put_assignment(program, "tcpi_snd_wscale", info[6] & 15u);
    put_assignment(program, "tcpi_rcv_wscale", info[6] >> 4);
    put_assignment(program, "tcpi_delivery_rate_app_limited", info[7] & 1u);
    put_assignment(program, "tcpi_fastopen_client_fail", info[7] >> 1 & 3u);
}

/* SO_MEMINFO, by the names that Linux gives its places. */
static void put_memory(struct drill_runner *runner, int fd)
{
    static const char *const names[] = {"RMEM_ALLOC",  "RCVBUF", "WMEM_ALLOC", "SNDBUF", "FWD_ALLOC",
                                        "WMEM_QUEUED", "OPTMEM", "BACKLOG",    "DROPS"};
    uint32_t memory[sizeof names / sizeof names[0]], length = sizeof memory;
    if (septet_sockets_getsockopt(runner->machine.sockets, fd, SEPTET_SOL_SOCKET, SEPTET_SO_MEMINFO, memory, &length) !=
            0 ||
        length != sizeof memory)
        return;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        text_put(&runner->program, "SK_MEMINFO_");
        put_assignment(&runner->program, names[i], memory[i]);
    }
}

/* Variables that congestion controls have which do not exist here. */
static bool asks_for_more(struct drill_runner *runner, const struct drill_event *event)
{
    static const char *const families[] = {"bbr_", "dctcp_", "tcpv_"};
    for (unsigned i = 0; i < sizeof families / sizeof families[0]; i++) {
        for (uint32_t at = 0; at < event->text.length; at++) {
            if (!slice_starts((struct slice){event->text.at + at, event->text.length - at}, families[i]))
                continue;
            struct text text = runner_skip(runner, event->line);
            text_put(&text, families[i]);
            text_put(&text, " variables in code");
            return true;
        }
    }
    return false;
}

bool run_code(struct drill_runner *runner, const struct drill_event *event)
{
    const struct subject *subject = runner->subjects.under_test;
    uint8_t info[SEPTET_TCP_INFO_SIZE] = {0};
    uint32_t length = sizeof info;
    struct text *program = &runner->program;
    if (asks_for_more(runner, event))
        return false;
    if (program->at == NULL && !begin_program(runner, event->line))
        return false;
    if (subject != NULL && subject->live_fd >= 0 &&
        septet_sockets_getsockopt(runner->machine.sockets, subject->live_fd, SEPTET_SOL_TCP, SEPTET_TCP_INFO, info,
                                  &length) == 0 &&
        length >= 8)
        put_info(runner, info, length);
    if (subject != NULL && subject->live_fd >= 0)
        put_memory(runner, subject->live_fd);
    text_put(program, DRILL_SNIPPET_MARK);
    text_number(program, event->line);
    text_char(program, '\n');
    text_slice(program, event->text);
    text_char(program, '\n');
    runner->snippets++;
    return true;
}

bool snippet_finish(struct drill_runner *runner, struct slice *program)
{
    *program = (struct slice){"", 0};
    if (runner->snippets == 0)
        return true;
    if (runner->program.length + 1 >= runner->program.capacity)
        return runner_no_memory(runner, 0);
    *program = (struct slice){runner->program.at, runner->program.length};
    return true;
}
