# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._ansible.member import (
    SPECIFICATION,
    check_member_options,
    is_answer,
    wanted_members,
)
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project, WantedMembers

UNSET = {
    **dict.fromkeys(SPECIFICATION["argument_spec"]),
    "state": "present",
    "exact": False,
    "make_shared": False,
}
A, B = Project("p-a", "team-a"), Project("p-b", "team-b")
PROJECTS = {"team-a": A, "team-b": B}


@pytest.mark.parametrize(("members", "answer"), [(None, True), ([], False), (["a"], False)])
def test_whose_side(members, answer):
    assert is_answer({**UNSET, "members": members}) is answer


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"members": ["a"], "member_clouds": {"b": "x", "c": "y"}}, "member_clouds: b, c is not among members"),
        ({"member_clouds": {"b": "x"}, "status": "accepted"}, "member_clouds: b is not among members"),
        ({"members": ["a"], "status": "accepted"}, "status: is the answer of the members themselves"),
        ({"members": ["a"], "state": "absent", "exact": True}, "state: absent goes with neither"),
        (
            {"members": ["a"], "state": "absent", "status": "accepted", "member_clouds": {"a": "x"}},
            "state: absent goes with neither",
        ),
        ({"status": "accepted", "state": "absent"}, "state: absent goes with neither"),
    ],
)
def test_options_that_contradict_one_another(given, message):
    with pytest.raises(InputError, match=message):
        check_member_options({**UNSET, **given})


@pytest.mark.parametrize(
    "given",
    [
        {"members": ["a"]},
        {"members": [], "exact": True},
        {"status": "accepted"},
        {"members": ["a"], "member_clouds": {"a": "x"}, "status": "rejected"},
        {"members": ["a"], "member_clouds": {"a": "x"}, "state": "absent"},
    ],
)
def test_options_that_go_together(given):
    check_member_options({**UNSET, **given})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"state": "absent"}, {"absent": True}),
        ({"exact": True, "make_shared": True}, {"exact": True, "make_shared": True}),
        ({"member_clouds": {"team-a": "x"}}, {"answers": {A: "accepted"}}),
        ({"member_clouds": {"team-b": "x"}, "status": "rejected"}, {"answers": {B: "rejected"}}),
        ({"member_clouds": {"team-a": "x"}, "state": "absent"}, {"absent": True}),
    ],
)
def test_wanted(given, expected):
    wanted = WantedMembers((A, B), today="2026-01-31", **expected)
    assert wanted_members({**UNSET, **given}, PROJECTS, "2026-01-31") == wanted
