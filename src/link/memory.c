#include "link/memory.h"

/* The other end of the wire at an interface of a stack, or NULL. */
static const struct memory_wire *find_wire(const struct memory_wire *wires, uint32_t wire_count,
                                           const struct septet *stack, uint16_t interface, unsigned *peer)
{
    for (uint32_t i = 0; i < wire_count; i++) {
        for (unsigned end = 0; end < 2; end++) {
            if (wires[i].stack[end] == stack && wires[i].interface[end] == interface) {
                *peer = 1 - end;
                return &wires[i];
            }
        }
    }
    return NULL;
}

uint32_t memory_link_move(struct septet *from, const struct memory_wire *wires, uint32_t wire_count)
{
    struct septet_packet packets[SEPTET_BATCH];
    uint32_t count = septet_output(from, packets, SEPTET_BATCH);

    for (uint32_t first = 0, next; first < count; first = next) {
        uint16_t interface = packets[first].interface;
        unsigned peer = 0;
        const struct memory_wire *wire = find_wire(wires, wire_count, from, interface, &peer);

        for (next = first; next < count && packets[next].interface == interface; next++) {
            if (wire != NULL) {
                packets[next].interface = wire->interface[peer];
            }
            if ((packets[next].flags & SEPTET_PACKET_NEEDS_CHECKSUM) != 0) {
                packets[next].flags |= SEPTET_PACKET_CHECKSUM_VALID;
            }
        }
        if (wire != NULL) {
            septet_input(wire->stack[peer], packets + first, next - first);
        }
    }
    return count;
}

bool memory_link_settle(const struct memory_wire *wires, uint32_t wire_count, uint32_t turns)
{
    for (uint32_t turn = 0; turn < turns; turn++) {
        uint32_t moved = 0;

        for (uint32_t i = 0; i < wire_count; i++) {
            moved += memory_link_move(wires[i].stack[0], wires, wire_count);
            moved += memory_link_move(wires[i].stack[1], wires, wire_count);
        }
        if (moved == 0) {
            return true;
        }
    }
    return false;
}

int64_t memory_link_deadline(const struct memory_wire *wires, uint32_t wire_count)
{
    int64_t earliest = SEPTET_NEVER;

    for (uint32_t i = 0; i < wire_count; i++) {
        for (unsigned end = 0; end < 2; end++) {
            int64_t deadline = septet_deadline(wires[i].stack[end]);

            earliest = deadline < earliest ? deadline : earliest;
        }
    }
    return earliest;
}

void memory_link_advance(const struct memory_wire *wires, uint32_t wire_count, int64_t now)
{
    for (uint32_t i = 0; i < wire_count; i++) {
        septet_advance(wires[i].stack[0], now);
        septet_advance(wires[i].stack[1], now);
    }
}
