# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import json

import pytest
from ansible.module_utils import basic


@pytest.fixture
def run(cloud, monkeypatch, capsys):
    """
    Run a module over the cloud in memory and return its result.

    C(clouds) maps the names of clouds, as options give them, to the project and the roles of their credentials,
    unless a test has a C(connect) of its own.
    """
    clouds = {None: ("p-own", ("member",)), "admin": ("p-own", ("admin",)), "team-a": ("p-a", ("member",))}
    clouds["application"] = ("p-own", ("member",), None, True)

    def connect(options):
        return cloud.session(*clouds[options["cloud"]])

    def run_module(name, /, check=False, connect=connect, **options):
        module = importlib.import_module(f"ansible_collections.xloud.image.plugins.modules.{name}")
        sharing = importlib.import_module("ansible_collections.xloud.image.plugins.module_utils._cloud.sharing")
        arguments = {"ANSIBLE_MODULE_ARGS": {**options, "_ansible_check_mode": check, "_ansible_diff": True}}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(arguments).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        monkeypatch.setattr(module, "connect", connect)
        monkeypatch.setattr(sharing, "connect", connect)
        origin = importlib.import_module("ansible_collections.xloud.image.plugins.module_utils._cloud.origin")
        monkeypatch.setattr(origin, "connect", connect)
        usage = importlib.import_module("ansible_collections.xloud.image.plugins.module_utils._cloud.usage")
        monkeypatch.setattr(usage, "connect", connect)
        with pytest.raises(SystemExit):
            module.main()
        return json.loads(capsys.readouterr().out)

    return run_module


@pytest.fixture
def run_thrice(cloud, run):
    """Run a module in check mode, really, and again; hold the first two equal and the third idle."""

    def run_module(name, /, **options):
        cloud.sent.clear()
        checked = run(name, check=True, **options)
        assert cloud.changes == []
        done = run(name, **options)
        again = run(name, **options)
        assert not checked.get("failed"), checked["msg"]
        assert not done.get("failed"), done["msg"]
        assert (checked["changed"], done["changed"]) == (True, True)
        assert set(checked) == set(done)
        assert json.dumps(checked["diff"]) == json.dumps(done["diff"])
        assert json.dumps(checked["actions"]) == json.dumps(done["actions"])
        assert (checked.get("image") is None) == (done.get("image") is None)
        if done.get("image"):
            assert set(checked["image"]) == set(done["image"])
        assert (again["changed"], again["actions"]) == (False, [])
        assert again["diff"]["before"] == again["diff"]["after"]
        return done

    return run_module
