#include "cli/link_options.h"

#include "link/capture.h"
#include "link/impair.h"
#include "link/tap.h"
#include "wire/ip.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

/* Big enough that a file is read in few calls, small enough that many connections with little in flight are cheap. */
#define PAGE_SIZE UINT32_C(16384)

static struct {
    char *tap, *tun, *mac, *pcap, *impair, *seed;
    char **addresses, **gateways;
    int mtu, no_offload, detect, autoconfigure, ladder, statistics, spin;
} options;

struct poptOption link_option_table[] = {
    {"tap", 0, POPT_ARG_STRING, &options.tap, 0, "the TAP device to use: Ethernet frames", "NAME"},
    {"tun", 0, POPT_ARG_STRING, &options.tun, 0, "the TUN device to use: IP packets", "NAME"},
    {"address", 0, POPT_ARG_ARGV, &options.addresses, 0, "our IPv4 or IPv6 address and the length of its prefix",
     "A/LEN"},
    {"gateway", 0, POPT_ARG_ARGV, &options.gateways, 0, "router to everywhere else, one for each IP version", "A"},
    {"mtu", 0, POPT_ARG_INT, &options.mtu, 0, "largest IP packet (that of the device)", "N"},
    {"mac", 0, POPT_ARG_STRING, &options.mac, 0, "our Ethernet address (made from the first address)", "MAC"},
    {"no-offload", 0, POPT_ARG_NONE, &options.no_offload, 0,
     "make every segment and checksum here instead of in the kernel", NULL},
    {"detect", 0, POPT_ARG_NONE, &options.detect, 0, "see that nobody has our addresses before they are used", NULL},
    {"autoconfigure", 0, POPT_ARG_NONE, &options.autoconfigure, 0,
     "take a link-local IPv6 address and follow router advertisements", NULL},
    {"impair", 0, POPT_ARG_STRING, &options.impair, 0,
     "treat packets badly, both ways, as a link of the lab does: loss=1%,reorder=1%,delay=5ms", "FAULTS"},
    {"pcap", 0, POPT_ARG_STRING, &options.pcap, 0, "record packets and state changes (pcapng)", "FILE"},
    {"ladder", 0, POPT_ARG_NONE, &options.ladder, 0, "draw TCP conversations while they happen", NULL},
    {"statistics", 0, POPT_ARG_NONE, &options.statistics, 0, "print what was counted, at the end", NULL},
    {"seed", 0, POPT_ARG_STRING, &options.seed, 0, "number that every random choice derives from (random)", "N"},
    {"spin", 0, POPT_ARG_NONE, &options.spin, 0, "never sleep: least latency for a whole processor", NULL},
    POPT_TABLEEND,
};

/* ---- messages ---- */

int complain(const char *command, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "septet %s: ", command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return 2;
}

int read_options(poptContext context, const char *command, const char *arguments, const char *help)
{
    int option;

    poptSetOtherOptionHelp(context, arguments);
    while ((option = poptGetNextOpt(context)) > 0) {
        if (option == OPTION_HELP) {
            poptPrintHelp(context, stdout, 0);
            fputs(help, stdout);
            return -1;
        }
    }
    if (option < -1) {
        return complain(command, "%s: %s", poptBadOption(context, POPT_BADOPTION_NOALIAS), poptStrerror(option));
    }
    return 0;
}

/* ---- reading values ---- */

/* "10.7.0.2/24" or "fd07::2/64": a unicast address. */
static bool read_prefix(const char *text, struct septet_address *address, unsigned *length)
{
    const char *slash = strchr(text, '/');
    unsigned long value;
    char *end;

    if (slash == NULL || !isdigit((unsigned char)slash[1]) ||
        !septet_address_parse(text, (size_t)(slash - text), address)) {
        return false;
    }
    value = strtoul(slash + 1, &end, 10);
    *length = (unsigned)value;
    return *end == '\0' && value <= (septet_address_is_ipv4(address) ? 32 : 128) && !address_is_any(address) &&
           !address_is_multicast(address) && !address_is_class_e(address) && !address_is_limited_broadcast(address);
}

static bool read_mac(const char *text, uint8_t mac[6])
{
    for (int i = 0; i < 6; i++) {
        char digits[3] = "";

        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) || text[2] != (i < 5 ? ':' : '\0')) {
            return false;
        }
        memcpy(digits, text, 2);
        mac[i] = (uint8_t)strtoul(digits, NULL, 16);
        text += 3;
    }
    return (mac[0] & 1) == 0;
}

/* The same address has the same MAC each time, so that the neighbours need not learn anew. */
static void make_mac(const struct septet_address *address, uint8_t mac[6])
{
    mac[0] = 0x02; /* locally administered */
    mac[1] = 0x07;
    memcpy(mac + 2, address->bytes + 12, 4);
}

static int make_seed(const char *command, uint64_t seed[2])
{
    unsigned long long value;
    char *end;

    if (options.seed == NULL) {
        return getrandom(seed, 2 * sizeof seed[0], 0) == 2 * sizeof seed[0]
                   ? 0
                   : complain(command, "the kernel gives no random numbers: %s", strerror(errno));
    }
    errno = 0;
    value = strtoull(options.seed, &end, 0);
    if (errno != 0 || end == options.seed || *end != '\0' || options.seed[0] == '-') {
        return complain(command, "--seed '%s': expected a number below 2^64", options.seed);
    }
    seed[0] = value;
    seed[1] = 0;
    return 0;
}

/* ---- the link ---- */

static int open_link(struct host *host, const char *command)
{
    struct tap_options tap = {
        .name = options.tap != NULL ? options.tap : options.tun,
        .tun = options.tun != NULL,
        .offload = options.no_offload == 0 && options.impair == NULL,
        .mtu = (uint32_t)options.mtu,
    };
    char error[LINK_ERROR_TEXT];

    if ((options.tap == NULL) == (options.tun == NULL)) {
        return complain(command, "expected one link: --tap NAME or --tun NAME");
    }
    if (options.mtu != 0 && (options.mtu < 576 || options.mtu > 65535)) {
        return complain(command, "--mtu %d: expected 576 to 65535", options.mtu);
    }
    make_mac(&host->address, tap.mac);
    if (options.mac != NULL && !read_mac(options.mac, tap.mac)) {
        return complain(command, "--mac '%s': expected a unicast address like 02:00:00:00:00:07", options.mac);
    }
    host->link = tap_open(&tap, error);
    if (host->link != NULL && !tap_is_up(host->link)) {
        fprintf(stderr, "septet %s: %s is down; bring it up with: ip link set %s up\n", command,
                host->link->interface.name, host->link->interface.name);
    }
    if (host->link != NULL && options.impair != NULL) {
        host->link = impair_open(options.impair, host->seed[0], loop_clock(), host->link, error);
        if (host->link == NULL) {
            return complain(command, "--impair %s", error);
        }
    }
    if (host->link != NULL && options.pcap != NULL) {
        host->link = host->capture = capture_open(options.pcap, host->link, error);
    }
    if (host->link == NULL) {
        return complain(command, "%s", error);
    }
    host->link->interface.autoconfigure = options.autoconfigure != 0;
    return 0;
}

/* ---- the stack ---- */

static void on_trace(void *context, const struct septet_trace_event *event)
{
    struct host *host = context;

    if (host->capture != NULL) {
        capture_trace(host->capture, event);
    }
    if (host->ladder != NULL) {
        live_ladder_trace(host->ladder, event);
    }
}

static int make_stack(struct host *host, const struct host_needs *needs)
{
    struct septet_config config;
    int error = SEPTET_OK;

    septet_config_default(&config);
    memcpy(config.seed, host->seed, sizeof config.seed);
    config.now = loop_clock();
    config.connections = needs->connections;
    config.half_open = needs->connections < 65536 ? 2 * needs->connections : needs->connections;
    config.time_wait = 4 * needs->connections;
    config.page_size = PAGE_SIZE;
    config.pages = (uint32_t)(needs->buffers / PAGE_SIZE);
    if (options.ladder != 0 && (host->ladder = live_ladder_start(needs->ladder)) == NULL) {
        return complain(needs->command, "no memory for a ladder");
    }
    if (host->capture != NULL || host->ladder != NULL) {
        config.trace = on_trace;
        config.trace_context = host;
    }
    host->memory_size = septet_memory_size(&config);
    if (host->memory_size == 0) {
        return complain(needs->command, "the stack cannot be made for %u connections", needs->connections);
    }
    /* What is never used is never touched, and costs nothing. */
    host->memory =
        mmap(NULL, host->memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (host->memory == MAP_FAILED) {
        host->memory = NULL;
        return complain(needs->command, "no memory for the stack (%zu bytes): %s", host->memory_size, strerror(errno));
    }
    host->stack = septet_create(&config, host->memory, host->memory_size, &error);
    return host->stack != NULL ? 0 : complain(needs->command, "the stack: %s", septet_error_text(error));
}

static int add_addresses(struct host *host, const char *command)
{
    for (char **text = options.addresses; text != NULL && *text != NULL; text++) {
        struct septet_address address;
        unsigned length = 0;
        int error;

        if (!read_prefix(*text, &address, &length)) {
            return complain(command, "--address '%s': expected an address and a prefix length like 10.7.0.2/24", *text);
        }
        error = septet_address_add(host->stack, 0, &address, length, options.detect == 0);
        if (error != SEPTET_OK) {
            return complain(command, "--address '%s': %s", *text, septet_error_text(error));
        }
    }
    return 0;
}

static int add_gateways(struct host *host, const char *command)
{
    for (char **text = options.gateways; text != NULL && *text != NULL; text++) {
        struct septet_address gateway, all = {{0}};
        int error;

        if (!septet_address_parse(*text, strlen(*text), &gateway)) {
            return complain(command, "--gateway '%s': expected an address like 10.7.0.1", *text);
        }
        if (septet_address_is_ipv4(&gateway)) {
            all = septet_address_ipv4(0, 0, 0, 0);
        }
        error = septet_route_add(host->stack, &all, 0, 0, &gateway, 0);
        if (error != SEPTET_OK) {
            return complain(command, "--gateway '%s': %s", *text, septet_error_text(error));
        }
    }
    return 0;
}

/* Each file that is being served takes a descriptor. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int open_parts(struct host *host, const struct host_needs *needs)
{
    unsigned length;
    int status, index;

    if (options.addresses == NULL || options.addresses[0] == NULL) {
        return complain(needs->command, "expected --address A/LEN, our own address");
    }
    if (!read_prefix(options.addresses[0], &host->address, &length)) {
        return complain(needs->command, "--address '%s': expected an address and a prefix length like 10.7.0.2/24",
                        options.addresses[0]);
    }
    status = make_seed(needs->command, host->seed);
    if (status != 0 || (status = open_link(host, needs->command)) != 0 || (status = make_stack(host, needs)) != 0) {
        return status;
    }
    loop_init(&host->loop, host->stack);
    host->loop.spin = options.spin != 0;
    if (host->ladder != NULL) {
        (void)loop_add_service(&host->loop, host->ladder);
    }
    index = loop_add_link(&host->loop, host->link);
    if (index < 0) {
        return complain(needs->command, "%s: %s", host->link->interface.name, septet_error_text(index));
    }
    status = add_addresses(host, needs->command);
    return status != 0 ? status : add_gateways(host, needs->command);
}

int host_open(struct host *host, const struct host_needs *needs)
{
    int status;

    *host = (struct host){0};
    raise_descriptor_limit();
    status = open_parts(host, needs);
    if (status != 0) {
        (void)host_close(host, status);
    }
    return status;
}

static void print_statistics(const struct host *host)
{
    const struct link_counters *link = &host->link->counters;

    for (unsigned i = 0; i < SEPTET_COUNTER_COUNT; i++) {
        if (septet_counter(host->stack, i) != 0) {
            fprintf(stderr, "%-20s %12llu  %s\n", septet_counter_name(i),
                    (unsigned long long)septet_counter(host->stack, i), septet_counter_text(i));
        }
    }
    for (unsigned i = 1; i < SEPTET_DROP_COUNT; i++) {
        if (septet_drops(host->stack, i) != 0) {
            fprintf(stderr, "%-20s %12llu  %s\n", septet_drop_name(i), (unsigned long long)septet_drops(host->stack, i),
                    septet_drop_text(i));
        }
    }
    fprintf(stderr, "%s: %llu packets in, %llu dropped; %llu out, %llu dropped\n", host->link->interface.name,
            (unsigned long long)link->packets_in, (unsigned long long)link->dropped_in,
            (unsigned long long)link->packets_out, (unsigned long long)link->dropped_out);
}

int host_close(struct host *host, int status)
{
    int error = host->capture != NULL ? capture_error(host->capture) : 0;

    if (error != 0) {
        fprintf(stderr, "septet: the capture '%s' is not complete: %s\n", options.pcap, strerror(error));
        status = status == 0 ? 1 : status;
    }
    live_ladder_end(host->ladder);
    if (options.statistics != 0 && host->stack != NULL) {
        print_statistics(host);
    }
    link_close(host->link);
    if (host->memory != NULL) {
        (void)munmap(host->memory, host->memory_size);
    }
    *host = (struct host){0};
    return status;
}
