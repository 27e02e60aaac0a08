/* An echo server, 10.7.0.2 port 7, on a TAP device:
 *
 *   ip tuntap add dev tap0 mode tap user $USER; ip addr add 10.7.0.1/24 dev tap0; ip link set tap0 up
 *   echo_server tap0 & nc 10.7.0.2 7
 */
#include "tap.h"

/* Sends back what has come, as far as there is room; closes when the peer has closed and has it all. */
static void echo(struct septet *stack, septet_handle connection)
{
    for (;;) {
        const uint8_t *data;
        size_t length = 0;
        int64_t result = septet_receive_peek(stack, connection, &data, &length);
        if (result > 0)
            result = septet_send(stack, connection, data, length, 0);
        else if (result == 0)
            septet_close(stack, connection);
        if (result <= 0)
            return; /* SEPTET_AGAIN: an event tells when to go on */
        septet_receive_consume(stack, connection, (size_t)result);
    }
}

int main(int argc, char **argv)
{
    int tap = open_tap(argc > 1 ? argv[1] : "tap0");
    struct septet *stack = make_host();
    struct septet_event event;
    septet_handle listener, connection;

    int error = stack != NULL ? septet_listen(stack, NULL, 7, 16, &listener) : SEPTET_MEMORY_SIZE;
    if (error != SEPTET_OK) {
        fprintf(stderr, "echo_server: %s\n", septet_error_text(error));
        return 1;
    }
    for (;;) {
        turn(stack, tap);
        while (septet_next_event(stack, &event)) {
            if (event.events & SEPTET_EVENT_CLOSED)
                septet_close(stack, event.handle);
            else if (event.handle != listener)
                echo(stack, event.handle);
            else
                while (septet_accept(stack, listener, &connection) == SEPTET_OK)
                    echo(stack, connection);
        }
    }
}
