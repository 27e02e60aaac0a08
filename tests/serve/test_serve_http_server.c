#include "serve/http_server.h"

#include "link/memory.h"
#include "septet/tcp.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The server on one stack, clients on another, in virtual time. */
#define BIG 20000000

static char directory[] = "/tmp/septet-server-XXXXXX";
static char file_path[64];

struct scene {
    void *memory[2];
    struct septet *stack[2]; /* server, client */
    struct memory_wire wire;
    struct loop loop;
    struct service *service;
};

static int make_directory(void **state)
{
    int file;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(file_path, sizeof file_path, "%s/big", directory);
    file = open(file_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, BIG), 0);
    close(file);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(file_path);
    return rmdir(directory);
}

static void make_stack(struct scene *scene, unsigned side)
{
    struct septet_interface interface = {.name = "wire", .mtu = 1500};
    struct septet_address address = septet_address_ipv4(10, 7, 0, (uint8_t)(side + 1));
    struct septet_config config;
    size_t size;

    septet_config_default(&config);
    config.seed[0] = side + 1;
    config.connections = 2048;
    config.now = SEPTET_SECOND;
    size = septet_memory_size(&config);
    scene->memory[side] = aligned_alloc(64, (size + 63) / 64 * 64);
    scene->stack[side] = septet_create(&config, scene->memory[side], size, NULL);
    assert_non_null(scene->stack[side]);
    assert_int_equal(septet_interface_add(scene->stack[side], &interface), 0);
    assert_int_equal(septet_address_add(scene->stack[side], 0, &address, 24, true), SEPTET_OK);
}

static void open_scene(struct scene *scene)
{
    struct http_server_options options = {directory, 80, 2000};
    char error[LINK_ERROR_TEXT];

    *scene = (struct scene){.service = NULL};
    make_stack(scene, 0);
    make_stack(scene, 1);
    scene->wire = (struct memory_wire){{scene->stack[0], scene->stack[1]}, {0, 0}};
    loop_init(&scene->loop, scene->stack[0]);
    scene->service = http_server_start(&scene->loop, &options, error);
    assert_non_null(scene->service);
}

static void close_scene(struct scene *scene)
{
    scene->service->stop(scene->service);
    http_server_free(scene->service);
    free(scene->memory[0]);
    free(scene->memory[1]);
}

/* What the loop does, until nothing moves. Returns when the service wants to be called again. */
static int64_t settle(struct scene *scene)
{
    int64_t next = SEPTET_NEVER;

    for (unsigned turn = 0; turn < 10000; turn++) {
        struct septet_event event;
        bool moved = false;

        for (; septet_next_event(scene->stack[0], &event); moved = true) {
            scene->service->event(scene->service, &event);
        }
        next = scene->service->work(scene->service, scene->loop.now);
        moved = moved || next <= scene->loop.now;
        moved = memory_link_move(scene->stack[0], &scene->wire, 1) > 0 || moved;
        moved = memory_link_move(scene->stack[1], &scene->wire, 1) > 0 || moved;
        if (!moved) {
            return next;
        }
    }
    fail_msg("never comes to rest");
    return next;
}

static void advance(struct scene *scene, int64_t time)
{
    int64_t end = scene->loop.now + time;

    for (int64_t next; scene->loop.now < end;) {
        next = settle(scene);
        next = next < memory_link_deadline(&scene->wire, 1) ? next : memory_link_deadline(&scene->wire, 1);
        next = next > scene->loop.now ? next : scene->loop.now + 1;
        scene->loop.now = next < end ? next : end;
        memory_link_advance(&scene->wire, 1, scene->loop.now);
    }
    (void)settle(scene);
}

static septet_handle connect_client(struct scene *scene)
{
    struct septet_address server = septet_address_ipv4(10, 7, 0, 1);
    septet_handle handle = 0;

    assert_int_equal(septet_connect(scene->stack[1], NULL, 0, &server, 80, &handle), SEPTET_OK);
    (void)settle(scene);
    assert_int_equal(septet_state(scene->stack[1], handle), SEPTET_STATE_established);
    return handle;
}

static void say(struct scene *scene, septet_handle handle, const char *text)
{
    assert_int_equal(septet_send(scene->stack[1], handle, text, strlen(text), 0), strlen(text));
    (void)settle(scene);
}

/* What has come; an empty text when nothing has. */
static const char *hear(struct scene *scene, septet_handle handle)
{
    static char text[4096];
    int64_t got = septet_receive(scene->stack[1], handle, text, sizeof text - 1);

    text[got > 0 ? got : 0] = '\0';
    (void)settle(scene);
    return text;
}

/* Takes everything. How it ended: 0, SEPTET_AGAIN or the error of the connection. */
static int64_t drain(struct scene *scene, septet_handle handle)
{
    static char buffer[65536];
    int64_t got;

    while ((got = septet_receive(scene->stack[1], handle, buffer, sizeof buffer)) > 0) {
        (void)settle(scene);
    }
    return got;
}

static bool ended(struct scene *scene, septet_handle handle)
{
    char byte;

    return septet_receive(scene->stack[1], handle, &byte, 1) == 0;
}

#define GET "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"

static void slow_requests_end(void **state)
{
    struct scene scene;
    septet_handle handle;

    (void)state;
    open_scene(&scene);
    handle = connect_client(&scene);
    say(&scene, handle, "GET / HT");
    for (unsigned i = 0; i < 14; i++) {
        advance(&scene, SEPTET_SECOND);
        say(&scene, handle, i == 0 ? "TP/1.1\r\nX: " : "y");
        assert_string_equal(hear(&scene, handle), "");
    }
    advance(&scene, 2 * SEPTET_SECOND);
    assert_non_null(strstr(hear(&scene, handle), "HTTP/1.1 408 "));
    assert_true(ended(&scene, handle));
    close_scene(&scene);
}

static void silent_connections_end(void **state)
{
    struct scene scene;
    septet_handle silent, idle, busy;

    (void)state;
    open_scene(&scene);
    silent = connect_client(&scene);
    idle = connect_client(&scene);
    busy = connect_client(&scene);
    say(&scene, idle, GET);
    assert_non_null(strstr(hear(&scene, idle), "HTTP/1.1 404 "));
    for (unsigned i = 0; i < 7; i++) {
        say(&scene, busy, GET);
        assert_non_null(strstr(hear(&scene, busy), "HTTP/1.1 404 "));
        advance(&scene, 10 * SEPTET_SECOND);
        assert_int_equal(ended(&scene, silent), i >= 1);
        assert_int_equal(ended(&scene, idle), i >= 5);
    }
    assert_false(ended(&scene, busy));
    assert_int_equal(http_server_responses(scene.service), 8);
    close_scene(&scene);
}

static void readers_that_stop_end(void **state)
{
    struct septet_usage usage;
    struct scene scene;
    septet_handle handle;

    (void)state;
    open_scene(&scene);
    handle = connect_client(&scene);
    say(&scene, handle, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    advance(&scene, 59 * SEPTET_SECOND);
    assert_int_equal(septet_state(scene.stack[1], handle), SEPTET_STATE_established);
    /* Whoever takes something has time again. */
    for (unsigned i = 0; i < 1000; i++) {
        (void)hear(&scene, handle);
    }
    advance(&scene, 59 * SEPTET_SECOND);
    assert_int_equal(septet_state(scene.stack[1], handle), SEPTET_STATE_established);
    advance(&scene, 3 * SEPTET_SECOND);
    septet_usage(scene.stack[0], &usage);
    assert_int_equal(usage.connections, 0);
    assert_int_equal(drain(&scene, handle), SEPTET_CONNECTION_RESET);
    close_scene(&scene);
}

/* After the last answer the peer's end is waited for, not for ever. */
static void lingering_ends(void **state)
{
    struct scene scene;
    struct septet_usage usage;
    septet_handle handle;

    (void)state;
    open_scene(&scene);
    handle = connect_client(&scene);
    say(&scene, handle, "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(hear(&scene, handle), "Connection: close\r\n"));
    assert_true(ended(&scene, handle));
    advance(&scene, SEPTET_SECOND);
    septet_usage(scene.stack[0], &usage);
    assert_int_equal(usage.connections, 1);
    advance(&scene, 5 * SEPTET_SECOND);
    septet_usage(scene.stack[0], &usage);
    assert_int_equal(usage.connections, 0);
    close_scene(&scene);
}

/* A Content-Length that cannot be kept is taken back by ending the connection. */
static void a_file_that_shrinks(void **state)
{
    struct scene scene;
    septet_handle handle;

    (void)state;
    open_scene(&scene);
    handle = connect_client(&scene);
    say(&scene, handle, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(truncate(file_path, 1000), 0);
    assert_int_equal(drain(&scene, handle), SEPTET_CONNECTION_RESET);
    assert_int_equal(truncate(file_path, BIG), 0);
    close_scene(&scene);
}

static void many_connections_take_turns(void **state)
{
    enum { COUNT = 1000 };
    static septet_handle handles[COUNT];
    static char pipelined[100 * sizeof GET];
    struct scene scene;

    (void)state;
    open_scene(&scene);
    for (unsigned i = 0; i < 100; i++) {
        memcpy(pipelined + i * (sizeof GET - 1), GET, sizeof GET);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        handles[i] = connect_client(&scene);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        say(&scene, handles[i], i % 100 == 0 ? pipelined : GET);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        assert_non_null(strstr(hear(&scene, handles[i]), "HTTP/1.1 404 "));
    }
    assert_int_equal(http_server_responses(scene.service), COUNT + 10 * 99);
    for (unsigned i = 0; i < COUNT; i++) {
        (void)septet_close(scene.stack[1], handles[i]);
    }
    (void)settle(&scene);
    assert_int_equal(septet_counter(scene.stack[0], SEPTET_COUNTER_CurrEstab), 0);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_requests_end),     cmocka_unit_test(silent_connections_end),
        cmocka_unit_test(readers_that_stop_end), cmocka_unit_test(lingering_ends),
        cmocka_unit_test(a_file_that_shrinks),   cmocka_unit_test(many_connections_take_turns),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
