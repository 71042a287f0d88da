# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, certificates and signatures to test with, made by the library that the real services use."""

from __future__ import annotations

import base64
import datetime
import functools
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.x509.oid import NameOID

HASHES = {"SHA-224": hashes.SHA224, "SHA-256": hashes.SHA256, "SHA-384": hashes.SHA384, "SHA-512": hashes.SHA512}
NOW = datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class Pair:
    """A private key and a certificate of it."""

    key: Any
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def private(self, passphrase: str | None = None) -> bytes:
        encryption = (
            serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
        )
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)

    def sign(self, data: bytes, hash_method: str = "SHA-256") -> str:
        """The signature of data in base64, as somebody makes it who has never heard of this collection."""
        method = HASHES[hash_method]()
        if isinstance(self.key, rsa.RSAPrivateKey):
            made = self.key.sign(data, padding.PSS(padding.MGF1(method), padding.PSS.MAX_LENGTH), method)
        else:
            made = self.key.sign(data, ec.ECDSA(method))
        return base64.b64encode(made).decode()


def pair(kind: str = "rsa", number: int = 0, days: int = 365) -> Pair:
    """
    Return a key and its certificate, the same each time.

    :param number: Another number gives another key.
    :param days: The days that the certificate is valid from yesterday on; less than none for one that has ended.
    """
    return _pair(kind, number, days)


@functools.cache
def _pair(kind: str, number: int, days: int) -> Pair:
    key = _make_key(kind)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{kind} {number}")])
    begin = NOW - datetime.timedelta(days=1 if days > 0 else 1 - days)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin)
    builder = builder.not_valid_after(begin + datetime.timedelta(days=abs(days)))
    return Pair(key, builder.sign(key, hashes.SHA256()))


def _make_key(kind: str) -> Any:
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    if kind == "dsa":
        return dsa.generate_private_key(2048)
    return ec.generate_private_key({"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}[kind]())


def verifies(pem: bytes, key_type: str, hash_method: str, signature: str, data: bytes) -> bool:
    """Say whether the services would take a signature for one of this data."""
    key, method = x509.load_pem_x509_certificate(pem).public_key(), HASHES[hash_method]()
    try:
        made = base64.b64decode(signature)
        if key_type == "RSA-PSS":
            key.verify(made, data, padding.PSS(padding.MGF1(method), padding.PSS.AUTO), method)
        elif key_type == "DSA":
            key.verify(made, data, method)
        else:
            key.verify(made, data, ec.ECDSA(method))
    except Exception:
        return False
    return True
