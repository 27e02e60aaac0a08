#ifndef SEPTET_SERVE_DATAGRAM_ECHO_H
#define SEPTET_SERVE_DATAGRAM_ECHO_H

#include "serve/loop.h"

/* RFC 862 over UDP: sends each datagram back. Off unless asked for: it answers forged senders too. */
struct service *datagram_echo_start(struct loop *loop, uint16_t port, char error[LINK_ERROR_TEXT]);
/* Gives back its memory; stop the loop first. NULL is nothing. */
void datagram_echo_free(struct service *service);

#endif
