# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for a catalogue of so many templates of ten versions each, without a cloud, and prints what it took as JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
import time
import tracemalloc
from collections.abc import Mapping
from typing import Any

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import CatalogTemplate, parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan, Facts, Read, WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._model.source import SourceFacts
from ansible_collections.xloud.image.plugins.module_utils._plan.catalog import plan_catalog, readings, with_strays

VERSIONS = 10
REPEATS = 3
TODAY = "2026-01-31"
Cloud = Mapping[str, tuple[Image, ...]]


def document(templates: int, versions: int) -> dict[str, Any]:
    return {
        f"debian-12-app{number:05}": {
            "visibility": "community",
            "properties": {"os_distro": "debian", "os_version": "12"},
            "retention": {"visible": 2},
            "versions": {
                f"1.{version}": {
                    "source": f"https://images.example.com/{number}-{version}.raw",
                    "checksum": f"sha512:{digest(f'{number}-{version}')}",
                }
                for version in range(versions)
            },
        }
        for number in range(templates)
    }


def digest(text: str) -> str:
    return hashlib.sha512(text.encode()).hexdigest()


def reads_of(templates: tuple[CatalogTemplate, ...]) -> dict[str, Read]:
    """What a run would have read of the sources."""
    facts = SourceFacts(size=65536, disk_format="raw", virtual_size=65536)
    return {
        str(version.name): Read(Checksum.parse(version.checksum, "checksum"), facts)
        for template in templates
        for version in template.versions
        if version.checksum
    }


def plan(described: Mapping[str, Any], cloud: Cloud, reads: Mapping[str, Read]) -> CatalogPlan:
    """All that a run does between reading the document and the cloud, and changing it."""
    wanted = with_strays(WantedCatalog(parse_catalog(described, {}, ""), TODAY, purge=True), cloud)
    readings(wanted, cloud)
    planned = plan_catalog(wanted, Facts(cloud, reads))
    errors = [str(version.error) for version in planned.versions if version.error]
    assert not errors, errors[0]
    return planned


def settled(described: Mapping[str, Any], reads: Mapping[str, Read]) -> dict[str, tuple[Image, ...]]:
    """The cloud in which nothing has to change."""
    cloud: dict[str, tuple[Image, ...]] = {}
    while (planned := plan(described, cloud, reads)).changed:
        cloud = {each.name: (stored(each.image, reads[each.name]),) for each in planned.versions if each.image}
    return cloud


def stored(image: Image, read: Read) -> Image:
    """An image as a cloud gives it that did what was planned."""
    if image.id or not read.checksum:
        return image
    return dataclasses.replace(
        image,
        id=image.name,
        status="active",
        size=read.facts.size,
        os_hash_algo=read.checksum.algorithm,
        os_hash_value=read.checksum.digest,
    )


def measured(described: Mapping[str, Any], cloud: Cloud, reads: Mapping[str, Read]) -> dict[str, float]:
    seconds = []
    for _round in range(REPEATS):
        start = time.process_time()
        plan(described, cloud, reads)
        seconds.append(time.process_time() - start)
    tracemalloc.start()
    actions = len(plan(described, cloud, reads).actions)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"seconds": sorted(seconds)[REPEATS // 2], "mebibytes": peak / 1024**2, "actions": actions}


def main(templates: int) -> None:
    new, old = document(templates, VERSIONS), document(templates, VERSIONS - 1)
    reads = reads_of(parse_catalog(new, {}, ""))
    before, after = settled(old, reads), settled(new, reads)
    results = {
        "nothing to change": measured(new, after, reads),
        "a new version of each template": measured(new, before, reads),
        "nothing in the cloud yet": measured(new, {}, reads),
    }
    print(json.dumps(results))


if __name__ == "__main__":
    main(int(sys.argv[1]))
