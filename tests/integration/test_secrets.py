# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords and tokens show neither in what a run prints, at any verbosity, nor in the list of processes."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from conftest import MIB, Gate

SECRET = "planted-secret"  # no password of any cloud
VERBOSE = "-vvv"


def shown(outcome):
    return outcome.output + json.dumps(outcome.result)


@pytest.fixture
def planted(clouds):
    """A cloud, by its configuration, with a wrong password."""
    cloud = copy.deepcopy(clouds["sandbox-operator"])
    cloud["auth"]["password"] = SECRET
    return cloud


def test_password_that_is_right(name, clouds, run_module):
    cloud = clouds["sandbox-operator"]
    outcome = run_module("image_template", cloud, VERBOSE, name=name, state="absent")
    assert not outcome.result["failed"]
    assert cloud["auth"]["password"] not in shown(outcome)


def test_password_that_is_wrong(name, planted, run_module):
    outcome = run_module("image_template", planted, VERBOSE, name=name, state="absent")
    assert "refused the credentials" in outcome.result["msg"]
    assert SECRET not in shown(outcome)


def test_password_of_a_member(name, planted, run_module):
    outcome = run_module(
        "image_member",
        "sandbox-operator",
        VERBOSE,
        image=name,
        members=["catalog"],
        member_clouds={"catalog": planted},
    )
    assert "refused the credentials" in outcome.result["msg"]
    assert SECRET not in shown(outcome)


@pytest.mark.parametrize(
    ("module", "option"),
    [
        ("image_member", "cloud"),
        ("image_member", "auth"),
        ("image_member", "member_clouds"),
        ("image_template", "source"),
    ],
)
def test_options_that_are_refused(module, option, name, planted, run_module):
    values = {
        "cloud": planted,
        "auth": planted["auth"],
        "member_clouds": {"catalog": planted},
        "source": f"http://user:{SECRET}@127.0.0.1/disk.raw?token={SECRET}",
    }
    args = {"cloud": None, "name": name, "state": "nowhere", option: values[option]}
    outcome = run_module(module, args.pop("cloud"), VERBOSE, **args)
    assert "value of state must be one of" in outcome.result["msg"]
    assert SECRET not in shown(outcome)


def test_url_and_the_list_of_processes(name, clouds, web, start_module):
    page = web.give("/disk.raw", bytes(16 * MIB), gate=Gate())
    source = f"{web.url.replace('//', f'//user:{SECRET}@')}/disk.raw?token={SECRET}"
    cloud = clouds["sandbox-operator"]
    run = start_module("image_template", cloud, VERBOSE, name=name, source=source, import_method="direct")

    page.gate.wait_until_reached()
    commands = [Path(f"/proc/{process}/cmdline").read_text() for process in run.processes()]
    page.gate.open()
    outcome = run.wait()

    assert any("AnsiballZ" in command for command in commands)
    assert not [command for command in commands if SECRET in command or cloud["auth"]["password"] in command]
    assert "broke off" in outcome.result["msg"]
    assert SECRET not in shown(outcome)
    assert cloud["auth"]["password"] not in shown(outcome)
