#include "cli/drill.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Which scripts are meant. */

#define DEPTH_MOST 32
#define LINE_MOST 4096

static bool complain_about(const char *path, const char *what)
{
    fprintf(stderr, "septet drill: %s: %s\n", path, what);
    return false;
}

static bool add(struct script_list *list, const char *path)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        char **grown = realloc(list->path, capacity * sizeof *grown);
        if (grown == NULL)
            return complain_about(path, "no memory");
        list->path = grown;
        list->capacity = capacity;
    }
    list->path[list->count] = strdup(path);
    if (list->path[list->count] == NULL)
        return complain_about(path, "no memory");
    list->count++;
    return true;
}

static bool is_script(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".pkt") == 0;
}

static bool add_directory(struct script_list *list, const char *directory, unsigned depth)
{
    struct dirent **entry;
    const int count = depth < DEPTH_MOST ? scandir(directory, &entry, NULL, alphasort) : -1;
    bool good = count >= 0;
    if (!good)
        return complain_about(directory,
                              depth < DEPTH_MOST ? strerror(errno) : "too many directories within each other");
    for (int i = 0; i < count; i++) {
        const char *name = entry[i]->d_name;
        char path[LINE_MOST];
        struct stat status;
        const int length = snprintf(path, sizeof path, "%s/%s", directory, name);
        if (good && name[0] != '.' && length > 0 && (size_t)length < sizeof path && stat(path, &status) == 0) {
            if (S_ISDIR(status.st_mode))
                good = add_directory(list, path, depth + 1);
            else if (is_script(name))
                good = add(list, path);
        }
        free(entry[i]);
    }
    free(entry);
    return good;
}

static bool add_pattern(struct script_list *list, const char *pattern)
{
    glob_t found;
    const int result = glob(pattern, 0, NULL, &found);
    bool good = true;
    if (result == GLOB_NOMATCH)
        return complain_about(pattern, "no such file, directory or pattern that matches any");
    if (result != 0)
        return complain_about(pattern, "cannot be read");
    for (size_t i = 0; i < found.gl_pathc && good; i++)
        good = scripts_add(list, found.gl_pathv[i]);
    globfree(&found);
    return good;
}

bool scripts_add(struct script_list *list, const char *argument)
{
    struct stat status;
    if (stat(argument, &status) != 0)
        return strpbrk(argument, "*?[") != NULL ? add_pattern(list, argument)
                                                : complain_about(argument, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return add(list, argument);
    char path[LINE_MOST];
    size_t length = strlen(argument);
    while (length > 1 && argument[length - 1] == '/')
        length--;
    if (length >= sizeof path)
        return complain_about(argument, "the path is too long");
    memcpy(path, argument, length);
    path[length] = '\0';
    return add_directory(list, path, 0);
}

bool scripts_add_list(struct script_list *list, const char *path)
{
    char line[LINE_MOST];
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    bool good = file != NULL;
    if (!good)
        return complain_about(path, strerror(errno));
    while (good && fgets(line, sizeof line, file) != NULL) {
        size_t length = strcspn(line, "\r\n");
        while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
            length--;
        line[length] = '\0';
        if (length != 0 && line[0] != '#')
            good = scripts_add(list, line);
    }
    if (file != stdin)
        (void)fclose(file);
    return good;
}

void scripts_filter(struct script_list *list, const char *pattern, bool keep)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const char *slash = strrchr(list->path[i], '/');
        const bool matches = fnmatch(pattern, list->path[i], 0) == 0 ||
                             fnmatch(pattern, slash == NULL ? list->path[i] : slash + 1, 0) == 0;
        if (matches == keep)
            list->path[kept++] = list->path[i];
        else
            free(list->path[i]);
    }
    list->count = kept;
}

void scripts_free(struct script_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->path[i]);
    free(list->path);
}
