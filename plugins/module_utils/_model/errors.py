# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The one family of errors. Each is raised where it is found and reported in one place, C(_ansible/report.py)."""

from __future__ import annotations

import re
import typing as t


class ImageError(Exception):
    """
    Something that ends a task.

    :param message: What was wrong and what to do about it, in a sentence a person would use.
    :param details: JSON-able facts that go into the failed result beside the message.
    """

    def __init__(self, message: str, **details: t.Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return self.message


class InputError(ImageError):
    """An option is wrong. Nothing was changed."""

    def __init__(self, option: str, message: str, **details: t.Any) -> None:
        super().__init__(f"{option}: {message}", option=option, **details)


class PlanError(ImageError):
    """What is wanted cannot, or must not, be reached from what is there. Nothing was changed."""


class BusyError(ImageError):
    """Another run is at work on the same image. It was left alone, and is no failure of a catalogue."""


class DataError(ImageError):
    """Image data cannot be read or written, or is not what it is said to be."""


class BreakError(DataError):
    """A transfer broke off, and may go on where it stopped."""


class CloudError(ImageError):
    """
    The cloud refused or failed a request.

    :param status: The HTTP status, or None where there was no answer.
    :param retry_after: The seconds after which the cloud said that it may be asked again.
    """

    def __init__(
        self, message: str, status: int | None = None, *, retry_after: float | None = None, **details: t.Any
    ) -> None:
        if status is not None:
            details["status"] = status
        super().__init__(message, **details)
        self.status = status
        self.retry_after = retry_after


class UnreachableError(CloudError):
    """There was no answer, or none that was whole. What was asked for may have been done."""


class NotFoundError(CloudError):
    """The thing asked for is not there, or not for these credentials to see (404)."""


class ForbiddenError(CloudError):
    """The credentials may not do this (403), or are not taken for it (401)."""


class ConflictError(CloudError):
    """The thing is in another state than the request needs (409)."""


class InUseError(ConflictError):
    """The store does not delete the image, since something is made of it (409)."""


class QuotaError(CloudError):
    """A limit of the cloud is reached (413)."""


class ImportFailedError(CloudError):
    """What the cloud began to import came to nothing."""


class PlacementError(CloudError):
    """An image is whole, and in fewer stores than it is to be in."""


_CAUSE: t.Final = re.compile(
    r"\[Errno -?\d+\] (?P<cause>[^\"'()]+)|(?P<certificate>certificate verify failed: [^(\"']+)"
    r"|\[SSL[^\]]*\] (?P<tls>[^(\"']+)"
)
# Where a redirect leads to is nobody's to see either: storages sign such URLs.
_URL_SECRET: t.Final = re.compile(r"(?<=//)[^/@\s'\"]+(?=@)|(?<=\?)[^\s'\")]+")


def connection_cause(exc: BaseException) -> str:
    """Return why a connection failed, without the layers that libraries wrap around it, and secrets of URLs."""
    match = _CAUSE.search(str(exc))
    if match:
        return (match["cause"] or match["certificate"] or match["tls"]).strip()
    return without_url_secrets(str(exc))


def without_url_secrets(text: str) -> str:
    """Return a text whose URLs have neither credentials nor a query."""
    return _URL_SECRET.sub("***", text)
