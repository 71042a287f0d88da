# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud.projects import Projects
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project

ID = "0123456789abcdef0123456789abcdef"
DASHED = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture
def admin(cloud):
    return Projects(cloud.session(roles=("admin",)))


@pytest.fixture
def member(cloud):
    return Projects(cloud.session())


@pytest.mark.parametrize(
    ("reference", "project"),
    [
        ("own", Project("p-own", "own")),
        ("p-own", Project("p-own", "p-own")),
        (ID, Project(ID, ID)),
        (DASHED, Project(DASHED, DASHED)),
    ],
)
def test_what_is_known_costs_no_request(cloud, member, reference, project):
    assert member.resolve(reference, "members") == project
    assert cloud.log == []


def test_a_name_is_looked_up(cloud, admin):
    assert admin.resolve("team-a", "members") == Project("p-a", "team-a")
    assert cloud.log == ["GET /projects"]


def test_any_name_is_looked_up(cloud, admin):
    cloud.projects["p-odd"] = "R&D / ü = 100%"
    assert admin.resolve("R&D / ü = 100%", "members").id == "p-odd"


def test_there_is_no_such_project(admin):
    with pytest.raises(InputError, match="owner: there is no project team-x"):
        admin.resolve("team-x", "owner")


def test_several_projects_have_the_name(cloud, admin):
    cloud.projects["p-a2"] = "team-a"
    with pytest.raises(InputError, match=r"members: 2 projects are named team-a \(p-a, p-a2\)\. Give the id"):
        admin.resolve("team-a", "members")


def test_who_may_not_look(member):
    with pytest.raises(InputError, match="members: project team-a cannot be looked up by name.*Give the project's id"):
        member.resolve("team-a", "members")


def test_whoever_has_a_role_in_a_project_may_name_it(cloud, member):
    cloud.joined = ("p-a",)
    assert member.resolve("team-a", "members") == Project("p-a", "team-a")
    assert cloud.log == ["GET /projects", "GET /auth/projects"]


@pytest.mark.parametrize(
    ("reference", "owner"), [(None, None), ("", None), ("own", None), ("p-own", None), ("team-a", "p-a"), (ID, ID)]
)
def test_owners(admin, reference, owner):
    assert admin.owner(reference) == owner


def test_an_id_is_checked(cloud, admin):
    cloud.projects[ID] = "new"
    assert list(admin.missing([Project(ID, ID), Project(DASHED, DASHED)])) == [DASHED]
    assert cloud.log == [f"GET /projects/{ID}", f"GET /projects/{DASHED}"]


def test_ids_are_trusted_where_nobody_may_look(cloud, member):
    assert list(member.missing([Project(ID, ID), Project(DASHED, DASHED)])) == []
    assert cloud.log == [f"GET /projects/{ID}"]


@pytest.mark.parametrize("project", [Project("p-a", "team-a"), Project("p-own", "p-own")])
def test_what_was_looked_up_is_not_checked_again(cloud, admin, project):
    assert list(admin.missing([project])) == []
    assert cloud.log == []
