# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What a person should know of a catalogue as it is."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import CatalogTemplate, CatalogVersion
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum, is_literal
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError, InputError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DELETE_ON,
    DEPRECATED_SINCE,
    FROZEN,
    REPLACED_BY,
    RETIRE_ON,
    REVOKED_SINCE,
    SIGNATURE,
    TAG,
    TEMPLATE,
    VERSION,
    Image,
)
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import Inventory, WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.name import GRAMMAR, ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import Requirement
from ansible_collections.xloud.image.plugins.module_utils._model.run import (
    CatalogPlan,
    Facts,
    Finding,
    Read,
    VersionPlan,
    WantedCatalog,
)
from ansible_collections.xloud.image.plugins.module_utils._model.signature import CERTIFICATE, is_trusted
from ansible_collections.xloud.image.plugins.module_utils._model.source import SourceFacts
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Usage
from ansible_collections.xloud.image.plugins.module_utils._plan.catalog import plan_catalog
from ansible_collections.xloud.image.plugins.module_utils._plan.inventory import versions
from ansible_collections.xloud.image.plugins.module_utils._plan.promotion import metadata, shortcomings
from ansible_collections.xloud.image.plugins.module_utils._plan.reference import resolve
from ansible_collections.xloud.image.plugins.module_utils._plan.usage import in_words, launched_since

Findings: t.TypeAlias = t.Iterator[Finding]


@dataclasses.dataclass(frozen=True)
class _Catalogue:
    """
    What the checks look at.

    :param images: The images of the project that belong to the templates asked for, or look as if they did.
    :param versions: Those of them that are versions, by their templates.
    """

    wanted: WantedInventory
    found: Inventory
    images: tuple[Image, ...]
    versions: t.Mapping[str, list[Image]]

    @property
    def all_versions(self) -> t.Iterator[Image]:
        return itertools.chain.from_iterable(self.versions.values())

    @property
    def offered(self) -> t.Iterator[Image]:
        return (image for image in self.all_versions if image.stage == "published")


def find(wanted: WantedInventory, found: Inventory) -> tuple[Finding, ...]:
    """Return what a person should know of a catalogue, in an order that stays the same."""
    by_template = versions(wanted, found)
    known = {*by_template, *(template.name for template in wanted.catalog.templates)}
    images = sorted(found.images, key=lambda image: (image.name, image.id))
    relevant = tuple(image for image in images if _is_relevant(wanted, image, known))
    catalogue = _Catalogue(wanted, found, relevant, by_template)
    return tuple(finding for check in _CHECKS for finding in check(catalogue))


def _is_relevant(wanted: WantedInventory, image: Image, known: t.Container[str]) -> bool:
    name = _parsed(image)
    template = image.properties.get(TEMPLATE) or (name.template if name else None)
    return wanted.covers(template) and (_is_marked(image) or template in known)


def _is_marked(image: Image) -> bool:
    return TAG in image.tags or bool({TEMPLATE, VERSION} & image.properties.keys())


def _parsed(image: Image) -> ImageName | None:
    try:
        return ImageName.parse(image.name)
    except InputError:
        return None


def _duplicates(catalogue: _Catalogue) -> Findings:
    for name, images in _by_name(catalogue.images).items():
        try:
            resolve(name, images)
        except PlanError as exc:
            yield Finding("duplicate", name, exc.message)


def _by_name(images: t.Iterable[Image]) -> dict[str, tuple[Image, ...]]:
    by_name: dict[str, tuple[Image, ...]] = {}
    for image in images:
        by_name[image.name] = (*by_name.get(image.name, ()), image)
    return by_name


def _names(catalogue: _Catalogue) -> Findings:
    for image in catalogue.images:
        name = _parsed(image)
        marks = [image.properties.get(TEMPLATE), image.properties.get(VERSION)]
        if name is None:
            words = f"({image.id}) it carries the marks of the catalogue, and its name is none: {GRAMMAR} is one"
            yield Finding("bad_name", image.name, words)
        elif any(marks) and image.version_name is None:
            words = f"({image.id}) its properties say otherwise: template {marks[0]}, version {marks[1]}"
            yield Finding("bad_name", image.name, words)
        elif not any(marks) or TAG not in image.tags:
            lacking = f"lacks the tag {TAG}" if any(marks) else "is named as a version and has no marks of one"
            words = f"it {lacking}: describe it in the document to adopt it, or rename it"
            yield Finding("unmarked", image.name, f"({image.id}) {words}")


def _unfinished(catalogue: _Catalogue) -> Findings:
    for image in catalogue.images:
        if image.is_unfinished:
            words = f"it is {image.status} since {image.created_at}: its upload is on its way, or was interrupted"
            yield Finding("unfinished", image.name, f"({image.id}) {words}")


def _without_current(catalogue: _Catalogue) -> Findings:
    for images in catalogue.versions.values():
        usable = [each for each in images if each.visibility != "private" and each.status == "active"]
        newest = next((each for each in usable if not each.is_revoked), None)
        if newest is None or any(each.stage == "published" for each in usable):
            continue
        successor = newest.properties.get(REPLACED_BY)
        if newest.hidden:
            words = "it is the newest version on offer, and hidden: the template has no current version"
            yield Finding("hidden", newest.name, words)
        elif successor in {each.name for each in images}:
            words = f"it is replaced by {successor}, which is not on offer as the current one: the template has none"
            yield Finding("no_current", newest.name, words)


def _unsigned(catalogue: _Catalogue) -> Findings:
    for image in catalogue.offered:
        if SIGNATURE not in image.properties:
            yield Finding("unsigned", image.name, f"it is on offer without a signature (property {SIGNATURE})")


def _unverifiable(catalogue: _Catalogue) -> Findings:
    for image in catalogue.all_versions:
        if image.visibility != "private" and (words := catalogue.found.signature_faults.get(image.id)):
            yield Finding("unverifiable", image.name, f"its signature cannot be verified: {words}")


def _untrusted(catalogue: _Catalogue) -> Findings:
    required = {each.name: each.promotion.trusted_certificates for each in catalogue.wanted.catalog.templates}
    for template, images in catalogue.versions.items():
        trusted = catalogue.wanted.trusted_certificates or required.get(template, ())
        for image in images:
            certificate = image.properties.get(CERTIFICATE)
            if certificate and not is_trusted(certificate, trusted) and image.visibility != "private":
                words = f"it is signed with the certificate {certificate}, which is not one of those that are trusted"
                yield Finding("untrusted", image.name, words)


def _unprotected(catalogue: _Catalogue) -> Findings:
    for image in catalogue.all_versions:
        if image.visibility == "public" and not image.protected:
            yield Finding("unprotected", image.name, "it is public and not protected against deletion")


def _incomplete(catalogue: _Catalogue) -> Findings:
    required = {template.name: template.promotion.requirements for template in catalogue.wanted.catalog.templates}
    for template, images in catalogue.versions.items():
        requirements = (*required.get(template, ()), *catalogue.wanted.requirements)
        for image in images:
            if image.stage == "published" and (lacking := _lacking(image, requirements)):
                yield Finding("properties", image.name, f"it is on offer, and {'; '.join(lacking)}")


def _lacking(image: Image, requirements: t.Iterable[Requirement]) -> tuple[str, ...]:
    version = CatalogVersion(ImageName.parse(image.name))
    return shortcomings(tuple(dict.fromkeys(requirements)), metadata(version, image))


def _overdue(catalogue: _Catalogue) -> Findings:
    today = catalogue.wanted.catalog.today
    for image in catalogue.all_versions:
        for date in (RETIRE_ON, DELETE_ON):
            day = image.properties.get(date, today)
            if day < today and (date == DELETE_ON or image.stage != "retired"):
                yield Finding("overdue", image.name, f"its {date} was {day}, and it is still {image.stage}")


def _revoked(catalogue: _Catalogue) -> Findings:
    for image in catalogue.all_versions:
        if image.is_revoked and image.stage != "retired":
            since = image.properties[REVOKED_SINCE]
            words = f"it is revoked since {since}, and still {image.visibility} and {image.status}"
            yield Finding("revoked", image.name, words)


def _revoked_in_use(catalogue: _Catalogue) -> Findings:
    for image, usage in _used(catalogue):
        if image.is_revoked:
            yield Finding("revoked_in_use", image.name, f"it is revoked, and is used by {in_words(usage)}")


def _still_launched(catalogue: _Catalogue) -> Findings:
    for image, usage in _used(catalogue):
        launched = launched_since(image, usage.resources)
        if launched and image.stage in ("deprecated", "hidden"):
            since = image.properties[DEPRECATED_SINCE]
            words = f"it is deprecated since {since}, and was launched from since then: {in_words(Usage(launched))}"
            yield Finding("still_launched", image.name, words)


def _used(catalogue: _Catalogue) -> t.Iterator[tuple[Image, Usage]]:
    usages = ((image, catalogue.found.usage.get(image.id)) for image in catalogue.all_versions)
    return ((image, usage) for image, usage in usages if usage and usage.resources)


def _left_frozen(catalogue: _Catalogue) -> Findings:
    for image in catalogue.all_versions:
        if FROZEN in image.properties:
            words = "it was frozen for an export that is running or was interrupted: export it again to give it back"
            yield Finding("exporting", image.name, f"{words} (it is {image.status})")


def _unaccepted(catalogue: _Catalogue) -> Findings:
    for image in catalogue.all_versions:
        members = catalogue.found.members.get(image.id, ())
        if isinstance(members, ImageError):
            yield Finding("unread", image.name, f"its members could not be read: {members.message}")
            continue
        pending = [member.project_id for member in members if member.status == "pending"]
        if pending and image.stage == "published":
            words = f"{len(pending)} of {len(members)} projects have not accepted it: {', '.join(pending)}"
            yield Finding("unaccepted", image.name, words)


def _drift(catalogue: _Catalogue) -> Findings:
    if not catalogue.wanted.catalog.templates:
        return
    duplicates = {finding.image for finding in _duplicates(catalogue)}
    plan = _plan(catalogue)
    for version in plan.versions:
        words = _difference(version)
        if words and version.name not in duplicates:
            yield Finding("drift", version.name, words)
    yield from plan.findings


def _difference(version: VersionPlan) -> str:
    if version.error:
        return version.error.message
    return "; ".join(action.reason for action in version.actions)


def _plan(catalogue: _Catalogue) -> CatalogPlan:
    """Return what C(image_catalog) would do with all that it may take away, as far as can be told without sources."""
    asked = catalogue.wanted.catalog
    members = {key: each for key, each in catalogue.found.members.items() if isinstance(each, tuple)}
    unknown = {each.name for each in catalogue.images if each.visibility == "shared" and each.id not in members}
    covered = (each for each in asked.templates if catalogue.wanted.covers(each.name))
    templates = tuple(
        _comparable(each, unknown) if catalogue.wanted.members else _without_members(each) for each in covered
    )
    wanted = dataclasses.replace(asked, templates=templates, max_removals=len(catalogue.images))
    found = catalogue.found
    facts = Facts(
        _by_name(catalogue.images), _reads(wanted), members, found.projects, found.signature_faults, found.usage
    )
    return plan_catalog(wanted, facts)


def _comparable(template: CatalogTemplate, unknown: t.Container[str]) -> CatalogTemplate:
    """Return a template as far as it can be compared: without its members where those of an image are not known."""
    return _without_members(template) if any(str(each.name) in unknown for each in template.versions) else template


def _without_members(template: CatalogTemplate) -> CatalogTemplate:
    return dataclasses.replace(template, members=(), members_exact=False)


def _reads(wanted: WantedCatalog) -> dict[str, Read]:
    return {str(version.name): _read(version) for template in wanted.templates for version in template.versions}


def _read(version: CatalogVersion) -> Read:
    declared = Checksum.parse(version.checksum) if version.checksum and is_literal(version.checksum) else None
    return Read(declared, SourceFacts(disk_format=version.settings.get("disk_format")))


_CHECKS: t.Final = (
    _duplicates,
    _names,
    _unfinished,
    _drift,
    _without_current,
    _revoked,
    _revoked_in_use,
    _still_launched,
    _overdue,
    _unaccepted,
    _incomplete,
    _unprotected,
    _unsigned,
    _unverifiable,
    _untrusted,
    _left_frozen,
)
