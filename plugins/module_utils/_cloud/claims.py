# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What keeps two runs from making, or taking away, the same image at a time."""

from __future__ import annotations

import contextlib
import time
import typing as t
import uuid

from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.retry import is_passing
from ansible_collections.xloud.image.plugins.module_utils._data.uploads import forget, uploading
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    BusyError,
    CloudError,
    ConflictError,
    ImageError,
    NotFoundError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import REPLACES, Image
from ansible_collections.xloud.image.plugins.module_utils._model.upload import (
    LEASE_SECONDS,
    SIGN_SECONDS,
    busy,
    made_meanwhile,
)

_NAMESPACE: t.Final = uuid.UUID("a1f4e9b2-4c0d-5e37-8f5b-6d2c9a7e1b30")
# How long a run that has created a record too may take to yield.
_YIELD_SECONDS: t.Final = 10.0
_YIELD_PAUSE: t.Final = 0.5
_PAUSE_SECONDS: t.Final = 5.0
_ANSWER_SECONDS: t.Final = 10.0


@contextlib.contextmanager
def claimed(images: Images, body: t.Mapping[str, t.Any]) -> t.Iterator[Image]:
    """
    Create the record of an image, and let other runs know for as long as the block lasts that this one fills it.

    :raises BusyError: Another run has created it.
    """
    record = _create(images, body)
    with uploading(record.id):
        yield record


def image_id_of(owner: str, body: t.Mapping[str, t.Any]) -> str:
    """
    Return the id that an image gets where it can be had.

    It follows from what the image is, so that two runs want the same one, which the Image service gives only once.
    """
    parts = [owner, str(body["name"]), *([str(body[REPLACES])] if REPLACES in body else [])]
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def _create(images: Images, body: t.Mapping[str, t.Any]) -> Image:
    owner = str(body.get("owner") or images.session.project_id)
    image_id = image_id_of(owner, body)
    try:
        return _post(images, body, image_id)
    except ConflictError:
        _check_not_made(images, image_id, str(body["name"]), owner)
    # An image of that name was deleted before, and the service gives no id twice.
    record = _post(images, body, str(uuid.uuid4()))
    try:
        _check_alone(images, record, owner, body.get(REPLACES))
    except BaseException:
        with contextlib.suppress(ImageError):
            images.delete(record.id)
        raise
    return record


def _post(images: Images, body: t.Mapping[str, t.Any], image_id: str) -> Image:
    try:
        return images.create({**body, "id": image_id})
    except CloudError as exc:
        if is_passing(exc):
            _withdraw(images, image_id)
        raise


def _check_not_made(images: Images, image_id: str, name: str, owner: str) -> None:
    """Make sure that what has an id is no image that another run made instead of this one."""
    found = _found(images, image_id)
    if found and (found.name, found.owner) == (name, owner):
        raise _left_to_another_run(found)


def _left_to_another_run(image: Image) -> BusyError:
    return busy(image) if image.is_being_made else made_meanwhile(image)


def _check_alone(images: Images, record: Image, owner: str, replaced: str | None) -> None:
    """
    Make sure that no other run has made an image instead of a record.

    Of several runs that have just created a record, each looks only after that, so that the later one sees the other.
    By the order of the ids, one of them yields, and is waited for; one that had looked before does not.
    """
    deadline = time.monotonic() + _YIELD_SECONDS
    while True:
        others = [each for each in images.listed(record.name, owner) if each.id not in (record.id, replaced)]
        if not others:
            return
        first = min(others, key=lambda each: (each.is_being_made, each.id))
        if not first.is_being_made or first.id < record.id or time.monotonic() >= deadline:
            raise _left_to_another_run(first)
        time.sleep(_YIELD_PAUSE)


def _withdraw(images: Images, image_id: str) -> None:
    """Delete what may have come of a request whose answer was lost."""
    # The next run does if this one cannot.
    with contextlib.suppress(ImageError):
        found = images.get(image_id)
        if found.status == "queued" and found.upload != "running":
            images.delete(image_id)


def take_over(images: Images, image_id: str, seen: str | None) -> None:
    """
    Delete the record of an upload that has stopped, once that is certain.

    :param seen: When the upload had given its last sign of life, by the plan.
    :raises BusyError: The upload is on its way, or has ended well.
    """
    deadline = time.monotonic() + LEASE_SECONDS
    while found := _found(images, image_id):
        if not found.is_unfinished:
            raise made_meanwhile(found)
        if found.upload == "running" or found.updated_at != seen:
            raise busy(found)
        if found.upload == "abandoned" or time.monotonic() >= deadline:
            images.delete(image_id)
            forget(image_id)
            return
        time.sleep(_PAUSE_SECONDS)


def _found(images: Images, image_id: str) -> Image | None:
    try:
        return images.get(image_id)
    except NotFoundError:
        return None


class Pulse:
    """
    The signs of life that an upload gives: each makes the record of the image a little younger.

    A sign is through before more of the data is sent, and none is given soon after the beginning. The Image service
    writes a record as a whole with each change, so that a sign which met the beginning or the end of an upload would
    put the record back to where it was before that.
    """

    def __init__(self, images: Images, image: Image, clock: t.Callable[[], float] = time.monotonic) -> None:
        self._images = images
        self._image = image
        self._clock = clock
        self._next: float | None = None

    def beat(self) -> None:
        """Give a sign if it is time for one; the time begins to run with the first call."""
        if self._next is None:
            self._next = self._clock() + SIGN_SECONDS
        if self._clock() < self._next:
            return
        # Nobody's upload fails for want of one.
        with contextlib.suppress(ImageError):
            self._images.touch(self._image, _ANSWER_SECONDS)
        self._next = self._clock() + SIGN_SECONDS
