#include "serve/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

bool output_open(struct output *output, const char *path, uint64_t offset)
{
    struct stat status;

    *output = (struct output){.descriptor = STDOUT_FILENO};
    if (path != NULL) {
        output->descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        output->own = true;
    }
    if (output->descriptor < 0 || fstat(output->descriptor, &status) != 0) {
        return false;
    }
    output->slow = !S_ISREG(status.st_mode);
    if (path == NULL || output->slow) {
        return true;
    }
    return ftruncate(output->descriptor, (off_t)offset) == 0 &&
           lseek(output->descriptor, (off_t)offset, SEEK_SET) == (off_t)offset;
}

/* A pipe that is ready takes PIPE_BUF bytes at least (POSIX). */
size_t output_room(const struct output *output)
{
    struct pollfd descriptor = {.fd = output->descriptor, .events = POLLOUT};

    if (!output->slow) {
        return SIZE_MAX;
    }
    return poll(&descriptor, 1, 0) > 0 ? PIPE_BUF : 0;
}

bool output_write(struct output *output, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t written = write(output->descriptor, at, length);

        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            at += written;
            length -= (size_t)written;
        }
    }
    return true;
}

bool output_close(struct output *output)
{
    bool good = output->descriptor < 0 || !output->own || close(output->descriptor) == 0;

    output->descriptor = -1;
    return good;
}
