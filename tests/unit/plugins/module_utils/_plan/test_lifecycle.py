# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where each version belongs: what the document says of it, what the cloud has of it, and what comes of that."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import CatalogVersion, Retention
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DEPRECATED,
    DEPRECATED_SINCE,
    RETIRED_SINCE,
    STAGED_SINCE,
)
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._plan.dates import days_between, is_due
from ansible_collections.xloud.image.plugins.module_utils._plan.lifecycle import (
    Placement,
    guarded,
    is_removal,
    place,
    postponed,
    replaced_for,
)
from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, UBUNTU, ago, name, template, there
from ansible_collections.xloud.image.tests.unit.fakes.usage import ABSENT, REFUSED, UNUSED, server, used, volume

TOMORROW = ago(-1)


def versions_of(states):
    return {ImageName.parse(image.name).version: image for image in images_of(states)}


def images_of(states):
    return [there(version, state) if isinstance(state, str) else state for version, state in states.items()]


def placed(catalog, states):
    return place(catalog, versions_of(states), TODAY)


def shown(placements):
    return ", ".join(f"{each.version.name.version} {each.stage}" for each in placements)


def check(versions, keys, states, expected):
    assert shown(placed(template(versions, **keys), states)) == expected


# By rank

FOUR = "1.0 1.1 1.2 1.3"
ALL = {"1.0": "published", "1.1": "published", "1.2": "published", "1.3": "published"}


@pytest.mark.parametrize(
    ("retention", "states", "expected"),
    [
        ({}, {}, "1.3 published, 1.2 deprecated, 1.1 deprecated, 1.0 deprecated"),
        ({}, ALL, "1.3 published, 1.2 deprecated, 1.1 deprecated, 1.0 deprecated"),
        ({"visible": 1}, ALL, "1.3 published, 1.2 hidden, 1.1 hidden, 1.0 hidden"),
        ({"visible": 2}, ALL, "1.3 published, 1.2 deprecated, 1.1 hidden, 1.0 hidden"),
        ({"visible": 9}, ALL, "1.3 published, 1.2 deprecated, 1.1 deprecated, 1.0 deprecated"),
        ({"available": 1}, ALL, "1.3 published, 1.2 retired, 1.1 retired, 1.0 retired"),
        ({"available": 2}, ALL, "1.3 published, 1.2 deprecated, 1.1 retired, 1.0 retired"),
        ({"visible": 1, "available": 3}, ALL, "1.3 published, 1.2 hidden, 1.1 hidden, 1.0 retired"),
        ({"stored": 2}, ALL, "1.3 published, 1.2 deprecated, 1.1 retired, 1.0 retired"),
        ({"available": 2}, {}, "1.3 published, 1.2 deprecated, 1.1 absent, 1.0 absent"),
        ({"available": 1, "stored": 3}, {}, "1.3 published, 1.2 absent, 1.1 absent, 1.0 absent"),
        ({"stored": 2}, {}, "1.3 published, 1.2 deprecated, 1.1 absent, 1.0 absent"),
        ({"visible": 1}, {"1.0": "published"}, "1.3 published, 1.2 hidden, 1.1 hidden, 1.0 hidden"),
        ({"available": 2}, {"1.0": "deprecated"}, "1.3 published, 1.2 deprecated, 1.0 retired, 1.1 absent"),
    ],
)
def test_the_newest_is_current_and_others_go_by_rank(retention, states, expected):
    states = {version: "deprecated" if version != "1.3" else state for version, state in states.items()}
    placements = placed(template(FOUR, retention=retention), states)
    assert sorted(shown(placements).split(", ")) == sorted(expected.split(", "))
    assert {each.current for each in placements} == {name("1.3")}


@pytest.mark.parametrize(
    ("state", "min_age", "expected"),
    [
        ("published", "0d", "retired"),
        ("published", "1d", "hidden"),
        ("deprecated 0", "0d", "retired"),
        ("deprecated 29", "30d", "hidden"),
        ("deprecated 30", "30d", "retired"),
        ("hidden 27", "4w", "hidden"),
        ("hidden 28", "4w", "retired"),
        (there("1.0", "deprecated 90", properties={DEPRECATED: "false"}), "1d", "hidden"),
        (there("1.0", "deprecated 90", properties={DEPRECATED_SINCE: None}), "1d", "hidden"),
        (there("1.0", "deprecated 90", properties={DEPRECATED_SINCE: "long ago"}), "1d", "hidden"),
    ],
)
def test_nothing_is_retired_sooner_after_it_was_replaced(state, min_age, expected):
    keys = {"retention": {"available": 1, "min_age": min_age}}
    check("1.0 1.1", keys, {"1.0": state, "1.1": "published"}, f"1.1 published, 1.0 {expected}")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"1.0": "retired 1 40", "1.1": "retired 1 40"}, "1.3 published, 1.2 deprecated, 1.1 retired, 1.0 deleted"),
        ({"1.0": "retired 0 40"}, "1.3 published, 1.2 deprecated, 1.1 deprecated, 1.0 retired"),
        ({"1.0": "retired 1 29"}, "1.3 published, 1.2 deprecated, 1.1 deprecated, 1.0 retired"),
        ({"1.0": "retired 1 30"}, "1.3 published, 1.2 deprecated, 1.1 deprecated, 1.0 deleted"),
        ({"1.0": "hidden 40"}, "1.3 published, 1.2 deprecated, 1.1 deprecated, 1.0 retired"),
        (
            {"1.0": there("1.0", "retired 9 40", properties={RETIRED_SINCE: None})},
            "1.3 published, 1.2 deprecated, 1.1 deprecated, 1.0 retired",
        ),
    ],
)
def test_deletion_waits_for_a_day_of_retirement_and_for_the_age(states, expected):
    catalog = template(FOUR, retention={"stored": 3, "min_age": "30d"})
    assert shown(placed(catalog, {**ALL, **states})) == expected


def test_nothing_is_deleted_where_nobody_said_how_much_is_stored():
    settled = "1.3 published, 1.2 retired, 1.1 retired, 1.0 retired"
    check(FOUR, {"retention": {"available": 1}}, {**ALL, "1.0": "retired 900"}, settled)


def test_what_was_deleted_does_not_come_back_when_a_newer_version_goes():
    versions = {"1.0": {}, "1.1": {}, "1.2": {"revoked": True}}
    keys = {"retention": {"available": 2, "stored": 2}}
    check(versions, keys, {"1.1": "deprecated", "1.2": "published"}, "1.1 published, 1.2 retired, 1.0 absent")


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"1.0": {}, "1.1": {}, "1.2": {"revoked": True}}, "1.0 published, 1.2 retired, 1.1 retired"),
        ({"1.0": {}, "1.1": {"stage": "retired"}, "1.2": {"revoked": True}}, "1.0 published, 1.2 retired, 1.1 deleted"),
        (
            {"1.0": {}, "1.1": {}, "1.2": {"revoked": True}, "1.3": {}},
            "1.3 published, 1.2 retired, 1.1 deleted, 1.0 absent",
        ),
    ],
)
def test_what_is_retired_is_kept_as_long_as_it_would_come_back_as_the_current_one(versions, expected):
    states = {"1.1": "retired 1 40", "1.2": "published"}
    check(versions, {"retention": {"available": 1, "stored": 2}}, states, expected)


# The current one


@pytest.mark.parametrize(
    ("versions", "keys", "states", "expected", "held"),
    [
        ("1.0 1.1", {"current": "1.0"}, {}, "1.0 published, 1.1 deprecated", []),
        ("1.0 1.1", {"current": "1.0"}, {"1.0": "deprecated"}, "1.0 published, 1.1 deprecated", []),
        ("1.0 1.1", {"current": "1.0"}, {"1.0": "retired"}, "1.0 published, 1.1 deprecated", []),
        (
            "1.0 1.1 1.2",
            {"current": "1.0", "retention": {"visible": 2}},
            {},
            "1.0 published, 1.2 deprecated, 1.1 hidden",
            [],
        ),
        (
            "1.0 1.1 1.2",
            {"current": "1.0", "retention": {"available": 2}},
            {"1.1": "deprecated 9"},
            "1.0 published, 1.2 deprecated, 1.1 deprecated",
            [],
        ),
        ("1.0 1.1", {"current": "1.0"}, {"1.0": "revoked"}, "1.1 published, 1.0 retired", ["pin"]),
        (
            {"1.0": {"retire_on": TODAY}, "1.1": {}},
            {"current": "1.0"},
            {"1.0": "published"},
            "1.1 published, 1.0 retired",
            ["pin"],
        ),
        (
            "1.0 1.1",
            {"current": "1.1", "promotion": {"soak": 1}},
            {"1.0": "published"},
            "1.0 published, 1.1 staged",
            ["pin"],
        ),
        ({"1.0": {}, "1.1": {"stage": "staged"}}, {}, {}, "1.0 published, 1.1 staged", []),
        ({"1.0": {}, "1.1": {"stage": "deprecated"}}, {}, {}, "1.0 published, 1.1 deprecated", []),
        ({"1.0": {"stage": "deprecated"}}, {}, {"1.0": "published"}, "1.0 deprecated", []),
        ({"1.0": {"revoked": True}}, {}, {"1.0": "published"}, "1.0 retired", []),
    ],
)
def test_the_current_version(versions, keys, states, expected, held):
    placements = placed(template(versions, **keys), states)
    assert shown(placements) == expected
    assert [kind for each in placements for kind, _words in each.held if kind != "gate"] == held
    current = [each.name for each in placements if each.stage == "published"]
    assert {each.current for each in placements} == {current[0] if current else None}


# What the document says of one version


@pytest.mark.parametrize(
    ("keys", "state", "expected"),
    [
        ({"stage": "deprecated"}, "published", "deprecated"),
        ({"stage": "hidden"}, "deprecated", "hidden"),
        ({"stage": "hidden"}, None, "hidden"),
        ({"stage": "retired"}, "hidden 0", "retired"),
        ({"stage": "retired"}, None, "absent"),
        ({"stage": "staged"}, None, "staged"),
        ({"stage": "staged"}, "staged", "staged"),
        ({"stage": "staged"}, "retired", "retired"),
        ({"stage": "published"}, "retired", "deprecated"),
        ({}, "retired", "retired"),
        ({"stage": "deprecated"}, "retired", "retired"),
        ({"revoked": True}, "published", "retired"),
        ({"revoked": True}, "staged", "retired"),
        ({"revoked": True}, None, "absent"),
        ({"revoked": True, "stage": "staged"}, None, "absent"),
        ({}, "revoked", "retired"),
        ({"stage": "published"}, "revoked", "retired"),
        ({"revoked": False}, "revoked", "deprecated"),
        ({"revoked": False}, "retired", "deprecated"),
        ({"revoked": False}, "published", "deprecated"),
        ({"retire_on": TODAY}, "published", "retired"),
        ({"retire_on": TODAY}, None, "absent"),
        ({"retire_on": TODAY, "stage": "published"}, "retired", "retired"),
        ({"retire_on": TOMORROW}, "published", "deprecated"),
        ({"retire_on": TOMORROW, "stage": "published"}, "retired", "deprecated"),
        ({"delete_on": TODAY}, "published", "retired"),
        ({"delete_on": TODAY}, "retired 0", "retired"),
        ({"delete_on": TODAY}, "retired 1", "deleted"),
        ({"delete_on": TODAY}, "revoked 1", "deleted"),
        ({"delete_on": TODAY}, None, "absent"),
        ({"delete_on": TOMORROW}, "retired 1", "retired"),
    ],
)
def test_a_word_of_the_document(keys, state, expected):
    states = {"1.1": "published", **({"1.0": state} if state else {})}
    placements = {each.name: each for each in placed(template({"1.0": keys, "1.1": {}}), states)}
    assert (placements[name("1.0")].stage, placements[name("1.0")].held) == (expected, ())
    assert placements[name("1.1")].stage == "published"


def test_the_current_version_is_retired_on_its_day_too():
    check("1.0", {"retire_on": TODAY}, {"1.0": "published"}, "1.0 retired")
    check({"1.0": {}, "1.1": {"retire_on": TODAY}}, {}, {"1.1": "published"}, "1.0 published, 1.1 retired")


def test_the_age_does_not_hold_up_an_announced_deletion():
    keys = {"retention": {"min_age": 90}}
    check({"1.0": {"delete_on": TODAY}}, keys, {"1.0": "retired 1 10"}, "1.0 deleted")


def test_what_is_published_is_not_staged_again():
    (placement,) = placed(template({"1.0": {"stage": "staged"}}), {"1.0": "published"})
    assert placement.stage == "published"
    assert placement.held == (
        ("published", "it is published already and is not staged again: retire or revoke it instead"),
    )


# Protection

PROTECTED = there("1.0", "retired 9", protected=True)


@pytest.mark.parametrize(
    ("keys", "image", "expected"),
    [
        ({}, PROTECTED, "retired"),
        ({"protected": False}, PROTECTED, "deleted"),
        ({"protected": True}, PROTECTED, "retired"),
        ({"protected": True}, there("1.0", "retired 9"), "retired"),
        ({}, there("1.0", "retired 9"), "deleted"),
    ],
)
@pytest.mark.parametrize(("day", "retention"), [({}, {"stored": 1}), ({"delete_on": TODAY}, {})])
def test_what_is_protected_is_deleted_only_if_told(keys, image, expected, day, retention):
    catalog = template({"1.0": {**keys, **day}, "1.1": {}}, retention=retention)
    _current, placement = placed(catalog, {"1.0": image, "1.1": "published"})
    assert placement.stage == expected
    assert [kind for kind, _words in placement.held] == (["protected"] if expected == "retired" else [])


def test_an_image_is_not_deleted_while_it_is_the_only_one():
    check("1.0", {"retire_on": TODAY, "retention": {"stored": 1}}, {"1.0": "retired 90"}, "1.0 retired")


# Gates

SOAK = {"promotion": {"soak": "7d"}}


@pytest.mark.parametrize(
    ("keys", "state", "expected", "held"),
    [
        (SOAK, None, "staged", ["it has been staged for 0 of 7 days"]),
        (SOAK, "staged 6", "staged", ["it has been staged for 6 of 7 days"]),
        (SOAK, "staged 7", "published", []),
        (SOAK, "published 0", "published", []),
        (SOAK, "retired", "retired", []),
        ({"promotion": {"checksum": True}}, "staged", "staged", ["a checksum is missing"]),
        ({"promotion": {"required_properties": {"os_distro": None}}}, None, "staged", ["os_distro is missing"]),
        ({"promotion": {"required_properties": {"os_distro": None}}}, "deprecated", "published", []),
        (
            {"promotion": {"required_properties": {"os_distro": ["a", "b"]}}, "properties": {"os_distro": "c"}},
            None,
            "staged",
            ["os_distro (a or b) is 'c'"],
        ),
        (
            {"promotion": {"required_properties": {"os_distro": None}, "soak": 1}},
            None,
            "staged",
            ["os_distro is missing", "it has been staged for 0 of 1 days"],
        ),
    ],
)
def test_a_gate_keeps_a_version_staged(keys, state, expected, held):
    (placement,) = placed(template("1.0", **keys), {"1.0": state} if state else {})
    words = (("gate", f"it stays staged: {', '.join(held)}"),) if held else ()
    assert (placement.stage, placement.held) == (expected, words)


def test_a_version_that_is_held_does_not_supersede():
    check("1.0 1.1", SOAK, {"1.0": "published", "1.1": "staged 3"}, "1.0 published, 1.1 staged")
    check("1.0 1.1", SOAK, {"1.0": "published", "1.1": "staged 7"}, "1.1 published, 1.0 deprecated")


def test_the_soak_of_an_image_of_somebody_else_begins_with_its_creation():
    image = there("1.0", "staged", properties={STAGED_SINCE: None}, created_at=f"{ago(7)}T23:59:59Z")
    check("1.0", SOAK, {"1.0": image}, "1.0 published")
    check("1.0", SOAK, {"1.0": dataclasses.replace(image, created_at=f"{ago(6)}T00:00:00Z")}, "1.0 staged")


# Versions that left the document


def with_strays(catalog, *numbers):
    strays = tuple(CatalogVersion(ImageName.parse(name(number)), listed=False) for number in numbers)
    versions = sorted((*catalog.versions, *strays), key=lambda version: version.name.version)
    return dataclasses.replace(catalog, versions=tuple(versions))


@pytest.mark.parametrize(
    ("retention", "state", "expected"),
    [
        ({}, "published", "deprecated"),
        ({}, "deprecated 0", "deprecated"),
        ({}, "deprecated 1", "retired"),
        ({}, "hidden 1", "retired"),
        ({"min_age": 30}, "deprecated 29", "deprecated"),
        ({"min_age": 30, "visible": 1}, "deprecated 29", "hidden"),
        ({"min_age": 30}, "deprecated 30", "retired"),
        ({}, "staged", "retired"),
        ({}, "retired 400", "retired"),
        ({"stored": 2}, "retired 400", "retired"),
        ({"stored": 1}, "retired 1 40", "deleted"),
        ({"stored": 1}, "retired 0 40", "retired"),
        ({"stored": 1, "min_age": 60}, "retired 1 40", "retired"),
        ({"stored": 1}, "revoked 1", "deleted"),
        ({"stored": 1}, "deprecated 40", "retired"),
    ],
)
@pytest.mark.parametrize("stray", ["1.0", "1.2"])
def test_what_left_the_document_goes_through_the_stages(retention, state, expected, stray):
    catalog = with_strays(template("1.1", retention=retention), stray)
    found = {each.name: each for each in placed(catalog, {"1.1": "published", stray: state})}
    assert (found[name(stray)].stage, found[name("1.1")].stage) == (expected, "published")


@pytest.mark.parametrize(("state", "expected"), [("published", "deprecated"), ("deprecated 1", "retired")])
def test_a_template_that_left_the_document_has_no_current_version(state, expected):
    catalog = dataclasses.replace(with_strays(template("1.0"), "1.1", "1.2"), retention=Retention(visible=1))
    catalog = dataclasses.replace(catalog, versions=catalog.versions[1:])
    found = placed(catalog, {"1.1": "hidden 1", "1.2": state})
    assert shown(found) == f"1.2 {expected}, 1.1 retired"
    assert {each.current for each in found} == {None}


def test_what_is_left_of_an_upload_is_not_brought_in():
    found = {each.name: each.stage for each in placed(with_strays(template("1.1"), "1.0"), {"1.1": "published"})}
    assert found[name("1.0")] == "absent"


# Removals


def placement(stage, **keys):
    return Placement(template({"1.0": keys}).versions[0], stage)


@pytest.mark.parametrize(
    ("stage", "state", "keys", "expected"),
    [
        ("retired", "published", {}, True),
        ("retired", "hidden", {}, True),
        ("retired", "staged", {}, True),
        ("retired", "retired", {}, False),
        ("deleted", "retired", {}, True),
        ("hidden", "published", {}, False),
        ("absent", None, {}, False),
        ("retired", "published", {"revoked": True}, False),
        ("retired", "revoked", {}, False),
        ("deleted", "revoked", {"revoked": True}, True),
        ("retired", there("1.0", "retired", status="active"), {}, False),
    ],
)
def test_what_counts_as_a_removal(stage, state, keys, expected):
    image = there("1.0", state) if isinstance(state, str) else state
    assert is_removal(placement(stage, **keys), image) is expected


@pytest.mark.parametrize(
    ("stage", "state", "expected"),
    [("deleted", "retired", "retired"), ("retired", "deprecated", "hidden"), ("retired", "staged", "staged")],
)
def test_a_removal_that_waits(stage, state, expected):
    found = postponed(placement(stage), there("1.0", state), 3)
    assert found.stage == expected
    assert found.held == (("max_removals", "its turn comes in a later run: not more than 3 are taken away in one"),)


# Days


@pytest.mark.parametrize(
    ("since", "days"),
    [(TODAY, 0), (ago(1), 1), (ago(400), 400), (ago(-3), -3), (None, 0), ("", 0), ("yesterday", 0)],
)
def test_days_that_have_passed(since, days):
    assert days_between(since, TODAY) == days


@pytest.mark.parametrize(("day", "due"), [(None, False), (ago(1), True), (TODAY, True), (TOMORROW, False)])
def test_a_day_that_has_come(day, due):
    assert is_due(day, TODAY) is due


def test_only_what_is_deprecated_has_been_replaced():
    assert replaced_for(there("1.0", "deprecated 12"), TODAY) == 12
    assert replaced_for(there("1.0", "deprecated 12", properties={DEPRECATED: "false"}), TODAY) == 0
    assert replaced_for(there("1.0", "published"), TODAY) == 0


def test_a_version_knows_its_name():
    assert placement("staged").name == f"{UBUNTU}-v1.0"


# In use

WEB = used(server("web"), volume("disk", "p-b"))
NOBODY = "nobody uses it any more"
BY = "it is used by 1 server and 1 volume (team-a: 1 server; team-b: 1 volume)"


def kept(stage, state, usage=WEB, version=None, **retention):
    """Where a version belongs that is in use, and what is said of it."""
    catalog = template({"1.0": version or {}, "1.1": {}}, retention=retention)
    placement = Placement(catalog.versions[0], stage)
    after = guarded(catalog, placement, there("1.0", state), usage)
    return after.stage, dict(after.held)


@pytest.mark.parametrize(
    ("while_used", "state", "expected"),
    [
        ({}, "published", "hidden"),
        ({}, "hidden", "hidden"),
        ({"while_used": "hide"}, "deprecated", "hidden"),
        ({"while_used": "keep"}, "published", "deprecated"),
        ({"while_used": "keep"}, "deprecated", "deprecated"),
        ({"while_used": "keep"}, "hidden", "hidden"),
        ({"while_used": "keep"}, "staged", "staged"),
        ({}, "staged", "staged"),
    ],
)
def test_what_is_in_use_is_not_retired(while_used, state, expected):
    words = f"it is retired once {NOBODY}: {BY}"
    assert kept("retired", state, **while_used) == (expected, {"in_use": words})


def test_what_is_in_use_is_retired_if_the_document_says_so():
    words = f"it is retired all the same, and is used by {BY.removeprefix('it is used by ')}"
    assert kept("retired", "hidden", while_used="retire") == ("retired", {"retired_in_use": words})


@pytest.mark.parametrize("while_used", ["keep", "hide", "retire"])
def test_what_is_in_use_is_never_deleted(while_used):
    words = f"it is deleted once nobody uses it any more: {BY}"
    assert kept("deleted", "retired", while_used=while_used) == ("retired", {"in_use": words})


@pytest.mark.parametrize(
    ("stage", "state", "expected"), [("retired", "deprecated", "hidden"), ("deleted", "retired", "retired")]
)
def test_what_may_be_in_use_counts_as_used(stage, state, expected):
    after, held = kept(stage, state, REFUSED)
    assert after == expected
    assert (
        "once it is known that nobody uses it. cloud test: the Compute service answered 403." in held["usage_unknown"]
    )
    assert "check_usage: false" in held["usage_unknown"]


def test_what_may_be_in_use_is_retired_if_the_document_says_so():
    assert kept("retired", "deprecated", REFUSED, while_used="retire") == ("retired", {})


@pytest.mark.parametrize("usage", [None, UNUSED, ABSENT])
@pytest.mark.parametrize("stage", ["retired", "deleted"])
def test_what_nobody_uses_is_taken_away(stage, usage):
    assert kept(stage, "hidden", usage) == (stage, {})


def test_a_revocation_goes_through_and_says_whom_it_hits():
    stage, held = kept("retired", "published", version={"revoked": True})
    assert (stage, list(held)) == ("retired", ["revoked_in_use"])
    assert "team-a: 1 server; team-b: 1 volume" in held["revoked_in_use"]
    assert kept("retired", "published", REFUSED, version={"revoked": True}) == ("retired", {})


def test_what_was_revoked_is_not_deleted_while_it_is_in_use():
    assert kept("deleted", "revoked")[0] == "retired"


@pytest.mark.parametrize("stage", ["published", "deprecated", "hidden", "staged", "absent"])
def test_nothing_else_is_kept_from_anything(stage):
    assert kept(stage, "published") == (stage, {})


@pytest.mark.parametrize(("state", "version"), [("retired", {}), ("revoked", {}), ("revoked", {"revoked": True})])
def test_what_is_retired_stays_so(state, version):
    assert kept("retired", state, version=version) == ("retired", {})


def test_a_revocation_of_what_is_retired_says_whom_it_hits_too():
    stage, held = kept("retired", "retired", version={"revoked": True})
    assert (stage, list(held)) == ("retired", ["revoked_in_use"])


@pytest.mark.parametrize(
    ("usage", "stage", "held"),
    [(UNUSED, "retired", {}), (WEB, "hidden", {"in_use": f"it is retired once {NOBODY}: {BY}"})],
)
def test_an_interrupted_retirement_is_completed_once_nobody_uses_it(usage, stage, held):
    """Nobody can tell whether it was interrupted, or somebody gave the image back."""
    image = there("1.0", "hidden", visibility="private", properties={RETIRED_SINCE: TODAY})
    catalog = template("1.0 1.1")
    after = guarded(catalog, Placement(catalog.versions[0], "retired"), image, usage)
    assert (after.stage, dict(after.held), after.postponed) == (stage, held, bool(held))
