"""echo_client.py ADDRESS PORT COUNT: opens COUNT connections, all at once, and has data of different lengths sent back
on each. Every second one closes its direction first and reads to the end; the others close outright."""
import selectors
import socket
import sys
import time

ADDRESS, PORT, COUNT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
FAMILY = socket.AF_INET6 if ":" in ADDRESS else socket.AF_INET
DEADLINE = time.monotonic() + 40


class Connection:
    def __init__(self, number):
        self.number = number
        self.data = bytes((number * 31 + i * 7 + i // 256) % 256 for i in range(1 + number * 37 % 9000))
        self.sent = self.received = 0
        self.ended = False
        self.socket = socket.socket(FAMILY, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.connect_ex((ADDRESS, PORT))

    def write(self):
        self.sent += self.socket.send(self.data[self.sent:])
        if self.sent == len(self.data) and self.number % 2:
            self.socket.shutdown(socket.SHUT_WR)

    def read(self):
        data = self.socket.recv(65536)
        if not data:
            assert self.number % 2 and self.received == len(self.data), f"connection {self.number} ended early"
            self.ended = True
            return
        assert data == self.data[self.received:self.received + len(data)], f"connection {self.number}: wrong data"
        self.received += len(data)

    def done(self):
        return self.ended if self.number % 2 else self.received == len(self.data)


def main():
    selector = selectors.DefaultSelector()
    connections = [Connection(number) for number in range(COUNT)]
    connected = set()
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_WRITE, connection)
    # All are open before the first byte is sent.
    while len(connected) < COUNT:
        assert time.monotonic() < DEADLINE, f"only {len(connected)} connections were opened"
        for key, _ in selector.select(1):
            error = key.data.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            assert error == 0, f"connection {key.data.number}: error {error}"
            connected.add(key.data)
            selector.unregister(key.data.socket)
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, connection)
    left = COUNT
    while left:
        assert time.monotonic() < DEADLINE, f"{left} connections did not get their data back"
        for key, events in selector.select(1):
            connection = key.data
            if events & selectors.EVENT_WRITE:
                connection.write()
                if connection.sent == len(connection.data):
                    selector.modify(connection.socket, selectors.EVENT_READ, connection)
            if events & selectors.EVENT_READ:
                connection.read()
                if connection.done():
                    selector.unregister(connection.socket)
                    left -= 1
    for connection in connections:
        connection.socket.close()


main()
