# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The stores of a cloud, and which of them have an image."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.imports import Import
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Progress
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    ImportFailedError,
    InputError,
    NotFoundError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.stores import choose_stores

_COPY: t.Final = {"name": "copy-image"}


@dataclasses.dataclass(frozen=True)
class Stores:
    """The stores of a session's cloud."""

    session: Session

    def resolve(self, stores: t.Sequence[str] | None, all_stores: bool) -> tuple[str, ...] | None:
        """
        Return the stores that options name, None where they name none, which costs no request.

        :raises InputError: The cloud has no such store.
        """
        if stores is None and not all_stores:
            return None
        return choose_stores(stores, all_stores, self.writable())

    def writable(self) -> tuple[str, ...]:
        """
        Return the stores that images can be put into.

        :raises InputError: The cloud has but one store, which has no name.
        """
        try:
            return self.session.read("GET", "/info/stores", _writable)
        except NotFoundError as exc:
            raise InputError(
                "stores", f"{self.session.name} does not tell stores apart. Leave the option out."
            ) from exc

    def copy(self, image: Image, store: str, timeout: int, progress: Progress) -> Image:
        """
        Have the cloud copy an image's data to one more store, and return the image as it then is.

        Another run that has it copy the image is waited for: the cloud does one copy of an image at a time.

        :raises ImportFailedError: The cloud began, and failed.
        :raises ForbiddenError: The credentials may not do that.
        """
        verb = f"copy to the store {store}"
        copying = Import(self.session, image, verb, image.size, timeout, progress, "copy")
        try:
            copied = copying.run(_COPY, (store,))
        except CloudError as exc:
            if exc.status not in (400, 409):
                raise
            copied = copying.join()
            if store not in copied.stores:
                copied = copying.run(_COPY, (store,))
        if store not in copied.stores:
            raise ImportFailedError(f"The cloud could not {verb} the data of {image.name}: it gives no reason.")
        return copied

    def drop(self, image_id: str, store: str) -> Image:
        """
        Delete the copy of an image's data that one store has, and return the image as it then is.

        :raises ForbiddenError: The credentials may not do that, or no other store has the data.
        """
        try:
            self.session.image("DELETE", f"/stores/{store}/{image_id}")
        except CloudError:
            found = Images(self.session).get(image_id)
            if store in found.stores:
                raise
            return found  # Another run was first.
        return Images(self.session).get(image_id)


def _writable(body: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    return tuple(store["id"] for store in body["stores"] if str(store.get("read-only")).lower() != "true")
