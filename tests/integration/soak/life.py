# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
What a cloud should hold of a catalogue, by the words of the documentation and by nothing of the collection's code.

It follows each version from day to day: as whoever reads the guide to the lifecycle would, with pencil and paper.
"""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

OFFERED = ("published", "deprecated", "hidden")


@dataclasses.dataclass
class Version:
    """
    A version as the document has it, and as it should be in the cloud.

    :param stage: The stage that it was in when the last day was settled, None where there is no image.
    """

    number: str
    is_staged: bool = False
    is_revoked: bool = False
    protected: bool = False
    stores: tuple[str, ...] | None = None
    properties: dict[str, str] = dataclasses.field(default_factory=dict)
    source: str = ""
    digest: str = ""
    size: int = 0
    checksum: str | None = None
    import_method: str = "auto"

    stage: str | None = None
    deprecated_since: str | None = None
    retired_since: str | None = None
    members: frozenset[str] = frozenset()
    replaced_by: str | None = None

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.number.split("."))

    def document(self) -> dict[str, Any]:
        """What the document says of it."""
        said: dict[str, Any] = {
            "source": self.source,
            "import_method": self.import_method,
            "properties": self.properties,
            "protected": self.protected,
        }
        if self.checksum:
            said["checksum"] = self.checksum
        if self.stores:
            said["stores"] = list(self.stores)
        if self.is_staged:
            said["stage"] = "staged"
        if self.is_revoked:
            said["revoked"] = True
        return said


@dataclasses.dataclass
class Template:
    """A template as the document has it, with its versions from the oldest to the newest."""

    name: str
    visibility: str
    retention: dict[str, Any]
    members: set[str] = dataclasses.field(default_factory=set)
    members_exact: bool = True
    pin: str | None = None
    versions: list[Version] = dataclasses.field(default_factory=list)

    def image_name(self, version: Version) -> str:
        return f"{self.name}-v{version.number}"

    def settle(self, today: str) -> None:
        """Take each version to the stage that it belongs in on a day, given those of the day before."""
        offered = [each for each in reversed(self.versions) if self._may_be_offered(each)]
        current = next((each for each in offered if each.number == self.pin), offered[0] if offered else None)
        offered.sort(key=lambda each: each is not current)
        places = {each.number: self._place(each, rank, offered, current, today) for rank, each in enumerate(offered)}
        for version in self.versions:
            if version.is_staged and version.stage not in OFFERED and not version.is_revoked:
                places[version.number] = "staged"
            places.setdefault(version.number, "retired" if version.stage else None)
        doomed = self._doomed(places, current, today)
        for version in self.versions:
            self._move(version, None if version in doomed else places[version.number], current, today)

    def _may_be_offered(self, version: Version) -> bool:
        is_retired = version.stage == "retired" and version.number != self.pin
        waits = version.is_staged and version.stage not in OFFERED
        return not version.is_revoked and not is_retired and not waits

    def _place(
        self, version: Version, rank: int, offered: list[Version], current: Version | None, today: str
    ) -> str | None:
        if version is current:
            return "published"
        available = self.retention.get("available", self.retention.get("stored"))
        if version.stage is None and available is not None:
            newer = [each for each in self.versions if each.order > version.order or each is current]
            if len(newer) >= available:
                return None
        is_ahead = current is not None and current.number == self.pin and version.order > current.order
        is_beyond = available is not None and rank >= available and not is_ahead
        if is_beyond and version.stage and self._age(version, today) >= self._min_age:
            return "retired"
        is_listed = rank < self.retention.get("visible", len(offered))
        return "deprecated" if is_listed and not is_beyond else "hidden"

    @property
    def _min_age(self) -> int:
        return int(self.retention.get("min_age", "0d").removesuffix("d"))

    @staticmethod
    def _age(version: Version, today: str) -> int:
        return _days(version.deprecated_since, today)

    def _doomed(self, places: dict[str, str | None], current: Version | None, today: str) -> list[Version]:
        """Return those that are deleted: a day after their retirement, where enough others are kept."""
        kept = [each for each in reversed(self.versions) if places[each.number] not in (None, "staged")]
        kept.sort(key=lambda each: each is not current)
        stored = self.retention.get("stored", len(kept))
        return [
            each
            for each in kept[stored:]
            if each.stage == places[each.number] == "retired"
            and _days(each.retired_since, today) >= 1
            and self._age(each, today) >= self._min_age
            and not each.protected
            # Whatever else says that it is retired goes with the image, and it would be the newest on offer again.
            and (each.is_revoked or (current is not None and each.order < current.order))
        ]

    def _move(self, version: Version, stage: str | None, current: Version | None, today: str) -> None:
        was_offered = version.stage in OFFERED
        version.stage = stage
        if stage in ("deprecated", "hidden", "retired"):
            version.deprecated_since = version.deprecated_since or today
            version.replaced_by = self.image_name(current) if current else version.replaced_by
        else:
            version.deprecated_since = version.replaced_by = None
        version.retired_since = (version.retired_since or today) if stage == "retired" else None
        if stage in OFFERED and self.visibility == "shared":
            kept = version.members if was_offered and not self.members_exact else frozenset()
            version.members = kept | self.members
        else:
            version.members = frozenset()


def _days(since: str | None, today: str) -> int:
    if since is None:
        return 0
    return (datetime.date.fromisoformat(today) - datetime.date.fromisoformat(since)).days
