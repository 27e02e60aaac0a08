#include "lab/packet_view.h"
#include "lab/world_state.h"

static bool protocol_matches(const struct scenario_rule *rule, const struct packet_view *view)
{
    switch (rule->protocol) {
    case RULE_TCP:
        return view->is_tcp;
    case RULE_UDP:
        return view->is_ip && view->ip.protocol == PROTOCOL_UDP;
    case RULE_ICMP:
        return view->is_ip && (view->ip.protocol == PROTOCOL_ICMP || view->ip.protocol == PROTOCOL_ICMPV6);
    case RULE_ARP:
        return view->is_arp;
    default:
        return true;
    }
}

static bool matches(const struct scenario_rule *rule, const struct frame *frame, const struct packet_view *view)
{
    const struct tcp_header *tcp = &view->tcp;

    if (rule->link != frame->link || (rule->end != frame->end && rule->end != SCENARIO_ALL_ENDS) ||
        !protocol_matches(rule, view))
        return false;
    bool about_tcp = rule->flags_set || rule->flags_clear || rule->port || rule->payload != RULE_PAYLOAD_ANY;
    if (!about_tcp)
        return true;
    if (!view->is_tcp || (tcp->flags & rule->flags_set) != rule->flags_set || (tcp->flags & rule->flags_clear) != 0)
        return false;
    if (rule->port && rule->port != tcp->source_port && rule->port != tcp->destination_port)
        return false;
    return rule->payload == RULE_PAYLOAD_ANY || (rule->payload == RULE_PAYLOAD_SOME) == (view->payload_length > 0);
}

const struct scenario_rule *medium_rule(struct world *world, const struct frame *frame)
{
    const struct scenario *scenario = world->scenario;
    const struct scenario_rule *found = NULL;
    struct packet_view view;

    packet_view(&view, frame->bytes, frame->length, scenario->link[frame->link].ethernet);
    for (uint32_t i = 0; i < scenario->rules; i++) {
        const struct scenario_rule *rule = &scenario->rule[i];
        if (!matches(rule, frame, &view))
            continue;
        uint32_t nth = ++world->rule_matches[i];
        if (!found && nth >= rule->first && nth - rule->first < rule->count)
            found = rule;
    }
    return found;
}
