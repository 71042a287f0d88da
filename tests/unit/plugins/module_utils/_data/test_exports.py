# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data import exports, hashing
from ansible_collections.xloud.image.plugins.module_utils._data.exports import file_facts
from ansible_collections.xloud.image.plugins.module_utils._model.export import FileFacts, WantedExport
from ansible_collections.xloud.image.tests.unit.fakes.samples import digest, image


@pytest.fixture
def target(tmp_path):
    return tmp_path / "a.raw"


def facts(target, size=4, sidecar=None, **options):
    wanted = WantedExport(str(target), sidecar and str(sidecar), **options)
    return file_facts(wanted, image(size=size), "sha512")


def test_facts_of_nothing(target):
    assert facts(target, sidecar=target) == FileFacts()


def test_facts_of_a_file_of_the_right_size(target):
    target.write_bytes(b"data")
    assert facts(target) == FileFacts(4, digest("sha512"))


def test_a_file_of_another_size_is_not_read(target, monkeypatch):
    target.write_bytes(b"more data")
    monkeypatch.setattr(exports, "file_digests", None)
    assert facts(target) == FileFacts(9)


def test_a_known_file_is_not_read(target, monkeypatch):
    target.write_bytes(b"data")
    facts(target)
    monkeypatch.setattr(hashing, "open_file", None)
    assert facts(target) == FileFacts(4, digest("sha512"))


def test_an_empty_file_is_what_an_empty_image_should_be(target):
    target.touch()
    assert facts(target, 0) == FileFacts(0, digest("sha512", b""))


@pytest.mark.parametrize(
    ("content", "text"), [(b"{}", "{}"), (b"", ""), (b"\xff", None)], ids=["text", "empty", "garbage"]
)
def test_facts_of_a_sidecar(target, content, text):
    sidecar = target.with_name("a.raw.json")
    sidecar.write_bytes(content)
    assert facts(target, sidecar=sidecar).sidecar == text
    assert facts(target).sidecar is None


def test_what_a_list_says_of_a_file(target):
    sums = target.with_name("SHA256SUMS")
    target.write_bytes(b"data")
    sums.write_text(f"# a comment\n{digest('sha256')}  a.raw\n{digest('sha256', b'x')} *b.raw\n")
    found = facts(target, sums=str(sums))
    assert (found.digest, found.sha256) == (digest("sha512"), digest("sha256"))
    assert found.listed == {"a.raw": digest("sha256"), "b.raw": digest("sha256", b"x")}
    assert found.lists(str(target), found.sha256)
    assert not found.lists("/elsewhere/b.raw", found.sha256)


def test_a_converted_file_has_no_digest_that_a_cloud_knows(target):
    target.write_bytes(b"converted")
    found = facts(target, sums=str(target.with_name("SHA256SUMS")), format="qcow2")
    assert found == FileFacts(9, None, None, digest("sha256", b"converted"))
