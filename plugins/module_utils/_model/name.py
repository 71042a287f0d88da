# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Template names and versions: C(ubuntu-24.04-base) and C(1.2) make the image name C(ubuntu-24.04-base-v1.2)."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError

EXAMPLE = "ubuntu-24.04-base-v1.2"
GRAMMAR = "<os>-<os version>-<profile>-v<major>.<minor>"

_NUMBER = "(?:0|[1-9][0-9]{0,8})"
_TEMPLATE = re.compile(
    r"(?P<os>[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*)"
    r"-(?P<os_version>[0-9][a-z0-9.]*)"
    r"-(?P<profile>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)"
)
_VERSION = re.compile(rf"(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})")
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
        if not isinstance(text, str):
            raise InputError(
                option, f'{text} is a number, and numbers lose their zeros: 1.10 is 1.1. Write "1.10" in quotes.'
            )
        match = _VERSION.fullmatch(text)
        if not match:
            raise InputError(
                option, f'{text!r} is not a version. Write <major>.<minor> in quotes, such as "1.2" or "1.10".'
            )
        return cls(int(match["major"]), int(match["minor"]))

    def next(self) -> Version:
        """Return the version that follows: the next minor one."""
        return Version(self.major, self.minor + 1)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


def check_template(text: str, option: str = "template") -> str:
    """
    Return C(text), a template's name C(<os>-<os version>-<profile>).

    :raises InputError: The text is not such a name.
    """
    if not _TEMPLATE.fullmatch(text):
        raise InputError(
            option,
            f"{text!r} is not a template name. Write <os>-<os version>-<profile> in lower case, "
            f"such as ubuntu-24.04-base.",
        )
    return text


@dataclasses.dataclass(frozen=True, order=True)
class ImageName:
    """The name of one version of a template."""

    template: str
    version: Version

    @classmethod
    def parse(cls, text: str, option: str = "name") -> ImageName:
        """
        Return the template and version that C(text) names.

        :raises InputError: The text does not follow the grammar.
        """
        match = _IMAGE.fullmatch(text)
        if not match or not _TEMPLATE.fullmatch(match["template"]):
            raise InputError(option, f"{text!r} is not an image name. Write {GRAMMAR}, such as {EXAMPLE}.")
        return cls(match["template"], Version.parse(match["version"]))

    def next(self) -> ImageName:
        """Return the name of the version that follows."""
        return ImageName(self.template, self.version.next())

    def __str__(self) -> str:
        return f"{self.template}-v{self.version}"
