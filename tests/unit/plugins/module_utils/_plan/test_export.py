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
        plan_export(WITHOUT, image(**changes), (), FileFacts())


@pytest.mark.parametrize(
    ("wanted", "found", "facts", "steps"),
    [
        (WITHOUT, image(), FileFacts(), ["export"]),
        (WITHOUT, image(), RIGHT, []),
        (WITHOUT, image(), FileFacts(4, "other"), ["export"]),
        (WITHOUT, image(), FileFacts(5, digest("sha512")), ["export"]),
        (WITH, image(), FileFacts(), ["export", "write_sidecar"]),
        (WITH, image(), RIGHT, ["write_sidecar"]),
        (FREEZING, image(), FileFacts(), ["update", "deactivate", "export", *THAW]),
        (FREEZING, image(), RIGHT, []),
        (WITHOUT, RETIRED, FileFacts(), ["export"]),
        (FREEZING, RETIRED, FileFacts(), ["export"]),
        (WITHOUT, RETIRED, RIGHT, []),
        (WITHOUT, FROZEN_IMAGE, RIGHT, THAW),
        (WITHOUT, FROZEN_IMAGE, FileFacts(), ["export", *THAW]),
        (FREEZING, FROZEN_IMAGE, FileFacts(), ["export", *THAW]),
        (WITH, FROZEN_IMAGE, RIGHT, [*THAW, "write_sidecar"]),
        (WITHOUT, MARKED, RIGHT, ["update"]),
        (WITHOUT, MARKED, FileFacts(), ["export", "update"]),
        (FREEZING, MARKED, FileFacts(), ["update", "deactivate", "export", *THAW]),
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
def test_steps(wanted, found, facts, steps):
    plan = plan_export(wanted, found, (), facts)
    assert verbs(plan) == steps
    assert FROZEN not in plan.image.properties
    assert plan.image.status == ("active" if FROZEN in found.properties else found.status)


@pytest.mark.parametrize("found", [image(), MARKED, FROZEN_IMAGE], ids=["active", "marked", "frozen"])
def test_what_is_given_back_is_given_back_always(found):
    actions = plan_export(FREEZING, found, (), FileFacts()).actions
    position = next(i for i, action in enumerate(actions) if action.verb == "export")
    assert not any(action.always for action in actions[: position + 1])
    assert all(action.always for action in actions[position + 1 :])
    assert actions[-1].patch[0].op == "remove"


@pytest.mark.parametrize("wanted", [WITHOUT, FREEZING])
def test_data_that_the_cloud_does_not_give(wanted):
    with pytest.raises(ForbiddenError, match=r"is deactivated.*policy context_is_admin.*Reactivate it first"):
        plan_export(wanted, RETIRED, (), FileFacts(), is_readable=False)


@pytest.mark.parametrize("found", [image(), MARKED, FROZEN_IMAGE], ids=["active", "marked", "frozen"])
def test_what_we_froze_is_said_to_be_frozen(found):
    actions = plan_export(FREEZING, found, (), FileFacts(), is_readable=found is not FROZEN_IMAGE).actions
    assert next(action for action in actions if action.verb == "export").frozen


def test_what_others_deactivated_is_not_for_us_to_reactivate():
    (action,) = plan_export(FREEZING, RETIRED, (), FileFacts()).actions
    assert not action.frozen


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
    plan = plan_export(WITH, image(), MEMBERS, facts)
    assert [action.reason.rpartition(": ")[2] for action in plan.actions] == ([reason] if reason else [])


def test_a_sidecar_is_the_same_whatever_the_order():
    one = image(properties={"a": "1", "b": "2"}, tags=frozenset("xy"))
    other = image(properties={"b": "2", "a": "1"}, tags=frozenset("yx"))
    assert sidecar_content(one, MEMBERS) == sidecar_content(other, MEMBERS[::-1])


def test_a_sidecar_does_not_tell_that_an_export_is_going_on():
    assert sidecar_content(MARKED, ()) == sidecar_content(image(), ())
    assert REPLACES not in sidecar_content(image(properties={REPLACES: "x"}), ())


def test_the_diff_tells_files():
    plan = plan_export(WITH, image(), (), FileFacts(4, "other", "garbage"))
    assert plan.before == {"path": PATH, "sha512": "other", "size": 4, "sidecar": "(not JSON)"}
    expected = json.loads(sidecar_content(image(), ()))
    assert plan.after == {"path": PATH, "sha512": digest("sha512"), "size": 4, "sidecar": expected}
    assert plan_export(WITH, image(), (), FileFacts()).before == {}
