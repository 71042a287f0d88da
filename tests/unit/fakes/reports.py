# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What image_catalog_info returns of three clouds: one as it should be, one that lags, one that is down."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from typing import Any

from ansible_collections.xloud.image.plugins.module_utils._model.image import TAG, TEMPLATE, VERSION, Image
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import Inventory, WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.run import WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Kind, Resource, Usage
from ansible_collections.xloud.image.plugins.module_utils._plan.findings import find
from ansible_collections.xloud.image.plugins.module_utils._plan.inventory import as_result
from ansible_collections.xloud.image.plugins.module_utils._plan.notices import notices

TODAY = "2026-06-01"
GIB = 1024**3
TEAM_A, TEAM_B, TEAM_C = (hashlib.md5(name.encode()).hexdigest() for name in ("team-a", "team-b", "team-c"))
HEADER = {"title": "Image catalogue", "generated_at": f"{TODAY}T12:00:00Z", "as_of": TODAY, "run": {}}


def version(cloud: str, name: str, created: str, state: str = "published", **changes: Any) -> Image:
    """
    An image that came on a day.

    :param state: A stage, and with a day after it since when: "deprecated 2026-03-01".
    """
    template, _separator, number = name.rpartition("-v")
    stage, *since = state.split()
    lived = {"published_since": created} if stage != "staged" else {}
    if stage in ("deprecated", "hidden", "retired"):
        lived |= {"deprecated": "true", "deprecated_since": since[0]}
    if stage == "retired":
        lived |= {"retired_since": since[-1]}
    digest = hashlib.md5(f"{cloud} {name}".encode()).hexdigest()
    identity = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:]}"
    given = {
        "id": identity,
        "name": name,
        "status": "deactivated" if stage == "retired" else "active",
        "visibility": "private" if stage in ("staged", "retired") else "community",
        "hidden": stage == "hidden",
        "disk_format": "qcow2",
        "size": GIB,
        "os_hash_algo": "sha512",
        "os_hash_value": hashlib.sha512(name.encode()).hexdigest(),
        "created_at": f"{created}T08:00:00Z",
        "tags": frozenset({TAG}),
    }
    properties = {TEMPLATE: template, VERSION: number, **lived, **changes.pop("properties", {})}
    return Image(**{**given, **changes}, properties=properties)


def result(
    *images: Image, members: dict[str, tuple[Member, ...]] | None = None, usage: dict[str, Usage] | None = None
) -> dict[str, Any]:
    """
    What the module returns of these images.

    :param usage: Who uses those that it was asked of, by their names.
    """
    wanted = WantedInventory(WantedCatalog((), TODAY))
    known = {name: Project(project, name) for name, project in (("team-a", TEAM_A), ("team-b", TEAM_B))}
    by_id = {image.id: usage[image.name] for image in images if image.name in usage} if usage else {}
    found = Inventory(images, members or {}, known, usage=by_id)
    told = as_result(wanted, found, find(wanted, found))
    return {"changed": False, "failed": False, **told, "notices": notices(wanted, found)}


def resource(kind: Kind, name: str, project: str, created: str, server: str | None = None) -> Resource:
    """A server or a volume of a project, by its id, that was made on a day."""
    identity = str(uuid.UUID(hashlib.md5(f"{kind} {name}".encode()).hexdigest()))
    called = Project(project, {TEAM_A: "team-a", TEAM_B: "team-b"}.get(project, project))
    return Resource(kind, identity, name, called, f"{created}T10:11:12Z", server)


def server(name: str, project: str, created: str) -> Resource:
    return resource("server", name, project, created)


def used(*resources: Resource, refused: dict[Kind, str] | None = None) -> Usage:
    """
    Who uses an image.

    :param refused: Why a service did not tell of servers, or of volumes.
    """
    lacking = refused or {}
    found = (
        None if kind in lacking else tuple(each for each in resources if each.kind == kind)
        for kind in ("server", "volume")
    )
    return Usage(*found, refused=tuple(lacking.values()))


def first() -> dict[str, Any]:
    images = _ubuntu("first", 5) + _rocky("first") + _windows("first")
    shared = next(image for image in images if image.name == "rocky-9-nginx-v1.1")
    older = next(image for image in images if image.name == "rocky-9-nginx-v1.0")
    answers = (Member(TEAM_A, "accepted"), Member(TEAM_B, "pending"))
    web = server("web-1", TEAM_A, "2026-01-20")
    workers = [server(f"worker-{number}", TEAM_C, "2026-03-05") for number in range(3)]
    usage = {
        "ubuntu-24.04-base-v1.4": used(server("web-3", TEAM_A, "2026-05-20")),
        "ubuntu-24.04-base-v1.3": used(web, resource("volume", "data", TEAM_A, "2026-05-30", web.id), *workers),
        "windows-2022-core-v0.9": used(server("ad", TEAM_B, "2025-12-01")),
    }
    members = {shared.id: answers, older.id: (Member(TEAM_A, "accepted"),)}
    return result(*images, members=members, usage={**{image.name: used() for image in images}, **usage})


def second() -> dict[str, Any]:
    other = version("second", "windows-2022-core-v1.0", "2026-01-20", size=9 * GIB, os_hash_value="0" * 128)
    images = (*_ubuntu("second", 4), *_rocky("second")[:1], other)
    refused: dict[Kind, str] = {"volume": "othercloud: the Block Storage service answered 403."}
    usage = {image.name: used(refused=refused) for image in images}
    usage["ubuntu-24.04-base-v1.2"] = used(server("web-1", TEAM_A, "2026-01-20"), refused=refused)
    return result(*images, usage=usage)


def down() -> dict[str, Any]:
    return {"changed": False, "failed": True, "msg": "mycloud-c: the Identity service cannot be reached"}


def _ubuntu(cloud: str, count: int) -> list[Image]:
    days = ["2025-09-12", "2025-11-03", "2026-01-14", "2026-03-02", "2026-05-11"][:count]
    states = [f"deprecated {day}" for day in days[1:]] + ["published"]
    if count > 4:
        states[:3] = [f"retired {days[1]} {days[3]}", f"hidden {days[2]}", f"hidden {days[3]}"]
    names = [f"ubuntu-24.04-base-v1.{number}" for number in range(count)]
    made = [
        version(cloud, name, day, state, size=int((0.55 + 0.03 * number) * GIB), properties={"replaced_by": names[-1]})
        if state != "published"
        else version(cloud, name, day, size=int((0.55 + 0.03 * number) * GIB), protected=True)
        for number, (name, day, state) in enumerate(zip(names, days, states, strict=True))
    ]
    return [*made, version(cloud, f"ubuntu-24.04-base-v1.{count}", "2026-05-28", "staged", size=int(0.7 * GIB))]


def _rocky(cloud: str) -> list[Image]:
    shared = {"visibility": "shared", "size": int(1.2 * GIB)}
    old = version(cloud, "rocky-9-nginx-v1.0", "2025-12-01", "deprecated 2026-04-20", **shared)
    return [version(cloud, "rocky-9-nginx-v1.1", "2026-04-20", **shared), old]


def _windows(cloud: str) -> list[Image]:
    day = (datetime.date.fromisoformat(TODAY) - datetime.timedelta(20)).isoformat()
    revoked = {"revoked_since": day, "deprecated_reason": "CVE-2026-1234", "retire_on": "2026-05-25"}
    return [
        version(cloud, "windows-2022-core-v1.0", "2026-01-20", size=9 * GIB, visibility="public"),
        version(
            cloud, "windows-2022-core-v0.9", "2025-10-10", "deprecated 2026-01-20", size=8 * GIB, properties=revoked
        ),
    ]


def clouds() -> list[dict[str, Any]]:
    """All three, as the filter takes them."""
    results = {"mycloud": first(), "othercloud": second(), "mycloud-c": down()}
    return [{"host": f"host-{name}", "name": name, "result": each} for name, each in results.items()]
