#include "tcp/internal.h"

/* RFC 5961 section 7, per connection and never global: a global limit is a side channel (CVE-2016-5696). `until` moves
 * on by its share of the interval with each ACK, and may be ahead of the time by what remains of it: so a burst is
 * allowed without counting. */
bool guard_allows(const struct tcp *tcp, uint32_t *until)
{
    const uint32_t now = compact_clock(tcp->core->now);
    const uint32_t interval = compact_clock(tcp->config->challenge_interval);
    const uint32_t share = interval / tcp->config->challenge_burst;
    const uint32_t ahead = *until == 0 || *until - now > interval ? 0 : *until - now;
    if (ahead > interval - share)
        return false;
    *until = now + ahead + share;
    *until += *until == 0; /* which means never */
    return true;
}

void guard_challenge(struct tcp *tcp, struct connection *c)
{
    if (!guard_allows(tcp, &c->challenged_until)) {
        COUNT(tcp->core, ChallengeACKsSkipped);
        return;
    }
    COUNT(tcp->core, ChallengeACKs);
    c->flags |= CONNECTION_ACK_NOW;
    tcp_mark_dirty(tcp, c);
}
