# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A catalogue goes from one region to the other and back, by files and by itself, and stays what it is."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from conftest import Cloud, Outcome

FORMATS = ("qcow2", "raw", "vmdk", "iso")
SAME = ["name", "status", "visibility", "os_hidden", "protected", "disk_format", "container_format", "min_disk"]
SAME += ["min_ram", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value", "tags"]
OWN = ["id", "file", "self", "schema", "owner", "stores", "created_at", "updated_at", "direct_url", "locations"]
TEMPLATE = "itest-1-regions"


class Region(Cloud):
    """The images of one region."""

    def __init__(self, name: str, region: str) -> None:
        self.connection = openstack.connect(cloud=name, region_name=region)
        self.image = self.connection.image
        self.cloud = name
        self.region = {"region_name": region}

    def catalogue(self) -> dict[str, Any]:
        """All that two regions should have in common, by the names of the images."""
        images = self.find(TEMPLATE)
        assert len({image["name"] for image in images}) == len(images)
        return {image["name"]: {**self._described(image), "members": self._members(image)} for image in images}

    @staticmethod
    def _described(image: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in image.items() if key not in OWN and not key.startswith("os_glance")}
        assert set(SAME) <= set(kept)
        return {**kept, "tags": sorted(image["tags"])}

    def _members(self, image: dict[str, Any]) -> list[tuple[str, str]]:
        if image["visibility"] != "shared":
            return []
        members = self.image.get(f"/images/{image['id']}/members").json()["members"]
        return sorted((member["member_id"], member["status"]) for member in members)


@pytest.fixture
def regions() -> Iterator[tuple[Region, Region]]:
    found = Region("sandbox-admin", "RegionOne"), Region("sandbox-admin", "RegionTwo")
    yield found
    for region in found:
        for image in region.find(TEMPLATE):
            region.image.patch(
                f"/images/{image['id']}",
                json=[{"op": "replace", "path": "/protected", "value": False}],
                headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
            )
        region.purge(TEMPLATE)


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """Real files of each format."""
    folder = tmp_path / "files"
    folder.mkdir()
    program = Path(__file__).parent / "targets/setup_images/files/make_files.py"
    subprocess.run([sys.executable, program, folder], check=True, stdout=subprocess.DEVNULL)
    return {name: folder / f"disk.{name}" for name in FORMATS}


@pytest.fixture
def catalogue(
    regions: tuple[Region, Region], sources: dict[str, Path], run_here: Callable[..., Outcome], operator: Cloud
) -> dict[str, Any]:
    """A catalogue in the first region, with each format and each stage, shared and not."""
    team = Cloud("sandbox-team-a").project_id
    shared = {"visibility": "shared", "members": [team], "retention": {"visible": 1}}
    document = {
        f"{TEMPLATE}-{name}": {
            **(shared if name == "qcow2" else {"visibility": "community"}),
            "properties": {"os_distro": "itest", "hw_disk_bus": "virtio", "odd": 'a "b" ü'},
            "tags": ["one", name],
            "min_ram": 64,
            "protected": name == "iso",
            "versions": {
                "1.0": {"source": str(sources[name])},
                "1.1": {"source": str(sources[name]), "stage": "staged" if name == "raw" else "published"},
            },
        }
        for name in FORMATS
    }
    first = regions[0]
    made = run_here("image_catalog", first.cloud, **first.region, catalog=document).result
    assert not made["failed"], made["msg"]
    gone = {"image": f"{TEMPLATE}-vmdk-v1.0", "visibility": "private", "active": False, "allow_lockout": True}
    retired = run_here("image_visibility", first.cloud, **first.region, **gone).result
    assert not retired["failed"], retired["msg"]
    return first.catalogue()


def settle(run: Callable[..., Outcome], region: Region, **options: Any) -> None:
    """Make a region as check mode foretells it, after which nothing is done or moved."""
    replica = functools.partial(run, "image_replica", region.cloud, **region.region, **options)
    foretold, done = replica(check=True).result, replica().result
    assert not done["failed"], done["msg"]
    assert foretold["diff"] == done["diff"]
    again = replica().result
    assert (again["changed"], again["transfer"]["bytes"]) == (False, 0)


def test_a_catalogue_goes_to_another_region_by_files(
    regions: tuple[Region, Region], catalogue: dict[str, Any], run_here: Callable[..., Outcome], tmp_path: Path
) -> None:
    first, second = regions
    folder = tmp_path / "bundle"
    folder.mkdir()
    exported = run_here("image_export", first.cloud, **first.region, images=[f"{TEMPLATE}-*"], path=str(folder)).result
    assert not exported["failed"], exported["msg"]
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    settle(run_here, second, source_directory=str(folder))
    assert second.catalogue() == catalogue
    again = run_here("image_export", first.cloud, **first.region, images=[f"{TEMPLATE}-*"], path=str(folder)).result
    assert (again["changed"], again["transfer"]["bytes"]) == (False, 0)


@pytest.mark.parametrize("method", ["auto", "direct"])
def test_a_catalogue_goes_to_another_region_by_itself(
    regions: tuple[Region, Region], catalogue: dict[str, Any], run_here: Callable[..., Outcome], method: str
) -> None:
    first, second = regions
    source = {"source_cloud": first.cloud, "source_region_name": first.region["region_name"]}
    settle(run_here, second, **source, images=[f"{TEMPLATE}-*"], import_method=method)
    assert second.catalogue() == catalogue
