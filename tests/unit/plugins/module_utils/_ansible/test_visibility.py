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
        "allow_lockout": True,
    }
    assert wanted_visibility({**UNSET, **given}, "2026-01-31") == WantedVisibility("2026-01-31", **given)


@pytest.mark.parametrize("option", ["replaced_by", "reason"])
@pytest.mark.parametrize("deprecated", [None, False])
def test_what_says_something_of_a_deprecation_needs_one(option, deprecated):
    with pytest.raises(InputError, match=f"{option}: .*Set deprecated: true"):
        wanted_visibility({**UNSET, "deprecated": deprecated, option: "x"}, "2026-01-31")
