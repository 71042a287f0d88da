# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Become the MariaDB of the services that SQLite does not carry.

It listens on a socket in a folder that is its owner's alone, and nowhere else, so it needs no passwords: and without a
table of them an empty folder is all that it starts from.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from layout import Layout

# That it makes at its first start, by databases.sql.
LAST_DATABASE = "placement"
OPTIONS = (
    "--skip-networking",
    "--skip-grant-tables",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--performance-schema=off",
    "--max-connections=400",
)


def main() -> None:
    layout, folder = Layout(Path(sys.argv[1])), Path(sys.argv[2])
    data = layout.root / "data" / "database"
    if not (data / LAST_DATABASE).exists():
        # MariaDB does not start from what it had only begun to make.
        shutil.rmtree(data)
        data.mkdir(mode=0o700)
    # Where administrators' commands are may be out of a user's path.
    program = shutil.which("mariadbd", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"])) or "mariadbd"
    places = {
        "datadir": data,
        "socket": layout.database_socket,
        "pid-file": data / "database.pid",
        "tmpdir": data,
        "init-file": folder / "databases.sql",
    }
    # It runs as root only where it is told so.
    user = [] if os.geteuid() else ["--user=root"]
    options = [*user, *(f"--{name}={place}" for name, place in places.items()), *OPTIONS]
    os.execv(program, [program, "--no-defaults", *options])  # noqa: S606 - nothing of it is a shell\'s to read
