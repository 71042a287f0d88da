# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import re

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._plan.export import sidecar_content
from ansible_collections.xloud.image.tests.unit.fakes.catalog import UBUNTU, lived, marks, name
from ansible_collections.xloud.image.tests.unit.fakes.cloud import FakeCloud
from ansible_collections.xloud.image.tests.unit.fakes.launching import FakeBlockStorage, FakeCompute

SECRET = "hunter2"
STAGES = {"1.0": "retired", "1.1": "hidden", "1.2": "deprecated", "1.3": "published", "1.4": "staged"}
# What differs from one cloud to the other, and may.
OF_ITS_OWN = {"id", "file", "self", "owner", "created_at", "updated_at"}


def content(version):
    return f"content of {version}".encode()


@pytest.fixture
def origin():
    """The cloud that the originals are in."""
    return FakeCloud(projects={"p-own": "theirs", "p-a": "team-a", "p-b": "team-b"})


@pytest.fixture
def put(origin):
    def add(version, state="published", /, cloud=origin, **attributes):
        body = {"data": content(version), **marks(version), **lived(state), "os_distro": "ubuntu", **attributes}
        return cloud.glance.add(name(version), **body)

    return add


@pytest.fixture
def catalogue(put):
    """Versions in each stage of their life; the current one is shared, and one of them public."""
    sharing = {"visibility": "shared", "members": {"p-a": "accepted", "p-b": "pending"}}
    extra = {"1.1": {"visibility": "public"}, "1.3": {**sharing, "protected": True, "min_ram": 512, "min_disk": 1}}
    for version, state in STAGES.items():
        put(version, state, **extra.get(version, {}))


@pytest.fixture
def bundle(origin, tmp_path):
    """Write the originals into a folder, as exports do, and return it."""

    def write():
        session = origin.session(roles=("admin",))
        for image in Images(session).owned():
            data = origin.glance.data[image.id]
            path = tmp_path / f"{image.name}.{image.disk_format}"
            path.write_bytes(data)
            path.with_name(f"{path.name}.json").write_text(sidecar_content(image, Members(session).list(image)))
        return tmp_path

    return write


@pytest.fixture
def replicate(cloud, origin, run):
    """Run the module from the one cloud to the other; those named "theirs" are the one with the originals."""

    def connect(given):
        name = given["cloud"] or ""
        place = origin if name.startswith("theirs") else cloud
        return place.session(roles=("admin",) if name.endswith("admin") else ("member",))

    def run_module(check=False, **options):
        source = {} if "source_directory" in options else {"source_cloud": "theirs"}
        return run("image_replica", check=check, connect=connect, **{"cloud": "admin", **source, **options})

    return run_module


@pytest.fixture
def replicate_thrice(cloud, replicate):
    """In check mode, really, and again: the first two tell the same, and the third does nothing."""

    def run_module(**options):
        cloud.sent.clear()
        checked = replicate(check=True, **options)
        assert cloud.changes == []
        done = replicate(**options)
        cloud.sent.clear()
        again = replicate(**options)
        for each in (checked, done, again):
            assert not each.get("failed"), each["msg"]
        same = ("changed", "plan", "diff", "summary", "bytes", "failures", "findings", "usage")
        assert {key: checked[key] for key in same} == {key: done[key] for key in same}
        assert set(checked) == set(done)
        without_id = [[{**row, "id": None} for row in each["versions"]] for each in (checked, done)]
        assert without_id[0] == without_id[1]
        assert (again["changed"], again["plan"], again["bytes"]) == (False, [], 0)
        assert cloud.changes == []
        return done

    return run_module


def state(cloud):
    """All that images are, by their names."""
    return {
        image["name"]: {
            **{key: value for key, value in image.items() if key not in OF_ITS_OWN},
            "data": cloud.glance.data[image["id"]],
            "members": cloud.glance.members[image["id"]] if image["visibility"] == "shared" else {},
        }
        for image in cloud.glance.images.values()
    }


def stages(result):
    return {row["version"]: row["stage"] for row in result["versions"]}


def problems(result):
    return {each["image"]: each["message"] for each in result["failures"]}


# Round trips


@pytest.mark.parametrize("way", ["folder", "cloud"])
def test_a_catalogue_comes_back_as_it_was(catalogue, cloud, origin, bundle, replicate_thrice, way):
    source = {"source_directory": str(bundle())} if way == "folder" else {"source_cloud": "theirs-admin"}
    result = replicate_thrice(**source)
    assert state(cloud) == state(origin)
    assert stages(result) == STAGES
    assert result["versions"][0]["version"] == "1.3"
    assert result["current"][UBUNTU]["version"] == "1.3"
    assert result["summary"]["actions"]["create"] == 5
    assert result["bytes"] == sum(len(content(version)) for version in STAGES)


def test_an_original_that_goes_on_in_its_life(put, origin, cloud, replicate_thrice):
    first = put("1.0")
    replicate_thrice()
    origin.glance.images[first].update(deprecated="true", deprecated_since="2026-05-01", replaced_by=name("1.1"))
    put("1.1")
    result = replicate_thrice()
    assert (stages(result), result["summary"]["actions"]) == (
        {"1.1": "published", "1.0": "deprecated"},
        {"create": 1, "update": 2},
    )
    for key in ("deprecated", "deprecated_since", "replaced_by"):
        del origin.glance.images[first][key]
    replicate_thrice()
    assert state(cloud) == state(origin)


def test_a_retired_original_comes_back_to_life(put, origin, cloud, replicate_thrice):
    image_id = put("1.0", "retired")
    replicate_thrice(source_cloud="theirs-admin")
    origin.glance.images[image_id].update(status="active", visibility="community", os_hidden=False)
    for key in ("deprecated", "deprecated_since", "retired_since"):
        del origin.glance.images[image_id][key]
    replicate_thrice()
    assert state(cloud) == state(origin)


def test_a_replica_that_is_frozen_for_an_export_is_left_to_it(put, cloud, replicate):
    put("1.0")
    put("1.0", cloud=cloud, status="deactivated", xloud_image_frozen_for_export="true")
    result = replicate()
    assert (result["changed"], result["failures"]) == (False, [])


def test_what_another_run_brings_is_left_to_it_with_what_it_replaces(put, cloud, replicate):
    put("1.0", "hidden")
    put("1.1")
    put("1.0", cloud=cloud)
    on_its_way = {"data": None, "status": "importing", "visibility": "private", "updated_at": "2026-01-31T23:59:00Z"}
    put("1.1", cloud=cloud, **on_its_way)
    cloud.sent.clear()
    result = replicate()
    assert (result["changed"], result["failures"], cloud.changes) == (False, [], [])
    assert [(each["kind"], each["image"]) for each in result["findings"]] == [
        ("busy", name("1.1")),
        ("busy", name("1.0")),
    ]
    assert "is being imported by the cloud for another run" in result["findings"][0]["message"]
    assert result["findings"][1]["message"].endswith(f"{name('1.1')} is to replace it, and is left to another run.")


def test_an_original_that_is_frozen_for_an_export_is_active(put, cloud, replicate_thrice):
    put("1.0", status="deactivated", xloud_image_frozen_for_export="true")
    replicate_thrice(source_cloud="theirs-admin")
    [image] = cloud.glance.images.values()
    assert (image["status"], "xloud_image_frozen_for_export" in image) == ("active", False)


def test_what_a_replica_has_of_its_own_stays(put, origin, cloud, replicate):
    put("1.0", visibility="shared", members={"p-a": "pending"})
    put(
        "1.0",
        cloud=cloud,
        visibility="shared",
        members={"p-a": "rejected", "p-b": "accepted"},
        own_property="ours",
        tags=["ours", "xloud.image"],
        retire_on="2026-12-31",
    )
    put("1.9", cloud=cloud)
    result = replicate()
    assert result["summary"]["actions"] == {"update": 1}
    image = state(cloud)[name("1.0")]
    assert (image["own_property"], "ours" in image["tags"], "retire_on" in image) == ("ours", True, False)
    assert image["members"] == {"p-a": "rejected", "p-b": "accepted"}
    assert name("1.9") in state(cloud)


def test_replicas_of_published_images_keep_other_days(put, cloud, replicate):
    put("1.0", xloud_image_staged_since="2025-01-01")
    put("1.0", cloud=cloud, xloud_image_staged_since="2025-01-02")
    assert replicate()["changed"] is False


# What is asked for


def test_patterns(catalogue, cloud, replicate_thrice):
    replicate_thrice(images=[f"{UBUNTU}-v1.[23]", "*-v1.4"])
    assert sorted(state(cloud)) == [name("1.2"), name("1.3"), name("1.4")]


def test_a_name_that_no_original_has(put, cloud, replicate):
    put("1.0")
    result = replicate(images=[name("1.0"), name("7.7"), "none-*"])
    assert list(problems(result)) == [name("7.7")]
    assert list(state(cloud)) == [name("1.0")]


def test_without_visibility_new_images_stay_private(catalogue, cloud, replicate_thrice):
    result = replicate_thrice(visibility=False, source_cloud="theirs-admin")
    assert set(stages(result).values()) == {"staged"}
    assert {image["visibility"] for image in cloud.glance.images.values()} == {"private"}


def test_without_members(put, origin, cloud, replicate_thrice):
    put("1.0", visibility="shared", members={"p-a": "accepted"})
    replicate_thrice(members=False)
    assert [sent for sent in origin.log if "members" in sent] == []
    assert state(cloud)[name("1.0")]["members"] == {}


def test_another_owner(catalogue, cloud, replicate_thrice):
    replicate_thrice(owner="team-b", source_cloud="theirs-admin")
    assert {image["owner"] for image in cloud.glance.images.values()} == {"p-b"}
    # An owner needs no share of what it owns.
    assert state(cloud)[name("1.3")]["members"] == {"p-a": "accepted"}


def test_images_that_are_no_versions_are_passed_over(put, origin, cloud, replicate_thrice):
    put("1.0")
    origin.glance.add("cirros", tags=["xloud.image"])
    origin.glance.add(name("2.0"))
    origin.glance.add(name("3.0"), None, status="saving", **marks("3.0"))
    replicate_thrice()
    assert list(state(cloud)) == [name("1.0")]


# Projects


@pytest.mark.parametrize("theirs", ["team-a", "p-a"])
def test_projects_have_other_ids_here(put, cloud, replicate_thrice, theirs):
    cloud.projects = {"p-own": "own", "p-1": "customers-a", "p-b": "team-b"}
    put("1.0", visibility="shared", members={"p-a": "accepted", "p-b": "rejected"})
    replicate_thrice(projects={theirs: "customers-a"}, source_cloud="theirs-admin")
    assert state(cloud)[name("1.0")]["members"] == {"p-1": "accepted", "p-b": "rejected"}


def test_a_project_that_has_none_here(put, cloud, replicate_thrice):
    put("1.0", visibility="shared", members={"p-a": "accepted", "p-b": "pending"})
    replicate_thrice(projects={"p-a": None})
    assert state(cloud)[name("1.0")]["members"] == {"p-b": "pending"}


def test_a_project_that_does_not_exist(put, cloud, replicate):
    cloud.projects = {"p-own": "own", "p-b": "team-b"}
    put("1.0", visibility="shared", members={"p-a": "accepted", "p-b": "accepted"})
    put("1.1")
    for result in (replicate(check=True), replicate(), replicate()):
        assert list(problems(result)) == [name("1.0")]
        assert re.search(r"no project p-a\. Say with the option projects", problems(result)[name("1.0")])
    assert result["changed"] is False
    assert state(cloud)[name("1.0")]["members"] == {"p-b": "accepted"}
    assert name("1.1") in state(cloud)


# Credentials


def test_answers_take_an_administrator(put, cloud, replicate):
    put("1.0", visibility="shared", members={"p-a": "accepted", "p-b": "pending"})
    put("1.1")
    for result in (replicate(check=True, cloud=None), replicate(cloud=None), replicate(cloud=None)):
        assert list(problems(result)) == [name("1.0")]
        assert "p-a accepted" in problems(result)[name("1.0")]
    assert result["changed"] is False
    [image] = [image for image in cloud.glance.images.values() if image["name"] == name("1.0")]
    assert image["visibility"] == "shared"
    assert cloud.glance.members[image["id"]] == {"p-a": "pending", "p-b": "pending"}
    cloud.glance.members[image["id"]]["p-a"] = "accepted"
    assert not replicate(cloud=None).get("failed")


def test_public_takes_an_administrator(put, cloud, replicate):
    put("1.0", visibility="public")
    put("1.1")
    result = replicate(cloud=None)
    assert list(problems(result)) == [name("1.0")]
    assert "only administrators may make an image public" in problems(result)[name("1.0")]
    assert {key: image["visibility"] for key, image in state(cloud).items()} == {
        name("1.0"): "private",
        name("1.1"): "community",
    }
    cloud.sent.clear()
    assert list(problems(replicate(cloud=None))) == [name("1.0")]
    assert [sent for sent in cloud.changes if sent.startswith("P") and "file" in sent] == []


def test_data_of_deactivated_originals_takes_an_administrator_there(put, cloud, replicate):
    put("1.0", "retired")
    put("1.1")
    for check in (True, False):
        result = replicate(check=check)
        assert list(problems(result)) == [name("1.0")]
        assert "is deactivated in cloud test, which gives its data to administrators" in problems(result)[name("1.0")]
    assert list(state(cloud)) == [name("1.1")]
    put("1.0", cloud=cloud)
    assert stages(replicate()) == {"1.1": "published", "1.0": "retired"}


def test_secrets_are_not_shown(put, replicate):
    put("1.0")
    result = replicate(source_cloud="theirs", auth={"password": SECRET}, images=["nothing"])
    assert SECRET not in json.dumps(result)


# What is there already


def test_published_with_other_content(put, cloud, replicate):
    put("1.0")
    put("1.0", cloud=cloud, data=b"other")
    put("1.1")
    result = replicate()
    assert list(problems(result)) == [name("1.0")]
    assert "published content never changes" in problems(result)[name("1.0")]
    assert state(cloud)[name("1.0")]["data"] == b"other"
    assert state(cloud)[name("1.1")]["data"] == content("1.1")


def test_staged_with_other_content_is_replaced(put, cloud, replicate_thrice):
    put("1.0")
    put("1.0", "staged", cloud=cloud, data=b"other")
    replicate_thrice()
    assert len(cloud.glance.images) == 1
    image = state(cloud)[name("1.0")]
    assert (image["data"], image["visibility"]) == (content("1.0"), "community")


def test_the_same_content_made_by_hand_is_adopted(put, cloud, replicate_thrice):
    put("1.0")
    by_hand = cloud.glance.add(name("1.0"), content("1.0"), visibility="community", os_distro="ubuntu")
    result = replicate_thrice()
    assert (list(cloud.glance.images), result["bytes"]) == ([by_hand], 0)
    assert cloud.glance.images[by_hand]["xloud_image_version"] == "1.0"


def test_other_content_made_by_hand_is_left_alone(put, cloud, replicate):
    put("1.0")
    cloud.glance.add(name("1.0"), b"other")
    assert "was not made by this collection" in problems(replicate())[name("1.0")]
    assert cloud.glance.images[next(iter(cloud.glance.images))]["visibility"] == "private"


def test_what_is_revoked_here_is_not_offered_again(put, cloud, replicate):
    put("1.0")
    put("1.0", "revoked", cloud=cloud)
    result = replicate()
    assert "is revoked here since" in problems(result)[name("1.0")]
    assert cloud.changes == []


def test_an_interrupted_upload_is_done_again(put, cloud, replicate_thrice):
    put("1.0")
    half = cloud.glance.add(name("1.0"), None, status="saving", **marks("1.0"))
    replicate_thrice()
    assert half not in cloud.glance.images
    assert len(cloud.glance.images) == 1


def test_two_originals_of_one_name(put, cloud, replicate):
    put("1.0")
    put("1.0")
    put("1.1")
    assert "2 images are named" in problems(replicate())[name("1.0")]
    assert list(state(cloud)) == [name("1.1")]


def test_members_of_an_earlier_share_are_not_let_in_again(put, cloud, replicate_thrice):
    put("1.0", visibility="shared", members={"p-a": "accepted"})
    image_id = put("1.0", cloud=cloud, visibility="community", members={"p-b": "accepted"})
    replicate_thrice()
    assert cloud.glance.members[image_id] == {"p-a": "accepted"}


# Order


def test_no_version_leaves_the_lists_for_one_that_fails(put, origin, cloud, replicate):
    put("1.0", "deprecated", replaced_by=name("1.1"))
    put("1.0", cloud=cloud)
    put("1.1")
    cloud.fail("PUT", r"/images/.*/file", 413, "No room.", times=9)
    result = replicate()
    assert set(problems(result)) == {name("1.0"), name("1.1")}
    assert stages(result) == {"1.1": "absent", "1.0": "published"}
    assert "since ubuntu-24.04-base-v1.1 failed" in problems(result)[name("1.0")]


def test_no_version_leaves_the_lists_for_one_that_cannot_be_planned(put, cloud, replicate):
    put("1.0", "deprecated", replaced_by=name("1.1"))
    put("1.0", cloud=cloud)
    put("1.1")
    put("1.1", "staged", cloud=cloud, data=b"other", protected=True)
    result = replicate()
    assert set(problems(result)) == {name("1.0"), name("1.1")}
    assert stages(result) == {"1.1": "staged", "1.0": "published"}


def test_revocation_waits_for_nothing(put, cloud, replicate):
    put("1.0", "revoked")
    put("1.0", cloud=cloud)
    put("1.1")
    cloud.fail("PUT", r"/images/.*/file", 413, "No room.", times=9)
    result = replicate()
    assert stages(result) == {"1.1": "absent", "1.0": "retired"}


# What is in use


@pytest.fixture
def launch(cloud):
    """Run a server from an image of the target."""
    cloud.launching["compute"], cloud.launching["block-storage"] = FakeCompute(), FakeBlockStorage()
    return cloud.launching["compute"].add


@pytest.fixture
def old(put, cloud):
    """A replica that is on offer, and whose original is retired."""
    put("1.0", "retired")
    put("1.1")
    put("1.1", cloud=cloud)
    return put("1.0", cloud=cloud)


def kinds(result):
    return [(each["kind"], each["image"]) for each in result["findings"]]


def asked(cloud):
    return [str(sent) for sent in cloud.sent if sent.path in ("/servers/detail", "/volumes/detail")]


def test_what_is_in_use_is_hidden_and_its_turn_comes(old, cloud, replicate, replicate_thrice, launch):
    launch(old, "p-a", "web"), launch(old, "p-b", "db")
    result = replicate_thrice()
    image = cloud.glance.images[old]
    assert (image["visibility"], image["status"], image["os_hidden"]) == ("community", "active", True)
    assert (image["deprecated"], "retired_since" in image) == ("true", False)
    assert [change["stage"] for change in result["plan"]] == [{"before": "published", "after": "hidden"}]
    assert stages(result) == {"1.1": "published", "1.0": "hidden"}
    assert kinds(result) == [("in_use", name("1.0"))]
    assert result["findings"][0]["message"] == (
        "it is hidden, and is retired, as its original is, once nobody uses it any more: it is used by "
        "2 servers (team-a: 1 server; team-b: 1 server)"
    )
    assert [(each["id"], each["is_used"], each["servers"]) for each in result["usage"]] == [(old, True, 2)]
    # The next run that has nothing to do asks again, and says so.
    assert kinds(replicate()) == [("in_use", name("1.0"))]
    cloud.launching["compute"].found.clear()
    result = replicate_thrice()
    image = cloud.glance.images[old]
    assert (image["visibility"], image["status"]) == ("private", "deactivated")
    assert "retired_since" in image
    assert (result["findings"], result["usage"][0]["is_used"]) == ([], False)


def test_a_volume_holds_back_as_well(old, cloud, replicate_thrice, launch):
    cloud.launching["block-storage"].add(old, "p-a", "disk")
    assert kinds(replicate_thrice()) == [("in_use", name("1.0"))]
    assert cloud.glance.images[old]["status"] == "active"


def test_who_may_not_ask(old, cloud, replicate_thrice, launch):
    result = replicate_thrice(cloud=None)
    assert kinds(result) == [("usage_unknown", name("1.0"))]
    words = result["findings"][0]["message"]
    assert words.startswith("it is hidden, and is retired, as its original is, once it is known that nobody uses it. ")
    assert "option usage_cloud" in words
    assert result["usage"][0]["is_used"] is None
    assert stages(result)["1.0"] == "hidden"


def test_others_ask_who_may(old, cloud, replicate_thrice, launch):
    result = replicate_thrice(cloud=None, usage_cloud="admin")
    assert (result["findings"], stages(result)["1.0"]) == ([], "retired")


def test_without_a_check_nobody_is_asked(old, cloud, replicate_thrice, launch):
    launch(old, "p-a", "web")
    result = replicate_thrice(check_usage=False)
    assert (result["findings"], result["usage"], stages(result)["1.0"]) == ([], [], "retired")
    assert asked(cloud) == []


def test_a_revocation_says_whom_it_hits(put, cloud, replicate_thrice, launch):
    put("1.0", "revoked")
    image_id = put("1.0", cloud=cloud)
    launch(image_id, "p-a", "web")
    result = replicate_thrice()
    assert (kinds(result), stages(result)) == ([("revoked_in_use", name("1.0"))], {"1.0": "retired"})
    assert result["findings"][0]["message"] == "it is revoked all the same, and is used by 1 server (team-a: 1 server)"


def test_a_folder_takes_nothing_away_from_users_either(old, cloud, bundle, replicate_thrice, launch):
    launch(old, "p-a", "web")
    assert kinds(replicate_thrice(source_directory=str(bundle()))) == [("in_use", name("1.0"))]
    assert cloud.glance.images[old]["status"] == "active"


def test_an_interrupted_retirement_is_asked_about_again(old, cloud, replicate, launch):
    cloud.fail("POST", r"/images/.*/actions/deactivate", 409, "No.", times=9)
    assert list(problems(replicate())) == [name("1.0")]
    assert (cloud.glance.images[old]["visibility"], cloud.glance.images[old]["status"]) == ("private", "active")
    cloud.faults.clear()
    launch(old, "p-own", "late")
    cloud.sent.clear()
    result = replicate()
    assert (stages(result)["1.0"], [each["kind"] for each in result["findings"]]) == ("hidden", ["in_use"])
    assert (cloud.glance.images[old]["visibility"], cloud.glance.images[old]["status"]) == ("private", "active")
    assert not replicate()["changed"]


def test_a_run_that_takes_nothing_away_asks_nobody(put, cloud, replicate, launch):
    for version, state in STAGES.items():
        put(version, state)
        image_id = put(version, "published" if state == "deprecated" else state, cloud=cloud)
        launch(image_id, "p-a", f"web-{version}")
    put("2.0", "retired", visibility="private")
    result = replicate(source_cloud="theirs-admin")
    assert result["summary"]["actions"] == {"create": 1, "deactivate": 1, "update": 2}
    assert (asked(cloud), result["usage"], result["findings"]) == ([], [], [])


def test_without_visibility_nobody_is_asked(old, cloud, replicate, launch):
    launch(old, "p-a", "web")
    result = replicate(visibility=False)
    assert (asked(cloud), result["changed"], result["findings"]) == ([], False, [])


def test_what_cannot_be_left_is_not_asked_about(put, cloud, replicate, launch):
    put("1.0", "retired")
    launch(put("1.0", cloud=cloud), "p-a", "web")
    put("1.1")
    put("1.1", "staged", cloud=cloud, data=b"other", protected=True)
    result = replicate()
    assert (asked(cloud), result["findings"]) == ([], [])
    assert set(problems(result)) == {name("1.0"), name("1.1")}


# Requests


def test_requests_of_a_run_without_changes(catalogue, cloud, origin, replicate, replicate_thrice):
    replicate_thrice(source_cloud="theirs-admin")
    cloud.sent.clear()
    origin.sent.clear()
    result = replicate(source_cloud="theirs-admin")
    listings = ["GET /images", "GET /images"]
    shared = [key for key, image in origin.glance.images.items() if image["visibility"] == "shared"]
    assert origin.log == [*listings, *(f"GET /images/{each}/members" for each in shared)]
    assert (len(cloud.log), cloud.log[:2]) == (3, listings)
    assert result["requests"] == 6


# Folders


def test_a_file_that_is_missing(catalogue, cloud, bundle, replicate):
    folder = bundle()
    (folder / f"{name('1.2')}.raw").unlink()
    result = replicate(source_directory=str(folder))
    assert list(problems(result)) == [name("1.2")]
    assert "its sidecar is there" in problems(result)[name("1.2")]
    assert len(state(cloud)) == 4


@pytest.mark.parametrize(
    ("data", "named"), [(b"short", "is damaged: it has 5 bytes"), (b"content of 1!3", "is not what its checksum says")]
)
def test_a_file_that_is_damaged(catalogue, cloud, bundle, replicate, data, named):
    folder = bundle()
    (folder / f"{name('1.3')}.raw").write_bytes(data)
    result = replicate(source_directory=str(folder))
    assert named in problems(result)[name("1.3")]
    assert name("1.3") not in state(cloud)
    assert name("1.4") in state(cloud)


def test_a_sidecar_that_is_damaged(catalogue, cloud, bundle, replicate):
    folder = bundle()
    (folder / f"{name('1.3')}.raw.json").write_text("{")
    result = replicate(source_directory=str(folder))
    assert "no sidecar" in problems(result)[f"{name('1.3')}.raw"]
    assert len(state(cloud)) == 4


def test_other_files_are_passed_over(put, cloud, bundle, replicate_thrice):
    put("1.0")
    folder = bundle()
    (folder / "notes.json").write_text("[]")
    (folder / ".hidden.json").write_text("{")
    (folder / "README").write_text("read me")
    replicate_thrice(source_directory=str(folder))
    assert list(state(cloud)) == [name("1.0")]


def test_two_files_of_one_image(put, bundle, replicate):
    put("1.0")
    folder = bundle()
    for suffix in ("", ".json"):
        (folder / f"copy.raw{suffix}").write_bytes((folder / f"{name('1.0')}.raw{suffix}").read_bytes())
    assert "2 sidecars" in problems(replicate(source_directory=str(folder)))[name("1.0")]


def test_a_name_in_a_sidecar_leads_nowhere(put, bundle, replicate, cloud):
    put("1.0")
    folder = bundle()
    sidecar = folder / f"{name('1.0')}.raw.json"
    document = json.loads(sidecar.read_text())
    document["image"]["file"] = document["file_name"] = "/etc/passwd"
    sidecar.write_text(json.dumps(document))
    replicate(source_directory=str(folder))
    assert state(cloud)[name("1.0")]["data"] == content("1.0")


@pytest.fixture
def converted(put, bundle):
    """A folder with an image whose data was converted when it was exported."""
    put("1.0", xloud_image_source_checksum="sha256:" + "0" * 64)
    folder = bundle()
    sidecar = folder / f"{name('1.0')}.raw.json"
    document = json.loads(sidecar.read_text())
    document["file"] = {"disk_format": "raw"}
    sidecar.write_text(json.dumps(document))
    data = b"converted"
    (folder / f"{name('1.0')}.raw").write_bytes(data)
    return folder, data


def test_converted_data_is_verified_by_the_sums_of_the_folder(converted, cloud, replicate_thrice):
    folder, data = converted
    digest = hashlib.sha256(data).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  {name('1.0')}.raw\n")
    replicate_thrice(source_directory=str(folder))
    image = state(cloud)[name("1.0")]
    assert (image["data"], image["xloud_image_source_checksum"]) == (data, f"sha256:{digest}")


def test_converted_data_that_nothing_verifies(converted, cloud, replicate):
    folder, _data = converted
    assert "cannot be verified" in problems(replicate(source_directory=str(folder)))[name("1.0")]
    (folder / "SHA256SUMS").write_text(f"{'1' * 64}  another\n")
    assert "is not one of them" in problems(replicate(source_directory=str(folder)))[name("1.0")]
    assert cloud.glance.images == {}


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_images(tmp_path, replicate, exists):
    result = replicate(source_directory=str(tmp_path if exists else tmp_path / "none"))
    assert result["msg"].startswith("source_directory: ")


# Options


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"source_directory": "/a", "source_cloud": "b"}, "mutually exclusive"),
        ({"workers": 0}, "workers: 0 is too few"),
        ({"projects": {"a": 1}}, "projects.a: must be"),
        ({"owner": "nobody"}, "owner: there is no project nobody"),
        ({"source_owner": "nobody", "source_cloud": "theirs-admin"}, "source_owner: there is no project nobody"),
        ({"projects": {"theirs": "nobody"}}, "projects: there is no project nobody"),
    ],
)
def test_options_that_are_wrong(replicate, cloud, options, named):
    assert named in replicate(**options)["msg"]
    assert cloud.changes == []
