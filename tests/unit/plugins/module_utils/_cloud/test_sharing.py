# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud import sharing
from ansible_collections.xloud.image.plugins.module_utils._cloud.sharing import (
    check_additions,
    connect_members,
    resolve_members,
)
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project, WantedMembers
from ansible_collections.xloud.image.plugins.module_utils._plan.member import plan_members
from ansible_collections.xloud.image.tests.unit.fakes.samples import image

ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def connections(cloud, monkeypatch):
    """Clouds called after the project that their credentials are for; what was asked of them."""
    asked = []

    def connect(options):
        asked.append(options)
        return cloud.session(options["cloud"])

    monkeypatch.setattr(sharing, "connect", connect)
    return asked


def test_each_project_has_a_conversation(connections):
    sessions = connect_members({"team-a": "p-a", "p-b": "p-b"})
    assert {reference: session.project_id for reference, session in sessions.items()} == {"team-a": "p-a", "p-b": "p-b"}
    assert connections == [{"cloud": "p-a"}, {"cloud": "p-b"}]


@pytest.mark.usefixtures("connections")
def test_credentials_of_another_project_are_refused():
    with pytest.raises(InputError, match=r"member_clouds.team-a: cloud test has credentials of project team-b \(p-b\)"):
        connect_members({"team-a": "p-b"})


def test_a_project_with_credentials_costs_no_look_up(cloud):
    found = resolve_members(cloud.session(), ["team-a", "own"], {"team-a": cloud.session("p-a")})
    assert found == {"team-a": Project("p-a", "team-a"), "own": Project("p-own", "own")}
    assert cloud.log == []


def test_other_projects_are_looked_up(cloud):
    admin = cloud.session(roles=("admin",))
    assert resolve_members(admin, ["team-b"], {}) == {"team-b": Project("p-b", "team-b")}


def additions(*projects):
    return plan_members(WantedMembers(projects), image(visibility="shared"), ())[0]


def test_what_is_added_has_to_exist(cloud):
    admin = cloud.session(roles=("admin",))
    check_additions(admin, additions(Project("p-a", "team-a")))
    assert cloud.log == []
    with pytest.raises(InputError, match=f"members: there is no project {ID}"):
        check_additions(admin, additions(Project(ID, ID)))
