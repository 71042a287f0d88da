# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The images of two clouds of which one is to be like the other, in as few requests as tell of them."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.catalog import by_name
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._cloud.origin import (
    checksum_of,
    facts_of,
    is_readable,
    origin_name,
    origin_of,
)
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import READERS, Session
from ansible_collections.xloud.image.plugins.module_utils._cloud.stores import Stores
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Progress
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ForbiddenError, ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.replica import (
    Original,
    Originals,
    ReplicaFacts,
    Unusable,
    WantedReplica,
)


def with_target(session: Session, wanted: WantedReplica, params: t.Mapping[str, t.Any]) -> WantedReplica:
    """
    Return what is wanted with the project and the stores of the target that the options of a module name.

    :raises InputError: There is no such project or store, or the credentials may not look it up.
    """
    stores = Stores(session).resolve(params["stores"], params["all_stores"])
    return dataclasses.replace(wanted, owner=Projects(session).owner(params["owner"]), stores=stores)


def read_originals(
    session: Session,
    wanted: WantedReplica,
    owner: str | None,
    originals_of: t.Callable[[tuple[Image, ...], WantedReplica], Originals],
) -> Originals:
    """
    Return the images of a cloud that are to be replicated, with their members.

    It takes two listings, and one request for each shared image where members are asked for.

    :param owner: The name or id of the project that owns them, None for the session's own.
    :param originals_of: Which images of that project they are.
    :raises InputError: There is no such project, or the credentials may not look it up.
    """
    owner_id = _project_id(session, owner, "source_owner")
    originals = originals_of(Images(session).marked(owner_id), wanted)
    with concurrent.futures.ThreadPoolExecutor(max_workers=READERS) as pool:
        return tuple(pool.map(functools.partial(_completed, session, wanted), originals))


def _project_id(session: Session, reference: str | None, option: str) -> str | None:
    return Projects(session).resolve(reference, option).id if reference else None


def _completed(session: Session, wanted: WantedReplica, original: Original | Unusable) -> Original | Unusable:
    if isinstance(original, Unusable):
        return original
    image = original.image
    try:
        members = Members(session).list(image) if wanted.members else ()
        unreadable = _unreadable(session, image)
    except ImageError as exc:
        return Unusable(image.name, exc)
    return dataclasses.replace(
        original,
        members=members,
        source=origin_of(session, image),
        checksum=checksum_of(image),
        facts=facts_of(image),
        unreadable=unreadable,
    )


def _unreadable(session: Session, image: Image) -> ForbiddenError | None:
    if is_readable(session, image):
        return None
    return ForbiddenError(
        f"Image {image.name} ({image.id}) is deactivated in {session.name}, which gives its data to administrators "
        "alone. Use credentials with the role admin there, or name the images without it."
    )


def read_replicas(
    session: Session, originals: Originals, wanted: WantedReplica, projects: t.Mapping[str, Project | ImageError | None]
) -> ReplicaFacts:
    """
    Return what the target has of the originals.

    It takes two listings, two more for each hundred images that are missing, and one request for each shared image
    whose original has members.

    :param projects: What C(read_projects) returned.
    """
    names = {each.image.name for each in originals if isinstance(each, Original)}
    images = Images(session)
    found = {name: each for name, each in by_name(images.marked(wanted.owner)).items() if name in names}
    found |= by_name(images.named(sorted(names - found.keys()), wanted.owner))
    shared = [
        image
        for each in originals
        if isinstance(each, Original) and each.members and each.image.visibility == "shared"
        for image in found.get(each.image.name, ())
        if image.visibility == "shared" and wanted.members
    ]
    with concurrent.futures.ThreadPoolExecutor(max_workers=READERS) as pool:
        read = pool.map(functools.partial(_members, session), shared)
        members = {image.id: each for image, each in zip(shared, read, strict=True)}
    return ReplicaFacts(found, {}, members, projects, session.roles, session.project_id)


def _members(session: Session, image: Image) -> tuple[Member, ...] | ImageError:
    try:
        return Members(session).list(image)
    except ImageError as exc:
        return exc


def read_projects(
    session: Session, source: Session | None, projects: t.Mapping[str, str | None], originals: Originals
) -> dict[str, Project | ImageError | None]:
    """
    Return the projects of the target by the ids of those of the source that they stand for.

    :param source: The conversation with the source, None where that is a folder, which knows projects by their ids.
    :param projects: The names or ids of the ones by those of the others, None for a project that has none here.
    :raises InputError: There is no such project, or the credentials may not look it up.
    """
    own = Projects(session)
    members = {member.project_id for each in originals if isinstance(each, Original) for member in each.members}
    known = {theirs: theirs for theirs in projects if source is None or theirs in members}
    ids = {
        theirs: known.get(theirs) or Projects(t.cast(Session, source)).resolve(theirs, "projects").id
        for theirs in projects
    }
    return {ids[theirs]: own.resolve(ours, "projects") if ours else None for theirs, ours in projects.items()}


def applier_of(session: Session, source: Session | None, params: t.Mapping[str, t.Any]) -> Applier:
    """
    Return what makes the replicas.

    :param params: The options of a module.
    """
    origins = {origin_name(source): source} if source else {}
    return Applier(session, timeout=params["timeout"], origins=origins, progress=Progress(params["progress_file"]))


def sum_of_requests(session: Session, source: Session | None) -> int:
    """Return how many requests went to both clouds."""
    return session.requests + (source.requests if source else 0)
