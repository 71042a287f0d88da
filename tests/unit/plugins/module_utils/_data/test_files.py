# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
import shutil
from types import SimpleNamespace

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data import files
from ansible_collections.xloud.image.plugins.module_utils._data.files import (
    part_path,
    replacing,
    target_path,
)
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError


@pytest.fixture
def target(tmp_path):
    return tmp_path / "a.raw"


def write(path, data=b"new", size=None):
    with replacing(str(path), len(data) if size is None else size) as handle:
        handle.write(data)


@pytest.mark.parametrize("there", [None, b"old and longer"])
def test_a_file_takes_its_name(target, there):
    if there:
        target.write_bytes(there)
    write(target)
    assert target.read_bytes() == b"new"
    assert os.listdir(target.parent) == ["a.raw"]


def test_until_then_it_has_another_name(target):
    target.write_bytes(b"old")
    with replacing(str(target), 3) as handle:
        handle.write(b"new")
        handle.flush()
        assert target.read_bytes() == b"old"
        assert sorted(os.listdir(target.parent)) == [".a.raw.part", "a.raw"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, DataError])
@pytest.mark.parametrize("there", [None, b"old"])
def test_a_failure_leaves_nothing(target, there, failure):
    if there:
        target.write_bytes(there)
    with pytest.raises(failure), replacing(str(target), 3):
        raise failure("x")
    assert os.listdir(target.parent) == (["a.raw"] if there else [])
    assert not there or target.read_bytes() == there


def test_what_a_killed_run_left_is_written_over(target):
    with open(part_path(str(target)), "wb") as handle:
        handle.write(b"half of a much longer file")
    write(target)
    assert target.read_bytes() == b"new"
    assert os.listdir(target.parent) == ["a.raw"]


def test_two_do_not_write_the_same_file(target):
    with replacing(str(target), 3) as handle:
        handle.write(b"one")
        with pytest.raises(DataError, match="is being written by another process"):
            write(target, b"two")
        handle.write(b"!")
    assert target.read_bytes() == b"one!"


@pytest.mark.parametrize("third", [False, True], ids=["alone", "and-a-third"])
def test_who_waited_for_the_lock_does_not_spoil_the_finished_file(target, monkeypatch, third):
    """Another process finishes between our opening of its part and our lock, and a third one may begin."""
    part = part_path(str(target))
    with open(part, "wb") as handle:
        handle.write(b"finished by the other")

    def finish_first(handle, operation):
        monkeypatch.undo()
        os.replace(part, target)
        if third:
            open(part, "wb").close()
        fcntl.flock(handle, operation)

    monkeypatch.setattr(files, "fcntl", SimpleNamespace(**{**vars(fcntl), "flock": finish_first}))
    finished = []
    with replacing(str(target), 3) as handle:
        finished.append(target.read_bytes())
        handle.write(b"new")
    assert finished == [b"finished by the other"]
    assert target.read_bytes() == b"new"


def test_a_full_disk_is_noticed_first(target, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2))
    target.write_bytes(b"old")
    with pytest.raises(DataError, match="needs 3 bytes, and its file system has 2 free. Nothing was written"):
        write(target)
    assert os.listdir(target.parent) == ["a.raw"]
    assert target.read_bytes() == b"old"


def test_a_file_that_just_fits_is_written(target, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3))
    write(target)
    assert target.read_bytes() == b"new"


class FullDisk(io.FileIO):
    """A file whose disk is full after some bytes."""

    def write(self, data):
        if self.tell() + len(data) > 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


@pytest.mark.parametrize("data", [b"12345", b"x" * 20000], ids=["on-flush", "on-write"])
def test_a_disk_that_gets_full_leaves_nothing(target, monkeypatch, data):
    plain = builtins.open

    def opening(path, mode="r", *args, **kwargs):
        if str(path).endswith(".part"):
            return io.BufferedRandom(FullDisk(path, "w+"), 8192)
        return plain(path, mode, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", opening)
    target.write_bytes(b"old")
    with pytest.raises(DataError, match="cannot be written: No space left on device. Nothing was left behind"):
        write(target, data)
    assert os.listdir(target.parent) == ["a.raw"]
    assert target.read_bytes() == b"old"


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(DataError, match="cannot be written: No such file or directory"):
        write(tmp_path / "missing" / "a")


# Targets


def test_a_name_alone_is_one_of_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("a.raw")
    assert (tmp_path / "a.raw").read_bytes() == b"new"


def test_a_target_is_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert target_path("a.raw", "x.raw") == str(tmp_path / "a.raw")
    assert target_path("~/a.raw", "x.raw") == os.path.expanduser("~/a.raw")


def test_a_file_keeps_its_mode(tmp_path):
    path = tmp_path / "plan.json"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with replacing(str(path), 3) as handle:
        handle.write(b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / ".plan.json.part").symlink_to(tmp_path / "victim")
    (tmp_path / "victim").write_bytes(b"precious")
    with pytest.raises(DataError, match="cannot be written"), replacing(str(tmp_path / "plan.json"), 3):
        pass
    assert (tmp_path / "victim").read_bytes() == b"precious"


def test_a_folder_gets_the_name_of_the_image(tmp_path):
    assert target_path(str(tmp_path), "x.raw") == str(tmp_path / "x.raw")


@pytest.mark.parametrize(
    "name",
    ["../x", "a/b", "/etc/passwd", ".hidden", "..", ".", "a\nb", "a\0", "\x1b[2J", "\ud800", "x" * 240, "ü" * 120],
)
def test_a_name_from_afar_does_not_lead_out_of_the_folder(tmp_path, name):
    with pytest.raises(InputError, match="is no name for a file. Name the file"):
        target_path(str(tmp_path), name)
    assert target_path(str(tmp_path / "a.raw"), name) == str(tmp_path / "a.raw")


def test_a_folder_that_is_not_there_is_no_file(tmp_path):
    with pytest.raises(InputError, match="path: .* is no directory. Create it first"):
        target_path(f"{tmp_path}/backup/", "a.raw")


def test_a_name_from_afar_that_is_a_folder(tmp_path):
    (tmp_path / "x.raw").mkdir()
    with pytest.raises(InputError, match="is a directory"):
        target_path(str(tmp_path), "x.raw")


def test_a_target_in_no_folder(tmp_path):
    with pytest.raises(InputError, match="path: .*/missing does not exist. Create it first"):
        target_path(str(tmp_path / "missing" / "a"), "x")


def test_a_target_in_a_folder_of_others(tmp_path, monkeypatch):
    # Whoever runs the tests may be allowed to write everywhere.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="cannot be written to by this user"):
        target_path(str(tmp_path / "a"), "x")
