/* Sends a line to an echo server with Berkeley sockets and prints what comes back, as 10.7.0.2 on a TAP device:
 *
 *   ip tuntap add dev tap0 mode tap user $USER; ip addr add 10.7.0.1/24 dev tap0; ip link set tap0 up
 *   nc -l -p 7 -c cat & socket_echo_client tap0 10.7.0.1 hello
 */
#include "socket_tap.h"

int main(int argc, char **argv)
{
    struct septet_address server;
    char answer[4096];
    if (argc != 4 || !septet_address_parse(argv[2], strlen(argv[2]), &server)) {
        fprintf(stderr, "usage: socket_echo_client TAP ADDRESS TEXT\n");
        return 2;
    }
    int tap = open_tap(argv[1]);
    struct septet_sockets *sockets = tap_sockets(&tap);
    const int64_t got =
        sockets == NULL ? -SEPTET_ENOMEM : echo_ask(sockets, &server, 7, argv[3], answer, sizeof answer);
    if (got < 0) {
        fprintf(stderr, "socket_echo_client: %s\n", septet_errno_name((int)got));
        return 1;
    }
    turn(septet_sockets_stack(sockets), tap); /* our last acknowledgement */
    printf("%.*s\n", (int)got, answer);
    return 0;
}
