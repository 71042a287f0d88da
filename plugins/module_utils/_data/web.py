# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Sources on the web."""

from __future__ import annotations

import contextlib
import re
import time
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    BreakError,
    CloudError,
    DataError,
    connection_cause,
)
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source

if t.TYPE_CHECKING:
    import requests

CONNECT_SECONDS: t.Final = 30
READ_SECONDS: t.Final = 120
_LARGEST_TEXT: t.Final = 4 * 1024 * 1024
_SKIPPED: t.Final = 65536
# So many breaks in a row without a byte between them end a transfer.
_ATTEMPTS: t.Final = 5
_FIRST_PAUSE: t.Final = 0.5
_LONGEST_PAUSE: t.Final = 60.0
# Answers that may be others the next time.
_PASSING: t.Final = frozenset({408, 429, 500, 502, 503, 504})
# More digits are no size of anything, and of some thousands Python makes no number.
_COUNT: t.Final = "[0-9]{1,18}"
_CONTENT_LENGTH: t.Final = re.compile(_COUNT)
_CONTENT_RANGE: t.Final = re.compile(rf"bytes (?P<begin>{_COUNT})-{_COUNT}/(?P<total>{_COUNT}|\*)")


class Download:
    """
    The body of a response, read once from front to back, which goes on where a broken connection left it.

    Nothing is sent before the first byte is read.

    :param fetch: Sends the request for what follows an offset, with C(Range) unless it is 0, and returns an open
        response: 200, 206 or 416. It raises an error of the collection's family.
    :param name: What to call the data in errors.
    :param size: The number of bytes, None where only the server knows.
    :param start: The number of bytes that are there already.
    """

    def __init__(
        self, fetch: t.Callable[[int], requests.Response], name: str, size: int | None = None, start: int = 0
    ) -> None:
        self.name = name
        self.size = size
        self.count = start
        self.received = 0
        self._fetch = fetch
        self._response: requests.Response | None = None
        self._breaks = 0

    def __enter__(self) -> Download:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def open(self) -> None:
        """
        Have the server answer, which tells the size where it is not known.

        :raises ImageError: It cannot be reached, or refuses.
        """
        while self._response is None:
            try:
                response = self._fetch(self.count)
                self._response = response
                self._skip(response, self._check(response))
            except _BreakError as exc:
                self._recover(exc)
            except CloudError as exc:
                if exc.status is not None and exc.status not in _PASSING:
                    raise
                self._recover(exc, exc.retry_after)
            except UnreachableSourceError as exc:
                if not self.received:
                    raise
                self._recover(exc)

    def read(self, count: int, /) -> bytes:
        """
        Return the next bytes, at most C(count); none at the end.

        :raises DataError: The connection broke too often, or what arrives is not what was announced.
        """
        while True:
            self.open()
            response = t.cast("requests.Response", self._response)
            if response.status_code == 416:
                return b""
            try:
                data = self._receive(response, count)
            except _BreakError as exc:
                self._recover(exc)
                continue
            self.count += len(data)
            if self.size is not None and self.count > self.size:
                raise DataError(f"{self.name} has more than the {self.size} bytes that were announced.")
            if data:
                self._breaks = 0
            return data

    def _receive(self, response: requests.Response, count: int) -> bytes:
        import urllib3.exceptions

        try:
            data: bytes = response.raw.read(count, decode_content=False)
        except (OSError, urllib3.exceptions.HTTPError) as exc:
            raise _BreakError(connection_cause(exc)) from exc
        if not data and count and self.size is not None and self.count < self.size:
            raise _BreakError("the connection was closed")
        self.received += len(data)
        return data

    def _check(self, response: requests.Response) -> int:
        """Return how many bytes of an answer are there already."""
        if response.status_code == 416:
            if self.size is not None and self.count == self.size:
                return 0
            raise DataError(f"{self.name} ends before byte {self.count}, up to which it was received before.")
        begin, total = _range(response) if response.status_code == 206 else (0, _length(response))
        if response.status_code == 206 and begin != self.count:
            raise DataError(f"{self.name} was asked for from byte {self.count} on, and begins at byte {begin}.")
        if self.size is None:
            self.size = total
        elif total is not None and total != self.size:
            raise DataError(f"{self.name} has {total} bytes, and not the {self.size} that it had before.")
        return self.count - begin

    def _skip(self, response: requests.Response, count: int) -> None:
        while count:
            data = self._receive(response, min(count, _SKIPPED))
            if not data:
                raise _BreakError("the connection was closed")
            count -= len(data)

    def _recover(self, exc: Exception, wish: float | None = None) -> None:
        """Wait for better times, or give up."""
        self.close()
        self._breaks += 1
        if self._breaks >= _ATTEMPTS:
            raise BreakError(
                f"{self.name} broke off after {self.count} of {self.size or 'an unknown number of'} bytes, "
                f"{self._breaks} times in a row: {exc}. Run the task again."
            ) from exc
        time.sleep(min(wish if wish is not None else _FIRST_PAUSE * 2 ** (self._breaks - 1), _LONGEST_PAUSE))


class _BreakError(Exception):
    """A connection broke."""


class UnreachableSourceError(DataError):
    """A source gives no answer, or none now, and may do so the next time."""


def _length(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if _CONTENT_LENGTH.fullmatch(length) else None


def _range(response: requests.Response) -> tuple[int, int | None]:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if match is None:
        raise _BreakError("the server sent a part without saying which")
    return int(match["begin"]), None if match["total"] == "*" else int(match["total"])


@contextlib.contextmanager
def open_url(source: Source) -> t.Iterator[Download]:
    """
    Open an http(s) URL for reading. Redirects are followed; proxies are those of the environment.

    :raises DataError: The server cannot be reached, or does not answer 200.
    """
    with Download(_Fetch(source), str(source)) as download:
        download.open()
        yield download


class _Fetch:
    """Fetches a URL from an offset on, as long as it is the document that it was at first."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._validator: str | None = None

    def __call__(self, offset: int) -> requests.Response:
        import requests

        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if self._validator:
                headers["If-Range"] = self._validator
        source = self._source
        try:
            response = requests.get(
                source.location, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS), headers=headers
            )
        except (requests.RequestException, ValueError) as exc:
            # A server may also send us on to what is no address at all.
            is_final = isinstance(exc, requests.exceptions.SSLError | ValueError)
            error = DataError if is_final else UnreachableSourceError
            raise error(f"{source} cannot be fetched: {_cause(exc, source)}{_advice(exc)}") from exc
        self._check(response, offset)
        return response

    def _check(self, response: requests.Response, offset: int) -> None:
        accepted = (200, 206, 416) if offset else (200,)
        if response.status_code not in accepted:
            response.close()
            error = UnreachableSourceError if response.status_code in _PASSING else DataError
            raise error(
                f"{self._source} cannot be fetched: the server answered {response.status_code} {response.reason}."
            )
        found = response.headers.get("ETag") or response.headers.get("Last-Modified")
        if offset and self._validator and found != self._validator and response.status_code != 416:
            response.close()
            raise DataError(f"{self._source} is another document than when its transfer began. Run the task again.")
        if not offset:
            # A weak validator says nothing of the bytes.
            self._validator = None if found and found.startswith("W/") else found


def fetch_text(source: Source) -> str:
    """
    Return a small text document.

    :raises DataError: It cannot be fetched, is no text, or is larger than 4 MiB.
    """
    with open_url(source) as download:
        data = b""
        while len(data) <= _LARGEST_TEXT and (block := download.read(65536)):
            data += block
    try:
        if len(data) <= _LARGEST_TEXT:
            return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    raise DataError(f"{source} is no text file of at most 4 MiB.")


def _cause(exc: Exception, source: Source) -> str:
    text = connection_cause(exc)
    for secret in sorted(source.secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _advice(exc: Exception) -> str:
    if "certificate verify failed" not in str(exc):
        return ""
    return (
        ". Name the authorities that sign the server's certificate in the environment variable REQUESTS_CA_BUNDLE of "
        "the task: ca_cert is for the cloud."
    )
