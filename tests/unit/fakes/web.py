# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web server on the loopback interface."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Page:
    """
    What is at a path.

    :param with_length: Announce the length; without, the body ends where the connection does.
    :param broken_after: Lose the connection after so many bytes.
    """

    body: bytes
    with_length: bool = True
    status: int = 200
    broken_after: int | None = None
    location: str | None = None


@dataclass
class Web:
    """A running server, its pages by path, and the paths that were asked for."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, path: str, body: bytes, **options) -> str:
        """Publish a page and return its URL."""
        self.pages[path] = Page(body, **options)
        return self.url + path


@contextlib.contextmanager
def serve() -> Iterator[Web]:
    """Serve pages while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.asked.append(self.path)
            page = web.pages.get(self.path.partition("?")[0], Page(b"", status=404))
            self.send_response(page.status)
            if page.location:
                self.send_header("Location", page.location)
            if page.with_length:
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(page.body[: page.broken_after])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        web = Web(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()
