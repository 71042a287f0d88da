# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.image import FROZEN
from ansible_collections.xloud.image.tests.unit.fakes.samples import DATA, NAME, OURS


@pytest.mark.parametrize("deactivate", [False, True])
def test_an_export(glance, tmp_path, run_thrice, deactivate):
    image_id = glance.add(NAME, DATA, visibility="shared", members={"p-a": "accepted"}, **OURS)
    path = tmp_path / "out.raw"
    result = run_thrice("image_export", cloud="admin", image=NAME, path=str(path), deactivate=deactivate)
    assert path.read_bytes() == DATA
    assert json.loads((tmp_path / "out.raw.json").read_text())["members"] == [
        {"project_id": "p-a", "status": "accepted"}
    ]
    assert (result["file"], result["sidecar"]) == (str(path), f"{path}.json")
    assert glance.images[image_id]["status"] == "active"
    assert FROZEN not in glance.images[image_id]


def test_an_export_into_a_folder(glance, tmp_path, run_thrice):
    glance.add(NAME, DATA, **OURS)
    result = run_thrice("image_export", image=NAME, path=str(tmp_path), sidecar=False, sums=False)
    assert (result["file"], result["sidecar"]) == (str(tmp_path / f"{NAME}.raw"), None)
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.raw"]


def test_what_is_right_costs_no_download(cloud, glance, tmp_path, run):
    glance.add(NAME, DATA, **OURS)
    (tmp_path / "out.raw").write_bytes(DATA)
    assert not run("image_export", image=NAME, path=str(tmp_path / "out.raw"), sidecar=False, sums=False)["changed"]
    assert cloud.log == ["GET /images", "GET /images"]


def test_what_a_killed_run_froze_is_given_back(glance, tmp_path, run_thrice):
    image_id = glance.add(NAME, DATA, status="deactivated", **{FROZEN: "true"}, **OURS)
    run_thrice("image_export", cloud="admin", image=NAME, path=str(tmp_path / "out.raw"))
    assert glance.images[image_id]["status"] == "active"


def test_an_owner_freezes_but_for_the_moments_in_which_data_is_asked_for(cloud, glance, tmp_path, run_thrice):
    image_id = glance.add(NAME, DATA, **OURS)
    run_thrice("image_export", image=NAME, path=str(tmp_path / "out.raw"), deactivate=True)
    assert [line.rpartition("/")[2] for line in cloud.log if "file" in line or "activate" in line] == [
        "deactivate",
        "file",
        "reactivate",
        "file",
        "deactivate",
        "reactivate",
    ]
    assert glance.images[image_id]["status"] == "active"


@pytest.mark.parametrize("check", [True, False])
def test_what_others_deactivated_stays_so(cloud, glance, tmp_path, run, check):
    glance.add(NAME, DATA, status="deactivated", **OURS)
    result = run("image_export", check=check, image=NAME, path=str(tmp_path / "out.raw"), deactivate=True)
    assert "policy context_is_admin" in result["msg"]
    assert cloud.changes == []
    assert list(tmp_path.iterdir()) == []


def test_a_broken_export_leaves_nothing(cloud, glance, tmp_path, run):
    image_id = glance.add(NAME, DATA, **OURS)
    cloud.fail("GET", ".*/file", 400, "Oops.")
    result = run("image_export", cloud="admin", image=NAME, path=str(tmp_path / "out.raw"), deactivate=True)
    assert result["failed"]
    assert [action["action"] for action in result["actions"]] == ["update", "deactivate"]
    assert list(tmp_path.iterdir()) == []
    assert glance.images[image_id]["status"] == "active"


def test_several_images_side_by_side(glance, tmp_path, run_thrice):
    for number in range(3):
        glance.add(f"ubuntu-24.04-base-v1.{number}", bytes([number]) * 9, visibility="shared", **OURS)
    glance.add("debian-12-base-v1.0", DATA, **OURS)
    result = run_thrice("image_export", images=["ubuntu-*"], path=str(tmp_path))
    assert [row["image"] for row in result["exports"]] == [f"ubuntu-24.04-base-v1.{number}" for number in range(3)]
    assert len(list(tmp_path.iterdir())) == 7
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_an_image_that_fails_does_not_hold_up_the_others(cloud, glance, tmp_path, run):
    broken = glance.add("debian-12-base-v1.0", DATA, **OURS)
    glance.add(NAME, DATA, **OURS)
    glance.add("queued-1-base-v1.0", None, **OURS)
    cloud.fail("GET", f"/images/{broken}/file", 400, "Oops.", times=99)
    result = run("image_export", images=["*-base-v1.0"], path=str(tmp_path))
    assert result["msg"].startswith("1 of 2 images were not exported: debian-12-base-v1.0: ")
    assert [failure["image"] for failure in result["failures"]] == ["debian-12-base-v1.0"]
    assert (tmp_path / f"{NAME}.raw").read_bytes() == DATA
    assert not (tmp_path / "debian-12-base-v1.0.raw").exists()


def test_a_name_that_means_nothing(glance, tmp_path, run):
    glance.add(NAME, DATA, **OURS)
    result = run("image_export", images=[NAME, "fedora-*"], path=str(tmp_path))
    assert result["msg"].startswith("images: fedora-* is no image of the project")


def test_a_conversion_is_done_once(glance, tmp_path, run_thrice):
    glance.add(NAME, bytes(1024**2), **OURS)
    result = run_thrice("image_export", image=NAME, path=str(tmp_path), format="vmdk")
    assert result["file"] == str(tmp_path / f"{NAME}.vmdk")
    sidecar = json.loads((tmp_path / f"{NAME}.vmdk.json").read_text())
    assert sidecar["file"] == {"disk_format": "vmdk", "compressed": False}


def test_a_converted_file_that_was_damaged_is_made_again(glance, tmp_path, run):
    glance.add(NAME, bytes(1024**2), **OURS)
    options = {"image": NAME, "path": str(tmp_path), "format": "qcow2", "compress": True}
    run("image_export", **options)
    file = tmp_path / f"{NAME}.qcow2"
    right = file.read_bytes()
    file.write_bytes(right[:-1] + b"!")
    assert run("image_export", **options)["changed"]
    assert file.read_bytes() == right


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"compress": True}, "compress: only qcow2 can be compressed"),
        ({"format": "qcow2", "sums": False}, "format: a converted file is recognised by its sidecar and SHA256SUMS"),
    ],
)
def test_what_cannot_be_asked_for(glance, tmp_path, run, given, words):
    glance.add(NAME, DATA, **OURS)
    assert run("image_export", image=NAME, path=str(tmp_path), **given)["msg"].startswith(words)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_no_name_for_a_file_does_not_hold_up_the_others(glance, tmp_path, run):
    glance.add("a/b", DATA, **OURS)
    glance.add(NAME, DATA, **OURS)
    result = run("image_export", images=["*"], path=str(tmp_path))
    assert [failure["image"] for failure in result["failures"]] == ["a/b"]
    assert result["msg"].startswith("1 of 2 images were not exported: a/b: path: ")
    assert (tmp_path / f"{NAME}.raw").read_bytes() == DATA
