# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What C(image_catalog_info) is asked for, and what it reads."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import Requirement
from ansible_collections.xloud.image.plugins.module_utils._model.run import WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Usage


@dataclasses.dataclass(frozen=True)
class WantedInventory:
    """
    What C(image_catalog_info) is asked for.

    :param catalog: The document to compare with, without templates where there is none, and the day.
    :param templates: The templates to tell of, all where empty.
    :param requirements: What offered images must have, beside what the document requires.
    :param members: Whether to tell of members.
    :param signatures: Whether to look at signatures.
    :param trusted_certificates: The ids of the certificates that images may be signed with, none for any.
    """

    catalog: WantedCatalog
    templates: frozenset[str] = frozenset()
    requirements: tuple[Requirement, ...] = ()
    members: bool = True
    signatures: bool = True
    trusted_certificates: frozenset[str] = frozenset()

    def covers(self, template: str | None) -> bool:
        """Say whether it is asked for a template, None standing for what belongs to none."""
        return not self.templates or template in self.templates


@dataclasses.dataclass(frozen=True)
class Inventory:
    """
    What a project has.

    :param images: All images of the project, be they of the catalogue or not.
    :param members: The members of shared images by the ids of the images, or why they could not be read.
    :param projects: The projects by what the document calls them, or why they are not known.
    :param signature_faults: What keeps signatures from being verified, in words, by the ids of the images.
    :param usage: Who uses the versions, by the ids of the images, where that is asked for.
    """

    images: tuple[Image, ...]
    members: t.Mapping[str, tuple[Member, ...] | ImageError] = dataclasses.field(default_factory=dict)
    projects: t.Mapping[str, Project | ImageError] = dataclasses.field(default_factory=dict)
    signature_faults: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    usage: t.Mapping[str, Usage] = dataclasses.field(default_factory=dict)
