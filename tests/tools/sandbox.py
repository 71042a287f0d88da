# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandboxes of a checkout: one for people, and one that only the tests use, so that neither disturbs the other."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
from typing import Any

from workspace import CHECKOUT, WORK

# Below those of connections, which begin at 32768.
PORTS = range(15000, 32000)


class Sandbox:
    """What a sandbox is asked to be, and where it lives. Its ports are kept in a file until it is removed."""

    def __init__(self, name: str, **variables: Any) -> None:
        self.directory = WORK / name
        self.clouds_file = self.directory / "clouds.yaml"
        self._variables = variables
        self._file = WORK / f"{name}.json"

    def variables(self) -> dict[str, Any]:
        """The variables of the role. The virtual environment outlives the data."""
        return {
            "sandbox_directory": str(self.directory),
            "sandbox_venv": str(WORK / "venvs" / self.directory.name),
            **self._ports(),
            **self._variables,
        }

    def _ports(self) -> dict[str, int]:
        kept: dict[str, int] = json.loads(self._file.read_text()) if self._file.exists() else {}
        ports = {variable: kept.get(variable, port) for variable, port in free_ports().items()}
        if ports != kept:
            self._file.write_text(json.dumps(ports))
        return ports

    def command(self, state: str) -> list[str]:
        """The command that brings the sandbox into a state."""
        extra = json.dumps({**self.variables(), "sandbox_state": state})
        return ["ansible-playbook", "xloud.image.sandbox", "--extra-vars", extra]

    def forget_ports(self) -> None:
        self._file.unlink(missing_ok=True)


def free_ports() -> dict[str, int]:
    """A free port for each port variable of the role, all different.

    None of those that the kernel gives to connections: a service that starts a minute later would find it taken.
    """
    defaults = (CHECKOUT / "roles/sandbox/defaults/main.yml").read_text()
    variables = re.findall(r"^(sandbox_\w*port)\s*:", defaults, re.MULTILINE)
    candidates = random.sample(PORTS, len(PORTS))
    return {variable: next(port for port in iter(candidates.pop, None) if is_free(port)) for variable in variables}


def is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        return True
    return False
