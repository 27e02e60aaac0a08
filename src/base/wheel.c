#include "base/wheel.h"

#include "base/memory.h"

/* An object's level is that of the highest digit, to base 64, in which the tick
 * of its deadline differs from the tick of wheel->now; its slot there is that
 * digit of the deadline. Hence
 * - everything in a level is due before everything in the levels above, and
 *   before everything in the list `far`, whose deadlines differ above the levels;
 * - the slots of a level are in order of time and never wrap: the first occupied
 *   slot of the first occupied level holds the earliest deadline.
 * wheel->now must not enter a slot above level 0 while something is in it. It
 * goes there only when something in it is due; then the slot is emptied into the
 * levels below. Objects armed too late go to the slot of wheel->now. */

enum { DIGIT = 6, DUE = 1 + WHEEL_LEVELS * WHEEL_SLOTS, FAR };

struct list {
    int64_t *earliest;
    uint32_t *head;
};

static struct wheel_node *node_at(const struct wheel *wheel, uint32_t index)
{
    return (struct wheel_node *)(void *)(wheel->objects + (uint64_t)(index - 1) * wheel->stride);
}

static struct list list_of(struct wheel *wheel, uint32_t slot)
{
    if (slot == DUE) {
        return (struct list){&wheel->due.earliest, &wheel->due.head};
    }
    if (slot == FAR) {
        return (struct list){&wheel->far.earliest, &wheel->far.head};
    }
    slot--;
    return (struct list){&wheel->earliest[slot / WHEEL_SLOTS][slot % WHEEL_SLOTS],
                         &wheel->head[slot / WHEEL_SLOTS][slot % WHEEL_SLOTS]};
}

static uint64_t tick_of(const struct wheel *wheel, int64_t time) { return (uint64_t)time >> wheel->tick_shift; }

static void mark_empty(struct wheel *wheel, uint32_t slot)
{
    if (slot < DUE) {
        wheel->occupied[(slot - 1) / WHEEL_SLOTS] &= ~(UINT64_C(1) << (slot - 1) % WHEEL_SLOTS);
    }
}

/* Appends to a list: rings, in which the head's previous is the last. */
static void link_node(struct wheel *wheel, uint32_t index, uint32_t slot)
{
    const struct list list = list_of(wheel, slot);
    struct wheel_node *node = node_at(wheel, index);

    node->slot = (uint16_t)slot;
    if (*list.head == 0) {
        *list.head = index;
        *list.earliest = node->deadline;
        node->next = node->previous = index;
        if (slot < DUE) {
            wheel->occupied[(slot - 1) / WHEEL_SLOTS] |= UINT64_C(1) << (slot - 1) % WHEEL_SLOTS;
        }
        return;
    }
    node->next = *list.head;
    node->previous = node_at(wheel, *list.head)->previous;
    node_at(wheel, node->next)->previous = index;
    node_at(wheel, node->previous)->next = index;
    if (node->deadline < *list.earliest) {
        *list.earliest = node->deadline;
    }
}

static void unlink_node(struct wheel *wheel, uint32_t index)
{
    struct wheel_node *node = node_at(wheel, index);
    const uint32_t slot = node->slot;
    const struct list list = list_of(wheel, slot);

    node->slot = 0;
    if (node->next == index) {
        *list.head = 0;
        mark_empty(wheel, slot);
        return;
    }
    node_at(wheel, node->next)->previous = node->previous;
    node_at(wheel, node->previous)->next = node->next;
    if (*list.head == index) {
        *list.head = node->next;
    }
}

/* Where a deadline belongs, relative to wheel->now. */
static uint32_t slot_for(const struct wheel *wheel, int64_t deadline)
{
    const uint64_t now = tick_of(wheel, wheel->now);
    const uint64_t tick = deadline < wheel->now ? now : tick_of(wheel, deadline); /* so never of a negative time */
    const uint64_t difference = tick ^ now;
    uint32_t level = 0;

    if (difference != 0) {
        level = (uint32_t)(63 - __builtin_clzll(difference)) / DIGIT;
        if (level >= WHEEL_LEVELS) {
            return FAR;
        }
    }
    return 1 + level * WHEEL_SLOTS + (uint32_t)(tick >> (level * DIGIT) & (WHEEL_SLOTS - 1));
}

/* The slot, or list, with the earliest deadline in the levels and beyond; 0 if all are empty. */
static uint32_t first_slot(const struct wheel *wheel)
{
    for (uint32_t level = 0; level < WHEEL_LEVELS; level++) {
        if (wheel->occupied[level] != 0) {
            return 1 + level * WHEEL_SLOTS + (uint32_t)__builtin_ctzll(wheel->occupied[level]);
        }
    }
    return wheel->far.head == 0 ? 0 : FAR;
}

static int64_t earliest_in(const struct wheel *wheel, uint32_t slot)
{
    if (slot == 0) {
        return WHEEL_NEVER;
    }
    return slot == FAR ? wheel->far.earliest : wheel->earliest[(slot - 1) / WHEEL_SLOTS][(slot - 1) % WHEEL_SLOTS];
}

/* First tick of a slot; for the list FAR, of the span the levels cover when its earliest deadline comes. */
static uint64_t start_of(const struct wheel *wheel, uint32_t slot)
{
    const uint32_t level = (slot - 1) / WHEEL_SLOTS;
    const uint64_t digit = (slot - 1) % WHEEL_SLOTS;

    if (slot == FAR) {
        return tick_of(wheel, wheel->far.earliest) >> (WHEEL_LEVELS * DIGIT) << (WHEEL_LEVELS * DIGIT);
    }
    return tick_of(wheel, wheel->now) >> ((level + 1) * DIGIT) << ((level + 1) * DIGIT) | digit << (level * DIGIT);
}

static void advance(struct wheel *wheel, int64_t now)
{
    if (now > wheel->now) {
        wheel->now = now;
    }
}

/* Nothing is due: brings wheel->now as near to now as it may come. */
static void catch_up(struct wheel *wheel, int64_t now)
{
    const uint32_t slot = first_slot(wheel);

    if (slot != 0) {
        const int64_t start = (int64_t)(start_of(wheel, slot) << wheel->tick_shift);
        const int64_t limit = slot <= WHEEL_SLOTS ? start : start - 1;
        now = now < limit ? now : limit;
    }
    advance(wheel, now);
}

/* Empties a slot or list whose earliest deadline is due, keeping the order: from
 * level 0 to the list of due objects or back, from all others to where the new
 * wheel->now makes them belong. What stays behind gets its exact earliest deadline. */
static void spread(struct wheel *wheel, uint32_t slot, int64_t now)
{
    const struct list list = list_of(wheel, slot);
    const uint32_t last = node_at(wheel, *list.head)->previous;
    uint32_t index = 0, following = *list.head;

    *list.head = 0;
    mark_empty(wheel, slot);
    while (index != last) {
        int64_t deadline;

        index = following;
        following = node_at(wheel, index)->next;
        deadline = node_at(wheel, index)->deadline;
        if (slot > WHEEL_SLOTS) {
            link_node(wheel, index, slot_for(wheel, deadline));
        } else {
            link_node(wheel, index, deadline <= now ? DUE : slot);
        }
    }
}

void wheel_init(struct wheel *wheel, void *first_node, uint32_t stride, uint32_t tick_shift, int64_t now)
{
    memset(wheel, 0, sizeof *wheel);
    wheel->objects = first_node;
    wheel->stride = stride;
    wheel->tick_shift = tick_shift;
    wheel->now = now < 0 ? 0 : now;
}

void wheel_arm(struct wheel *wheel, uint32_t index, int64_t deadline)
{
    struct wheel_node *node = node_at(wheel, index);

    wheel_cancel(wheel, index);
    if (deadline != WHEEL_NEVER) {
        node->deadline = deadline;
        link_node(wheel, index, slot_for(wheel, deadline));
        wheel->armed++;
    }
}

void wheel_cancel(struct wheel *wheel, uint32_t index)
{
    if (node_at(wheel, index)->slot != 0) {
        unlink_node(wheel, index);
        wheel->armed--;
    }
}

int64_t wheel_next(const struct wheel *wheel)
{
    const int64_t next = earliest_in(wheel, first_slot(wheel));

    return wheel->due.head != 0 && wheel->due.earliest < next ? wheel->due.earliest : next;
}

uint32_t wheel_expire(struct wheel *wheel, int64_t now)
{
    uint32_t index;

    while (wheel->due.head == 0) {
        const uint32_t slot = first_slot(wheel);

        if (slot == 0 || earliest_in(wheel, slot) > now) {
            catch_up(wheel, now);
            return 0;
        }
        advance(wheel, (int64_t)(start_of(wheel, slot) << wheel->tick_shift));
        spread(wheel, slot, now);
    }
    index = wheel->due.head;
    unlink_node(wheel, index);
    wheel->armed--;
    return index;
}
