# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Members of shared images. Source: https://docs.openstack.org/api-ref/image/v2/#sharing"""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member


@dataclasses.dataclass(frozen=True)
class Members:
    """The members of the images that a session may see."""

    session: Session

    def list(self, image: Image) -> tuple[Member, ...]:
        """Return the members of an image; one that is not shared has none, and the service is not asked."""
        if image.visibility != "shared":
            return ()
        return self.session.read("GET", f"/images/{image.id}/members", _members)

    def get(self, image: Image, project_id: str) -> Member | None:
        """Return one membership of an image, None where there is none."""
        if image.visibility != "shared":
            return None
        try:
            return self.session.read("GET", _path(image.id, project_id), _member)
        except NotFoundError:
            return None

    def add(self, image_id: str, project_id: str) -> None:
        """
        Share an image with a project, which has to accept before the image shows in its lists.

        :raises QuotaError: The image has as many members as the cloud allows.
        :raises ConflictError: Something else than that it is shared with the project already is in the way.
        """
        path = f"/images/{image_id}/members"
        try:
            self.session.read("POST", path, _member, json={"member": project_id}, repeatable=True)
        except ConflictError as exc:
            # It is one already, or something else is in the way.
            try:
                self.session.read("GET", _path(image_id, project_id), _member)
            except NotFoundError:
                raise exc from None

    def remove(self, image_id: str, project_id: str) -> None:
        """Take the share away from a project."""
        try:
            self.session.image("DELETE", _path(image_id, project_id))
        except NotFoundError:
            return

    def set_status(self, image_id: str, project_id: str, status: str) -> None:
        """
        Answer a share. Only the project itself, or an administrator, may.

        :raises ForbiddenError: The credentials are another project's.
        """
        try:
            path = _path(image_id, project_id)
            self.session.read("PUT", path, _member, json={"status": status}, repeatable=True)
        except NotFoundError as exc:
            raise ForbiddenError(
                f"The image {image_id} is not shared with project {project_id}, as its credentials see it.", 404
            ) from exc


def _members(body: t.Mapping[str, t.Any]) -> tuple[Member, ...]:
    return tuple(sorted(_member(each) for each in body["members"]))


def _member(body: t.Mapping[str, t.Any]) -> Member:
    return Member(body["member_id"], body["status"])


def _path(image_id: str, project_id: str) -> str:
    # The service takes anything as a project, which then is no part of a path.
    return f"/images/{image_id}/members/{urllib.parse.quote(project_id, safe='')}"
