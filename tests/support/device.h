#ifndef TESTS_SUPPORT_DEVICE_H
#define TESTS_SUPPORT_DEVICE_H

#include "septet/septet.h"

/* What a network device does with a packet of septet_output(): completes its checksum and cuts a super-segment into
 * the segments that go onto the wire, each given to `emit`. By the rules of virtio-net, and on its own: nothing of
 * the stack's segmentation is used. Raw IP packets only. */
typedef void device_emit(void *context, const uint8_t *packet, uint32_t length);
void device_send(const struct septet_packet *packet, device_emit *emit, void *context);

#endif
