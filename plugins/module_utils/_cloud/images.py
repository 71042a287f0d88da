# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Images of a cloud. Source: https://docs.openstack.org/api-ref/image/v2/"""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import json
import re
import typing as t
import urllib.parse

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

if t.TYPE_CHECKING:
    from requests import Response

PATCH_TYPE: t.Final = "application/openstack-images-v2.1-json-patch"
PAGE: t.Final = 1000
# So many names make a URL that servers take: they allow for 8 KiB.
NAMES: t.Final = 100
_UUID: t.Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_id(reference: str) -> bool:
    """Say whether a reference to an image is an id rather than a name."""
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
            response = self.session.image("GET", path)
            page = response.json()
            yield from (_read(body, response) for body in page["images"])
            path = page["next"].partition("/v2")[2] if page.get("next") else None

    def get(self, image_id: str) -> Image:
        """
        Return the image of an id.

        :raises NotFoundError: There is none that the session may see.
        """
        response = self.session.image("GET", f"/images/{image_id}")
        return _read(response.json(), response)

    def create(self, body: t.Mapping[str, t.Any]) -> Image:
        """Return a new image record, without data yet."""
        return Image.from_api(self.session.image("POST", "/images", json=dict(body)).json())

    def patch(self, image_id: str, operations: t.Iterable[PatchOperation], timeout: float | None = None) -> Image:
        """
        Return the image after one JSON Patch, which the service applies wholly or not at all.

        :param timeout: How long, in seconds, the answer may take, as the configuration says where not given.
        :raises ConflictError: Somebody else changed the image meanwhile, into something else.
        """
        document = [operation.as_json() for operation in operations]
        settings = {} if timeout is None else {"timeout": timeout}
        try:
            response = self.session.image(
                "PATCH",
                f"/images/{image_id}",
                data=json.dumps(document),
                headers={"Content-Type": PATCH_TYPE},
                **settings,
            )
        except ConflictError as exc:
            image = self.get(image_id)
            if _is_applied(image, document):
                return image
            raise ConflictError(
                f"{exc.message} Somebody else changed image {image_id} meanwhile: run the task again.", exc.status
            ) from exc
        image = Image.from_api(response.json())
        _check_applied(image, document)
        return image

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
        self.session.image("POST", f"/images/{image_id}/actions/deactivate")

    def reactivate(self, image_id: str) -> None:
        """Allow uses of an image's data again."""
        self.session.image("POST", f"/images/{image_id}/actions/reactivate")


def _read(body: t.Mapping[str, t.Any], response: Response) -> Image:
    """Return an image, with what can be told of its upload where that has not ended."""
    image = Image.from_api(body)
    if not image.is_unfinished or not image.is_ours:
        return image
    state = upload_state(image, is_uploading(image.id), _time_of(response))
    return dataclasses.replace(image, upload=state)


def _time_of(response: Response) -> datetime.datetime | None:
    """Return when the service answered, by its own clock."""
    try:
        return email.utils.parsedate_to_datetime(response.headers["Date"]).replace(tzinfo=datetime.UTC)
    except (KeyError, ValueError):
        return None


def _check_applied(image: Image, document: t.Iterable[t.Mapping[str, t.Any]]) -> None:
    for path, wanted, kept in _not_applied(image, document):
        raise CloudError(
            f"The Image service accepted {path} = {wanted!r} for image {image.name} ({image.id}) and kept {kept!r}: "
            "somebody else changed it at the same time. Run the task again."
        )


def _is_applied(image: Image, document: t.Iterable[t.Mapping[str, t.Any]]) -> bool:
    return not any(_not_applied(image, document))


def _not_applied(image: Image, document: t.Iterable[t.Mapping[str, t.Any]]) -> t.Iterator[tuple[str, t.Any, t.Any]]:
    """Give the path, the wanted value and the value of everything in a JSON Patch that an image does not have."""
    found = image.attributes()
    for operation in document:
        path = operation["path"].removeprefix("/").replace("~1", "/").replace("~0", "~")
        if found.get(path) != operation.get("value"):
            yield path, operation.get("value"), found.get(path)
