# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.xloud.image.tests.unit.fakes.catalog import UBUNTU, lived, marks, name
from ansible_collections.xloud.image.tests.unit.fakes.launching import FakeCompute

MODULE = "image_catalog_info"


@pytest.fixture
def add(glance):
    """Put a version there, in a stage."""

    def put(version, stage="published", **changes):
        return glance.add(name(version), **{**marks(version), **lived(stage), **changes})

    return put


def kinds(result):
    return [(finding["kind"], finding["image"]) for finding in result["findings"]]


def test_a_catalogue(cloud, add, run):
    current = add("1.1", visibility="shared", members={"p-a": "accepted", "p-b": "pending"})
    add("1.0", "hidden"), add("1.0", owner="p-a")
    result = run(MODULE)
    assert not result.get("failed"), result["msg"]
    assert not result["changed"]
    assert result["current"] == {UBUNTU: {"version": "1.1", "name": name("1.1"), "id": current}}
    newest, oldest = result["templates"][UBUNTU]["versions"]
    assert newest["members"] == [
        {"project_id": "p-a", "status": "accepted"},
        {"project_id": "p-b", "status": "pending"},
    ]
    assert (oldest["stage"], oldest["members"]) == ("hidden", None)
    assert result["summary"]["stages"] == {"hidden": 1, "published": 1}
    assert kinds(result) == [("unaccepted", name("1.1")), ("unsigned", name("1.1"))]
    assert cloud.log == ["GET /images", "GET /images", f"GET /images/{current}/members"]
    assert result["requests"] == len(cloud.log)


def test_check_mode_makes_no_difference(add, run):
    add("1.0")
    assert run(MODULE) == run(MODULE, check=True)


def test_an_empty_project(run):
    result = run(MODULE)
    assert (result["changed"], result["templates"], result["findings"]) == (False, {}, [])


def test_members_are_left_out_where_they_are_not_asked_for(cloud, add, run):
    add("1.0", visibility="shared", members={"p-a": "pending"})
    result = run(MODULE, members=False)
    assert cloud.log == ["GET /images", "GET /images"]
    assert result["templates"][UBUNTU]["versions"][0]["members"] is None
    assert kinds(result) == [("unsigned", name("1.0"))]


def test_one_image_that_cannot_be_read_is_a_finding(cloud, add, run):
    broken = add("1.0", visibility="shared")
    add("1.1", visibility="shared")
    cloud.fail("GET", f"/images/{broken}/members", 404)
    result = run(MODULE)
    assert not result.get("failed"), result["msg"]
    assert ("unread", name("1.0")) in kinds(result)
    assert [row["members"] for row in result["templates"][UBUNTU]["versions"]] == [[], None]


def test_images_without_a_name_are_no_failure(glance, add, run):
    add("1.0", img_signature="x")
    glance.add(None)
    glance.add(None, tags=["xloud.image"])
    result = run(MODULE, signatures=False)
    assert kinds(result) == [("bad_name", "")]


def test_the_members_of_templates_that_are_not_asked_for_are_not_read(cloud, add, run):
    add("1.0", visibility="shared")
    assert run(MODULE, templates=["rocky-9-nginx"])["templates"] == {}
    assert cloud.log == ["GET /images", "GET /images"]


def test_the_catalogue_of_another_project(add, run):
    add("1.0"), add("1.1", owner="p-a")
    for options in ({"cloud": "admin", "owner": "team-a"}, {"cloud": "team-a"}):
        result = run(MODULE, **options)
        assert result["current"][UBUNTU]["version"] == "1.1"
        assert result["summary"]["images"] == 1


def test_a_consumer_gets_what_it_may_see(cloud, add, run):
    operator = "0" * 32
    cloud.projects[operator] = "operator"
    add("1.0", "staged", owner=operator), add("1.1", owner=operator)
    shared = add("1.2", owner=operator, visibility="shared", members={"p-a": "accepted", "p-b": "accepted"})
    newest, older = run(MODULE, cloud="team-a", owner=operator)["templates"][UBUNTU]["versions"]
    assert (newest["id"], newest["members"]) == (shared, [{"project_id": "p-a", "status": "accepted"}])
    assert older["version"] == "1.1"


def test_a_document(cloud, add, run, tmp_path):
    versions = {"1.0": {}, "1.1": {"source": "https://a.test/x?key=s3cret"}}
    defaults = {"visibility": "shared", "members": ["team-a"]}
    document = tmp_path / "catalog.json"
    document.write_text(
        json.dumps({"image_catalog": {UBUNTU: {"versions": versions}}, "image_catalog_defaults": defaults})
    )
    image_id = add("1.0", visibility="shared", img_signature="x")
    result = run(MODULE, cloud="admin", files=[str(document)], signatures=False)
    assert kinds(result) == [("drift", name("1.1")), ("drift", name("1.0"))]
    assert result["findings"][0]["message"].startswith(f"create {name('1.1')} from https://a.test/x: ")
    assert "s3cret" not in str(result)
    assert cloud.changes == []
    assert cloud.log == ["GET /images", "GET /images", f"GET /images/{image_id}/members", "GET /projects"]


def test_presets_and_a_day(add, run):
    add("1.0", img_signature="x", retire_on="2027-01-01")
    assert run(MODULE, as_of="2026-12-31", signatures=False)["findings"] == []
    assert kinds(run(MODULE, as_of="2027-01-02", signatures=False)) == [("overdue", name("1.0"))]
    (finding,) = run(MODULE, presets=["xloud"], as_of="2026-12-31", signatures=False)["findings"]
    assert finding["kind"] == "properties"
    assert "os_distro is missing" in finding["message"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"as_of": "soon"}, "as_of: 'soon' is no day"),
        ({"templates": ["ubuntu"]}, "templates: 'ubuntu' is not a template name"),
        ({"catalog": {"ubuntu": {}}}, "the catalogue has"),
        ({"catalog": {}}, "the catalogue has"),
        ({"presets": ["iso-9001"]}, "presets must be one or more of"),
        ({"files": ["/no/such/file"]}, "files: "),
        ({"owner": "nobody", "cloud": "admin"}, "owner: there is no project nobody"),
    ],
)
def test_options_that_are_wrong(run, options, message):
    result = run(MODULE, **options)
    assert result["failed"]
    assert message in result["msg"]


def test_who_uses_what(cloud, add, run):
    old, new = add("1.0", "deprecated"), add("1.1")
    compute = cloud.launching["compute"] = FakeCompute()
    compute.add(old, "p-a", "web"), compute.add(new, "p-b", "app")
    result = run(MODULE, cloud="admin", usage=True)
    usage = {row["version"]: row["usage"] for row in result["templates"][UBUNTU]["versions"]}
    assert {version: each["servers"] for version, each in usage.items()} == {"1.0": 1, "1.1": 1}
    assert {each["volumes"] for each in usage.values()} == {None}
    assert usage["1.0"]["unknown"] == ["cloud test has no endpoint for the Block Storage service."]
    (notice,) = result["notices"]
    assert (notice["project"], [each["version"] for each in notice["images"]]) == ("team-a", ["1.0"])
    assert notice["images"][0]["replaced_by"]["id"] == new
    assert result["requests"] == len(cloud.log) == 2 + 2 + 2


def test_nobody_is_asked_unless_told_so(cloud, add, run):
    add("1.0", "deprecated")
    cloud.launching["compute"] = FakeCompute()
    result = run(MODULE, cloud="admin")
    assert result["templates"][UBUNTU]["versions"][0]["usage"] is None
    assert result["notices"] == []
    assert cloud.log == ["GET /images", "GET /images"]


def test_what_is_not_told_is_not_known(cloud, add, run):
    add("1.0", "deprecated")
    cloud.launching["compute"] = FakeCompute()
    result = run(MODULE, usage=True)
    usage = result["templates"][UBUNTU]["versions"][0]["usage"]
    assert (usage["is_used"], usage["servers"], usage["projects"]) == (None, None, [])
    assert "403" in usage["unknown"][0]
