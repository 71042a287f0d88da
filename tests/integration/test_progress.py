# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever waits for a transfer sees how far it is while it runs, in a terminal and through ansible-runner."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import MIB, PATIENCE, Gate, Web

DATA = os.urandom(8 * MIB)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command on a play with one task, with stderr in a pipe of its own."""
    processes = []

    def start(command: list[str], task: dict[str, Any], **env: str) -> subprocess.Popen[str]:
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            # Otherwise it is below the home in the list of users, which $HOME may not be.
            "vars": {"ansible_python_interpreter": sys.executable, "ansible_async_dir": str(tmp_path / "async")},
            "tasks": [task],
        }
        (tmp_path / "project").mkdir()
        (tmp_path / "project/play.yml").write_text(json.dumps([play]))
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def upload(name: str, url: str, **keywords: Any) -> dict[str, Any]:
    args = {"cloud": "sandbox-operator", "name": name, "source": url, "disk_format": "raw", "import_method": "direct"}
    return {"xloud.image.image_template": args, **keywords}


def test_a_terminal_sees_progress_while_the_upload_runs(start, web: Web, name: str):
    gate = Gate()
    web.give("/image.raw", DATA, gate=gate)
    process = start(["ansible-playbook", "project/play.yml"], upload(name, f"{web.url}/image.raw"))
    line = next(line for line in process.stderr if "upload" in line)
    assert line.startswith(f"[localhost] {name}: upload ")
    assert process.poll() is None
    web.give("/image.raw", DATA)
    gate.open()
    output, _errors = process.communicate(timeout=PATIENCE)
    assert "changed=1" in output
    assert "upload" not in output


@pytest.mark.parametrize(
    ("keywords", "env"),
    [
        ({"check_mode": True}, {}),
        ({"no_log": True}, {}),
        ({"async": PATIENCE, "poll": 1}, {}),
        ({}, {"XLOUD_IMAGE_PROGRESS": "0"}),
    ],
)
def test_nothing_is_shown_where_nobody_may_or_wants_to_see_it(start, web: Web, name: str, keywords, env):
    web.give("/image.raw", DATA)
    task = upload(name, f"{web.url}/image.raw", **keywords)
    output, errors = start(["ansible-playbook", "-v", "project/play.yml"], task, **env).communicate(timeout=PATIENCE)
    assert "changed=1" in output
    assert f"{name}: upload" not in errors


def test_defaults_of_the_group_reach_the_module(start, web: Web, name: str):
    web.give("/image.raw", DATA)
    task = upload(name, f"{web.url}/image.raw", module_defaults={"group/xloud.image.image": {"cloud": "sandbox-admin"}})
    del task["xloud.image.image_template"]["cloud"]
    output, errors = start(["ansible-playbook", "-v", "project/play.yml"], task).communicate(timeout=PATIENCE)
    assert "changed=1" in output
    assert f"[localhost] {name}: upload of 8.0 MiB done" in errors


def test_ansible_runner_sees_progress_while_the_upload_runs(start, web: Web, name: str, tmp_path: Path):
    gate = Gate()
    web.give("/image.raw", DATA, gate=gate)
    command = ["ansible-runner", "run", str(tmp_path), "--playbook", "play.yml"]
    process = start(command, upload(name, f"{web.url}/image.raw"))
    line = next(line for line in process.stdout if "upload" in line)
    assert line.startswith(f"[localhost] {name}: upload ")
    assert process.poll() is None
    web.give("/image.raw", DATA)
    gate.open()
    output, _errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    events = [json.loads(file.read_text()) for file in (tmp_path / "artifacts").glob("*/job_events/*.json")]
    assert any(event["event"] == "verbose" and f"{name}: upload" in event["stdout"] for event in events)
