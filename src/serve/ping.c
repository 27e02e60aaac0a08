#include "serve/ping.h"

#include "septet/datagram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Requests whose answer is still told from a duplicate. */
#define REMEMBERED 4096u
#define SEQUENCE 2 /* the socket's payload begins with the sequence number */
#define ICMP_HEADER_SIZE 8

struct request {
    int64_t sent;
    uint16_t sequence;
    bool used, answered;
};

struct ping {
    struct service service;
    const struct ping_options *options;
    struct ping_result *result;
    struct septet *stack;
    septet_handle socket;
    char target[SEPTET_ADDRESS_TEXT];
    uint64_t next; /* number of the next request, from 1 */
    uint64_t answered;
    int64_t next_time, last_sent;
    struct request request[REMEMBERED];
    uint8_t data[SEQUENCE + 65536];
};

static double milliseconds(int64_t time) { return (double)time / (double)SEPTET_MILLISECOND; }

/* ---- answers ---- */

static void note_time(struct ping_result *result, int64_t time)
{
    result->minimum = result->received == 0 || time < result->minimum ? time : result->minimum;
    result->maximum = time > result->maximum ? time : result->maximum;
    result->sum += time;
    result->received++;
}

static void take_answer(struct ping *ping, const struct septet_datagram *from, int64_t length)
{
    uint16_t sequence = (uint16_t)(ping->data[0] << 8 | ping->data[1]);
    struct request *request = &ping->request[sequence % REMEMBERED];
    char address[SEPTET_ADDRESS_TEXT];
    int64_t time = from->time - request->sent;
    int64_t size = length - SEQUENCE + ICMP_HEADER_SIZE;
    bool duplicate;

    if (!request->used || request->sequence != sequence) {
        return;
    }
    duplicate = request->answered;
    request->answered = true;
    time = time < 0 ? 0 : time;
    if (duplicate) {
        ping->result->duplicates++;
    } else {
        note_time(ping->result, time);
        ping->answered++;
    }
    if (!ping->options->quiet) {
        septet_address_format(&from->from, address);
        printf("%lld bytes from %s: seq=%u ttl=%u time=%.3f ms%s\n", (long long)size, address, sequence,
               from->hop_limit, milliseconds(time), duplicate ? " (duplicate)" : "");
        (void)fflush(stdout);
    }
}

static void take_answers(struct ping *ping)
{
    for (;;) {
        struct septet_datagram from;
        int64_t length = septet_datagram_receive(ping->stack, ping->socket, ping->data, sizeof ping->data, &from);

        if (length == SEPTET_AGAIN || length == SEPTET_STALE) {
            return;
        }
        if (length >= SEQUENCE) {
            take_answer(ping, &from, length);
        } else if (length < 0) {
            ping->result->errors++;
            if (!ping->options->quiet) {
                printf("%s: %s\n", ping->target, septet_error_text((int)length));
                (void)fflush(stdout);
            }
        }
    }
}

static void on_event(struct service *service, const struct septet_event *event)
{
    (void)event;
    take_answers((struct ping *)service);
}

/* ---- requests ---- */

static void send_request(struct ping *ping, int64_t now)
{
    uint16_t sequence = (uint16_t)ping->next;
    int64_t result;

    ping->data[0] = (uint8_t)(sequence >> 8);
    ping->data[1] = (uint8_t)sequence;
    for (uint32_t i = 0; i < ping->options->size; i++) {
        ping->data[SEQUENCE + i] = (uint8_t)i;
    }
    ping->request[sequence % REMEMBERED] = (struct request){.sent = loop_clock(), .sequence = sequence, .used = true};
    result = septet_datagram_send(ping->stack, ping->socket, &ping->options->target, 0, ping->data,
                                  SEQUENCE + ping->options->size);
    if (result < 0) {
        ping->result->errors++;
        if (!ping->options->quiet) {
            printf("%s: seq=%u not sent: %s\n", ping->target, sequence, septet_error_text((int)result));
        }
    }
    ping->result->sent++;
    ping->next++;
    ping->last_sent = now;
}

static int64_t on_work(struct service *service, int64_t now)
{
    struct ping *ping = (struct ping *)service;
    uint32_t count = ping->options->count;

    if (count != 0 && ping->next > count) {
        int64_t end = ping->last_sent + ping->options->timeout;

        if (ping->answered == count || now >= end) {
            loop_stop(service->loop);
        }
        return end;
    }
    if (now >= ping->next_time) {
        send_request(ping, now);
        /* A turn that came late does not make up for the requests in between. */
        ping->next_time += ping->options->interval;
        ping->next_time = ping->next_time < now ? now + ping->options->interval : ping->next_time;
    }
    return count != 0 && ping->next > count ? ping->last_sent + ping->options->timeout : ping->next_time;
}

/* ---- the whole ---- */

static void summarize(const struct ping *ping)
{
    const struct ping_result *result = ping->result;
    double lost = result->sent > 0 ? 100.0 * (double)(result->sent - result->received) / (double)result->sent : 0;

    printf("%s: %llu sent, %llu received, %.3g %% lost", ping->target, (unsigned long long)result->sent,
           (unsigned long long)result->received, lost);
    if (result->duplicates > 0) {
        printf(", %llu duplicates", (unsigned long long)result->duplicates);
    }
    if (result->received > 0) {
        printf("; min/avg/max %.3f/%.3f/%.3f ms", milliseconds(result->minimum),
               milliseconds(result->sum) / (double)result->received, milliseconds(result->maximum));
    }
    printf("\n");
    (void)fflush(stdout);
}

static bool start(struct ping *ping, struct loop *loop, char error[LINK_ERROR_TEXT])
{
    int result = septet_datagram_open(loop->stack, SEPTET_ICMP_ECHO, NULL, 0, &ping->socket);

    if (result != SEPTET_OK || !loop_add_service(loop, &ping->service)) {
        snprintf(error, LINK_ERROR_TEXT, "cannot open an echo socket: %s",
                 septet_error_text(result != SEPTET_OK ? result : SEPTET_NO_SOCKETS));
        return false;
    }
    (void)septet_user_set(loop->stack, ping->socket, loop_user(&ping->service, 0));
    return true;
}

bool ping_run(struct loop *loop, const struct ping_options *options, struct ping_result *result,
              char error[LINK_ERROR_TEXT])
{
    struct ping *ping = calloc(1, sizeof *ping);
    bool good;

    *result = (struct ping_result){0};
    if (ping == NULL) {
        snprintf(error, LINK_ERROR_TEXT, "no memory");
        return false;
    }
    ping->service = (struct service){.event = on_event, .work = on_work};
    ping->options = options;
    ping->result = result;
    ping->stack = loop->stack;
    ping->next = 1;
    ping->next_time = loop_clock();
    septet_address_format(&options->target, ping->target);
    good = start(ping, loop, error);
    if (good) {
        if (!options->quiet) {
            printf("PING %s: %u bytes of data\n", ping->target, options->size);
            (void)fflush(stdout);
        }
        good = loop_run(loop);
        if (!good) {
            snprintf(error, LINK_ERROR_TEXT, "%s", loop->error);
        }
        summarize(ping);
    }
    free(ping);
    return good;
}
