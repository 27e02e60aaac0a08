#ifndef SEPTET_LINK_LINK_H
#define SEPTET_LINK_LINK_H

#include "septet/septet.h"

/* A driver: carries packets between a stack and a device. What opens one returns it closed over its own memory;
 * nothing is allocated afterwards. docs/add-a-driver.md tells how to write another. */
struct link;

struct link_operations {
    /* Takes up to `maximum` packets that have arrived, `now` being the time. Their bytes are valid until the next
     * read. Returns their count, 0 when nothing is there, or a negative errno when the device is gone for good. */
    int (*read)(struct link *link, int64_t now, struct septet_packet *packets, uint32_t maximum);
    /* Sends packets in order. What the device does not take is dropped and counted. 0, or a negative errno when
     * the device is gone for good. The packets may be changed, their bytes not. */
    int (*write)(struct link *link, int64_t now, struct septet_packet *packets, uint32_t count);
    /* When read should be called even if the descriptor is silent, ns; SEPTET_NEVER. NULL: never. */
    int64_t (*deadline)(const struct link *link);
    void (*close)(struct link *link);
};

struct link_counters {
    uint64_t packets_in, packets_out, bytes_in, bytes_out;
    uint64_t dropped_in;  /* malformed, or longer than any packet may be */
    uint64_t dropped_out; /* refused by the device */
};

struct link {
    const struct link_operations *operations;
    struct septet_interface interface; /* what the stack is to be told of it */
    uint16_t index;                    /* of the interface in the stack; read stamps packets with it */
    int descriptor;                    /* readable when read has something; -1 when there is none */
    struct link_counters counters;
};

/* Room for the sentence that tells why a link could not be opened. */
#define LINK_ERROR_TEXT 512

static inline int link_read(struct link *link, int64_t now, struct septet_packet *packets, uint32_t maximum)
{
    return link->operations->read(link, now, packets, maximum);
}
static inline int link_write(struct link *link, int64_t now, struct septet_packet *packets, uint32_t count)
{
    return link->operations->write(link, now, packets, count);
}
static inline int64_t link_deadline(const struct link *link)
{
    return link->operations->deadline != NULL ? link->operations->deadline(link) : SEPTET_NEVER;
}
/* Releases the device and the link itself. NULL is nothing. */
static inline void link_close(struct link *link)
{
    if (link != NULL) {
        link->operations->close(link);
    }
}

#endif
