# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
Keys, certificates and signatures.

A signature is made of the digest of the data, and verified by it: whoever has the digest need not read the data again.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.local import open_file
from ansible_collections.xloud.image.plugins.module_utils._model.certificate import Certificate
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.signature import (
    KEY_TYPES,
    RSA_PSS,
    Signing,
    Verification,
)

if t.TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes

# No signature is longer: that of an RSA key of 16384 bits is 2 KiB.
_LONGEST: t.Final = 16384


def parse_certificate(content: bytes, name: str) -> Certificate:
    """
    Return the X.509 certificate that is in PEM or DER.

    :param name: How to call it in errors.
    :raises DataError: There is none in it.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    try:
        load = x509.load_pem_x509_certificate if b"-----BEGIN" in content else x509.load_der_x509_certificate
        found = load(content)
        key_type = _key_type(found.public_key())
    except Exception as exc:
        # cryptography has a class for each thing that a certificate can be broken by.
        raise DataError(f"{name} is no X.509 certificate in PEM: {_words(exc)}.") from exc
    return Certificate(
        pem=found.public_bytes(serialization.Encoding.PEM).decode(),
        subject=found.subject.rfc4514_string(),
        key_type=key_type,
        fingerprint=found.fingerprint(hashes.SHA256()).hex(),
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
    )


def read_certificate(path: str, option: str) -> Certificate:
    """
    Return the certificate of a file, which has to be of use to the Image service.

    :raises InputError: The file cannot be read, holds no certificate, or one of a kind that is not verified.
    """
    with open_file(path, option) as handle:
        content = handle.read()
    try:
        certificate = parse_certificate(content, path)
    except DataError as exc:
        raise InputError(option, exc.message) from exc
    if certificate.key_type is None:
        raise InputError(option, f"{path} has a key by which the Image service verifies nothing. {_ADVICE}")
    return certificate


_ADVICE: t.Final = "Use an RSA key, or an elliptic curve of secp384r1 or secp521r1."


def _key_type(key: t.Any) -> str | None:
    """Return how the Image service calls the kind of a key, private or public, None where it knows no such kind."""
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return RSA_PSS
    if isinstance(key, dsa.DSAPublicKey | dsa.DSAPrivateKey):
        return "DSA"
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        name = f"ECC_{key.curve.name.upper()}"
        return name if name in KEY_TYPES else None
    return None


def open_signer(signing: Signing, certificate: Certificate) -> KeySigner | DetachedSigner:
    """
    Return what signs data as it is asked for.

    :param certificate: The certificate that the signature will be verified by.
    :raises InputError: The key or the signature cannot be read, or does not belong to the certificate.
    """
    if signing.privatekey_path is None:
        return _open_detached(signing, certificate)
    key = _read_private_key(signing.privatekey_path, signing.privatekey_passphrase)
    key_type = _key_type(key)
    if key_type is None:
        raise InputError(
            "signature.privatekey_path", f"the Image service verifies no signature of such a key. {_ADVICE}"
        )
    if signing.key_type not in (None, key_type):
        raise InputError("signature.key_type", f"is {signing.key_type}, and the private key is of type {key_type}.")
    if _public_bytes(key.public_key()) != _public_bytes(_public_key(certificate.pem)):
        raise InputError(
            "signature.privatekey_path",
            f"the private key does not belong to the certificate {signing.certificate_uuid} ({certificate.subject}), "
            "so that no signature of it could be verified.",
        )
    return KeySigner(dataclasses.replace(signing, key_type=key_type), key)


def _open_detached(signing: Signing, certificate: Certificate) -> DetachedSigner:
    value = signing.value or _read_signature(t.cast(str, signing.path))
    if _decoded(value) is None:
        raise InputError("signature.value", "is no signature in base64.")
    key_type = certificate.key_type
    if key_type is None or signing.key_type not in (None, key_type):
        raise InputError(
            "signature.key_type",
            f"is {signing.key_type or 'not given'}, and the certificate {signing.certificate_uuid} has a key "
            f"{f'of type {key_type}' if key_type else 'by which the Image service verifies nothing'}.",
        )
    return DetachedSigner(dataclasses.replace(signing, key_type=key_type, value=value), certificate)


def _read_signature(path: str) -> str:
    """Return the signature of a file in base64, in which it may be already."""
    option = "signature.path"
    with open_file(path, option) as handle:
        content = handle.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise InputError(option, f"{path} is too large to be a signature.")
    text = b"".join(content.split()).decode("latin-1")
    return text if _decoded(text) is not None else base64.b64encode(content).decode()


def _decoded(signature: str) -> bytes | None:
    try:
        return base64.b64decode(signature, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _read_private_key(path: str, passphrase: str | None) -> t.Any:
    from cryptography.hazmat.primitives import serialization

    option = "signature.privatekey_path"
    with open_file(path, option) as handle:
        content = handle.read()
    try:
        return serialization.load_pem_private_key(content, passphrase.encode() if passphrase else None)
    except TypeError as exc:
        # It says so where there is a passphrase that is not needed, and where there is none that is.
        words = "opens without a passphrase. Leave it out" if passphrase else "needs one"
        raise InputError("signature.privatekey_passphrase", f"the private key {path} {words}.") from exc
    except ValueError as exc:
        if passphrase and b"ENCRYPTED" in content:
            raise InputError("signature.privatekey_passphrase", f"does not open the private key {path}.") from exc
        raise InputError(option, f"{path} is no private key in PEM.") from exc
    except Exception as exc:
        # A cipher or a curve that this cryptography does not know.
        raise InputError(option, f"{path} cannot be used: {_words(exc)}.") from exc


def _public_bytes(key: t.Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return t.cast(bytes, key.public_bytes(serialization.Encoding.DER, form))


def _public_key(pem: str) -> t.Any:
    from cryptography import x509

    return x509.load_pem_x509_certificate(pem.encode()).public_key()


@dataclasses.dataclass(frozen=True)
class KeySigner:
    """A private key that belongs to the certificate."""

    signing: Signing
    key: t.Any = dataclasses.field(repr=False, compare=False)

    @property
    def ready(self) -> None:
        """Nothing: it needs the digest."""
        return

    def sign(self, digest: str) -> str:
        """Return the signature, in base64, of data that hashes to these hexadecimal digits."""
        method = _Method(self.signing.hash_method, t.cast(str, self.signing.key_type))
        signature: bytes = self.key.sign(bytes.fromhex(digest), *method.arguments())
        return base64.b64encode(signature).decode()


@dataclasses.dataclass(frozen=True)
class DetachedSigner:
    """A signature that was made elsewhere."""

    signing: Signing
    certificate: Certificate

    @property
    def ready(self) -> str:
        """The signature, in base64."""
        return t.cast(str, self.signing.value)

    def sign(self, digest: str) -> str:
        """
        Return the signature, in base64, of data that hashes to these hexadecimal digits.

        :raises DataError: It was made of other data, or with another key.
        """
        signing = self.signing
        verification = Verification(
            self.ready, signing.hash_method, t.cast(str, signing.key_type), self.certificate.pem
        )
        if not verify(verification, digest):
            raise DataError(
                f"The signature does not match the data ({signing.algorithm}:{digest}) by the certificate "
                f"{signing.certificate_uuid} ({self.certificate.subject}), {signing.key_type} and hash_method "
                f"{signing.hash_method}. It was made of other data, with another key, with another hash_method, or of "
                "RSA without PSS padding."
            )
        return self.ready


def verify(verification: Verification, digest: str) -> bool:
    """Say whether a signature is one of data that hashes to these hexadecimal digits."""
    from cryptography.exceptions import InvalidSignature

    signature, key = _decoded(verification.signature), _public_key(verification.certificate)
    if signature is None or _key_type(key) != verification.key_type:
        return False
    method = _Method(verification.hash_method, verification.key_type)
    try:
        key.verify(signature, bytes.fromhex(digest), *method.arguments(verifying=True))
    except (InvalidSignature, ValueError):
        return False
    return True


def check_signature(verification: Verification, digest: str, name: str) -> None:
    """
    Make sure that a signature is one of data that hashes to these hexadecimal digits.

    :param name: What to call the data in errors.
    :raises DataError: It is not.
    """
    if not verify(verification, digest):
        raise DataError(
            f"{name} is not what was signed: its signature ({verification.key_type}, {verification.hash_method}) does "
            f"not match the data ({verification.algorithm}:{digest}). Do not use it before you know why."
        )


@dataclasses.dataclass(frozen=True)
class _Method:
    """How the Image service has signatures made, in the words of cryptography."""

    hash_method: str
    key_type: str

    def arguments(self, *, verifying: bool = False) -> tuple[t.Any, ...]:
        """Return what the methods C(sign) and C(verify) of a key take beside the digest."""
        from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

        prehashed = utils.Prehashed(self._hash())
        if self.key_type == RSA_PSS:
            # The Image service takes any length of the salt, and signs nothing itself.
            salt_length = padding.PSS.AUTO if verifying else padding.PSS.MAX_LENGTH
            return padding.PSS(padding.MGF1(self._hash()), salt_length), prehashed
        return (prehashed,) if self.key_type == "DSA" else (ec.ECDSA(prehashed),)

    def _hash(self) -> hashes.HashAlgorithm:
        from cryptography.hazmat.primitives import hashes

        return t.cast("hashes.HashAlgorithm", getattr(hashes, self.hash_method.replace("-", ""))())


def _words(exc: Exception) -> str:
    return " ".join(str(exc).split()).rstrip(".") or type(exc).__name__
