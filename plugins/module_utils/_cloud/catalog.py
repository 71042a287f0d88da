# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What a cloud has of a catalogue, in as few requests as hold it."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.certificates import Certificates
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import READERS, Session
from ansible_collections.xloud.image.plugins.module_utils._cloud.signing import signature_faults
from ansible_collections.xloud.image.plugins.module_utils._cloud.stores import Stores
from ansible_collections.xloud.image.plugins.module_utils._cloud.usage import UsageReader
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import Inventory, WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.run import WantedCatalog


def read_catalog(
    session: Session,
    wanted: WantedCatalog,
    owner: str | None,
    absentees: t.Callable[[WantedCatalog, t.Mapping[str, tuple[Image, ...]]], t.Sequence[str]],
) -> tuple[WantedCatalog, dict[str, tuple[Image, ...]]]:
    """
    Return the images of a catalogue by their names, and what is wanted with the id of the project that owns them.

    It takes two listings, two more for each hundred versions that are missing, and one request where the catalogue
    speaks of stores.

    :param owner: The name or id of that project, None for the session's own.
    :param absentees: Which names are worth looking for though none of our own images has them.
    :raises InputError: There is no such project, or the credentials may not look it up.
    """
    owner_id = Projects(session).owner(owner)
    images = Images(session)
    found = by_name(images.marked(owner_id))
    others = by_name(images.named(absentees(wanted, found), owner_id))
    stores = Stores(session).writable() if wanted.asks_for_stores else ()
    return dataclasses.replace(wanted, owner=owner_id, stores=stores), {**found, **others}


def by_name(images: t.Iterable[Image]) -> dict[str, tuple[Image, ...]]:
    """Return images by their names, those of one name in the order of their ids."""
    found: dict[str, tuple[Image, ...]] = {}
    for image in sorted(images, key=lambda each: each.id):
        found[image.name] = (*found.get(image.name, ()), image)
    return found


def read_sharing(
    session: Session, wanted: WantedCatalog, images: t.Mapping[str, tuple[Image, ...]], workers: int
) -> tuple[dict[str, tuple[Member, ...]], dict[str, Project | ImageError]]:
    """
    Return the members of the shared images whose members the catalogue has a say in, by the ids of the images.

    And the projects that it is shared with, by what it calls them, or why they are not known.
    """
    shared = [
        image
        for template in wanted.templates
        if template.visibility == "shared" and (template.members or template.members_exact)
        for version in template.versions
        for image in images.get(str(version.name), ())
        if image.visibility == "shared"
    ]
    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        found = pool.map(Members(session).list, shared)
        members = {image.id: each for image, each in zip(shared, found, strict=True)}
    return members, _projects(session, wanted)


def _projects(session: Session, wanted: WantedCatalog) -> dict[str, Project | ImageError]:
    projects = Projects(session)
    named = {member: template.name for template in wanted.templates for member in template.members}
    return {reference: _project(projects, reference, template) for reference, template in named.items()}


def _project(projects: Projects, reference: str, template: str) -> Project | ImageError:
    try:
        return projects.resolve(reference, f"image_catalog.{template}.members")
    except ImageError as exc:
        return exc


def read_inventory(
    session: Session,
    wanted: WantedInventory,
    owner: str | None,
    usage_options: t.Mapping[str, t.Any] | None = None,
) -> Inventory:
    """
    Return what a project has: all of its images, and the members of the shared versions among them.

    It takes two listings, one request for each shared version that it is asked for, two for each certificate that
    versions are signed with, and what C(UsageReader) takes if it is asked who uses them. What cannot be read of one
    image is an error of that image alone.

    :param owner: The name or id of the project, None for the session's own.
    :param usage_options: What C(UsageReader) takes to ask who uses the versions, None where nobody is asked.
    :raises InputError: There is no such project, or the credentials may not look it up.
    """
    images = Images(session).owned(Projects(session).owner(owner))
    versions = [image for image in images if (name := image.version_name) and wanted.covers(name.template)]
    faults = signature_faults(Certificates(session), versions) if wanted.signatures else {}
    usage = UsageReader(session, usage_options).read(versions)
    if not wanted.members:
        return Inventory(images, signature_faults=faults, usage=usage)
    shared = [image for image in versions if image.visibility == "shared"]
    with concurrent.futures.ThreadPoolExecutor(max_workers=READERS) as pool:
        read = pool.map(functools.partial(_members, session), shared)
        members = {image.id: each for image, each in zip(shared, read, strict=True)}
    return Inventory(images, members, _projects(session, wanted.catalog), faults, usage)


def _members(session: Session, image: Image) -> tuple[Member, ...] | ImageError:
    try:
        return Members(session).list(image)
    except ImageError as exc:
        return exc
