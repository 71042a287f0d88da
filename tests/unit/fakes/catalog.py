# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Catalogues, images in each stage of their life, and runs over a cloud in memory."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.catalog import read_catalog, read_sharing
from ansible_collections.xloud.image.plugins.module_utils._cloud.run import run_steps
from ansible_collections.xloud.image.plugins.module_utils._cloud.usage import UsageReader
from ansible_collections.xloud.image.plugins.module_utils._data.catalog import read_sources
from ansible_collections.xloud.image.plugins.module_utils._model.catalog import (
    CatalogTemplate,
    default_retention,
    parse_catalog,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DEPRECATED,
    DEPRECATED_SINCE,
    PUBLISHED_SINCE,
    RETIRED_SINCE,
    REVOKED_SINCE,
    STAGED_SINCE,
    TAG,
    TEMPLATE,
    VERSION,
    Image,
)
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan, Facts, Outcome, WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._plan.catalog import (
    absentees,
    plan_with_answers,
    readings,
    with_strays,
)
from ansible_collections.xloud.image.tests.unit.fakes.cloud import FakeCloud
from ansible_collections.xloud.image.tests.unit.fakes.samples import image

UBUNTU = "ubuntu-24.04-base"
TODAY = "2026-06-01"


def name(version: str, template: str = UBUNTU) -> str:
    return f"{template}-v{version}"


def ago(days: int, today: str = TODAY) -> str:
    return (datetime.date.fromisoformat(today) - datetime.timedelta(days)).isoformat()


def described(versions: str | Mapping[str, Any], **keys: Any) -> dict[str, Any]:
    """A template as a document has it; its versions alone may be given as "1.0 1.1"."""
    given = {number: {} for number in versions.split()} if isinstance(versions, str) else versions
    return {"visibility": "community", **keys, "versions": given}


def template(versions: str | Mapping[str, Any], **keys: Any) -> CatalogTemplate:
    """That template, parsed."""
    return parse_catalog({UBUNTU: described(versions, **keys)}, {}, "/images")[0]


def marks(version: str, template: str = UBUNTU) -> dict[str, Any]:
    """What the Image service has of an image of ours beside its attributes."""
    return {"tags": [TAG], TEMPLATE: template, VERSION: version}


def lived(stage: str, days: int = 100, replaced: int | None = None) -> dict[str, Any]:
    """
    What the Image service has of an image that has been in a stage for so many days.

    :param replaced: For how many days a retired or revoked one has been superseded, where not since then.
    """
    superseded = {DEPRECATED: "true", DEPRECATED_SINCE: ago(days if replaced is None else replaced)}
    gone = {"os_hidden": True, "status": "deactivated", RETIRED_SINCE: ago(days), **superseded}
    offered = {"visibility": "community", PUBLISHED_SINCE: ago(days + 200)}
    return {
        "staged": {STAGED_SINCE: ago(days)},
        "published": {**offered, PUBLISHED_SINCE: ago(days)},
        "deprecated": {**offered, **superseded},
        "hidden": {**offered, **superseded, "os_hidden": True},
        "retired": {PUBLISHED_SINCE: ago(days + 200), **gone},
        "revoked": {PUBLISHED_SINCE: ago(days + 200), **gone, REVOKED_SINCE: ago(days)},
    }[stage]


def there(version: str, state: str = "published", /, *, template: str = UBUNTU, **changes: Any) -> Image:
    """
    The image of a version in a stage, such as "published", "deprecated 10" (days) or "retired 1 40" (replaced for 40).

    C(changes) are those of an image; properties among them are added, or with None taken away.
    """
    stage, *days = state.split()
    body = {**lived(stage, *map(int, days)), "owner": "p-own"}
    attributes = {
        "id": f"id-{version}",
        "name": name(version, template),
        "hidden": body.pop("os_hidden", False),
        "tags": frozenset({TAG}),
        **{key: body.pop(key) for key in ("visibility", "status", "owner") if key in body},
        **changes,
    }
    properties = {TEMPLATE: template, VERSION: version, **body, **changes.get("properties", {})}
    return image(**{**attributes, "properties": properties})


@dataclass
class Curator:
    """
    Runs catalogues over a cloud in memory, as the module does.

    :param directory: The folder of the sources.
    """

    cloud: FakeCloud
    directory: str
    workers: int = 2

    def wanted(
        self, document: Mapping[str, Any], today: str = TODAY, defaults: Mapping[str, Any] | None = None, **options: Any
    ) -> WantedCatalog:
        templates = parse_catalog(document, defaults or {}, self.directory)
        return WantedCatalog(templates, today, retention=default_retention(defaults or {}), **options)

    def plan(self, asked: WantedCatalog) -> CatalogPlan:
        session = self.cloud.session(roles=("admin",))
        asked, images = read_catalog(session, asked, None, absentees)
        wanted = with_strays(asked, images)
        reads = read_sources(readings(wanted, images), self.workers)
        facts = Facts(images, reads, *read_sharing(session, wanted, images, self.workers))
        return plan_with_answers(wanted, facts, lambda _plan: {}, UsageReader(session, {}).read)

    def apply(self, plan: CatalogPlan) -> dict[str, Outcome]:
        return run_steps(Applier(self.cloud.session(roles=("admin",))), plan.steps, self.workers)

    def run(self, document: Mapping[str, Any], today: str = TODAY, **options: Any) -> CatalogPlan:
        plan = self.plan(self.wanted(document, today, **options))
        self.apply(plan)
        return plan
