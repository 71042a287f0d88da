# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The world that the examples of the documentation speak of.

There are the clouds mycloud, with its second region othercloud, mycloud-admin, cloud-of-team-a and cloud-of-team-b in a
clouds.yaml, image files under the names that the examples give them, in the folder and on the web, and the absolute
folders that they name, within a folder. The catalogue's project is a new one for each page.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import lzma
import random
import re
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
import zstandard
from conftest import CLOUDS_FILE, Cloud, Page, PageHandler, serving

from ansible_collections.xloud.image.tests.unit.fakes.corpus import KIB, MIB, iso, mbr, partition

ROOT = Path(__file__).parents[2]
EXTRAS = Path(__file__).parent / "examples"
VENDOR = "https://images.example.com"
# Where examples keep files, and which of them are there before.
FOLDERS = ("backup/images", "outbox", "srv/images", "srv/outbox", "etc/xloud")
ABSOLUTE = re.compile(r"(?<![\w.:/}-])/(?=(?:backup|outbox|srv|etc/xloud)\b)")
IMAGE = re.compile(r"\b[a-zA-Z0-9][\w.-]*?\.(?P<format>qcow2|raw|vmdk|iso|img)(?P<packed>\.(?:xz|gz|bz2|zst))?\b")
PACK: dict[str | None, Callable[[bytes], bytes]] = {
    None: lambda data: data,
    ".xz": lzma.compress,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}
OTHER_REGION = "RegionTwo"


class Images:
    """Small images, as real as large ones: what one holds follows from its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, match: re.Match[str]) -> Path:
        """Return the file of a name, made where it is not there yet."""
        path = self._folder / match[0]
        if not path.exists():
            path.write_bytes(PACK[match["packed"]](self._data(match)))
        return path

    def _data(self, match: re.Match[str]) -> bytes:
        if match["format"] == "iso":
            return iso(match[0].encode(), boot=True)
        # A disk that a BIOS would start from, with a partition of which some is used.
        sectors = MIB // 512
        disk = mbr(partition(0x83, 64, sectors - 64, flag=0x80)).ljust(32 * KIB, b"\0")
        disk += random.Random(match[0]).randbytes(64 * KIB)
        disk = disk.ljust(MIB, b"\0")
        if match["format"] == "raw":
            return disk
        source, target = self._folder / "source", self._folder / "target"
        source.write_bytes(disk)
        form = "qcow2" if match["format"] == "img" else match["format"]
        command = ["qemu-img", "convert", "-f", "raw", "-O", form, source, target]
        subprocess.run(command, check=True, capture_output=True)
        return target.read_bytes()


class ByName(dict[str, Page]):
    """The pages of a web server that has a file in each of its folders."""

    def get(self, path: str, default: Page | None = None) -> Page | None:
        return super().get(path.rpartition("/")[2], default)


class World:
    """A folder in which examples work, on clouds of their own."""

    def __init__(self, folder: Path, images: Images, url: str, pages: ByName) -> None:
        self.folder = folder
        self._images = images
        self._url = url
        self._pages = pages
        for name in (*FOLDERS, "images"):
            (folder / name).mkdir(parents=True)
        for name in ("schemas", "examples"):
            (folder / name).symlink_to(ROOT / name)

    def localized(self, text: str) -> str:
        """A text with the web server and the folders of this world."""
        return ABSOLUTE.sub(f"{self.folder}/", text.replace(VENDOR, self._url))

    def provide(self, text: str) -> None:
        """Provide the images that a text names, and the sums of them, wherever it may look for them."""
        for match in IMAGE.finditer(text):
            file = self._images.file(match)
            for place in (self.folder, self.folder / "images", self.folder / "srv/images"):
                if not (place / match[0]).exists():
                    (place / match[0]).hardlink_to(file)
            self._pages[match[0]] = Page(file.read_bytes())
        for algorithm in ("sha256", "sha512"):
            name = f"{algorithm.upper()}SUMS"
            lines = [
                f"{hashlib.new(algorithm, page.data).hexdigest()}  {image}\n"
                for image, page in sorted(self._pages.items())
                if not image.endswith("SUMS")
            ]
            for place in (self.folder, self.folder / "images", self.folder / "srv/images"):
                (place / name).write_text("".join(lines))
            self._pages[name] = Page("".join(lines).encode())

    def add(self, extras: Path) -> None:
        """Add what a page needs besides."""
        if extras.exists():
            shutil.copytree(extras, self.folder, dirs_exist_ok=True)


@contextlib.contextmanager
def world(folder: Path, images: Images, admin: Cloud) -> Iterator[World]:
    """Give a folder and clouds; what examples leave in the clouds is removed."""
    pages = ByName()
    with _clouds(admin) as clouds, _nothing_left(admin, clouds), serving(PageHandler, pages=pages) as url:
        made = World(folder, images, url, pages)
        (folder / "clouds.yaml").write_text(yaml.safe_dump({"clouds": clouds}))
        (folder / "clouds.yaml").chmod(0o600)
        yield made


@contextlib.contextmanager
def _nothing_left(admin: Cloud, clouds: dict[str, Any]) -> Iterator[None]:
    """Remove the images that come into being meanwhile in the projects of these clouds, in both regions."""
    identity = admin.connection.identity
    owners = {_one(identity, "projects", cloud["auth"]["project_name"]) for cloud in clouds.values()}
    regions = (admin, Cloud("sandbox-admin", region_name=OTHER_REGION))
    before = {image["id"] for region in regions for image in region.find("")}
    try:
        yield
    finally:
        for region in regions:
            for image in region.find(""):
                if image["owner"] in owners and image["id"] not in before:
                    _delete(region, image)


def _delete(cloud: Cloud, image: dict[str, Any]) -> None:
    path = f"/images/{image['id']}"
    if image["protected"]:
        headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
        patch = [{"op": "replace", "path": "/protected", "value": False}]
        assert cloud.image.patch(path, json=patch, headers=headers).status_code == 200
    assert cloud.image.delete(path).status_code == 204


@contextlib.contextmanager
def _clouds(admin: Cloud) -> Iterator[dict[str, Any]]:
    """Give clouds of a project of their own, whose operator has a role in the projects team-a and team-b too."""
    identity = admin.connection.identity
    there = yaml.safe_load(CLOUDS_FILE.read_text())["clouds"]
    name, password = f"examples-{secrets.token_hex(4)}", secrets.token_urlsafe()
    body = {"name": name, "domain_id": "default"}
    project = identity.post("/projects", json={"project": body}).json()["project"]["id"]
    user = identity.post("/users", json={"user": {**body, "password": password}}).json()["user"]["id"]
    try:
        teams = {team: _one(identity, "projects", team) for team in ("team-a", "team-b")}
        for role, where in (("member", project), *(("reader", each) for each in teams.values())):
            path = f"/projects/{where}/users/{user}/roles/{_one(identity, 'roles', role)}"
            assert identity.put(path).status_code == 204
        operator = there["sandbox-operator"]
        auth = {**operator["auth"], "username": name, "password": password, "project_name": name}
        yield {
            "mycloud": {**operator, "auth": auth},
            "othercloud": {**{key: operator[key] for key in operator if key != "regions"}, "auth": auth}
            | {"region_name": OTHER_REGION},
            "mycloud-admin": there["sandbox-admin"],
            "cloud-of-team-a": there["sandbox-team-a"],
            "cloud-of-team-b": there["sandbox-team-b"],
        }
    finally:
        # With the user alone they would not go as a whole, and be in the way of later ones.
        credentials = f"/users/{user}/application_credentials"
        for each in identity.get(credentials).json()["application_credentials"]:
            assert identity.delete(f"{credentials}/{each['id']}").status_code == 204
        assert identity.delete(f"/users/{user}").status_code == 204
        assert identity.delete(f"/projects/{project}").status_code == 204


def _one(identity: Any, kind: str, name: str) -> str:
    (found,) = identity.get(f"/{kind}?name={name}").json()[kind]
    return found["id"]
