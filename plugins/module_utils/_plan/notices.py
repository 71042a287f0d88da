# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Whom to tell of what: which projects use versions that are superseded, revoked, or announced to go."""

from __future__ import annotations

import datetime
import functools
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
    today = wanted.catalog.today
    names: dict[str, str | None] = {}
    told: dict[str, list[dict[str, t.Any]]] = {}
    for template, images in versions(wanted, found).items():
        used = [(image, usage) for image in images if (usage := found.usage.get(image.id)) and usage.resources]
        if not used:
            continue
        future = _Future(template, images, documents.get(template), today)
        for image, usage in used:
            if not future.is_going(image):
                continue
            fate = _fate(image, future)
            for share in shares(usage):
                names[share.project.id] = share.name
                usable = image is not future.current and _may_use(share.project.id, future.current, found)
                one = {**fate, "replaced_by": future.replacement if usable else None, **_used(share, usage)}
                told.setdefault(share.project.id, []).append(one)
    return [
        {"project_id": each, "project": names[each], "as_of": today, "images": sorted(told[each], key=_order)}
        for each in sorted(told, key=lambda each: (names[each] or each, each))
    ]


def _order(fate: t.Mapping[str, t.Any]) -> tuple[str, Version]:
    return fate["template"], Version.parse(fate["version"], "version")


class _Future:
    """What becomes of the versions of a template on which day, if no other is published until then."""

    def __init__(self, template: str, images: t.Sequence[Image], document: CatalogTemplate | None, today: str) -> None:
        self.current = current_of(template, images)
        self.images = images
        self.document = document
        self.today = today
        self._listed = {str(each.name): each for each in document.versions} if document else {}
        self._stages: dict[str, dict[str, str]] = {}

    @functools.cached_property
    def replacement(self) -> dict[str, t.Any] | None:
        """What there is to use instead of the others, and until when."""
        if self.current is None:
            return None
        return {**as_reference(self.current), "retire_on": self.retirement(self.current)}

    def is_going(self, image: Image) -> bool:
        """Say whether a version is not the current one any more, or will not be some day."""
        return image.stage in SUPERSEDED or image.is_revoked or any(self.announced(image))

    def announced(self, image: Image) -> tuple[str | None, str | None]:
        """Return on which days it is said to be retired, and deleted: by the document, else on the image."""
        listed = self._listed.get(image.name)
        if listed:
            return listed.retire_on, listed.delete_on
        return image.properties.get(RETIRE_ON), image.properties.get(DELETE_ON)

    def retirement(self, image: Image) -> str | None:
        """Return the day on which a version is retired, None if none is known: deletion begins with that."""
        if image.stage == "retired":
            return self.announced(image)[0]
        announced = sorted(day for day in self.announced(image) if day)
        if image.name not in self._listed:
            return next(iter(announced), None)
        days = {day for day in (*announced, self._replaced_long_enough(image)) if day and day > self.today}
        for day in (self.today, *sorted(days)):
            if self._stage(image, day) in ("retired", "deleted"):
                return min([day, *announced])
        return None

    def _replaced_long_enough(self, image: Image) -> str | None:
        """Return the day from which on retention may retire a version."""
        since = image.properties.get(DEPRECATED_SINCE)
        if not since or self.document is None:
            return None
        try:
            day = datetime.date.fromisoformat(since) + datetime.timedelta(self.document.retention.min_age)
        except (ValueError, OverflowError):
            return None
        return day.isoformat()

    def _stage(self, image: Image, day: str) -> str | None:
        if day not in self._stages and self.document:
            by_version = {ImageName.parse(each.name).version: each for each in self.images}
            self._stages[day] = {each.name: each.stage for each in place(self.document, by_version, day)}
        return self._stages[day].get(image.name)


def _used(share: Share, usage: Usage) -> dict[str, t.Any]:
    return {
        "servers": None if usage.servers is None else share.count("server"),
        "volumes": None if usage.volumes is None else share.count("volume"),
        "resources": [each.as_result() for each in share.resources],
    }


def _fate(image: Image, future: _Future) -> dict[str, t.Any]:
    name = ImageName.parse(image.name)
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
        "retire_on": future.retirement(image),
        "delete_on": future.announced(image)[1],
        "while_used": future.document.retention.while_used if future.document else None,
    }


def _may_use(project_id: str, image: Image | None, found: Inventory) -> bool:
    if image is None:
        return False
    members = found.members.get(image.id)
    # Of members that were not read, nothing is known.
    if image.visibility != "shared" or image.owner == project_id or not isinstance(members, tuple):
        return True
    return any(member.project_id == project_id for member in members)
