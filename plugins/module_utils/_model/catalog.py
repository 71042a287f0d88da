# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The catalogue document: what a platform team wants its catalogue to be."""

from __future__ import annotations

import dataclasses
import itertools
import os
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum, is_literal
from ansible_collections.xloud.image.plugins.module_utils._model.document import (
    DATES,
    DEFAULTS,
    IMAGE,
    MERGED,
    ROOT,
    SHARED,
    TEMPLATE,
    VERSION_KEYS,
    Keys,
    days,
)
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName, Version, check_template
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import Promotion, requirements
from ansible_collections.xloud.image.plugins.module_utils._model.signature import Signing, parse_signing
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source
from ansible_collections.xloud.image.plugins.module_utils._model.stores import check_stores
from ansible_collections.xloud.image.plugins.module_utils._model.template import check_properties

WhileUsed = t.Literal["keep", "hide", "retire"]


@dataclasses.dataclass(frozen=True)
class Retention:
    """
    How many of the newest versions stay listed, usable, and stored; None for all of them.

    :param min_age: The days that have to pass after a version was replaced before it is retired or deleted.
    :param while_used: What becomes of a version that would be retired, and is in use: it stays as it is, is hidden, or
        is retired all the same. None is deleted while it is in use.
    """

    visible: int | None = None
    available: int | None = None
    stored: int | None = None
    min_age: int = 0
    while_used: WhileUsed = "hide"


@dataclasses.dataclass(frozen=True)
class CatalogVersion:
    """
    One version as the document describes it. None stands for what it does not say.

    C(settings) holds what describes the image, by the names of the options of C(image_template); C(own) holds what of
    it the version says itself, and has not from its template or the defaults.

    :param listed: The document has the version, rather than the cloud alone.
    :param signature_fault: What keeps the signature of its image from being verified, in words, if that is known.
    """

    name: ImageName
    stage: str | None = None
    source: str | None = None
    checksum: str | None = None
    reason: str | None = None
    revoked: bool | None = None
    retire_on: str | None = None
    delete_on: str | None = None
    settings: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    own: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    listed: bool = True
    signature_fault: str = ""

    @property
    def signature(self) -> Signing | None:
        """How its image is to be signed."""
        return self.settings.get("signature")


@dataclasses.dataclass(frozen=True)
class CatalogTemplate:
    """
    One template as the document describes it, its versions from the oldest to the newest.

    :param current: The version that is pinned as the current one, if one is.
    """

    name: str
    visibility: str | None = None
    members: tuple[str, ...] = ()
    members_exact: bool = False
    current: Version | None = None
    retention: Retention = dataclasses.field(default_factory=Retention)
    promotion: Promotion = dataclasses.field(default_factory=Promotion)
    versions: tuple[CatalogVersion, ...] = ()


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

    def clean(self, path: str, found: t.Any, keys: Keys) -> dict[str, t.Any]:
        """Return the pairs of a dictionary that are known and of their kind, and note those that are not."""
        if not isinstance(found, dict):
            self.add(path, "must be a dictionary.")
            return {}
        clean = {}
        for name, value in found.items():
            key = keys.get(name)
            if key is None:
                self.add(f"{path}.{name}", f"is not known. Known are {', '.join(sorted(keys))}.")
            elif value is None:
                self.add(f"{path}.{name}", f"has no value. It must be {key.kind.words}, or be left out.")
            elif not key.kind.accepts(value):
                self.add(f"{path}.{name}", f"must be {key.kind.words}, and is {_shown(value)}.")
            elif key.keys and name != "versions":
                clean[name] = self.clean(f"{path}.{name}", value, key.keys)
            else:
                clean[name] = value
        return clean


def _shown(value: t.Any) -> str:
    # A secret may stand in a list or dictionary, where nobody knows it as one.
    return "a list" if isinstance(value, list) else "a dictionary" if isinstance(value, dict) else repr(value)


def compose(documents: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[t.Any, t.Any]:
    """
    Return the catalogue and the defaults that several documents make together, by C(ROOT) and C(DEFAULTS) in each.

    Of what two say of one template, or of one version, or of one default, the later wins.
    """
    catalog: t.Any = {}
    defaults: t.Any = {}
    for document in documents:
        defaults = _over(defaults, document.get(DEFAULTS, {}))
        catalog = _composed(catalog, document.get(ROOT, {}))
    return catalog, defaults


def _composed(under: t.Any, over: t.Any) -> t.Any:
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    composed = dict(under)
    for name, template in over.items():
        before = under.get(name)
        if isinstance(before, dict) and isinstance(template, dict):
            versions = _over(before.get("versions", {}), template.get("versions", {}))
            template = {**before, **template, "versions": versions}
        composed[name] = template
    return composed


def _over(under: t.Any, over: t.Any) -> t.Any:
    return {**under, **over} if isinstance(under, dict) and isinstance(over, dict) else over


def parse_catalog(document: t.Any, defaults: t.Any, source_directory: str) -> tuple[CatalogTemplate, ...]:
    """
    Return the templates of a catalogue document, sorted by name.

    :param document: The value of C(image_catalog).
    :param defaults: The value of C(image_catalog_defaults), merged under every template.
    :param source_directory: The folder that relative paths start from.
    :raises InputError: The document is wrong. All that is wrong with it is listed, each with its path.
    """
    problems = _Problems()
    shared = problems.clean(DEFAULTS, defaults, SHARED)
    templates = []
    if isinstance(document, dict) and document:
        for name in sorted(document, key=str):
            templates.append(_template(problems, str(name), document[name], shared, source_directory))
    else:
        problems.add(ROOT, "must be a dictionary of templates, such as ubuntu-24.04-base, with at least one.")
    if problems.found:
        raise InputError(
            ROOT,
            f"the catalogue has {len(problems.found)} problem(s):\n  " + "\n  ".join(problems.found),
            problems=problems.found,
        )
    return tuple(templates)


def default_retention(defaults: t.Mapping[str, t.Any]) -> Retention:
    """Return the retention of templates that a document does not have, from its defaults."""
    return _retention(defaults.get("retention", {}))


def _template(
    problems: _Problems, name: str, found: t.Any, defaults: t.Mapping[str, t.Any], directory: str
) -> CatalogTemplate:
    path = f"{ROOT}.{name}"
    problems.attempt(check_template, name, path)
    given = problems.clean(path, found, TEMPLATE)
    merged = _merge(defaults, given)
    base = {key: merged[key] for key in IMAGE if key in merged}
    if "description" in given:
        base["properties"] = {"description": given["description"], **base.get("properties", {})}
    _check_properties(problems, f"{path}.properties", base)
    dates = {key: str(merged[key]) for key in DATES if key in merged}
    versions = [
        _version(problems, path, name, number, each, base, dates, directory)
        for number, each in given.get("versions", {}).items()
    ]
    promotion = merged.get("promotion", {})
    template = CatalogTemplate(
        name=name,
        visibility=merged.get("visibility"),
        members=tuple(merged.get("members", ())),
        members_exact=merged.get("members_exact", False),
        current=problems.attempt(Version.parse, given["current"], f"{path}.current") if "current" in given else None,
        retention=_retention(merged.get("retention", {})),
        promotion=Promotion(
            requirements(promotion.get("presets", ()), promotion.get("required_properties", {})),
            days(promotion.get("soak", 0)),
            promotion.get("checksum", False),
            promotion.get("require_signature", False),
            tuple(promotion.get("trusted_certificates", ())),
        ),
        versions=tuple(sorted((each for each in versions if each), key=lambda each: each.name.version)),
    )
    if isinstance(found, dict) and not versions:
        problems.add(f"{path}.versions", 'must hold at least one version, such as "1.0".')
    _check_offer(problems, path, template)
    _check_retention(problems, f"{path}.retention", template.retention)
    return template


def _retention(given: t.Mapping[str, t.Any]) -> Retention:
    counts = {key: given[key] for key in ("visible", "available", "stored") if key in given}
    used = {"while_used": given["while_used"]} if "while_used" in given else {}
    return Retention(**counts, **used, min_age=days(given.get("min_age", 0)))


def _merge(under: t.Mapping[str, t.Any], over: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    merged = {**under, **over}
    for key in MERGED:
        if key in under and key in over:
            merged[key] = {**under[key], **over[key]}
    for key, other in (("stores", "all_stores"), ("all_stores", "stores")):
        if key in over and other not in over:
            merged.pop(other, None)
    return merged


def _version(
    problems: _Problems,
    template_path: str,
    template: str,
    number: t.Any,
    found: t.Any,
    base: t.Mapping[str, t.Any],
    dates: t.Mapping[str, str],
    directory: str,
) -> CatalogVersion | None:
    path = f"{template_path}.versions.{number}"
    version = problems.attempt(Version.parse, number, path)
    given = problems.clean(path, found, VERSION_KEYS)
    if version is None:
        return None
    own = {key: given[key] for key in given if key in IMAGE}
    _check_properties(problems, f"{path}.properties", own)
    if given.get("revoked") and given.get("stage") == "published":
        problems.add(f"{path}.stage", "published contradicts revoked: true. Take one of them away.")
    settings = _merge(base, own)
    if "signature" in settings:
        signing = _signing(problems, f"{path}.signature", settings["signature"], own.get("signature", {}), directory)
        settings["signature"] = signing
        own |= {"signature": signing} if "signature" in own else {}
    problems.attempt(check_stores, settings.get("stores"), settings.get("all_stores", False), False, f"{path}.")
    own_dates = {**dates, **{key: str(given[key]) for key in DATES if key in given}}
    return CatalogVersion(
        name=ImageName(template, version),
        stage=given.get("stage"),
        source=_location(problems, f"{path}.source", given.get("source"), directory),
        checksum=_checksum(problems, f"{path}.checksum", given.get("checksum"), directory),
        reason=given.get("reason"),
        revoked=given.get("revoked"),
        settings=settings,
        own=own,
        retire_on=own_dates.get("retire_on"),
        delete_on=own_dates.get("delete_on"),
    )


def _check_properties(problems: _Problems, path: str, described: dict[str, t.Any]) -> None:
    if "properties" in described:
        described["properties"] = problems.attempt(check_properties, described["properties"], path) or {}


def _signing(
    problems: _Problems, path: str, merged: t.Mapping[str, t.Any], own: t.Mapping[str, t.Any], directory: str
) -> Signing | None:
    fields = {key: value for key, value in merged.items() if key != "privatekey_path" or not {"value", "path"} & {*own}}
    for name in ("privatekey_path", "path"):
        if name in fields:
            fields[name] = os.path.join(directory, os.path.expanduser(fields[name]))
    return t.cast("Signing | None", problems.attempt(parse_signing, fields, path))


def _location(problems: _Problems, path: str, text: str | None, directory: str) -> str | None:
    if text is None or problems.attempt(Source.parse, text, path) is None:
        return None
    return text if "://" in text else os.path.join(directory, os.path.expanduser(text))


def _checksum(problems: _Problems, path: str, text: str | None, directory: str) -> str | None:
    if text is not None and is_literal(text):
        problems.attempt(Checksum.parse, text, path)
        return text
    return _location(problems, path, text, directory)


def _check_offer(problems: _Problems, path: str, template: CatalogTemplate) -> None:
    offered = {each.name.version: each for each in template.versions if each.stage != "staged" and not each.revoked}
    if offered and template.visibility is None:
        problems.add(f"{path}.visibility", "must say what a published version becomes: shared, community or public.")
    if template.members and template.visibility != "shared":
        problems.add(f"{path}.members", "needs visibility: shared. Only shared images have members.")
    if not template.current:
        return
    pinned = offered.get(template.current)
    if pinned is None or pinned.stage not in (None, "published"):
        problems.add(f"{path}.current", f'"{template.current}" is not among the published versions.')


def _check_retention(problems: _Problems, path: str, retention: Retention) -> None:
    named = [("visible", retention.visible), ("available", retention.available), ("stored", retention.stored)]
    counts = [(name, count) for name, count in named if count is not None]
    for (less, small), (more, large) in itertools.pairwise(counts):
        if small > large:
            problems.add(f"{path}.{more}", f"is {large}, and cannot be less than {less}, which is {small}.")
