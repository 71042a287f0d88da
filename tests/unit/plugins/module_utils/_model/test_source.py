# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source


@pytest.mark.parametrize(
    ("text", "location", "filename"),
    [
        ("/images/a.qcow2", "/images/a.qcow2", "a.qcow2"),
        ("/images/../a.qcow2", "/a.qcow2", "a.qcow2"),
        ("https://host/dir/a.qcow2?x=/b", "https://host/dir/a.qcow2?x=/b", "a.qcow2"),
        ("https://host/dir/a%20b.qcow2", "https://host/dir/a%20b.qcow2", "a b.qcow2"),
        ("HTTP://host/a", "HTTP://host/a", "a"),
    ],
)
def test_places(text, location, filename):
    source = Source.parse(text)
    assert (source.location, source.filename) == (location, filename)


def test_a_path_becomes_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Source.parse("a.qcow2").location == str(tmp_path / "a.qcow2")
    assert Source.parse("~/a.qcow2").location == os.path.expanduser("~/a.qcow2")


@pytest.mark.parametrize("text", ["file:///etc/passwd", "ftp://host/a", "s3://bucket/a"])
def test_other_schemes_are_refused(text):
    with pytest.raises(InputError, match="source: .*is not supported"):
        Source.parse(text)


@pytest.mark.parametrize("text", ["http://[::1/a", "https://host]/a"])
def test_an_address_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="source"):
        Source.parse(text)


@pytest.mark.parametrize(
    ("text", "shown", "secrets"),
    [
        ("/images/a", "/images/a", set()),
        ("https://host:8/a", "https://host:8/a", set()),
        ("https://me:pass@host/a?token=t#f", "https://host/a", {"pass", "token=t"}),
        ("https://me@host/a", "https://host/a", set()),
        ("https://ghp_0123456789@host/a", "https://host/a", {"ghp_0123456789"}),
        ("https://me:p%40ss@host/a", "https://host/a", {"p%40ss", "p@ss"}),
        ("https://h/a?v=12&sig=ab%2Fcdefgh", "https://h/a", {"v=12&sig=ab%2Fcdefgh", "ab/cdefgh"}),
    ],
)
def test_secrets_are_not_shown(text, shown, secrets):
    assert str(Source(text)) == shown
    assert Source(text).secrets == secrets
