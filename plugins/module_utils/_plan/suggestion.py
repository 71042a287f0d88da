# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What an image that was named freely is called in a catalogue."""

from __future__ import annotations

import itertools
import re

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.name import (
    TEMPLATE_PATTERN,
    VERSION_PATTERN,
    ImageName,
    TemplateName,
    Version,
)

FIRST: Version = Version(1, 0)
PROFILE = "base"

_WORD = re.compile(r"[a-z][a-z0-9]*")
_NUMBER = re.compile(r"[0-9][a-z0-9.]*")
# win2019, rhel8.5
_GLUED = re.compile(r"(?P<os>[a-z]+)(?P<version>[0-9]+(?:\.[0-9]+)*)")
_RELEASE = re.compile(rf"v({VERSION_PATTERN.pattern})")
_DATE = re.compile(r"(?P<year>20[0-9]{2})-?(?P<month>0[1-9]|1[0-2])-?(?P<day>0[1-9]|[12][0-9]|3[01])")
_WHOLE = re.compile(r"[1-9][0-9]{0,8}")


def suggest_version(text: str) -> Version | None:
    """Return what a build is called in a catalogue, such as C(20240830.0) for C(2024-08-30); None for no idea."""
    date = _DATE.fullmatch(text)
    if date:
        return Version(int("".join(date.groups())), 0)
    if _WHOLE.fullmatch(text):
        return Version(int(text), 0)
    return Version.parse(text) if VERSION_PATTERN.fullmatch(text) else None


def suggest_name(text: str, os_version: str | None = None, profile: str | None = None) -> tuple[str, Version | None]:
    """
    Return the template that a free name means, and the version where the name has one.

    :param os_version: The version of the operating system, for a name that has none.
    :param profile: What the image is for, for a name that does not say so.
    :raises InputError: There is no operating system and no version of one in it.
    """
    try:
        own = ImageName.parse(text)
    except InputError:
        pass
    else:
        return own.template, own.version
    words, version = _words(text)
    os_words = list(itertools.takewhile(_WORD.fullmatch, words))
    rest = words[len(os_words) :]
    if rest and os_words:
        number, rest = rest[0], rest[1:]
    elif os_words and os_version and _NUMBER.fullmatch(os_version.lower()):
        # Without a number in the name, only its first word is known to be the operating system.
        number, os_words, rest = os_version.lower(), os_words[:1], os_words[1:]
    else:
        raise InputError("names", "has no operating system and version in it.")
    suffix = "-".join(each.replace(".", "-").strip("-") for each in rest) or profile or PROFILE
    name = f"{'-'.join(os_words)}-{number.rstrip('.')}-{suffix if suffix[0].isalpha() else f'{PROFILE}-{suffix}'}"
    name = re.sub("-+", "-", name).rstrip("-")
    if not TEMPLATE_PATTERN.fullmatch(name):
        raise InputError("names", "makes no name of a template.")
    return str(TemplateName.parse(name)), version


def has_number(text: str) -> bool:
    """Say whether a free name has the version of an operating system in it."""
    return any(map(_NUMBER.fullmatch, _words(text)[0]))


def _words(text: str) -> tuple[list[str], Version | None]:
    """Return the words and numbers of a name in lower case, and the version that was among them."""
    lowered = text.lower()
    date = re.search(rf"(?<![0-9a-z.]){_DATE.pattern}(?![0-9a-z])", lowered)
    version = suggest_version(date[0]) if date else None
    if date:
        lowered = f"{lowered[: date.start()]} {lowered[date.end() :]}"
    words = [each for each in (part.strip(".") for part in re.split("[^a-z0-9.]+", lowered)) if each]
    release = next((each for each in words if _RELEASE.fullmatch(each)), None)
    if release and len(words) > 1:
        words.remove(release)
        version = Version.parse(release[1:])
    glued = _GLUED.fullmatch(words[0]) if words else None
    if glued and not any(map(_NUMBER.fullmatch, words)):
        words[:1] = glued["os"], glued["version"]
    return words, version
