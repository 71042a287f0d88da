# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data.signing import (
    check_signature,
    open_signer,
    parse_certificate,
    read_certificate,
    verify,
)
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.signature import HASH_METHODS, Signing, Verification
from ansible_collections.xloud.image.tests.unit.fakes.keys import pair, verifies

DATA = b"what is signed"
KEY_TYPES = {"rsa": "RSA-PSS", "p384": "ECC_SECP384R1", "p521": "ECC_SECP521R1", "dsa": "DSA"}
ID = "7c1e0a52-5b0f-4a3e-9f0e-3d7a6f1b2c4d"


def digest(hash_method="SHA-256", data=DATA):
    return hashlib.new(HASH_METHODS[hash_method], data).hexdigest()


def certificate(kind="rsa", number=0):
    return parse_certificate(pair(kind, number).pem, "it")


@pytest.fixture
def key_file(tmp_path):
    def write(kind="rsa", number=0, passphrase=None):
        path = tmp_path / f"{kind}-{number}.pem"
        path.write_bytes(pair(kind, number).private(passphrase))
        return str(path)

    return write


@pytest.fixture
def signing(key_file):
    def make(kind="rsa", **settings):
        return Signing(ID, privatekey_path=key_file(kind), **settings)

    return make


def verification(kind="rsa", hash_method="SHA-256", signature=None):
    made = signature or pair(kind).sign(DATA, hash_method)
    return Verification(made, hash_method, KEY_TYPES[kind], pair(kind).pem.decode())


@pytest.mark.parametrize("hash_method", HASH_METHODS)
@pytest.mark.parametrize("kind", KEY_TYPES)
def test_the_services_take_what_is_signed(kind, hash_method, signing):
    signer = open_signer(signing(kind, hash_method=hash_method), certificate(kind))
    made = signer.sign(digest(hash_method))
    assert signer.ready is None
    assert signer.signing.key_type == KEY_TYPES[kind]
    assert verifies(pair(kind).pem, KEY_TYPES[kind], hash_method, made, DATA)
    assert not verifies(pair(kind).pem, KEY_TYPES[kind], hash_method, made, DATA + b"!")


def test_a_key_with_a_passphrase(key_file):
    path = key_file(passphrase="opensesame")
    signer = open_signer(Signing(ID, privatekey_path=path, privatekey_passphrase="opensesame"), certificate())
    assert verifies(pair().pem, "RSA-PSS", "SHA-256", signer.sign(digest()), DATA)


@pytest.mark.parametrize(
    ("written", "given", "option", "words"),
    [
        ("opensesame", None, "privatekey_passphrase", "needs one"),
        ("opensesame", "wrong", "privatekey_passphrase", "does not open the private key"),
        (None, "needless", "privatekey_passphrase", "opens without a passphrase. Leave it out"),
    ],
)
def test_passphrases_that_do_not_fit(written, given, option, words, key_file):
    signing = Signing(ID, privatekey_path=key_file(passphrase=written), privatekey_passphrase=given)
    with pytest.raises(InputError, match=rf"signature\.{option}: .*{words}") as caught:
        open_signer(signing, certificate())
    for secret in filter(None, (written, given)):
        assert secret not in str(caught.value)
        assert secret not in repr(signing)


KEYS = {
    "text": lambda: b"no key",
    "damaged": lambda: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "certificate": lambda: pair().pem,
    "curve": lambda: pair("p256").private(),
    "other": lambda: pair("rsa", 1).private(),
    "kind": lambda: pair("p384").private(),
}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text", "is no private key in PEM"),
        ("damaged", "is no private key in PEM"),
        ("certificate", "is no private key in PEM"),
        ("curve", "verifies no signature of such a key"),
        ("other", "does not belong to the certificate"),
        ("kind", "does not belong to the certificate"),
    ],
)
def test_keys_that_are_of_no_use(content, words, tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(KEYS[content]())
    with pytest.raises(InputError, match=rf"signature\.privatekey_path: .*{words}"):
        open_signer(Signing(ID, privatekey_path=str(path)), certificate())


def test_a_key_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"signature\.privatekey_path: .*does not exist"):
        open_signer(Signing(ID, privatekey_path=str(tmp_path / "none.pem")), certificate())


def test_a_key_of_another_type_than_is_said(signing):
    with pytest.raises(InputError, match="is DSA, and the private key is of type RSA-PSS"):
        open_signer(signing(key_type="DSA"), certificate())


@pytest.mark.parametrize("form", ["base64", "lines", "raw"])
def test_a_signature_made_elsewhere(form, tmp_path):
    made = pair().sign(DATA)
    lines = "\n".join(made[start : start + 64] for start in range(0, len(made), 64)) + "\n"
    path = tmp_path / "signature"
    path.write_bytes({"base64": made.encode(), "lines": lines.encode(), "raw": base64.b64decode(made)}[form])
    signer = open_signer(Signing(ID, path=str(path)), certificate())
    assert signer.ready == signer.sign(digest()) == made
    assert signer.signing.key_type == "RSA-PSS"


@pytest.mark.parametrize("other", ["data", "key", "hash"])
def test_a_signature_of_something_else(other):
    made = {"data": pair().sign(b"other"), "key": pair("rsa", 1).sign(DATA), "hash": pair().sign(DATA, "SHA-512")}
    signer = open_signer(Signing(ID, value=made[other]), certificate())
    with pytest.raises(DataError, match=rf"does not match the data .* by the certificate {ID} \(CN=rsa 0\)"):
        signer.sign(digest())


def test_what_is_no_signature(tmp_path):
    path = tmp_path / "signature"
    path.write_bytes(bytes(20000))
    with pytest.raises(InputError, match=r"signature\.path: .*too large"):
        open_signer(Signing(ID, path=str(path)), certificate())
    with pytest.raises(InputError, match="no signature in base64"):
        open_signer(Signing(ID, value="no base64!"), certificate())


def test_a_certificate_that_nobody_verifies_by():
    with pytest.raises(InputError, match="has a key by which the Image service verifies nothing"):
        open_signer(Signing(ID, value=pair("p256").sign(DATA)), certificate("p256"))
    with pytest.raises(InputError, match="is DSA, and the certificate .* has a key of type RSA-PSS"):
        open_signer(Signing(ID, value=pair().sign(DATA), key_type="DSA"), certificate())


@pytest.mark.parametrize("form", ["pem", "der"])
def test_a_certificate(form, tmp_path):
    path = tmp_path / "certificate"
    path.write_bytes(getattr(pair(), form))
    found = read_certificate(str(path), "path")
    assert found == certificate()
    assert found.pem.encode() == pair().pem
    assert found.subject == "CN=rsa 0"
    assert found.key_type == "RSA-PSS"
    assert found.fingerprint == hashlib.sha256(pair().der).hexdigest()
    assert re.fullmatch(r"from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d", found.validity)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text", "no X.509 certificate"),
        ("other", "no X.509 certificate"),
        ("curve", "verifies nothing. Use an RSA key"),
    ],
)
def test_certificates_that_are_of_no_use(content, words, tmp_path):
    path = tmp_path / "certificate"
    path.write_bytes(pair("p256").pem if content == "curve" else KEYS[content]())
    with pytest.raises(InputError, match=rf"path: .*{words}"):
        read_certificate(str(path), "path")


@pytest.mark.parametrize("hash_method", HASH_METHODS)
@pytest.mark.parametrize("kind", ["rsa", "p384", "p521"])
def test_what_somebody_else_signed_is_verified(kind, hash_method):
    found = verification(kind, hash_method)
    assert verify(found, digest(hash_method))
    assert not verify(found, digest(hash_method, b"other"))


@pytest.mark.parametrize("signature", ["no base64!", "AAAA"])
def test_what_is_no_signature_is_not_verified(signature):
    found = verification(signature=signature)
    assert not verify(found, digest())
    with pytest.raises(DataError, match="The file is not what was signed: .*RSA-PSS, SHA-256"):
        check_signature(found, digest(), "The file")


def test_a_key_of_another_type_verifies_nothing():
    found = Verification(pair().sign(DATA), "SHA-256", "DSA", pair().pem.decode())
    assert not verify(found, digest())
