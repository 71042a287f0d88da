# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Become the RabbitMQ of the services. No message outlives it, so it begins anew each time."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from layout import HOST, Layout, write_private
from software import MESSAGING_USER

PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"
CONFIGURATION = """\
listeners.tcp.default = {host}:{port}
default_user = {user}
default_pass = {password}
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
log.console = true
log.file = false
"""
# Everything on this machine alone, and one thread: there are a few messages in a second.
ERLANG = "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1"


def main() -> None:
    layout = Layout(Path(sys.argv[1]))
    folder = layout.root / "data" / "message-queue"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    service = layout.workloads["message-queue"]
    settings = {"host": HOST, "port": service["port"], "user": MESSAGING_USER}
    configuration = CONFIGURATION.format(**settings, password=os.environ.pop("SANDBOX_PASSWORD"))
    write_private(folder / "rabbitmq.conf", configuration)
    (folder / "enabled_plugins").write_text("[].\n")
    (folder / "environment").write_text("")
    environment = {
        # Also where Erlang keeps the secret that its nodes know each other by.
        "HOME": str(folder),
        "RABBITMQ_NODENAME": "sandbox@localhost",
        "RABBITMQ_DIST_PORT": str(service["distribution_port"]),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        # Else those of this machine's own RabbitMQ are read too. Neither has to be there.
        "RABBITMQ_CONFIG_FILES": str(folder / "none" / "*.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "environment"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
        "ERL_EPMD_ADDRESS": HOST,
        "ERL_EPMD_PORT": str(layout.workloads["port-mapper"]["port"]),
        # So the script becomes RabbitMQ instead of waiting for it.
        "RUNNING_UNDER_SYSTEMD": "true",
    }
    os.execve(PROGRAM, [PROGRAM], {**os.environ, **environment})  # noqa: S606 - no shell is wanted
