# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Whether a certificate has to be stored."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.certificate import Certificate, StoredCertificate


def choose_certificate(
    name: str, certificate: Certificate, found: t.Sequence[StoredCertificate]
) -> tuple[StoredCertificate, tuple[str, ...]]:
    """
    Return the certificate as it is stored, or with no id as it is to be.

    And the ids of those that have its name and are others: images that were signed before it are verified by them.

    :param found: The certificates of that name, the oldest first.
    """
    same = [each for each in found if each.certificate.fingerprint == certificate.fingerprint]
    others = tuple(str(each.id) for each in found if each not in same)
    return same[0] if same else StoredCertificate(None, name, certificate), others
