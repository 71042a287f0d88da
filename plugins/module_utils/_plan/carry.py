# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What carries single values of another tool over into a catalogue document, and notes what it cannot carry."""

from __future__ import annotations

import datetime
import os
import re
import typing as t
import urllib.parse

from ansible_collections.xloud.image.plugins.module_utils._model.checksum import ALGORITHMS, DIGITS
from ansible_collections.xloud.image.plugins.module_utils._model.conversion import Note, Opaque, Place
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.image import BASE_ATTRIBUTES, LIFECYCLE
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source

_FLAGS: t.Final = {
    **dict.fromkeys(("yes", "on", "1", "true", "t", "y"), True),
    **dict.fromkeys(("no", "off", "0", "false", "f", "n"), False),
}
_SECRETS: t.Final = ("passcode", "passphrase", "password", "secret", "token")
_DIGEST = re.compile(r"(?:(?P<algorithm>[a-z0-9]+):)?(?P<digest>[0-9a-fA-F]{32,128})")


class Carrier:
    """
    Writes the values of one image into its settings, and notes what it leaves out.

    None of the notes has a value in it: somebody may have put a password where none belongs.

    :param label: What the source calls the image.
    :param lines: The lines of its keys.
    """

    def __init__(self, place: Place, label: str, lines: t.Mapping[str, int]) -> None:
        self.place = place
        self.label = label
        self.notes: list[Note] = []
        self._lines = lines

    def note(self, key: str, message: str, advice: str = "") -> None:
        """Note something about a key."""
        line = self._lines.get(key) or self._lines.get(key.partition(".")[0]) or self.place.line
        self.notes.append(Note(Place(self.place.file, line), (self.label,), key, message, advice))

    def unknown(self, key: str, value: t.Any, instead: str = "it is left out") -> None:
        """Note that a value cannot be taken for what the key needs."""
        reason = f"is {value.reason}" if isinstance(value, Opaque) else "is none that the key can have"
        self.note(key, f"its value {reason}: {instead}", "write it by hand")

    def source(self, settings: dict[str, t.Any], key: str, value: t.Any) -> None:
        """Carry over the place of the data. Without one, an image that is in the cloud can still be adopted."""
        if value is None:
            self.note("source", "nothing says where the data comes from", "name the file or URL as source")
            return
        text = _without_file_scheme(value) if isinstance(value, str) else ""
        try:
            source = Source.parse(text) if text else None
        except InputError:
            source = None
        if source is None:
            self.unknown(key, value)
            return
        if source.secrets:
            text = str(source)
            self.note(
                key,
                "the URL has credentials or a signature in it, which are left out",
                "give the data by a URL that needs none, or download it first",
            )
        settings["source"] = text

    def checksum(self, settings: dict[str, t.Any], key: str, value: t.Any) -> None:
        """Carry over a digest that data can be verified by."""
        match = _DIGEST.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.unknown(key, value)
            return
        by_length = {digits: algorithm for algorithm, digits in DIGITS.items()}
        algorithm = match["algorithm"] or by_length.get(len(match["digest"]), "md5")
        if DIGITS.get(algorithm) != len(match["digest"]):
            named = algorithm if algorithm in ALGORITHMS else "that algorithm"
            self.note(
                key,
                f"a digest by {named} is left out: data is verified by SHA-256 and SHA-512",
                "declare sha256:… or sha512:…, or the SUMS file of the vendor",
            )
            return
        settings["checksum"] = f"{algorithm}:{match['digest'].lower()}"

    def sums(self, settings: dict[str, t.Any], key: str, value: t.Any) -> None:
        """Carry over the URL of a file of digests."""
        try:
            place = Source.parse(value) if isinstance(value, str) and value else None
        except InputError:
            place = None
        if place is None or place.secrets:
            self.unknown(key, value)
            return
        settings["checksum"] = value

    def whole(self, settings: dict[str, t.Any], key: str, value: t.Any) -> None:
        """Carry over a number of GiB or MiB."""
        if value is None:
            return
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.unknown(key, value)
            return
        settings[key] = value

    def as_flag(self, value: t.Any) -> t.Any:
        """Return the truth that Ansible takes a value for, or the value itself."""
        return _FLAGS.get(str(value).lower(), value) if isinstance(value, (str, int)) else value

    def flag(self, settings: dict[str, t.Any], key: str, value: t.Any, name: str = "") -> None:
        """Carry over yes or no."""
        if value is None:
            return
        flag = self.as_flag(value)
        if not isinstance(flag, bool):
            self.unknown(key, value)
            return
        settings[name or key] = flag

    def text(self, settings: dict[str, t.Any], key: str, value: t.Any, usual: str) -> None:
        """Carry over a word, unless it is the usual one."""
        if value is None or value == usual:
            return
        if not isinstance(value, str) or not value:
            self.unknown(key, value)
            return
        settings[key] = value

    def choice(self, settings: dict[str, t.Any], key: str, value: t.Any, choices: t.Collection[str]) -> None:
        """Carry over one of a few words."""
        if not isinstance(value, str) or value not in choices:
            self.unknown(key, value)
            return
        settings[key] = value

    def texts(self, settings: dict[str, t.Any], key: str, value: t.Any) -> None:
        """Carry over a list of words, or words with commas between them."""
        if value is None or value == [] or value == "":
            return
        found = [each.strip() for each in value.split(",")] if isinstance(value, str) else value
        if not isinstance(found, list):
            self.unknown(key, value)
            return
        known = [str(each) for each in found if isinstance(each, (str, int)) and not isinstance(each, bool)]
        if len(known) < len(found):
            self.unknown(key, next((each for each in found if isinstance(each, Opaque)), value), "a part is left out")
        if known:
            settings[key] = known

    def properties(self, settings: dict[str, t.Any], value: t.Any, key: str = "properties") -> None:
        """Carry over custom properties, as the texts that they are in the cloud."""
        if value is None:
            return
        if not isinstance(value, dict):
            self.unknown(key, value)
            return
        found = {str(name): self._property(f"{key}.{name}", str(name), each) for name, each in value.items()}
        known = {name: each for name, each in found.items() if each is not None}
        if known:
            settings["properties"] = {**settings.get("properties", {}), **known}

    def _property(self, path: str, name: str, value: t.Any) -> str | None:
        if name in BASE_ATTRIBUTES or name.startswith("os_glance_"):
            self.note(path, "it is an attribute of the image and no property, and left out", "use the key made for it")
        elif name in LIFECYCLE or name.startswith("xloud_image_"):
            self.note(path, "the collection keeps this property itself, and it is left out")
        elif any(word in name.lower() for word in _SECRETS):
            self.note(
                path,
                "it is named like a secret, and left out: everybody reads the properties of an image",
                "keep it out of images",
            )
        elif value is None:
            self.note(path, "it has no value, and is left out")
        elif isinstance(value, bool):
            return "true" if value else "false"
        elif isinstance(value, (str, int, float)):
            if isinstance(value, float):
                self.note(
                    path,
                    f"it is a number in the source, and becomes the text {value}",
                    "compare it with the source, since numbers lose their zeros",
                )
            return str(value)
        elif isinstance(value, datetime.date):
            return value.isoformat()
        else:
            self.unknown(path, value)
        return None

    def os_version(self, settings: t.Mapping[str, t.Any]) -> str | None:
        """Return the version of the operating system as far as the properties say it."""
        found = settings.get("properties", {}).get("os_version")
        return found if isinstance(found, str) else None


def _without_file_scheme(text: str) -> str:
    """Return the path that a C(file:) URL means, and anything else as it is."""
    if not text.startswith("file:"):
        return text
    path = urllib.parse.unquote(text.removeprefix("file:"))
    return f"{os.sep}{path.lstrip(os.sep)}" if path.startswith("//") else path
