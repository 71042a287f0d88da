# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import ForbiddenError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.export import FileFacts, WantedExport
from ansible_collections.xloud.image.plugins.module_utils._model.image import FROZEN, REPLACES
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._plan.export import (
    plan_export,
    sidecar_content,
    verifying_hash,
)
from ansible_collections.xloud.image.tests.unit.fakes.samples import digest, image, verbs

PATH = "/backup/a.raw"
WITHOUT = WantedExport(PATH)
WITH = WantedExport(PATH, f"{PATH}.json")
FREEZING = WantedExport(PATH, deactivate=True)
RIGHT = FileFacts(4, digest("sha512"))
FROZEN_IMAGE = image(status="deactivated", properties={FROZEN: "true"})
MARKED = image(properties={FROZEN: "true"})
RETIRED = image(status="deactivated")
ADMIN, MEMBER = ("admin",), ("member", "reader")
THAW = ["reactivate", "update"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("sha512", digest("sha512"))),
        ({"os_hash_algo": "sha256", "os_hash_value": "x"}, ("sha256", "x")),
        ({"os_hash_value": None}, ("md5", digest("md5"))),
        ({"os_hash_algo": None}, ("md5", digest("md5"))),
        ({"status": "deactivated"}, ("sha512", digest("sha512"))),
    ],
)
def test_what_an_export_is_verified_by(changes, expected):
    assert verifying_hash(image(**changes)) == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status": "queued"}, "has no data to export: its status is queued"),
        ({"status": "importing"}, "has no data"),
        ({"status": "killed"}, "has no data"),
        ({"os_hash_algo": None, "checksum": None}, "could not be verified"),
    ],
)
def test_what_cannot_be_exported(changes, message):
    with pytest.raises(PlanError, match=message):
        plan_export(WITHOUT, image(**changes), (), FileFacts(), ADMIN)


@pytest.mark.parametrize(
    ("wanted", "found", "facts", "roles", "steps"),
    [
        (WITHOUT, image(), FileFacts(), MEMBER, ["export"]),
        (WITHOUT, image(), RIGHT, MEMBER, []),
        (WITHOUT, image(), FileFacts(4, "other"), MEMBER, ["export"]),
        (WITHOUT, image(), FileFacts(5, digest("sha512")), MEMBER, ["export"]),
        (WITH, image(), FileFacts(), MEMBER, ["export", "write_sidecar"]),
        (WITH, image(), RIGHT, MEMBER, ["write_sidecar"]),
        (FREEZING, image(), FileFacts(), ADMIN, ["update", "deactivate", "export", *THAW]),
        (FREEZING, image(), RIGHT, MEMBER, []),
        (WITHOUT, RETIRED, FileFacts(), ADMIN, ["export"]),
        (FREEZING, RETIRED, FileFacts(), ADMIN, ["export"]),
        (WITHOUT, RETIRED, RIGHT, MEMBER, []),
        (WITHOUT, FROZEN_IMAGE, RIGHT, MEMBER, THAW),
        (WITHOUT, FROZEN_IMAGE, FileFacts(), ADMIN, ["export", *THAW]),
        (FREEZING, FROZEN_IMAGE, FileFacts(), ADMIN, ["export", *THAW]),
        (WITH, FROZEN_IMAGE, RIGHT, MEMBER, [*THAW, "write_sidecar"]),
        (WITHOUT, MARKED, RIGHT, MEMBER, ["update"]),
        (WITHOUT, MARKED, FileFacts(), MEMBER, ["export", "update"]),
        (FREEZING, MARKED, FileFacts(), ADMIN, ["update", "deactivate", "export", *THAW]),
    ],
    ids=[
        "new",
        "right",
        "other-content",
        "other-size",
        "sidecar-too",
        "sidecar-alone",
        "freeze",
        "freeze-needless",
        "retired-admin",
        "retired-freeze",
        "retired-right",
        "left-frozen-right",
        "left-frozen-new",
        "left-frozen-freeze",
        "left-frozen-sidecar",
        "left-marked-right",
        "left-marked-new",
        "left-marked-freeze",
    ],
)
def test_steps(wanted, found, facts, roles, steps):
    plan = plan_export(wanted, found, (), facts, roles)
    assert verbs(plan) == steps
    assert FROZEN not in plan.image.properties
    assert plan.image.status == ("active" if FROZEN in found.properties else found.status)


@pytest.mark.parametrize("found", [image(), MARKED, FROZEN_IMAGE], ids=["active", "marked", "frozen"])
def test_what_is_given_back_is_given_back_always(found):
    actions = plan_export(FREEZING, found, (), FileFacts(), ADMIN).actions
    position = next(i for i, action in enumerate(actions) if action.verb == "export")
    assert not any(action.always for action in actions[: position + 1])
    assert all(action.always for action in actions[position + 1 :])
    assert actions[-1].patch[0].op == "remove"


@pytest.mark.parametrize(
    ("wanted", "found", "advice"),
    [
        (WITHOUT, RETIRED, "is deactivated, .*these credentials have: member, reader.*Reactivate it first"),
        (FREEZING, image(), "would be deactivated for the time of the export.*Leave deactivate out"),
        (FREEZING, RETIRED, "is deactivated"),
    ],
)
def test_only_administrators_read_frozen_data(wanted, found, advice):
    with pytest.raises(ForbiddenError, match=advice):
        plan_export(wanted, found, (), FileFacts(), MEMBER)


def test_without_a_role_the_error_says_so():
    with pytest.raises(ForbiddenError, match=r"\(these credentials have: no role\)"):
        plan_export(WITHOUT, RETIRED, (), FileFacts(), ())


MEMBERS = (Member("p-b", "accepted"), Member("p-a", "pending"))


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        (None, "it is not there"),
        ("garbage", "it has changed"),
        (sidecar_content(image(), ()), "it has changed"),
        (sidecar_content(image(min_ram=1), MEMBERS), "it has changed"),
        (sidecar_content(image(), MEMBERS), None),
    ],
    ids=["missing", "garbage", "other-members", "other-metadata", "same"],
)
def test_a_sidecar_is_written_where_it_differs(there, reason):
    facts = FileFacts(4, digest("sha512"), there)
    plan = plan_export(WITH, image(), MEMBERS, facts, MEMBER)
    assert [action.reason.rpartition(": ")[2] for action in plan.actions] == ([reason] if reason else [])


def test_a_sidecar_is_the_same_whatever_the_order():
    one = image(properties={"a": "1", "b": "2"}, tags=frozenset("xy"))
    other = image(properties={"b": "2", "a": "1"}, tags=frozenset("yx"))
    assert sidecar_content(one, MEMBERS) == sidecar_content(other, MEMBERS[::-1])


def test_a_sidecar_does_not_tell_that_an_export_is_going_on():
    assert sidecar_content(MARKED, ()) == sidecar_content(image(), ())
    assert REPLACES not in sidecar_content(image(properties={REPLACES: "x"}), ())


def test_the_diff_tells_files():
    plan = plan_export(WITH, image(), (), FileFacts(4, "other", "garbage"), MEMBER)
    assert plan.before == {"path": PATH, "sha512": "other", "size": 4, "sidecar": "(not JSON)"}
    expected = json.loads(sidecar_content(image(), ()))
    assert plan.after == {"path": PATH, "sha512": digest("sha512"), "size": 4, "sidecar": expected}
    assert plan_export(WITH, image(), (), FileFacts(), MEMBER).before == {}
