# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes servers and volumes of images, as far as it is asked who uses one."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.xloud.image.tests.unit.fakes.glance import Answer, Caller, RefusalError

FORBIDDEN = "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed."


@dataclass
class FakeLaunchingService:
    """
    A Compute or a Block Storage service.

    :param most: How many of what it has are in one answer.
    """

    found: list[dict[str, Any]] = field(default_factory=list)
    most: int = 1000

    kind = ""
    project_key = ""

    def handle(
        self, caller: Caller, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], _body: Any
    ) -> Answer:
        """Answer a request, or refuse it."""
        if (method, path) != ("GET", f"/{self.kind}/detail"):
            raise RefusalError(404, "The resource could not be found.")
        is_everywhere = self.sees_all(caller, query)
        matching = [
            each
            for each in self.found
            if self.matches(each, query, headers) and (is_everywhere or each[self.project_key] == caller.project_id)
        ]
        ids = [each["id"] for each in matching]
        start = ids.index(query["marker"]) + 1 if "marker" in query else 0
        end = start + min(int(query["limit"]), self.most)
        links = [{"rel": "next", "href": "http://internal.test/"}] if end < len(matching) else []
        # The real ones leave the links out where there is no next page.
        more = {f"{self.kind}_links": links} if links else {}
        return Answer(200, {self.kind: copy.deepcopy(matching[start:end]), **more})

    def sees_all(self, caller: Caller, query: Mapping[str, str]) -> bool:
        """Say whether the caller is told of all projects."""
        raise NotImplementedError

    def matches(self, each: Mapping[str, Any], query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        """Say whether a server or volume is asked for."""
        raise NotImplementedError


class FakeCompute(FakeLaunchingService):
    """A Compute service. It refuses to tell others than administrators of all projects."""

    kind, project_key = "servers", "tenant_id"

    def add(self, image_id: str, project_id: str, name: str, created: str = "2026-01-05T10:00:00Z") -> None:
        """Run a server from an image."""
        image = {"id": image_id, "links": []} if image_id else ""
        body = {"id": f"s-{name}", "name": name, "tenant_id": project_id, "created": created, "image": image}
        self.found.append(body)

    def sees_all(self, caller: Caller, query: Mapping[str, str]) -> bool:
        if query.get("all_tenants") == "1" and not caller.is_admin:
            raise RefusalError(403, FORBIDDEN)
        return query.get("all_tenants") == "1"

    def matches(self, each: Mapping[str, Any], query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        return "image" not in query or (each["image"] or {}).get("id") == query["image"]


class FakeBlockStorage(FakeLaunchingService):
    """A Block Storage service. It silently tells others than administrators of their own project alone."""

    kind, project_key = "volumes", "os-vol-tenant-attr:tenant_id"

    def add(
        self,
        image_id: str,
        project_id: str,
        name: str | None,
        created: str = "2026-01-06T11:00:00.000000",
        server_id: str | None = None,
    ) -> None:
        """Make a volume of an image."""
        self.found.append(
            {
                "id": f"v-{name}",
                "name": name,
                "os-vol-tenant-attr:tenant_id": project_id,
                "created_at": created,
                "attachments": [{"server_id": server_id, "device": "/dev/vda"}] if server_id else [],
                "volume_image_metadata": {"image_id": image_id},
            }
        )

    def sees_all(self, caller: Caller, query: Mapping[str, str]) -> bool:
        return caller.is_admin and query.get("all_tenants") == "1"

    def matches(self, each: Mapping[str, Any], query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        # Older than this, the filter is not known, and left aside.
        version = headers.get("OpenStack-API-Version", "volume 3.0").removeprefix("volume ")
        if "glance_metadata" not in query or tuple(map(int, version.split("."))) < (3, 4):
            return True
        wanted = ast.literal_eval(query["glance_metadata"])
        return wanted.items() <= each["volume_image_metadata"].items()
