# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""In which stage each version of a catalogue belongs."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import CatalogTemplate, CatalogVersion
from ansible_collections.xloud.image.plugins.module_utils._model.image import Stage


@dataclasses.dataclass(frozen=True)
class Placement:
    """
    A version and the stage that it belongs in.

    :param replaced_by: The name of the current version, for one that it has superseded.
    """

    version: CatalogVersion
    stage: Stage
    replaced_by: str | None = None


def place(template: CatalogTemplate) -> tuple[Placement, ...]:
    """
    Return where each version of a template belongs: the current one first, then from the newest to the oldest.

    The current version is the one that the document pins, else the newest published one. All other published
    versions are deprecated; those beyond the newest C(visible) are hidden too.
    """
    newest_first = template.versions[::-1]
    offered = [version for version in newest_first if version.stage == "published"]
    offered.sort(key=lambda version: version.name.version != template.current)
    current = str(offered[0].name) if offered else None
    placements = [_rank(version, rank, current, template.visible) for rank, version in enumerate(offered)]
    aside = [version for version in newest_first if version.stage != "published"]
    return (*placements, *(_aside(version, current) for version in aside))


def _rank(version: CatalogVersion, rank: int, current: str | None, visible: int | None) -> Placement:
    if rank == 0:
        return Placement(version, "published")
    stage: Stage = "deprecated" if visible is None or rank < visible else "hidden"
    return Placement(version, stage, current)


def _aside(version: CatalogVersion, replaced_by: str | None) -> Placement:
    return Placement(version, "retired", replaced_by) if version.stage == "retired" else Placement(version, "staged")


def as_loop(templates: t.Iterable[CatalogTemplate]) -> list[dict[str, t.Any]]:
    """Return all versions of a catalogue as flat dictionaries, for tasks that loop over them."""
    return [
        {
            **placement.version.settings,
            "name": str(placement.version.name),
            "template": template.name,
            "version": str(placement.version.name.version),
            "source": placement.version.source,
            "checksum": placement.version.checksum,
            "stage": placement.stage,
            "visibility": template.visibility,
            "members": list(template.members),
            "members_exact": template.members_exact,
            "replaced_by": placement.replaced_by,
            "reason": placement.version.reason,
        }
        for template in templates
        for placement in place(template)
    ]
