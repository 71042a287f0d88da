# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
import threading

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data import hashing, local
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import Hasher
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.tests.unit.fakes.samples import digest


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(b"data")
    return path


@pytest.fixture
def opened(monkeypatch):
    """The paths that were opened to be hashed."""
    paths = []
    open_file = local.open_file

    def counting(path, option="source"):
        paths.append(path)
        return open_file(path, option)

    monkeypatch.setattr(hashing, "open_file", counting)
    return paths


def entries(home):
    return list((home / ".cache/xloud.image/digests").glob("*"))


def test_a_file_is_read_once(file, opened):
    for _time in range(3):
        assert hashing.file_digests(str(file), {"sha256"}) == {"sha256": digest("sha256")}
    assert opened == [str(file)]


def test_another_algorithm_reads_again_and_both_are_kept(file, opened):
    hashing.file_digests(str(file), {"sha256"})
    both = {name: digest(name) for name in ("sha256", "sha512")}
    assert hashing.file_digests(str(file), {"sha512"}) == both
    assert hashing.file_digests(str(file), {"sha256", "sha512"}) == both
    assert hashing.cached_digests(str(file)) == both
    assert len(opened) == 2


def change_size(file):
    status = file.stat()
    file.write_bytes(b"other data")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def change_time(file):
    file.write_bytes(b"tada")
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))


@pytest.mark.parametrize("change", [change_size, change_time])
def test_a_changed_file_is_read_again(file, opened, change):
    hashing.file_digests(str(file), {"sha256"})
    change(file)
    assert hashing.cached_digests(str(file)) == {}
    assert hashing.file_digests(str(file), {"sha256"}) == {"sha256": digest("sha256", file.read_bytes())}
    assert len(opened) == 2


def test_a_file_that_changes_while_it_is_read_is_not_remembered_as_it_is_then(file, monkeypatch):
    new_hashes = hashing.new_hashes

    def append(algorithms):
        with file.open("ab") as handle:
            handle.write(b"more")
        return new_hashes(algorithms)

    monkeypatch.setattr(hashing, "new_hashes", append)
    hashing.file_digests(str(file), {"sha256"})
    assert hashing.cached_digests(str(file)) == {}


def test_a_link_is_the_file_it_leads_to(file, opened):
    link = file.with_name("link")
    link.symlink_to(file)
    hashing.file_digests(str(file), {"sha256"})
    hashing.file_digests(str(link), {"sha256"})
    assert opened == [str(file)]


def test_what_was_computed_elsewhere_is_remembered(file, opened):
    hashing.remember(str(file), {"sha256": "x"})
    hashing.remember(str(file), {"sha512": "y"})
    assert hashing.file_digests(str(file), {"sha256", "sha512"}) == {"sha256": "x", "sha512": "y"}
    assert opened == []


def test_what_was_computed_of_older_content_is_not_taken_for_the_newer(file):
    before = os.stat(file)
    change_time(file)
    hashing.remember(str(file), {"sha256": "x"}, before)
    assert hashing.cached_digests(str(file)) == {}


def test_a_file_that_is_gone_is_not_remembered(tmp_path, clean_environment):
    hashing.remember(str(tmp_path / "gone"), {"sha256": "x"})
    assert entries(clean_environment) == []


@pytest.mark.parametrize(
    "content", ["", "not JSON", "[]", "null", "{}", '{"key": null}', '{"key": [4], "digests": {}}', b"\xff"]
)
def test_a_broken_cache_costs_one_reading(file, opened, clean_environment, content):
    hashing.file_digests(str(file), {"sha256"})
    [entry] = entries(clean_environment)
    entry.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert hashing.file_digests(str(file), {"sha256"}) == {"sha256": digest("sha256")}
    assert len(opened) == 2


def test_a_cache_that_lacks_the_digests_costs_one_reading(file, opened, clean_environment):
    hashing.file_digests(str(file), {"sha256"})
    [entry] = entries(clean_environment)
    entry.write_text(json.dumps({"key": json.loads(entry.read_text())["key"]}))
    assert hashing.file_digests(str(file), {"sha256"}) == {"sha256": digest("sha256")}


def test_without_a_cache_everything_works(file, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    assert hashing.file_digests(str(file), {"sha256"}) == {"sha256": digest("sha256")}
    hashing.remember(str(file), {"sha256": "x"})
    assert hashing.cached_digests(str(file)) == {}


def test_the_cache_is_private_and_where_it_should_be(file, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    hashing.file_digests(str(file), {"sha256"})
    folder = tmp_path / "cache/xloud.image/digests"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(list(folder.iterdir())) == 1


def test_an_unknown_algorithm():
    with pytest.raises(InputError, match="this Python cannot compute it"):
        hashing.new_hashes({"sha3-of-the-future"})


def test_errors_name_the_option(tmp_path):
    with pytest.raises(InputError, match="path: .* does not exist"):
        hashing.file_digests(str(tmp_path / "missing"), {"sha256"}, "path")


# Hashing on the way


@pytest.mark.parametrize("count", [0, 1, 100, 5000], ids=["nothing", "a byte", "little", "much"])
def test_digests_of_what_goes_by(count):
    blocks = [bytes([each % 256]) * 997 for each in range(count)]
    hasher = Hasher({"sha256", "sha512"})
    for block in blocks:
        hasher.update(block)
    data = b"".join(blocks)
    assert hasher.digests() == {"sha256": digest("sha256", data), "sha512": digest("sha512", data)}
    assert hasher.digests()["sha256"] == digest("sha256", data)


def test_no_more_than_a_few_blocks_wait_for_their_hashing(monkeypatch):
    monkeypatch.setattr(hashing, "_GATHERED", 1)
    hasher, gate = Hasher({"sha256"}), threading.Event()
    plain, waiting = hasher._hash, threading.Event()
    monkeypatch.setattr(hasher, "_hash", lambda block: (gate.wait(60), plain(block)))
    feeder = threading.Thread(target=lambda: [hasher.update(b"x") for _each in range(50)] and waiting.set())
    feeder.start()
    while hasher._blocks.qsize() < hashing._BLOCKS_BEHIND:
        pass
    assert not waiting.is_set()
    gate.set()
    feeder.join()
    assert hasher.digests() == {"sha256": digest("sha256", b"x" * 50)}
