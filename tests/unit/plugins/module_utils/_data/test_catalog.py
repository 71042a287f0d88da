# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of a whole catalogue."""

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data.catalog import read_sources
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.run import Read, Reading
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, SourceFacts, SourceNeed
from ansible_collections.xloud.image.tests.unit.fakes.samples import DATA, checksum, digest

SHA256 = checksum("sha256")
INSPECT = SourceNeed(True)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(DATA)
    return path


def reading(source=None, place=None, name="a", need=INSPECT, **options):
    return Reading(name, Source(str(source)) if source else None, place, lambda *_: need, **options)


def read(*readings, workers=2):
    return read_sources(readings, workers)


def test_each_version_has_what_was_read_for_it(tmp_path):
    names = [f"{number}" for number in range(9)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(DATA * (number + 1))
    found = read(*(reading(tmp_path / name, name=name) for name in names), workers=3)
    assert list(found) == names
    assert [found[name].facts.size for name in names] == [4 * (number + 1) for number in range(9)]


def test_as_much_is_read_as_is_needed(path):
    hashed = SourceNeed(True, frozenset({"sha512"}), 4)
    assert read(reading(path, need=hashed))["a"].facts.digests["sha512"] == digest("sha512")
    assert read(reading(path, need=SourceNeed()))["a"] == Read(None, SourceFacts())
    assert read(reading())["a"] == Read(None, SourceFacts())


def test_the_checksum_decides_what_is_needed(path):
    asked = []

    def need(source, declared):
        asked.append((source, declared))
        return SourceNeed()

    read(Reading("a", Source(str(path)), str(SHA256), need))
    assert asked == [(Source(str(path)), SHA256)]


def test_a_sums_file_says_the_checksum(path, tmp_path):
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(f"{SHA256.digest}  a.raw\n")
    assert read(reading(path, str(sums)))["a"].checksum == SHA256


@pytest.mark.parametrize("workers", [1, 4])
def test_a_sums_file_that_versions_have_in_common_is_read_once(path, web, workers):
    url = web.put("/SHA256SUMS", f"{SHA256.digest}  a.raw\n".encode())
    found = read(*(reading(path, url, name=str(number)) for number in range(8)), workers=workers)
    assert {each.checksum for each in found.values()} == {SHA256}
    assert web.asked == ["/SHA256SUMS"]


def test_what_cannot_be_read_is_an_error_of_that_version_alone(path, tmp_path, web):
    found = read(
        reading(path, name="right"),
        reading(tmp_path / "missing", name="missing"),
        reading(path, str(tmp_path / "SUMS"), name="without sums"),
        reading(web.url + "/gone", name="gone"),
    )
    assert isinstance(found["right"], Read)
    assert isinstance(found["missing"], InputError)
    assert "does not exist" in found["missing"].message
    assert isinstance(found["without sums"], InputError)
    assert isinstance(found["gone"], DataError)


# Published versions, which never change


def test_the_source_of_a_published_version_may_have_gone(tmp_path, web):
    gone = reading(tmp_path / "missing", str(tmp_path / "SUMS"), settled=True)
    remote = reading(f"{web.url}/a.raw", f"{web.url}/SUMS", name="remote", settled=True)
    assert read(gone, remote) == {"a": Read(), "remote": Read()}
    assert web.asked == []


def test_a_source_at_hand_is_looked_at_all_the_same(path, tmp_path):
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(f"{SHA256.digest}  a.raw\n")
    found = read(reading(path, str(sums), settled=True))["a"]
    assert (found.checksum, found.facts.size) == (SHA256, 4)


def test_a_literal_checksum_is_always_at_hand(tmp_path):
    found = read(reading(tmp_path / "missing", str(SHA256), settled=True))["a"]
    assert found == Read(SHA256, SourceFacts())


def test_a_sums_file_at_hand_tells_of_a_source_that_has_gone(tmp_path):
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(f"{SHA256.digest}  a.raw\n")
    assert read(reading(tmp_path / "a.raw", str(sums), settled=True))["a"] == Read(SHA256, SourceFacts())
