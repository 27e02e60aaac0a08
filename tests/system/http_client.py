"""http_client.py ADDRESS PORT FILE: requests that curl does not make. /data of the server is FILE."""
import socket
import sys
import time

ADDRESS, PORT = sys.argv[1], int(sys.argv[2])
with open(sys.argv[3], "rb") as file:
    DATA = file.read()
GET = b"GET /data HTTP/1.1\r\nHost: x\r\n"


def connect():
    connection = socket.create_connection((ADDRESS, PORT), 5)
    connection.settimeout(10)
    return connection


def read_all(connection):
    data = b""
    while part := connection.recv(65536):
        data += part
    return data


def responses(data):
    """Splits responses that have a Content-Length."""
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields[b"content-length"])
        found.append((int(head.split()[1]), rest[:length]))
        data = rest[length:]
    return found


def pipelining():
    with connect() as connection:
        connection.sendall((GET + b"\r\n") * 20 + GET + b"Connection: close\r\n\r\n")
        answers = responses(read_all(connection))
    assert answers == [(200, DATA)] * 21, f"{len(answers)} answers"


def half_closed():
    with connect() as connection:
        connection.sendall(GET + b"\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert responses(read_all(connection)) == [(200, DATA)]


def one_byte_at_a_time():
    with connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GET + b"Connection: close\r\n\r\n":
            connection.send(bytes([byte]))
            time.sleep(0.001)
        assert responses(read_all(connection)) == [(200, DATA)]


def status_of(request):
    with connect() as connection:
        connection.sendall(request)
        return int(read_all(connection).split()[1])


def broken_requests():
    for request, status in (
        (b"\x16\x03\x01\x00\xff", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 200000, 413),
    ):
        got = status_of(request)
        assert got == status, f"{request[:40]}: {got}, not {status}"


def slow_reader():
    """The server waits for a client that takes its time, and serves others meanwhile."""
    with connect() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall((GET + b"\r\n") * 50)
        time.sleep(0.2)
        half_closed()
        count = 0
        while count < 50 * len(DATA):
            count += len(slow.recv(65536))


pipelining()
half_closed()
one_byte_at_a_time()
broken_requests()
slow_reader()
