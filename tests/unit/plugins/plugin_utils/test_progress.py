# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import threading

import pytest

from ansible_collections.xloud.image.plugins.plugin_utils._progress import Follower, Throttle, began, ended, running

GIB = 1024**3
MIB = 1024**2


class Module:
    """A module at work whose time is the throttle's, both set by the test."""

    def __init__(self, verbose=False):
        self.now = 100.0
        self.shown = []
        self.throttle = Throttle(self.shown.append, verbose, lambda: self.now)
        self.begun = {}

    def say(self, done, total=100 * MIB, state="running", image="a", phase="upload"):
        begun = self.begun.setdefault((image, phase), self.now)
        self.throttle.take(line(done, total, self.now - begun, state, image, phase))
        if state != "running":
            del self.begun[image, phase]

    def pass_time(self, seconds):
        for _second in range(seconds):
            self.now += 1
            self.throttle.tick()


def line(done, total, seconds, state="running", image="a", phase="upload"):
    return {"image": image, "phase": phase, "state": state, "done": done, "total": total, "seconds": seconds}


@pytest.fixture
def module():
    return Module()


def test_a_short_phase_is_not_worth_a_line(module):
    module.say(0)
    module.pass_time(1)
    module.say(100 * MIB, state="done")
    assert module.shown == []


def test_verbosity_shows_the_beginning_and_the_end_of_a_short_phase():
    module = Module(verbose=True)
    module.say(0)
    module.pass_time(1)
    module.say(100 * MIB, state="done")
    assert module.shown == ["a: upload of 100 MiB begins", "a: upload of 100 MiB done in 1 s, 100 MiB/s"]


def test_a_long_phase_shows_that_it_lives_and_how_it_ended(module):
    module.say(0)
    module.pass_time(2)
    assert module.shown == ["a: upload for 2 s, 100 MiB to go"]
    module.say(100 * MIB, state="done")
    assert module.shown[1:] == ["a: upload of 100 MiB done in 2 s, 50.0 MiB/s"]


def test_a_fast_transfer_shows_a_line_each_15_seconds(module):
    for second in range(60):
        module.say(second * MIB * 100 // 60)
        module.pass_time(1)
    assert len(module.shown) == 4


def test_a_slow_transfer_shows_a_line_each_10_percent(module):
    for second in range(10_000):
        module.say(second * MIB // 100)
        module.pass_time(1)
    percents = [shown.partition("(")[2].partition(" ")[0] for shown in module.shown[1:]]
    assert percents == ["10", "20", "30", "40", "50", "60", "70", "80", "90"]


def test_a_day_without_a_size_stays_readable(module):
    module.say(0, None)
    module.pass_time(86_400)
    assert 20 < len(module.shown) <= 40


def test_images_side_by_side_are_told_apart(module):
    module.say(0, image="a")
    module.say(0, image="b", phase="download")
    module.pass_time(2)
    assert [shown.partition(" for")[0] for shown in module.shown] == ["a: upload", "b: download"]


def test_a_phase_that_begins_again_is_a_new_one(module):
    for _attempt in range(2):
        module.say(0)
        module.pass_time(3)
        module.say(MIB, state="failed")
    assert [shown.split()[2] for shown in module.shown] == ["for", "failed", "for", "failed"]


@pytest.mark.parametrize(
    ("words", "given", "text"),
    [
        (began, line(0, 4 * GIB, 0), "a: upload of 4.0 GiB begins"),
        (began, line(0, None, 0), "a: upload begins"),
        (running, line(1.2 * GIB, 4 * GIB, 8), "a: upload 1.2 of 4.0 GiB (30 %), 154 MiB/s, 19 s left"),
        (running, line(5 * MIB, None, 5), "a: upload 5.0 MiB, 1.0 MiB/s"),
        (running, line(0, None, 75, phase="convert"), "a: convert for 1 min 15 s"),
        (running, line(3 * MIB, 2 * MIB, 1), "a: upload 3.0 of 2.0 MiB (100 %), 3.0 MiB/s, 0 s left"),
        (running, line(1, 2, 0), "a: upload 1 of 2 B (50 %), 0 B/s"),
        (running, line(MIB, 4000 * MIB, 10), "a: upload 0.0 of 3.9 GiB (0 %), 102 KiB/s, 11 h 06 min left"),
        (ended, line(GIB, GIB, 8, "done"), "a: upload of 1.0 GiB done in 8 s, 128 MiB/s"),
        (ended, line(0, None, 8, "done", phase="verify"), "a: verify done in 8 s"),
        (ended, line(MIB, 2 * MIB, 8, "failed"), "a: upload failed at 1.0 of 2.0 MiB after 8 s"),
        (ended, line(0, 2 * MIB, 8, "failed"), "a: upload failed after 8 s"),
        (began, line(0, None, 0, image="a\x1b[2J\nb"), "a?[2J?b: upload begins"),
    ],
)
def test_a_line_reads_well(words, given, text):
    assert words(given) == text


class Taker:
    def __init__(self):
        self.taken = []

    def take(self, each):
        self.taken.append(each["done"])

    def tick(self):
        pass


@pytest.fixture
def taker():
    return Taker()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "progress"


def append(path, text):
    with path.open("a") as file:
        file.write(text)


def test_a_follower_takes_each_line_once_it_is_whole(path, taker):
    follower = Follower(str(path), taker)
    append(path, json.dumps(line(1, 3, 0)) + '\n{"done": ')
    follower.read()
    assert taker.taken == [1]
    append(path, "2}\n" + json.dumps(line(3, 3, 0)) + "\n")
    follower.read()
    follower.read()
    assert taker.taken == [1, 2, 3]


@pytest.mark.parametrize("damaged", ["no JSON", "[]", '"text"', "{}", "\udcff"])
def test_a_follower_passes_over_what_is_no_line_of_progress(path, taker, damaged):
    path.write_bytes(damaged.encode(errors="surrogateescape") + b"\n" + json.dumps(line(1, 1, 0)).encode() + b"\n")
    Follower(str(path), taker).read()
    assert taker.taken == [1]


def test_a_follower_does_without_a_file(path, taker):
    Follower(str(path), taker).read()
    assert taker.taken == []


def test_a_follower_takes_what_came_last(path, taker):
    append(path, json.dumps(line(1, 1, 0)) + "\n")
    stop = threading.Event()
    stop.set()
    Follower(str(path), taker).follow(stop)
    assert taker.taken == [1]
