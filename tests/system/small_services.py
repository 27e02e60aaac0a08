"""small_services.py ADDRESS: discard at 9, chargen at 19 and UDP echo at 7."""
import socket
import sys

ADDRESS = sys.argv[1]


def connect(port):
    connection = socket.create_connection((ADDRESS, port), 5)
    connection.settimeout(10)
    return connection


def discard():
    with connect(9) as connection:
        for _ in range(64):
            connection.sendall(b"x" * 65536)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b"", "discard sent something"


def chargen():
    characters = bytes(range(32, 127))
    pattern = b"".join((characters * 2)[line:line + 72] + b"\r\n" for line in range(95))
    with connect(19) as connection:
        connection.sendall(b"nobody reads this")
        data = b""
        while len(data) < 10 * len(pattern):
            part = connection.recv(65536)
            assert part, "chargen ended"
            data += part
    assert data == (pattern * (len(data) // len(pattern) + 1))[:len(data)], "chargen sent something else"


def udp_echo():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(5)
        for length in (0, 1, 100, 1472, 1473, 9000):
            data = bytes(i % 251 for i in range(length))
            sender.sendto(data, (ADDRESS, 7))
            assert sender.recvfrom(65536)[0] == data, f"{length} bytes did not come back"


discard()
chargen()
udp_echo()
