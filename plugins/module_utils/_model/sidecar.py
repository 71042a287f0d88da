# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Sidecars: the metadata of an exported image, read back."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.export import SIDECAR_FORMAT

_TYPES: t.Final[dict[str, type | tuple[type, ...]]] = {
    "name": str,
    "disk_format": str,
    "container_format": str,
    "min_disk": int,
    "min_ram": int,
    "protected": bool,
    "tags": list,
    "properties": dict,
    "os_hash_algo": (str, type(None)),
    "os_hash_value": (str, type(None)),
}

_CONVERTED: t.Final = dict.fromkeys(("os_hash_algo", "os_hash_value", "checksum", "size"))


def parse_sidecar(text: str, option: str = "sidecar") -> dict[str, t.Any]:
    """
    Return the image that a sidecar describes, by the names that C(image_export) writes.

    One whose data was converted has the format of the file, and neither size nor hash.

    :raises InputError: The text is no sidecar, or is of a newer format.
    """
    try:
        document = json.loads(text)
        version = document["format_version"]
        if version != SIDECAR_FORMAT:
            raise InputError(
                option, f"the sidecar has format {version}, and this release reads format {SIDECAR_FORMAT}."
            )
        image = document["image"]
        if document.get("file"):
            # What the cloud computed is of the data as it was there, and this is the data converted.
            image = {**image, **_CONVERTED, "disk_format": document["file"]["disk_format"]}
        broken = [key for key, kind in _TYPES.items() if not isinstance(image[key], kind)]
    except RecursionError as exc:
        raise InputError(option, "the file is no sidecar: it is nested too deeply.") from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise InputError(option, f"the file is no sidecar of xloud.image.image_export: {exc!r}.") from exc
    if broken:
        raise InputError(option, f"the sidecar has unusable values for {', '.join(broken)}.")
    return t.cast("dict[str, t.Any]", image)
