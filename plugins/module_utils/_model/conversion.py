# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What other tools describe images with, and what becomes of it in a catalogue document."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.name import Version

OPENSTACK_CLOUD: t.Final = "openstack_cloud"
OSISM: t.Final = "osism"
FORMATS: t.Final = (OPENSTACK_CLOUD, OSISM)
# Where more images than these have a note in common, it stands once.
_MANY: t.Final = 3


class Table(dict[t.Any, t.Any]):
    """
    A dictionary out of a file.

    :param line: The line that it begins on, and C(lines) those of its keys; 0 for none that is known.
    """

    def __init__(self, pairs: t.Any = (), line: int = 0, lines: t.Mapping[t.Any, int] | None = None) -> None:
        super().__init__(pairs)
        self.line = line
        self.lines = lines or {}


def lines_of(node: t.Any) -> dict[str, int]:
    """Return the lines of the keys of a dictionary, and of those of the dictionaries in it as C(key.name)."""
    lines = {str(key): line for key, line in getattr(node, "lines", {}).items()}
    inner = [(key, value) for key, value in node.items() if isinstance(value, Table)] if lines else []
    return lines | {f"{key}.{name}": line for key, value in inner for name, line in value.lines.items()}


@dataclasses.dataclass(frozen=True)
class Opaque:
    """
    A value that nobody may or can read, so that none of it is kept.

    :param reason: Why, as in C(it is ...).
    """

    reason: str


@dataclasses.dataclass(frozen=True)
class SourceFile:
    """A file of the other tool. C(name) is its path from the folder that was named, and C(content) what YAML reads."""

    name: str
    content: t.Any


@dataclasses.dataclass(frozen=True)
class Place:
    """A line of a file, 0 for none that is known."""

    file: str
    line: int = 0

    @classmethod
    def of(cls, file: str, node: t.Any, key: t.Any = None) -> Place:
        """Return where a dictionary, or a key of it, stands."""
        line = getattr(node, "line", 0)
        return cls(file, getattr(node, "lines", {}).get(key, line))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclasses.dataclass(frozen=True)
class Note:
    """
    Something of the source that has no place in a catalogue document, or no equal one.

    :param images: What the images that it is about are called in the source, none where it is about all of them.
    :param key: The key or option that it is about.
    :param message: What becomes of it.
    :param advice: What to do, empty where nothing needs to be done.
    """

    place: Place
    images: tuple[str, ...]
    key: str
    message: str
    advice: str = ""

    @property
    def subject(self) -> str:
        """What it is about, in words: no more than a few of the images."""
        shown = ", ".join(self.images[:_MANY])
        return printable(f"{shown} and {len(self.images) - _MANY} more" if len(self.images) > _MANY else shown)

    def as_result(self) -> dict[str, t.Any]:
        """Return the note as the module returns it."""
        return {
            "place": printable(str(self.place)),
            "subject": self.subject,
            "images": [printable(each) for each in self.images],
            "key": printable(self.key),
            "message": printable(self.message),
            "advice": printable(self.advice),
        }


@dataclasses.dataclass(frozen=True)
class Draft:
    """
    One image as another tool describes it.

    :param label: What the cloud calls it today.
    :param known_as: What its new name is made of.
    :param family: What the source calls it and other builds of the same.
    :param os_version: The version of its operating system, where the source says it apart from the name.
    :param profile: What it is for, where the source says so.
    :param version: Which build it is, where the source says so.
    :param visibility: Who may see it, C(None) for its owner alone.
    :param settings: What a version of a catalogue document says of it, by the keys of the document.
    :param own: The properties that are those of this build, so that no other one has them from the template.
    """

    place: Place
    label: str
    known_as: str
    family: str = ""
    os_version: str | None = None
    profile: str | None = None
    version: Version | None = None
    visibility: str | None = None
    settings: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    own: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True)
class Renamed:
    """What an image is called today, and what its successor in the catalogue is called."""

    place: Place
    before: str
    template: str
    version: Version

    @property
    def name(self) -> str:
        """The name of the image in the catalogue."""
        return f"{self.template}-v{self.version}"

    def as_result(self) -> dict[str, str]:
        """Return it as the module returns it."""
        return {
            "place": printable(str(self.place)),
            "before": printable(self.before),
            "name": self.name,
            "template": self.template,
            "version": str(self.version),
        }


@dataclasses.dataclass(frozen=True)
class Conversion:
    """
    What a source becomes.

    :param document: By C(image_catalog_defaults) and C(image_catalog).
    :param images: What became of each image that is in the document.
    :param notes: What has no place there.
    """

    format: str
    document: t.Mapping[str, t.Any]
    images: tuple[Renamed, ...]
    notes: tuple[Note, ...]

    @property
    def common(self) -> tuple[Note, ...]:
        """The notes that are not about a few images."""
        return tuple(note for note in self.notes if not self._is_of_few(note))

    def notes_of(self, template: str) -> tuple[Note, ...]:
        """Return the notes about a few images of which the template is the first."""
        labels = {each.before: each.template for each in reversed(self.images)}
        return tuple(
            note
            for note in self.notes
            if self._is_of_few(note)
            and next((labels[each] for each in note.images if each in labels), None) == template
        )

    def _is_of_few(self, note: Note) -> bool:
        known = {each.before for each in self.images}
        return 0 < len(note.images) <= _MANY and bool(known & set(note.images))


def printable(text: str) -> str:
    """Return a text in one line, without what is no sign of a script."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
