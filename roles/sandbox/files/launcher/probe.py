# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One authenticated request to each service: one that it must ask Keystone about.

It tells whether they work, and warms them up: oslo.policy loads its rules at the first request, and not safely among
threads, so that of several first requests at once some would be refused with 401 or 403.
"""

from __future__ import annotations

import json
import urllib.request
from http.client import HTTPMessage

from layout import Layout

USER = "admin"
# Without the proxies of the environment: these services are on this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Probe:
    """:raises OSError: from every request that is not answered in time, or with an error."""

    def __init__(self, layout: Layout, patience: float) -> None:
        self._layout = layout
        self._patience = patience

    def run(self) -> None:
        identity = self._layout.url("identity")
        token = self._issue_token(f"{identity}/v3/auth/tokens")
        self._request(f"{identity}/v3/auth/tokens", {"X-Auth-Token": token, "X-Subject-Token": token})
        for service in self._layout.services:
            path = self._layout.software(service).probe
            if path:
                self._request(self._layout.url(service) + path, {"X-Auth-Token": token})

    def _issue_token(self, url: str) -> str:
        domain = {"id": "default"}
        user = {"name": USER, "password": self._layout.secrets()[USER], "domain": domain}
        project = {"name": self._layout.settings["users"][USER]["project"], "domain": domain}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": project}}}
        headers = {"Content-Type": "application/json"}
        return str(self._request(url, headers, json.dumps(body).encode())["X-Subject-Token"])

    def _request(self, url: str, headers: dict[str, str], body: bytes | None = None) -> HTTPMessage:
        request = urllib.request.Request(url, body, {"User-Agent": "sandbox-probe", **headers})  # noqa: S310
        with OPENER.open(request, timeout=self._patience) as answer:
            answer.read()
            received: HTTPMessage = answer.headers
            return received
