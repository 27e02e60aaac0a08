#include "link/capture_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/* Packed bytes are read in pieces of this size; bytes that are not packed go to the caller at once. */
#define PACKED ((size_t)128 << 10)
#define MAGIC 4
#define GZIP_WINDOW (15 + 16) /* the largest window, with gzip's header */

enum packing { packing_none, packing_gzip, packing_zstd };

struct capture_source {
    int descriptor;
    enum packing packing;
    const char *error;
    uint64_t done, size;
    bool ended;    /* the file has no more bytes */
    bool finished; /* a whole gzip member or zstd frame has been unpacked */
    z_stream gzip;
    ZSTD_DStream *zstd;
    uint8_t *input;
    size_t input_at, input_length;
};

/* As many bytes as come with one call; 0 at the end and on error. */
static size_t read_file(struct capture_source *source, uint8_t *bytes, size_t capacity)
{
    if (source->ended) {
        return 0;
    }
    for (;;) {
        ssize_t count = read(source->descriptor, bytes, capacity);

        if (count > 0) {
            source->done += (uint64_t)count;
            return (size_t)count;
        }
        if (count < 0 && errno == EINTR) {
            continue;
        }
        source->ended = true;
        source->error = count < 0 ? strerror(errno) : source->error;
        return 0;
    }
}

static bool fill_input(struct capture_source *source)
{
    if (source->input_at == source->input_length) {
        source->input_at = 0;
        source->input_length = read_file(source, source->input, PACKED);
    }
    return source->input_at < source->input_length;
}

/* Members may follow one another. Whatever else stands behind one is passed over, as gzip does. */
static size_t read_gzip(struct capture_source *source, uint8_t *bytes, size_t capacity)
{
    z_stream *stream = &source->gzip;
    uint8_t *start = bytes;

    stream->next_out = bytes;
    stream->avail_out = capacity < UINT32_MAX ? (uInt)capacity : UINT32_MAX;
    while (stream->next_out == start && source->error == NULL) {
        int result;

        if (!fill_input(source)) {
            source->error = source->finished || source->error ? source->error : "the gzip data ends too early";
            break;
        }
        if (source->finished && source->input[source->input_at] != 0x1f) {
            source->ended = true;
            break;
        }
        stream->next_in = source->input + source->input_at;
        stream->avail_in = (uInt)(source->input_length - source->input_at);
        result = inflate(stream, Z_NO_FLUSH);
        source->input_at = source->input_length - stream->avail_in;
        source->finished = result == Z_STREAM_END;
        if (result == Z_STREAM_END) {
            (void)inflateReset(stream);
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            source->error = "the gzip data is damaged";
        }
    }
    return (size_t)(stream->next_out - start);
}

static size_t read_zstd(struct capture_source *source, uint8_t *bytes, size_t capacity)
{
    ZSTD_outBuffer output = {bytes, capacity, 0};

    while (output.pos == 0 && source->error == NULL) {
        ZSTD_inBuffer input;
        size_t result;

        /* What was read before may have more to give than fitted the last time. */
        if (!fill_input(source) && source->finished) {
            break;
        }
        input = (ZSTD_inBuffer){source->input, source->input_length, source->input_at};
        result = ZSTD_decompressStream(source->zstd, &output, &input);
        source->input_at = input.pos;
        source->finished = result == 0;
        if (ZSTD_isError(result)) {
            source->error = "the zstd data is damaged";
        } else if (source->ended && output.pos == 0 && input.pos == input.size) {
            source->error = source->finished || source->error ? source->error : "the zstd data ends too early";
            break;
        }
    }
    return output.pos;
}

/* The first bytes, which a pipe may give one by one, tell how the file is packed. */
static bool begin(struct capture_source *source)
{
    const uint8_t *magic = source->input;

    while (source->input_length < MAGIC) {
        size_t count = read_file(source, source->input + source->input_length, PACKED - source->input_length);

        source->input_length += count;
        if (count == 0) {
            return true;
        }
    }
    if (magic[0] == 0x1f && magic[1] == 0x8b) {
        source->packing = packing_gzip;
        return inflateInit2(&source->gzip, GZIP_WINDOW) == Z_OK;
    }
    if (magic[0] == 0x28 && magic[1] == 0xb5 && magic[2] == 0x2f && magic[3] == 0xfd) {
        source->packing = packing_zstd;
        source->zstd = ZSTD_createDStream();
        return source->zstd != NULL;
    }
    return true;
}

size_t capture_source_read(struct capture_source *source, uint8_t *bytes, size_t capacity)
{
    size_t length = source->input_length - source->input_at;

    if (source->packing == packing_gzip) {
        return read_gzip(source, bytes, capacity);
    }
    if (source->packing == packing_zstd) {
        return read_zstd(source, bytes, capacity);
    }
    if (length == 0) {
        return read_file(source, bytes, capacity);
    }
    length = length < capacity ? length : capacity;
    memcpy(bytes, source->input + source->input_at, length);
    source->input_at += length;
    return length;
}

void capture_source_close(struct capture_source *source)
{
    if (source == NULL) {
        return;
    }
    if (source->packing == packing_gzip) {
        (void)inflateEnd(&source->gzip);
    }
    (void)ZSTD_freeDStream(source->zstd);
    if (source->descriptor > STDIN_FILENO) {
        (void)close(source->descriptor);
    }
    free(source->input);
    free(source);
}

struct capture_source *capture_source_open(const char *path)
{
    struct capture_source *source = calloc(1, sizeof *source);
    struct stat status;
    int error = ENOMEM;

    if (source == NULL) {
        return NULL;
    }
    source->input = malloc(PACKED);
    source->descriptor = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (source->descriptor < 0 || fstat(source->descriptor, &status) != 0) {
        error = errno;
    } else if (S_ISDIR(status.st_mode)) {
        error = EISDIR;
    } else if (source->input != NULL && begin(source)) {
        if (S_ISREG(status.st_mode)) {
            source->size = (uint64_t)status.st_size;
            (void)posix_fadvise(source->descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
        }
        return source;
    }
    capture_source_close(source);
    errno = error;
    return NULL;
}

const char *capture_source_error(const struct capture_source *source) { return source->error; }

const char *capture_source_packing(const struct capture_source *source)
{
    static const char *const names[] = {NULL, "gzip", "zstd"};

    return names[source->packing];
}

uint64_t capture_source_done(const struct capture_source *source) { return source->done; }

uint64_t capture_source_size(const struct capture_source *source) { return source->size; }
