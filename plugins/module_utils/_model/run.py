# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""A run over a whole catalogue: what is read for it, what it is to do, and what came of it."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import CatalogTemplate, Retention
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import BusyError, ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.plan import Action, Step
from ansible_collections.xloud.image.plugins.module_utils._model.signature import Signer
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, SourceFacts, SourceNeed
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Usage


@dataclasses.dataclass(frozen=True)
class WantedCatalog:
    """
    What C(image_catalog) is asked for.

    :param today: The day that the run plans for and records, as C(2026-01-31).
    :param purge: Take versions that left the document through the stages.
    :param retention: The retention of templates that left the document.
    :param max_removals: How many versions may be retired or deleted.
    :param verify_first: Verify local files before anything would be sent, as where nothing will be sent.
    :param stores: The stores of the cloud, where the catalogue says which of them its images are in.
    :param privatekey_passphrase: What opens the private keys that images are signed with.
    """

    templates: tuple[CatalogTemplate, ...]
    today: str
    purge: bool = False
    retention: Retention = dataclasses.field(default_factory=Retention)
    max_removals: int = 10
    verify_first: bool = False
    owner: str | None = None
    stores: tuple[str, ...] = ()
    privatekey_passphrase: str | None = dataclasses.field(default=None, repr=False)

    @property
    def asks_for_stores(self) -> bool:
        """Whether the catalogue says which stores any of its images are in."""
        versions = (version for template in self.templates for version in template.versions)
        return any("stores" in version.settings or version.settings.get("all_stores") for version in versions)


@dataclasses.dataclass(frozen=True)
class Reading:
    """
    What has to be read of the source of one version.

    :param checksum: A checksum, or the path or URL of a SUMS file.
    :param need: How much of the source has to be read, once it and its checksum are known.
    :param settled: The version is published and never changes, so that its source may have gone.
    :param keep: Take compressed data as it is.
    """

    name: str
    source: Source | None
    checksum: str | None
    need: t.Callable[[Source | None, Checksum | None], SourceNeed]
    settled: bool = False
    keep: bool = False


@dataclasses.dataclass(frozen=True)
class Read:
    """What was read for one version, and what signs it, if something is to be signed."""

    checksum: Checksum | None = None
    facts: SourceFacts = dataclasses.field(default_factory=SourceFacts)
    signer: Signer | None = None


@dataclasses.dataclass(frozen=True)
class Facts:
    """
    All that a plan for a catalogue is made from, beside the catalogue.

    :param images: The images of the catalogue by their names.
    :param reads: What was read of the sources by the names of the images, or why it could not be.
    :param members: The members of shared images by the ids of the images.
    :param projects: The projects by what the document calls them, or why they are not known.
    :param signature_faults: What keeps signatures from being verified, in words, by the ids of the images.
    :param usage: Who uses images, by their ids, as far as it was asked.
    """

    images: t.Mapping[str, tuple[Image, ...]] = dataclasses.field(default_factory=dict)
    reads: t.Mapping[str, Read | ImageError] = dataclasses.field(default_factory=dict)
    members: t.Mapping[str, tuple[Member, ...]] = dataclasses.field(default_factory=dict)
    projects: t.Mapping[str, Project | ImageError] = dataclasses.field(default_factory=dict)
    signature_faults: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    usage: t.Mapping[str, Usage] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something that a person should know of: its kind, the image or template that it is about, and words."""

    kind: str
    image: str
    message: str

    def as_result(self) -> dict[str, str]:
        """Return the finding as modules return it."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class VersionPlan:
    """
    What is to happen to one version.

    :param stage: The stage that it belongs in.
    :param found: The image as it is, None where there is none.
    :param steps: What leads from the one to the other.
    :param error: Why nothing can be done about it, None where all is well.
    """

    template: str
    version: str
    name: str
    stage: str
    found: Image | None = None
    steps: tuple[Step, ...] = ()
    error: ImageError | None = None

    @property
    def image(self) -> Image | None:
        """The image as it will be."""
        return self.steps[-1].plan.image if self.steps else self.found

    @property
    def is_revocation(self) -> bool:
        """Whether the version is taken out of use because it is revoked."""
        return self.stage == "retired" and bool(self.image and self.image.is_revoked)

    @property
    def is_new_revocation(self) -> bool:
        """Whether the version was not revoked before, be it that it was retired."""
        return self.is_revocation and bool(self.found and not self.found.is_revoked)

    @property
    def actions(self) -> tuple[Action, ...]:
        """All actions, in their order."""
        return tuple(action for step in self.steps for action in step.plan.actions)


@dataclasses.dataclass(frozen=True)
class CatalogPlan:
    """
    What is to happen to each version of a catalogue, and what a person should know of.

    :param usage: Who uses images, by their ids, as far as it had to be known.
    """

    versions: tuple[VersionPlan, ...]
    findings: tuple[Finding, ...] = ()
    usage: t.Mapping[str, Usage] = dataclasses.field(default_factory=dict)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps that change something, each after those that it needs."""
        return tuple(step for version in self.versions for step in version.steps if step.plan.actions)

    @property
    def actions(self) -> tuple[Action, ...]:
        """All actions."""
        return tuple(action for step in self.steps for action in step.plan.actions)

    @property
    def changed(self) -> bool:
        """Whether anything has to be done."""
        return bool(self.steps)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """
    What came of one step.

    :param image: The image as it then is; None where there is none.
    :param taken: The actions that were taken.
    :param error: Why it failed, or was left out; None where it was done.
    """

    image: Image | None = None
    taken: tuple[Action, ...] = ()
    error: ImageError | None = None

    @property
    def busy(self) -> bool:
        """Whether the image was left to another run, which is at work on it: that is no failure."""
        return isinstance(self.error, BusyError)
