# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line for each request a service answered: time, client, request, status, bytes in and out, user agent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class CountedInput:
    """A request body that knows how much of it was read."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.size = 0

    def _counted(self, data: bytes) -> bytes:
        self.size += len(data)
        return data

    def read(self, *size: int) -> bytes:
        return self._counted(self._stream.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._counted(self._stream.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        return [self._counted(line) for line in self._stream.readlines(*hint)]

    def __iter__(self) -> Iterator[bytes]:
        return map(self._counted, self._stream)


class LoggedResponse:
    """A response that writes its line before the last of it is sent, so whoever has the answer finds the line."""

    def __init__(self, chunks: Iterable[bytes], write_line: Callable[[int], None]) -> None:
        self._chunks = chunks
        self._write_line: Callable[[int], None] | None = write_line
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        held = b""
        for chunk in self._chunks:
            self._size += len(chunk)
            if held:
                yield held
            held = chunk
        self._log()
        yield held

    def close(self) -> None:
        try:
            if hasattr(self._chunks, "close"):
                self._chunks.close()
        finally:
            self._log()

    def _log(self) -> None:
        if self._write_line:
            self._write_line(self._size)
            self._write_line = None


class AccessLog:
    """WSGI middleware. Headers other than the user agent, and bodies, are never written: they carry secrets."""

    def __init__(self, application: Application, path: Path) -> None:
        self._application = application
        self._log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"] = CountedInput(environ["wsgi.input"])
        answered = []

        def start(status: str, *rest: Any) -> Callable[[bytes], object]:
            answered.append(status.split(" ", 1)[0])
            return start_response(status, *rest)

        def write_line(sent: int) -> None:
            status = answered[-1] if answered else "-"
            os.write(self._log, _line(environ, status, body.size, sent).encode())

        return LoggedResponse(self._application(environ, start), write_line)


def _line(environ: dict[str, Any], status: str, received: int, sent: int) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    request = json.dumps(f"{environ['REQUEST_METHOD']} {environ['REQUEST_URI']}")
    agent = json.dumps(environ.get("HTTP_USER_AGENT", "-"))
    return f"{now} {environ['REMOTE_ADDR']} {request} {status} {received} {sent} {agent}\n"
