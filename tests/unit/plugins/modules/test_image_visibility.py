# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.xloud.image.tests.unit.fakes.launching import FakeCompute
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


def test_what_is_in_use_is_not_retired(cloud, glance, run, run_thrice):
    image_id = glance.add(NAME, visibility="community", **OURS)
    compute = cloud.launching["compute"] = FakeCompute()
    compute.add(image_id, "p-a", "web")
    retired = {"cloud": "admin", "image": NAME, "visibility": "private", "active": False}
    result = run("image_visibility", **retired)
    assert result["failed"]
    assert "is not retired: it is used by 1 server (team-a: 1 server)" in result["msg"]
    assert result["usage"]["projects"][0]["resources"][0]["name"] == "web"
    assert cloud.changes == []
    assert run("image_visibility", check=True, **retired)["msg"] == result["msg"]
    compute.found.clear()
    done = run_thrice("image_visibility", **retired)
    assert (done["usage"]["is_used"], done["usage"]["servers"], done["usage"]["volumes"]) == (None, 0, None)


def test_who_may_not_ask_may_say_that_nobody_is_asked(cloud, glance, run, run_thrice):
    glance.add(NAME, visibility="community", **OURS)
    cloud.launching["compute"] = FakeCompute()
    retired = {"image": NAME, "visibility": "private", "active": False}
    assert "it is not known who uses it" in run("image_visibility", **retired)["msg"]
    assert run_thrice("image_visibility", **retired, check_usage=False)["usage"] is None
    assert "GET /servers/detail" not in cloud.log


def test_a_revocation_says_whom_it_hits(cloud, glance, run_thrice):
    image_id = glance.add(NAME, visibility="community", **OURS)
    cloud.launching["compute"] = FakeCompute()
    cloud.launching["compute"].add(image_id, "p-a", "web")
    result = run_thrice("image_visibility", cloud="admin", image=NAME, revoked=True)
    assert [each["project"] for each in result["usage"]["projects"]] == ["team-a"]


def test_a_revocation_does_not_wait_for_an_answer(cloud, glance, run):
    image_id = glance.add(NAME, visibility="community", **OURS)
    cloud.launching["compute"] = FakeCompute()
    cloud.fail("GET", "/servers/detail", 500)
    result = run("image_visibility", cloud="admin", image=NAME, revoked=True)
    assert (result["changed"], result["usage"]["is_used"]) == (True, None)
    assert "the Compute service answered 500" in result["usage"]["unknown"][0]
    assert cloud.log.index(f"POST /images/{image_id}/actions/deactivate") < cloud.log.index("GET /servers/detail")


def test_nobody_is_asked_of_what_is_not_taken_away(cloud, glance, run):
    image_id = glance.add(NAME, visibility="community", **OURS)
    cloud.launching["compute"] = FakeCompute()
    assert run("image_visibility", image=image_id, hidden=True)["usage"] is None
    assert "GET /servers/detail" not in cloud.log
