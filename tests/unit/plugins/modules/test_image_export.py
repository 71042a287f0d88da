# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

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
    result = run_thrice("image_export", image=NAME, path=str(tmp_path), sidecar=False)
    assert (result["file"], result["sidecar"]) == (str(tmp_path / f"{NAME}.raw"), None)
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.raw"]


def test_what_is_right_costs_no_download(cloud, glance, tmp_path, run):
    glance.add(NAME, DATA, **OURS)
    (tmp_path / "out.raw").write_bytes(DATA)
    assert not run("image_export", image=NAME, path=str(tmp_path / "out.raw"), sidecar=False)["changed"]
    assert cloud.log == ["GET /images", "GET /images"]


def test_what_a_killed_run_froze_is_given_back(glance, tmp_path, run_thrice):
    image_id = glance.add(NAME, DATA, status="deactivated", **{FROZEN: "true"}, **OURS)
    run_thrice("image_export", cloud="admin", image=NAME, path=str(tmp_path / "out.raw"))
    assert glance.images[image_id]["status"] == "active"


@pytest.mark.parametrize("check", [True, False])
def test_only_administrators_freeze(cloud, glance, tmp_path, run, check):
    glance.add(NAME, DATA, **OURS)
    result = run("image_export", check=check, image=NAME, path=str(tmp_path / "out.raw"), deactivate=True)
    assert "use credentials with the role admin" in result["msg"]
    assert cloud.changes == []
    assert list(tmp_path.iterdir()) == []


def test_a_broken_export_leaves_nothing(cloud, glance, tmp_path, run):
    image_id = glance.add(NAME, DATA, **OURS)
    cloud.fail("GET", ".*/file", 500, "Oops.")
    result = run("image_export", cloud="admin", image=NAME, path=str(tmp_path / "out.raw"), deactivate=True)
    assert result["failed"]
    assert [action["action"] for action in result["actions"]] == ["update", "deactivate"]
    assert list(tmp_path.iterdir()) == []
    assert glance.images[image_id]["status"] == "active"
