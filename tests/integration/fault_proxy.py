# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
A proxy before a real service that breaks requests and transfers at chosen points, and counts what went through.

It speaks of HTTP no more than it has to: each connection carries one request, whose body it forwards byte by byte.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal, NoReturn

BLOCK = 16 * 1024
PATIENCE = 120
# How long a slow network holds each block.
PACE = 0.03
PAGE = b"<html><body><h1>Welcome to the network of this hotel</h1></body></html>"


@dataclasses.dataclass
class Fault:
    """
    What happens to a body once so many bytes of it went through.

    C(reset) cuts the connection, C(stall) lets nothing more through, C(truncate) ends the body early as if that was
    all, C(corrupt) changes the next byte, and C(error) answers C(status) rather than to forward the request: before
    anything of it was read if C(at) is 0. C(garbage) answers with a page that is no JSON, C(redirect) with another
    place, C(shorten) with half of the answer as if that was the whole. C(expire) has the service refuse the token of
    the request from then on, C(twice) has it get the request twice, and C(slow) holds each block for a moment.

    :param method: Of the requests that it happens to, and C(path) what their path has to match.
    :param times: To how many of them.
    :param skip: How many of them go through before.
    :param moment: Within the C(body) of the request, or of the answer to a GET; within the C(answer), whatever the
        request; C(before) the service sees the request; or C(after) it did all that it was asked, so that nothing but
        its answer is lost.
    :param then: Is called as it happens, which it did C(happened) times.
    """

    kind: Literal[
        *("reset", "stall", "truncate", "corrupt", "error"),
        *("garbage", "redirect", "shorten", "expire", "twice", "slow"),
    ]
    method: str
    path: str = r"/file$"
    at: int = 0
    times: int = 1
    status: int = 503
    retry_after: int | None = None
    skip: int = 0
    moment: Literal["body", "answer", "before", "after"] = "body"
    then: Callable[[], None] | None = None
    happened: int = 0

    def concerns(self, method: str, path: str) -> bool:
        if self.times <= 0 or method != self.method or re.search(self.path, path.partition("?")[0]) is None:
            return False
        self.skip -= 1
        return self.skip < 0

    def happen(self) -> None:
        self.happened += 1
        if self.then:
            self.then()

    @property
    def is_within(self) -> bool:
        """Whether it happens at a byte of a body."""
        return self.moment in ("body", "answer") and self.kind in ("reset", "stall", "truncate", "corrupt", "error")


@dataclasses.dataclass
class Exchange:
    """One request, and the bytes of the bodies that went through."""

    method: str
    path: str
    range: str | None = None
    status: int | None = None
    sent: int = 0
    received: int = 0
    fault: Fault | None = None


class BrokenError(Exception):
    """The fault has happened: nothing more of the exchange goes through."""


class FaultProxy:
    """
    Forwards to one server.

    C(exchanges) are those so far, in the order in which they began, and C(tokens) the tokens that they carried.
    """

    def __init__(self, upstream: str) -> None:
        host, _colon, port = upstream.partition(":")
        self._upstream = (host, int(port or 80))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._expired: set[str] = set()
        self.exchanges: list[Exchange] = []
        self.tokens: set[str] = set()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def inject(self, *faults: Fault) -> None:
        """Have these faults happen from now on, instead of those before."""
        with self._lock:
            self._faults = list(faults)
            self.exchanges = []

    def of(self, method: str, path: str = r"/file$") -> list[Exchange]:
        """Return the exchanges of a method whose path matches."""
        return [each for each in self.exchanges if each.method == method and re.search(path, each.path)]

    def serve(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(OSError):
                client, _address = self._listener.accept()
                threading.Thread(target=self._handle, args=[client], daemon=True).start()

    def close(self) -> None:
        self._closing.set()
        # A listener that is merely closed goes on waiting for the connection that it waits for.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _handle(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, BrokenError):
            client.settimeout(PATIENCE)
            head, rest = _read_head(client)
            if head:
                self._exchange(client, head, rest)

    def _exchange(self, client: socket.socket, head: bytes, rest: bytes) -> None:
        method, path, _version = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        exchange = Exchange(method, path, _header(head, b"range"))
        self.tokens |= {_header(head, b"x-auth-token")} - {None}
        with self._lock:
            fault = next((each for each in self._faults if each.concerns(method, path)), None)
            if fault:
                fault.times -= 1
            exchange.fault = fault
            self.exchanges.append(exchange)
        if fault and (fault.moment == "before" or (fault.kind == "error" and not fault.at and fault.moment == "body")):
            self._answer_instead(client, fault)
            return
        if fault and fault.kind == "expire":
            fault.happen()
            self._expired.add(_header(head, b"x-auth-token") or "")
        head = self._with_expired_token(head)
        if fault and (fault.moment == "after" or fault.kind in ("twice", "shorten")):
            self._exchange_whole(client, fault, head, rest)
            return
        with socket.create_connection(self._upstream, PATIENCE) as server:
            server.sendall(_closing(head))
            answered = threading.Thread(target=self._answer, args=[server, client, exchange], daemon=True)
            answered.start()
            self._forward_request(client, server, exchange, head, rest)
            answered.join(PATIENCE)

    def _with_expired_token(self, head: bytes) -> bytes:
        """Return a head with a token that the service knows nothing of in the place of one that expired."""
        token = _header(head, b"x-auth-token")
        return head.replace(token.encode(), token[::-1].encode()) if token in self._expired and token else head

    def _exchange_whole(self, client: socket.socket, fault: Fault, head: bytes, rest: bytes) -> None:
        """Have the service do all that it is asked before anything of its answer comes back."""
        _say_continue(client, head)
        body = b"".join(_blocks(client, rest, _length(head)))
        answers = [self._ask(_closing(head) + body) for _each in range(2 if fault.kind == "twice" else 1)]
        if fault.moment == "after":
            self._answer_instead(client, fault)
            return
        fault.happen()
        client.sendall(answers[-1] if fault.kind == "twice" else _shortened(answers[-1]))
        client.shutdown(socket.SHUT_RDWR)

    def _ask(self, message: bytes) -> bytes:
        with socket.create_connection(self._upstream, PATIENCE) as server:
            server.sendall(message)
            answer = b""
            while block := server.recv(BLOCK):
                answer += block
        return answer

    def _answer_instead(self, client: socket.socket, fault: Fault) -> None:
        with contextlib.suppress(BrokenError):
            self._break(fault, client)

    def _forward_request(
        self, client: socket.socket, server: socket.socket, exchange: Exchange, head: bytes, rest: bytes
    ) -> None:
        fault = exchange.fault
        is_broken = fault is not None and fault.moment == "body" and exchange.method in ("PUT", "POST", "PATCH")
        _say_continue(client, head)
        for block in _blocks(client, rest, _length(head)):
            whole = _up_to_fault(block, exchange.sent, fault if is_broken else None)
            _pace(fault)
            server.sendall(whole)
            exchange.sent += len(whole)
            if fault and len(whole) < len(block):
                _cut(server)
                self._break(fault, client)

    def _answer(self, server: socket.socket, client: socket.socket, exchange: Exchange) -> None:
        fault = exchange.fault
        is_broken = fault is not None and (
            (fault.moment == "body" and exchange.method == "GET") or fault.moment == "answer"
        )
        with contextlib.suppress(OSError, BrokenError):
            head, rest = _read_head(server)
            if not head:
                _cut(client)
                return
            exchange.status = int(head.split(b" ", 2)[1])
            client.sendall(_closing(head))
            for block in _blocks(server, rest, None):
                whole = _up_to_fault(block, exchange.received, fault if is_broken else None)
                _pace(fault)
                client.sendall(whole)
                exchange.received += len(whole)
                if fault and len(whole) < len(block):
                    self._break(fault, client)
            client.shutdown(socket.SHUT_RDWR)

    def _break(self, fault: Fault, client: socket.socket) -> NoReturn:
        fault.happen()
        if fault.kind == "stall":
            _wait_for_end(client, self._closing)
        elif fault.kind == "error":
            _refuse(client, fault)
        elif fault.kind == "garbage":
            _say(client, "200 OK", PAGE, "Content-Type: text/html")
        elif fault.kind == "redirect":
            _say(client, "302 Found", PAGE, "Content-Type: text/html", f"Location: {self.url}/welcome")
        elif fault.kind == "reset":
            _cut(client)
        else:
            client.shutdown(socket.SHUT_RDWR)
        raise BrokenError


def _up_to_fault(block: bytes, done: int, fault: Fault | None) -> bytes:
    """Return what of a block goes on: all of it, with a byte changed where that is the fault."""
    if fault is None or not fault.is_within or not done <= fault.at < done + len(block):
        return block
    before = fault.at - done
    if fault.kind == "corrupt":
        fault.happen()
        return block[:before] + bytes([block[before] ^ 0xFF]) + block[before + 1 :]
    return block[:before]


def _pace(fault: Fault | None) -> None:
    if fault and fault.kind == "slow":
        fault.happened += 1
        time.sleep(PACE)


def _read_head(peer: socket.socket) -> tuple[bytes, bytes]:
    """Return the head of a message, and what of its body came with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = peer.recv(BLOCK)
        if not block:
            return b"", b""
        data += block
    head, rest = data.split(b"\r\n\r\n", 1)
    return head + b"\r\n\r\n", rest


def _blocks(peer: socket.socket, rest: bytes, length: int | None) -> Iterator[bytes]:
    """Give the body of a message: so many bytes, or up to its last chunk or the end of the connection."""
    seen = 0
    block = rest
    while length is None or seen < length:
        if not block:
            block = peer.recv(BLOCK)
            if not block:
                return
        seen += len(block)
        yield block
        if length is None and block.endswith(b"0\r\n\r\n"):
            return
        block = b""


def _header(head: bytes, name: bytes) -> str | None:
    match = re.search(rb"^%b: *([^\r]*)\r$" % name, head, re.IGNORECASE | re.MULTILINE)
    return match[1].decode() if match else None


def _length(head: bytes) -> int | None:
    """Return how many bytes follow a head, None where chunks do."""
    return int(_header(head, b"content-length") or 0) if _header(head, b"transfer-encoding") is None else None


def _say_continue(client: socket.socket, head: bytes) -> None:
    if _length(head) != 0 and (_header(head, b"expect") or "").lower() == "100-continue":
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def _shortened(answer: bytes) -> bytes:
    """Return an answer with half of its body, and nothing that says so."""
    head, body = answer.split(b"\r\n\r\n", 1)
    head = re.sub(rb"\r\n(content-length|transfer-encoding):[^\r]*", b"", head, flags=re.IGNORECASE)
    return head + b"\r\n\r\n" + body[: len(body) // 2]


def _closing(head: bytes) -> bytes:
    """Return a head that says that its connection carries nothing else."""
    head = re.sub(rb"^(connection|keep-alive|expect):[^\r]*\r\n", b"", head, flags=re.IGNORECASE | re.MULTILINE)
    return head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


def _refuse(client: socket.socket, fault: Fault) -> None:
    body = b'{"message": "The service is not at its best.", "code": %d}' % fault.status
    retry = [] if fault.retry_after is None else [f"Retry-After: {fault.retry_after}"]
    _say(client, f"{fault.status} Fault", body, "Content-Type: application/json", *retry)


def _say(client: socket.socket, status: str, body: bytes, *headers: str) -> None:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    client.sendall("\r\n".join(lines).encode() + body)
    client.shutdown(socket.SHUT_WR)
    # What the client still sends has to be read: the answer would be lost to it with a reset.
    client.settimeout(5)
    with contextlib.suppress(OSError):
        while client.recv(BLOCK):
            pass


def _wait_for_end(client: socket.socket, closing: threading.Event) -> None:
    """Wait until a client has lost its patience, or the proxy ends. Nothing more is read of what it sends."""
    gone = select.poll()
    try:
        gone.register(client, select.POLLRDHUP)
    except ValueError:
        return  # The other direction has ended already.
    deadline = time.monotonic() + PATIENCE
    while not closing.is_set() and time.monotonic() < deadline and not gone.poll(200):
        pass


def _cut(peer: socket.socket) -> None:
    """Reset a connection."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # Another thread may be waiting for it, and would keep it open.
    with contextlib.suppress(OSError):
        peer.shutdown(socket.SHUT_RD)
    peer.close()


@contextlib.contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Run a proxy before a server, such as 127.0.0.1:9292."""
    proxy = FaultProxy(upstream)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(PATIENCE)
