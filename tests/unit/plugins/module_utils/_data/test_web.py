# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data import web as module
from ansible_collections.xloud.image.plugins.module_utils._data.web import fetch_text, open_url
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source


def read(source):
    with open_url(source) as download:
        return download.size, b"".join(iter(lambda: download.read(3), b""))


@pytest.mark.parametrize("with_length", [True, False])
def test_a_page_is_read(web, with_length):
    url = web.put("/a", b"some data", with_length=with_length)
    assert read(Source(url)) == (9 if with_length else None, b"some data")


def test_redirects_are_followed(web):
    web.put("/b", b"data")
    assert read(Source(web.put("/a", b"", status=302, location="/b")))[1] == b"data"


@pytest.mark.parametrize("status", [404, 403, 500, 204])
def test_other_answers_are_errors(web, status):
    url = web.put("/a", b"", status=status)
    with pytest.raises(DataError, match=f"/a cannot be fetched: the server answered {status}"):
        read(Source(url))


def test_a_broken_connection_is_an_error(web):
    with pytest.raises(DataError, match="/a broke off"):
        read(Source(web.put("/a", b"some data", broken_after=4)))


def test_no_server_is_an_error_that_shows_no_secret():
    with pytest.raises(DataError, match="cannot be fetched") as error:
        read(Source("http://me:hunter2@127.0.0.1:9/a?token=s3cret"))
    assert "hunter2" not in error.value.message
    assert "s3cret" not in error.value.message


@pytest.mark.parametrize("broken_after", [None, 4])
def test_errors_of_an_answer_show_no_secret(web, broken_after):
    url = web.put("/a", b"some data", status=200 if broken_after else 500, broken_after=broken_after)
    with pytest.raises(DataError) as error:
        read(Source(url.replace("//", "//me:hunter2@") + "?token=s3cret"))
    assert "hunter2" not in error.value.message
    assert "s3cret" not in error.value.message


def test_text(web):
    assert fetch_text(Source(web.put("/a", "ü".encode()))) == "ü"


@pytest.mark.parametrize("with_length", [True, False])
@pytest.mark.parametrize("body", [b"\xff\xfe", b"x" * 101], ids=["binary", "large"])
def test_what_is_no_small_text(web, monkeypatch, body, with_length):
    monkeypatch.setattr(module, "_LARGEST_TEXT", 100)
    with pytest.raises(DataError, match="is no text file of at most 4 MiB"):
        fetch_text(Source(web.put("/a", body, with_length=with_length)))
