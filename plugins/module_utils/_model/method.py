# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""How data gets into a cloud: which ways there are for it, and which the cloud offers."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.source import (
    AUTO,
    DEFAULT_ALGORITHM,
    DIRECT,
    GLANCE_DIRECT,
    GLANCE_DOWNLOAD,
    WEB_DOWNLOAD,
    CloudSource,
    Source,
    Upload,
)


def check_method(upload: Upload) -> None:
    """
    Make sure that a source can take the way that was asked for.

    :raises InputError: It cannot.
    """
    problem = ""
    is_url = isinstance(upload.source, Source) and upload.source.is_url
    if upload.method == GLANCE_DOWNLOAD and not isinstance(upload.source, CloudSource):
        problem = f"takes an image of another region, and {upload.source} is none. Leave it out."
    elif upload.method == WEB_DOWNLOAD and not is_url:
        problem = f"takes a URL, and {upload.source} is none. Leave it out."
    elif upload.method == WEB_DOWNLOAD and upload.compression:
        problem = (
            f"brings data in as it is, and {upload.source} is compressed with {upload.compression}. "
            "Leave it out, or set container_format: compressed."
        )
    elif upload.method in (WEB_DOWNLOAD, GLANCE_DOWNLOAD) and not upload.verifiable_by_cloud:
        problem = (
            f"cannot be verified by {upload.checksum}, since the cloud computes {DEFAULT_ALGORITHM}. "
            f"Give {DEFAULT_ALGORITHM}:<128 digits> as checksum, or set import_method: direct."
        )
    elif upload.method in (WEB_DOWNLOAD, GLANCE_DOWNLOAD) and upload.signed_late and upload.signer:
        algorithm = upload.signer.signing.algorithm
        problem = (
            f"brings data in that was not read here, and what it hashes to has to be known to sign it. Give "
            f"{algorithm}:<digits> as checksum, or set import_method: direct."
        )
    if problem:
        raise InputError("import_method", f"{upload.method} {problem}")


def preferred_methods(upload: Upload, *, neighbour: bool) -> tuple[str, ...]:
    """
    Return the ways that data can take, the best first: one that spares us the data, one that fills several stores or
    leaves time for a signature.

    :param neighbour: The source is an image of another region of the same Identity service.
    """
    if upload.method != AUTO:
        return (upload.method,)
    source = upload.source
    fetched = upload.verifiable_by_cloud and not upload.compression and not upload.signed_late
    ways = {
        GLANCE_DOWNLOAD: fetched and neighbour,
        # The cloud records and logs where it fetches from. What is cut off, it does not notice: only a checksum tells.
        WEB_DOWNLOAD: fetched
        and isinstance(source, Source)
        and source.is_url
        and not source.secrets
        and upload.checksum is not None,
        # What is staged can still be signed, and is verified as it is imported.
        GLANCE_DIRECT: len(upload.stores) > 1 or upload.signed_late,
        DIRECT: True,
    }
    return tuple(method for method, is_open in ways.items() if is_open)


def needs_offer(preferred: t.Collection[str]) -> bool:
    """Say whether it matters what the cloud offers: it takes data that is sent to it in any case."""
    return any(method != DIRECT for method in preferred)


def choose_methods(preferred: t.Sequence[str], offered: t.Collection[str], cloud: str) -> tuple[str, ...]:
    """
    Return the ways to try one after the other. The last one sends the data, unless another one was asked for.

    :param cloud: What to call the cloud in errors.
    :raises CloudError: The cloud does not offer the way that was asked for.
    """
    chosen = [method for method in preferred if method == DIRECT or method in offered]
    if not chosen:
        raise CloudError(
            f"{cloud} does not offer the import method {', '.join(preferred)} "
            f"(it offers: {', '.join(sorted(offered)) or 'none'}). Set import_method: auto or direct."
        )
    sends = [position for position, method in enumerate(chosen) if method in (DIRECT, GLANCE_DIRECT)]
    return tuple(chosen[: sends[0] + 1] if sends else chosen)
