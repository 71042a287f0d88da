# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What a version needs to be published, and what standards ask of the metadata of an offered image."""

from __future__ import annotations

import dataclasses
import re
import typing as t

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = "( [0-9]{2}:[0-9]{2}(:[0-9]{2})?)?"


@dataclasses.dataclass(frozen=True)
class Requirement:
    """
    One property, or attribute, that an offered image must have.

    :param allowed: The values that it may have, none for any but the empty one.
    :param pattern: The form that its value must have, as a regular expression.
    :param form: That form in words.
    """

    name: str
    allowed: tuple[str, ...] = ()
    pattern: str = ".+"
    form: str = ""

    def accepts(self, value: str | None) -> bool:
        """Say whether a value fulfils it, None standing for no value."""
        if not value:
            return False
        return value in self.allowed if self.allowed else bool(re.fullmatch(self.pattern, value, re.DOTALL))

    def __str__(self) -> str:
        hint = " or ".join(self.allowed) or self.form
        return f"{self.name} ({hint})" if hint else self.name


# https://docs.xloud.tech/services/images/image-templates
_XLOUD: t.Final = tuple(map(Requirement, ("os_distro", "os_version", "hw_disk_bus", "hw_vif_model", "description")))

# https://docs.scs.community/standards/scs-0102-v1-image-metadata
_SCS_0102: t.Final = (
    Requirement("architecture"),
    Requirement("min_disk", pattern="[1-9][0-9]*", form="GiB"),
    Requirement("min_ram", pattern="[1-9][0-9]*", form="MiB"),
    Requirement("os_distro"),
    Requirement("os_version"),
    Requirement("hw_disk_bus"),
    Requirement("replace_frequency", ("yearly", "quarterly", "monthly", "weekly", "daily", "critical_bug", "never")),
    Requirement("provided_until", pattern=f"none|notice|{_DAY}", form="a day, none or notice"),
    Requirement(
        "uuid_validity",
        pattern=f"none|notice|forever|last-[0-9]+|{_DAY}",
        form="none, last-N, a day, notice or forever",
    ),
    Requirement("image_source", pattern="private|[a-z][a-z0-9+.-]*://.+", form="a URL or private"),
    Requirement("image_description"),
    Requirement("image_build_date", pattern=_DAY + _CLOCK, form="YYYY-MM-DD"),
    Requirement("image_original_user"),
)

PRESETS: t.Final[t.Mapping[str, tuple[Requirement, ...]]] = {"xloud": _XLOUD, "scs-0102": _SCS_0102}


@dataclasses.dataclass(frozen=True)
class Promotion:
    """
    The gates between staged and published.

    :param soak: How many days a version stays staged.
    :param checksum: A checksum has to be declared.
    :param require_signature: The image has to be signed, and verifiable.
    :param trusted_certificates: The ids of the certificates that it may be signed with, none for any.
    """

    requirements: tuple[Requirement, ...] = ()
    soak: int = 0
    checksum: bool = False
    require_signature: bool = False
    trusted_certificates: tuple[str, ...] = ()


def requirements(
    presets: t.Iterable[str], properties: t.Mapping[str, t.Sequence[str] | None]
) -> tuple[Requirement, ...]:
    """Return what presets and a document's own properties require; of two that name one property, all hold."""
    own = tuple(Requirement(name, tuple(allowed or ())) for name, allowed in sorted(properties.items()))
    return (*(each for preset in presets for each in PRESETS[preset]), *own)
