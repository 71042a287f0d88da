# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DELETE_ON,
    DEPRECATED,
    DEPRECATED_REASON,
    DEPRECATED_SINCE,
    PUBLISHED_SINCE,
    REPLACED_BY,
    RETIRE_ON,
    RETIRED_SINCE,
    REVOKED_SINCE,
    VISIBILITIES,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._model.visibility import WantedVisibility
from ansible_collections.xloud.image.plugins.module_utils._plan.visibility import (
    needs_members,
    needs_replacement,
    plan_visibility,
)
from ansible_collections.xloud.image.tests.unit.fakes.samples import OURS, image, verbs

TODAY = "2026-03-01"
BEFORE = "2026-01-01"
SINCE = {PUBLISHED_SINCE: BEFORE}
OLD = {DEPRECATED: "true", DEPRECATED_SINCE: BEFORE, DEPRECATED_REASON: "old", REPLACED_BY: "one"}
NEXT = image(id="id-2", name="ubuntu-24.04-base-v1.1", visibility="public")
MEMBERS = (Member("p-b", "pending"), Member("p-a", "accepted"))


def wanted(**changes):
    return WantedVisibility(today=TODAY, **changes)


def patch_of(plan):
    return {(operation.op, operation.path): operation.value for operation in plan.actions[0].patch}


@pytest.mark.parametrize(("found", "target"), list(itertools.product(VISIBILITIES, VISIBILITIES)))
def test_every_transition(found, target):
    plan = plan_visibility(wanted(visibility=target), image(visibility=found))
    if found == target:
        assert plan.actions == ()
    else:
        assert patch_of(plan) == {("replace", "visibility"): target, ("add", PUBLISHED_SINCE): TODAY}
    assert plan.image.visibility == target


@pytest.mark.parametrize("found", VISIBILITIES)
def test_the_first_publication_is_recorded_once(found):
    plan = plan_visibility(wanted(visibility="public"), image(visibility=found, properties=SINCE))
    assert plan.image.properties[PUBLISHED_SINCE] == BEFORE


def test_privacy_is_no_publication():
    assert PUBLISHED_SINCE not in plan_visibility(wanted(visibility="private"), image()).image.properties


def test_an_image_published_by_other_means_stays_known_as_published():
    plan = plan_visibility(wanted(visibility="private"), image(visibility="community"))
    assert plan.image.was_published


@pytest.mark.parametrize(
    ("asked", "found", "patch"),
    [
        ({"hidden": True}, {}, {("replace", "os_hidden"): True}),
        ({"hidden": False}, {"hidden": True}, {("replace", "os_hidden"): False}),
        ({"protected": True}, {}, {("replace", "protected"): True}),
        ({"protected": False}, {"protected": True}, {("replace", "protected"): False}),
        (
            {"visibility": "public", "hidden": False, "protected": True},
            {"hidden": True},
            {
                ("add", PUBLISHED_SINCE): TODAY,
                ("replace", "visibility"): "public",
                ("replace", "os_hidden"): False,
                ("replace", "protected"): True,
            },
        ),
    ],
)
def test_flags_go_in_one_patch(asked, found, patch):
    plan = plan_visibility(wanted(**asked), image(**found))
    assert verbs(plan) == ["update"]
    assert patch_of(plan) == patch


@pytest.mark.parametrize(
    "asked", [{}, {"hidden": False}, {"protected": False}, {"active": True}, {"deprecated": False}]
)
def test_what_is_so_already_needs_nothing(asked):
    plan = plan_visibility(wanted(**asked), image())
    assert (plan.actions, plan.before, plan.image) == ((), plan.after, image())


@pytest.mark.parametrize(
    ("active", "status", "done"),
    [
        (None, "active", []),
        (None, "deactivated", []),
        (True, "active", []),
        (True, "deactivated", ["reactivate"]),
        (False, "active", ["update", "deactivate"]),
        (False, "deactivated", ["update"]),
    ],
)
def test_activity(active, status, done):
    plan = plan_visibility(wanted(active=active), image(status=status))
    assert verbs(plan) == done
    assert plan.image.status == (status if active is None else {True: "active", False: "deactivated"}[active])


def test_retirement():
    plan = plan_visibility(wanted(visibility="private", active=False), image(visibility="public", properties=SINCE))
    assert verbs(plan) == ["update", "deactivate"]
    assert plan.actions[0].reason.endswith("retire it, make it private (was public)")
    assert plan.image.stage == "retired"
    assert (plan.before, plan.after) == (
        {"active": True, "visibility": "public"},
        {"active": False, "properties": {RETIRED_SINCE: TODAY}, "visibility": "private"},
    )


RETIRED = {"visibility": "private", "status": "deactivated", "properties": {RETIRED_SINCE: BEFORE}}


@pytest.mark.parametrize(
    ("asked", "found", "since"),
    [
        ({"visibility": "private", "active": False}, {"visibility": "public"}, TODAY),
        ({"visibility": "private", "active": False}, {}, TODAY),
        ({"visibility": "private"}, {"visibility": "public"}, None),
        ({"visibility": "private"}, {"visibility": "public", "status": "deactivated"}, TODAY),
        ({"active": False}, {}, TODAY),
        ({"active": False}, {"visibility": "public"}, None),
        ({"active": False}, RETIRED, BEFORE),
        ({"active": False}, {**RETIRED, "status": "active"}, TODAY),
        ({"hidden": True, "deprecated": True}, RETIRED, BEFORE),
        ({"active": True}, RETIRED, None),
        ({"visibility": "community"}, RETIRED, None),
    ],
)
def test_the_day_of_retirement_is_recorded(asked, found, since):
    assert plan_visibility(wanted(**asked), image(**found)).image.properties.get(RETIRED_SINCE) == since


# Revocation

GONE = {"visibility": "private", "hidden": True, "status": "deactivated"}
REVOKED = {REVOKED_SINCE: BEFORE, RETIRED_SINCE: BEFORE, DEPRECATED: "true", DEPRECATED_SINCE: BEFORE}


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("status", ["active", "deactivated"])
def test_a_revoked_image_is_out_of_use_at_once(visibility, status):
    found = image(visibility=visibility, status=status, properties=SINCE)
    plan = plan_visibility(wanted(revoked=True, reason="CVE"), found, MEMBERS)
    after = plan.image
    assert (after.visibility, after.hidden, after.status, after.stage) == ("private", True, "deactivated", "retired")
    assert {key: after.properties[key] for key in after.properties if key not in OURS} == {
        **SINCE,
        DEPRECATED: "true",
        DEPRECATED_SINCE: TODAY,
        DEPRECATED_REASON: "CVE",
        RETIRED_SINCE: TODAY,
        REVOKED_SINCE: TODAY,
    }
    assert plan_visibility(wanted(revoked=True, reason="CVE"), after).actions == ()


def test_a_revocation_cuts_off_whoever_it_is():
    asked = wanted(revoked=True)
    assert not needs_members(asked, image(visibility="shared"))
    assert plan_visibility(asked, image(visibility="shared"), MEMBERS).image.visibility == "private"


def test_the_day_of_revocation_is_kept():
    assert plan_visibility(wanted(revoked=True), image(**GONE, properties=REVOKED)).actions == ()


@pytest.mark.parametrize("asked", [{"active": True}, {"visibility": "shared"}, {"visibility": "public"}])
def test_a_revoked_image_is_offered_again_only_if_told(asked):
    found = image(**GONE, properties={**REVOKED, DEPRECATED_REASON: "CVE"})
    with pytest.raises(PlanError, match=f"is revoked since {BEFORE}: CVE. To offer it again all the same, set revoked"):
        plan_visibility(wanted(**asked), found)
    assert REVOKED_SINCE not in plan_visibility(wanted(**asked, revoked=False), found).image.properties


@pytest.mark.parametrize("asked", [{}, {"visibility": "private"}, {"active": False}, {"protected": True}])
def test_what_does_not_offer_a_revoked_image_is_done(asked):
    assert plan_visibility(wanted(**asked), image(**GONE, properties=REVOKED)).image.is_revoked


def test_a_revocation_that_is_taken_back_offers_nothing_by_itself():
    after = plan_visibility(wanted(revoked=False), image(**GONE, properties=REVOKED)).image
    assert (after.visibility, after.hidden, after.status) == ("private", True, "deactivated")
    assert after.stage == "retired"


# Announcements


@pytest.mark.parametrize(
    ("asked", "found", "expected"),
    [
        ({"retire_on": "2026-06-01"}, {}, {RETIRE_ON: "2026-06-01"}),
        (
            {"retire_on": "2026-06-01", "delete_on": "2026-07-01"},
            {},
            {RETIRE_ON: "2026-06-01", DELETE_ON: "2026-07-01"},
        ),
        (
            {"retire_on": "2026-06-01"},
            {RETIRE_ON: "2026-05-01", DELETE_ON: "x"},
            {RETIRE_ON: "2026-06-01", DELETE_ON: "x"},
        ),
        ({"retire_on": ""}, {RETIRE_ON: "2026-05-01"}, {}),
        ({"delete_on": ""}, {}, {}),
        ({}, {RETIRE_ON: "2026-05-01"}, {RETIRE_ON: "2026-05-01"}),
    ],
)
def test_announced_days(asked, found, expected):
    after = plan_visibility(wanted(**asked), image(properties=found)).image
    assert {key: value for key, value in after.properties.items() if key not in OURS} == expected


@pytest.mark.parametrize(
    ("asked", "found", "expected"),
    [
        ({"deprecated": True}, {}, {DEPRECATED: "true", DEPRECATED_SINCE: TODAY}),
        (
            {"deprecated": True, "replaced_by": "two", "reason": "new"},
            {},
            {DEPRECATED: "true", DEPRECATED_SINCE: TODAY, REPLACED_BY: "two", DEPRECATED_REASON: "new"},
        ),
        ({"deprecated": True}, OLD, OLD),
        ({"deprecated": True, "replaced_by": "one", "reason": "old"}, OLD, OLD),
        ({"deprecated": True, "replaced_by": "two"}, OLD, {**OLD, REPLACED_BY: "two"}),
        ({"deprecated": True, "reason": "new"}, OLD, {**OLD, DEPRECATED_REASON: "new"}),
        ({"deprecated": True}, {DEPRECATED: "true"}, {DEPRECATED: "true", DEPRECATED_SINCE: TODAY}),
        (
            {"deprecated": True},
            {**OLD, DEPRECATED: "false"},
            {**OLD, DEPRECATED_SINCE: TODAY},
        ),
        ({"deprecated": False}, OLD, {}),
        ({"hidden": True}, OLD, OLD),
    ],
    ids=["set", "set-all", "kept", "same", "newer", "reworded", "undated", "again", "cleared", "unasked"],
)
def test_deprecation(asked, found, expected):
    before = image(visibility="public", properties={**SINCE, **found})
    after = plan_visibility(wanted(**asked), before).image
    assert after.properties == {**image(properties=SINCE).properties, **expected}


@pytest.mark.parametrize(
    ("target", "found", "allowed", "needed"),
    [
        ("private", "shared", False, True),
        ("private", "shared", True, False),
        ("private", "community", False, False),
        ("community", "shared", False, False),
        (None, "shared", False, False),
    ],
)
def test_members_are_read_only_where_they_matter(target, found, allowed, needed):
    asked = wanted(visibility=target, allow_lockout=allowed)
    before = image(visibility=found)
    assert needs_members(asked, before) is needed
    if needed:
        with pytest.raises(PlanError, match=r"shared with 2 project\(s\) that would lose it: p-a, p-b\."):
            plan_visibility(asked, before, MEMBERS)
    else:
        assert plan_visibility(asked, before, MEMBERS).image.visibility == (target or found)


def test_nobody_is_locked_out_where_nobody_is_a_member():
    assert plan_visibility(wanted(visibility="private"), image(visibility="shared"), ()).image.visibility == "private"


@pytest.mark.parametrize(
    ("asked", "properties", "needed"),
    [(None, {}, False), ("two", {}, True), ("two", OLD, True), ("one", OLD, False), ("", {}, False)],
)
def test_a_replacement_is_read_only_where_it_is_new(asked, properties, needed):
    assert needs_replacement(wanted(deprecated=True, replaced_by=asked), image(properties=properties)) is needed


def test_a_replacement_is_recorded_by_its_name():
    plan = plan_visibility(wanted(deprecated=True, replaced_by="id-2"), image(visibility="public"), (), NEXT)
    assert plan.image.properties[REPLACED_BY] == NEXT.name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"visibility": "private"}, "which nobody can use: it is private and active"),
        ({"status": "deactivated"}, "which nobody can use: it is public and deactivated"),
        ({"id": "id-1"}, "cannot be replaced by itself"),
    ],
)
def test_a_replacement_that_is_none(changes, message):
    replacement = image(**{"id": "id-2", "visibility": "public", **changes})
    with pytest.raises(PlanError, match=message):
        plan_visibility(wanted(deprecated=True, replaced_by="x"), image(visibility="public"), (), replacement)


@pytest.mark.parametrize(
    ("asked", "found", "words"),
    [
        ({"visibility": "public"}, {}, "publish it as public"),
        ({"visibility": "private"}, {"visibility": "public"}, "make it private (was public)"),
        ({"hidden": True}, {}, "hide it"),
        ({"hidden": False}, {"hidden": True}, "list it again"),
        ({"protected": True, "hidden": True}, {}, "hide it, protect it"),
        ({"protected": False}, {"protected": True}, "take its protection off"),
        ({"deprecated": True, "replaced_by": "two"}, {}, "deprecate it, it is replaced by two"),
        ({"deprecated": False}, {"properties": OLD}, "deprecate it no longer"),
        ({"deprecated": True, "reason": "new"}, {"properties": OLD}, "deprecated_reason new (was old)"),
        ({"revoked": False}, {"properties": {REVOKED_SINCE: BEFORE}}, "revoke it no longer"),
        ({"retire_on": "2026-06-01"}, {}, "announce to retire it on 2026-06-01"),
        ({"delete_on": ""}, {"properties": {DELETE_ON: BEFORE}}, "announce no longer to delete it"),
    ],
)
def test_reasons_are_for_people(asked, found, words):
    [action] = plan_visibility(wanted(**asked), image(**found)).actions
    assert action.reason == f"update ubuntu-24.04-base-v1.0: {words}"


def test_a_revocation_has_one_reason():
    reasons = [action.reason for action in plan_visibility(wanted(revoked=True), image(visibility="public")).actions]
    assert reasons == [
        "update ubuntu-24.04-base-v1.0: deprecate it, hide it, retire it, revoke it, make it private (was public)",
        "deactivate ubuntu-24.04-base-v1.0: no new use of its data is wanted",
    ]


def test_a_change_of_activity_has_a_reason():
    reasons = [
        plan_visibility(wanted(active=active), image(visibility="public", status=status)).actions[0].reason
        for active, status in [(False, "active"), (True, "deactivated")]
    ]
    assert reasons == [
        "deactivate ubuntu-24.04-base-v1.0: no new use of its data is wanted",
        "reactivate ubuntu-24.04-base-v1.0: its data is to be usable again",
    ]
