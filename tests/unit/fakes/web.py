# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web server on the loopback interface."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Page:
    """
    What is at a path.

    :param with_length: Announce the length; without, the body ends where the connection does.
    :param broken_after: Lose the connection after so many bytes, each of the first C(breaks) times.
    :param ranges: Give a part of the body to whoever asks for it.
    :param then: What takes its place after that.
    """

    body: bytes
    with_length: bool = True
    status: int = 200
    broken_after: int | None = None
    breaks: int = 99
    ranges: bool = False
    etag: str | None = None
    then: Page | None = None
    location: str | None = None


@dataclass
class Web:
    """A running server, its pages by path, and the paths and ranges that were asked for."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)

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
            web.ranges.append(self.headers["Range"])
            path = self.path.partition("?")[0]
            page = web.pages.get(path, Page(b"", status=404))
            body, given = page.body, None
            if page.broken_after is not None and page.breaks:
                given = page.broken_after
                web.pages[path] = page.then or replace(page, breaks=page.breaks - 1)
            if page.ranges and self.headers["Range"]:
                begin = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
                body = body[begin:]
            else:
                self.send_response(page.status)
            if page.etag:
                self.send_header("ETag", page.etag)
            if page.location:
                self.send_header("Location", page.location)
            if page.with_length:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body[:given])

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
