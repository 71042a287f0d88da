# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup of current images by the credentials of those who use them, and what it costs."""

from __future__ import annotations

import json

import pytest
from conftest import Cloud, Run

PATCH_TYPE = "application/openstack-images-v2.1-json-patch"
AUTHENTICATION = "POST /v3/auth/tokens"
LISTING = "GET /v2/images"


@pytest.fixture(scope="session")
def team_a():
    return Cloud("sandbox-team-a")


@pytest.fixture(scope="session")
def team_b():
    return Cloud("sandbox-team-b")


@pytest.fixture
def offer(template, operator):
    """Put a version there, offered as community by the operator unless said otherwise, and return its id."""

    def put(version, cloud=operator, **attributes):
        image_id = cloud.make(f"{template}-v{version}", b"x" * 1024)
        marks = {"xloud_image_template": template, "xloud_image_version": version, "tags": ["xloud.image"]}
        wanted = {"visibility": "community", **marks, **attributes}
        patch = [{"op": "add", "path": f"/{key}", "value": value} for key, value in wanted.items()]
        headers = {"Content-Type": PATCH_TYPE}
        response = cloud.image.patch(f"/images/{image_id}", data=json.dumps(patch), headers=headers)
        assert response.status_code == 200, response.text
        return image_id

    return put


@pytest.fixture
def look_up(tmp_path, requests_seen):
    """Look templates up as a project, and return the answer or the error, and the requests."""

    def run(*templates, cloud="sandbox-team-a", **options):
        terms = ", ".join(map(repr, templates))
        given = "".join(f", {key}={value!r}" for key, value in {"cloud": cloud, **options}.items())
        expression = f"query('xloud.image.current', {terms}{given})"
        requests_seen.take()
        outcome = Run(tmp_path, {"ansible.builtin.set_fact": {"answer": f"{{{{ {expression} }}}}"}}).wait()
        requests = [f"{each.method} {each.path.partition('?')[0]}" for each in requests_seen.take()]
        requests = [request for request in requests if request.rstrip("/") != "GET /v3"]
        facts = outcome.result.get("ansible_facts")
        return (facts["answer"] if facts else outcome.result["msg"]), requests

    return run


def test_the_current_version_is_one_listing(template, offer, look_up):
    offer("1.9", deprecated="true", deprecated_since="2026-02-01")
    newest = offer("1.10")
    offer("1.11", visibility="private")
    assert look_up(template) == ([newest], [AUTHENTICATION, LISTING])
    assert look_up(template, template) == ([newest] * 2, [AUTHENTICATION, LISTING, LISTING])
    for cloud in ("sandbox-operator", "sandbox-admin"):
        assert look_up(template, cloud=cloud) == ([newest], [AUTHENTICATION, LISTING])

    (image,), _requests = look_up(template, whole=True)
    assert (image["id"], image["name"], image["visibility"]) == (newest, f"{template}-v1.10", "community")


def test_a_template_that_is_not_there(template, offer, look_up):
    message, requests = look_up(template)
    assert f"No image of template {template} is to be found. Check the name" in message
    assert requests == [AUTHENTICATION, *[LISTING] * 3]
    offer("1.0", visibility="private")
    assert f"No image of template {template} is to be found" in look_up(template)[0]
    assert f"{template}-v1.0" in look_up(template, cloud="sandbox-operator")[0]
    assert look_up(template, errors="ignore")[0] == []


def test_a_share_has_to_be_accepted(template, offer, look_up, operator, team_a, run_module):
    image_id = offer("1.0", visibility="shared")
    operator.image.post(f"/images/{image_id}/members", json={"member": team_a.project_id})
    message, requests = look_up(template)
    assert "and the share is pending" in message
    assert f"xloud.image.image_member with image: {image_id} and status: accepted" in message
    assert requests == [
        AUTHENTICATION,
        *[LISTING] * 3,
        f"GET /v2/images/{image_id}/members/{team_a.project_id}",
    ]

    outcome = run_module("image_member", "sandbox-team-a", image=image_id, status="accepted")
    assert outcome.result["changed"], outcome.result
    assert look_up(template) == ([image_id], [AUTHENTICATION, LISTING])
    assert f"No image of template {template} is to be found" in look_up(template, cloud="sandbox-team-b")[0]


def test_several_owners_are_never_a_choice(template, offer, look_up, operator, team_b):
    ours, theirs = offer("1.0"), offer("99.0", team_b)
    message, _requests = look_up(template)
    assert "2 projects offer images of template" in message
    assert operator.project_id in message
    assert team_b.project_id in message
    assert look_up(template, owner=operator.project_id)[0] == [ours]
    assert look_up(template, owner=team_b.project_id)[0] == [theirs]
    assert look_up(template, cloud="sandbox-admin", owner="catalog")[0] == [ours]
    assert "owner: project catalog cannot be looked up by name" in look_up(template, owner="catalog")[0]


def test_the_version_of_a_day_may_be_hidden_now(template, offer, look_up):
    superseded = {"deprecated": "true", "deprecated_since": "2026-02-01", "os_hidden": True}
    first = offer("1.0", published_since="2026-01-01", **superseded)
    assert "it is deprecated and hidden since 2026-02-01" in look_up(template)[0]
    second = offer("1.1", published_since="2026-02-01")
    assert look_up(template)[0] == [second]
    assert look_up(template, as_of="2026-01-31") == ([first], [AUTHENTICATION, LISTING, LISTING])
    assert look_up(template, as_of="2026-02-01")[0] == [second]
    assert "was current on 2025-12-31" in look_up(template, as_of="2025-12-31")[0]


def test_a_visibility(template, offer, look_up, admin):
    offer("1.1")
    assert "it is community, and not public" in look_up(template, visibility="public")[0]
    public = offer("1.0", admin, visibility="public")
    assert look_up(template, visibility="public") == ([public], [AUTHENTICATION, LISTING])
