# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox with a proxy before each of its services, and a web server behind one of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import yaml
from conftest import CLOUDS_FILE, Cloud, Page, PageHandler, serving
from fault_proxy import Fault, FaultProxy, fault_proxy
from soak import world
from soak.services import Services

REGIONS = ("RegionOne", "RegionTwo")
OWNER = "catalog"
# In so many seconds without a sign of life, a run that a fault happens to gives a connection up.
STALL = 2


class Region(Cloud):
    """All images of one region, past the modules, with the eyes of an administrator."""

    def __init__(self, region: str) -> None:
        self.connection = openstack.connect(cloud="sandbox-admin", region_name=region)
        self.image = self.connection.image

    def members_of(self, image: dict[str, Any]) -> set[str]:
        """Return the projects that an image is shared with: none if it has just become another's or nobody's."""
        answer = self.image.get(f"/images/{image['id']}/members")
        return {member["member_id"] for member in answer.json()["members"]} if answer.ok else set()

    def purge(self, prefix: str) -> None:
        headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
        patch = [{"op": "replace", "path": "/protected", "value": False}]
        for image in self.find(prefix):
            if image["protected"]:
                self.image.patch(f"/images/{image['id']}", json=patch, headers=headers)
            self.image.delete(f"/images/{image['id']}")


@dataclasses.dataclass
class Bed:
    """
    Where a campaign is played.

    :param proxies: Those before C(identity), C(image), C(second) (the Image service of the second region) and C(web).
    :param small: A folder on a disk that is soon full, None where none may be mounted.
    """

    folder: Path
    proxies: dict[str, FaultProxy]
    web: world.Web
    services: Services
    regions: tuple[Region, Region]
    clouds: dict[str, Any]
    teams: tuple[str, ...]
    small: Path | None

    def clean(self, cloud: str, region: int = 0) -> dict[str, Any]:
        """The options for a cloud that nothing is wrong with."""
        return {"cloud": self._cloud(cloud, region), "api_timeout": 60}

    def faulty(self, cloud: str, region: int = 0) -> dict[str, Any]:
        """The options for a cloud behind the proxies."""
        found = self._cloud(cloud, region)
        auth_url = f"{self.proxies['identity'].url}/v3"
        auth = {**found["auth"], "auth_url": auth_url}
        endpoint = self.proxies[("image", "second")[region]].url
        return {"cloud": {**found, "auth": auth, "image_endpoint_override": endpoint}, "api_timeout": STALL}

    def _cloud(self, cloud: str, region: int) -> dict[str, Any]:
        found = {key: value for key, value in self.clouds[cloud].items() if key not in ("regions", "region_name")}
        return {**found, "region_name": REGIONS[region]}

    def inject(self, service: str | None = None, *faults: Fault) -> None:
        """Have faults happen at one service, and no others anywhere."""
        for name, proxy in self.proxies.items():
            proxy.inject(*(faults if name == service else ()))

    @property
    def secrets(self) -> set[str]:
        """What no run may print: passwords, and the tokens that went through the proxies."""
        keys = ("password", "application_credential_secret")
        passwords = {cloud["auth"][key] for cloud in self.clouds.values() for key in keys if key in cloud["auth"]}
        return passwords | {token for proxy in self.proxies.values() for token in proxy.tokens}


def services() -> Services:
    """Return those of the sandbox that OS_CLIENT_CONFIG_FILE is of."""
    return Services(CLOUDS_FILE.parent)


@contextlib.contextmanager
def bed(folder: Path, shared: Services) -> Iterator[Bed]:
    """Put everything before the services of a sandbox."""
    clouds = yaml.safe_load(CLOUDS_FILE.read_text())["clouds"]
    regions = (Region(REGIONS[0]), Region(REGIONS[1]))
    pages: dict[str, Page] = {}
    identity = urllib.parse.urlsplit(clouds["sandbox-admin"]["auth"]["auth_url"]).netloc
    with contextlib.ExitStack() as stack:
        web_url = stack.enter_context(serving(PageHandler, pages=pages))
        upstreams = {
            "identity": identity,
            "image": urllib.parse.urlsplit(regions[0].image.get_endpoint()).netloc,
            "second": urllib.parse.urlsplit(regions[1].image.get_endpoint()).netloc,
            "web": urllib.parse.urlsplit(web_url).netloc,
        }
        proxies = {name: stack.enter_context(fault_proxy(upstream)) for name, upstream in upstreams.items()}

        def give(path: str, data: bytes) -> None:
            pages[path] = Page(data)

        yield Bed(
            folder,
            proxies,
            world.Web(give, proxies["web"].url),
            shared,
            regions,
            clouds,
            tuple(Cloud(name).project_id for name in ("sandbox-team-a", "sandbox-team-b")),
            stack.enter_context(small_disk(folder / "small")),
        )


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a disk of one megabyte, where that is allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = shutil.which("mount")
    if mount is None or os.geteuid():
        yield None
        return
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False, capture_output=True)
    if done.returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
