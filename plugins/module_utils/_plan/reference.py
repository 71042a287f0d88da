# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Which image a name means."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import NotFoundError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import REPLACES, Image


@dataclasses.dataclass(frozen=True)
class Found:
    """
    The images of one name within one project.

    :param current: The image that the name means, if there is one.
    :param leftovers: What interrupted runs left behind: half uploads, and an image that another one has replaced.
    :param being_made: What other runs are uploading, or may be.
    """

    current: Image | None
    leftovers: tuple[Image, ...] = ()
    being_made: tuple[Image, ...] = ()


def resolve(name: str, images: t.Collection[Image]) -> Found:
    """
    Tell the image that a name means from what interrupted runs left behind.

    :raises PlanError: Several images bear the name.
    """
    replaced = {image.properties.get(REPLACES) for image in images if not image.is_unfinished}
    being_made = tuple(image for image in images if image.is_being_made)
    leftovers = tuple(image for image in images if image not in being_made and _is_leftover(image, replaced))
    candidates = [image for image in images if image not in (*leftovers, *being_made)]
    if len(candidates) > 1:
        ids = sorted(image.id for image in candidates)
        raise PlanError(
            f"{len(ids)} images are named {name}: {', '.join(ids)}. "
            "Names in a catalogue are unique: delete or rename all but one, or give the id where an id is accepted.",
            ids=ids,
        )
    return Found(candidates[0] if candidates else None, leftovers, being_made)


def _is_leftover(image: Image, replaced: t.Container[str | None]) -> bool:
    if image.is_unfinished:
        return image.is_ours
    return image.id in replaced and not image.was_published and not image.protected


def pick(name: str, images: t.Collection[Image]) -> Image:
    """
    Return the one finished image that a name or id means.

    :raises NotFoundError: There is none, or its data has not arrived.
    :raises PlanError: Several images bear the name.
    """
    found = resolve(name, images)
    if found.current is None and (found.leftovers or found.being_made):
        raise NotFoundError(
            f"Image {name} has no data: its upload has not finished, or was interrupted. "
            "Wait for it, or run xloud.image.image_template again to complete it."
        )
    if found.current is None:
        raise NotFoundError(
            f"No image {name} is to be found in the project. Check the name, the project (option owner), "
            "and whether the credentials may see it."
        )
    if found.current.is_unfinished:
        raise NotFoundError(f"Image {name} has no data yet: its status is {found.current.status}.")
    return found.current
