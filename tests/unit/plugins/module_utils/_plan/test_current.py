# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which image is the current one of a template, and why none is."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.current import WantedCurrent
from ansible_collections.xloud.image.plugins.module_utils._model.errors import PlanError
from ansible_collections.xloud.image.plugins.module_utils._plan.current import choose, explain, newest_first, obstacle
from ansible_collections.xloud.image.tests.unit.fakes.catalog import UBUNTU, there

PRIVATE = {"visibility": "private"}


def wanted(**changes):
    return WantedCurrent(UBUNTU, **changes)


def chosen(*images, **changes):
    found = choose(wanted(**changes), images)
    return found.id if found else None


def since(published, deprecated=None, **changes):
    """The properties of a version that was published on a day, and superseded on another."""
    marks = {"deprecated": "true", "deprecated_since": deprecated} if deprecated else {}
    return {"properties": {"published_since": published, **marks}, **changes}


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([], None),
        ([there("1.0")], "id-1.0"),
        ([there("1.9"), there("1.10")], "id-1.10"),
        ([there("2.0"), there("1.10")], "id-2.0"),
        ([there("1.0"), there("1.1", "staged")], "id-1.0"),
        ([there("1.0"), there("1.1", "deprecated")], "id-1.0"),
        ([there("1.0"), there("1.1", "hidden")], "id-1.0"),
        ([there("1.0"), there("1.1", "retired")], "id-1.0"),
        ([there("1.0"), there("1.1", "revoked")], "id-1.0"),
        ([there("1.0"), there("1.1", hidden=True)], "id-1.0"),
        ([there("1.0"), there("1.1", status="deactivated")], "id-1.0"),
        ([there("1.0"), there("1.1", status="queued")], "id-1.0"),
        ([there("1.0"), there("1.1", properties={"revoked_since": "2026-01-01"})], "id-1.0"),
        ([there("1.0"), there("1.1", name=f"{UBUNTU}-v1.2")], "id-1.0"),
        ([there("1.0"), there("1.1", name="anything")], "id-1.0"),
        ([there("1.0"), there("1.1", template="rocky-9-nginx")], "id-1.0"),
        ([there("1.0", visibility="shared")], "id-1.0"),
        ([there("1.0", visibility="public")], "id-1.0"),
        ([there("1.0", **PRIVATE)], None),
        ([there("1.0", "deprecated"), there("1.1", "hidden")], None),
    ],
)
def test_the_current_version(images, expected):
    for order in itertools.permutations(images):
        assert chosen(*order) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"visibility": "community"}, "id-1.0"),
        ({"visibility": "public"}, "id-1.1"),
        ({"visibility": "shared"}, None),
        ({"owner": "p-own"}, "id-1.0"),
        ({"owner": "p-a"}, "id-1.1"),
        ({"owner": "p-b"}, None),
    ],
)
def test_what_it_is_restricted_to(changes, expected):
    images = [there("1.0"), there("1.1", owner="p-a", visibility="public")]
    if changes:
        assert chosen(*images, **changes) == expected
    else:
        with pytest.raises(PlanError, match="2 projects offer images of template"):
            chosen(*images)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-01-01", None),
        ("2026-01-02", "id-1.0"),
        ("2026-01-31", "id-1.0"),
        ("2026-02-01", "id-1.1"),
        ("2026-03-01", "id-1.2"),
        ("2027-01-01", "id-1.2"),
        (None, "id-1.2"),
    ],
)
def test_the_version_of_a_day(day, expected):
    first = there("1.0", "hidden", **since("2026-01-02", "2026-02-01"))
    second = there("1.1", "deprecated", **since("2026-02-01", "2026-03-01"))
    assert chosen(first, second, there("1.2", **since("2026-03-01")), as_of=day) == expected


def test_the_version_of_a_day_that_is_gone_is_not_replaced_by_another():
    first = there("1.0", "deprecated", **since("2026-01-01", "2026-02-01"))
    gone = there("1.1", "revoked", **since("2026-02-01", "2026-03-01"))
    assert chosen(first, gone, there("1.2", **since("2026-03-01")), as_of="2026-02-15") is None


def test_the_day_of_an_image_that_records_none_is_that_of_its_creation():
    image = there("1.0", properties={"published_since": None}, created_at="2026-02-01T10:00:00Z")
    assert chosen(image, as_of="2026-01-31") is None
    assert chosen(image, as_of="2026-02-01") == "id-1.0"


@pytest.mark.parametrize("state", ["published", "deprecated", "hidden"])
@pytest.mark.parametrize("other", ["published", "deprecated"])
def test_nobody_takes_over_what_another_project_offers(state, other):
    ours, theirs = there("1.0", state), there("99.0", other, owner="p-a")
    with pytest.raises(PlanError, match="p-a, p-own. Any project can. Set owner") as error:
        chosen(ours, theirs)
    assert error.value.details["owners"] == ["p-a", "p-own"]
    assert chosen(ours, theirs, owner="p-own") == ("id-1.0" if state == "published" else None)


@pytest.mark.parametrize("theirs", [{**PRIVATE}, {"name": f"{UBUNTU}-v1.1"}, {"status": "queued"}])
def test_what_is_no_offer_is_no_second_one(theirs):
    assert chosen(there("1.0"), there("99.0", owner="p-a", **theirs)) == "id-1.0"


def test_two_images_of_the_newest_version_are_never_a_choice():
    with pytest.raises(PlanError, match="2 images are named .*-v1.1: a, b. Their owner has to") as error:
        chosen(there("1.1", id="b"), there("1.1", id="a"), there("1.0"))
    assert error.value.details["ids"] == ["a", "b"]


def test_two_images_of_an_older_version_do_no_harm():
    assert chosen(there("1.0", id="a"), there("1.0", id="b"), there("1.1")) == "id-1.1"


def test_the_newest_comes_first():
    images = [there("1.9"), there("1.0", name="odd"), there("1.10"), there("1.2")]
    assert [image.id for image in newest_first(images)] == ["id-1.10", "id-1.9", "id-1.2", "id-1.0"]


@pytest.mark.parametrize(
    ("image", "changes", "expected"),
    [
        (there("1.0"), {}, None),
        (there("1.0", "staged"), {}, "it is staged"),
        (there("1.0", **PRIVATE), {}, "it is private again"),
        (there("1.0", "deprecated 1"), {}, "it is deprecated since 2026-05-31"),
        (
            there("1.0", "hidden 1", properties={"replaced_by": f"{UBUNTU}-v1.1"}),
            {},
            f"it is deprecated and hidden since 2026-05-31, replaced by {UBUNTU}-v1.1",
        ),
        (there("1.0", hidden=True), {}, "it is hidden"),
        (there("1.0", "retired 1"), {}, "it is retired since 2026-05-31"),
        (there("1.0", **PRIVATE, status="deactivated"), {}, "it is retired"),
        (there("1.0", status="deactivated"), {}, "it is deactivated"),
        (there("1.0", "revoked 1"), {}, "it is revoked since 2026-05-31"),
        (
            there("1.0", "revoked 1", properties={"deprecated_reason": "a key is in it"}),
            {},
            "it is revoked since 2026-05-31 (a key is in it)",
        ),
        (there("1.0", status="saving"), {}, "it has no data yet (saving)"),
        (there("1.0", name="odd"), {}, "its name is not what its properties say"),
        (there("1.0"), {"owner": "p-a"}, "project p-own owns it, and not p-a"),
        (there("1.0"), {"visibility": "public"}, "it is community, and not public"),
        (there("1.0", "staged"), {"visibility": "public"}, "it is staged"),
        (there("1.0", "published 1"), {"as_of": "2026-05-30"}, "it is published only since 2026-05-31"),
        (there("1.0", "deprecated 1"), {"as_of": "2026-05-31"}, "it is deprecated since 2026-05-31"),
        (there("1.0", hidden=True), {"as_of": "2026-05-31"}, "it is hidden"),
    ],
)
def test_what_keeps_an_image_from_being_the_current_one(image, changes, expected):
    assert obstacle(wanted(**changes), image) == expected


def test_nothing_is_to_be_found():
    assert explain(wanted(), []).startswith(f"No image of template {UBUNTU} is to be found. Check the name")


def test_a_share_is_to_be_accepted():
    words = explain(wanted(), [there("1.0")], there("1.0"), "pending")
    assert words.startswith(f"{UBUNTU}-v1.0 (id-1.0) would be the current version of template {UBUNTU}. Project p-own ")
    assert "the share is pending" in words
    assert words.endswith("xloud.image.image_member with image: id-1.0 and status: accepted.")


def test_all_reasons_are_told_of_the_newest_first():
    words = explain(wanted(), [there("1.0", "hidden 1"), there("1.1", "staged")])
    assert words == (
        f"No version of template {UBUNTU} is current. {UBUNTU}-v1.1 (id-1.1): it is staged; "
        f"{UBUNTU}-v1.0 (id-1.0): it is deprecated and hidden since 2026-05-31."
    )


def test_not_too_many_reasons_are_told():
    words = explain(wanted(as_of="2026-05-01"), [there(f"1.{minor}", "staged") for minor in range(9)])
    assert words.startswith(f"No version of template {UBUNTU} was current on 2026-05-01. {UBUNTU}-v1.8 ")
    assert words.count("it is staged") == 5
    assert words.endswith("; and 4 more.")
