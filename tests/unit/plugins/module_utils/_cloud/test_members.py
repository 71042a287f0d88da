# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    QuotaError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME


@pytest.fixture
def shared(glance):
    return glance.add(NAME, visibility="shared", members={"p-b": "accepted", "p-a": "pending"})


def test_members_are_listed_in_order(session, shared):
    image = Images(session).get(shared)
    assert Members(session).list(image) == (Member("p-a", "pending"), Member("p-b", "accepted"))


def test_a_member_lists_itself(cloud, shared):
    session = cloud.session("p-a")
    assert Members(session).list(Images(session).get(shared)) == (Member("p-a", "pending"),)


@pytest.mark.parametrize("visibility", ["private", "community", "public"])
def test_the_service_is_not_asked_for_members_of_others(cloud, glance, session, visibility):
    image = Images(session).get(glance.add(NAME, visibility=visibility, members={"p-a": "accepted"}))
    cloud.sent.clear()
    assert Members(session).list(image) == ()
    assert Members(session).get(image, "p-a") is None
    assert cloud.log == []


@pytest.mark.parametrize(("project", "member"), [("p-a", Member("p-a", "pending")), ("p-x", None)])
def test_one_member(session, shared, project, member):
    assert Members(session).get(Images(session).get(shared), project) == member


def test_adding_and_removing(glance, session, shared):
    members = Members(session)
    members.add(shared, "p-x")
    members.remove(shared, "p-a")
    assert glance.members[shared] == {"p-b": "accepted", "p-x": "pending"}


@pytest.mark.parametrize("status", [None, 502, 503])
def test_a_share_that_did_not_arrive_is_sent_again(cloud, glance, session, shared, monkeypatch, status):
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    if status:
        cloud.fail("POST", ".*/members", status, "Busy.", times=2)
    else:
        cloud.break_off("POST", ".*/members", times=2)
    Members(session).add(shared, "p-x")
    assert glance.members[shared]["p-x"] == "pending"


def test_a_conflict_is_no_word_that_it_is_shared_already(cloud, glance, session, shared):
    cloud.fail("POST", ".*/members", 409, "Try again.")
    with pytest.raises(ConflictError, match=r"Try again\."):
        Members(session).add(shared, "p-x")
    assert "p-x" not in glance.members[shared]


def test_what_is_so_already_is_no_error(glance, session, shared):
    members = Members(session)
    members.add(shared, "p-b")
    members.remove(shared, "p-x")
    assert glance.members[shared]["p-b"] == "accepted"


@pytest.mark.parametrize("visibility", ["private", "community", "public"])
def test_only_shared_images_take_members(glance, session, visibility):
    with pytest.raises(ForbiddenError, match="Not allowed to create members for image"):
        Members(session).add(glance.add(NAME, visibility=visibility), "p-a")


def test_too_many_members(cloud, session, shared):
    cloud.fail("POST", ".*/members", 413, "The limit has been exceeded on the number of allowed image members.")
    with pytest.raises(QuotaError, match="limit has been exceeded"):
        Members(session).add(shared, "p-x")


def test_the_member_itself_answers(cloud, glance, shared):
    Members(cloud.session("p-a")).set_status(shared, "p-a", "accepted")
    assert glance.members[shared]["p-a"] == "accepted"


def test_the_owner_does_not_answer(session, shared):
    with pytest.raises(ForbiddenError, match=r"policy modify_member\)\. Only the project that an image is shared with"):
        Members(session).set_status(shared, "p-a", "accepted")


def test_a_stranger_does_not_answer(cloud, shared):
    cloud.projects["p-x"] = "strangers"
    with pytest.raises(ForbiddenError, match="is not shared with project p-x, as its credentials see it") as error:
        Members(cloud.session("p-x")).set_status(shared, "p-x", "accepted")
    assert error.value.status == 404


def test_a_stranger_does_not_see_members(cloud, session, shared):
    image = Images(session).get(shared)
    cloud.projects["p-x"] = "strangers"
    with pytest.raises(NotFoundError):
        Members(cloud.session("p-x")).list(image)
