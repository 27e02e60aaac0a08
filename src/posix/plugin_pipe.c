#include <errno.h>
#include <fcntl.h>

#include "posix/plugin.h"

/* Most that one splice moves: the room of a pipe. */
#define SPLICE_ROOM 65536

int plugin_pipe(const struct plugin *plugin, int fd)
{
    const int index = fd - PLUGIN_PIPE_FIRST;
    return fd < PLUGIN_PIPE_FIRST || index >= PLUGIN_PIPE_ENDS ? -1 : plugin->pipe_end[index];
}

int plugin_pipe_make(struct plugin *plugin, int fds[2])
{
    int made[2];
    for (int i = 0; i + 1 < PLUGIN_PIPE_ENDS; i += 2) {
        if (plugin->pipe_end[i] >= 0 || plugin->pipe_end[i + 1] >= 0)
            continue;
        if (pipe2(made, O_CLOEXEC | O_NONBLOCK) != 0)
            return -errno;
        for (int end = 0; end < 2; end++) {
            plugin->pipe_end[i + end] = made[end];
            fds[end] = PLUGIN_PIPE_FIRST + i + end;
        }
        return 0;
    }
    return -EMFILE;
}

int plugin_pipe_close(struct plugin *plugin, int fd)
{
    const int result = close(plugin_pipe(plugin, fd)) == 0 ? 0 : -errno;
    plugin->pipe_end[fd - PLUGIN_PIPE_FIRST] = -1;
    return result;
}

/* Looks first and takes what the pipe had room for. */
static int64_t to_pipe(struct plugin *plugin, int from, int pipe_end, size_t length, int flags)
{
    uint8_t bytes[SPLICE_ROOM];
    struct septet_operation peek = septet_operation_recvfrom(from, bytes, length, flags | SEPTET_MSG_PEEK, NULL, NULL);
    const int64_t there = plugin_operate(plugin, &peek);
    if (there <= 0)
        return there;
    const ssize_t written = write(pipe_end, bytes, (size_t)there);
    if (written < 0)
        return -errno;
    return septet_sockets_recv(plugin->machine.sockets, from, bytes, (size_t)written, SEPTET_MSG_DONTWAIT);
}

/* A copy of what is in the pipe is sent; what the socket took leaves the pipe. */
static int64_t from_pipe(struct plugin *plugin, int pipe_end, int to, size_t length, int flags)
{
    uint8_t bytes[SPLICE_ROOM];
    int copy[2];
    if (pipe2(copy, O_CLOEXEC | O_NONBLOCK) != 0)
        return -errno;
    ssize_t there = tee(pipe_end, copy[1], length, SPLICE_F_NONBLOCK);
    if (there > 0)
        there = read(copy[0], bytes, (size_t)there);
    const int error = there < 0 ? errno : 0;
    close(copy[0]);
    close(copy[1]);
    if (there <= 0)
        return -error;
    struct septet_operation send = septet_operation_sendto(to, bytes, (size_t)there, flags, NULL, 0);
    const int64_t sent = plugin_operate(plugin, &send);
    if (sent > 0 && read(pipe_end, bytes, (size_t)sent) < 0)
        return -errno;
    return sent;
}

int64_t plugin_splice(struct plugin *plugin, int from, int to, size_t length, unsigned flags)
{
    const int in = plugin_pipe(plugin, from), out = plugin_pipe(plugin, to);
    const int wait = (flags & SPLICE_F_NONBLOCK) != 0 ? SEPTET_MSG_DONTWAIT : 0;
    if (length > SPLICE_ROOM)
        length = SPLICE_ROOM;
    if (in < 0 && out < 0)
        return -EINVAL;
    if (length == 0)
        return 0;
    if (in >= 0 && out >= 0) {
        const ssize_t moved = splice(in, NULL, out, NULL, length, SPLICE_F_NONBLOCK);
        return moved < 0 ? -errno : moved;
    }
    if (in < 0)
        return to_pipe(plugin, from, out, length, wait);
    return from_pipe(plugin, in, to, length, wait | ((flags & SPLICE_F_MORE) != 0 ? SEPTET_MSG_MORE : 0));
}
