"""A web server on loopback that holds files, and can be made to misbehave."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """`pages` holds bodies by path; `trouble` is what happens to the next requests, in order."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.trouble: list[Callable[[BaseHTTPRequestHandler], None]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.calls.append((self.path, dict(self.headers)))
                if site.trouble:
                    site.trouble.pop(0)(self)
                    return
                body = site.pages.get(self.path.partition("?")[0])
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def base(self) -> str:
        """The address of the site."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def put(self, path: str, body: bytes) -> str:
        """Hold a file; return its URL."""
        self.pages[path] = body
        return self.base + path

    def close(self) -> None:
        """Be gone: whoever asks is refused."""
        self.server.shutdown()
        self.server.server_close()


def says(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with a code and headers; an underscore is a dash."""

    def act(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()

    return act


def hangs_up(request: BaseHTTPRequestHandler) -> None:
    """Promise ten bytes, and close the connection after three."""
    request.send_response(200)
    request.send_header("Content-Length", "10")
    request.end_headers()
    request.wfile.write(b"abc")
    request.close_connection = True


def sleeps(request: BaseHTTPRequestHandler) -> None:
    """Take longer than anybody waits."""
    time.sleep(0.3)
    request.close_connection = True


def streams(size: int) -> Callable[[BaseHTTPRequestHandler], None]:
    """Send so many zeros, a piece at a time."""

    def act(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(size))
        request.end_headers()
        for _ in range(size >> 16):
            request.wfile.write(bytes(1 << 16))

    return act
