# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Definitions for AWX as Ansible reads them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[3]
FOLDER = CHECKOUT / "playbooks/vars/awx"


def read_definitions(folder: Path, scratch: Path, **settings: Any) -> dict[str, list[dict[str, Any]]]:
    """
    Return the objects that the files of a folder define, by the names of their variables.

    :param settings: Variables that the definitions use.
    """
    written = scratch / "definitions.json"
    copied = "{{ lookup('ansible.builtin.vars', item) }}"
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": [
            {"ansible.builtin.include_vars": {"dir": str(folder)}},
            {
                "ansible.builtin.set_fact": {"objects": "{{ objects | default({}) | combine({item: found}) }}"},
                "vars": {"found": copied},
                "loop": "{{ query('ansible.builtin.varnames', '^controller_') }}",
            },
            {"ansible.builtin.copy": {"content": "{{ objects | to_json }}", "dest": str(written), "mode": "0600"}},
        ],
    }
    playbook = scratch / "definitions.yml"
    playbook.write_text(json.dumps([play]))
    command = ["ansible-playbook", "--extra-vars", json.dumps(settings), playbook]
    env = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false"}
    run = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(written.read_text())
