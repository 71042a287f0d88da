# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The catalogue document: the templates of one cloud and their versions, as a person keeps them in Git."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum, is_literal
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.image import VISIBILITIES
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName, Version, check_template
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source
from ansible_collections.xloud.image.plugins.module_utils._model.template import check_properties

STAGES: t.Final = ("staged", "published", "retired")
ROOT: t.Final = "image_catalog"
DEFAULTS: t.Final = "image_catalog_defaults"

_Kinds: t.TypeAlias = "t.Mapping[str, type | tuple[type, ...]]"

# What describes an image may stand in the defaults, in a template, and in a version, which wins.
_IMAGE: t.Final[_Kinds] = {
    "properties": dict,
    "tags": list,
    "min_disk": int,
    "min_ram": int,
    "protected": bool,
    "disk_format": str,
    "container_format": str,
    "import_method": str,
}
_OFFER: t.Final[_Kinds] = {"visibility": str, "members": list, "members_exact": bool, "retention": dict}
_TEMPLATE: t.Final[_Kinds] = {**_IMAGE, **_OFFER, "description": str, "current": str, "versions": dict}
_VERSION: t.Final[_Kinds] = {**_IMAGE, "source": str, "checksum": str, "stage": str, "reason": str}
_RETENTION: t.Final[_Kinds] = {"visible": int, "available": int, "stored": int, "min_age": (str, int)}
_MERGED: t.Final = ("properties", "retention")


@dataclasses.dataclass(frozen=True)
class CatalogVersion:
    """
    One version as the document describes it.

    C(settings) holds what describes the image, by the names of the options of C(image_template).
    """

    name: ImageName
    stage: str
    source: str | None
    checksum: str | None
    reason: str | None
    settings: t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class CatalogTemplate:
    """
    One template as the document describes it.

    :param current: The version that is pinned as the current one, if one is.
    :param visible: How many of the newest versions stay listed, the current one among them; None for all.
    """

    name: str
    visibility: str | None
    members: tuple[str, ...]
    members_exact: bool
    current: Version | None
    visible: int | None
    versions: tuple[CatalogVersion, ...]


class _Problems:
    """Collects all that is wrong with a document, each with its path."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, path: str, message: str) -> None:
        self.found.append(f"{path}: {message}")

    def attempt(self, check: t.Callable[..., t.Any], *args: t.Any) -> t.Any:
        """Return what a check returns, or note its error and return None."""
        try:
            return check(*args)
        except InputError as exc:
            self.found.append(exc.message)
            return None

    def clean_keys(self, path: str, found: t.Any, kinds: _Kinds) -> bool:
        """Say whether something is a dictionary of known keys and values of their types; note what is not."""
        if not isinstance(found, dict):
            self.add(path, "must be a dictionary.")
            return False
        before = len(self.found)
        for key in found:
            if key not in kinds:
                self.add(f"{path}.{key}", f"is not known. Known are {', '.join(sorted(kinds))}.")
            elif not _is_of(found[key], kinds[key]):
                self.add(f"{path}.{key}", f"must be {_kind_name(kinds[key])}.")
        return len(self.found) == before


def _is_of(value: t.Any, kinds: type | tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return kinds is bool
    return isinstance(value, kinds)


def _kind_name(kinds: type | tuple[type, ...]) -> str:
    names = {dict: "a dictionary", list: "a list", int: "a whole number", bool: "true or false", str: "text in quotes"}
    return " or ".join(names[kind] for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))


def parse_catalog(document: t.Any, defaults: t.Any, source_directory: str) -> tuple[CatalogTemplate, ...]:
    """
    Return the templates of a catalogue document, sorted by name, their versions from the oldest to the newest.

    :param document: The value of C(image_catalog).
    :param defaults: The value of C(image_catalog_defaults), merged under every template.
    :param source_directory: The folder that relative paths start from.
    :raises InputError: The document is wrong. All that is wrong with it is listed, each with its path.
    """
    problems = _Problems()
    shared = {key: kind for key, kind in _TEMPLATE.items() if key not in ("description", "current", "versions")}
    if not problems.clean_keys(DEFAULTS, defaults, shared):
        defaults = {}
    templates = []
    if isinstance(document, dict) and document:
        for name in sorted(document, key=str):
            templates.append(_template(problems, str(name), document[name], defaults, source_directory))
    else:
        problems.add(ROOT, "must be a dictionary of templates, such as ubuntu-24.04-base, with at least one.")
    if problems.found:
        raise InputError(
            ROOT,
            f"the catalogue has {len(problems.found)} problem(s):\n  " + "\n  ".join(problems.found),
            problems=problems.found,
        )
    return tuple(template for template in templates if template)


def _template(
    problems: _Problems, name: str, found: t.Any, defaults: t.Mapping[str, t.Any], directory: str
) -> CatalogTemplate | None:
    path = f"{ROOT}.{name}"
    problems.attempt(check_template, name, path)
    if not problems.clean_keys(path, found, _TEMPLATE):
        return None
    merged = _merge(defaults, found)
    versions = [
        _version(problems, path, name, number, each, merged, directory)
        for number, each in (found.get("versions") or {}).items()
    ]
    if not versions:
        problems.add(f"{path}.versions", 'must hold at least one version, such as "1.0".')
    template = CatalogTemplate(
        name=name,
        visibility=merged.get("visibility"),
        members=tuple(map(str, merged.get("members") or ())),
        members_exact=bool(merged.get("members_exact")),
        current=problems.attempt(Version.parse, merged["current"], f"{path}.current") if "current" in merged else None,
        visible=merged.get("retention", {}).get("visible"),
        versions=tuple(sorted((each for each in versions if each), key=lambda each: each.name.version)),
    )
    _check_offer(problems, path, template, merged.get("retention", {}))
    return template


def _merge(under: t.Mapping[str, t.Any], over: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    merged = {**under, **over}
    for key in _MERGED:
        if key in under and key in over:
            merged[key] = {**under[key], **over[key]}
    return merged


def _version(
    problems: _Problems,
    template_path: str,
    template: str,
    number: t.Any,
    found: t.Any,
    merged: t.Mapping[str, t.Any],
    directory: str,
) -> CatalogVersion | None:
    path = f"{template_path}.versions.{number}"
    version = problems.attempt(Version.parse, number, path)
    if not problems.clean_keys(path, found, _VERSION) or version is None:
        return None
    settings = _merge(
        {key: merged[key] for key in _IMAGE if key in merged}, {k: found[k] for k in found if k in _IMAGE}
    )
    if "description" in merged:
        settings["properties"] = {"description": merged["description"], **settings.get("properties", {})}
    problems.attempt(check_properties, settings.get("properties", {}), f"{path}.properties")
    stage = found.get("stage", "published")
    if stage not in STAGES:
        problems.add(f"{path}.stage", f"{stage!r} is none of {', '.join(STAGES)}.")
    return CatalogVersion(
        name=ImageName(template, version),
        stage=stage,
        source=_location(problems, f"{path}.source", found.get("source"), directory),
        checksum=_checksum(problems, f"{path}.checksum", found.get("checksum"), directory),
        reason=found.get("reason"),
        settings=settings,
    )


def _location(problems: _Problems, path: str, text: str | None, directory: str) -> str | None:
    if text is None or not isinstance(text, str) or problems.attempt(Source.parse, text, path) is None:
        return None
    return text if "://" in text else os.path.join(directory, os.path.expanduser(text))


def _checksum(problems: _Problems, path: str, text: str | None, directory: str) -> str | None:
    if isinstance(text, str) and is_literal(text):
        problems.attempt(Checksum.parse, text, path)
        return text
    return _location(problems, path, text, directory)


def _check_offer(problems: _Problems, path: str, template: CatalogTemplate, retention: t.Mapping[str, t.Any]) -> None:
    if not problems.clean_keys(f"{path}.retention", retention, _RETENTION):
        return
    offered = [version for version in template.versions if version.stage == "published"]
    if template.visibility not in (None, *VISIBILITIES[1:]):
        problems.add(f"{path}.visibility", f"{template.visibility!r} is none of {', '.join(VISIBILITIES[1:])}.")
    if offered and template.visibility is None:
        problems.add(f"{path}.visibility", f"must say what a published version becomes: {', '.join(VISIBILITIES[1:])}.")
    if template.members and template.visibility != "shared":
        problems.add(f"{path}.members", "needs visibility: shared. Only shared images have members.")
    if template.visible is not None and template.visible < 1:
        problems.add(f"{path}.retention.visible", "must be at least 1: the current version stays listed.")
    if template.current and template.current not in [version.name.version for version in offered]:
        problems.add(f"{path}.current", f'"{template.current}" is not among the published versions.')
