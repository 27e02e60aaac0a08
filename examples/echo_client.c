/* Sends a line to an echo server and prints what comes back, as 10.7.0.2 on a TAP device:
 *
 *   ip tuntap add dev tap0 mode tap user $USER; ip addr add 10.7.0.1/24 dev tap0; ip link set tap0 up
 *   nc -l -p 7 -c cat & echo_client tap0 10.7.0.1 hello
 */
#include "tap.h"

int main(int argc, char **argv)
{
    struct septet_address server;
    struct septet_event event;
    septet_handle connection;
    char buffer[4096];

    if (argc != 4 || !septet_address_parse(argv[2], strlen(argv[2]), &server)) {
        fprintf(stderr, "usage: echo_client TAP ADDRESS TEXT\n");
        return 2;
    }
    int tap = open_tap(argv[1]);
    struct septet *stack = make_host();
    int error = stack != NULL ? septet_connect(stack, NULL, 0, &server, 7, &connection) : SEPTET_MEMORY_SIZE;
    if (error == SEPTET_OK) {
        /* What is sent while the connection opens goes out when it is open; our FIN follows. */
        septet_send(stack, connection, argv[3], strlen(argv[3]), 0);
        septet_shutdown(stack, connection);
    }
    while (error == SEPTET_OK) {
        turn(stack, tap);
        for (int64_t got; (got = septet_receive(stack, connection, buffer, sizeof buffer)) > 0;)
            fwrite(buffer, 1, (size_t)got, stdout);
        while (septet_next_event(stack, &event)) {
            if (event.events & SEPTET_EVENT_CLOSED)
                error = event.error;
            if (event.events & (SEPTET_EVENT_CLOSED | SEPTET_EVENT_PEER_CLOSED)) {
                turn(stack, tap);
                printf("\n");
                if (error != SEPTET_OK)
                    fprintf(stderr, "echo_client: %s\n", septet_error_text(error));
                return error == SEPTET_OK ? 0 : 1;
            }
        }
    }
    fprintf(stderr, "echo_client: %s\n", septet_error_text(error));
    return 1;
}
