# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What image_catalog_info returns of three clouds: one as it should be, one that lags, one that is down."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Iterable
from typing import Any

from ansible_collections.xloud.image.plugins.module_utils._model.image import TAG, TEMPLATE, VERSION, Image
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import Inventory, WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.run import WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._plan.findings import find
from ansible_collections.xloud.image.plugins.module_utils._plan.inventory import as_result

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


def result(*images: Image, members: dict[str, tuple[Member, ...]] | None = None) -> dict[str, Any]:
    """What the module returns of these images."""
    wanted = WantedInventory(WantedCatalog((), TODAY))
    known = {name: Project(project, name) for name, project in (("team-a", TEAM_A), ("team-b", TEAM_B))}
    found = Inventory(images, members or {}, known)
    return {"changed": False, "failed": False, **as_result(wanted, found, find(wanted, found))}


def resource(kind: str, name: str, created: str, server: str | None = None) -> dict[str, Any]:
    """A server or a volume, as the module tells of it."""
    identity = str(uuid.UUID(hashlib.md5(f"{kind} {name}".encode()).hexdigest()))
    return {"kind": kind, "id": identity, "name": name, "created_at": f"{created}T10:11:12Z", "server_id": server}


def used(
    result: dict[str, Any],
    resources: dict[str, dict[str, list[dict[str, Any]]]],
    *,
    unknown: dict[str, str] | None = None,
) -> dict[str, Any]:
    """
    A result as it is where usage was asked for.

    :param resources: What each project has of an image, by the names of the images and the ids of the projects.
    :param unknown: Why servers, or volumes, are not known.
    """
    lacking = unknown or {}
    for template in result["templates"].values():
        for row in template["versions"]:
            row["usage"] = _usage(row, resources.get(row["name"], {}), lacking, result["projects"])
    return {**result, "notices": _notices(result)}


def _usage(
    row: dict[str, Any],
    by_project: dict[str, list[dict[str, Any]]],
    unknown: dict[str, str],
    names: dict[str, str],
) -> dict[str, Any]:
    shares = [
        {
            "project_id": project,
            "project": names.get(project),
            **_numbers(found),
            "last_launched_at": max(each["created_at"] for each in found),
            "launched_since_deprecation": sum(
                each["created_at"][:10] > (row["deprecated_since"] or "9") for each in found
            ),
            "resources": found,
        }
        for project, found in sorted(by_project.items())
    ]
    numbers = _numbers(each for found in by_project.values() for each in found)
    return {
        "is_used": True if shares else None if unknown else False,
        **{kind: None if kind in unknown else number for kind, number in numbers.items()},
        "unknown": list(unknown.values()),
        "projects": shares,
    }


def _numbers(resources: Iterable[dict[str, Any]]) -> dict[str, int]:
    kinds = [each["kind"] for each in resources]
    return {f"{kind}s": kinds.count(kind) for kind in ("server", "volume")}


def _notices(result: dict[str, Any]) -> list[dict[str, Any]]:
    notices: dict[str, dict[str, Any]] = {}
    for template in result["templates"].values():
        for row in template["versions"]:
            if row["stage"] in ("deprecated", "hidden", "retired") or row["retire_on"] or row["delete_on"]:
                for share in row["usage"]["projects"]:
                    names = {key: share[key] for key in ("project_id", "project")}
                    notice = notices.setdefault(share["project_id"], {**names, "images": []})
                    notice["images"].append(_noticed(row, share, template["current"]))
    return sorted(notices.values(), key=lambda each: each["project"] or each["project_id"])


def _noticed(row: dict[str, Any], share: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
    kept = ("template", "version", "name", "id", "stage", "deprecated_since", "revoked_since", "retired_since")
    return {
        **{key: row[key] for key in (*kept, "retire_on", "delete_on")},
        **{key: share[key] for key in ("servers", "volumes", "resources")},
        "reason": row["deprecated_reason"],
        "replaced_by": current,
    }


def first() -> dict[str, Any]:
    images = _ubuntu("first", 5) + _rocky("first") + _windows("first")
    shared = next(image for image in images if image.name == "rocky-9-nginx-v1.1")
    older = next(image for image in images if image.name == "rocky-9-nginx-v1.0")
    answers = (Member(TEAM_A, "accepted"), Member(TEAM_B, "pending"))
    told = result(*images, members={shared.id: answers, older.id: (Member(TEAM_A, "accepted"),)})
    web = resource("server", "web-1", "2026-01-20")
    users = {
        "ubuntu-24.04-base-v1.4": {TEAM_A: [resource("server", "web-3", "2026-05-20")]},
        "ubuntu-24.04-base-v1.3": {
            TEAM_A: [web, resource("volume", "data", "2026-05-30", web["id"])],
            TEAM_C: [resource("server", f"worker-{number}", "2026-03-05") for number in range(3)],
        },
        "windows-2022-core-v0.9": {TEAM_B: [resource("server", "ad", "2025-12-01")]},
    }
    return used(told, users)


def second() -> dict[str, Any]:
    other = version("second", "windows-2022-core-v1.0", "2026-01-20", size=9 * GIB, os_hash_value="0" * 128)
    told = result(*_ubuntu("second", 4), *_rocky("second")[:1], other)
    users = {"ubuntu-24.04-base-v1.2": {TEAM_A: [resource("server", "web-1", "2026-01-20")]}}
    return used(told, users, unknown={"volumes": "othercloud: the Block Storage service answered 403."})


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
