#include "tcp/internal.h"

/* RFC 5961 section 7, per connection and never global: a global limit is a side channel (CVE-2016-5696). */
void guard_challenge(struct tcp *tcp, struct connection *c)
{
    const uint32_t now = compact_clock(tcp->core->now);
    const uint32_t interval = compact_clock(tcp->config->challenge_interval);
    if (c->challenged_at != 0 && now - c->challenged_at < interval) {
        COUNT(tcp->core, ChallengeACKsSkipped);
        return;
    }
    c->challenged_at = now == 0 ? 1 : now; /* 0 means never */
    COUNT(tcp->core, ChallengeACKs);
    c->flags |= CONNECTION_ACK_NOW;
    tcp_mark_dirty(tcp, c);
}
