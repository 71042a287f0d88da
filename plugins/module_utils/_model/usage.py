# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Who uses an image: the servers that run from it and the volumes that were made of it, in whatever project."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.member import Project

Kind = t.Literal["server", "volume"]


@dataclasses.dataclass(frozen=True)
class Resource:
    """
    A server or a volume.

    :param project: The project that it belongs to, whose name is its id where nothing else is known.
    :param created_at: When it was made, as C(2026-01-31T10:11:12Z).
    :param server_id: The server that a volume is attached to, None for a server and where there is none.
    """

    kind: Kind
    id: str
    name: str
    project: Project
    created_at: str
    server_id: str | None = None

    def as_result(self) -> dict[str, t.Any]:
        """Return the resource as modules return it."""
        return {
            "kind": self.kind,
            "id": self.id,
            "name": self.name,
            "created_at": self.created_at,
            "server_id": self.server_id,
        }


@dataclasses.dataclass(frozen=True)
class Usage:
    """
    Who uses one image, as far as the services tell. They tell it of what is there now, whatever became of the image.

    :param servers: The servers that run from the image, None where that is not known.
    :param volumes: The volumes that were made of it, None where that is not known.
    :param refused: Why a service did not tell, in words.
    :param absent: Which services the cloud does not have, in words.
    """

    servers: tuple[Resource, ...] | None = None
    volumes: tuple[Resource, ...] | None = None
    refused: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All that is known to use the image."""
        return (*(self.servers or ()), *(self.volumes or ()))

    @property
    def is_used(self) -> bool | None:
        """Whether anybody uses the image, None where that is not known."""
        if self.resources:
            return True
        return None if self.refused or self.absent else False

    @property
    def holds_back(self) -> bool:
        """
        Whether the image is not to be taken away: somebody uses it, or may.

        A service that the cloud does not have keeps nothing, and one that does not tell may keep anything.
        """
        return bool(self.resources or self.refused)
