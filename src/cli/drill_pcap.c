#include "capture/pcapng_write.h"
#include "cli/drill.h"
#include "wire/link_type.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_MOST 4096

struct drill_pcap {
    FILE *file;
    struct capture_sink sink;
    char name[NAME_MOST];
};

static bool write_bytes(void *context, const void *bytes, size_t length)
{
    return fwrite(bytes, 1, length, context) == length;
}

static struct drill_pcap *complain_about(struct drill_pcap *pcap, const char *name)
{
    fprintf(stderr, "septet drill: %s: %s\n", name, strerror(errno));
    free(pcap);
    return NULL;
}

/* tests/rfc/a.pkt is written to DIRECTORY/tests-rfc-a.pcapng: no two scripts write the same file. */
static bool name_file(char *name, const char *directory, const char *path)
{
    while (path[0] == '.' || path[0] == '/')
        path++;
    const size_t stem =
        strlen(path) > 4 && strcmp(path + strlen(path) - 4, ".pkt") == 0 ? strlen(path) - 4 : strlen(path);
    const int length = snprintf(name, NAME_MOST, "%s/%.*s.pcapng", directory, (int)stem, path);
    for (char *at = name + strlen(directory) + 1; *at != '\0'; at++)
        if (*at == '/')
            *at = '-';
    return length > 0 && length < NAME_MOST;
}

struct drill_pcap *drill_pcap_begin(const char *directory, const char *path)
{
    struct drill_pcap *pcap = calloc(1, sizeof *pcap);
    if (pcap == NULL || (mkdir(directory, 0777) != 0 && errno != EEXIST))
        return complain_about(pcap, directory);
    if (!name_file(pcap->name, directory, path)) {
        errno = ENAMETOOLONG;
        return complain_about(pcap, path);
    }
    pcap->file = fopen(pcap->name, "wb");
    if (pcap->file == NULL) {
        fprintf(stderr, "septet drill: %s: %s\n", pcap->name, strerror(errno));
        free(pcap);
        return NULL;
    }
    const struct pcapng_section section = {.application = {"septet drill", 12},
                                           .comment = {path, (uint32_t)strlen(path)}};
    const struct pcapng_interface interface = {.link_type = link_type_raw, .name = {"tun0", 4}};
    pcap->sink = capture_sink_function(write_bytes, pcap->file);
    pcapng_write_section(&pcap->sink, &section);
    pcapng_write_interface(&pcap->sink, &interface);
    return pcap;
}

void drill_pcap_packet(struct drill_pcap *pcap, int64_t time, bool inbound, const uint8_t *bytes, uint32_t length)
{
    const struct capture_piece piece = {bytes, length};
    const struct pcapng_packet packet = {
        .time = (uint64_t)time,
        .pieces = &piece,
        .piece_count = 1,
        .direction = inbound ? pcapng_inbound : pcapng_outbound,
    };
    pcapng_write_packet(&pcap->sink, &packet);
}

bool drill_pcap_end(struct drill_pcap *pcap)
{
    if (pcap == NULL)
        return true;
    const bool written = !pcap->sink.failed;
    const bool good = fclose(pcap->file) == 0 && written;
    if (!good)
        fprintf(stderr, "septet drill: %s: %s\n", pcap->name, strerror(errno));
    free(pcap);
    return good;
}
