# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Certificates by which the Image service verifies images."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t


@dataclasses.dataclass(frozen=True)
class Certificate:
    """
    A certificate, in PEM, and what it says.

    C(key_type) is that of its key, None where the Image service verifies no such key. C(fingerprint) is its SHA-256 in
    hexadecimal.
    """

    pem: str
    subject: str
    key_type: str | None
    fingerprint: str
    not_before: datetime.datetime
    not_after: datetime.datetime

    def is_valid_on(self, moment: datetime.datetime) -> bool:
        """Say whether a moment lies within its time."""
        return self.not_before <= moment <= self.not_after

    @property
    def validity(self) -> str:
        """Its time in words."""
        return f"from {self.not_before.date().isoformat()} to {self.not_after.date().isoformat()}"


@dataclasses.dataclass(frozen=True)
class StoredCertificate:
    """
    A certificate in the Key Manager: its id there, None for one that is still to be stored, its name, and itself.

    C(secret_ref) is the URL that clients of the Key Manager call it by.
    """

    id: str | None
    name: str
    certificate: Certificate
    secret_ref: str | None = None

    def as_result(self) -> dict[str, t.Any]:
        """Return the certificate as modules return it."""
        found = self.certificate
        return {
            "id": self.id,
            "name": self.name,
            "secret_ref": self.secret_ref,
            "subject": found.subject,
            "key_type": found.key_type,
            "fingerprint": found.fingerprint,
            "not_before": found.not_before.isoformat(),
            "not_after": found.not_after.isoformat(),
        }
