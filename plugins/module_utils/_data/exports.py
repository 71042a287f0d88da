# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The files of an export as they are."""

from __future__ import annotations

from ansible_collections.xloud.image.plugins.module_utils._data.files import file_size, read_if_there
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import file_digests, new_hashes
from ansible_collections.xloud.image.plugins.module_utils._data.signing import check_signature
from ansible_collections.xloud.image.plugins.module_utils._data.sums import read_sums
from ansible_collections.xloud.image.plugins.module_utils._model.export import FileFacts, WantedExport
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.signature import Verification


def file_facts(
    wanted: WantedExport, image: Image, algorithm: str, verification: Verification | None = None
) -> FileFacts:
    """
    Return the files of an export as they are.

    The content of the data file is hashed only if it may be right, and is not known already.

    :param algorithm: The hash that the cloud has of the data, as hashlib names it.
    :param verification: What the signature of the data is verified by, if it is to be.
    :raises DataError: The file has the data, and that is not what was signed.
    """
    size = file_size(wanted.path)
    is_converted = wanted.converts(image)
    may_be_right = size is not None and (is_converted or size == image.size)
    of_data = [algorithm, *([verification.algorithm] if verification else [])]
    algorithms = {*([] if is_converted else of_data), *(["sha256"] if wanted.sums else [])}
    digests = _digests(wanted.path, size, algorithms) if may_be_right else {}
    is_the_data = not is_converted and digests.get(algorithm) in (image.os_hash_value, image.checksum)
    if verification and is_the_data:
        check_signature(verification, digests[verification.algorithm], wanted.path)
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
