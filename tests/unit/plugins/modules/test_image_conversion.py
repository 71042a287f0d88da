# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import json

import pytest
import yaml
from ansible.module_utils import basic

SECRET = "hunter2-and-more"
TASKS = f"""
- name: An image
  openstack.cloud.image:
    auth: {{password: {SECRET}}}
    name: Acme 9
    filename: https://me:{SECRET}@images.example.com/acme.img
    properties:
      admin_password: {SECRET}
      os_key: !vault {SECRET}
    is_public: true
"""


@pytest.fixture
def run(monkeypatch, capsys):
    def run_module(check=False, **options):
        module = importlib.import_module("ansible_collections.xloud.image.plugins.modules.image_conversion")
        arguments = {"ANSIBLE_MODULE_ARGS": {**options, "_ansible_check_mode": check, "_ansible_diff": True}}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(arguments).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            module.main()
        return json.loads(capsys.readouterr().out)

    return run_module


@pytest.fixture
def paths(tmp_path):
    (tmp_path / "tasks.yml").write_text(TASKS)
    return {"source": str(tmp_path / "tasks.yml"), "output": str(tmp_path / "out.yml")}


def test_a_conversion(run, paths, tmp_path):
    checked = run(check=True, **paths)
    assert not (tmp_path / "out.yml").exists()
    done, again = run(**paths), run(**paths)
    assert (checked["changed"], done["changed"], again["changed"]) == (True, True, False)
    assert {**checked, "invocation": 0} == {**done, "invocation": 0}
    text = (tmp_path / "out.yml").read_text()
    assert done["diff"] == {
        "before": "",
        "after": text,
        "before_header": f"{paths['output']} (absent)",
        "after_header": paths["output"],
    }
    assert again["diff"]["before"] == again["diff"]["after"] == text
    assert yaml.safe_load(text) == done["document"]
    assert done["format"] == "openstack_cloud"
    assert done["images"] == [
        {
            "before": "Acme 9",
            "name": "acme-9-base-v1.0",
            "template": "acme-9-base",
            "version": "1.0",
            "place": "tasks.yml:3",
        }
    ]
    assert [(note["place"], note["key"]) for note in done["notes"]] == [
        ("tasks.yml:6", "filename"),
        ("tasks.yml:8", "properties.admin_password"),
        ("tasks.yml:9", "properties.os_key"),
        ("tasks.yml:3", "auth"),
    ]
    assert SECRET not in text + json.dumps([checked, done, again])


def test_a_file_that_somebody_went_on_writing_is_not_overwritten(run, paths, tmp_path):
    run(**paths)
    output = tmp_path / "out.yml"
    output.write_text(output.read_text() + "# mine\n")
    for check in (True, False):
        refused = run(check=check, **paths)
        assert refused["failed"]
        assert "holds something else" in refused["msg"]
    assert output.read_text().endswith("# mine\n")
    assert run(force=True, **paths)["changed"]
    assert not output.read_text().endswith("# mine\n")


def test_a_folder_that_is_not_there(run, paths, tmp_path):
    refused = run(**{**paths, "output": str(tmp_path / "none/out.yml")}, check=True)
    assert refused["msg"] == f"output: the folder {tmp_path}/none does not exist. Create it first."


def test_nothing_can_be_converted(run, paths, tmp_path):
    (tmp_path / "tasks.yml").write_text("- os_image: {name: Golden}\n")
    refused = run(**paths)
    assert "none of its images" in refused["msg"]
    assert refused["notes"][-1]["advice"].endswith("with image_convert_names")
    assert not (tmp_path / "out.yml").exists()
    assert run(**paths, names={"Golden": "acme-9-golden"})["changed"]


def test_a_name_that_is_no_text(run, paths):
    assert run(**paths, names={"Acme 9": ["x"]})["msg"] == "names: what 'Acme 9' is to be called is no text."
