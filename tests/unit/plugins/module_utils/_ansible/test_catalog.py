# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options and results of image_catalog."""

from __future__ import annotations

import datetime
import re

import pytest

from ansible_collections.xloud.image.plugins.module_utils._ansible.catalog import (
    SPECIFICATION,
    exit_with_catalog,
    wanted_catalog,
)
from ansible_collections.xloud.image.plugins.module_utils._model.catalog import Retention
from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, InputError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.plan import Plan, Step, UpdateImage
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan, Outcome, VersionPlan
from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, UBUNTU, described, name, there

OPTIONS = {key: option.get("default") for key, option in SPECIFICATION["argument_spec"].items()}
CATALOG = {UBUNTU: described("1.0")}


def wanted(documents=(), check=False, **options):
    return wanted_catalog({**OPTIONS, **options}, documents, check)


# Options


def test_what_the_options_say_is_what_is_wanted():
    asked = wanted(
        catalog=CATALOG,
        defaults={"retention": {"visible": 2}, "min_ram": 512},
        source_directory="/images",
        as_of=TODAY,
        purge=True,
        max_removals=3,
    )
    [template] = asked.templates
    assert (template.name, template.retention, template.versions[0].settings) == (
        UBUNTU,
        Retention(2),
        {"min_ram": 512},
    )
    assert (asked.today, asked.purge, asked.max_removals, asked.verify_first) == (TODAY, True, 3, False)
    assert asked.retention == Retention(2)


def test_unset_takes_nothing_away_that_was_not_asked_for():
    asked = wanted(catalog=CATALOG)
    assert (asked.purge, asked.max_removals, asked.retention, asked.owner) == (False, 10, Retention(), None)
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", asked.today)
    assert abs(datetime.date.fromisoformat(asked.today) - datetime.datetime.now(datetime.UTC).date()).days <= 1


def test_what_is_only_checked_is_verified_first():
    assert wanted(catalog=CATALOG, check=True).verify_first


def test_options_win_over_files_and_later_files_over_earlier():
    files = [
        {"image_catalog": {UBUNTU: described("1.0 1.1", min_ram=1)}, "image_catalog_defaults": {"min_disk": 1}},
        {"image_catalog": {UBUNTU: {"min_ram": 2}}, "image_catalog_defaults": {"min_disk": 2, "tags": ["a"]}},
    ]
    [template] = wanted(files, catalog={UBUNTU: {"min_ram": 3}}, defaults={"min_disk": 3}).templates
    assert [str(version.name.version) for version in template.versions] == ["1.0", "1.1"]
    assert template.versions[0].settings == {"min_ram": 3, "min_disk": 3, "tags": ["a"]}
    [template] = wanted(files).templates
    assert template.versions[0].settings == {"min_ram": 2, "min_disk": 2, "tags": ["a"]}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"as_of": "tomorrow"}, "as_of: 'tomorrow' is no day"),
        ({"as_of": "2026-02-30"}, "as_of: '2026-02-30' is no day"),
        ({"max_removals": -1}, "max_removals: -1 is negative. Give 0 to take nothing away"),
        ({"workers": 0}, "workers: 0 is too few"),
        ({"workers": -3}, "workers: -3 is too few"),
        ({"catalog": {}}, "image_catalog: the catalogue has 1 problem"),
        ({"catalog": {"x": {}}}, r"image_catalog.x: 'x' is not a template name"),
        ({"defaults": {"x": 1}}, "image_catalog_defaults.x: is not known"),
    ],
)
def test_options_that_are_wrong(options, words):
    with pytest.raises(InputError, match=words):
        wanted(**{"catalog": CATALOG, **options})


# Results


class Ended(Exception):  # noqa: N818
    """The module ended with this result."""


class FakeModule:
    def __init__(self, check_mode=False, **params):
        self.check_mode = check_mode
        self.params = {**OPTIONS, **params}

    def exit_json(self, **result):
        raise Ended(result)

    def fail_json(self, **result):
        raise Ended({"failed": True, **result})


UPDATE = UpdateImage(name("1.0"), "update it", "id-1.0", ())
CHANGE = CatalogPlan(
    (
        VersionPlan(
            UBUNTU,
            "1.0",
            name("1.0"),
            "published",
            there("1.0"),
            (Step(name("1.0"), Plan((UPDATE,), image=there("1.0"))),),
        ),
        VersionPlan(UBUNTU, "1.1", name("1.1"), "", None),
    )
)
IDLE = CatalogPlan(CHANGE.versions[1:])
BROKEN = CatalogPlan((CHANGE.versions[0], VersionPlan(UBUNTU, "1.1", name("1.1"), "", None, error=PlanError("No."))))
DONE = {name("1.0"): Outcome(there("1.0"), (UPDATE,))}


def result_of(plan, outcomes=None, **options):
    outcomes = DONE if outcomes is None else outcomes
    with pytest.raises(Ended) as ended:
        exit_with_catalog(FakeModule(**options), plan, TODAY, outcomes, 7, {})
    return ended.value.args[0]


KEYS = {
    "transfer",
    "changed",
    "plan",
    "digests",
    "summary",
    "current",
    "versions",
    "findings",
    "usage",
    "failures",
    "requests",
    "bytes",
    "diff",
}


def test_a_result_has_the_same_keys_whichever_way_it_ends():
    done, checked, failed = result_of(CHANGE), result_of(CHANGE, {}, check_mode=True), result_of(BROKEN)
    assert set(done) == set(checked) == KEYS
    assert set(failed) == KEYS | {"failed", "msg"}
    assert (done["changed"], done["requests"]) == (True, 7)
    assert (done["plan"], done["diff"]) == (checked["plan"], checked["diff"])
    assert not result_of(IDLE, {})["changed"]


@pytest.mark.parametrize(("check", "words"), [(False, "was done"), (True, "would be done")])
def test_a_failure_names_all_reasons_and_says_that_the_rest_is_done(check, words):
    failed = result_of(BROKEN, {} if check else DONE, check_mode=check)
    assert failed["msg"] == (
        f"1 of 2 versions are not as the catalogue says; all else {words}. Mend what is wrong and run the task again.\n"
        f"  {name('1.1')}: No."
    )
    assert failed["changed"]


def test_a_step_that_failed_fails_the_task():
    failed = result_of(CHANGE, {name("1.0"): Outcome(error=CloudError("No room."))})
    assert failed["failures"] == [{"image": name("1.0"), "message": "No room."}]
    assert not failed["changed"]


@pytest.mark.parametrize(
    ("plan", "check", "drift", "failed"),
    [
        (CHANGE, True, True, True),
        (CHANGE, True, False, False),
        (CHANGE, False, True, False),
        (IDLE, True, True, False),
    ],
)
def test_drift_fails_a_check_if_asked_for(plan, check, drift, failed):
    found = result_of(plan, {} if check else DONE, check_mode=check, fail_on_drift=drift)
    assert found.get("failed", False) is failed
    if failed:
        assert found["msg"] == f"fail_on_drift: the cloud is not as the catalogue says: {name('1.0')}."
        assert found["plan"]
