# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import builtins
import os
import threading

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data.local import open_file, read_sidecar, read_text
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._plan.export import sidecar_content
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, image


def open_and_read(path):
    with open_file(str(path)) as handle:
        return handle.read()


def test_a_file_is_opened(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"data")
    assert open_and_read(path) == b"data"


@pytest.mark.parametrize("name", ["a\0b", "\ud800"], ids=["nul", "surrogate"])
def test_what_is_no_path(name):
    with pytest.raises(InputError, match="source: .* is no path"):
        open_and_read(name)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="source: .*/missing does not exist"):
        open_and_read(tmp_path / "missing")


def test_a_directory(tmp_path):
    with pytest.raises(InputError, match="is a directory"):
        open_and_read(tmp_path)


def test_an_empty_file(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="is empty"):
        open_and_read(tmp_path / "empty")


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    refused = []

    def attempt():
        with pytest.raises(InputError, match="is no regular file"):
            open_and_read(path)
        refused.append(path)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(5)
    if thread.is_alive():
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        thread.join()
        pytest.fail("opening a pipe waits for somebody to write to it")
    assert refused == [path]


def test_an_unreadable_file(monkeypatch, tmp_path):
    # Whoever runs the tests may be allowed to read everything.
    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        open_and_read(tmp_path / "secret")


def test_errors_name_the_option(tmp_path):
    with pytest.raises(InputError, match="checksum: .* does not exist"):
        read_text(str(tmp_path / "SUMS"), "checksum")


def test_text(tmp_path):
    path = tmp_path / "a"
    path.write_bytes("ü".encode())
    assert read_text(str(path), "checksum") == "ü"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is no text file"):
        read_text(str(path), "checksum")


def test_a_sidecar(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(sidecar_content(image(), ()))
    assert read_sidecar(str(path))["name"] == NAME
    assert read_sidecar(None) is None
    path.write_text("{}")
    with pytest.raises(InputError, match="sidecar: the file is no sidecar"):
        read_sidecar(str(path))
