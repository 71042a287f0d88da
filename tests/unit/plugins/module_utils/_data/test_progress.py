# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.xloud.image.plugins.module_utils._ansible.report import transfer_result
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Progress


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "progress"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_phase_is_a_line_at_its_ends_and_one_a_second(path, clock):
    with Progress(str(path), clock).phase("upload", "a-v1.0", 100) as meter:
        for _step in range(4):
            clock.now += 0.5
            meter.add(25)
    assert [(line["done"], line["seconds"], line["state"]) for line in lines(path)] == [
        (0, 0.0, "running"),
        (50, 1.0, "running"),
        (100, 2.0, "running"),
        (100, 2.0, "done"),
    ]
    assert {(line["image"], line["phase"], line["total"]) for line in lines(path)} == {("a-v1.0", "upload", 100)}


def test_a_phase_that_breaks_off_has_failed(path, clock):
    progress = Progress(str(path), clock)

    def download():
        with progress.phase("download", "a-v1.0", None) as meter:
            meter.add(7)
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        download()
    assert lines(path)[-1]["state"] == "failed"
    assert progress.as_result()["download"]["bytes"] == 7


def test_a_file_that_cannot_be_written_hurts_nobody(tmp_path, clock):
    progress = Progress(str(tmp_path / "missing/progress"), clock)
    with progress.phase("upload", "a-v1.0", 1) as meter:
        meter.add(1)
    assert progress.as_result()["upload"]["bytes"] == 1


def test_the_result_counts_what_was_moved_alone(clock):
    progress = Progress(None, clock)
    for phase, count in (("upload", 100), ("import", 20), ("download", 3), ("verify", 1000), ("copy", 4000)):
        with progress.phase(phase, "a-v1.0", count) as meter:
            clock.now += 2
            meter.add(count)
    result = transfer_result(progress.as_result())
    assert {key: result[key] for key in ("bytes", "seconds", "rate")} == {"bytes": 123, "seconds": 6.0, "rate": 20}
    assert result["phases"]["verify"] == {"bytes": 1000, "seconds": 2.0, "rate": 500}


def test_nothing_moved_has_the_same_keys():
    assert transfer_result(Progress().as_result()) == {"bytes": 0, "seconds": 0, "rate": 0, "phases": {}}
