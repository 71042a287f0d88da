# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of services, each taken before its service is there."""

from __future__ import annotations

import socket

from layout import HOST


def bind(port: int) -> socket.socket:
    """A socket that has a port, and does not listen yet.

    :raises OSError: Somebody else has it.
    """
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError as error:
        raise OSError(f"port {port} of {HOST} cannot be used: {error.strerror}") from None
    return bound
