# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox itself, for stories in which the cloud changes. What runs beside them would be disturbed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from conftest import CLOUDS_FILE

from consumers.people import command

# The variables that the sandbox was started with, as JSON.
VARIABLES = "SANDBOX_VARIABLES"
ROOT = CLOUDS_FILE.parent
# More than the role's own patience with Nova and Cinder: its reason says more than a timeout here.
PATIENCE = 600


def configure(folder: Path, **changes: Any) -> None:
    """Have the sandbox run, with some of its variables changed."""
    variables = {**json.loads(os.environ[VARIABLES]), **changes}
    words = ("ansible-playbook", "xloud.image.sandbox", "--extra-vars", json.dumps(variables))
    told = command(folder, *words, patience=PATIENCE)
    assert told.code == 0, told.output


def kill(service: str) -> None:
    """Kill a service, as a machine does that runs out of memory."""
    state = json.loads((ROOT / "run/workloads-state.json").read_text())
    os.kill(state["pids"][service], signal.SIGKILL)
