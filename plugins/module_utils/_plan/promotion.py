# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Whether a staged version may be published."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import CatalogVersion
from ansible_collections.xloud.image.plugins.module_utils._model.image import STAGED_SINCE, Image
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import Promotion, Requirement
from ansible_collections.xloud.image.plugins.module_utils._model.signature import CERTIFICATE, is_signed, is_trusted
from ansible_collections.xloud.image.plugins.module_utils._plan.dates import days_between


def obstacles(promotion: Promotion, version: CatalogVersion, image: Image | None, today: str) -> tuple[str, ...]:
    """
    Return what keeps a version from being published, each in words; nothing if it may be.

    :param image: The version as it is in the cloud, None where it is still to be brought there.
    """
    unchecked = ["a checksum is missing"] if promotion.checksum and not version.checksum else []
    lacking = shortcomings(promotion.requirements, metadata(version, image))
    return (*lacking, *unchecked, *_distrust(promotion, version, image), *_soaking(promotion, image, today))


def _distrust(promotion: Promotion, version: CatalogVersion, image: Image | None) -> list[str]:
    if not promotion.require_signature:
        return []
    signing = version.signature
    will_be_signed = signing is not None and (image is None or not signing.matches(image))
    if signing and will_be_signed:
        return _untrusted(promotion, signing.certificate_uuid)
    if image is None or not is_signed(image):
        return ["it is not signed"]
    if version.signature_fault:
        return [f"its signature cannot be verified: {version.signature_fault.rstrip('.')}"]
    return _untrusted(promotion, image.properties[CERTIFICATE])


def _untrusted(promotion: Promotion, certificate: str) -> list[str]:
    if is_trusted(certificate, promotion.trusted_certificates):
        return []
    return [f"it is signed with {certificate}, which is none of trusted_certificates"]


def shortcomings(required: t.Collection[Requirement], found: t.Mapping[str, str]) -> tuple[str, ...]:
    """Return what metadata lacks of what is required, each in words."""
    missing = [f"{each} is missing" for each in required if each.name not in found]
    wrong = [
        f"{each} is {found[each.name]!r}"
        for each in required
        if each.name in found and not each.accepts(found[each.name])
    ]
    return (*missing, *wrong)


def _soaking(promotion: Promotion, image: Image | None, today: str) -> list[str]:
    since = (image.properties.get(STAGED_SINCE) or (image.created_at or today)[:10]) if image else today
    age = days_between(since, today)
    return [f"it has been staged for {age} of {promotion.soak} days"] if age < promotion.soak else []


def metadata(version: CatalogVersion, image: Image | None) -> dict[str, str]:
    """Return the metadata that the version will have, by the names that requirements use."""
    # A disk is needed in any case; how large, unless somebody says so, the content says.
    found: dict[str, t.Any] = {"min_disk": 1, "min_ram": 0}
    if image:
        found = {**image.properties, "min_disk": image.min_disk, "min_ram": image.min_ram}
    given = {key: value for key, value in version.settings.items() if key in ("min_disk", "min_ram")}
    merged = {**found, **given, **version.settings.get("properties", {})}
    return {key: str(value) for key, value in merged.items() if value is not None}
