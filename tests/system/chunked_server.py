"""chunked_server.py ADDRESS PORT: answers each connection with the lines 1 to 20000 in chunks of odd lengths."""
import socket
import sys

BODY = b"".join(b"%d\n" % number for number in range(1, 20001))

with socket.create_server((sys.argv[1], int(sys.argv[2]))) as server:
    print("ready", flush=True)
    while True:
        connection, _ = server.accept()
        with connection:
            while b"\r\n\r\n" not in connection.recv(65536):
                pass
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            at, size = 0, 1
            while at < len(BODY):
                part = BODY[at:at + size]
                connection.sendall(b"%x;name=value\r\n%b\r\n" % (len(part), part))
                at, size = at + size, size * 3 % 5000 + 1
            connection.sendall(b"0\r\nTrailer: x\r\n\r\n")
