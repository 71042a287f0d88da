# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import lzma

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.image import REPLACES, TAG
from ansible_collections.xloud.image.plugins.module_utils._plan.export import sidecar_content
from ansible_collections.xloud.image.tests.unit.fakes.launching import FakeBlockStorage, FakeCompute
from ansible_collections.xloud.image.tests.unit.fakes.samples import DATA, NAME, OURS, digest, image


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "base.raw"
    path.write_bytes(DATA)
    return str(path)


def test_creation(cloud, glance, source, run_thrice):
    options = {"checksum": f"sha256:{digest('sha256')}", "properties": {"os_distro": "ubuntu"}, "protected": True}
    result = run_thrice("image_template", template="ubuntu-24.04-base", version="1.0", source=source, **options)
    [image_id] = glance.images
    assert glance.data[image_id] == DATA
    assert result["image"]["id"] == image_id
    assert result["image"]["stage"] == "staged"
    assert result["diff"]["before"] == {}
    assert [change.partition(" ")[0] for change in cloud.changes] == ["POST", "PUT", "PATCH"]


def test_what_is_there_costs_two_listings(cloud, glance, source, run):
    glance.add(NAME, DATA, **OURS)
    assert not run("image_template", name=NAME, source=source)["changed"]
    assert cloud.log == ["GET /images", "GET /images"]


def test_metadata(glance, source, run_thrice):
    image_id = glance.add(NAME, DATA, os_distro="debian", **OURS)
    result = run_thrice("image_template", name=NAME, source=source, min_ram=512, properties={"os_distro": None})
    assert result["diff"] == {
        "before": {"min_ram": 0, "properties": {"os_distro": "debian"}},
        "after": {"min_ram": 512},
    }
    assert "os_distro" not in glance.images[image_id]


def test_replacement(glance, source, run_thrice):
    old = glance.add(NAME, b"other", **OURS)
    result = run_thrice("image_template", name=NAME, source=source, replace=True)
    assert [action["action"] for action in result["actions"]] == ["create", "delete"]
    [image_id] = glance.images
    assert image_id != old
    assert glance.images[image_id][REPLACES] == old


def test_a_replacement_that_was_interrupted_is_completed(glance, source, run):
    old = glance.add(NAME, b"other", **OURS)
    glance.in_use = {old}
    failed = run("image_template", name=NAME, source=source, replace=True)
    assert failed["failed"]
    assert [action["action"] for action in failed["actions"]] == ["create"]
    glance.in_use = set()
    assert run("image_template", name=NAME, source=source)["changed"]
    assert old not in glance.images
    assert not run("image_template", name=NAME, source=source)["changed"]


def test_leftovers(glance, source, run_thrice):
    half = glance.add(NAME, None, status="saving", **OURS)
    run_thrice("image_template", name=NAME, source=source)
    assert half not in glance.images


def test_absence(glance, run_thrice):
    glance.add(NAME, DATA, os_hidden=True, **OURS)
    result = run_thrice("image_template", name=NAME, state="absent")
    assert result["image"] is None
    assert glance.images == {}


def test_a_restored_image(glance, source, tmp_path, run_thrice):
    sidecar = tmp_path / "base.raw.json"
    sidecar.write_text(sidecar_content(image(min_ram=512, tags=frozenset("a"), properties={"os_distro": "x"}), ()))
    run_thrice("image_template", source=source, sidecar=str(sidecar))
    [restored] = glance.images.values()
    assert (restored["name"], restored["min_ram"], restored["tags"]) == (NAME, 512, ["a", TAG])
    assert restored["os_distro"] == "x"


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("replace", [False, True])
def test_a_wrong_checksum_fails_in_check_mode_too(glance, source, run, check, replace):
    if replace:
        glance.add(NAME, b"even other", **OURS)
    before = dict(glance.images)
    checksum = f"sha512:{digest('sha512', b'other')}"
    result = run("image_template", check=check, name=NAME, source=source, checksum=checksum, replace=replace)
    assert result["failed"]
    assert "is not what its checksum says" in result["msg"]
    assert result["actions"] == []
    assert glance.images == before


def test_published_content_names_the_next_version(glance, source, run):
    glance.add(NAME, b"other", visibility="public", **OURS)
    result = run("image_template", name=NAME, source=source, replace=True)
    assert result["failed"]
    assert result["next_version"] == "ubuntu-24.04-base-v1.1"


def test_an_image_of_another_project(glance, source, run_thrice):
    run_thrice("image_template", cloud="admin", name=NAME, source=source, owner="team-a")
    [created] = glance.images.values()
    assert created["owner"] == "p-a"


def test_a_url_with_secrets(run, web):
    url = web.put("/a", b"", status=500).replace("//", "//me:hunter2@") + "?token=s3cret"
    result = run("image_template", name=NAME, source=url)
    assert result["failed"]
    assert "hunter2" not in str(result)
    assert "s3cret" not in str(result)


def test_an_address_that_is_none_is_an_error_of_the_option(run):
    assert run("image_template", name=NAME, source="http://[::1/a")["option"] == "source"


def test_stores_are_a_part_of_what_is_wanted(glance, source, run, run_thrice):
    glance.stores, glance.polls = ("main", "archive"), 1
    glance.import_methods = ("glance-direct", "copy-image")
    created = run_thrice("image_template", name=NAME, source=source, stores=["main"])
    assert (created["image"]["stores"], created["diff"]["after"]["stores"]) == (["main"], ["main"])
    copied = run_thrice("image_template", cloud="admin", name=NAME, all_stores=True)
    assert copied["diff"] == {"before": {"stores": ["main"]}, "after": {"stores": ["archive", "main"]}}
    moved = run_thrice("image_template", cloud="admin", name=NAME, stores=["archive"], stores_exact=True)
    assert [action["action"] for action in moved["actions"]] == ["drop_from_store"]
    assert run("image_template", name=NAME, stores=["tape"])["option"] == "stores"


def test_stores_of_what_is_published(glance, run_thrice):
    glance.stores, glance.polls, glance.import_methods = ("main", "archive"), 1, ("copy-image",)
    glance.add(NAME, DATA, visibility="public", **OURS)
    result = run_thrice("image_template", cloud="admin", name=NAME, all_stores=True)
    assert [action["action"] for action in result["actions"]] == ["copy_to_stores"]


def test_an_image_of_a_cloud_as_source(cloud, glance, run_thrice):
    original = glance.add("golden", DATA, container_format="ovf", owner="p-a")
    result = run_thrice("image_template", name=NAME, source={"cloud": "team-a", "image": "golden"})
    copy = glance.images[result["image"]["id"]]
    assert (copy["os_hash_value"], copy["container_format"]) == (digest("sha512"), "ovf")
    assert cloud.log.count(f"GET /images/{original}/file") == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"imag": "golden"}, "source.imag: is not known"),
        ({"cloud": "team-a"}, "source.image: is missing"),
        (["golden"], "source: must be a path, a URL, or a dictionary"),
        ({"cloud": "team-a", "image": "golden"}, "No image golden is to be found"),
    ],
)
def test_a_source_that_is_none(run, wrong, words):
    assert words in run("image_template", name=NAME, source=wrong)["msg"]


def test_compressed_data_is_known_again_by_either_checksum(cloud, glance, tmp_path, run, run_thrice):
    path = tmp_path / "base.raw.xz"
    path.write_bytes(lzma.compress(DATA))
    packed = f"sha512:{digest('sha512', path.read_bytes())}"
    result = run_thrice("image_template", name=NAME, source=str(path), checksum=packed)
    assert glance.data[result["image"]["id"]] == DATA
    assert not run("image_template", name=NAME, source=str(path), checksum=f"sha512:{digest('sha512')}")["changed"]


def test_compressed_data_that_is_there_is_known_by_a_checksum_that_comes_later(glance, tmp_path, run):
    path = tmp_path / "base.raw.xz"
    path.write_bytes(lzma.compress(DATA))
    run("image_template", name=NAME, source=str(path))
    packed = f"sha512:{digest('sha512', path.read_bytes())}"
    result = run("image_template", name=NAME, source=str(path), checksum=packed)
    assert [action["action"] for action in result["actions"]] == ["update"]
    assert not run("image_template", name=NAME, source=str(path), checksum=packed)["changed"]
    assert len(glance.images) == 1


def test_what_is_in_use_is_not_deleted(cloud, glance, run, run_thrice):
    image_id = glance.add(NAME, **OURS)
    volumes = cloud.launching["block-storage"] = FakeBlockStorage()
    volumes.add(image_id, "p-b", "disk")
    gone = {"cloud": "admin", "name": NAME, "state": "absent"}
    result = run("image_template", **gone)
    assert "is not deleted: it is used by 1 volume (team-b: 1 volume)" in result["msg"]
    assert cloud.changes == []
    assert "it is not known who uses it" in run("image_template", name=NAME, state="absent", force=True)["msg"]
    volumes.found.clear()
    run_thrice("image_template", **gone)


def test_what_is_in_use_is_deleted_where_nobody_is_asked(cloud, glance, run_thrice):
    glance.add(NAME, **OURS)
    cloud.launching["compute"] = FakeCompute()
    run_thrice("image_template", name=NAME, state="absent", check_usage=False)
    assert "GET /servers/detail" not in cloud.log


def test_nobody_uses_what_has_no_data(cloud, glance, run):
    glance.add(NAME, status="queued", **OURS)
    cloud.launching["compute"] = FakeCompute()
    assert run("image_template", name=NAME, state="absent")["changed"]
