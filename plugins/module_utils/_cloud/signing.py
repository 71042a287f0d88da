# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Signatures of images: what they are made with, and what comes of them in the cloud."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.certificates import Certificates
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._data.signing import open_signer, verify
from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, DataError, ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.image import SIGNATURE, Image
from ansible_collections.xloud.image.plugins.module_utils._model.plan import PatchOperation
from ansible_collections.xloud.image.plugins.module_utils._model.run import Read
from ansible_collections.xloud.image.plugins.module_utils._model.signature import (
    CERTIFICATE,
    HASH_METHOD,
    HASH_METHODS,
    KEY_TYPE,
    SIGNATURE_PROPERTIES,
    Signer,
    Signing,
    Verification,
    is_signed,
)
from ansible_collections.xloud.image.plugins.module_utils._model.source import Upload

_REFUSED: t.Final = re.compile(r"Signature verification failed for image|(c|C)ertificate with ID")


def find_signer(session: Session, signing: Signing | None, *, needed: bool = True) -> Signer | None:
    """
    Return what signs data as it is asked for, None where nothing is to be signed.

    It takes two requests to the Key Manager, for the certificate.

    :raises InputError: The key, the signature or the certificate cannot be read, or they do not belong together.
    :raises CloudError: The Key Manager cannot be asked.
    """
    if signing is None or not needed:
        return None
    return open_signer(signing, Certificates(session).get(signing.certificate_uuid))


def read_signatures(
    session: Session,
    reads: t.Mapping[str, Read | ImageError],
    signings: t.Mapping[str, Signing],
    gated: t.Iterable[Image],
) -> tuple[dict[str, Read | ImageError], dict[str, str]]:
    """
    Return what was read for each version, with what signs those that are to be signed, or why nothing can.

    And what keeps the signatures of other images from being verified, in words, by the ids of the images. It takes two
    requests for each certificate.

    :param signings: How images are to be signed, by their names.
    :param gated: The images whose signatures have to be verifiable.
    """
    certificates = Certificates(session)
    signed = {name: _signed(certificates, reads[name], signing) for name, signing in signings.items()}
    return {**reads, **signed}, signature_faults(certificates, gated)


def _signed(certificates: Certificates, read: Read | ImageError, signing: Signing) -> Read | ImageError:
    try:
        signer = open_signer(signing, certificates.get(signing.certificate_uuid))
    except ImageError as exc:
        return exc
    return dataclasses.replace(read, signer=signer) if isinstance(read, Read) else read


def signed_before(upload: Upload) -> dict[str, str]:
    """
    Return the signature of an upload as a property, where it is known before the data is sent; else nothing.

    :raises DataError: It was made of other data.
    """
    if upload.signer is None or upload.signed_late:
        return {}
    value = upload.signer.sign(upload.digest) if upload.digest else upload.signer.ready
    return {SIGNATURE: value or ""}


def signature_patch(signer: Signer, digest: str) -> tuple[PatchOperation, ...]:
    """
    Return the operations that sign an image whose data hashes to these hexadecimal digits.

    :raises DataError: The signature was made of other data.
    """
    properties = {**signer.signing.properties, SIGNATURE: signer.sign(digest)}
    return tuple(PatchOperation("add", name, properties[name]) for name in sorted(properties))


def explained(exc: CloudError, image: Image) -> CloudError | DataError:
    """
    Return an error of an upload with what to do about it, where the cloud refused the signature.

    :param image: The record that the data was for.
    """
    certificate = image.properties.get(CERTIFICATE)
    if certificate is None or exc.status != 400 or not _REFUSED.search(exc.message):
        return exc
    return DataError(
        f"The cloud verifies the signature of {image.name} by the certificate {certificate}, and refused the data: "
        f"{exc.message.rstrip('.')}. No image was made of it. Either the signature does not match the data (it was "
        "made of other data, with another key, with another hash_method, or of RSA without PSS padding), or the cloud "
        "cannot read the certificate (in another cloud it has another id: the option certificates of image_replica).",
        **exc.details,
    )


def find_verification(certificates: Certificates, image: Image) -> Verification:
    """
    Return what the signature of an image is verified by.

    :raises DataError: The image is not signed, or cannot be verified for what its properties say.
    :raises ImageError: The certificate cannot be read.
    """
    properties = image.properties
    if not is_signed(image):
        missing = ", ".join(name for name in SIGNATURE_PROPERTIES if not properties.get(name))
        raise DataError(f"{_subject(image)}it is not signed, since it lacks {missing}.")
    if properties[HASH_METHOD] not in HASH_METHODS:
        raise DataError(f"{_subject(image)}{HASH_METHOD} is {properties[HASH_METHOD]!r}, which nobody verifies by.")
    certificate = certificates.get(properties[CERTIFICATE], f"{_subject(image)}{CERTIFICATE}")
    if certificate.key_type != properties[KEY_TYPE]:
        raise DataError(
            f"{_subject(image)}{KEY_TYPE} is {properties[KEY_TYPE]}, and the certificate {properties[CERTIFICATE]} has "
            f"a key of {f'the type {certificate.key_type}' if certificate.key_type else 'another type'}."
        )
    return Verification(properties[SIGNATURE], properties[HASH_METHOD], properties[KEY_TYPE], certificate.pem)


def signature_faults(certificates: Certificates, images: t.Iterable[Image]) -> dict[str, str]:
    """
    Return what keeps signed images from being verified, in words, by their ids; nothing of those that are well.

    Where the cloud hashes the data by the hash method of the signature, the signature itself is verified, of which no
    byte of data is read. It takes two requests for each certificate.
    """
    now = datetime.datetime.now(datetime.UTC)
    found = ((image.id, _fault(certificates, image, now)) for image in images if SIGNATURE in image.properties)
    return {image_id: words for image_id, words in found if words}


def _fault(certificates: Certificates, image: Image, now: datetime.datetime) -> str:
    try:
        verification = find_verification(certificates, image)
        certificate = certificates.get(image.properties[CERTIFICATE])
    except ImageError as exc:
        return exc.message.removeprefix(_subject(image))
    if image.os_hash_algo == verification.algorithm and not verify(verification, image.os_hash_value or ""):
        return "it does not match the data of the image."
    if not certificate.is_valid_on(now):
        return f"the certificate ({certificate.subject}) is valid {certificate.validity} alone."
    return ""


def _subject(image: Image) -> str:
    return f"Image {image.name} ({image.id}): "
