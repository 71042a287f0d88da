# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a service that was started can be used."""

from __future__ import annotations

import contextlib
import socket

import amqp
from layout import HOST, Layout
from software import MESSAGING_USER

PATIENCE = 5


def is_ready(layout: Layout, service: str) -> bool:
    settings = layout.everything[service]
    if settings["kind"] == "database":
        return accepts(str(layout.database_socket))
    if "port" in settings:
        return accepts((HOST, int(settings["port"])))
    return is_consumed(layout, layout.software(service).queue)


def accepts(address: str | tuple[str, int]) -> bool:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family) as client:
        client.settimeout(PATIENCE)
        client.connect(address)
        return True
    return False


def is_consumed(layout: Layout, queue: str) -> bool:
    """Whether somebody takes the messages of a queue."""
    password = layout.secrets()["message-queue"]
    host = f"{HOST}:{layout.port('message-queue')}"
    try:
        with amqp.Connection(host, MESSAGING_USER, password, connect_timeout=PATIENCE) as connection:
            return bool(connection.channel().queue_declare(queue, passive=True).consumer_count)
    except (OSError, amqp.exceptions.AMQPError):
        return False
