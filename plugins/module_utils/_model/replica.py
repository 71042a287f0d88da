# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What C(image_replica) is asked for, and the images that it makes replicas of."""

from __future__ import annotations

import dataclasses
import fnmatch
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.run import Read
from ansible_collections.xloud.image.plugins.module_utils._model.source import CloudSource, Source, SourceFacts
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Usage


@dataclasses.dataclass(frozen=True)
class WantedReplica:
    """
    What C(image_replica) is asked for.

    :param patterns: The names of the images, in which C(*) and C(?) stand for others.
    :param members: Share the replicas with the projects that the originals are shared with.
    :param visibility: Take the replicas to the stage of the originals; else new ones stay private.
    :param stores: The stores that the data is to be in, None for those of the cloud's choice.
    :param owner: The id of the project that is to own the replicas, None for the session's own.
    :param certificates: The ids of the certificates of signatures in the target by those in the source, where they are
        others; None for those whose signatures replicas do without.
    :param max_virtual_size: What a new replica may have at most, in bytes.
    """

    patterns: tuple[str, ...] = ("*",)
    members: bool = True
    visibility: bool = True
    import_method: str = "auto"
    stores: tuple[str, ...] | None = None
    owner: str | None = None
    certificates: t.Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    max_virtual_size: int | None = None

    def covers(self, name: str) -> bool:
        """Say whether it is asked for an image of this name."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.patterns)


@dataclasses.dataclass(frozen=True)
class Original:
    """
    An image that is to be somewhere else as well, and where its data can be had.

    :param members: The projects that it is shared with.
    :param source: Where its data is, None where it cannot be had, for the reason that C(unreadable) gives.
    :param checksum: What its data hashes to, None where nothing says so.
    :param facts: What is known of its data without a look at it.
    """

    name: ImageName
    image: Image
    members: tuple[Member, ...] = ()
    source: Source | CloudSource | None = None
    checksum: Checksum | None = None
    facts: SourceFacts = dataclasses.field(default_factory=SourceFacts)
    unreadable: ImageError | None = None


@dataclasses.dataclass(frozen=True)
class Unusable:
    """Something that should be an original and is none: an image, or the file of one, by its name, and why."""

    name: str
    error: ImageError


Originals: t.TypeAlias = tuple[Original | Unusable, ...]


@dataclasses.dataclass(frozen=True)
class ReplicaFacts:
    """
    All that a plan for replicas is made from, beside the originals.

    :param images: The images of the target by their names.
    :param reads: What was read of local data by the names of the images, or why it could not be.
    :param members: The members of shared images of the target by the ids of the images, or why they are not known.
    :param projects: The projects of the target by the ids of those of the source, where they are others; None for one
        that replicas are not shared with, an error for one that is not known.
    :param roles: The names of the roles that the credentials have in the target.
    :param project_id: The id of the project that the credentials are for.
    :param usage: Who uses the images of the target that would be taken away, by their ids, as far as it was asked.
    """

    images: t.Mapping[str, tuple[Image, ...]] = dataclasses.field(default_factory=dict)
    reads: t.Mapping[str, Read | ImageError] = dataclasses.field(default_factory=dict)
    members: t.Mapping[str, tuple[Member, ...] | ImageError] = dataclasses.field(default_factory=dict)
    projects: t.Mapping[str, Project | ImageError | None] = dataclasses.field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    project_id: str = ""
    usage: t.Mapping[str, Usage] = dataclasses.field(default_factory=dict)
