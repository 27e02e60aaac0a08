#include "lab/scenario.h"

void scenario_init(struct scenario *scenario) { *scenario = (struct scenario){.seed = 1}; }

void scenario_host_default(struct septet_config *config)
{
    septet_config_default(config);
    config->connections = 64;
    config->half_open = 64;
    config->time_wait = 64;
    config->listeners = 8;
    config->sockets = 8;
    config->addresses = 8;
    config->routes = 16;
    config->neighbors = 16;
    config->reassemblies = 4;
    config->path_mtus = 8;
    config->page_size = 2048;
    config->pages = 2048;
    config->tcp.send_buffer = 1 << 20;
    config->tcp.receive_buffer = 1 << 20;
}

void scenario_link_default(struct link_settings *settings)
{
    *settings = (struct link_settings){
        .keep_order = true,
        .codel_target = 5 * SEPTET_MILLISECOND,
        .codel_interval = 100 * SEPTET_MILLISECOND,
        .queue_packets = 1000,
        .burst_loss = 1000000,
        .reorder_delay = 5 * SEPTET_MILLISECOND,
    };
}
