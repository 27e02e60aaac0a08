#include "tcp/internal.h"

/* Delivery rate, draft-cheng-iccrg-delivery-rate-estimation: bytes delivered between a transmission and its
 * acknowledgement, over the longer of the times it took to send and to acknowledge them. */
void rate_sample(struct tcp *tcp, struct connection *c, struct ack *ack)
{
    struct flight *flight = tcp_flight(tcp, c);
    if (flight == NULL)
        return;
    flight->delivered_at = tcp->core->now;
    if (!ack->rate_valid)
        return;
    const int64_t elapsed = max_i64(ack->send_elapsed, tcp->core->now - ack->prior_time);
    if (elapsed <= 0)
        return;
    const uint32_t delivered = (uint32_t)c->delivered - ack->prior_delivered;
    ack->delivery_rate = mul_div_u64(delivered, SEPTET_SECOND, (uint64_t)elapsed);
    if (ack->app_limited && ack->delivery_rate < (c->delivery_rate & ~RATE_APP_LIMITED))
        return; /* that the path can do more is known */
    c->delivery_rate = ack->delivery_rate | (ack->app_limited ? RATE_APP_LIMITED : 0);
}
