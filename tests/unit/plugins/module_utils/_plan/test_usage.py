# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who uses an image, in data and in words."""

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.plan import DeleteImage, Plan
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Usage
from ansible_collections.xloud.image.plugins.module_utils._plan.usage import (
    as_result,
    check_removal,
    in_words,
    whom_it_hits,
)
from ansible_collections.xloud.image.tests.unit.fakes.catalog import ago, name, there
from ansible_collections.xloud.image.tests.unit.fakes.usage import ABSENT, REFUSED, UNUSED, server, used, volume


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (used(server("web")), "1 server (team-a: 1 server)"),
        (used(volume("disk"), volume("data")), "2 volumes (team-a: 2 volumes)"),
        (
            used(server("web"), server("db", "p-b"), volume("disk", "p-b")),
            "2 servers and 1 volume (team-a: 1 server; team-b: 1 server and 1 volume)",
        ),
        (used(server("web", "p-x")), "1 server (p-x: 1 server)"),
        (used(server("web"), server("db", "p-c")), "2 servers (p-c: 1 server; team-a: 1 server)"),
    ],
)
def test_words(usage, words):
    assert in_words(usage) == words


def test_words_are_few_however_many_projects_there_are():
    words = in_words(used(*(server(f"s-{number}", f"p-{number:02}") for number in range(12))))
    assert words.startswith("12 servers (p-00: 1 server; p-01: 1 server;")
    assert words.endswith("p-09: 1 server; and 2 projects more)")


def test_a_result():
    usage = used(server("old", days=9), server("new", days=1), volume("disk", "p-x", days=5, server_id="s"))
    result = as_result(usage, there("1.0", "deprecated 5"))
    first, second = result.pop("projects")
    assert result == {"is_used": True, "servers": 2, "volumes": 1, "unknown": []}
    assert [each["name"] for each in first.pop("resources")] == ["old", "new"]
    assert first == {
        "project_id": "p-a",
        "project": "team-a",
        "servers": 2,
        "volumes": 0,
        "last_launched_at": f"{ago(1)}T10:00:00Z",
        "launched_since_deprecation": 1,
    }
    # What was made on the day of the deprecation may have been made before it.
    assert (second["project"], second["launched_since_deprecation"]) == (None, 0)
    disk = {"kind": "volume", "id": "id-disk", "name": "disk", "created_at": f"{ago(5)}T10:00:00Z", "server_id": "s"}
    assert second["resources"] == [disk]


def test_what_is_not_known_is_not_zero():
    assert as_result(REFUSED, there("1.0")) == {
        "is_used": None,
        "servers": None,
        "volumes": None,
        "unknown": ["cloud test: the Compute service answered 403."],
        "projects": [],
    }
    assert as_result(UNUSED, there("1.0"))["servers"] == 0


def test_nothing_is_launched_since_where_nothing_is_deprecated():
    result = as_result(used(server("web", days=0)), there("1.0"))
    assert result["projects"][0]["launched_since_deprecation"] == 0


# What one task takes away

OTHER = there("1.1", "retired")


def deletion(image):
    return Plan((DeleteImage(image.name, "", image.id),))


def checked(plan, before, usage, check=check_removal):
    """Check a plan, and return of which images it was asked."""
    asked = []

    def ask(images):
        asked.extend(images)
        return {image.id: usage for image in images}

    found = check(plan, [before, OTHER], ask)
    assert found is (usage if asked else None)
    return asked


@pytest.mark.parametrize(
    ("before", "after", "taken"),
    [
        (there("1.0"), None, True),
        (there("1.0", "retired"), None, True),
        (there("1.0", "staged", status="queued"), None, False),
        (there("1.0"), there("1.0", "retired"), True),
        (there("1.0", "retired"), there("1.0", "retired"), False),
        (there("1.0"), there("1.0", "hidden"), False),
    ],
)
def test_it_is_asked_of_what_is_taken_away(before, after, taken):
    plan = Plan(image=after) if after else deletion(before)
    assert checked(plan, before, UNUSED) == ([before] if taken else [])
    assert check_removal(plan, [before], lambda images: {}) is None


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (used(server("web")), "it is used by 1 server (team-a: 1 server). Wait until nobody uses it any more, or set"),
        (REFUSED, "it is not known who uses it. cloud test: the Compute service answered 403. Use credentials that"),
    ],
)
@pytest.mark.parametrize(
    ("plan", "what"), [(Plan(image=there("1.0", "retired")), "retired"), (deletion(there("1.0")), "deleted")]
)
def test_what_is_in_use_is_not_taken_away(usage, words, plan, what):
    with pytest.raises(PlanError) as refused:
        checked(plan, there("1.0"), usage)
    assert f"Image {name('1.0')} (id-1.0) is not {what}" in refused.value.message
    assert words in refused.value.message
    assert "check_usage: false" in refused.value.message
    assert refused.value.details["usage"]["is_used"] == usage.is_used


def test_nothing_keeps_what_a_service_would_that_is_not_there():
    checked(deletion(there("1.0")), there("1.0"), ABSENT)


@pytest.mark.parametrize(("state", "asked"), [("published", 1), ("retired", 1), ("revoked", 0)])
def test_a_revocation_is_asked_about_afterwards(state, asked):
    plan, before = Plan(image=there("1.0", "revoked")), there("1.0", state)
    assert checked(plan, before, used(server("web"))) == []
    assert len(checked(plan, before, used(server("web")), whom_it_hits)) == asked
    assert checked(deletion(before), before, UNUSED, whom_it_hits) == []


def test_a_revocation_does_not_wait_for_those_who_may_ask():
    def fail(_images):
        raise InputError("usage_cloud", "the Identity service refused the credentials")

    usage = whom_it_hits(Plan(image=there("1.0", "revoked")), [there("1.0")], fail)
    assert usage == Usage(refused=("usage_cloud: the Identity service refused the credentials",))
    with pytest.raises(InputError):
        check_removal(Plan(image=there("1.0", "retired")), [there("1.0")], fail)
