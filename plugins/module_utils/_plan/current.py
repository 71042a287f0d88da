# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Which image is the current one of a template, as those who use it see it."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.current import WantedCurrent
from ansible_collections.xloud.image.plugins.module_utils._model.errors import PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DEPRECATED_REASON,
    DEPRECATED_SINCE,
    PUBLISHED_SINCE,
    REPLACED_BY,
    RETIRED_SINCE,
    REVOKED_SINCE,
    Image,
)

# More than these say nothing that helps.
_TOLD: t.Final = 5


def choose(wanted: WantedCurrent, images: t.Iterable[Image]) -> Image | None:
    """
    Return the current one of the images of a template, None where none is.

    :raises PlanError: Several projects offer the template, or two images are the same version.
    """
    offers = [image for image in images if _is_offer(wanted, image)]
    _check_owner(wanted.template, offers)
    candidates = newest_first(image for image in offers if obstacle(wanted, image) is None)
    _check_newest(candidates)
    return candidates[0] if candidates else None


def newest_first(images: t.Iterable[Image]) -> list[Image]:
    """Return images from the newest version to the oldest; those that are no version come last."""
    versions = [(image.version_name, image) for image in images]
    named = sorted(((name, image.id, image) for name, image in versions if name), key=lambda each: each[:2])
    return [*(image for _name, _id, image in named[::-1]), *(image for name, image in versions if name is None)]


def _is_offer(wanted: WantedCurrent, image: Image) -> bool:
    """Say whether an image is on offer to others than its owner, be it current or superseded."""
    return image.visibility != "private" and not image.is_unfinished and not any(_not_meant(wanted, image))


def _check_owner(template: str, offers: t.Iterable[Image]) -> None:
    """
    Make sure that all offers are of one project.

    Any project may publish community images that look like those of the catalogue. What it superseded counts too, so
    that nobody takes over a template whose owner offers nothing else of it any more.
    """
    owners = sorted({image.owner or "(unknown)" for image in offers})
    if len(owners) > 1:
        raise PlanError(
            f"{len(owners)} projects offer images of template {template}: {', '.join(owners)}. Any project can. "
            "Set owner to the one that you trust.",
            owners=owners,
        )


def _check_newest(candidates: t.Sequence[Image]) -> None:
    ids = sorted(image.id for image in candidates if image.name == candidates[0].name)
    if len(ids) > 1:
        name = candidates[0].name
        raise PlanError(
            f"{len(ids)} images are named {name}: {', '.join(ids)}. Their owner has to delete one.", ids=ids
        )


def obstacle(wanted: WantedCurrent, image: Image) -> str | None:
    """Return what keeps an image from being the current one, whatever others there are; None if nothing does."""
    checks = (_not_meant, _not_usable, _not_current)
    return next((words for check in checks for words in check(wanted, image)), None)


def _not_meant(wanted: WantedCurrent, image: Image) -> t.Iterator[str]:
    name = image.version_name
    if name is None or name.template != wanted.template:
        yield "its name is not what its properties say"
    if wanted.owner not in (None, image.owner):
        yield f"project {image.owner} owns it, and not {wanted.owner}"
    if wanted.visibility not in (None, image.visibility) and image.visibility != "private":
        yield f"it is {image.visibility}, and not {wanted.visibility}"


def _not_usable(_wanted: WantedCurrent, image: Image) -> t.Iterator[str]:
    if image.is_unfinished:
        yield f"it has no data yet ({image.status})"
    if image.is_revoked:
        yield f"it is revoked since {image.properties[REVOKED_SINCE]}{_because(image)}"
    if image.stage == "retired":
        yield f"it is retired{_since(image, RETIRED_SINCE)}"
    if image.status != "active":
        yield f"it is {image.status}"
    if image.visibility == "private":
        yield "it is private again" if image.was_published else "it is staged"


def _not_current(wanted: WantedCurrent, image: Image) -> t.Iterator[str]:
    published = image.properties.get(PUBLISHED_SINCE) or (image.created_at or "")[:10]
    if wanted.as_of and published > wanted.as_of:
        yield f"it is published only since {published}"
    deprecated = image.properties.get(DEPRECATED_SINCE)
    if image.is_deprecated and wanted.as_of and deprecated and deprecated > wanted.as_of:
        return
    if image.is_deprecated:
        by = image.properties.get(REPLACED_BY)
        hidden = " and hidden" if image.hidden else ""
        yield f"it is deprecated{hidden}{_since(image, DEPRECATED_SINCE)}{f', replaced by {by}' if by else ''}"
    if image.hidden:
        yield "it is hidden"


def _since(image: Image, key: str) -> str:
    return f" since {image.properties[key]}" if key in image.properties else ""


def _because(image: Image) -> str:
    return f" ({image.properties[DEPRECATED_REASON]})" if DEPRECATED_REASON in image.properties else ""


def explain(wanted: WantedCurrent, known: t.Sequence[Image], share: Image | None = None, answer: str = "") -> str:
    """
    Return in words why no image of a template is current.

    :param known: All images that there are of the template, of which none is current.
    :param share: The one of them that would be current, had this project accepted it.
    :param answer: What this project answered to it.
    """
    if share:
        return (
            f"{share.name} ({share.id}) would be the current version of template {wanted.template}. Project "
            f"{share.owner} shares it with this one, and the share is {answer}. If you trust that project, accept it "
            f"with these credentials: xloud.image.image_member with image: {share.id} and status: accepted."
        )
    if not known:
        return (
            f"No image of template {wanted.template} is to be found. Check the name, and whether the project that "
            "owns the template offers it to the project of these credentials."
        )
    reasons = [f"{image.name} ({image.id}): {obstacle(wanted, image)}" for image in newest_first(known)]
    more = [f"and {len(reasons) - _TOLD} more"] if len(reasons) > _TOLD else []
    when = f"was current on {wanted.as_of}" if wanted.as_of else "is current"
    return f"No version of template {wanted.template} {when}. {'; '.join([*reasons[:_TOLD], *more])}."
