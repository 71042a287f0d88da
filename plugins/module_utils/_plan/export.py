# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What brings an image, verified, into a file, and its metadata beside it."""

from __future__ import annotations

import collections
import dataclasses
import fnmatch
import hashlib
import json
import os
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    ForbiddenError,
    ImageError,
    InputError,
    PlanError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.export import (
    SIDECAR_FORMAT,
    Export,
    ExportReading,
    FileFacts,
    Unread,
    WantedExport,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import FROZEN, REPLACES, Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    Action,
    DeactivateImage,
    ExportData,
    PatchOperation,
    Plan,
    ReactivateImage,
    RecordSums,
    UpdateImage,
    WriteSidecar,
)
from ansible_collections.xloud.image.plugins.module_utils._model.signature import Verification


def verifying_hash(image: Image) -> tuple[str, str]:
    """
    Return the algorithm and the digest that an image's data is verified by.

    :raises PlanError: The image has no data, or the cloud keeps no hash of it.
    """
    if image.status not in ("active", "deactivated"):
        raise PlanError(f"Image {image.name} ({image.id}) has no data to export: its status is {image.status}.")
    if image.os_hash_algo and image.os_hash_value:
        return image.os_hash_algo, image.os_hash_value
    if image.checksum:
        return "md5", image.checksum
    raise PlanError(f"Image {image.name} ({image.id}) has no hash in the cloud, so an export could not be verified.")


def plan_export(
    wanted: WantedExport,
    image: Image,
    members: t.Collection[Member],
    facts: FileFacts,
    is_readable: bool = True,
    verification: Verification | None = None,
) -> Plan:
    """
    Plan what brings an image into a file.

    :param members: The members of the image, for the sidecar.
    :param facts: What is on the disk now; its digest is by the algorithm of C(verifying_hash).
    :param is_readable: The cloud gives the data of the image as it is to these credentials.
    :param verification: What the signature of the data is verified by, if it is to be.
    :raises PlanError: The image has no data, or nothing to verify it by.
    :raises ForbiddenError: Somebody deactivated the image, and the cloud does not give its data.
    """
    _check_wanted(wanted, image)
    content = sidecar_content(image, members, wanted) if wanted.sidecar else None
    is_right = _is_right(wanted, image, facts, content)
    left_frozen = image.status == "deactivated" and FROZEN in image.properties
    actions: list[Action] = []
    if not is_right:
        if not (is_readable or left_frozen):
            raise _unreadable(image)
        actions += _freezing(wanted, image)
        left_frozen = left_frozen or any(isinstance(action, DeactivateImage) for action in actions)
        export = _export(wanted, image, facts, left_frozen)
        actions.append(dataclasses.replace(export, verification=verification))
    if left_frozen or FROZEN in image.properties:
        actions += _thawing(image, left_frozen)
    if wanted.sidecar and content and content != facts.sidecar:
        reason = f"write the metadata of {image.name} to {wanted.sidecar}: " + (
            "it is not there" if facts.sidecar is None else "it has changed"
        )
        actions.append(WriteSidecar(image.name, reason, image.id, wanted.sidecar, content))
    is_listed = is_right and _is_listed(wanted, facts, content)
    if wanted.sums and not is_listed:
        reason = f"enter {wanted.path} into {os.path.basename(wanted.sums)}"
        actions.append(RecordSums(image.name, reason, image.id, wanted.sums, wanted.files))
    algorithm, digest = verifying_hash(image)
    after = {**_view(wanted, image, algorithm, digest), "sidecar": _parsed(content)}
    before = {**after, "sidecar": _parsed(facts.sidecar)}
    if wanted.sums:
        before["listed"], after["listed"] = is_listed, True
    if not is_right:
        before.update({"size": facts.size, algorithm: facts.digest})
    return Plan(tuple(actions), before if facts.size is not None else {}, after, _thawed(image))


def _view(wanted: WantedExport, image: Image, algorithm: str, digest: str) -> dict[str, t.Any]:
    converted = {"format": wanted.format or image.disk_format} if wanted.converts(image) else {}
    return {"path": wanted.path, algorithm: digest, "size": image.size, **converted}


def _check_wanted(wanted: WantedExport, image: Image) -> None:
    if wanted.compress and (wanted.format or image.disk_format) != "qcow2":
        raise InputError("compress", f"only qcow2 can be compressed. Set format: qcow2 to export {image.name} so.")
    if wanted.converts(image) and not (wanted.sidecar and wanted.sums):
        raise InputError(
            "format",
            "a converted file is recognised by its sidecar and SHA256SUMS: leave sidecar: false and sums: false out.",
        )


def _is_right(wanted: WantedExport, image: Image, facts: FileFacts, content: str | None) -> bool:
    """Say whether the file holds the data already."""
    if wanted.converts(image):
        # The cloud knows no hash of it. It was made of this data if the sidecar says so, and is whole if the list does.
        return _file_of(facts.sidecar) == _file_of(content) and facts.lists(wanted.path, facts.sha256)
    return facts.size == image.size and facts.digest == verifying_hash(image)[1]


def _is_listed(wanted: WantedExport, facts: FileFacts, content: str | None) -> bool:
    if not facts.lists(wanted.path, facts.sha256):
        return False
    return wanted.sidecar is None or facts.lists(wanted.sidecar, hashlib.sha256((content or "").encode()).hexdigest())


def _file_of(sidecar: str | None) -> t.Any:
    """Return what a sidecar says of its file: its format, and the data that it was made of."""
    try:
        document = json.loads(sidecar or "{}")
        image = document["image"]
        return document["file"], image["os_hash_algo"], image["os_hash_value"], image["checksum"], image["disk_format"]
    except (ValueError, KeyError, TypeError):
        return None


def _export(wanted: WantedExport, image: Image, facts: FileFacts, frozen: bool) -> ExportData:
    algorithm, digest = verifying_hash(image)
    converted = (wanted.format or image.disk_format) if wanted.converts(image) else None
    form = f" as {converted}" if converted else ""
    return ExportData(
        image.name,
        f"export {image.name} to {wanted.path}{form}: {_export_reason(facts)}",
        image.id,
        wanted.path,
        image.size or 0,
        algorithm,
        digest,
        image.disk_format,
        converted,
        wanted.compress,
        frozen,
    )


def _export_reason(facts: FileFacts) -> str:
    return "it is not there" if facts.size is None else "the file has other content"


def select_images(names: t.Sequence[str], images: t.Collection[Image]) -> tuple[Image, ...]:
    """
    Return the images that names, ids and patterns such as C(ubuntu-*) mean, sorted by name.

    A pattern means all whose data is there.

    :raises InputError: One of them means no image, or a name means several.
    """
    chosen: dict[str, Image] = {}
    for name in names:
        found = [image for image in images if name in (image.name, image.id)]
        if not found:
            found = [each for each in images if fnmatch.fnmatchcase(each.name, name) and not each.is_unfinished]
        if not found:
            raise InputError("images", f"{name} is no image of the project, and no pattern that any matches.")
        chosen.update({image.id: image for image in found})
    by_name = collections.Counter(image.name for image in chosen.values())
    for name, count in by_name.items():
        if count > 1:
            ids = sorted(image.id for image in chosen.values() if image.name == name)
            raise InputError(
                "images", f"{count} images are named {name}: {', '.join(ids)}. Export each alone, by its id."
            )
    return tuple(sorted(chosen.values(), key=lambda image: image.name))


def plan_exports(readings: t.Iterable[ExportReading | Unread]) -> tuple[Export, ...]:
    """Return the export of each image, with its plan, or why there is none."""
    exports = []
    for reading in readings:
        if not isinstance(reading, ExportReading):
            image, wanted, error = reading
            exports.append(Export(image, wanted, error=error))
            continue
        try:
            plan = plan_export(
                reading.wanted,
                reading.image,
                reading.members,
                reading.facts,
                reading.is_readable,
                reading.verification,
            )
            exports.append(Export(reading.image, reading.wanted, plan))
        except ImageError as exc:
            exports.append(Export(reading.image, reading.wanted, error=exc))
    return tuple(exports)


def _unreadable(image: Image) -> ForbiddenError:
    return ForbiddenError(
        f"Image {image.name} ({image.id}) is deactivated, and the Image service gives the data of a deactivated image "
        "to administrators alone (policy context_is_admin). Reactivate it first (xloud.image.image_visibility with "
        "active: true), or use credentials with the role admin."
    )


def _freezing(wanted: WantedExport, image: Image) -> list[Action]:
    if not wanted.deactivate or image.status != "active":
        return []
    mark = (PatchOperation("add", FROZEN, "true"),)
    return [
        UpdateImage(
            image.name, f"mark {image.name} as frozen for an export: a later run can give it back", image.id, mark
        ),
        DeactivateImage(image.name, f"deactivate {image.name} for the time of the export", image.id),
    ]


def _thawing(image: Image, frozen: bool) -> list[Action]:
    unmark = (PatchOperation("remove", FROZEN),)
    reason = "the export is over" if image.status == "active" else "an interrupted export left it deactivated"
    actions: list[Action] = []
    if frozen:
        actions.append(ReactivateImage(image.name, f"reactivate {image.name}: {reason}", image.id, always=True))
    done = f"take the mark of the export off {image.name}"
    actions.append(UpdateImage(image.name, done, image.id, unmark, always=True))
    return actions


def _thawed(image: Image) -> Image:
    if FROZEN not in image.properties:
        return image
    properties = {key: value for key, value in image.properties.items() if key != FROZEN}
    return dataclasses.replace(image, status="active", properties=properties)


def sidecar_content(image: Image, members: t.Collection[Member], wanted: WantedExport | None = None) -> str:
    """
    Return the text of a sidecar: all of an image that C(image_template) needs to make the same one again.

    It is JSON, sorted, and depends on nothing but the image, its members and the format that the file is to have.
    """
    properties = {k: v for k, v in sorted(image.properties.items()) if k not in (FROZEN, REPLACES)}
    document: dict[str, t.Any] = {
        "format_version": SIDECAR_FORMAT,
        "image": {
            "id": image.id,
            "name": image.name,
            "status": _thawed(image).status,
            "visibility": image.visibility,
            "hidden": image.hidden,
            "protected": image.protected,
            "disk_format": image.disk_format,
            "container_format": image.container_format,
            "min_disk": image.min_disk,
            "min_ram": image.min_ram,
            "size": image.size,
            "virtual_size": image.virtual_size,
            "os_hash_algo": image.os_hash_algo,
            "os_hash_value": image.os_hash_value,
            "checksum": image.checksum,
            "tags": sorted(image.tags),
            "properties": properties,
        },
        "members": [member.as_result() for member in sorted(members)],
    }
    if wanted and wanted.converts(image):
        document["file"] = {"disk_format": wanted.format or image.disk_format, "compressed": wanted.compress}
        if wanted.verify_signature:
            # The signature is one of the data before it was converted, which nobody can verify any more.
            document["file"]["signature_verified"] = True
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _parsed(content: str | None) -> t.Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return "(not JSON)"
