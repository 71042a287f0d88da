# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps through a file and through a stream."""

from __future__ import annotations

import io

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data.layout import FlawError, Layout, Reach, Read
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError

DATA = bytes(range(200))


def asking(*questions):
    """Return steps that ask, and the list that the answers go to."""
    answers = []

    def steps():
        for question in questions:
            answers.append((yield question))

    return steps(), answers


def streamed(steps, data=DATA, step=7, size=None):
    layout = Layout(steps, "qcow2", "disk", size)
    for position in range(0, len(data), step):
        layout.watch(data[position : position + step], position)
    layout.end(len(data))


@pytest.mark.parametrize("step", [1, 7, 64, 200, 500])
def test_a_stream_answers_what_is_asked_in_its_order(step):
    steps, answers = asking(Read(0, 10), Read(10, 50), Read(100, 100), Read(190, 50), Read(300, 5))
    streamed(steps, step=step)
    assert answers[:3] == [DATA[:10], DATA[10:60], DATA[100:]]
    assert answers[4] == b""


def test_a_stream_has_no_answer_to_what_is_past():
    steps, answers = asking(Read(100, 10), Read(0, 10), Read(150, 10))
    streamed(steps)
    assert answers == [DATA[100:110], None, DATA[150:160]]


def test_a_file_answers_everything():
    steps, answers = asking(Read(100, 10), Read(0, 10), Read(195, 10), Read(500, 10))
    Layout(steps, "qcow2", "disk", len(DATA)).look_up(io.BytesIO(DATA))
    assert answers == [DATA[100:110], DATA[:10], DATA[195:], b""]


WORDS = (
    "disk fails the check truncated of qcow2 data: its tail ends at byte 201, and there are 200 bytes. It is cut off"
)


def test_what_is_cut_off_is_found_at_once_where_the_size_is_known():
    with pytest.raises(DataError, match=WORDS):
        Layout(asking(Reach(201, "its tail"))[0], "qcow2", "disk", 200)


def test_what_is_cut_off_is_found_at_the_end_where_it_is_not():
    with pytest.raises(DataError, match=WORDS):
        streamed(asking(Reach(201, "its tail"), Reach(5, "its head"))[0])
    streamed(asking(Reach(200, "its tail"))[0])


def test_a_flaw_names_the_check():
    def steps():
        yield Read(0, 1)
        raise FlawError("parent", "it is half a disk", "Find the other half.")

    with pytest.raises(DataError) as caught:
        streamed(steps())
    assert caught.value.message == "disk fails the check parent of qcow2 data: it is half a disk. Find the other half."
    assert caught.value.details == {"check": "parent", "disk_format": "qcow2"}
