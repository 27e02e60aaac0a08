#ifndef SEPTET_LAB_UCL_H
#define SEPTET_LAB_UCL_H

#include "lab/arena.h"
#include "lab/text.h"

/* Reads the Universal Configuration Language: `key value`, `key = value`, `key: value`, sections in braces, named
 * sections (`host client { ... }`), arrays, "quoted" and 'quoted' strings, heredocs, # and nested comments between
 * slash and star. Macros and variables are refused. Numbers and suffixes stay text: their meaning is the reader's. */

#define UCL_DEPTH 8
#define UCL_SETTINGS 65536

/* One line of what somebody wants to say, and where it stands. */
struct lab_error {
    uint32_t line;
    char text[320];
};

/* A key with its value. An array or a heredoc becomes one setting for each element or line, all with the same key. */
struct ucl_setting {
    struct slice key;
    struct slice value; /* empty for sections */
    uint32_t line;
    uint32_t parent;      /* index of the section this stands in; 0 is the document */
    uint32_t first, next; /* index of the first setting within (sections), of the next beside; 0 = none */
    uint32_t last;        /* private */
    bool section;
    bool quoted; /* the value was written in quotes */
    bool used;   /* for readers, who may want to know what nobody asked for */
};

struct ucl_document {
    struct ucl_setting *setting; /* [0] is the document itself, a section */
    uint32_t count, capacity;
    struct lab_error error; /* when reading failed */
};

/* Reads `text`, which must live as long as the document; copies only what has escapes. False with error set. */
bool ucl_read(struct arena *arena, const char *text, size_t length, struct ucl_document *document);

#endif
