# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Sources on the web."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, connection_cause
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source

if t.TYPE_CHECKING:
    import requests

CONNECT_SECONDS: t.Final = 30
READ_SECONDS: t.Final = 120
_LARGEST_TEXT: t.Final = 4 * 1024 * 1024


@dataclasses.dataclass
class Download:
    """
    The body of a response, read once from front to back.

    :param name: What to call the data in errors.
    :param size: The number of bytes, None where the server does not say.
    :param count: The number of bytes read so far.
    """

    _response: requests.Response
    name: str
    size: int | None
    count: int = 0

    def read(self, count: int) -> bytes:
        """
        Return the next bytes, at most C(count); none at the end.

        :raises DataError: The connection broke.
        """
        import urllib3.exceptions

        try:
            data: bytes = self._response.raw.read(count, decode_content=False)
        except (OSError, urllib3.exceptions.HTTPError) as exc:
            raise DataError(
                f"{self.name} broke off after {self.count} of {self.size or 'an unknown number of'} bytes: "
                f"{connection_cause(exc)}. Run the task again."
            ) from exc
        self.count += len(data)
        return data


@contextlib.contextmanager
def open_url(source: Source) -> t.Iterator[Download]:
    """
    Open an http(s) URL for reading. Redirects are followed; proxies are those of the environment.

    :raises DataError: The server cannot be reached, or does not answer 200.
    """
    import requests

    try:
        response = requests.get(
            source.location,
            stream=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            headers={"Accept-Encoding": "identity"},
        )
    except requests.RequestException as exc:
        raise DataError(f"{source} cannot be fetched: {_cause(exc, source)}") from exc
    with response:
        if response.status_code != 200:
            raise DataError(
                f"{source} cannot be fetched: the server answered {response.status_code} {response.reason}."
            )
        length = response.headers.get("Content-Length", "")
        yield Download(response, str(source), int(length) if length.isdigit() else None)


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
