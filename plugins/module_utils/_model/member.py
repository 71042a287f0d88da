# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Members: the projects that a shared image is shared with."""

from __future__ import annotations

import dataclasses
import re
import typing as t

MemberStatus = t.Literal["pending", "accepted", "rejected"]
MEMBER_STATUSES: t.Final[tuple[MemberStatus, ...]] = ("pending", "accepted", "rejected")


_PROJECT_ID: t.Final = re.compile(r"[\w-]{1,64}")


def is_project_id(value: t.Any) -> bool:
    """Say whether a value may be the id of a project, which stands in the paths of requests."""
    return isinstance(value, str) and _PROJECT_ID.fullmatch(value) is not None


@dataclasses.dataclass(frozen=True, order=True)
class Member:
    """A project, by id, and its answer to the share."""

    project_id: str
    status: str

    def as_result(self) -> dict[str, str]:
        """Return the member as modules return it."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Project:
    """A project as a task names it, and its id."""

    id: str
    name: str

    def __str__(self) -> str:
        return self.name if self.name == self.id else f"{self.name} ({self.id})"


@dataclasses.dataclass(frozen=True)
class WantedMembers:
    """
    What C(image_member) is asked for by the owner.

    :param projects: The projects that are to be members, or with C(absent) those that are not.
    :param exact: No other project is to be a member.
    :param make_shared: Make the image C(shared) first where it is not.
    :param answers: The answer that each of these projects is to give, by its own credentials.
    :param today: The date of the publication that sharing an image is, as C(2026-01-31).
    """

    projects: tuple[Project, ...]
    absent: bool = False
    exact: bool = False
    make_shared: bool = False
    answers: t.Mapping[Project, str] = dataclasses.field(default_factory=dict)
    today: str = ""
