# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Where each version of a template belongs in its life."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import (
    CatalogTemplate,
    CatalogVersion,
    Retention,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DEPRECATED_SINCE,
    RETIRED_SINCE,
    REVOKED_SINCE,
    Image,
)
from ansible_collections.xloud.image.plugins.module_utils._model.name import Version
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Usage
from ansible_collections.xloud.image.plugins.module_utils._plan.dates import days_between, is_due
from ansible_collections.xloud.image.plugins.module_utils._plan.promotion import obstacles
from ansible_collections.xloud.image.plugins.module_utils._plan.usage import in_words, why_held

Target = t.Literal["absent", "staged", "published", "deprecated", "hidden", "retired", "deleted"]
OFFERED: t.Final = ("published", "deprecated", "hidden")


@dataclasses.dataclass(frozen=True)
class Placement:
    """
    A version and the stage that it belongs in. C(absent) are those that are not worth bringing into the cloud.

    :param current: The name of the image that is the current one of the template.
    :param held: What keeps the version from going further, as pairs of a kind and of words.
    :param postponed: A later run takes it further. Meanwhile it stays withdrawn, as far as it is.
    """

    version: CatalogVersion
    stage: Target
    current: str | None = None
    held: tuple[tuple[str, str], ...] = ()
    postponed: bool = False

    @property
    def name(self) -> str:
        """The name of the image."""
        return str(self.version.name)


def place(template: CatalogTemplate, images: t.Mapping[Version, Image], today: str) -> tuple[Placement, ...]:
    """
    Return where each version of a template belongs: the current one first, then from the newest to the oldest.

    The current version is the one that the document pins, else the newest that may be published. All others on offer
    are superseded by it: deprecated, hidden, retired and deleted as the retention says.

    :param images: The images of the versions that are in the cloud.
    """
    newest_first = template.versions[::-1]
    aside = {each.name.version: _aside(template, each, images.get(each.name.version), today) for each in newest_first}
    offered = [each for each in newest_first if aside[each.name.version] is None]
    current = _current(template, offered)
    if current:
        offered.sort(key=lambda each: each is not current)
    name = str(current.name) if current else None
    ranked = [
        _rank(template, each, rank, images.get(each.name.version), name, today) for rank, each in enumerate(offered)
    ]
    others = [
        _beside(template, placement, images.get(each.name.version), name)
        for each in newest_first
        if (placement := aside[each.name.version]) is not None
    ]
    noted = [_noted(template, each, images.get(each.version.name.version)) for each in (*ranked, *others)]
    noted.sort(key=lambda each: (each.name != name, *_descending(each.version.name.version)))
    return _expired(template, tuple(noted), images, today)


def _hindrance(placement: Placement, image: Image | None) -> str:
    if image and image.is_revoked:
        return f"it is revoked since {image.properties[REVOKED_SINCE]}, and only revoked: false brings it back"
    return f"it is {placement.stage}"


def _noted(template: CatalogTemplate, placement: Placement, image: Image | None) -> Placement:
    held = list(placement.held)
    if placement.version.stage == "staged" and placement.stage in OFFERED:
        held.append(("published", "it is published already and is not staged again: retire or revoke it instead"))
    if template.current == placement.version.name.version and placement.stage != "published":
        held.append(("pin", f"it is pinned as the current version and cannot be: {_hindrance(placement, image)}"))
    return dataclasses.replace(placement, held=tuple(held)) if held else placement


def _aside(template: CatalogTemplate, version: CatalogVersion, image: Image | None, today: str) -> Placement | None:
    """Return where a version belongs that is not to be offered, None for one that is."""
    if is_revoked(version, image) or _is_retired(template, version, image, today):
        return Placement(version, "retired" if image else "absent")
    if image and image.was_published:
        return None
    if version.stage == "staged":
        return Placement(version, "staged")
    if not version.listed:
        return Placement(version, "retired" if image else "absent")
    missing = obstacles(template.promotion, version, image, today)
    return Placement(version, "staged", held=(("gate", f"it stays staged: {', '.join(missing)}"),)) if missing else None


def _beside(template: CatalogTemplate, placement: Placement, image: Image | None, current: str | None) -> Placement:
    version = placement.version
    if placement.held and _is_surplus(template, version, image, current):
        return Placement(version, "absent", current)
    return dataclasses.replace(placement, current=current)


def is_revoked(version: CatalogVersion, image: Image | None) -> bool:
    """Say whether nobody may use a version: the document says so, or the image does and the document not otherwise."""
    if version.revoked is None:
        return bool(image and image.is_revoked)
    return version.revoked


def _is_retired(template: CatalogTemplate, version: CatalogVersion, image: Image | None, today: str) -> bool:
    if version.stage == "retired" or is_due(version.retire_on, today) or is_due(version.delete_on, today):
        return True
    recalled = version.stage == "published" or version.revoked is False or template.current == version.name.version
    return bool(image and image.stage == "retired" and not recalled)


def _current(template: CatalogTemplate, offered: t.Sequence[CatalogVersion]) -> CatalogVersion | None:
    eligible = [each for each in offered if _floor(each) == "published"]
    pinned = (each for each in eligible if each.name.version == template.current)
    return next(pinned, eligible[0] if eligible else None)


def _floor(version: CatalogVersion) -> Target:
    """Return the least that a version on offer is taken back to."""
    if not version.listed:
        return "deprecated"
    return "hidden" if version.stage == "hidden" else "deprecated" if version.stage == "deprecated" else "published"


def _rank(
    template: CatalogTemplate, version: CatalogVersion, rank: int, image: Image | None, current: str | None, today: str
) -> Placement:
    retention = template.retention
    available = _available(retention)
    if str(version.name) == current:
        return Placement(version, "published", current)
    if _is_surplus(template, version, image, current):
        return Placement(version, "absent", current)
    # What left the document is announced as deprecated for a day at least.
    age = max(retention.min_age, 0 if version.listed else 1)
    # What is newer than a current version that is pinned is what removing the pin goes forward to.
    is_beyond = available is not None and rank >= available and not _is_ahead(template, version, current)
    if image and (is_beyond or not version.listed) and replaced_for(image, today) >= age:
        return Placement(version, "retired", current)
    is_listed = retention.visible is None or rank < retention.visible
    hidden = not is_listed or is_beyond or _floor(version) == "hidden"
    return Placement(version, "hidden" if hidden else "deprecated", current)


def _is_ahead(template: CatalogTemplate, version: CatalogVersion, current: str | None) -> bool:
    pinned = (each.name for each in template.versions if str(each.name) == current)
    return version.listed and any(version.name > name for name in pinned)


def _available(retention: Retention) -> int | None:
    return retention.available if retention.available is not None else retention.stored


def _is_surplus(template: CatalogTemplate, version: CatalogVersion, image: Image | None, current: str | None) -> bool:
    """Say whether a version is not in the cloud and would be retired as soon as it was."""
    available = _available(template.retention)
    return image is None and available is not None and _newer(template, version, current) >= available


def _newer(template: CatalogTemplate, version: CatalogVersion, current: str | None) -> int:
    """
    Return how many versions of a document come before one that is not in the cloud.

    All of them count, so that a version which was deleted does not come back when a newer one is taken out of use.
    """
    return sum(each.name > version.name or str(each.name) == current for each in template.versions)


def replaced_for(image: Image, today: str) -> int:
    """Return for how many days an image has been superseded."""
    return days_between(image.properties.get(DEPRECATED_SINCE), today) if image.is_deprecated else 0


def _expired(
    template: CatalogTemplate, placements: tuple[Placement, ...], images: t.Mapping[Version, Image], today: str
) -> tuple[Placement, ...]:
    """Return the placements with those deleted whose time is over."""
    kept = [each for each in placements if each.stage not in ("absent", "staged")]
    rank = {each.name: position for position, each in enumerate(kept)}
    return tuple(
        _expire(template, each, rank.get(each.name, 0), images.get(each.version.name.version), today)
        for each in placements
    )


def _descending(version: Version) -> tuple[int, int]:
    return -version.major, -version.minor


def _expire(template: CatalogTemplate, placement: Placement, rank: int, image: Image | None, today: str) -> Placement:
    version, retention = placement.version, template.retention
    beyond = retention.stored is not None and rank >= retention.stored
    due = is_due(version.delete_on, today)
    if placement.stage != "retired" or image is None or image.stage != "retired" or not (beyond or due):
        return placement
    if days_between(image.properties.get(RETIRED_SINCE), today) < 1:
        return placement
    if not due and replaced_for(image, today) < retention.min_age:
        return placement
    if _would_come_back(template, version, placement.current, today):
        return placement
    if version.settings.get("protected", image.protected):
        words = "it is protected, and is deleted only if the document says protected: false of it"
        return dataclasses.replace(placement, held=(*placement.held, ("protected", words)))
    return dataclasses.replace(placement, stage="deleted")


def _would_come_back(template: CatalogTemplate, version: CatalogVersion, current: str | None, today: str) -> bool:
    """
    Say whether a retired version would be brought in again, as the current one, once its image is gone.

    Unless the document says so itself, nothing else records that it is retired.
    """
    is_out = not version.listed or is_revoked(version, None) or _is_retired(template, version, None, today)
    return not is_out and (current is None or _is_ahead(template, version, current))


def is_removal(placement: Placement, image: Image | None) -> bool:
    """Say whether a placement takes an image away that is still usable, or that is still there."""
    if placement.stage == "retired" and image and (is_revoked(placement.version, image) or _is_withdrawn(image)):
        return False
    return is_at_stake(placement.stage, image)


def _is_withdrawn(image: Image) -> bool:
    """Say whether an image would be retired, had a run not been interrupted."""
    return image.visibility == "private" and RETIRED_SINCE in image.properties


def is_at_stake(stage: str, image: Image | None) -> bool:
    """Say whether a version that goes to a stage is taken away from those who use it, be it because it is revoked."""
    if image is None or stage not in ("retired", "deleted"):
        return False
    return stage == "deleted" or image.stage != "retired"


def postponed(placement: Placement, image: Image, limit: int) -> Placement:
    """Return the placement of a removal that is left to a later run."""
    held = ("max_removals", f"its turn comes in a later run: not more than {limit} are taken away in one")
    return _held_back(placement, image, held)


def guarded(template: CatalogTemplate, placement: Placement, image: Image | None, usage: Usage | None) -> Placement:
    """
    Return the placement of a version, held back if it would be taken away from those who use it.

    Nothing keeps a revocation, which says whom it hits.

    :param usage: Who uses the version, None where it was not asked.
    """
    if image is None or usage is None or not usage.holds_back:
        return placement
    if is_revoked(placement.version, image) and placement.stage == "retired":
        is_new = is_at_stake(placement.stage, image) or not image.is_revoked
        return _noting(placement, "revoked_in_use", usage, "it is revoked all the same") if is_new else placement
    if not is_at_stake(placement.stage, image):
        return placement
    if placement.stage == "deleted":
        return _held_back(placement, image, why_held(usage, "it is deleted"))
    if template.retention.while_used == "retire":
        return _noting(placement, "retired_in_use", usage, "it is retired all the same")
    stays = template.retention.while_used == "keep" and image.was_published and not image.hidden
    return _held_back(placement, image, why_held(usage, "it is retired"), "deprecated" if stays else "hidden")


def _noting(placement: Placement, kind: str, usage: Usage, outcome: str) -> Placement:
    if not usage.resources:
        return placement
    return dataclasses.replace(
        placement, held=(*placement.held, (kind, f"{outcome}, and is used by {in_words(usage)}"))
    )


def _held_back(placement: Placement, image: Image, held: tuple[str, str], on_offer: Target = "hidden") -> Placement:
    """
    Return the placement of a removal that does not come to pass.

    :param on_offer: Where a version belongs instead that was on offer.
    """
    if placement.stage == "deleted":
        stage: Target = "retired"
    else:
        stage = on_offer if image.was_published else "staged"
    return dataclasses.replace(placement, stage=stage, held=(*placement.held, held), postponed=True)
