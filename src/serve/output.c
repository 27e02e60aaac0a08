#include "serve/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe or terminal on standard output. What cannot be opened anew (a socket) is written to when it is ready, and no
 * more than a ready pipe always takes. */
static void open_anew(struct output *output)
{
    char name[32];
    int descriptor;

    snprintf(name, sizeof name, "/proc/self/fd/%d", output->descriptor);
    descriptor = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) {
        output->slow = true;
        return;
    }
    output->descriptor = descriptor;
    output->own = true;
}

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
    if (path == NULL) {
        if (!S_ISREG(status.st_mode)) {
            open_anew(output);
        }
        return true;
    }
    return !S_ISREG(status.st_mode) || (ftruncate(output->descriptor, (off_t)offset) == 0 &&
                                        lseek(output->descriptor, (off_t)offset, SEEK_SET) == (off_t)offset);
}

/* Writes until done or until it would have to wait: how much, or -1 with errno. */
static ssize_t write_some(const struct output *output, const char *bytes, size_t length)
{
    size_t done = 0;

    while (done < length) {
        ssize_t written = write(output->descriptor, bytes + done, length - done);

        if (written >= 0) {
            done += (size_t)written;
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return (ssize_t)done;
}

static bool keep(struct output *output, const char *bytes, size_t length)
{
    char *kept = realloc(output->kept, output->kept_length + length);

    if (kept == NULL) {
        return false;
    }
    memcpy(kept + output->kept_length, bytes, length);
    output->kept = kept;
    output->kept_length += length;
    return true;
}

static bool write_kept(struct output *output)
{
    ssize_t written = write_some(output, output->kept + output->kept_at, output->kept_length - output->kept_at);

    if (written < 0) {
        return false;
    }
    output->kept_at += (size_t)written;
    if (output->kept_at == output->kept_length) {
        output->kept_at = output->kept_length = 0;
    }
    return true;
}

/* An error of what was kept shows at the next write. */
size_t output_room(struct output *output)
{
    struct pollfd descriptor = {.fd = output->descriptor, .events = POLLOUT};

    if (output->slow) {
        return poll(&descriptor, 1, 0) > 0 ? PIPE_BUF : 0;
    }
    if (output->kept_length > 0 && write_kept(output) && output->kept_length > 0) {
        return 0;
    }
    return SIZE_MAX;
}

bool output_write(struct output *output, const void *bytes, size_t length)
{
    ssize_t written = 0;

    if (output->kept_length > 0 && !write_kept(output)) {
        return false;
    }
    if (output->kept_length == 0) {
        written = write_some(output, bytes, length);
    }
    if (written < 0) {
        return false;
    }
    return (size_t)written == length || keep(output, (const char *)bytes + written, length - (size_t)written);
}

bool output_close(struct output *output)
{
    struct pollfd descriptor = {.fd = output->descriptor, .events = POLLOUT};
    bool good = true;

    while (good && output->kept_length > 0) {
        good = (poll(&descriptor, 1, -1) >= 0 || errno == EINTR) && write_kept(output);
    }
    if (output->descriptor >= 0 && output->own && close(output->descriptor) != 0) {
        good = false;
    }
    free(output->kept);
    *output = (struct output){.descriptor = -1};
    return good;
}
