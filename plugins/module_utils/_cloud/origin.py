# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""An image of a cloud as the source of another image: what it is called, and what its record tells of its data."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._data.source import read_facts, resolve_checksum
from ansible_collections.xloud.image.plugins.module_utils._data.web import Download
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ForbiddenError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.reference import Reference
from ansible_collections.xloud.image.plugins.module_utils._model.source import (
    CloudSource,
    Source,
    SourceFacts,
    SourceNeed,
)


@dataclasses.dataclass(frozen=True)
class Supply:
    """
    Where the data of an image comes from, and what can be told of it.

    :param checksum: What the data must hash to, where that is known.
    :param session: The conversation with the cloud that has the data, and C(image) its image there.
    """

    source: Source | CloudSource | None
    checksum: Checksum | None = None
    session: Session | None = None
    image: Image | None = None

    @property
    def origins(self) -> dict[str, Session]:
        """The conversations that the data can be had from, by what its source calls them."""
        return {origin_name(self.session): self.session} if self.session else {}

    @property
    def described(self) -> dict[str, t.Any]:
        """What of an image in a cloud holds for every copy of it."""
        return {"container_format": self.image.container_format} if self.image else {}

    def facts(self, need: SourceNeed, *, keep: bool) -> SourceFacts:
        """
        Return as much about the data as is needed.

        :param keep: Take compressed data as it is.
        :raises InputError: The file cannot be read.
        :raises DataError: The URL cannot be fetched, or the data is not fit to be an image.
        """
        if self.image:
            return facts_of(self.image)
        return read_facts(t.cast("Source | None", self.source), need, keep=keep)


def open_supply(
    asked: Source | Reference | None,
    checksum: str | None,
    pick: t.Callable[[str, t.Collection[Image]], Image],
) -> Supply:
    """
    Return where data comes from: a path, a URL, or an image of a cloud, which is looked up.

    :param checksum: What was declared as the checksum: itself, or the URL or path of a SUMS file.
    :param pick: Which image of those found a name means.
    :raises InputError: A configuration names no cloud, or the checksum is none.
    :raises CloudError: The cloud cannot be reached, or has no such image.
    """
    if not isinstance(asked, Reference):
        return Supply(asked, resolve_checksum(checksum, asked))
    session = connect(asked.connection)
    owner = Projects(session).owner(asked.owner)
    image = pick(asked.image, Images(session).find(asked.image, owner))
    return Supply(origin_of(session, image), resolve_checksum(checksum, None) or checksum_of(image), session, image)


def origin_of(session: Session, image: Image) -> CloudSource:
    """Return an image of a session's cloud as a source. Its C(origin) is the same for all images of the session."""
    return CloudSource(origin_name(session), image.name, image.id)


def origin_name(session: Session) -> str:
    """Return what to call the cloud and the region that a session is with."""
    region = f", region {session.region_name}" if session.region_name else ""
    return f"{session.name}{region}"


def is_neighbour(origin: Session, session: Session) -> bool:
    """Say whether a cloud can fetch from another by itself: both are regions of one Identity service."""
    regions = {origin.region_name, session.region_name}
    return origin.auth_url == session.auth_url and None not in regions and len(regions) == 2


def open_data(
    session: Session, source: CloudSource, size: int | None, start: int = 0, *, frozen: bool = False
) -> Download:
    """
    Return the data of an image, which is fetched as it is read.

    :param start: The bytes that are there already.
    :param frozen: The image was deactivated by us, and may be active for moments.
    """

    def fetch(offset: int) -> t.Any:
        return _fetch(session, source.image_id, f"bytes={offset}-" if offset else "")

    def fetch_frozen(offset: int) -> t.Any:
        try:
            return fetch(offset)
        except ForbiddenError:
            # To those whom it does not take for administrators, the service gives the data of active images alone. It
            # looks once, as it begins to answer.
            images = Images(session)
            images.reactivate(source.image_id)
            try:
                return fetch(offset)
            finally:
                images.deactivate(source.image_id)

    return Download(fetch_frozen if frozen else fetch, str(source), size, start)


def _fetch(session: Session, image_id: str, part: str) -> t.Any:
    return session.image(
        "GET",
        f"/images/{image_id}/file",
        stream=True,
        log=False,
        headers={"Range": part} if part else {},
        timeout=(session.stall, session.stall),
    )


def is_readable(session: Session, image: Image) -> bool:
    """
    Say whether the cloud gives the data of an image to these credentials.

    That of a deactivated one it gives to whom it takes for an administrator, and which role that is only it knows: it
    is asked where the role is not called so.
    """
    if image.status == "active" or "admin" in session.roles:
        return True
    try:
        _fetch(session, image.id, "bytes=0-0" if image.size else "").close()
    except ForbiddenError:
        return False
    return True


def facts_of(image: Image) -> SourceFacts:
    """Return what the record of an image tells of its data, of which no byte is read."""
    checksum = checksum_of(image)
    digests = {checksum.algorithm: checksum.digest} if checksum else {}
    return SourceFacts(image.disk_format, image.size, image.virtual_size, digests)


def checksum_of(image: Image) -> Checksum | None:
    """Return what the data of an image hashes to, None where its cloud computed no hash."""
    if not (image.os_hash_algo and image.os_hash_value):
        return None
    return Checksum(image.os_hash_algo, image.os_hash_value)
