# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import shutil
from types import SimpleNamespace

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud.download import export
from ansible_collections.xloud.image.plugins.module_utils._data import hashing, web
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import cached_digests
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Progress
from ansible_collections.xloud.image.plugins.module_utils._data.source import BLOCK
from ansible_collections.xloud.image.plugins.module_utils._data.sparse import SparseWriter
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    BreakError,
    DataError,
    ForbiddenError,
    InputError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.plan import ExportData
from ansible_collections.xloud.image.tests.unit.fakes.cloud import respond
from ansible_collections.xloud.image.tests.unit.fakes.glance import Answer
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, digest

BIG = bytes(range(256)) * (BLOCK // 256) * 2 + b"end"


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    found = []
    monkeypatch.setattr(web.time, "sleep", found.append)
    return found


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out.raw"


@pytest.fixture
def part(tmp_path):
    return tmp_path / ".out.raw.part"


def action(image_id, target, data=BIG, algorithm="sha512", **changes):
    given = {"size": len(data), "algorithm": algorithm, "digest": digest(algorithm, data), **changes}
    return ExportData(NAME, "why", image_id, str(target), **given)


def run(session, *args, **kwargs):
    progress = Progress()
    export(session, action(*args, **kwargs), progress)
    return progress.as_result()


def half(cloud, image_id):
    """Break the connection after a block."""
    answer = Answer(200, BIG[:BLOCK])
    cloud.instead("GET", f"/images/{image_id}/file", lambda request: respond(request, answer, announced=len(BIG)))


@pytest.mark.parametrize("algorithm", ["sha512", "md5"])
def test_an_image_is_brought_into_a_file(cloud, glance, session, target, monkeypatch, algorithm):
    image_id = glance.add(NAME, BIG)
    assert run(session, image_id, target, algorithm=algorithm)["download"]["bytes"] == len(BIG)
    assert target.read_bytes() == BIG
    assert cloud.log == [f"GET /images/{image_id}/file"]
    monkeypatch.setattr(hashing, "open_file", None)
    known = hashing.file_digests(str(target), {algorithm, "sha256"})
    assert known[algorithm] == digest(algorithm, BIG)
    assert known["sha256"] == digest("sha256", BIG)


def test_an_empty_image_is_brought_into_a_file(glance, session, target):
    run(session, glance.add(NAME, b""), target, b"")
    assert target.read_bytes() == b""


def test_zeros_take_no_room(glance, session, target):
    data = bytes(8 * 1024**2) + b"end" + bytes(1024**2)
    run(session, glance.add(NAME, data), target, data)
    assert target.read_bytes() == data
    assert target.stat().st_blocks * 512 < 1024**2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": len(BIG) - 3}, f"has {len(BIG)} bytes, and not the"),
        ({"size": len(BIG) + 1}, f"has {len(BIG)} bytes, and not the"),
        ({"digest": "0" * 128}, "did not arrive whole: the cloud has .* Nothing was left behind"),
    ],
    ids=["long", "short", "hash"],
)
@pytest.mark.parametrize("there", [None, b"old"])
def test_what_is_not_right_is_not_kept(glance, session, target, changes, words, there):
    if there:
        target.write_bytes(there)
    with pytest.raises(DataError, match=words):
        run(session, glance.add(NAME, BIG), target, **changes)
    assert os.listdir(target.parent) == (["out.raw"] if there else [])
    assert not there or target.read_bytes() == there
    assert cached_digests(str(target)) == {}


@pytest.mark.parametrize("ranges", [True, False])
def test_a_connection_that_breaks_off_is_taken_up(cloud, glance, session, target, ranges):
    glance.ranges = ranges
    image_id = glance.add(NAME, BIG)
    half(cloud, image_id)
    run(session, image_id, target)
    assert target.read_bytes() == BIG
    assert [sent.headers.get("Range") for sent in cloud.sent] == [None, f"bytes={BLOCK}-"]


def test_what_arrived_before_a_lasting_break_is_kept_for_the_next_run(cloud, glance, session, target, part):
    image_id = glance.add(NAME, BIG)
    target.write_bytes(b"old")
    half(cloud, image_id)
    cloud.break_off("GET", ".*/file", times=99)
    with pytest.raises(
        BreakError, match=rf"broke off after {BLOCK} of .* {BLOCK} bytes are kept in {part}, and the ne"
    ):
        run(session, image_id, target)
    assert (target.read_bytes(), part.read_bytes()) == (b"old", BIG[:BLOCK])
    cloud.faults.clear()
    cloud.sent.clear()
    phases = run(session, image_id, target)
    assert (target.read_bytes(), part.exists()) == (BIG, False)
    assert [sent.headers["Range"] for sent in cloud.sent] == [f"bytes={BLOCK}-"]
    assert (phases["verify"]["bytes"], phases["download"]["bytes"]) == (BLOCK, len(BIG) - BLOCK)


@pytest.mark.parametrize("left", [b"other" * 9, BIG[:-1] + b"!", BIG + b"more"], ids=["begun", "whole", "longer"])
def test_what_is_left_of_something_else_is_not_taken(glance, session, target, part, left):
    part.write_bytes(left)
    run(session, glance.add(NAME, BIG), target)
    assert (target.read_bytes(), part.exists()) == (BIG, False)


def test_what_was_left_whole_is_not_asked_for(cloud, glance, session, target, part):
    part.write_bytes(BIG)
    run(session, glance.add(NAME, BIG), target)
    assert (target.read_bytes(), cloud.log) == (BIG, [])


def test_an_interrupted_run_leaves_what_arrived(cloud, glance, session, target, part):
    def interrupt(_request):
        raise KeyboardInterrupt

    image_id = glance.add(NAME, BIG)
    half(cloud, image_id)
    cloud.instead("GET", ".*/file", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(session, image_id, target)
    assert part.read_bytes() == BIG[:BLOCK]


def test_a_disk_that_gets_full_leaves_nothing(glance, session, target, monkeypatch):
    def full(_writer, _block):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(SparseWriter, "write", full)
    target.write_bytes(b"old")
    with pytest.raises(DataError, match="cannot be written: No space left on device. Nothing was left behind"):
        run(session, glance.add(NAME, BIG), target)
    assert os.listdir(target.parent) == ["out.raw"]
    assert target.read_bytes() == b"old"


def test_a_disk_without_room_is_found_out_before(cloud, glance, session, target, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=len(BIG) - 1))
    with pytest.raises(DataError, match=f"needs {len(BIG)} bytes, and its file system has {len(BIG) - 1} free"):
        run(session, glance.add(NAME, BIG), target)
    assert (os.listdir(target.parent), cloud.log) == ([], [])


def test_a_deactivated_image_is_read_by_administrators_alone(cloud, glance, session, target):
    image_id = glance.add(NAME, BIG, status="deactivated")
    with pytest.raises(ForbiddenError, match="Image data download is forbidden"):
        run(session, image_id, target)
    assert os.listdir(target.parent) == []
    run(cloud.session(roles=("admin",)), image_id, target)
    assert target.read_bytes() == BIG


def test_data_is_converted_once_it_is_verified(glance, session, target, qemu_img):
    data = b"some data" * 1000 + bytes(1024**2 - 9000)
    image_id = glance.add(NAME, data)
    phases = run(session, image_id, target, data, disk_format="raw", format="qcow2")
    qemu_img("compare", "-f", "qcow2", target, _written(target.with_name("plain"), data))
    assert "convert" in phases
    assert sorted(os.listdir(target.parent)) == ["out.raw", "plain"]
    assert cached_digests(str(target)).keys() == {"sha256"}


def test_data_that_cannot_be_converted_leaves_nothing(glance, session, target):
    with pytest.raises(DataError, match="qemu-img convert failed"):
        run(
            session,
            glance.add(NAME, b"not a disk" * 999),
            target,
            b"not a disk" * 999,
            disk_format="qcow2",
            format="raw",
        )
    assert os.listdir(target.parent) == []


def test_what_cannot_be_converted_here_is_not_fetched(cloud, glance, session, target, monkeypatch, tmp_path):
    image_id = glance.add(NAME, BIG)
    monkeypatch.setenv("PATH", str(tmp_path))
    cloud.log.clear()
    with pytest.raises(InputError, match="there is no qemu-img"):
        run(session, image_id, target, disk_format="raw", format="qcow2")
    assert cloud.log == []
    assert os.listdir(target.parent) == []


def _written(path, data):
    path.write_bytes(data)
    return path
