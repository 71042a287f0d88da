# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What is read for exports, of several images side by side."""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.certificates import Certificates
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._cloud.origin import is_readable
from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._cloud.signing import find_verification
from ansible_collections.xloud.image.plugins.module_utils._data.exports import file_facts
from ansible_collections.xloud.image.plugins.module_utils._data.signing import check_signature
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.export import ExportReading, Unread, WantedExport
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.signature import CERTIFICATE, Verification, is_trusted


def find_images(
    session: Session,
    params: t.Mapping[str, t.Any],
    pick: t.Callable[[str, t.Collection[Image]], Image],
    select: t.Callable[[t.Sequence[str], t.Collection[Image]], tuple[Image, ...]],
) -> tuple[Image, ...]:
    """
    Return the images that the options C(image) or C(images), and C(owner), mean.

    :param pick: Which image of those found a name means, and C(select) which those that names and patterns mean.
    :raises ImageError: There is none, or a name means several.
    """
    images, owner = Images(session), Projects(session).owner(params["owner"])
    if params["image"]:
        return (pick(params["image"], images.find(params["image"], owner)),)
    return select(params["images"], images.owned(owner))


def read_exports(
    session: Session,
    wanted: t.Sequence[tuple[Image, WantedExport] | Unread],
    hash_of: t.Callable[[Image], tuple[str, str]],
    workers: int,
) -> list[ExportReading | Unread]:
    """
    Return what was read for each export, or why that could not be.

    :param hash_of: What gives the algorithm and the digest that an image is verified by.
    """

    certificates = Certificates(session)

    def read(each: tuple[Image, WantedExport] | Unread) -> ExportReading | Unread:
        if len(each) == 3:
            return each
        image, export = each
        try:
            members = Members(session).list(image) if export.sidecar else ()
            verification = _verification(certificates, image, export)
            facts = file_facts(export, image, hash_of(image)[0], verification)
            return ExportReading(image, export, tuple(members), facts, is_readable(session, image), verification)
        except ImageError as exc:
            return image, export, exc

    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(read, wanted))


def _verification(certificates: Certificates, image: Image, wanted: WantedExport) -> Verification | None:
    """
    Return what the signature of an image is verified by, None where it is not to be.

    :raises DataError: It cannot be verified, or not by a certificate that is trusted.
    """
    if not wanted.verify_signature:
        return None
    verification = find_verification(certificates, image)
    certificate = image.properties[CERTIFICATE]
    if not is_trusted(certificate, wanted.trusted_certificates):
        raise DataError(
            f"Image {image.name} ({image.id}) is signed with {certificate}, which is none of trusted_certificates. "
            "Nothing was exported."
        )
    if image.os_hash_algo == verification.algorithm:
        check_signature(verification, image.os_hash_value or "", f"Image {image.name} ({image.id})")
    return verification
