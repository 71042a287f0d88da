# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One authenticated request to each service: one that it must ask Keystone about.

It tells whether they work, and warms them up: oslo.policy loads its rules at the first request, and not safely among
threads, so that of several first requests at once some would be refused with 401 or 403.
"""

from __future__ import annotations

import json
import urllib.request
from functools import cached_property
from http.client import HTTPMessage
from typing import Any

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
        """Ask the services of images."""
        headers = {"X-Subject-Token": self._token}
        self._request(f"{self._layout.url('identity')}/v3/auth/tokens", headers)
        self._ask(list(self._layout.services))

    def run_workloads(self) -> None:
        """Ask the services of servers and volumes.

        :raises OSError: also where a server would find no host, or a volume no place.
        """
        self._ask(list(self._layout.workloads))
        if "compute" in self._layout.workloads and not self.get("compute", "/os-hypervisors")["hypervisors"]:
            raise OSError("Nova does not know its host yet")
        pools = "/scheduler-stats/get_pools"
        if "block-storage" in self._layout.workloads and not self.get("block-storage", pools)["pools"]:
            raise OSError("Cinder does not know where to put volumes yet")

    def _ask(self, services: list[str]) -> None:
        for service in services:
            path = self._layout.software(service).probe
            if path:
                self._request(self._layout.url(service) + path)

    def get(self, service: str, path: str) -> Any:
        return json.loads(self._request(self._endpoint(service) + path)[1])

    def post(self, service: str, path: str, body: Any) -> Any:
        return json.loads(self._request(self._endpoint(service) + path, body=json.dumps(body).encode())[1])

    def _endpoint(self, service: str) -> str:
        return self._layout.url(service) + self._layout.software(service).path

    @cached_property
    def _token(self) -> str:
        domain = {"id": "default"}
        user = {"name": USER, "password": self._layout.secrets()[USER], "domain": domain}
        project = {"name": self._layout.settings["users"][USER]["project"], "domain": domain}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": project}}}
        url = f"{self._layout.url('identity')}/v3/auth/tokens"
        return str(self._send(url, {}, json.dumps(body).encode())[0]["X-Subject-Token"])

    def _request(
        self, url: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[HTTPMessage, bytes]:
        return self._send(url, {"X-Auth-Token": self._token, **(headers or {})}, body)

    def _send(self, url: str, headers: dict[str, str], body: bytes | None) -> tuple[HTTPMessage, bytes]:
        known = {"User-Agent": "sandbox-probe", "Content-Type": "application/json"}
        request = urllib.request.Request(url, body, {**known, **headers})  # noqa: S310
        with OPENER.open(request, timeout=self._patience) as answer:
            received: HTTPMessage = answer.headers
            return received, answer.read()
