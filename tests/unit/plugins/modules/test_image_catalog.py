# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, UBUNTU, ago, described, lived, marks, name
from ansible_collections.xloud.image.tests.unit.fakes.launching import FakeBlockStorage, FakeCompute
from ansible_collections.xloud.image.tests.unit.fakes.samples import digest

DEBIAN = "debian-13-base"
NUMBERS = ("1.0", "1.1", "1.2", "1.3")
SECRETS = ("hunter2", "s3cret")


def content(version):
    return f"content of {version}".encode()


@pytest.fixture
def curate(run, tmp_path):
    """Run a document of one template, or whatever is given, as an administrator."""
    for number in NUMBERS:
        (tmp_path / f"{number}.raw").write_bytes(content(number))

    def run_module(versions=None, check=False, template=None, **options):
        if versions is not None:
            given = {number: {} for number in versions.split()} if isinstance(versions, str) else versions
            sourced = {number: {"source": f"{number}.raw", **keys} for number, keys in given.items()}
            options["catalog"] = {UBUNTU: described(sourced, **(template or {})), **options.pop("others", {})}
        defaults = {"cloud": "admin", "source_directory": str(tmp_path), "as_of": TODAY}
        return run("image_catalog", check=check, **{**defaults, **options})

    return run_module


@pytest.fixture
def curate_thrice(cloud, curate):
    """In check mode, really, and again: the first two tell the same, and the third does nothing."""

    def run_module(*args, **options):
        cloud.sent.clear()
        checked = curate(*args, check=True, **options)
        assert cloud.changes == []
        done = curate(*args, **options)
        again = curate(*args, **options)
        for each in (checked, done, again):
            assert not each.get("failed"), each["msg"]
        same = ("changed", "plan", "diff", "summary", "findings", "bytes")
        assert {key: checked[key] for key in same} == {key: done[key] for key in same}
        assert set(checked) == set(done)
        without_id = [[{**row, "id": None} for row in each["versions"]] for each in (checked, done)]
        assert without_id[0] == without_id[1]
        assert (again["changed"], again["plan"], again["summary"]["actions"]) == (False, [], {})
        assert again["current"] == done["current"]
        return done

    return run_module


@pytest.fixture
def put(glance):
    def add(version, state="published", /, **attributes):
        body = {"data": content(version), **marks(version), **lived(state), **attributes}
        return glance.add(name(version), **body)

    return add


def stages(result):
    return {row["version"]: row["stage"] for row in result["versions"] if row["template"] == UBUNTU}


# A catalogue through its life


def test_a_release(cloud, glance, curate_thrice):
    curate_thrice("1.0")
    result = curate_thrice("1.0 1.1")
    images = {image["name"]: image for image in glance.images.values()}
    assert images[name("1.0")]["replaced_by"] == name("1.1")
    assert images[name("1.1")]["published_since"] == TODAY
    assert [change["name"] for change in result["plan"]] == [name("1.1"), name("1.0")]
    assert result["current"] == {UBUNTU: {"version": "1.1", "name": name("1.1"), "id": images[name("1.1")]["id"]}}
    assert result["summary"] == {
        "images": 2,
        "changed": 2,
        "failed": 0,
        "held": 0,
        "stages": {"deprecated": 1, "published": 1},
        "actions": {"create": 1, "update": 2},
    }
    assert result["bytes"] == len(content("1.1"))
    assert set(result["diff"]["after"]) == {name("1.0"), name("1.1")}


def test_a_story(curate_thrice):
    retention = {"visible": 1, "available": 2, "stored": 3, "min_age": 30}
    keys = {"retention": retention, "visibility": "shared", "members": ["team-a"]}
    story = [
        (200, "1.0", {}, {"1.0": "published"}),
        (150, "1.0 1.1", {}, {"1.1": "published", "1.0": "hidden"}),
        (100, "1.0 1.1 1.2", {}, {"1.2": "published", "1.1": "hidden", "1.0": "retired"}),
        (60, "1.0 1.1 1.2", {"current": "1.1"}, {"1.1": "published", "1.2": "hidden", "1.0": "retired"}),
        (50, "1.0 1.1 1.2", {}, {"1.2": "published", "1.1": "hidden", "1.0": "retired"}),
        (40, "1.0 1.1 1.2 1.3", {}, {"1.3": "published", "1.2": "hidden", "1.1": "hidden", "1.0": "absent"}),
        (10, "1.0 1.1 1.2 1.3", {}, {"1.3": "published", "1.2": "hidden", "1.1": "retired", "1.0": "absent"}),
    ]  # fmt: skip
    for days, versions, extra, expected in story:
        result = curate_thrice(versions, template={**keys, **extra}, as_of=ago(days))
        assert stages(result) == expected, days
    versions = {number: {} for number in NUMBERS} | {"1.3": {"revoked": True, "reason": "CVE"}}
    result = curate_thrice(versions, template=keys, as_of=TODAY)
    assert stages(result) == {"1.2": "published", "1.3": "retired", "1.1": "retired", "1.0": "absent"}


def test_what_left_the_document_goes_on_its_own_way(curate, curate_thrice, put):
    put("1.0", "published")
    put("1.1")
    told = curate("1.1")
    assert (told["changed"], [each["kind"] for each in told["findings"]]) == (False, ["unlisted"])
    result = curate_thrice("1.1", purge=True)
    assert stages(result) == {"1.1": "published", "1.0": "deprecated"}


def test_an_image_made_by_hand_joins_without_an_upload(cloud, glance, curate_thrice):
    by_hand = glance.add(name("1.0"), content("1.0"), visibility="community")
    result = curate_thrice("1.0")
    assert list(glance.images) == [by_hand]
    assert result["versions"][0]["id"] == by_hand
    assert cloud.changes == [f"PATCH /images/{by_hand}"]
    assert result["bytes"] == 0


def test_an_upload_that_was_interrupted_is_cleaned_up(glance, curate_thrice):
    half = glance.add(name("1.0"), None, status="saving", **marks("1.0"))
    curate_thrice("1.0")
    assert half not in glance.images
    assert len(glance.images) == 1


def test_images_of_another_project(glance, curate_thrice):
    curate_thrice("1.0", owner="team-a")
    [image] = glance.images.values()
    assert image["owner"] == "p-a"


# Documents


def test_files_and_folders(run, tmp_path, cloud):
    folder = tmp_path / "catalog"
    folder.mkdir()
    (folder / "10.yml").write_text(f"image_catalog: {{{UBUNTU}: {{min_ram: 512, versions: {{'1.1': {{}}}}}}}}\n")
    (folder / "20.json").write_text(json.dumps({"image_catalog": {UBUNTU: {"min_ram": 1024}}}))
    first = tmp_path / "first.yml"
    first.write_text(
        "image_catalog_defaults: {visibility: community}\n"
        f"image_catalog: {{{UBUNTU}: {{versions: {{'1.0': {{source: 1.0.raw}}, '1.1': {{source: x.raw}}}}}}}}\n"
    )
    (tmp_path / "1.0.raw").write_bytes(b"data")
    result = run("image_catalog", files=[str(first), str(folder)], source_directory=str(tmp_path))
    assert [failure["image"] for failure in result["failures"]] == [name("1.1")]
    assert "image ubuntu-24.04-base-v1.1 is not in the cloud, and creating it needs its data" in result["msg"]
    [image] = cloud.glance.images.values()
    assert (image["name"], image["min_ram"], image["visibility"]) == (name("1.0"), 1024, "community")


def test_all_that_is_wrong_is_told_before_anything_is_asked_of_the_cloud(cloud, curate):
    result = curate({"1.0": {"checksum": "md5:0", "stage": "new"}, "1": {}}, others={"Bad": {}})
    assert result["failed"]
    assert [problem.partition(": ")[0] for problem in result["problems"]] == [
        "image_catalog.Bad",
        "image_catalog.Bad.versions",
        f"image_catalog.{UBUNTU}.versions.1.0.stage",
        f"image_catalog.{UBUNTU}.versions.1.0.checksum",
        f"image_catalog.{UBUNTU}.versions.1",
    ]
    assert cloud.log == []


def test_there_has_to_be_a_document(run):
    assert "one of the following is required: catalog, files" in run("image_catalog")["msg"]


# Plans and approvals


def test_a_plan_file_is_the_same_in_check_mode_and_in_the_run(curate, put, tmp_path):
    put("1.0")
    paths = [tmp_path / "checked.json", tmp_path / "done.json"]
    checked = curate("1.0 1.1", check=True, plan_file=str(paths[0]))
    curate("1.0 1.1", plan_file=str(paths[1]))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    document = json.loads(paths[0].read_text())
    assert document["changes"] == checked["plan"]
    assert (document["as_of"], document["cloud"]) == (TODAY, "test")


@pytest.fixture(params=["file", "digests"])
def plan_of(request, curate, tmp_path):
    """Make a plan, and return the option that hands it on."""

    def make(versions):
        path = str(tmp_path / "plan.json")
        planned = curate(versions, check=True, plan_file=path)
        return {"expect_plan": path} if request.param == "file" else {"expect_digests": planned["digests"]}

    return make


@pytest.mark.parametrize("day", [TODAY, ago(-3)])
def test_what_was_approved_is_done(curate, put, plan_of, day):
    put("1.0")
    result = curate("1.0 1.1", as_of=day, **plan_of("1.0 1.1"))
    assert not result.get("failed"), result["msg"]
    assert stages(result) == {"1.1": "published", "1.0": "deprecated"}


@pytest.mark.parametrize("check", [True, False])
def test_what_was_not_approved_is_not_done(cloud, curate, put, plan_of, check):
    put("1.0")
    approval = plan_of("1.0 1.1")
    put("1.1", "staged")
    result = curate("1.0 1.1", check=check, **approval)
    assert result["failed"]
    assert result["differing"] == [name("1.1")]
    assert "Nothing was changed" in result["msg"]
    assert cloud.changes == []


def test_the_approval_of_a_plan_that_changes_nothing_is_none_of_another(cloud, curate, put):
    put("1.0")
    assert curate("1.0", check=True)["digests"] == {}
    assert not curate("1.0", expect_digests={}).get("failed")
    assert curate("1.0 1.1", expect_digests={})["differing"] == [name("1.0"), name("1.1")]
    assert cloud.changes == []


def test_an_approval_that_is_none(cloud, curate, tmp_path):
    (tmp_path / "plan.json").write_text("{}")
    assert "is no plan of xloud.image.image_catalog" in curate("1.0", expect_plan=str(tmp_path / "plan.json"))["msg"]
    assert cloud.log == []


def test_drift_fails_a_check_and_no_run(cloud, curate, put):
    put("1.0")
    drifted = curate("1.0 1.1", check=True, fail_on_drift=True)
    assert drifted["msg"] == f"fail_on_drift: the cloud is not as the catalogue says: {name('1.1')}, {name('1.0')}."
    assert len(drifted["plan"]) == 2
    assert cloud.changes == []
    assert not curate("1.0 1.1", fail_on_drift=True).get("failed")
    assert not curate("1.0 1.1", check=True, fail_on_drift=True).get("failed")


# Failures


def test_one_failure_does_not_stop_the_rest(cloud, glance, curate, put, tmp_path):
    put("1.0")
    others = {DEBIAN: described({"1.0": {"source": "1.0.raw"}})}
    wrong = {"1.0": {}, "1.1": {"checksum": f"sha512:{digest('sha512', b'other')}"}}
    failed = curate(wrong, others=others)
    assert failed["failed"]
    assert failed["msg"].startswith("2 of 3 versions are not as the catalogue says; all else was done.")
    assert f"{name('1.1')}: {tmp_path}/1.1.raw is not what its checksum says" in failed["msg"]
    assert [row["problem"] is None for row in failed["versions"]] == [True, False, False]
    assert failed["current"][DEBIAN]["name"] == name("1.0", DEBIAN)
    assert failed["current"][UBUNTU]["name"] == name("1.0")
    assert len(glance.images) == 2
    done = curate("1.0 1.1", others=others)
    assert not done.get("failed")
    assert [change["name"] for change in done["plan"]] == [name("1.1"), name("1.0")]


def test_a_wrong_checksum_fails_a_check_too(cloud, curate):
    wrong = {"checksum": f"sha512:{digest('sha512', b'other')}"}
    assert "as the catalogue says; all else would be done. Mend" in curate({"1.0": wrong, "1.1": {}}, check=True)["msg"]
    result = curate({"1.0": wrong}, check=True)
    assert result["msg"].startswith("1 of 1 versions are not as the catalogue says. Mend")
    assert "is not what its checksum says" in result["failures"][0]["message"]


def test_a_cloud_that_refuses_one_image_does_the_others(cloud, glance, curate):
    cloud.fail("PATCH", ".*", 400, "Oops.")
    others = {DEBIAN: described({"1.0": {"source": "1.0.raw"}})}
    failed = curate("1.0", others=others, workers=1)
    assert [failure["image"] for failure in failed["failures"]] == [name("1.0", DEBIAN)]
    assert "Oops." in failed["failures"][0]["message"]
    assert sorted(image["visibility"] for image in glance.images.values()) == ["community", "private"]
    again = curate("1.0", others=others)
    assert [change["name"] for change in again["plan"]] == [name("1.0", DEBIAN)]
    assert not again.get("failed")


def test_an_image_in_use_is_left_and_told(glance, curate, put):
    gone = put("1.0", "retired")
    put("1.1")
    glance.in_use = {gone}
    result = curate("1.0 1.1", template={"retention": {"stored": 1}})
    assert not result.get("failed"), result["msg"]
    assert (result["changed"], stages(result)) == (False, {"1.1": "published", "1.0": "retired"})
    assert [(each["kind"], each["image"]) for each in result["findings"]] == [("in_use", name("1.0"))]
    assert glance.images[gone]["status"] == "deactivated"


def test_a_project_that_is_not_there_fails_its_template_alone(glance, curate):
    missing = "0123456789abcdef0123456789abcdef"
    others = {DEBIAN: described({"1.0": {"source": "1.0.raw"}})}
    for members in (["nobody"], [missing]):
        result = curate("1.0", template={"visibility": "shared", "members": members}, others=others)
        assert [failure["image"] for failure in result["failures"]] == [name("1.0")]
        assert f"there is no project {members[0]}" in result["msg"]
    assert {image["name"] for image in glance.images.values()} == {name("1.0", DEBIAN)}


def test_requests_are_counted(cloud, curate, put):
    put("1.0")
    result = curate("1.0")
    assert result["requests"] == len(cloud.log) == 2


# Secrets


def secret_url(url):
    return url.replace("//", "//me:hunter2@") + "?sig=s3cret"


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("way", ["option", "file"])
def test_secrets_of_sources_are_never_shown(curate, web, tmp_path, status, way):
    urls = {key: secret_url(web.put(f"/{key}", b"data", status=status)) for key in ("source", "checksum")}
    catalog = {UBUNTU: described({"1.0": urls, "1.1": {"source": urls["source"]}})}
    path = tmp_path / "catalog.yml"
    path.write_text(json.dumps({"image_catalog": catalog}))
    plan = tmp_path / "plan.json"
    given = {"catalog": catalog} if way == "option" else {"files": [str(path)]}
    for check in (True, False):
        result = curate(check=check, plan_file=str(plan), **given)
        assert result["failed"]
        shown = str({key: value for key, value in result.items() if key != "invocation"}) + plan.read_text()
        assert not [secret for secret in SECRETS if secret in shown]
        assert not [secret for secret in SECRETS if secret in json.dumps(result)]


def test_secrets_are_not_shown_where_the_document_is_wrong(curate, tmp_path):
    url = secret_url("https://host/a.raw")
    path = tmp_path / "catalog.yml"
    for text in (
        f"image_catalog: {{source: {url}\n",
        json.dumps({"image_catalog": {UBUNTU: {"versions": {"1.0": {"source": [url]}}}}}),
        json.dumps({"image_catalog": {UBUNTU: {"versions": {"1.0": url}}}}),
        json.dumps({"image_catalog": {UBUNTU: {"visibility": "x", "versions": {"1.0": {"source": url}}}}}),
    ):
        path.write_text(text)
        result = curate(files=[str(path)])
        assert result["failed"]
        assert not [secret for secret in SECRETS if secret in str(result)]


def test_stores_are_a_part_of_the_catalogue(cloud, glance, curate, curate_thrice):
    glance.stores, glance.polls = ("main", "archive"), 1
    glance.import_methods = ("glance-direct", "copy-image")
    curate_thrice("1.0", template={"stores": ["main"]})
    [image] = glance.images.values()
    assert (image["stores"], image["visibility"]) == ("main", "community")
    done = curate_thrice("1.0 1.1", template={"all_stores": True})
    assert [each["stores"] for each in glance.images.values()] == ["main,archive", "archive,main"]
    [older] = [change for change in done["plan"] if change["version"] == "1.0"]
    assert [action["action"] for action in older["actions"]] == ["update", "copy_to_stores"]
    moved = curate_thrice("1.0 1.1", template={"stores": ["archive"], "stores_exact": True})
    assert moved["summary"]["actions"] == {"drop_from_store": 2}
    assert "GET /info/stores" in cloud.log


def test_a_store_that_is_not_there_fails_its_version_alone(glance, curate):
    glance.stores = ("main", "archive")
    failed = curate({"1.0": {"stores": ["tape"]}, "1.1": {}})
    [failure] = failed["failures"]
    assert failure["image"] == name("1.0")
    assert f"image_catalog.{UBUNTU}.versions.1.0.stores: the cloud has no store tape" in failure["message"]
    assert [image["name"] for image in glance.images.values()] == [name("1.1")]


def test_a_copy_that_fails_holds_nothing_up(glance, curate):
    glance.stores, glance.polls, glance.import_methods = ("main", "archive"), 1, ("copy-image",)
    curate("1.0", template={"stores": ["main"]})
    glance.broken = {"archive"}
    failed = curate({"1.0": {}, "1.1": {"stores": ["main"]}}, template={"all_stores": True})
    assert [failure["image"] for failure in failed["failures"]] == [name("1.0")]
    stages = {row["version"]: row["stage"] for row in failed["versions"]}
    assert stages == {"1.1": "published", "1.0": "deprecated"}


# In use


@pytest.fixture
def launch(cloud):
    """Run a server from an image."""
    cloud.launching["compute"], cloud.launching["block-storage"] = FakeCompute(), FakeBlockStorage()
    return cloud.launching["compute"].add


RETIRING = {"retention": {"visible": 1, "available": 1}}


def test_what_is_in_use_is_held_back_and_its_turn_comes(cloud, glance, put, curate, curate_thrice, launch):
    old = put("1.0", "deprecated")
    put("1.1", "published")
    launch(old, "p-a", "web"), launch(old, "p-b", "db")
    result = curate_thrice("1.0 1.1", template=RETIRING)
    assert [change["stage"] for change in result["plan"]] == [{"before": "deprecated", "after": "hidden"}]
    (finding,) = result["findings"]
    assert finding["kind"] == "in_use"
    assert "2 servers (team-a: 1 server; team-b: 1 server)" in finding["message"]
    assert result["summary"]["held"] == 1
    assert [(each["image"], each["servers"], each["volumes"]) for each in result["usage"]] == [(name("1.0"), 2, 0)]
    cloud.launching["compute"].found.clear()
    result = curate_thrice("1.0 1.1", template=RETIRING)
    assert glance.images[old]["status"] == "deactivated"
    assert (result["findings"], result["usage"][0]["is_used"]) == ([], False)
    # What is retired is not asked of any more.
    cloud.sent.clear()
    assert curate("1.0 1.1", template=RETIRING)["usage"] == []
    assert cloud.log == ["GET /images"] * 2


def test_what_is_in_use_is_not_deleted(cloud, glance, put, curate, curate_thrice, launch):
    old = put("1.0", "retired")
    put("1.1", "published")
    cloud.launching["block-storage"].add(old, "p-a", "disk")
    stored = {"retention": {"stored": 1, "while_used": "retire"}}
    result = curate("1.0 1.1", template=stored)
    assert (result["changed"], result["findings"][0]["kind"]) == (False, "in_use")
    cloud.launching["block-storage"].found.clear()
    curate_thrice("1.0 1.1", template=stored)
    assert old not in glance.images


def test_what_is_held_back_makes_room_for_others(glance, put, curate, launch):
    put("1.3", "published")
    ids = {version: put(version, "deprecated") for version in ("1.0", "1.1", "1.2")}
    launch(ids["1.0"], "p-a", "web"), launch(ids["1.1"], "p-a", "web-2")
    result = curate("1.0 1.1 1.2 1.3", template=RETIRING, max_removals=1)
    stages = {change["version"]: change["stage"]["after"] for change in result["plan"]}
    assert stages == {"1.0": "hidden", "1.1": "hidden", "1.2": "retired"}
    assert len(result["usage"]) == 3


def test_a_revocation_says_whom_it_hits(glance, put, curate_thrice, launch):
    old = put("1.0", "deprecated")
    put("1.1", "published")
    launch(old, "p-a", "web")
    result = curate_thrice({"1.0": {"revoked": True}, "1.1": {}})
    assert glance.images[old]["status"] == "deactivated"
    assert [each["kind"] for each in result["findings"]] == ["revoked_in_use"]


def test_who_may_not_ask(cloud, glance, put, curate, launch):
    put("1.0", "deprecated"), put("1.1", "published")
    result = curate("1.0 1.1", template=RETIRING, cloud=None)
    assert [each["kind"] for each in result["findings"]] == ["usage_unknown"]
    assert result["usage"][0]["is_used"] is None
    cloud.sent.clear()
    result = curate("1.0 1.1", template=RETIRING, cloud=None, check_usage=False)
    assert (result["findings"], result["usage"]) == ([], [])
    assert result["summary"]["stages"] == {"published": 1, "retired": 1}
    assert "GET /servers/detail" not in cloud.log


def test_an_approved_retirement_is_not_made_once_somebody_launched(glance, put, curate, launch, tmp_path):
    old = put("1.0", "deprecated")
    put("1.1", "published")
    digests = curate("1.0 1.1", template=RETIRING, check=True)["digests"]
    launch(old, "p-a", "web")
    refused = curate("1.0 1.1", template=RETIRING, expect_digests=digests)
    assert "differs from what was approved" in refused["msg"]
    assert glance.images[old]["status"] == "active"


def test_others_ask_who_may(glance, put, curate, launch):
    old = put("1.0", "deprecated")
    put("1.1", "published")
    result = curate("1.0 1.1", template=RETIRING, cloud=None, usage_cloud="admin")
    assert (result["findings"], glance.images[old]["status"]) == ([], "deactivated")
