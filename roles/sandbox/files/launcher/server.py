# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server of all services, a thread for each request."""

from __future__ import annotations

from typing import Any

from werkzeug import serving


class QuietHandler(serving.WSGIRequestHandler):
    """The access log is written by AccessLog."""

    def log_request(self, *_args: object) -> None:
        pass


def make_server(host: str, port: int, application: Any, descriptor: int | None = None) -> serving.BaseWSGIServer:
    """One that listens, or that takes a socket over which does so already."""
    return serving.make_server(host, port, application, threaded=True, request_handler=QuietHandler, fd=descriptor)
