#include "lab/codel.h"

#include "base/arithmetic.h"

uint32_t codel_square_root(uint64_t value)
{
    uint64_t root = 0;

    for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
        if ((root | bit) * (root | bit) <= value)
            root |= bit;
    return (uint32_t)root;
}

/* t + interval / sqrt(count) */
static int64_t control_law(const struct codel *codel, const struct codel_limits *limits, int64_t from)
{
    uint32_t root = codel_square_root((uint64_t)codel->count << 32);

    return from + (int64_t)mul_div_u64((uint64_t)limits->interval, 1 << 16, root);
}

/* RFC 8289 section 5.6, dodequeue(): the sojourn time has been above the target for an interval. */
static bool ok_to_drop(struct codel *codel, const struct codel_limits *limits, int64_t now, int64_t queued,
                       uint32_t bytes_behind)
{
    if (now - queued < limits->target || bytes_behind <= limits->maximum_packet) {
        codel->first_above_time = 0;
        return false;
    }
    if (codel->first_above_time == 0) {
        codel->first_above_time = now + limits->interval;
        return false;
    }
    return now >= codel->first_above_time;
}

static void begin_dropping(struct codel *codel, const struct codel_limits *limits, int64_t now)
{
    uint32_t delta = codel->count - codel->last_count;

    codel->dropping = true;
    codel->begun = true;
    codel->count = delta > 1 && now - codel->drop_next < 16 * limits->interval ? delta : 1;
    codel->drop_next = control_law(codel, limits, now);
    codel->last_count = codel->count;
}

bool codel_drop(struct codel *codel, const struct codel_limits *limits, int64_t now, int64_t queued,
                uint32_t bytes_behind, bool again)
{
    bool ok = ok_to_drop(codel, limits, now, queued, bytes_behind);
    bool begun = again && codel->begun;

    codel->begun = false;
    if (begun)
        return false;
    if (codel->dropping) {
        if (!ok) {
            codel->dropping = false;
            return false;
        }
        if (again)
            codel->drop_next = control_law(codel, limits, codel->drop_next);
        if (now < codel->drop_next)
            return false;
        codel->count = add_saturate_u32(codel->count, 1);
        return true;
    }
    if (!ok)
        return false;
    begin_dropping(codel, limits, now);
    return true;
}

void codel_marked(struct codel *codel, const struct codel_limits *limits)
{
    if (!codel->begun)
        codel->drop_next = control_law(codel, limits, codel->drop_next);
    codel->begun = false;
}

void codel_empty(struct codel *codel)
{
    codel->dropping = false;
    codel->first_above_time = 0;
}
