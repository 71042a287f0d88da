# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data import source as module
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import cached_digests
from ansible_collections.xloud.image.plugins.module_utils._data.source import (
    BLOCK,
    UploadStream,
    open_upload,
    read_facts,
    resolve_checksum,
)
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.source import (
    CloudSource,
    Source,
    SourceFacts,
    SourceNeed,
    Upload,
)
from ansible_collections.xloud.image.tests.unit.fakes.samples import checksum, digest

BIG = bytes(range(256)) * (BLOCK // 256) * 2 + b"end"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(b"data")
    return path


def need(*algorithms, if_size=None):
    return SourceNeed(True, frozenset(algorithms), if_size)


# Checksums


@pytest.mark.parametrize("text", [None, ""])
def test_no_checksum(text):
    assert resolve_checksum(text, None) is None


def test_a_literal_checksum_needs_no_source():
    assert resolve_checksum(str(checksum("sha256")), None) == checksum("sha256")


def test_a_place_needs_a_source():
    with pytest.raises(InputError, match="is not a checksum"):
        resolve_checksum("SHA256SUMS", None)


def test_a_sums_file_on_disk(path):
    sums = path.with_name("SUMS")
    sums.write_text(f"{digest('sha512')}  a.raw\n")
    assert resolve_checksum(str(sums), Source(str(path))) == checksum("sha512")
    with pytest.raises(InputError, match=r"checksum: .*/SUMS lists 1 file.*, and b.raw is not one of them"):
        resolve_checksum(str(sums), Source("/images/b.raw"))


def test_a_sums_file_on_the_web(web):
    url = web.put("/dir/SHA256SUMS", f"{digest('sha256')} *a b.raw\n".encode())
    assert resolve_checksum(url, Source(f"{web.url}/dir/a%20b.raw")) == checksum("sha256")
    with pytest.raises(DataError, match="the server answered 404"):
        resolve_checksum(f"{web.url}/missing", Source("/images/a.raw"))


# Facts


@pytest.mark.parametrize("source", [None, Source("/missing"), Source("http://127.0.0.1:9/a")])
def test_what_is_not_needed_is_not_read(source):
    assert read_facts(source, SourceNeed()) == SourceFacts()


@pytest.mark.parametrize(
    ("asked", "digests"),
    [
        (need(), set()),
        (need("sha256"), {"sha256"}),
        (need("sha256", "sha512", if_size=4), {"sha256", "sha512"}),
        (need("sha256", if_size=5), set()),
    ],
    ids=["inspect", "hash", "size", "other-size"],
)
def test_facts_of_a_file(path, asked, digests):
    expected = SourceFacts("raw", 4, 4, {name: digest(name) for name in digests})
    assert read_facts(Source(str(path)), asked) == expected


def test_what_is_known_of_a_file_is_always_told(path):
    read_facts(Source(str(path)), need("sha256"))
    assert read_facts(Source(str(path)), need()).digests == {"sha256": digest("sha256")}


@pytest.mark.parametrize("with_length", [True, False])
def test_facts_of_a_url(web, with_length):
    source = Source(web.put("/a", BIG, with_length=with_length))
    assert read_facts(source, need()).size == (len(BIG) if with_length else None)
    facts = read_facts(source, need("sha256", if_size=len(BIG)))
    assert (facts.size, facts.digests) == (len(BIG), {"sha256": digest("sha256", BIG)})
    assert web.asked == ["/a", "/a"]


def test_a_url_of_another_size_is_not_read_whole(web):
    source = Source(web.put("/a", BIG))
    assert read_facts(source, need("sha256", if_size=4)).digests == {}


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match="source: .*does not exist"):
        read_facts(Source(str(tmp_path / "missing")), need())


# Uploads


def send(upload, algorithms=("sha512",)):
    """Take an upload as a transport does, and return what arrived, the size announced, and the digests."""
    blocks = []
    try:
        with open_upload(upload, algorithms) as stream:
            blocks.extend(stream)
            return b"".join(blocks), stream.size, stream.digests()
    except DataError as exc:
        exc.arrived = b"".join(blocks)
        raise


def upload_of(place, declared=None, method="direct"):
    return Upload(Source(str(place)), declared, None, method)


@pytest.mark.parametrize("data", [b"x", b"x" * BLOCK, BIG], ids=["byte", "block", "blocks"])
def test_a_file_is_sent_and_hashed_on_the_way(path, data):
    path.write_bytes(data)
    digests = {name: digest(name, data) for name in ("sha512", "sha256")}
    assert send(upload_of(path, checksum("sha256", data))) == (data, len(data), digests)
    assert cached_digests(str(path)) == digests


@pytest.mark.parametrize("with_length", [True, False])
def test_a_url_is_sent(web, with_length):
    url = web.put("/a", BIG, with_length=with_length)
    data, size, digests = send(upload_of(url, checksum("sha512", BIG)))
    assert data == BIG
    assert size == (len(BIG) if with_length else None)
    assert digests == {"sha512": digest("sha512", BIG)}
    assert web.asked == ["/a"]


@pytest.mark.parametrize("data", [b"x", b"x" * BLOCK, BIG], ids=["byte", "block", "blocks"])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_data_that_is_something_else_never_arrives_whole(path, data, algorithm):
    path.write_bytes(data)
    with pytest.raises(DataError, match=f"is not what its checksum says: {algorithm}:.* was declared") as error:
        send(upload_of(path, Checksum(algorithm, "0" * 64)))
    assert len(error.value.arrived) < len(data)
    assert len(error.value.arrived) >= len(data) - BLOCK
    assert cached_digests(str(path)) == {}


@pytest.mark.parametrize("with_length", [True, False])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_no_data_at_all_is_something_else_too(web, with_length, algorithm):
    url = web.put("/a", b"", with_length=with_length)
    with pytest.raises(DataError, match="is not what its checksum says|is empty"):
        send(upload_of(url, checksum(algorithm)))


@pytest.mark.parametrize("with_length", [True, False])
def test_no_data_at_all_is_no_image(web, with_length):
    with pytest.raises(DataError, match="/a is empty"):
        send(upload_of(web.put("/a", b"", with_length=with_length)))


@pytest.mark.parametrize("changed", [BIG + b"more", BIG[:-4]], ids=["longer", "shorter"])
def test_a_file_that_changes_meanwhile_never_arrives_whole(path, monkeypatch, changed):
    path.write_bytes(BIG)
    plain = module.UploadStream.__iter__

    def altering(stream):
        path.write_bytes(changed)
        return plain(stream)

    monkeypatch.setattr(module.UploadStream, "__iter__", altering)
    with pytest.raises(DataError, match=f"changed meanwhile: it had {len(BIG)} bytes"):
        send(upload_of(path))


# Compressed sources


@pytest.fixture(params=["gz", "bz2", "xz", "zst"])
def packed(request, tmp_path):
    """A compressed file, whose name says nothing, with BIG in it."""
    if request.param == "zst":
        pytest.importorskip("zstandard")
    path = tmp_path / "a.img"
    path.write_bytes(pack(request.param, BIG))
    return path


def pack(compression, data):
    if compression == "zst":
        return importlib.import_module("zstandard").ZstdCompressor().compress(data)
    return {"gz": gzip, "bz2": bz2, "xz": lzma}[compression].compress(data)


def test_the_facts_of_a_compressed_source_are_those_of_its_content(packed):
    facts = read_facts(Source(str(packed)), need())
    assert (facts.disk_format, facts.size, facts.compression is None) == ("raw", None, False)
    whole = read_facts(Source(str(packed)), need("sha512"))
    assert (whole.size, whole.virtual_size) == (len(BIG), len(BIG))
    assert whole.digests["sha512"] == digest("sha512", BIG)
    assert whole.packed_digests["sha512"] == digest("sha512", packed.read_bytes())


def test_what_is_inside_is_sent(packed):
    arrived, size, digests = send(upload_of(packed))
    assert (arrived, size, digests["sha512"]) == (BIG, None, digest("sha512", BIG))


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_checksum_may_be_that_of_the_file_or_of_what_is_inside(packed, algorithm):
    for data in (packed.read_bytes(), BIG):
        assert send(upload_of(packed, checksum(algorithm, data)))[0] == BIG
    with pytest.raises(DataError, match="is not what its checksum says"):
        send(upload_of(packed, checksum(algorithm, b"other")))


def test_an_unchanged_file_is_decompressed_once(packed, monkeypatch):
    send(upload_of(packed))
    monkeypatch.setattr(module, "BLOCK", "reading it again would fail")
    facts = read_facts(Source(str(packed)), need("sha512"))
    assert (facts.size, facts.digests["sha512"]) == (len(BIG), digest("sha512", BIG))


def test_compressed_data_may_be_kept_as_it_is(packed):
    source = Source(str(packed))
    assert read_facts(source, need(), keep=True).size == packed.stat().st_size
    with open_upload(Upload(source, None, None, "direct", keep=True), {"sha512"}) as stream:
        assert b"".join(stream) == packed.read_bytes()


def test_compressed_data_that_is_cut_off_is_no_image(packed):
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(DataError, match="ends too early|is broken"):
        send(upload_of(packed))


def test_compressed_data_from_the_web(web):
    facts = read_facts(Source(web.put("/a", pack("xz", BIG))), need())
    assert (facts.disk_format, facts.compression, facts.size) == ("raw", "xz", None)
    assert send(upload_of(web.put("/a", pack("xz", BIG))))[0] == BIG


def test_a_connection_that_breaks_off_is_no_end(web):
    with pytest.raises(DataError, match="broke off"):
        send(upload_of(web.put("/a", BIG, broken_after=BLOCK)))


# What is inspected on its way


def limited(limit, *algorithms):
    return SourceNeed(True, frozenset(algorithms), limit=limit, unpack=True)


def test_a_compressed_file_is_measured_once_where_there_is_a_limit(packed, monkeypatch):
    facts = read_facts(Source(str(packed)), limited(len(BIG)))
    assert (facts.size, facts.virtual_size) == (len(BIG), len(BIG))
    monkeypatch.setattr(module, "BLOCK", "reading it again would fail")
    assert read_facts(Source(str(packed)), limited(len(BIG))).size == len(BIG)


def test_a_compressed_file_is_not_measured_without_a_limit(packed, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", "reading all of it would fail")
    assert read_facts(Source(str(packed)), need()).size is None


def test_a_compressed_file_beyond_a_limit_is_refused(packed):
    with pytest.raises(DataError, match=f"virtual size of more than {len(BIG) - 1} bytes, and max_virtual_size allows"):
        read_facts(Source(str(packed)), limited(len(BIG) - 1))


def test_what_has_no_end_is_stopped_on_its_way(web):
    source = Source(web.put("/a", BIG, with_length=False))
    upload = Upload(source, None, None, "direct", limit=len(BIG) - 1)
    with open_upload(upload, {"sha512"}) as stream, pytest.raises(DataError, match="max_virtual_size allows"):
        list(stream)


def test_a_file_that_became_something_else_never_arrives_whole(path, qemu_img):
    assert read_facts(Source(str(path)), need()).disk_format == "raw"
    qemu_img("create", "-f", "qcow2", path, "1M")
    upload = Upload(Source(str(path)), None, None, "direct", disk_format="raw")
    with open_upload(upload, {"sha512"}) as stream, pytest.raises(DataError, match="was raw, and is qcow2 now"):
        list(stream)


def test_a_url_that_gives_something_else_the_second_time_never_arrives_whole(web, tmp_path, qemu_img):
    path = tmp_path / "disk"
    qemu_img("create", "-f", "qcow2", "-u", "-b", "/etc/passwd", "-F", "raw", path, "1M")
    source = Source(web.put("/a", b"harmless"))
    assert read_facts(source, need()).disk_format == "raw"
    web.put("/a", path.read_bytes())
    upload = Upload(source, None, None, "direct")
    with open_upload(upload, {"sha512"}) as stream, pytest.raises(DataError, match="backing_file: Image has a backing"):
        list(stream)


def test_an_image_of_a_cloud_is_taken_for_what_it_is(tmp_path, qemu_img):
    path = tmp_path / "disk"
    qemu_img("create", "-f", "qcow2", "-u", "-b", "/etc/passwd", "-F", "raw", path, "1M")
    data = path.read_bytes()
    upload = Upload(CloudSource("mycloud", "base", "id"), None, len(data), "direct", keep=True)
    assert b"".join(UploadStream(upload, io.BytesIO(data), len(data), {"sha512"})) == data
