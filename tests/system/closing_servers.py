"""closing_servers.py ADDRESS: HTTP servers that end the connection in different ways, one at each port from 9001."""
import selectors
import socket
import struct
import sys

HEAD = b"HTTP/1.1 200 OK\r\n"
ENDINGS = {
    9001: (HEAD + b"Content-Length: 5\r\n\r\nhello", False),
    9002: (HEAD + b"\r\nhello", False),
    9003: (HEAD + b"Content-Length: 10\r\n\r\nhello", False),
    9004: (HEAD + b"Content-Length: 10\r\n\r\nhello", True),
    9005: (b"", False),
    9006: (b"", True),
}
selector = selectors.DefaultSelector()
for port in ENDINGS:
    selector.register(socket.create_server((sys.argv[1], port)), selectors.EVENT_READ, port)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        answer, reset = ENDINGS[key.data]
        connection, _ = key.fileobj.accept()
        with connection:
            while b"\r\n\r\n" not in connection.recv(65536):
                pass
            connection.sendall(answer)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
