# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data import uploads
from ansible_collections.xloud.image.plugins.module_utils._data.uploads import forget, is_uploading, uploading

ID = "3f6a7c1e-52f0-4c6b-9a37-0a8f3f2b7a11"
HOLD = """
import sys
from ansible_collections.xloud.image.plugins.module_utils._data.uploads import uploading
with uploading(sys.argv[1]):
    print("begun", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other():
    """Another process that uploads."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, ID],
        env={**os.environ, "PYTHONPATH": str(Path(uploads.__file__).parents[6])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "begun\n"
    yield process
    process.kill()
    process.communicate()


def test_nothing_tells_of_an_upload_that_never_was():
    assert is_uploading(ID) is None


def test_an_upload_is_told_as_long_as_it_lasts():
    with uploading(ID):
        assert is_uploading(ID)
        assert is_uploading(f"{ID}0") is None
    assert is_uploading(ID) is None


def test_that_of_another_process_is_told_too(other):
    assert is_uploading(ID)
    other.kill()
    other.wait()
    assert is_uploading(ID) is False
    forget(ID)
    assert is_uploading(ID) is None


def test_a_process_that_was_killed_on_another_machine_is_none_of_ours(other, monkeypatch):
    other.kill()
    other.wait()
    monkeypatch.setattr(uploads, "_BOOT", "/nonexistent")
    assert is_uploading(ID) is None


def test_a_home_that_cannot_be_written_to_costs_the_mark_alone(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with uploading(ID):
        assert is_uploading(ID) is None


def test_an_id_leads_to_no_other_folder(clean_environment):
    with uploading("../../../escaped"):
        (mark,) = (path for path in clean_environment.rglob("*") if path.is_file())
    assert mark.parent.name == "uploads"
