# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data import web as module
from ansible_collections.xloud.image.plugins.module_utils._data.web import Download, fetch_text, open_url
from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, DataError
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source
from ansible_collections.xloud.image.tests.unit.fakes.web import Page


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """The seconds that were waited, in no time."""
    found = []
    monkeypatch.setattr(module.time, "sleep", found.append)
    return found


class Response:
    """An answer to a request, of which no more than C(given) comes."""

    def __init__(self, body=b"", status=200, given=None, **headers):
        self.status_code = status
        self.headers = {"Content-Length": str(len(body)), **headers}
        self.raw = self
        self.closed = False
        self._rest = io.BytesIO(body[:given])

    def read(self, count, decode_content):
        return self._rest.read(count)

    def close(self):
        self.closed = True


def part(begin, body, total=9, **options):
    return Response(body, 206, **options, **{"Content-Range": f"bytes {begin}-{begin + len(body) - 1}/{total}"})


def download_of(*answers, size=9, start=0):
    """A download that gets these answers one after the other, and the offsets that it asked for."""
    waiting, offsets = list(answers), []

    def fetch(offset):
        offsets.append(offset)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Download(fetch, "the data", size, start), offsets


def drain(download):
    return b"".join(iter(lambda: download.read(2), b""))


def test_nothing_is_asked_for_before_it_is_read():
    download, offsets = download_of()
    download.close()
    assert offsets == []


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([Response(b"some data")], [0]),
        ([Response(b"some data", given=5), part(5, b"data")], [0, 5]),
        ([Response(b"some data", given=5), Response(b"some data")], [0, 5]),
        ([Response(b"some data", given=5), part(5, b"data", given=3), part(8, b"a")], [0, 5, 8]),
        ([CloudError("busy", 503), Response(b"some data")], [0, 0]),
        ([CloudError("nobody there"), Response(b"some data")], [0, 0]),
        ([Response(b"some data", given=5), CloudError("busy", 502), part(5, b"data")], [0, 5, 5]),
    ],
    ids=["whole", "rest", "whole again", "twice", "busy", "unreachable", "busy later"],
)
def test_every_break_is_survived(answers, expected):
    download, offsets = download_of(*answers)
    assert (drain(download), offsets, download.count) == (b"some data", expected, 9)


def test_what_was_there_before_is_not_asked_for():
    download, offsets = download_of(part(5, b"data"), start=5)
    assert (drain(download), offsets, download.received) == (b"data", [5], 4)
    download, _offsets = download_of(Response(b"", 416), start=9)
    assert drain(download) == b""


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([Response(b"some data", given=5), part(4, b" data")], "was asked for from byte 5 on, and begins at byte 4"),
        ([Response(b"some data", given=5), part(5, b"data!", total=10)], "has 10 bytes, and not the 9"),
        ([Response(b"some more data", **{"Content-Length": ""})], "has more than the 9 bytes that were announced"),
        ([Response(b"some data", given=5), Response(b"", 416)], "ends before byte 5"),
    ],
    ids=["other part", "other size", "longer", "shorter"],
)
def test_data_that_is_not_what_was_announced_is_an_error(answers, words):
    with pytest.raises(DataError, match=words):
        drain(download_of(*answers)[0])


@pytest.mark.parametrize("length", ["²", "٣", "-4", "9" * 5000, "4, 4"], ids=["2", "3", "sign", "long", "two"])
def test_a_length_that_is_no_number_is_none(length):
    download, _offsets = download_of(Response(b"data", **{"Content-Length": length}), size=None)
    assert (drain(download), download.size) == (b"data", None)


def test_a_part_of_a_size_that_is_no_number_is_no_part():
    download, _offsets = download_of(*[part(4, b"end", "9" * 5000) for _answer in range(9)], start=4)
    with pytest.raises(DataError, match="the server sent a part without saying which"):
        drain(download)


def test_a_server_that_sends_us_on_to_nowhere_is_an_error(web):
    source = Source(web.put("/a", b"", status=302, location="http://["))
    with pytest.raises(DataError, match="/a cannot be fetched: "):
        read(source)


def test_a_refusal_is_final(pauses):
    with pytest.raises(CloudError, match="not yours"):
        drain(download_of(CloudError("not yours", 403))[0])
    assert pauses == []


def test_a_service_says_when_to_come_back(pauses):
    drain(download_of(CloudError("busy", 503, retry_after=7), Response(b"some data"))[0])
    assert pauses == [7]


def test_breaks_count_only_in_a_row(pauses):
    answers = [part(each, b"some data"[each:], given=1) for each in range(9)]
    assert drain(download_of(*answers)[0]) == b"some data"
    assert pauses == [0.5] * 8


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


def test_a_connection_that_breaks_for_good_is_an_error(web, pauses):
    with pytest.raises(DataError, match="/a broke off after 4 of 9 bytes, 5 times in a row: .*Run the task again"):
        read(Source(web.put("/a", b"some data", broken_after=4, breaks=99)))
    assert pauses == [0.5, 1, 2, 4]


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
def test_a_broken_download_goes_on_where_it_stopped(web, ranges):
    url = web.put("/a", b"some data", broken_after=4, breaks=1, ranges=ranges)
    web.ranges.clear()
    assert read(Source(url)) == (9, b"some data")
    assert web.ranges == [None, "bytes=4-"]


def test_a_document_that_changed_meanwhile_is_an_error(web):
    url = web.put("/a", b"some data", broken_after=4, breaks=1, etag='"1"', then=Page(b"other day", etag='"2"'))
    with pytest.raises(DataError, match="/a is another document than when its transfer began"):
        read(Source(url))


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
