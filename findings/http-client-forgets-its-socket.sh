#!/usr/bin/env bash
# http.client forgets its socket as soon as a streamed answer begins, so it cannot be cut off from another thread.
#
# A server that streams tokens (server-sent events over HTTP/1.0, or with "Connection: close") gives no length. Then
# HTTPConnection.getresponse() sets connection.sock to None and leaves the socket to the response. To cancel an answer
# one expects to shut connection.sock down, or to call connection.close(): the first is None, and the second
# closes nothing while the response holds the socket. The reading thread stays in readline() until the server
# writes or its time limit comes. Keep an own reference to the socket when it is connected, and shut that down.
# Seen with Python 3.11.7. Source: this run.
# Needs: python3.
set -euo pipefail
python3 - <<'PYTHON'
import http.client
import platform
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

may_end = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"data: one\n\n")
        may_end.wait(20)


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()


def reads_on_after(cut):
    """Whether a thread still waits for the next line two seconds after ``cut``."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=15)
    connection.connect()
    own = connection.sock
    connection.request("GET", "/")
    response = connection.getresponse()
    response.readline()
    response.readline()
    forgotten = connection.sock is None
    reader = threading.Thread(target=lambda: response.readline(), daemon=True)
    reader.start()
    reader.join(0.5)
    cut(connection, own)
    reader.join(2)
    waits = reader.is_alive()
    may_end.set()
    reader.join(20)
    may_end.clear()
    return forgotten, waits


forgotten, after_close = reads_on_after(lambda connection, own: connection.close())
_, after_shutdown = reads_on_after(lambda connection, own: own.shutdown(socket.SHUT_RDWR))
print("Python", platform.python_version())
print("connection.sock after getresponse():", "None" if forgotten else "the socket")
print("the reader waits on after connection.close():", after_close)
print("the reader waits on after shutdown() of an own reference:", after_shutdown)
same = forgotten and after_close and not after_shutdown
print("as found" if same else "it has changed")
sys.exit(0 if same else 1)
PYTHON
