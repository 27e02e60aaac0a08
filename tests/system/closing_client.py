"""closing_client.py ADDRESS SERVER: ends connections in every way; at last the server, a process, is interrupted."""
import errno
import os
import signal
import socket
import struct
import sys
import time

ADDRESS, SERVER = sys.argv[1], int(sys.argv[2])
RESET = struct.pack("ii", 1, 0)


def connect(port):
    connection = socket.create_connection((ADDRESS, port), 5)
    connection.settimeout(5)
    return connection


def read_all(connection):
    data = b""
    while part := connection.recv(65536):
        data += part
    return data


def state_of(connection):
    return struct.unpack("B", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1))[0]


def half_close():
    """Our FIN first: everything that was sent still comes back, then the peer's FIN."""
    data = bytes(i % 253 for i in range(3_000_000))
    with connect(7) as connection:
        for at in range(0, len(data), 100000):
            connection.sendall(data[at:at + 100000])
            if at == 0:
                assert connection.recv(1, socket.MSG_PEEK) == data[:1]
            got = b""
            while len(got) < min(100000, len(data) - at):
                got += connection.recv(65536)
            assert got == data[at:at + 100000]
        connection.sendall(data[:50000])
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == data[:50000]


def peer_closes_first():
    with connect(80) as connection:
        connection.sendall(b"GET /empty HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in read_all(connection)
        assert state_of(connection) == 8, "not in CLOSE_WAIT"


def we_reset():
    """The server must forget the connection: it goes on serving others, and what it sends is answered by RST."""
    for _ in range(3):
        connection = connect(19)
        assert connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.close()
    with connect(7) as connection:
        connection.sendall(b"still there")
        assert connection.recv(100) == b"still there"


def no_such_port():
    try:
        connect(4)
    except OSError as error:
        assert error.errno == errno.ECONNREFUSED, error
    else:
        raise AssertionError("port 4 answered")


def server_stops():
    """Open connections are reset, idle, receiving and sending ones."""
    connections = [connect(7), connect(9), connect(19)]
    time.sleep(0.1)
    os.kill(SERVER, signal.SIGINT)
    for connection in connections:
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            continue
        raise AssertionError("no RST at the end")


half_close()
peer_closes_first()
we_reset()
no_such_port()
server_stops()
