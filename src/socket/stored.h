#ifndef SEPTET_SOCKET_STORED_H
#define SEPTET_SOCKET_STORED_H

/* The options of stored.def, by their place in a socket. */
enum stored {
#define STORED(name, level, initial, low, high, form) STORED_##name,
#include "socket/stored.def"
#undef STORED
    STORED_COUNT
};

#endif
