#include "serve/http_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

int http_root_open(const char *directory) { return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

/* Where the kernel has no openat2(): one name after the other, and no symbolic links. */
static int walk(int root, const char *path)
{
    int at = dup(root);

    while (at >= 0 && *path != '\0') {
        const char *slash = strchrnul(path, '/');
        char name[256];
        int next;

        if ((size_t)(slash - path) >= sizeof name) {
            close(at);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, path, (size_t)(slash - path));
        name[slash - path] = '\0';
        next = openat(at, name, OPEN_FLAGS | O_NOFOLLOW | (*slash == '/' ? O_DIRECTORY : 0));
        close(at);
        at = next;
        path = *slash == '/' ? slash + 1 : slash;
    }
    return at;
}

static int open_beneath(int root, const char *path)
{
    struct open_how how = {.flags = OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long descriptor = syscall(SYS_openat2, root, *path == '\0' ? "." : path, &how, sizeof how);

    if (descriptor >= 0 || (errno != ENOSYS && errno != EPERM)) {
        return (int)descriptor;
    }
    return walk(root, path);
}

int http_root_find(int root, const char *path, struct stat *status)
{
    int descriptor = open_beneath(root, path);

    if (descriptor < 0) {
        return -1;
    }
    if (fstat(descriptor, status) != 0 || !(S_ISREG(status->st_mode) || S_ISDIR(status->st_mode))) {
        close(descriptor);
        errno = EACCES;
        return -1;
    }
    return descriptor;
}

const char *http_media_type(const char *path)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"js", "text/javascript; charset=utf-8"},
        {"mjs", "text/javascript; charset=utf-8"},
        {"txt", "text/plain; charset=utf-8"},
        {"md", "text/markdown; charset=utf-8"},
        {"csv", "text/csv; charset=utf-8"},
        {"json", "application/json"},
        {"xml", "application/xml"},
        {"wasm", "application/wasm"},
        {"pdf", "application/pdf"},
        {"gz", "application/gzip"},
        {"xz", "application/x-xz"},
        {"zip", "application/zip"},
        {"tar", "application/x-tar"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"svg", "image/svg+xml"},
        {"webp", "image/webp"},
        {"ico", "image/x-icon"},
        {"mp3", "audio/mpeg"},
        {"mp4", "video/mp4"},
        {"webm", "video/webm"},
        {"woff2", "font/woff2"},
        {"pcap", "application/vnd.tcpdump.pcap"},
    };
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name != NULL ? name : path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcasecmp(dot + 1, types[i].suffix) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

void http_tag(const struct stat *status, char tag[HTTP_TAG_TEXT])
{
    uint64_t time = (uint64_t)status->st_mtim.tv_sec * 1000000000u + (uint64_t)status->st_mtim.tv_nsec;

    snprintf(tag, HTTP_TAG_TEXT, "\"%llx-%llx-%llx\"", (unsigned long long)time, (unsigned long long)status->st_size,
             (unsigned long long)status->st_ino);
}

bool http_tag_listed(const char *list, const char *tag, bool weak)
{
    size_t length = strlen(tag);

    while (*list != '\0') {
        const char *start;
        bool is_weak;

        list += strspn(list, " \t,");
        if (*list == '*') {
            return true;
        }
        is_weak = strncmp(list, "W/", 2) == 0;
        list += is_weak ? 2 : 0;
        start = list;
        if (*list != '"') {
            return false;
        }
        list = strchr(list + 1, '"');
        if (list == NULL) {
            return false;
        }
        list++;
        if ((weak || !is_weak) && (size_t)(list - start) == length && memcmp(start, tag, length) == 0) {
            return true;
        }
    }
    return false;
}
