/* An echo server written with Berkeley sockets, 10.7.0.2 port 7, on a TAP device:
 *
 *   ip tuntap add dev tap0 mode tap user $USER; ip addr add 10.7.0.1/24 dev tap0; ip link set tap0 up
 *   socket_echo_server tap0 & nc 10.7.0.2 7
 */
#include "socket_tap.h"

int main(int argc, char **argv)
{
    int tap = open_tap(argc > 1 ? argv[1] : "tap0"), listener = -1;
    struct septet_sockets *sockets = tap_sockets(&tap);
    const int set = sockets == NULL ? -SEPTET_ENOMEM : echo_open(sockets, 7, &listener);
    if (set < 0) {
        fprintf(stderr, "socket_echo_server: %s\n", septet_errno_name(set));
        return 1;
    }
    for (;;)
        echo_turn(sockets, set, listener, -1);
}
