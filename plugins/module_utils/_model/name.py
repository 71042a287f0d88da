# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Template names and versions: C(ubuntu-24.04-base) and C(1.2) make the image name C(ubuntu-24.04-base-v1.2)."""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError

EXAMPLE = "ubuntu-24.04-base-v1.2"
GRAMMAR = "<os>-<os version>-<profile>-v<major>.<minor>"

_NUMBER = "(?:0|[1-9][0-9]{0,8})"
TEMPLATE_PATTERN: t.Final = re.compile(
    r"(?P<os>[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*)"
    r"-(?P<os_version>[0-9][a-z0-9.]*)"
    r"-(?P<profile>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)"
)
VERSION_PATTERN: t.Final = re.compile(rf"(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})")
_IMAGE = re.compile(rf"(?P<template>.+)-v(?P<version>{_NUMBER}\.{_NUMBER})")


@dataclasses.dataclass(frozen=True, order=True)
class Version:
    """One build of a template. Versions order as numbers: 1.10 is newer than 1.9."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: t.Any, option: str = "version") -> Version:
        """
        Return the version that C(text) names.

        :raises InputError: It is not text, or not C(<major>.<minor>).
        """
        if isinstance(text, (int, float)):
            raise InputError(
                option, f'{text} is a number, and numbers lose their zeros: 1.10 is 1.1. Write "1.10" in quotes.'
            )
        match = VERSION_PATTERN.fullmatch(text) if isinstance(text, str) else None
        if not match:
            raise InputError(
                option, f'{text!r} is not a version. Write <major>.<minor> in quotes, such as "1.2" or "1.10".'
            )
        return cls(int(match["major"]), int(match["minor"]))

    def next(self) -> Version:
        """Return the version that follows: the next minor one."""
        return Version(self.major, self.minor + 1)

    def next_major(self) -> Version:
        """Return the first version of the next major one."""
        return Version(self.major + 1, 0)

    def parts(self) -> dict[str, t.Any]:
        """Return the version and its two numbers by their names."""
        return {"version": str(self), **dataclasses.asdict(self)}

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@dataclasses.dataclass(frozen=True)
class TemplateName:
    """The name of a template, taken apart."""

    os: str
    os_version: str
    profile: str

    @classmethod
    def parse(cls, text: t.Any, option: str = "template") -> TemplateName:
        """
        Return the parts of C(text), a template's name C(<os>-<os version>-<profile>).

        :raises InputError: It is not such a name.
        """
        match = TEMPLATE_PATTERN.fullmatch(text) if isinstance(text, str) else None
        if not match:
            raise InputError(
                option,
                f"{text!r} is not a template name. Write <os>-<os version>-<profile> in lower case, "
                f"such as ubuntu-24.04-base.",
            )
        return cls(**match.groupdict())

    def parts(self) -> dict[str, t.Any]:
        """Return the template and its parts by their names."""
        return {"template": str(self), **dataclasses.asdict(self)}

    def __str__(self) -> str:
        return f"{self.os}-{self.os_version}-{self.profile}"


def check_template(text: t.Any, option: str = "template") -> str:
    """
    Return C(text), a template's name C(<os>-<os version>-<profile>).

    :raises InputError: It is not such a name.
    """
    return str(TemplateName.parse(text, option))


@dataclasses.dataclass(frozen=True, order=True)
class ImageName:
    """The name of one version of a template."""

    template: str
    version: Version

    @classmethod
    def parse(cls, text: t.Any, option: str = "name") -> ImageName:
        """
        Return the template and version that C(text) names.

        :raises InputError: It does not follow the grammar.
        """
        match = _IMAGE.fullmatch(text) if isinstance(text, str) else None
        if not match or not TEMPLATE_PATTERN.fullmatch(match["template"]):
            raise InputError(option, f"{text!r} is not an image name. Write {GRAMMAR}, such as {EXAMPLE}.")
        return cls(match["template"], Version.parse(match["version"]))

    @classmethod
    def from_parts(cls, parts: t.Mapping[str, t.Any]) -> ImageName:
        """
        Return the name that C(template) and C(version) make.

        :raises InputError: One of them is missing or wrong, or another part says something else.
        """
        name = cls(check_template(parts.get("template")), Version.parse(parts.get("version")))
        for key, value in name.parts().items():
            if parts.get(key, value) != value:
                raise InputError(key, f"{parts[key]!r} is not what {name} says, {value!r}. Change template or version.")
        return name

    def parts(self) -> dict[str, t.Any]:
        """Return what the name is made of, by their names."""
        return {**TemplateName.parse(self.template).parts(), **self.version.parts()}

    def next(self) -> ImageName:
        """Return the name of the version that follows."""
        return ImageName(self.template, self.version.next())

    def next_major(self) -> ImageName:
        """Return the name of the first version of the next major one."""
        return ImageName(self.template, self.version.next_major())

    def __str__(self) -> str:
        return self._text

    @functools.cached_property
    def _text(self) -> str:
        return f"{self.template}-v{self.version}"


def parse_name_or_version(text: t.Any, option: str = "name") -> ImageName | Version:
    """
    Return the image name or the version that C(text) is.

    :raises InputError: It is neither.
    """
    # Every image name has a dash, and no version has one: whoever mistypes one reads about that one.
    parse = ImageName.parse if isinstance(text, str) and "-" in text else Version.parse
    return parse(text, option)


def is_newer(text: t.Any, other: t.Any) -> bool:
    """
    Say whether an image name is newer than another of its template, or a version newer than another.

    :raises InputError: One of them is neither, or the two have no order.
    """
    mine, theirs = parse_name_or_version(text), parse_name_or_version(other, "other")
    if isinstance(mine, ImageName) and isinstance(theirs, ImageName):
        if mine.template != theirs.template:
            raise InputError("other", f"{theirs} cannot be compared with {mine}: they are images of two templates.")
        return mine.version > theirs.version
    if isinstance(mine, Version) and isinstance(theirs, Version):
        return mine > theirs
    raise InputError("other", f"{theirs} cannot be compared with {mine}: one is an image name, the other a version.")
