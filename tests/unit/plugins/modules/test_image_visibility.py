# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, OURS


def test_publication(cloud, glance, run_thrice):
    image_id = glance.add(NAME, **OURS)
    result = run_thrice("image_visibility", image=NAME, visibility="community", protected=True)
    assert result["image"]["stage"] == "published"
    assert glance.images[image_id]["published_since"]
    assert cloud.changes == [f"PATCH /images/{image_id}"]


def test_supersession(glance, run_thrice):
    old = glance.add(NAME, visibility="community", **OURS)
    new = glance.add("ubuntu-24.04-base-v1.1", visibility="community", **OURS)
    run_thrice("image_visibility", image=old, deprecated=True, replaced_by=new, reason="newer")
    assert glance.images[old]["replaced_by"] == "ubuntu-24.04-base-v1.1"


def test_retirement(glance, run_thrice):
    image_id = glance.add(NAME, visibility="community", **OURS)
    result = run_thrice("image_visibility", image=NAME, visibility="private", active=False)
    assert result["image"]["stage"] == "retired"
    assert glance.images[image_id]["status"] == "deactivated"


def test_nobody_is_locked_out_unless_told(cloud, glance, run, run_thrice):
    glance.add(NAME, visibility="shared", members={"p-a": "accepted"}, **OURS)
    result = run("image_visibility", image=NAME, visibility="private")
    assert result["failed"]
    assert result["projects"] == ["p-a"]
    assert cloud.changes == []
    run_thrice("image_visibility", image=NAME, visibility="private", allow_lockout=True)


def test_a_policy_of_the_cloud(glance, run):
    glance.add(NAME, **OURS)
    result = run("image_visibility", image=NAME, visibility="public")
    assert result["failed"]
    assert (result["status"], result["actions"]) == (403, [])
    assert "Use visibility community" in result["msg"]


def test_a_publication_of_an_image_that_is_not_there(run):
    assert "No image" in run("image_visibility", image=NAME, visibility="public")["msg"]


def test_revocation(glance, run, run_thrice):
    image_id = glance.add(NAME, visibility="shared", members={"p-a": "accepted"}, **OURS)
    result = run_thrice("image_visibility", image=NAME, revoked=True, reason="It holds a key of its builder")
    assert result["image"]["stage"] == "retired"
    found = glance.images[image_id]
    assert (found["visibility"], found["os_hidden"], found["status"]) == ("private", True, "deactivated")
    assert found["deprecated_reason"] == "It holds a key of its builder"
    assert {found[key] for key in ("revoked_since", "retired_since", "deprecated_since")} == {found["published_since"]}
    refused = run("image_visibility", image=NAME, visibility="shared", active=True)
    assert "is revoked since" in refused["msg"]
    run_thrice("image_visibility", image=NAME, visibility="shared", active=True, hidden=False, revoked=False)
    assert not {"revoked_since", "retired_since"} & set(glance.images[image_id])


def test_announcements(glance, run, run_thrice):
    image_id = glance.add(NAME, visibility="community", **OURS)
    run_thrice("image_visibility", image=NAME, retire_on="2027-04-30", delete_on="2027-05-31")
    assert (glance.images[image_id]["retire_on"], glance.images[image_id]["delete_on"]) == ("2027-04-30", "2027-05-31")
    run_thrice("image_visibility", image=NAME, retire_on="")
    assert "retire_on" not in glance.images[image_id]
    assert run("image_visibility", image=NAME, retire_on="soon")["option"] == "retire_on"
