#ifndef SEPTET_POSIX_PLUGIN_H
#define SEPTET_POSIX_PLUGIN_H

#include <pthread.h>

#include "drill/machine.h"
#include "posix/packetdrill.h"

/* What the files of libseptet-packetdrill.so share. */

/* Ends of pipes are the kernel's; these numbers are given out for them. */
#define PLUGIN_PIPE_FIRST 100000
#define PLUGIN_PIPE_ENDS 64

struct plugin {
    pthread_mutex_t lock;
    pthread_cond_t moved; /* something happened: time passed, a packet came, the call of another thread is over */
    pthread_t driver;     /* the thread that lets time pass */
    struct arena arena;
    struct drill_options options;
    struct drill_machine machine;
    int pipe_end[PLUGIN_PIPE_ENDS]; /* descriptors of the kernel; -1: free */
};

/* Takes the lock. False with errno set when there is nothing to be locked. */
bool plugin_enter(struct plugin *plugin);
/* Releases it; a negative result becomes -1 and errno. */
int64_t plugin_leave(struct plugin *plugin, int64_t result);
/* Does a call that may block; within the lock. */
int64_t plugin_operate(struct plugin *plugin, struct septet_operation *operation);

/* ---- pipes; within the lock ---- */

/* The kernel's descriptor behind one of ours; -1 when it is no pipe. */
int plugin_pipe(const struct plugin *plugin, int fd);
int plugin_pipe_make(struct plugin *plugin, int fds[2]);
int plugin_pipe_close(struct plugin *plugin, int fd);
int64_t plugin_splice(struct plugin *plugin, int from, int to, size_t length, unsigned flags);

#endif
