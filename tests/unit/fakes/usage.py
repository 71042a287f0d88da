# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers and volumes that use an image."""

from __future__ import annotations

from ansible_collections.xloud.image.plugins.module_utils._model.member import Project
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Kind, Resource, Usage
from ansible_collections.xloud.image.tests.unit.fakes.catalog import ago

NAMES = {"p-a": "team-a", "p-b": "team-b"}
UNUSED = Usage((), ())
REFUSED = Usage(refused=("cloud test: the Compute service answered 403.",))
ABSENT = Usage(absent=("cloud test has no endpoint for the Compute service.",))


def server(name: str, project_id: str = "p-a", *, days: int = 9) -> Resource:
    """A server that was launched so many days ago."""
    return _resource("server", name, project_id, days, None)


def volume(name: str, project_id: str = "p-a", *, days: int = 9, server_id: str | None = None) -> Resource:
    """A volume that was made so many days ago."""
    return _resource("volume", name, project_id, days, server_id)


def _resource(kind: Kind, name: str, project_id: str, days: int, server_id: str | None) -> Resource:
    project = Project(project_id, NAMES.get(project_id, project_id))
    return Resource(kind, f"id-{name}", name, project, f"{ago(days)}T10:00:00Z", server_id)


def used(*resources: Resource) -> Usage:
    """What the services tell where these use an image."""
    servers, volumes = (tuple(each for each in resources if each.kind == kind) for kind in ("server", "volume"))
    return Usage(servers, volumes)
