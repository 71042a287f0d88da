# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The catalogue of a project as data: templates, their versions, and which of them is current."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.current import WantedCurrent
from ansible_collections.xloud.image.plugins.module_utils._model.errors import PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DELETE_ON,
    DEPRECATED_REASON,
    DEPRECATED_SINCE,
    PUBLISHED_SINCE,
    REPLACED_BY,
    RETIRE_ON,
    RETIRED_SINCE,
    REVOKED_SINCE,
    Image,
)
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import Inventory, WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.run import Finding
from ansible_collections.xloud.image.plugins.module_utils._plan.current import choose, newest_first
from ansible_collections.xloud.image.plugins.module_utils._plan.usage import as_result as usage_of

_ATTRIBUTES: t.Final = (
    "id",
    "name",
    "status",
    "stage",
    "visibility",
    "protected",
    "disk_format",
    "size",
    "os_hash_algo",
    "os_hash_value",
    "created_at",
)
_PROPERTIES: t.Final = (
    REPLACED_BY,
    PUBLISHED_SINCE,
    DEPRECATED_SINCE,
    DEPRECATED_REASON,
    RETIRED_SINCE,
    REVOKED_SINCE,
    RETIRE_ON,
    DELETE_ON,
)


def versions(wanted: WantedInventory, found: Inventory) -> dict[str, list[Image]]:
    """Return the versions of each template, the current one first, then from the newest to the oldest."""
    by_template: dict[str, list[Image]] = {}
    for image in newest_first(found.images):
        name = image.version_name
        if name and wanted.covers(name.template) and not image.is_unfinished:
            by_template.setdefault(name.template, []).append(image)
    return {template: _current_first(template, by_template[template]) for template in sorted(by_template)}


def _current_first(template: str, images: list[Image]) -> list[Image]:
    current = current_of(template, images)
    return sorted(images, key=lambda image: image is not current)


def current_of(template: str, images: t.Iterable[Image]) -> Image | None:
    """Return the current version of a template, None where there is none or two are."""
    try:
        return choose(WantedCurrent(template), images)
    except PlanError:
        return None


def as_reference(image: Image) -> dict[str, str]:
    """Return what a version is referred to by."""
    return {"version": str(ImageName.parse(image.name).version), "name": image.name, "id": image.id}


def as_result(wanted: WantedInventory, found: Inventory, findings: t.Sequence[Finding]) -> dict[str, t.Any]:
    """Return the catalogue as C(image_catalog_info) returns it."""
    by_template = versions(wanted, found)
    current = {
        template: as_reference(image)
        for template, images in by_template.items()
        if (image := current_of(template, images))
    }
    return {
        "templates": {
            template: {"current": current.get(template), "versions": [_row(image, found) for image in images]}
            for template, images in by_template.items()
        },
        "current": current,
        "projects": _projects(found),
        "summary": _summary(by_template, findings),
        "findings": [finding.as_result() for finding in findings],
    }


def _summary(by_template: t.Mapping[str, t.Sequence[Image]], findings: t.Iterable[Finding]) -> dict[str, t.Any]:
    images = [image for each in by_template.values() for image in each]
    return {
        "templates": len(by_template),
        "images": len(images),
        "stages": _counts(image.stage for image in images),
        "findings": _counts(finding.kind for finding in findings),
    }


def _counts(words: t.Iterable[str]) -> dict[str, int]:
    return dict(sorted(collections.Counter(words).items()))


def _row(image: Image, found: Inventory) -> dict[str, t.Any]:
    name = ImageName.parse(image.name)
    return {
        "template": name.template,
        "version": str(name.version),
        **{key: getattr(image, key) for key in _ATTRIBUTES},
        **{key: image.properties.get(key) for key in _PROPERTIES},
        "members": _members(image, found),
        "usage": usage_of(found.usage[image.id], image) if image.id in found.usage else None,
    }


def _projects(found: Inventory) -> dict[str, str]:
    known = (each for each in found.projects.values() if isinstance(each, Project))
    return {project.id: project.name for project in sorted(known, key=lambda each: each.id)}


def _members(image: Image, found: Inventory) -> list[dict[str, str]] | None:
    members = found.members.get(image.id)
    return [member.as_result() for member in members] if isinstance(members, tuple) else None
