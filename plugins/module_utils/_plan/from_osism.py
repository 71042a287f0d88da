# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The images of the definitions that C(openstack-image-manager) reads."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.conversion import (
    Draft,
    Note,
    Opaque,
    Place,
    SourceFile,
    lines_of,
)
from ansible_collections.xloud.image.plugins.module_utils._model.name import Version
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source
from ansible_collections.xloud.image.plugins.module_utils._plan.carry import Carrier
from ansible_collections.xloud.image.plugins.module_utils._plan.suggestion import FIRST, has_number, suggest_version

LATEST: t.Final = "latest"
_LATEST_KEYS: t.Final = ("latest_url", "latest_checksum_url")
_GENERIC: t.Final = "generic"
_HIDDEN_STAGE: t.Final = "hidden"
# What the other tool keeps on images by properties, under the name that they have there.
_LOGIN: t.Final = "image_original_user"
_BUILD_DATE: t.Final = "image_build_date"
_ORIGIN: t.Final = "image_source"


def is_definition_file(file: SourceFile) -> bool:
    """Say whether a file holds definitions of images: a list of dictionaries that have versions."""
    images = file.content.get("images") if isinstance(file.content, dict) else None
    return isinstance(images, list) and any(isinstance(each, dict) and "versions" in each for each in images)


def read_definitions(files: t.Sequence[SourceFile]) -> tuple[list[Draft], list[Note]]:
    """Return the images that the definitions of some files describe, and all that a document cannot say of them."""
    drafts: list[Draft] = []
    notes: list[Note] = []
    for file in files:
        if isinstance(file.content, Opaque):
            words = f"the file was not read: it is {file.content.reason}"
            notes.append(Note(Place(file.name), (), "", words, "decrypt or mend it, or see to what it holds by hand"))
        elif is_definition_file(file):
            for each in file.content["images"]:
                found, said = _read_definition(each, file.name)
                drafts += found
                notes += said
    if drafts:
        notes.append(
            Note(
                drafts[0].place,
                (),
                "tags",
                "openstack-image-manager puts the tags managed_by_osism and os:<distribution> on its images; they are "
                "left out, so that it does not take the new images for its own",
                "add os:<distribution> to tags where somebody looks for it",
            )
        )
    return drafts, notes


def _read_definition(found: t.Any, file: str) -> tuple[list[Draft], list[Note]]:
    place = Place.of(file, found)
    name = found.get("name") if isinstance(found, dict) else None
    if not isinstance(name, str) or not name:
        return [], [
            Note(place, (), "name", "an image is left out: it has no name that can be read", "write it by hand")
        ]
    definition = dict(found)
    carrier = Carrier(place, name, lines_of(found))
    if carrier.as_flag(definition.pop("enable", True)) is False:
        carrier.note(
            "enable", "it is left out, since it is not enabled", "enable it in a copy of the file, and convert that"
        )
        return [], carrier.notes
    drafts = _Definition(definition, carrier).drafts()
    return drafts, carrier.notes


class _Definition:
    """One entry of C(images), and the images that its versions make."""

    def __init__(self, definition: dict[str, t.Any], carrier: Carrier) -> None:
        self._carrier = carrier
        self._name = str(definition.pop("name"))
        self._shortname = definition.pop("shortname", None)
        if self._shortname is not None and not isinstance(self._shortname, str):
            carrier.unknown("shortname", self._shortname)
        self._multi = carrier.as_flag(definition.pop("multi", True)) is not False
        self._separator = str(definition.pop("separator", " "))
        self._versions = definition.pop("versions", None) or []
        self._meta = definition.pop("meta", None)
        self._settings = self._common(definition)
        self._visibility = definition.pop("visibility", None)
        self._status = definition.pop("status", "active")
        self._rest(definition)

    def _common(self, definition: dict[str, t.Any]) -> dict[str, t.Any]:
        carrier, settings = self._carrier, dict[str, t.Any]()
        carrier.text(settings, "disk_format", definition.pop("format", None), "")
        for key in ("min_disk", "min_ram"):
            carrier.whole(settings, key, definition.pop(key, None))
        carrier.texts(settings, "tags", definition.pop("tags", None))
        carrier.properties(settings, self._meta_of(self._meta), "meta")
        if "login" in definition:
            carrier.one_property(settings, "login", _LOGIN, definition.pop("login"))
        return settings

    def _meta_of(self, meta: t.Any) -> t.Any:
        """Return the properties of a definition or a version, and note those that mean more than they say."""
        if not isinstance(meta, dict):
            return meta
        validity = meta.get("uuid_validity")
        if isinstance(validity, str) and validity.startswith("last-"):
            self._carrier.note(
                "meta.uuid_validity",
                "it becomes a property, and nothing is taken away for its sake",
                f"to keep so many versions usable, write retention: {{available: {validity.removeprefix('last-')}}}",
            )
        for key in ("uuid_validity", "provided_until"):
            if isinstance(meta.get(key), datetime.date) or (key, meta.get(key)) == ("uuid_validity", "notice"):
                self._carrier.note(
                    f"meta.{key}",
                    "it becomes a property, and nothing happens on that day",
                    "to retire the images then, write retire_on",
                )
        return meta

    def _rest(self, definition: t.Mapping[str, t.Any]) -> None:
        carrier = self._carrier
        if "password" in definition:
            carrier.note(
                "password", "it is left out: a password has no place in a catalogue", "keep it where it is safe"
            )
        if "keep" in definition:
            carrier.note("keep", "it is left out: without retention.stored and purge nothing is deleted", "")
        latest = [key for key in _LATEST_KEYS if key in definition]
        if latest:
            carrier.note(
                ", ".join(latest),
                "they are for the script that writes new versions into the definitions, and left out",
                "add new versions to the document by a pull request",
            )
        for key, value in definition.items():
            if key in ("password", "keep", *_LATEST_KEYS):
                continue
            if isinstance(value, Opaque):
                carrier.unknown(key, value)
            else:
                carrier.note(key, "this key is not known, and left out", "look up what it does")

    def drafts(self) -> list[Draft]:
        """Return an image for each version."""
        found = self._versions if isinstance(self._versions, list) else []
        versions = [each for each in found if isinstance(each, dict)]
        if len(versions) < len(found):
            self._carrier.note("versions", "what is no dictionary among them is left out", "write it by hand")
        if not versions:
            self._carrier.note("versions", "it is left out: it has no versions", "")
        newest = max((str(each.get("version")) for each in versions), key=_natural, default="")
        return [draft for each in versions for draft in self._draft(each, newest)]

    def _draft(self, found: dict[str, t.Any], newest: str) -> list[Draft]:
        text = found.get("version")
        own = dict(found)
        own.pop("version", None)
        if not isinstance(text, (str, int, float)) or isinstance(text, bool):
            self._carrier.note(
                "versions", "a version is left out: it has no number that can be read", "write it by hand"
            )
            return []
        text = str(text)
        carrier = Carrier(Place.of(self._carrier.place.file, found), self._label(text, newest), lines_of(found))
        settings = {**self._settings, "properties": dict(self._settings.get("properties", {}))}
        build_date = self._build_date(own, carrier)
        self._data(own, settings, build_date, carrier)
        os_version = own.pop("os_version", None)
        if os_version is not None or not self._multi:
            carrier.one_property(settings, "os_version", "os_version", os_version if self._multi else text)
        meta = own.pop("meta", None)
        carrier.properties(settings, self._meta_of(meta), "meta")
        visibility = self._offer(own, settings, carrier)
        if not settings["properties"]:
            del settings["properties"]
        self._leave(own, carrier)
        self._carrier.notes += carrier.notes
        version = self._version(text, build_date)
        if version is None:
            self._carrier.note(
                "versions",
                f"version {text} is left out: it is no number, and no build_date stands in for it",
                "write it by hand, with the URL and the checksum of one build",
            )
            return []
        ours = frozenset({_ORIGIN, _BUILD_DATE, *(map(str, meta) if isinstance(meta, dict) else ())})
        return [dataclasses.replace(self._as_draft(carrier, text, version, visibility, settings), own=ours)]

    @staticmethod
    def _build_date(own: dict[str, t.Any], carrier: Carrier) -> str | None:
        value = own.pop("build_date", None)
        if isinstance(value, datetime.date):
            return value.isoformat()[:10]
        if isinstance(value, str) and value:
            return value
        if value is not None:
            carrier.unknown("build_date", value)
        return None

    @property
    def _known_as(self) -> str:
        return self._shortname if isinstance(self._shortname, str) and self._shortname else self._name

    def _version(self, text: str, build_date: str | None) -> Version | None:
        """Return which build a version is. Where it is that of the operating system, there is one build of each."""
        if not self._multi and not has_number(self._known_as):
            return FIRST
        return suggest_version(text) or (suggest_version(build_date) if build_date else None)

    def _as_draft(
        self, carrier: Carrier, text: str, version: Version, visibility: str | None, settings: dict[str, t.Any]
    ) -> Draft:
        purpose = settings.get("properties", {}).get("os_purpose", _GENERIC)
        return Draft(
            place=carrier.place,
            label=carrier.label,
            known_as=self._known_as,
            family=self._name,
            os_version=text if not self._multi else carrier.os_version(settings),
            profile=None if purpose == _GENERIC else purpose,
            version=version,
            visibility=visibility,
            settings=settings,
        )

    def _label(self, version: str, newest: str) -> str:
        """Return what the cloud calls the image of a version today."""
        if not self._multi:
            return f"{self._name}{self._separator}{version}"
        return self._name if version == newest else f"{self._name}{self._separator}({version})"

    def _data(
        self, own: dict[str, t.Any], settings: dict[str, t.Any], build_date: str | None, carrier: Carrier
    ) -> None:
        url, mirror, origin = own.pop("url", None), own.pop("mirror_url", None), own.pop("source", None)
        carrier.source(settings, "mirror_url" if mirror else "url", mirror or url)
        origin = origin or url
        if isinstance(origin, str) and "://" in origin and not origin.startswith("file:"):
            carrier.one_property(settings, "url", _ORIGIN, _public(origin))
        if build_date:
            settings["properties"][_BUILD_DATE] = build_date
        if "checksum" in own:
            carrier.checksum(settings, "checksum", own.pop("checksum"))
        for key in [key for key in ("checksums_url", "checksum_url") if key in own]:
            if "checksum" in settings:
                carrier.note(key, "it is left out: another key has the checksum already")
                del own[key]
            else:
                carrier.sums(settings, key, own.pop(key))

    def _offer(self, own: dict[str, t.Any], settings: dict[str, t.Any], carrier: Carrier) -> str | None:
        hidden = carrier.as_flag(own.pop("hidden", False))
        visibility = own.pop("visibility", self._visibility)
        if not isinstance(hidden, bool):
            carrier.unknown("hidden", hidden)
        if self._status not in ("active", "deactivated"):
            carrier.unknown("status", self._status)
        if self._status == "deactivated":
            settings["stage"] = "retired"
            carrier.note("status", "deactivated becomes stage: retired, which makes the image private as well", "")
        elif hidden is True:
            settings["stage"] = _HIDDEN_STAGE
        if visibility == "private":
            settings.setdefault("stage", "staged")
            carrier.note(
                "visibility",
                "a catalogue offers what it holds, so that a private image becomes stage: staged",
                "to offer it, give the template a visibility and take stage away",
            )
            return None
        if visibility in ("public", "community", "shared"):
            if visibility == "shared":
                carrier.note(
                    "visibility", "the definition does not say who shares the image", "name the projects as members"
                )
            return str(visibility)
        if visibility is None:
            carrier.note(
                "visibility", "nothing says who may see it: the image becomes stage: staged", "write it by hand"
            )
        else:
            carrier.unknown("visibility", visibility, "the image becomes stage: staged")
        settings.setdefault("stage", "staged")
        return None

    @staticmethod
    def _leave(own: t.Mapping[str, t.Any], carrier: Carrier) -> None:
        for key in own:
            if key == "id":
                carrier.note(
                    "id",
                    "the collection gives ids itself, and the image of today keeps its own",
                    "give consumers the current id with the lookup xloud.image.current",
                )
            elif key == "image_description":
                carrier.note("image_description", "it is left out", "write description, which is one of the template")
            else:
                carrier.note(key, "this key is not known, and left out", "look up what it does")


def _natural(text: str) -> tuple[t.Any, ...]:
    """Return what versions are sorted by: numbers as numbers, and words by their letters."""
    pieces = "".join(each if each.isdigit() else f"\0{each}\0" for each in text).split("\0")
    return tuple((0, int(each), "") if each.isascii() and each.isdigit() else (1, 0, each) for each in pieces if each)


def _public(url: str) -> str:
    return str(Source(url)) if Source(url).secrets else url
