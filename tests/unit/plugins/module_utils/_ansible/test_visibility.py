# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._ansible.visibility import SPECIFICATION, wanted_visibility
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.visibility import WantedVisibility

UNSET = {**dict.fromkeys(SPECIFICATION["argument_spec"]), "allow_lockout": False}


def test_unset_is_not_asked_for():
    assert wanted_visibility(UNSET, "2026-01-31") == WantedVisibility("2026-01-31")


def test_what_is_set_is_asked_for():
    given = {
        "visibility": "public",
        "hidden": False,
        "protected": True,
        "active": False,
        "deprecated": True,
        "replaced_by": "b",
        "reason": "r",
        "revoked": False,
        "retire_on": "2027-04-30",
        "delete_on": "",
        "allow_lockout": True,
    }
    assert wanted_visibility({**UNSET, **given}, "2026-01-31") == WantedVisibility("2026-01-31", **given)


@pytest.mark.parametrize("option", ["replaced_by", "reason"])
@pytest.mark.parametrize("given", [{}, {"deprecated": False}, {"revoked": False}])
def test_what_says_something_of_a_deprecation_needs_one(option, given):
    with pytest.raises(InputError, match=f"{option}: .*Set deprecated: true"):
        wanted_visibility({**UNSET, **given, option: "x"}, "2026-01-31")


def test_a_revocation_is_a_deprecation():
    asked = wanted_visibility({**UNSET, "revoked": True, "reason": "CVE", "replaced_by": "b"}, "2026-01-31")
    assert (asked.revoked, asked.reason, asked.replaced_by) == (True, "CVE", "b")


@pytest.mark.parametrize("option", ["retire_on", "delete_on"])
@pytest.mark.parametrize("value", ["soon", "2027-02-30", "20270430"])
def test_an_announced_day_is_one(option, value):
    with pytest.raises(InputError, match=f"{option}: '{value}' is no day"):
        wanted_visibility({**UNSET, option: value}, "2026-01-31")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"visibility": "public"}, "visibility"),
        ({"hidden": False, "active": True}, "active, hidden"),
        ({"deprecated": False}, "deprecated"),
    ],
)
def test_what_a_revocation_contradicts_is_refused(given, names):
    with pytest.raises(InputError, match=f"revoked: true contradicts {names}. Leave that out"):
        wanted_visibility({**UNSET, "revoked": True, **given}, "2026-01-31")
    assert wanted_visibility({**UNSET, "revoked": False, **given}, "2026-01-31").revoked is False


def test_what_a_revocation_implies_may_be_said():
    given = {"visibility": "private", "hidden": True, "active": False, "deprecated": True}
    assert wanted_visibility({**UNSET, "revoked": True, **given}, "2026-01-31").active is False
