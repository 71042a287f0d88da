# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum, find_in_sums, is_literal
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError

DIGEST = "ab" * 32
LONG = "cd" * 64


@pytest.mark.parametrize("text", [f"sha256:{DIGEST}", f"sha512:{LONG}"])
def test_parse_and_print(text):
    assert str(Checksum.parse(text)) == text


def test_digits_are_lower_case():
    assert Checksum.parse(f"sha256:{DIGEST.upper()}") == Checksum("sha256", DIGEST)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DIGEST, "checksum: .* is not a checksum"),
        ("", "is not a checksum"),
        (f"md5:{'a' * 32}", "Write sha256:<64 digits>"),
        ("sha256:", "sha256 has 64 hexadecimal digits"),
        (f"sha512:{DIGEST}", "sha512 has 128 hexadecimal digits"),
        (f"sha256:{DIGEST[:-1]}x", "sha256 has 64"),
        (f"sha256:{DIGEST}\n", "sha256 has 64"),
        (f"sha256: {DIGEST}", "sha256 has 64"),
    ],
)
def test_parse_refuses(text, message):
    with pytest.raises(InputError, match=message):
        Checksum.parse(text)


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        (f"sha256:{DIGEST}", True),
        ("sha512:short", True),
        ("md5:abc", True),
        ("https://host/SHA256SUMS", False),
        ("http://host/a", False),
        ("/images/SHA256SUMS", False),
        ("SHA256SUMS", False),
    ],
)
def test_a_place_is_told_from_a_checksum(text, literal):
    assert is_literal(text) is literal


@pytest.mark.parametrize(
    "text",
    [
        f"{DIGEST}  a.qcow2",
        f"{DIGEST} *a.qcow2",
        f"{DIGEST}  ./images/a.qcow2",
        f"SHA256 (a.qcow2) = {DIGEST}",
        f"SHA256 (dir/a.qcow2) = {DIGEST}",
        f"SHA256(a.qcow2)= {DIGEST}",
        f"{DIGEST}\n",
        DIGEST.upper(),
        f"# a.qcow2: 42 bytes\nSHA256 (a.qcow2) = {DIGEST}\nSHA256 (b.qcow2) = {'1' * 64}",
        f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{DIGEST}  a.qcow2\n{'1' * 64}  b.qcow2",
        f"{DIGEST}  a.qcow2\r\n{DIGEST}  a.qcow2\r\n",
        f"MD5 (a.qcow2) = {'1' * 32}\nSHA256 (a.qcow2) = {DIGEST}",
    ],
    ids=lambda text: text.replace(DIGEST, "D")[:40],
)
def test_sums_files_are_understood(text):
    assert find_in_sums(text, "a.qcow2", "SUMS") == Checksum("sha256", DIGEST)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "SUMS lists 0 file.*a.qcow2 is not one of them"),
        (f"{DIGEST}  b.qcow2", "lists 1 file"),
        (f"{DIGEST}  xa.qcow2", "lists 1 file"),
        (f"{DIGEST}\n{DIGEST}", "lists 2 file"),
        (f"{DIGEST}  a.qcow2\n{'1' * 64}  a.qcow2", "lists a.qcow2 with 2 different digests"),
        (f"{'1' * 40}  a.qcow2", "a digest of 40 digits, neither SHA-256 nor SHA-512"),
        ("<html>404</html>", "lists 0 file"),
    ],
    ids=["empty", "another", "suffix", "bare-twice", "contradiction", "sha1", "page"],
)
def test_sums_files_that_do_not_tell(text, message):
    with pytest.raises(InputError, match=message):
        find_in_sums(text, "a.qcow2", "SUMS")


NAMES = st.text(string.ascii_letters + string.digits + " ._-()+=ü", min_size=1).filter(
    lambda name: name == name.strip()
)
LISTINGS = st.dictionaries(NAMES, st.binary(max_size=8), min_size=1, max_size=6)


@given(LISTINGS, st.sampled_from(["sha256", "sha512"]), st.sampled_from(["gnu", "binary", "bsd", "folder"]), st.data())
def test_every_file_of_a_listing_is_found(listing, algorithm, style, data):
    lines = {
        "gnu": "{digest}  {name}",
        "binary": "{digest} *{name}",
        "folder": "{digest}  ./some folder/{name}",
        "bsd": f"{algorithm.upper()} ({{name}}) = {{digest}}",
    }
    digests = {name: hashlib.new(algorithm, content).hexdigest() for name, content in listing.items()}
    text = "\n".join(lines[style].format(name=name, digest=digest) for name, digest in digests.items())
    name = data.draw(st.sampled_from(sorted(listing)))
    assert find_in_sums(text, name, "SUMS") == Checksum(algorithm, digests[name])
