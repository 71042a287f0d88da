# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
Who uses an image, asked of the services that make something of images.

Neither is the Image service's own to know: most of its stores delete an image in use without a word. Servers that boot
from a volume have no image; the volume has one.

Sources: https://docs.openstack.org/api-ref/compute/#list-servers-detailed
https://docs.openstack.org/api-ref/block-storage/v3/#list-accessible-volumes-with-details
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import typing as t
import urllib.parse

from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.endpoints import Place
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import READERS, Session
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    ForbiddenError,
    ImageError,
    InputError,
    NotFoundError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Resource, Usage

# Answers that are long enough to need few.
_PAGE: t.Final = 1000
# The filter by the image that a volume was made of came with 3.4.
_VOLUME_API: t.Final = {"OpenStack-API-Version": "volume 3.4"}
# Cinder silently leaves the projects of others out for everybody else.
_ADMINISTRATOR: t.Final = "admin"
_Ask: t.TypeAlias = t.Callable[[Session, t.Sequence[Place], str], tuple[Resource, ...]]


class UsageReader:
    """
    Who uses images, asked of the services of a cloud.

    It takes two requests an image and region, one where the cloud lacks one of the services, and one more for each
    project that uses any. A service that does not answer, or does not tell, is not asked again.

    :param session: The conversation with the cloud that has the images.
    :param options: What C(connect) takes, of credentials that may ask. If it is empty those of the session ask, and
        if it is None nobody.
    """

    def __init__(self, session: Session, options: t.Mapping[str, t.Any] | None) -> None:
        self._session = session
        self._options = options
        self._names: dict[str, str] = {}

    def read(self, images: t.Sequence[Image]) -> dict[str, Usage]:
        """
        Return who uses each of some images, by the ids of the images.

        :raises InputError: The cloud cannot be reached with these options.
        """
        if self._options is None or not images:
            return {}
        ids = [image.id for image in images]
        with concurrent.futures.ThreadPoolExecutor(max_workers=READERS) as pool:
            servers, volumes = (service.read(ids, pool) for service in self._services)
        return self._named({image_id: _usage(servers[image_id], volumes[image_id]) for image_id in ids})

    @functools.cached_property
    def _asking(self) -> Session:
        if not self._options:
            return self._session
        try:
            other = connect(self._options)
        except ImageError as exc:
            raise InputError("usage_cloud", exc.message) from exc
        self._session.include(other)
        return other

    @functools.cached_property
    def _services(self) -> tuple[_Service, ...]:
        asks = {"compute": _servers, "block-storage": _volumes}
        return tuple(_Service(self._asking, self._session.image_url, kind, ask) for kind, ask in asks.items())

    def _named(self, usages: t.Mapping[str, Usage]) -> dict[str, Usage]:
        """Return usages whose projects have their names, as far as these may be looked up."""
        new = {each.project.id for usage in usages.values() for each in usage.resources} - self._names.keys()
        if new:
            self._names |= {project_id: project_id for project_id in new} | Projects(self._asking).names(new)

        def named(resources: tuple[Resource, ...] | None) -> tuple[Resource, ...] | None:
            if resources is None:
                return None
            projects = (Project(each.project.id, self._names[each.project.id]) for each in resources)
            return tuple(
                dataclasses.replace(each, project=project) for each, project in zip(resources, projects, strict=True)
            )

        return {
            image_id: dataclasses.replace(usage, servers=named(usage.servers), volumes=named(usage.volumes))
            for image_id, usage in usages.items()
        }


@dataclasses.dataclass(frozen=True)
class _Service:
    """One of the services, in all regions, with what keeps it from telling once that is known."""

    session: Session
    image_url: str
    kind: str
    ask: _Ask
    failures: list[CloudError] = dataclasses.field(default_factory=list)

    def read(
        self, ids: t.Sequence[str], pool: concurrent.futures.Executor
    ) -> dict[str, tuple[Resource, ...] | CloudError]:
        """Return what the service tells of each image: of the first alone, since it may tell nothing."""
        first = self._attempt(ids[0])
        return {ids[0]: first, **dict(zip(ids[1:], pool.map(self._attempt, ids[1:]), strict=True))}

    @functools.cached_property
    def _places(self) -> tuple[Place, ...]:
        return self.session.launching(self.kind, self.image_url)

    def _attempt(self, image_id: str) -> tuple[Resource, ...] | CloudError:
        if self.failures:
            return self.failures[0]
        try:
            return self.ask(self.session, self._places, image_id)
        except CloudError as exc:
            self.failures.append(exc)
            return exc


def _usage(servers: tuple[Resource, ...] | CloudError, volumes: tuple[Resource, ...] | CloudError) -> Usage:
    errors = [each for each in (servers, volumes) if isinstance(each, CloudError)]
    return Usage(
        servers=None if isinstance(servers, CloudError) else servers,
        volumes=None if isinstance(volumes, CloudError) else volumes,
        refused=tuple(each.message for each in errors if not _is_absence(each)),
        absent=tuple(each.message for each in errors if _is_absence(each)),
    )


def _is_absence(error: CloudError) -> bool:
    # The service is not in the catalogue. One that answers 404 is there, and does not tell.
    return isinstance(error, NotFoundError) and error.status is None


def _servers(session: Session, places: t.Sequence[Place], image_id: str) -> tuple[Resource, ...]:
    # Without all_tenants the answer is that of the session's own project, which says nothing of the others.
    query = {"image": image_id, "all_tenants": "1", "limit": str(_PAGE)}
    reads = [functools.partial(session.ask, place, "GET") for place in places]
    return _distinct(each for read in reads for each in _pages(read, "/servers/detail", query, "servers", _server))


def _volumes(session: Session, places: t.Sequence[Place], image_id: str) -> tuple[Resource, ...]:
    if _ADMINISTRATOR not in session.roles:
        raise ForbiddenError(
            f"{session.name}: the Block Storage service tells of the volumes of other projects to administrators alone "
            f"(role {_ADMINISTRATOR})."
        )
    query = {"glance_metadata": f"{{'image_id':'{image_id}'}}", "all_tenants": "1", "limit": str(_PAGE)}
    reads = [functools.partial(session.ask, place, "GET", headers=_VOLUME_API) for place in places]
    return _distinct(each for read in reads for each in _pages(read, "/volumes/detail", query, "volumes", _volume))


def _distinct(found: t.Iterable[Resource]) -> tuple[Resource, ...]:
    # The catalogue may have a service under several addresses.
    return tuple({each.id: each for each in found}.values())


def _pages(
    read: t.Callable[..., tuple[list[Resource], bool]],
    path: str,
    query: t.Mapping[str, str],
    kind: str,
    parse: t.Callable[[t.Any], Resource],
) -> t.Iterator[Resource]:
    marker: dict[str, str] = {}
    while True:
        # The address of the next page may be one that only the service itself knows.
        address = f"{path}?{urllib.parse.urlencode({**query, **marker})}"
        found, has_more = read(address, functools.partial(_page, kind, parse))
        yield from found
        if not (found and has_more):
            return
        marker = {"marker": found[-1].id}


def _page(kind: str, parse: t.Callable[[t.Any], Resource], body: t.Any) -> tuple[list[Resource], bool]:
    return [parse(each) for each in body[kind]], any(link["rel"] == "next" for link in body.get(f"{kind}_links", ()))


def _server(body: t.Any) -> Resource:
    return Resource(
        "server", _text(body["id"]), _text(body["name"]), _unnamed(body["tenant_id"]), _text(body["created"])
    )


def _volume(body: t.Any) -> Resource:
    servers = (each["server_id"] for each in body["attachments"])
    made = f"{_text(body['created_at']).partition('.')[0]}Z"
    project = _unnamed(body["os-vol-tenant-attr:tenant_id"])
    return Resource("volume", _text(body["id"]), _text(body["name"] or ""), project, made, next(servers, None))


def _unnamed(project_id: t.Any) -> Project:
    return Project(_text(project_id), project_id)


def _text(value: t.Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value
