# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a command in place of a Python, and appends what its process took to a file, a line of JSON for each."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

# A child's bytes count as those of the process that waited for it, and what goes through a socket is not counted.
BYTES = re.compile(r"^(rchar|wchar): (\d+)$", re.MULTILINE)


def main(file: str, *command: str) -> int:
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    printed = process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    counts = dict(BYTES.findall(Path(f"/proc/{process.pid}/io").read_text()))
    _pid, status, usage = os.wait4(process.pid, 0)
    record = {
        "wall": time.monotonic() - start,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss * 1024,
        "read": int(counts["rchar"]),
        "written": int(counts["wchar"]),
        "phases": phases(printed),
    }
    with Path(file).open("a") as records:
        records.write(json.dumps(record) + "\n")
    sys.stdout.buffer.write(printed)
    return os.waitstatus_to_exitcode(status)


def phases(printed: bytes) -> dict[str, float]:
    """The seconds of each phase of a transfer, where the result of a module says them."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return {name: sums["seconds"] for name, sums in json.loads(printed)["transfer"]["phases"].items()}
    return {}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
