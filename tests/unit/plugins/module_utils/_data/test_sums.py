# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import threading
from types import SimpleNamespace

from ansible_collections.xloud.image.plugins.module_utils._data import files as files_module
from ansible_collections.xloud.image.plugins.module_utils._data import sums as sums_module
from ansible_collections.xloud.image.plugins.module_utils._data.sums import read_sums, record_sums
from ansible_collections.xloud.image.tests.unit.fakes.samples import digest


def files(folder, *names):
    for name in names:
        (folder / name).write_bytes(name.encode())
    return [str(folder / name) for name in names]


def test_files_are_entered_and_other_lines_stay(tmp_path):
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(f"# kept\n{digest('sha256')}  other\n{digest('sha256')}  a\n")
    record_sums(str(sums), files(tmp_path, "a", "b"))
    expected = {"a": digest("sha256", b"a"), "b": digest("sha256", b"b"), "other": digest("sha256")}
    assert read_sums(str(sums)) == expected
    assert sums.read_text().startswith("# kept\n")
    before = sums.read_text()
    record_sums(str(sums), files(tmp_path, "a"))
    assert sums.read_text() == before


def test_the_list_is_what_sha256sum_reads(tmp_path):
    record_sums(str(tmp_path / "SHA256SUMS"), files(tmp_path, "a", "b c"))
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_nothing_is_lost_where_several_enter_at_a_time(tmp_path):
    names = [f"file-{number}" for number in range(20)]
    paths = files(tmp_path, *names)
    threads = [threading.Thread(target=record_sums, args=[str(tmp_path / "SHA256SUMS"), [path]]) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read_sums(str(tmp_path / "SHA256SUMS"))) == sorted(names)


def test_no_list_lists_nothing(tmp_path):
    assert read_sums(str(tmp_path / "SHA256SUMS")) == {}


def test_a_folder_where_only_files_can_be_locked(tmp_path, monkeypatch):
    """NFS refuses an exclusive lock of what is not open for writing, and a folder never is."""

    def flock(handle, operation):
        mode = fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE
        if mode == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        fcntl.flock(handle, operation)

    monkeypatch.setattr(files_module, "fcntl", SimpleNamespace(**{**vars(fcntl), "flock": flock}))
    monkeypatch.setattr(sums_module, "fcntl", SimpleNamespace(**{**vars(fcntl), "flock": flock}), raising=False)
    record_sums(str(tmp_path / "SHA256SUMS"), files(tmp_path, "a"))
    assert read_sums(str(tmp_path / "SHA256SUMS")) == {"a": digest("sha256", b"a")}
    assert sorted(os.listdir(tmp_path)) == ["SHA256SUMS", "a"]
