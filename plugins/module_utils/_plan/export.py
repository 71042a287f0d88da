# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What brings an image, verified, into a file, and its metadata beside it."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import ForbiddenError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.export import SIDECAR_FORMAT, FileFacts, WantedExport
from ansible_collections.xloud.image.plugins.module_utils._model.image import FROZEN, REPLACES, Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    Action,
    DeactivateImage,
    ExportData,
    PatchOperation,
    Plan,
    ReactivateImage,
    UpdateImage,
    WriteSidecar,
)


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
    roles: t.Collection[str],
) -> Plan:
    """
    Plan what brings an image into a file.

    :param members: The members of the image, for the sidecar.
    :param facts: What is on the disk now; its digest is by the algorithm of C(verifying_hash).
    :param roles: The names of the roles that the credentials have.
    :raises PlanError: The image has no data, or nothing to verify it by.
    :raises ForbiddenError: The data of a deactivated image would be read by somebody who is no administrator.
    """
    algorithm, digest = verifying_hash(image)
    left_frozen = image.status == "deactivated" and FROZEN in image.properties
    actions: list[Action] = []
    if facts.size != image.size or facts.digest != digest:
        _check_may_read(wanted, image, roles)
        actions += _freezing(wanted, image)
        reason = f"export {image.name} to {wanted.path}: {_export_reason(facts)}"
        actions.append(ExportData(image.name, reason, image.id, wanted.path, image.size or 0, algorithm, digest))
        left_frozen = left_frozen or any(isinstance(action, DeactivateImage) for action in actions)
    if left_frozen or FROZEN in image.properties:
        actions += _thawing(image, left_frozen)
    content = sidecar_content(image, members) if wanted.sidecar else None
    if wanted.sidecar and content and content != facts.sidecar:
        reason = f"write the metadata of {image.name} to {wanted.sidecar}: " + (
            "it is not there" if facts.sidecar is None else "it has changed"
        )
        actions.append(WriteSidecar(image.name, reason, image.id, wanted.sidecar, content))
    before = {"path": wanted.path, algorithm: facts.digest, "size": facts.size, "sidecar": _parsed(facts.sidecar)}
    after = {"path": wanted.path, algorithm: digest, "size": image.size, "sidecar": _parsed(content)}
    if facts.size is None:
        before = {}
    return Plan(tuple(actions), before, after, _thawed(image))


def _export_reason(facts: FileFacts) -> str:
    return "it is not there" if facts.size is None else "the file has other content"


def _check_may_read(wanted: WantedExport, image: Image, roles: t.Collection[str]) -> None:
    if "admin" in roles or (image.status == "active" and not wanted.deactivate):
        return
    state = "is deactivated" if image.status == "deactivated" else "would be deactivated for the time of the export"
    advice = (
        "Reactivate it first (xloud.image.image_visibility with active: true)"
        if image.status == "deactivated"
        else "Leave deactivate out (published content never changes)"
    )
    raise ForbiddenError(
        f"Image {image.name} ({image.id}) {state}, and the Image service gives the data of a deactivated image to "
        f"administrators alone (these credentials have: {', '.join(sorted(roles)) or 'no role'}). "
        f"{advice}, or use credentials with the role admin.",
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


def sidecar_content(image: Image, members: t.Collection[Member]) -> str:
    """
    Return the text of a sidecar: all of an image that C(image_template) needs to make the same one again.

    It is JSON, sorted, and depends on nothing but the image and its members.
    """
    properties = {k: v for k, v in sorted(image.properties.items()) if k not in (FROZEN, REPLACES)}
    document = {
        "format_version": SIDECAR_FORMAT,
        "image": {
            "id": image.id,
            "name": image.name,
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
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _parsed(content: str | None) -> t.Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return "(not JSON)"
