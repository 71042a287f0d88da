# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandboxes of a checkout: one for people, and one that only the tests use, so that neither disturbs the other."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from typing import Any

from workspace import CHECKOUT, WORK


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
    """A free port for each port variable of the role, all different."""
    defaults = (CHECKOUT / "roles/sandbox/defaults/main.yml").read_text()
    ports = {}
    with contextlib.ExitStack() as held:
        for variable in re.findall(r"^(sandbox_\w*port)\s*:", defaults, re.MULTILINE):
            listener = held.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            ports[variable] = listener.getsockname()[1]
    return ports
