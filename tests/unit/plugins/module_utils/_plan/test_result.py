# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a run, before it and after it."""

from __future__ import annotations

import dataclasses
import json

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    BusyError,
    CloudError,
    InUseError,
    PlanError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import DEPRECATED, REPLACED_BY
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    CreateImage,
    DeactivateImage,
    DeleteImage,
    PatchOperation,
    Plan,
    Step,
    UpdateImage,
)
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan, Finding, Outcome, VersionPlan
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, Upload
from ansible_collections.xloud.image.plugins.module_utils._plan import result
from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, UBUNTU, ago, name, there

V0, V1, V2 = (name(version) for version in ("1.0", "1.1", "1.2"))
CREATE = CreateImage(V1, f"create {V1}", {}, Upload(Source("/a"), None, 4, "auto"))
PUBLISH = UpdateImage(V1, f"update {V1}: publish it", "", (PatchOperation("replace", "visibility", "community"),))
DEPRECATE = UpdateImage(V0, f"update {V0}: deprecate it", "id-1.0", (PatchOperation("add", DEPRECATED, "true"),))
DELETE = DeleteImage(V2, f"delete {V2}", "id-1.2")
NEW = there("1.1", id="", size=4)
OLD = there("1.0", "deprecated", properties={REPLACED_BY: V1}, size=7)


def step(image, *actions, after=None, before=None, shown=None, **options):
    return Step(image, Plan(actions, before or {}, shown or {}, after), **options)


def version(image, stage, found, *steps, error=None):
    parts = ImageName.parse(image)
    return VersionPlan(parts.template, str(parts.version), image, stage, found, steps, error)


# 1.1 is created and published, 1.0 is deprecated after that, and 1.2 is deleted.
RELEASE = CatalogPlan(
    (
        version(V1, "published", None, step(V1, CREATE, PUBLISH, after=NEW, shown={"visibility": "community"})),
        version(
            V0,
            "deprecated",
            there("1.0", size=7),
            step(V0, DEPRECATE, after=OLD, shown={"properties": {DEPRECATED: "true"}}, needs=(V1,)),
        ),
        version(V2, "deleted", there("1.2", "retired"), step(V2, DELETE, before={"name": V2})),
    ),
    (Finding("gate", V2, "words"), Finding("frozen", V1, "words")),
)
REAL = dataclasses.replace(NEW, id="new")
DONE = {
    V1: Outcome(REAL, (CREATE, PUBLISH)),
    V0: Outcome(OLD, (DEPRECATE,)),
    V2: Outcome(None, (DELETE,)),
}
CREATION_FAILED = {
    V1: Outcome(NEW, (), CloudError("No room.")),
    V0: Outcome(error=PlanError("Left out.")),
    V2: DONE[V2],
}
HALF_DONE = {**DONE, V1: Outcome(REAL, (CREATE,), CloudError("No."))}
IN_USE = {**DONE, V2: Outcome(there("1.2", "retired"), (), InUseError("It is in use.", 409))}


def table(plan, outcomes, *keys):
    return [tuple(row[key] for key in keys) for row in result.rows(plan, outcomes)]


# The plan


def test_a_change_says_what_becomes_of_an_image():
    first, second, third = result.as_changes(RELEASE)
    assert first == {
        "name": V1,
        "template": UBUNTU,
        "version": "1.1",
        "id": None,
        "stage": {"before": None, "after": "published"},
        "before": {},
        "after": {"visibility": "community"},
        "actions": [
            {"action": "create", "reason": f"create {V1}"},
            {"action": "update", "reason": f"update {V1}: publish it"},
        ],
    }
    assert (second["id"], second["stage"]) == ("id-1.0", {"before": "published", "after": "deprecated"})
    assert third["stage"] == {"before": "retired", "after": "deleted"}


def test_what_does_not_change_is_no_change():
    assert result.as_changes(CatalogPlan((version(V0, "published", OLD, step(V0, after=OLD)),))) == []


def test_two_steps_on_one_image_are_one_change():
    deactivate = DeactivateImage(V0, "deactivate it", "id-1.0")
    revoked = {"properties": {DEPRECATED: "true"}, "visibility": "private"}
    noted = {"properties": {DEPRECATED: "true", REPLACED_BY: V1}, "visibility": "private"}
    plan = CatalogPlan(
        (
            version(
                V0,
                "retired",
                there("1.0"),
                step(V0, DEPRECATE, deactivate, before={"visibility": "community"}, shown=revoked),
                step(V0, DEPRECATE, before=revoked, shown=noted, late=True),
            ),
        )
    )
    [change] = result.as_changes(plan)
    assert (change["before"], change["after"]) == ({"visibility": "community"}, noted)
    assert len(change["actions"]) == 3
    assert result.diff(plan) == {"before": {V0: {"visibility": "community"}}, "after": {V0: noted}}


def test_a_plan_file_holds_all_that_somebody_approves():
    document = result.as_plan_file(RELEASE, "mycloud", TODAY)
    assert json.loads(json.dumps(document)) == document
    assert {key: document[key] for key in ("format_version", "cloud", "as_of", "failures")} == {
        "format_version": 1,
        "cloud": "mycloud",
        "as_of": TODAY,
        "failures": [],
    }
    assert document["changes"] == result.as_changes(RELEASE)
    assert [finding["kind"] for finding in document["findings"]] == ["gate", "frozen"]


# Approval


def dated(day, reason="why"):
    update = UpdateImage(V0, reason, "id-1.0", ())
    shown = {"properties": {"deprecated_since": day, "published_since": ago(500)}}
    return CatalogPlan((version(V0, "deprecated", there("1.0"), step(V0, update, after=OLD, shown=shown)),))


def approved(plan, day):
    return json.loads(json.dumps(result.as_plan_file(plan, "mycloud", day)))


def test_without_an_approval_anything_goes():
    result.check_expected(RELEASE, TODAY, None)


def by_file(plan, day):
    return (approved(plan, day), None)


def by_digests(plan, day):
    return (None, json.loads(json.dumps(result.as_digests(plan, day))))


HANDED_ON = pytest.mark.parametrize("handed_on", [by_file, by_digests])


@HANDED_ON
@pytest.mark.parametrize("days", [0, 1, 40])
def test_the_same_plan_on_another_day_is_what_was_approved(handed_on, days):
    result.check_expected(dated(TODAY), TODAY, *handed_on(dated(ago(days)), ago(days)))


@HANDED_ON
@pytest.mark.parametrize("fresh", [RELEASE, CatalogPlan(RELEASE.versions[1:]), CatalogPlan(())])
def test_what_was_done_of_a_plan_need_not_be_done_again(handed_on, fresh):
    result.check_expected(fresh, TODAY, *handed_on(RELEASE, TODAY))


@HANDED_ON
@pytest.mark.parametrize(
    ("fresh", "before", "names"),
    [
        (RELEASE, CatalogPlan(()), [V0, V1, V2]),
        (RELEASE, CatalogPlan(RELEASE.versions[1:]), [V1]),
        (dated(TODAY, "another reason"), dated(TODAY), [V0]),
        (dated(ago(1)), dated(TODAY), [V0]),
    ],
)
def test_another_plan_is_refused_with_the_names_of_what_differs(handed_on, fresh, before, names):
    with pytest.raises(PlanError, match="what is to be done now differs from what was approved") as error:
        result.check_expected(fresh, TODAY, *handed_on(before, TODAY))
    assert error.value.details == {"differing": names}
    assert all(each in error.value.message for each in names)
    assert error.value.message.startswith("expect_plan: " if handed_on is by_file else "expect_digests: ")


def test_there_is_one_digest_an_image_that_changes():
    digests = result.as_digests(RELEASE, TODAY)
    assert list(digests) == [V1, V0, V2]
    assert len(set(digests.values())) == 3
    assert {len(digest) for digest in digests.values()} == {64}
    assert result.as_digests(CatalogPlan(()), TODAY) == {}


def test_a_digest_of_one_image_approves_no_other():
    digests = result.as_digests(RELEASE, TODAY)
    with pytest.raises(PlanError) as error:
        result.check_expected(RELEASE, TODAY, None, {V0: digests[V1], V1: digests[V1], V2: None})
    assert error.value.details == {"differing": [V0, V2]}


# After the run, and before it


@pytest.mark.parametrize("outcomes", [{}, DONE], ids=["check", "run"])
def test_a_check_foretells_what_a_run_tells(outcomes):
    assert table(RELEASE, outcomes, "name", "stage", "visibility", "replaced_by", "changed", "problem") == [
        (V1, "published", "community", None, True, None),
        (V0, "deprecated", "community", V1, True, None),
        (V2, "absent", None, None, True, None),
    ]
    assert result.summary(RELEASE, outcomes) == {
        "images": 2,
        "changed": 3,
        "failed": 0,
        "held": 1,
        "stages": {"absent": 1, "deprecated": 1, "published": 1},
        "actions": {"create": 1, "delete": 1, "update": 2},
    }
    assert result.changed(RELEASE, outcomes)
    assert result.failures(RELEASE, outcomes) == []
    assert result.data_bytes(RELEASE, outcomes) == 4
    assert result.current(RELEASE, outcomes)[UBUNTU] == {
        "version": "1.1",
        "name": V1,
        "id": "new" if outcomes else None,
    }


def test_a_row_has_all_that_a_table_shows():
    row = result.rows(RELEASE, DONE)[1]
    assert row == {
        "template": UBUNTU,
        "version": "1.0",
        "name": V0,
        "id": "id-1.0",
        "stage": "deprecated",
        "visibility": "community",
        "disk_format": "raw",
        "size": 7,
        "replaced_by": V1,
        "changed": True,
        "actions": [f"update {V0}: deprecate it"],
        "problem": None,
    }


def test_of_what_failed_only_what_was_done_is_told():
    assert table(RELEASE, CREATION_FAILED, "name", "id", "stage", "changed", "actions", "problem") == [
        (V1, None, "absent", False, [], "No room."),
        (V0, "id-1.0", "published", False, [], "Left out."),
        (V2, None, "absent", True, [f"delete {V2}"], None),
    ]
    assert result.failures(RELEASE, CREATION_FAILED) == [
        {"image": V1, "message": "No room."},
        {"image": V0, "message": "Left out."},
    ]
    assert result.summary(RELEASE, CREATION_FAILED)["actions"] == {"delete": 1}
    assert result.data_bytes(RELEASE, CREATION_FAILED) == 0
    assert result.current(RELEASE, CREATION_FAILED)[UBUNTU]["name"] == V0


def test_of_what_was_done_in_part_that_part_is_told():
    assert table(RELEASE, HALF_DONE, "id", "changed", "actions", "problem")[0] == (
        "new",
        True,
        [f"create {V1}"],
        "No.",
    )
    assert result.changed(RELEASE, HALF_DONE)


def test_what_is_in_use_is_a_finding_and_no_failure():
    assert table(RELEASE, IN_USE, "id", "stage", "changed", "problem")[2] == ("id-1.2", "retired", False, None)
    assert result.failures(RELEASE, IN_USE) == []
    assert result.findings(RELEASE, IN_USE)[-1] == {"kind": "in_use", "image": V2, "message": "It is in use."}
    assert result.summary(RELEASE, IN_USE)["held"] == 2


def test_what_is_left_to_another_run_is_a_finding_and_no_failure():
    outcomes = {**DONE, V1: Outcome(NEW, (), BusyError("Busy.")), V0: Outcome(error=BusyError("Left."))}
    assert result.failures(RELEASE, outcomes) == []
    assert {row["problem"] for row in result.rows(RELEASE, outcomes)} == {None}
    assert result.findings(RELEASE, outcomes)[-2:] == [
        {"kind": "busy", "image": V1, "message": "Busy."},
        {"kind": "busy", "image": V0, "message": "Left."},
    ]
    foretold = dataclasses.replace(RELEASE.versions[0], steps=(), error=BusyError("Busy."))
    plan = dataclasses.replace(RELEASE, versions=(foretold,))
    assert result.failures(plan, {}) == []
    assert result.findings(plan, {})[-1] == {"kind": "busy", "image": foretold.name, "message": "Busy."}


def test_a_run_that_does_nothing_changes_nothing():
    outcomes = {V1: Outcome(error=CloudError("No.")), V0: Outcome(error=PlanError("Left out."))}
    assert not result.changed(RELEASE, outcomes)
    idle = CatalogPlan((version(V0, "published", there("1.0"), step(V0, after=there("1.0"))),))
    assert not result.changed(idle, {})
    assert table(idle, {}, "stage", "changed", "actions") == [("published", False, [])]


def test_what_could_not_be_planned_is_told_with_its_reason():
    plan = CatalogPlan((version(V0, "", there("1.0"), error=PlanError("It is published.")),))
    assert table(plan, {}, "id", "stage", "changed", "problem") == [("id-1.0", "published", False, "It is published.")]
    assert result.as_plan_file(plan, "mycloud", TODAY)["failures"] == [{"image": V0, "message": "It is published."}]


def test_a_template_has_one_current_version_or_none():
    offered = CatalogPlan(
        (version(V1, "published", there("1.1")), version(V0, "published", there("1.0"), error=PlanError("No.")))
    )
    assert result.current(offered, {}) == {UBUNTU: {"version": "1.1", "name": V1, "id": "id-1.1"}}
    assert result.current(CatalogPlan((version(V0, "hidden", there("1.0", "hidden")),)), {}) == {}
