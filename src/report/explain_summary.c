#include "report/explain.h"

#include <inttypes.h>

#define FINDINGS_SHOWN 4
#define CONVERSATIONS_SHOWN 12

static const char *paint(bool color, unsigned severity)
{
    static const char *const codes[] = {"\033[2m", "", "\033[33m", "\033[31m"};
    return color ? codes[severity & 3] : "";
}

static void write_end(FILE *file, const struct explain_end *end)
{
    char address[SEPTET_ADDRESS_TEXT];
    (void)septet_address_format(&end->address, address);
    fprintf(file, septet_address_is_ipv4(&end->address) ? "%s:%u" : "[%s]:%u", address, end->port);
}

static void write_amount(FILE *file, uint64_t bytes)
{
    if (bytes >= 10000000)
        fprintf(file, "%" PRIu64 " MB", bytes / 1000000);
    else if (bytes >= 10000)
        fprintf(file, "%" PRIu64 " kB", bytes / 1000);
    else
        fprintf(file, "%" PRIu64 " B", bytes);
}

static void write_conversation(FILE *file, const struct explain_conversation *c, bool color)
{
    fprintf(file, "%s#%" PRIu32 "%s  ", color ? "\033[1m" : "", c->stream, color ? "\033[0m" : "");
    write_end(file, &c->end[0]);
    fputs(" -> ", file);
    write_end(file, &c->end[1]);
    fprintf(file, "  %" PRIu64 " segments, %.3f s, ", c->end[0].packets + c->end[1].packets,
            (double)(c->last_time - c->first_time) / 1e9);
    write_amount(file, c->end[0].unique_bytes);
    fputs(" out, ", file);
    write_amount(file, c->end[1].unique_bytes);
    fprintf(file, " in; %s\n", explain_teardown_text(c->teardown));
    unsigned shown = 0;
    for (int severity = 3; severity >= 1; severity--) {
        for (uint32_t i = 0; i < c->findings && shown < FINDINGS_SHOWN; i++) {
            char text[480];
            if ((int)explain_finding_severity(c->finding[i].kind) != severity)
                continue;
            explain_finding_text(&c->finding[i], text, sizeof text);
            fprintf(file, "      %s%s%s\n", paint(color, (unsigned)severity), text, color ? "\033[0m" : "");
            shown++;
        }
    }
}

void report_summary(FILE *file, const struct explain_check *check, const struct store *store, bool color)
{
    struct check_line lines[CHECK_LINES];
    const uint32_t count = report_check(check, lines);
    fprintf(file,
            "%" PRIu64 " frames, %.3f s: %" PRIu64 " TCP, %" PRIu64 " UDP, %" PRIu64 " ICMP, %" PRIu64
            " other; %" PRIu32 " conversations\n",
            check->frames, (double)(check->last_time - check->first_time) / 1e9, check->tcp, check->udp, check->icmp,
            check->other, check->conversations);
    for (uint32_t i = 0; i < count; i++)
        fprintf(file, "  %s!%s %s\n", color ? "\033[33m" : "", color ? "\033[0m" : "", lines[i].text);
    if (store->count > 0)
        fputs("\n", file);
    for (uint32_t i = 0; i < store->count && i < CONVERSATIONS_SHOWN; i++)
        write_conversation(file, &store->stored[i]->conversation, color);
    const uint64_t more =
        check->conversations - (store->count < CONVERSATIONS_SHOWN ? store->count : CONVERSATIONS_SHOWN);
    if (more > 0)
        fprintf(file, "... and %" PRIu64 " more, none of them worse\n", more);
    if (store->count > 0)
        fprintf(file, "\n`--stream %" PRIu32 "` shows a conversation as a ladder.\n",
                store->stored[0]->conversation.stream);
}
