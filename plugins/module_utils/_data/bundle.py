# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Bundles: folders of exported images, each with its sidecar, and the SHA256SUMS of them all."""

from __future__ import annotations

import json
import os
import stat
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.local import read_text
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum, find_in_sums
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, ImageError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    RETIRED_SINCE,
    VISIBILITIES,
    Image,
    is_custom_property,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import MEMBER_STATUSES, Member, is_project_id
from ansible_collections.xloud.image.plugins.module_utils._model.replica import (
    Original,
    Originals,
    Unusable,
    WantedReplica,
)
from ansible_collections.xloud.image.plugins.module_utils._model.sidecar import parse_sidecar
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, SourceFacts

SUMS: t.Final = "SHA256SUMS"
SUFFIX: t.Final = ".json"


def _is_number(value: t.Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def _is_texts(values: t.Iterable[t.Any]) -> bool:
    return all(isinstance(value, str) for value in values)


# What the values of a sidecar must be for an image to be made of them, beyond their types.
_RIGHT: t.Final[dict[str, t.Callable[[t.Any], bool]]] = {
    "status": lambda value: value in ("active", "deactivated"),
    "visibility": lambda value: value in VISIBILITIES,
    "hidden": lambda value: isinstance(value, bool),
    "min_disk": _is_number,
    "min_ram": _is_number,
    "size": _is_number,
    "virtual_size": _is_number,
    "tags": _is_texts,
    "properties": lambda value: _is_texts(value.values()),
}


def read_bundles(folder: str, wanted: WantedReplica) -> Originals:
    """
    Return the images of a folder that are versions and are asked for.

    A file that should be one of them and is not is an error of that image alone. Other files are passed over.

    :raises InputError: There is no such folder, or it cannot be read.
    """
    folder = os.path.abspath(os.path.expanduser(folder))
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX) and not name.startswith("."))
    except OSError as exc:
        raise InputError("source_directory", f"{folder} cannot be read: {exc.strerror}.") from exc
    if not names:
        raise InputError("source_directory", f"{folder} holds no exported image (*{SUFFIX} beside its data).")
    read = (_read(os.path.join(folder, name), wanted) for name in names)
    by_name: dict[str, list[Original | Unusable]] = {}
    for each in read:
        if each is not None:
            by_name.setdefault(each.name if isinstance(each, Unusable) else each.image.name, []).append(each)
    return tuple(_single(name, found) for name, found in by_name.items())


def _single(name: str, found: list[Original | Unusable]) -> Original | Unusable:
    if len(found) == 1:
        return found[0]
    return Unusable(name, DataError(f"{len(found)} sidecars in the folder describe {name}. Leave one of them there."))


def _read(path: str, wanted: WantedReplica) -> Original | Unusable | None:
    # The data is the sidecar's neighbour, whatever the sidecar says.
    data = path.removesuffix(SUFFIX)
    filename = os.path.basename(data)
    try:
        _check_inside(path)
        text = read_text(path, "source_directory")
        if not _is_sidecar(text) and not os.path.exists(data):
            return None
        image = _image(parse_sidecar(text, filename + SUFFIX), filename + SUFFIX)
    except ImageError as exc:
        # The image may be asked for by its name, which the sidecar fails to tell.
        named = [name for name in (filename, os.path.splitext(filename)[0]) if wanted.covers(name)]
        return Unusable(named[0], exc) if named else None
    name = image.version_name
    if name is None or not wanted.covers(image.name):
        return None
    try:
        size = _size(data, image)
        checksum = _checksum(data, image)
        facts = SourceFacts(image.disk_format, size, image.virtual_size)
        return Original(name, image, _members(text, filename + SUFFIX), Source(data), checksum, facts)
    except ImageError as exc:
        return Unusable(image.name, exc)


def _is_sidecar(text: str) -> bool:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"format_version", "image"} <= document.keys()


def _image(sidecar: t.Mapping[str, t.Any], filename: str) -> Image:
    broken = [key for key, is_right in _RIGHT.items() if key in sidecar and not is_right(sidecar[key])]
    if broken:
        raise DataError(f"{filename} has unusable values for {', '.join(broken)}.")
    properties = sidecar["properties"]
    retired = RETIRED_SINCE in properties and sidecar.get("visibility") == "private"
    return Image(
        id=str(sidecar.get("id") or ""),
        name=sidecar["name"],
        status=sidecar.get("status", "deactivated" if retired else "active"),
        visibility=sidecar.get("visibility", "private"),
        hidden=bool(sidecar.get("hidden")),
        protected=sidecar["protected"],
        disk_format=sidecar["disk_format"],
        container_format=sidecar["container_format"],
        min_disk=sidecar["min_disk"],
        min_ram=sidecar["min_ram"],
        size=sidecar.get("size"),
        virtual_size=sidecar.get("virtual_size"),
        os_hash_algo=sidecar.get("os_hash_algo"),
        os_hash_value=sidecar.get("os_hash_value"),
        tags=frozenset(sidecar["tags"]),
        properties={key: value for key, value in properties.items() if is_custom_property(key)},
    )


def _members(text: str, filename: str) -> tuple[Member, ...]:
    try:
        members = tuple(Member(each["project_id"], each["status"]) for each in json.loads(text).get("members", ()))
    except (KeyError, TypeError) as exc:
        raise DataError(f"{filename} has unusable members: {exc!r}.") from exc
    broken = [each for each in members if not is_project_id(each.project_id) or each.status not in MEMBER_STATUSES]
    if broken:
        raise DataError(f"{filename} has unusable members: {broken[0].as_result()}.")
    return members


def _check_inside(path: str) -> None:
    """
    Make sure that a file is in the folder that it seems to be in: a folder may come from anybody.

    :raises DataError: It is a link to somewhere else.
    """
    folder = os.path.realpath(os.path.dirname(path))
    if os.path.commonpath([folder, os.path.realpath(path)]) != folder:
        raise DataError(f"{path} is a link that leads out of the folder. Put the file itself there.")


def _size(path: str, image: Image) -> int:
    _check_inside(path)
    try:
        status = os.stat(path)
    except OSError as exc:
        raise DataError(f"{path} cannot be read, and its sidecar is there: {exc.strerror}.") from exc
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{path} is no file, and its sidecar is there.")
    size = status.st_size
    if image.size is not None and image.size != size:
        raise DataError(f"{path} is damaged: it has {size} bytes, and its sidecar says {image.size}.")
    return size


def _checksum(path: str, image: Image) -> Checksum | None:
    """Return what the data hashes to: by the word of the cloud that it was in, or by that of whoever exported it."""
    if image.os_hash_algo and image.os_hash_value:
        return Checksum.parse(f"{image.os_hash_algo}:{image.os_hash_value}", os.path.basename(path) + SUFFIX)
    sums = os.path.join(os.path.dirname(path), SUMS)
    if not os.path.exists(sums):
        return None
    _check_inside(sums)
    return find_in_sums(read_text(sums, SUMS), os.path.basename(path), sums)
