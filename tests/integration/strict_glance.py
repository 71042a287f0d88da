# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second Image service on the data of the sandbox's own, which allows less than that one."""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tls import free_ports

PATIENCE = 120
# It reads its configuration where OS_GLANCE_CONFIG_DIR points, and the queue of SQLite is that of the sandbox.
SERVE = """
import sys
from werkzeug.serving import make_server
from sqlite_mode import queue_transactions
port = int(sys.argv.pop())
queue_transactions()
from glance.wsgi.api import application
make_server("127.0.0.1", port, application, threaded=True).serve_forever()
"""


@contextlib.contextmanager
def strict_glance(
    sandbox: Path, folder: Path, policies: dict[str, str], protections: dict[str, dict[str, Any]]
) -> Iterator[str]:
    """
    Run it, and give its URL.

    :param sandbox: The folder of the sandbox.
    :param policies: The rules of policies that are others than by default.
    :param protections: The roles that may create, read, update and delete properties, by expressions for their names.
    """
    folder.mkdir()
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    settings = configparser.RawConfigParser(strict=False)
    settings.read(min(sandbox.glob("etc/**/glance-api.conf"), key=lambda path: len(path.parts)))
    changes = {
        "log_file": str(folder / "image.log"),
        "public_endpoint": url,
        "worker_self_reference_url": url,
        "property_protection_file": str(folder / "protections.conf"),
        "property_protection_rule_format": "roles",
    }
    for option, value in changes.items():
        settings.set("DEFAULT", option, value)
    with (folder / "glance-api.conf").open("w") as file:
        settings.write(file)
    (folder / "policy.yaml").write_text(json.dumps(policies))
    rules = [
        [f"[{key}]", *(f"{name} = {','.join(roles)}" for name, roles in rule.items())]
        for key, rule in protections.items()
    ]
    (folder / "protections.conf").write_text("\n".join(line for rule in rules for line in [*rule, ""]))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OS_", "COVERAGE_"))},
        "OS_GLANCE_CONFIG_DIR": str(folder),
        "OS_KEYSTONE_AUTHTOKEN__PASSWORD": json.loads((sandbox / "secrets.json").read_text())["glance"],
        "PYTHONPATH": str(sandbox / "lib"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    python = Path(settings["paste_deploy"]["config_file"]).parents[2] / "bin/python"
    with (folder / "output.log").open("w") as output:
        process = subprocess.Popen(
            [python, "-c", SERVE, str(port)], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        wait_for(url, process, folder / "output.log")
        yield url
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/v2/images", timeout=PATIENCE):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            assert time.monotonic() < deadline
