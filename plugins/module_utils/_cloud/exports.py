# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What is read for exports, of several images side by side."""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._cloud.origin import is_readable
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._data.exports import file_facts
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.export import ExportReading, Unread, WantedExport
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image


def find_images(
    session: Session,
    params: t.Mapping[str, t.Any],
    pick: t.Callable[[str, t.Collection[Image]], Image],
    select: t.Callable[[t.Sequence[str], t.Collection[Image]], tuple[Image, ...]],
) -> tuple[Image, ...]:
    """
    Return the images that the options C(image) or C(images), and C(owner), mean.

    :param pick: Which image of those found a name means, and C(select) which those that names and patterns mean.
    :raises ImageError: There is none, or a name means several.
    """
    images, owner = Images(session), Projects(session).owner(params["owner"])
    if params["image"]:
        return (pick(params["image"], images.find(params["image"], owner)),)
    return select(params["images"], images.owned(owner))


def read_exports(
    session: Session,
    wanted: t.Sequence[tuple[Image, WantedExport] | Unread],
    hash_of: t.Callable[[Image], tuple[str, str]],
    workers: int,
) -> list[ExportReading | Unread]:
    """
    Return what was read for each export, or why that could not be.

    :param hash_of: What gives the algorithm and the digest that an image is verified by.
    """

    def read(each: tuple[Image, WantedExport] | Unread) -> ExportReading | Unread:
        if len(each) == 3:
            return each
        image, export = each
        try:
            members = Members(session).list(image) if export.sidecar else ()
            facts = file_facts(export, image, hash_of(image)[0])
            return ExportReading(image, export, tuple(members), facts, is_readable(session, image))
        except ImageError as exc:
            return image, export, exc

    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(read, wanted))
