# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few of the faults that C(make soak) plays by the hundred, always the same ones."""

from __future__ import annotations

import pytest
from soak.bed import bed, services
from soak.campaign import Journey
from soak.life import Template, Version
from soak.menu import KILLED_GLANCE, KILLED_PLAYBOOK, TITLES
from soak.verdict import Snapshot, dangers, differences

SEED = "always the same"
# To kill these takes seconds, which other tests spend as well.
SLOW = (KILLED_GLANCE, KILLED_PLAYBOOK)


@pytest.fixture(scope="module")
def test_bed(tmp_path_factory):
    with bed(tmp_path_factory.mktemp("soak"), services()) as found:
        yield found


@pytest.mark.parametrize("number", range(3))
def test_a_catalogue_withstands_what_goes_wrong(test_bed, number):
    titles = tuple(title for title in TITLES if title not in SLOW)
    with Journey(test_bed, SEED, number, titles) as journey:
        trials = list(journey.rounds(7))
    for trial in trials:
        assert not trial.wrongs, [trial.line, *trial.wrongs, *trial.story, trial.outcome.message]
    assert sum(trial.happened for trial in trials) >= 5


def test_a_crash_of_the_image_service_is_mended_by_the_next_run(test_bed):
    with Journey(test_bed, SEED, 7, (KILLED_GLANCE,)) as journey:
        (trial,) = journey.rounds(1)
    assert trial.happened
    assert not trial.wrongs, [trial.line, *trial.wrongs, *trial.story, trial.outcome.message]


# Whoever judges has to notice.


@pytest.fixture
def template():
    versions = [Version("1.0", digest="a", size=1), Version("1.1", digest="b", size=1)]
    found = Template("soak-1-a", "shared", {"visible": 1}, {"team"}, versions=versions)
    found.settle("2026-01-01")
    return found


def image(template, number, **changed):
    (version,) = [each for each in template.versions if each.number == number]
    is_current = number == "1.1"
    return {
        "id": number,
        "name": template.image_name(version),
        "status": "active",
        "visibility": "shared",
        "os_hidden": not is_current,
        "os_hash_value": version.digest,
        "size": 1,
        "protected": False,
        "stores": "main",
        **({} if is_current else {"deprecated": "true", "replaced_by": "soak-1-a-v1.1"}),
        **changed,
    }


def seen(*images, members=("team",)):
    names = {each["name"] for each in images}
    by_name = {name: [each for each in images if each["name"] == name] for name in names}
    return Snapshot(by_name, {each["id"]: set(members) for each in images})


def kinds(found):
    return sorted({kind for kind, _words in found})


def test_a_cloud_that_is_as_the_document_says_is_right(template):
    right = seen(image(template, "1.0"), image(template, "1.1"))
    assert list(differences([template], right)) == []
    assert list(dangers([template], right, right)) == []


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"status": "deactivated"}, "frozen"),
        ({"status": "saving"}, "half"),
        ({"visibility": "community"}, "diverged"),
        ({"os_hash_value": "c"}, "diverged"),
        ({"xloud_image_frozen_for_export": "true"}, "frozen"),
    ],
)
def test_an_image_that_differs_is_noticed(template, changed, kind):
    found = seen(image(template, "1.0"), image(template, "1.1", **changed))
    assert kind in kinds(differences([template], found))


def test_members_that_nobody_named_are_noticed(template):
    right = seen(image(template, "1.0"), image(template, "1.1"))
    wrong = seen(image(template, "1.0"), image(template, "1.1"), members=("team", "stranger"))
    assert kinds(differences([template], wrong)) == kinds(dangers([template], right, wrong)) == ["overshared"]


def test_twins_and_strangers_are_noticed(template):
    twins = seen(image(template, "1.0"), image(template, "1.1"), image(template, "1.1", id="twin"))
    assert kinds(differences([template], twins)) == ["doubled"]
    template.versions.pop(0)
    stranger = {**image(template, "1.1"), "name": "soak-1-a-v1.0", "id": "stranger"}
    assert kinds(differences([template], seen(image(template, "1.1"), stranger))) == ["diverged"]


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"id": "another"}, "lost"),
        ({"visibility": "private"}, "lost"),
        ({"visibility": "public"}, "overshared"),
        ({"os_hash_value": "c"}, "unverified"),
        ({"deprecated": "true"}, "lost"),
    ],
)
def test_what_must_not_be_at_any_time_is_noticed(template, changed, kind):
    before = seen(image(template, "1.0"), image(template, "1.1"))
    after = seen(image(template, "1.0"), image(template, "1.1", **changed))
    assert kind in kinds(dangers([template], before, after))
