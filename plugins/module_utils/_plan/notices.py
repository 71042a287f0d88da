# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Whom to tell of what: which projects use versions that are superseded, revoked, or announced to go."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import CatalogTemplate
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DELETE_ON,
    DEPRECATED_REASON,
    DEPRECATED_SINCE,
    RETIRE_ON,
    RETIRED_SINCE,
    REVOKED_SINCE,
    SUPERSEDED,
    Image,
)
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import Inventory, WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName, Version
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Usage
from ansible_collections.xloud.image.plugins.module_utils._plan.inventory import as_reference, current_of, versions
from ansible_collections.xloud.image.plugins.module_utils._plan.lifecycle import place
from ansible_collections.xloud.image.plugins.module_utils._plan.usage import Share, shares


def notices(wanted: WantedInventory, found: Inventory) -> list[dict[str, t.Any]]:
    """Return for each project that uses such versions which ones, what becomes of them, and what replaces them."""
    documents = {template.name: template for template in wanted.catalog.templates}
    names: dict[str, str | None] = {}
    used: dict[str, list[dict[str, t.Any]]] = {}
    for template, images in versions(wanted, found).items():
        for image in filter(_is_going, images):
            fate = _fate(image, images, documents.get(template), wanted.catalog.today)
            for share in shares(found.usage.get(image.id, Usage())):
                names[share.project.id] = share.name
                used.setdefault(share.project.id, []).append({**fate, **_used(share)})
    return [
        {"project_id": each, "project": names[each], "images": sorted(used[each], key=_order)}
        for each in sorted(used, key=lambda each: (names[each] or each, each))
    ]


def _order(fate: t.Mapping[str, t.Any]) -> tuple[str, Version]:
    return fate["template"], Version.parse(fate["version"], "version")


def _is_going(image: Image) -> bool:
    announced = {RETIRE_ON, DELETE_ON} & image.properties.keys()
    return image.stage in SUPERSEDED or image.is_revoked or bool(announced)


def _used(share: Share) -> dict[str, t.Any]:
    return {
        "servers": share.count("server"),
        "volumes": share.count("volume"),
        "resources": [each.as_result() for each in share.resources],
    }


def _fate(image: Image, images: t.Sequence[Image], document: CatalogTemplate | None, today: str) -> dict[str, t.Any]:
    name = ImageName.parse(image.name)
    current = current_of(name.template, images)
    announced = image.properties.get(RETIRE_ON)
    return {
        "template": name.template,
        "version": str(name.version),
        "name": image.name,
        "id": image.id,
        "stage": image.stage,
        "deprecated_since": image.properties.get(DEPRECATED_SINCE),
        "reason": image.properties.get(DEPRECATED_REASON),
        "revoked_since": image.properties.get(REVOKED_SINCE),
        "retired_since": image.properties.get(RETIRED_SINCE),
        "retire_on": announced or (_retirement(image, images, document, today) if document else None),
        "delete_on": image.properties.get(DELETE_ON),
        "while_used": document.retention.while_used if document else None,
        "replaced_by": as_reference(current) if current and current is not image else None,
    }


def _retirement(image: Image, images: t.Sequence[Image], document: CatalogTemplate, today: str) -> str | None:
    """Return the day on which retention retires a version if no other is published until then, None if none does."""
    since = image.properties.get(DEPRECATED_SINCE)
    if not since or image.stage == "retired":
        return None
    try:
        due = datetime.date.fromisoformat(since) + datetime.timedelta(document.retention.min_age)
    except (ValueError, OverflowError):
        return None
    placements = place(document, _by_version(images), max(due.isoformat(), today))
    stage = next((each.stage for each in placements if each.name == image.name), None)
    return due.isoformat() if stage in ("retired", "deleted") else None


def _by_version(images: t.Iterable[Image]) -> dict[Version, Image]:
    return {ImageName.parse(image.name).version: image for image in images}
