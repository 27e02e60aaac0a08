#include "lwip_host.h"
#include "lwip_port.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIBRARY "liblwip.so.0"

/* Finds the library's file by loading it the ordinary way once. */
static const char *find(char path[256])
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return "liblwip.so.0 is not installed (Debian: liblwip0)";
    Dl_info info;
    void *symbol = dlsym(library, "lwip_init");
    const char *problem = NULL;
    if (!symbol || !dladdr(symbol, &info) || strlen(info.dli_fname) >= 256)
        problem = "liblwip.so.0 has no lwip_init";
    else
        strcpy(path, info.dli_fname);
    dlclose(library);
    return problem;
}

const char *lwip_missing(void)
{
    char path[256];
    return find(path);
}

/* The loader takes an anonymous copy of the file for another library: new globals. */
static int copy_of(const char *path)
{
    int from = open(path, O_RDONLY | O_CLOEXEC), to = memfd_create("liblwip", MFD_CLOEXEC);
    struct stat stat;
    bool good = from >= 0 && to >= 0 && fstat(from, &stat) == 0;
    while (good && stat.st_size > 0) {
        ssize_t sent = sendfile(to, from, NULL, (size_t)stat.st_size);
        good = sent > 0;
        stat.st_size -= sent;
    }
    if (from >= 0)
        close(from);
    if (!good && to >= 0)
        close(to);
    return good ? to : -1;
}

static const char *load(struct lwip_host *host)
{
    char path[256];
    const char *problem = find(path);
    if (problem)
        return problem;
    host->file = copy_of(path);
    if (host->file < 0)
        return "liblwip.so.0 cannot be copied to memory";
    snprintf(path, sizeof path, "/proc/self/fd/%d", host->file);
    host->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!host->library)
        return "liblwip.so.0 cannot be loaded twice";
#define FUNCTION(name)                                          \
    if (!(*(void **)&host->name = dlsym(host->library, #name))) \
        return "liblwip.so.0 has no " #name;
#include "lwip_functions.def"
#undef FUNCTION
    lwip_port_bind(host);
    lwip_port_checksums(true);
    return NULL;
}

struct lwip_host *lwip_open(struct bench_run *run)
{
    struct lwip_host *host = calloc(1, sizeof *host);
    const char *problem = "no memory";
    if (host) {
        host->file = -1;
        problem = load(host);
    }
    if (problem) {
        bench_skip(run, "%s", problem);
        lwip_close(host);
        return NULL;
    }
    host->lwip_init();
    if (lwip_port_in_use())
        return host;
    bench_skip(run, "the loader does not bind liblwip.so.0 to this program");
    lwip_close(host);
    return NULL;
}

void lwip_close(struct lwip_host *host)
{
    if (!host)
        return;
    if (host->library)
        dlclose(host->library);
    if (host->file >= 0)
        close(host->file);
    free(host->queue);
    free(host);
}

static err_t to_peer(struct netif *netif, struct pbuf *packet, const ip4_addr_t *address)
{
    (void)address;
    struct lwip_host *host = netif->state;
    if (host->count == host->room) {
        host->lost++;
        return ERR_OK;
    }
    struct pbuf *copy = host->peer->pbuf_alloc(PBUF_RAW, packet->tot_len, PBUF_RAM);
    if (!copy)
        return ERR_MEM;
    host->pbuf_copy_partial(packet, copy->payload, packet->tot_len, 0);
    host->queue[(host->head + host->count++) & (host->room - 1)] = copy;
    return ERR_OK;
}

static err_t memory_netif(struct netif *netif)
{
    netif->name[0] = 'm';
    netif->name[1] = 'm';
    netif->mtu = 1500;
    netif->output = to_peer;
    return ERR_OK;
}

static bool attach(struct lwip_host *host, struct lwip_host *peer, uint8_t number, uint32_t queue)
{
    ip4_addr_t address, mask, gateway;
    IP4_ADDR(&address, 10, 7, 0, number);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 0, 0, 0, 0);
    host->peer = peer;
    host->room = queue;
    host->queue = calloc(queue, sizeof *host->queue);
    if (!host->queue || !host->netif_add(&host->netif, &address, &mask, &gateway, host, memory_netif, host->ip4_input))
        return false;
    host->netif_set_default(&host->netif);
    host->netif_set_up(&host->netif);
    host->netif_set_link_up(&host->netif);
    return true;
}

bool lwip_pair_open(struct bench_run *run, struct lwip_host *pair[2], uint32_t queue)
{
    pair[0] = lwip_open(run);
    pair[1] = pair[0] ? lwip_open(run) : NULL;
    if (pair[1] && attach(pair[0], pair[1], 1, queue) && attach(pair[1], pair[0], 2, queue))
        return true;
    bench_skip(run, "lwIP has no memory for a netif");
    lwip_pair_close(pair);
    return false;
}

/* lwIP takes its memory from malloc, and nobody but itself gives it back. */
static void empty(struct lwip_host *host)
{
    lwip_forget_time_wait(host);
    while (*host->tcp_active_pcbs) {
        host->tcp_err(*host->tcp_active_pcbs, NULL);
        host->tcp_abort(*host->tcp_active_pcbs);
    }
    for (; host->count; host->count--) {
        host->peer->pbuf_free(host->queue[host->head]);
        host->head = (host->head + 1) & (host->room - 1);
    }
}

void lwip_pair_close(struct lwip_host *pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] && pair[i]->peer)
            empty(pair[i]);
    for (int i = 0; i < 2; i++)
        lwip_close(pair[i]);
    lwip_port_release();
}

uint32_t lwip_deliver(struct lwip_host *host, uint32_t most)
{
    struct lwip_host *from = host->peer;
    uint32_t done = 0;
    for (; from && done < most && from->count; done++) {
        struct pbuf *packet = from->queue[from->head];
        from->head = (from->head + 1) & (from->room - 1);
        from->count--;
        if (host->netif.input(packet, &host->netif) != ERR_OK)
            host->pbuf_free(packet);
    }
    return done;
}

void lwip_settle(struct lwip_host *pair[2])
{
    while (lwip_deliver(pair[1], UINT32_MAX) + lwip_deliver(pair[0], UINT32_MAX) > 0) {
    }
}

int64_t lwip_waiting(const struct lwip_host *host)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < host->count; i++) {
        const struct pbuf *packet = host->queue[(host->head + i) & (host->room - 1)];
        bytes += LWIP_MEM_ALIGN_SIZE(sizeof *packet) + LWIP_MEM_ALIGN_SIZE(packet->tot_len);
    }
    return (int64_t)bytes;
}

struct tcp_pcb *lwip_listen(struct lwip_host *host, uint16_t port, tcp_accept_fn accept, void *arg)
{
    struct tcp_pcb *pcb = host->tcp_new();
    if (!pcb || host->tcp_bind(pcb, NULL, port) != ERR_OK)
        return NULL;
    pcb = host->tcp_listen_with_backlog(pcb, 255);
    if (!pcb)
        return NULL;
    host->tcp_arg(pcb, arg);
    host->tcp_accept(pcb, accept);
    return pcb;
}

void lwip_forget_time_wait(struct lwip_host *host)
{
    while (*host->tcp_tw_pcbs)
        host->tcp_abort(*host->tcp_tw_pcbs);
}
