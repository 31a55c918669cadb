"""Talk to the echo server of the README: talk.py PROGRAM PORT starts it, uses it, and stops it in order.

Exit status 0: two connections got back what they sent, a third that was cut harmed nobody, and SIGTERM ended it.
"""
import signal
import socket
import subprocess
import sys
import time

WAIT = 60  # seconds that anything may take before it counts as hanging


def connect(port, deadline):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), WAIT)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def echo(s, data):
    s.sendall(data)
    got = b""
    while len(got) < len(data):
        piece = s.recv(65536)
        if not piece:
            sys.exit(f"closed after {len(got)} of {len(data)} bytes")
        got += piece
    if got != data:
        sys.exit("other bytes came back")


def main():
    port = int(sys.argv[2])
    server = subprocess.Popen([sys.argv[1]])
    try:
        deadline = time.monotonic() + WAIT
        first = connect(port, deadline)
        second = connect(port, deadline)
        echo(second, b"second")
        cut = connect(port, deadline)
        cut.sendall(b"x" * 100)
        cut.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        cut.close()  # with a reset: its process ends with an error
        echo(first, bytes(range(256)) * 400)
        echo(second, b"still here")
        server.send_signal(signal.SIGTERM)
        status = server.wait(WAIT)
        if status < 0:
            sys.exit(f"SIGTERM: it was killed by signal {-status}, and did not stop in order")
    finally:
        server.kill()


main()
