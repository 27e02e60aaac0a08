#include "serve/http_listing.h"

#include "serve/http_date.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
    char *name;
    bool directory;
    long long size; /* -1: not told. Where a link leads is seen when it is followed */
    time_t changed;
};

struct entries {
    struct entry *entry;
    size_t count, capacity;
    bool more; /* than HTTP_LISTING_MAX, or than there was memory for */
};

static int compare(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;

    if (left->directory != right->directory) {
        return left->directory ? -1 : 1;
    }
    return strcmp(left->name, right->name);
}

static void add(struct entries *entries, int directory, const char *name)
{
    struct stat status;
    struct entry entry = {0};

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode))) {
        return;
    }
    if (entries->count == entries->capacity) {
        size_t capacity = entries->capacity == 0 ? 64 : entries->capacity * 2;
        struct entry *grown =
            capacity / 2 < HTTP_LISTING_MAX ? realloc(entries->entry, capacity * sizeof *grown) : NULL;

        if (grown == NULL) {
            entries->more = true;
            return;
        }
        entries->entry = grown;
        entries->capacity = capacity;
    }
    entry.name = strdup(name);
    if (entry.name == NULL || entries->count == HTTP_LISTING_MAX) {
        free(entry.name);
        entries->more = true;
        return;
    }
    entry.directory = S_ISDIR(status.st_mode);
    entry.size = S_ISREG(status.st_mode) ? (long long)status.st_size : -1;
    entry.changed = status.st_mtime;
    entries->entry[entries->count++] = entry;
}

static bool read_entries(int directory, struct entries *entries)
{
    int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = own >= 0 ? fdopendir(own) : NULL;

    if (stream == NULL) {
        int saved = errno;

        if (own >= 0) {
            close(own);
        }
        errno = saved;
        return false;
    }
    for (struct dirent *entry; !entries->more && (entry = readdir(stream)) != NULL;) {
        add(entries, directory, entry->d_name);
    }
    closedir(stream);
    if (entries->count > 1) {
        qsort(entries->entry, entries->count, sizeof entries->entry[0], compare);
    }
    return true;
}

static void print_entry(struct buffer *page, const struct entry *entry)
{
    const char *slash = entry->directory ? "/" : "";
    char date[HTTP_DATE_TEXT];

    http_date_format(entry->changed, date);
    /* "./" keeps a name with a colon from being a scheme (RFC 3986 4.2). */
    buffer_print(page, "<tr><td><a href=\"./");
    buffer_add_path(page, entry->name, strlen(entry->name));
    buffer_print(page, "%s\">", slash);
    buffer_add_html(page, entry->name, strlen(entry->name));
    buffer_print(page, "%s</a><td align=right>", slash);
    if (entry->size >= 0) {
        buffer_print(page, "%lld", entry->size);
    }
    buffer_print(page, "<td>%s\n", date);
}

bool http_listing(int directory, const char *path, struct buffer *page)
{
    struct entries entries = {0};

    if (!read_entries(directory, &entries)) {
        return false;
    }
    buffer_print(page, "<!doctype html>\n<meta charset=utf-8>\n<title>/");
    buffer_add_html(page, path, strlen(path));
    buffer_print(page, "</title>\n<h1>/");
    buffer_add_html(page, path, strlen(path));
    buffer_print(page, "</h1>\n<table cellpadding=4>\n");
    if (*path != '\0') {
        buffer_print(page, "<tr><td><a href=\"../\">../</a>\n");
    }
    for (size_t i = 0; i < entries.count; i++) {
        print_entry(page, &entries.entry[i]);
        free(entries.entry[i].name);
    }
    buffer_print(page, "</table>\n%s", entries.more ? "<p>There are more.\n" : "");
    free(entries.entry);
    return true;
}
