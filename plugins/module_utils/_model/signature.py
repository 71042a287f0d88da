# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
Signatures of images, as the Image service and the Compute service verify them.

Source: https://docs.openstack.org/glance/latest/user/signature.html
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.image import SIGNATURE, Image

HASH_METHOD: t.Final = "img_signature_hash_method"
KEY_TYPE: t.Final = "img_signature_key_type"
CERTIFICATE: t.Final = "img_signature_certificate_uuid"
# With fewer than all four the Image service takes an image for unsigned, and verifies nothing.
SIGNATURE_PROPERTIES: t.Final = (SIGNATURE, HASH_METHOD, KEY_TYPE, CERTIFICATE)

# The hash methods of the Image service, and how hashlib calls them.
HASH_METHODS: t.Final = {"SHA-224": "sha224", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
DEFAULT_HASH_METHOD: t.Final = "SHA-256"
RSA_PSS: t.Final = "RSA-PSS"
# Binary curves are verified only where the Image service runs on a cryptography older than 47.
KEY_TYPES: t.Final = (
    RSA_PSS,
    "DSA",
    "ECC_SECP384R1",
    "ECC_SECP521R1",
    "ECC_SECT409K1",
    "ECC_SECT409R1",
    "ECC_SECT571K1",
    "ECC_SECT571R1",
)
# What a diff shows for a signature that is made with the data: no two of the same data are alike.
MADE_LATER: t.Final = "(made from the data)"


@dataclasses.dataclass(frozen=True)
class Signing:
    """
    How an image is to be signed: with a private key, or with a signature that was made elsewhere.

    :param certificate_uuid: The id, in the Key Manager, of the certificate that the signature is verified by.
    :param hash_method: One of C(HASH_METHODS).
    :param key_type: One of C(KEY_TYPES); None for that of the private key.
    :param privatekey_path: The file of the private key, in PEM.
    :param privatekey_passphrase: What opens that file.
    :param value: A signature made elsewhere, in base64.
    :param path: The file of such a signature.
    """

    certificate_uuid: str
    hash_method: str = DEFAULT_HASH_METHOD
    key_type: str | None = None
    privatekey_path: str | None = None
    privatekey_passphrase: str | None = dataclasses.field(default=None, repr=False)
    value: str | None = None
    path: str | None = None

    @property
    def algorithm(self) -> str:
        """The hash method, as hashlib calls it."""
        return HASH_METHODS[self.hash_method]

    @property
    def properties(self) -> dict[str, str]:
        """The properties of a signed image, but for the signature itself and what is not known yet."""
        known = {HASH_METHOD: self.hash_method, KEY_TYPE: self.key_type, CERTIFICATE: self.certificate_uuid}
        return {name: value for name, value in known.items() if value is not None}

    def matches(self, image: Image) -> bool:
        """Say whether an image is signed like this already. Whether its signature is right only the data tells."""
        properties = image.properties
        wanted = {**self.properties, **({SIGNATURE: self.value} if self.value else {})}
        return is_signed(image) and all(properties.get(name) == value for name, value in wanted.items())


class Signer(t.Protocol):
    """Something that gives the signature of data, as soon as its digest is known."""

    @property
    def signing(self) -> Signing:
        """How it signs, with the type of its key."""

    @property
    def ready(self) -> str | None:
        """The signature, in base64, where it was made elsewhere and needs no digest."""

    def sign(self, digest: str) -> str:
        """
        Return the signature, in base64, of data that hashes to these hexadecimal digits.

        :raises DataError: It does not fit the certificate, or was made of other data.
        """


@dataclasses.dataclass(frozen=True)
class Verification:
    """
    What a signature is verified by.

    :param signature: The signature in base64.
    :param hash_method: One of C(HASH_METHODS).
    :param key_type: One of C(KEY_TYPES).
    :param certificate: The certificate, in PEM.
    """

    signature: str
    hash_method: str
    key_type: str
    certificate: str

    @property
    def algorithm(self) -> str:
        """The hash method, as hashlib calls it."""
        return HASH_METHODS[self.hash_method]


def is_signed(image: Image) -> bool:
    """Say whether an image has all that a signature consists of."""
    return all(image.properties.get(name) for name in SIGNATURE_PROPERTIES)


def is_trusted(certificate: str, trusted: t.Collection[str]) -> bool:
    """Say whether images may be signed with a certificate, by its id: with any where none is named."""
    return not trusted or certificate in trusted


def parse_signing(given: t.Mapping[str, t.Any] | None, option: str = "signature") -> Signing | None:
    """
    Return what an option asks for, None where it is not given.

    :param given: The fields of C(Signing).
    :raises InputError: It says no certificate, not how to sign, or two ways to.
    """
    if not given:
        return None
    fields = {name: value for name, value in given.items() if value is not None}
    if not fields.get("certificate_uuid"):
        raise InputError(
            f"{option}.certificate_uuid",
            "is missing. Give the id that the certificate has in the Key Manager (xloud.image.image_certificate "
            "stores one there, and returns it).",
        )
    ways = [name for name in ("privatekey_path", "value", "path") if fields.get(name)]
    if len(ways) != 1:
        raise InputError(
            option,
            f"needs one of privatekey_path, to sign, and of value and path, for a signature made elsewhere; "
            f"it has {' and '.join(ways) or 'none of them'}.",
        )
    for name, choices in (("hash_method", tuple(HASH_METHODS)), ("key_type", KEY_TYPES)):
        if name in fields and fields[name] not in choices:
            raise InputError(f"{option}.{name}", f"{fields[name]!r} is none of {', '.join(choices)}.")
    return Signing(**fields)
