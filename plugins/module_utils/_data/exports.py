# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The files of an export as they are."""

from __future__ import annotations

from ansible_collections.xloud.image.plugins.module_utils._data.files import file_size, read_if_there
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import file_digests, new_hashes
from ansible_collections.xloud.image.plugins.module_utils._data.sums import read_sums
from ansible_collections.xloud.image.plugins.module_utils._model.export import FileFacts, WantedExport
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image


def file_facts(wanted: WantedExport, image: Image, algorithm: str) -> FileFacts:
    """
    Return the files of an export as they are.

    The content of the data file is hashed only if it may be right, and is not known already.

    :param algorithm: The hash that the cloud has of the data, as hashlib names it.
    """
    size = file_size(wanted.path)
    is_converted = wanted.converts(image)
    may_be_right = size is not None and (is_converted or size == image.size)
    algorithms = {*([] if is_converted else [algorithm]), *(["sha256"] if wanted.sums else [])}
    digests = _digests(wanted.path, size, algorithms) if may_be_right else {}
    return FileFacts(
        size,
        digests.get(algorithm) if not is_converted else None,
        read_if_there(wanted.sidecar) if wanted.sidecar else None,
        digests.get("sha256"),
        read_sums(wanted.sums) if wanted.sums else {},
    )


def _digests(path: str, size: int | None, algorithms: set[str]) -> dict[str, str]:
    if size == 0:
        return {name: each.hexdigest() for name, each in new_hashes(algorithms).items()}
    return file_digests(path, algorithms, "path")
