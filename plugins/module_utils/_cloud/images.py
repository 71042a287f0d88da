# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Images of a cloud. Source: https://docs.openstack.org/api-ref/image/v2/"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import time
import typing as t
import urllib.parse

from ansible_collections.xloud.image.plugins.module_utils._cloud.retry import ATTEMPTS, is_passing, pause_after
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._data.uploads import is_uploading
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    ConflictError,
    InUseError,
    NotFoundError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import TAG, TEMPLATE, Image
from ansible_collections.xloud.image.plugins.module_utils._model.plan import PatchOperation
from ansible_collections.xloud.image.plugins.module_utils._model.upload import upload_state

PATCH_TYPE: t.Final = "application/openstack-images-v2.1-json-patch"
PAGE: t.Final = 1000
# So many names make a URL that servers take: they allow for 8 KiB.
NAMES: t.Final = 100
# What the service lists of images that it was about to delete when it crashed. Nothing can be done with them any more.
_GONE: t.Final = frozenset({"deleted", "pending_delete"})
_UUID: t.Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_id(reference: str) -> bool:
    """Say whether a reference to an image, or to a secret of the Key Manager, is an id rather than a name."""
    return bool(_UUID.fullmatch(reference))


@dataclasses.dataclass(frozen=True)
class Images:
    """The images that a session may see."""

    session: Session

    def find(self, reference: str, owner: str | None = None) -> tuple[Image, ...]:
        """
        Return the images that a name or id means, hidden ones included.

        An id costs one request. A name costs two, since the service lists hidden images apart.

        :param owner: The id of the project that owns the image; the session's own where not given.
        """
        if is_id(reference):
            try:
                return (self.get(reference),)
            except NotFoundError:
                return ()
        return self._list(name=f"eq:{reference}", owner=owner or self.session.project_id, visibility="all")

    def listed(self, name: str, owner: str) -> tuple[Image, ...]:
        """Return the images of a project that have a name and are not hidden, which takes one request."""
        return self._list(("false",), name=f"eq:{name}", owner=owner, visibility="all")

    def find_shared(self, reference: str, owner: str | None = None) -> tuple[Image, ...]:
        """
        Return the images of other projects, shared with this one, that a name or id means.

        Shares that are pending or rejected are found as well.
        """
        if is_id(reference):
            return self.find(reference)
        owned = {"owner": owner} if owner else {}
        found = self._list(name=f"eq:{reference}", visibility="shared", member_status="all", **owned)
        return tuple(image for image in found if image.owner != self.session.project_id)

    def offered(
        self, template: str, owner: str | None = None, visibility: str | None = None, *, hidden: bool = False
    ) -> tuple[Image, ...]:
        """
        Return the images of a template that are in the lists of this project, whoever owns them.

        It takes one request, and another one for those that are hidden. Shares that the project has not accepted are
        in none of its lists.

        :param owner: The id of the project that owns them, any where not given.
        :param visibility: The visibility that they have, any where not given.
        """
        query = {TEMPLATE: template, "visibility": visibility or "all", **({"owner": owner} if owner else {})}
        return self._list(("false", "true") if hidden else ("false",), **query)

    def known(self, template: str) -> tuple[Image, ...]:
        """Return all images of a template that the session may know of: shares that are not accepted as well."""
        return self._list(**{TEMPLATE: template, "visibility": "all", "member_status": "all"})

    def owned(self, owner: str | None = None) -> tuple[Image, ...]:
        """
        Return all images of a project, hidden ones included.

        :param owner: The id of the project, the session's own where not given.
        """
        return self._list(owner=owner or self.session.project_id, visibility="all")

    def marked(self, owner: str | None = None) -> tuple[Image, ...]:
        """
        Return all images of a project that carry the tag of this collection, hidden ones included.

        :param owner: The id of the project, the session's own where not given.
        """
        return self._list(tag=TAG, owner=owner or self.session.project_id, visibility="all")

    def named(self, names: t.Sequence[str], owner: str | None = None) -> tuple[Image, ...]:
        """
        Return the images of a project that have one of these names, hidden ones included.

        It takes two requests for each hundred names.

        :param owner: The id of the project, the session's own where not given.
        """
        own = {"owner": owner or self.session.project_id, "visibility": "all"}
        batches = (names[start : start + NAMES] for start in range(0, len(names), NAMES))
        return tuple(image for batch in batches for image in self._list(name="in:" + ",".join(batch), **own))

    def _list(self, hidden: t.Iterable[str] = ("false", "true"), **query: str) -> tuple[Image, ...]:
        return tuple(image for each in hidden for image in self._pages({**query, "os_hidden": each}))

    def _pages(self, query: t.Mapping[str, str]) -> t.Iterator[Image]:
        path: str | None = "/images?" + urllib.parse.urlencode({**query, "limit": str(PAGE)})
        while path:
            images, path = self.session.read_dated("GET", path, _page)
            yield from (image for image in images if image.status not in _GONE)

    def get(self, image_id: str) -> Image:
        """
        Return the image of an id.

        :raises NotFoundError: There is none that the session may see.
        """
        image = self.session.read_dated("GET", f"/images/{image_id}", _image)
        if image.status in _GONE:
            raise NotFoundError(f"Image {image.name} ({image_id}) is deleted.", 404)
        return image

    def create(self, body: t.Mapping[str, t.Any]) -> Image:
        """Return a new image record, without data yet."""
        return self.session.read("POST", "/images", Image.from_api, json=dict(body))

    def touch(self, image: Image, timeout: float) -> None:
        """
        Change nothing of an image but when it was changed last.

        :param timeout: How long, in seconds, the answer may take. It is asked for once.
        """
        self._patch(image.id, [PatchOperation("replace", "name", image.name).as_json()], timeout=timeout)

    def patch(self, image_id: str, operations: t.Iterable[PatchOperation]) -> Image:
        """
        Return the image after one JSON Patch, which the service applies wholly or not at all.

        :raises ConflictError: Somebody else changed the image meanwhile, into something else.
        """
        document = [operation.as_json() for operation in operations]
        for attempt in range(ATTEMPTS):
            try:
                image: Image | None = self._patch(image_id, document)
            except CloudError as exc:
                image = self._after(image_id, document, exc, attempt)
            if image:
                _check_applied(image, document)
                return image
        raise AssertionError("the last attempt returns or fails")

    def _patch(self, image_id: str, document: t.Sequence[t.Mapping[str, t.Any]], **settings: t.Any) -> Image:
        try:
            return self.session.read(
                "PATCH",
                f"/images/{image_id}",
                Image.from_api,
                data=json.dumps(document),
                headers={"Content-Type": PATCH_TYPE},
                **settings,
            )
        except ConflictError as exc:
            raise ConflictError(
                f"{exc.message} Somebody else changed image {image_id} meanwhile: run the task again.", exc.status
            ) from exc

    def _after(
        self, image_id: str, document: t.Sequence[t.Mapping[str, t.Any]], exc: CloudError, attempt: int
    ) -> Image | None:
        """
        Return the image if nothing but the answer to a patch was lost, None if it is to be sent again.

        A patch that arrived twice is a conflict as well: what it removed is not there any more.
        """
        if not is_passing(exc) and not isinstance(exc, ConflictError):
            raise exc
        may_repeat = is_passing(exc) and attempt < ATTEMPTS - 1
        if may_repeat:
            time.sleep(pause_after(attempt, exc))
        image = self.get(image_id)
        if not _lacking(image, document):
            return image
        if not may_repeat:
            raise exc
        return None

    def delete(self, image_id: str) -> None:
        """
        Delete an image and its data.

        :raises InUseError: The store says that the image is in use.
        :raises ForbiddenError: The image is protected, or is not this project's to delete.
        """
        try:
            self.session.image("DELETE", f"/images/{image_id}")
        except NotFoundError:
            return
        except ConflictError as exc:
            raise InUseError(f"Image {image_id} is in use and was left as it is: {exc.message}", exc.status) from exc

    def deactivate(self, image_id: str) -> None:
        """Stop new uses of an image's data."""
        self._set_status(image_id, "deactivate", "deactivated")

    def reactivate(self, image_id: str) -> None:
        """Allow uses of an image's data again."""
        self._set_status(image_id, "reactivate", "active")

    def _set_status(self, image_id: str, verb: str, status: str) -> None:
        try:
            self.session.image("POST", f"/images/{image_id}/actions/{verb}", repeatable=True)
        except CloudError as exc:
            # The service answers so (Glance, with 500) where another run does the same at the same moment.
            if exc.status not in (409, 500) or self.get(image_id).status != status:
                raise


def _page(body: t.Mapping[str, t.Any], now: datetime.datetime | None) -> tuple[list[Image], str | None]:
    """Return the images of a page, and the path of the next one if there is one."""
    images = [_image(each, now) for each in body["images"]]
    return images, body["next"].partition("/v2")[2] if body.get("next") else None


def _image(body: t.Mapping[str, t.Any], now: datetime.datetime | None) -> Image:
    """Return an image, with what can be told of its upload where that has not ended."""
    image = Image.from_api(body)
    if not image.is_unfinished or not image.is_ours:
        return image
    return dataclasses.replace(image, upload=upload_state(image, is_uploading(image.id), now))


def _check_applied(image: Image, document: t.Iterable[t.Mapping[str, t.Any]]) -> None:
    for path, value in _lacking(image, document).items():
        raise CloudError(
            f"The Image service accepted {path} = {value!r} for image {image.name} ({image.id}) "
            f"and kept {image.attributes().get(path)!r}: somebody else changed it at the same time. Run the task again."
        )


def _lacking(image: Image, document: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """Return what of a patch an image does not have, by the names of the attributes."""
    found = image.attributes()
    wanted = {
        operation["path"].removeprefix("/").replace("~1", "/").replace("~0", "~"): operation.get("value")
        for operation in document
    }
    return {path: value for path, value in wanted.items() if found.get(path) != value}
