# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a fault happens to: a catalogue that is brought up to date, exports, a region that is replicated."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from soak.bed import OWNER, Bed
from soak.life import Template
from soak.verdict import Snapshot, Wrong, differences
from soak.world import World

ADMIN, OPERATOR = "sandbox-admin", "sandbox-operator"
# The requests that the actions of a plan lead to.
REQUESTS = {
    "create": ("creation", "upload"),
    "update": ("change",),
    "delete": ("deletion",),
    "add_member": ("share",),
    "remove_member": ("unshare",),
    "forget_members": ("members", "record"),
    "deactivate": ("state",),
    "reactivate": ("state",),
    "export": ("download",),
}
LOOKS = "visibility os_hidden status os_hash_value size protected min_disk min_ram disk_format deprecated".split()


def requests_of(actions: list[Mapping[str, Any]]) -> Counter[str]:
    """Return about how many requests of each kind actions lead to."""
    return Counter(name for action in actions for name in REQUESTS.get(action["action"], ()))


class Curation:
    """C(image_catalog) with the document of the day."""

    module = "image_catalog"
    region = 0

    def __init__(self, bed: Bed, world: World, rng: random.Random, folder: Path, cloud: str) -> None:
        self._bed = bed
        self._world = world
        self._cloud = cloud
        self.folder = folder
        self.args = {
            "catalog": world.document,
            "source_directory": str(folder / "files"),
            "as_of": world.today,
            "workers": rng.choice((1, 2, 3)),
            "timeout": 5,
            **({"owner": OWNER} if cloud == ADMIN else {}),
        }

    @property
    def clean(self) -> dict[str, Any]:
        return {**self.args, **self._bed.clean(self._cloud), "timeout": 60}

    @property
    def faulty(self) -> dict[str, Any]:
        return {**self.args, **self._bed.faulty(self._cloud)}

    def available(self, foretold: Mapping[str, Any]) -> Counter[str]:
        """Return about how many requests of each kind there will be."""
        actions = [action for change in foretold["plan"] for action in change["actions"]]
        found = Counter(authentication=1, listing=2) + requests_of(actions)
        shared = sum(row["visibility"] == "shared" for row in foretold["versions"] if row["id"])
        created = [action["reason"] for action in actions if action["action"] == "create"]
        remote = sum("://" in reason for reason in created)
        methods = [
            version["import_method"] for each in self.args["catalog"].values() for version in each["versions"].values()
        ]
        imported = len(created) if {"glance-direct", "web-download"} & {*methods[-2:]} else 0
        return +(found + Counter(members=shared, source=remote, record=len(created), task=imported, **{"import": imported}))

    def wrongs(self, outcome: Mapping[str, Any]) -> Iterator[Wrong]:
        """Give how the cloud is not as it should be after a run that went well."""
        in_use = {finding["image"] for finding in outcome["findings"] if finding["kind"] == "in_use"}
        for kind, words in differences(self._world.templates, Snapshot.take(self._bed.regions[0], self._world.name)):
            # An image that cannot be deleted is told of, and deleted another time.
            if not any(name in words for name in in_use):
                yield kind, words

    def leftovers(self) -> Iterator[Wrong]:
        yield from stray_files(self.folder / "tmp")


class Export:
    """C(image_export) of some images of the catalogue into a folder."""

    module = "image_export"
    region = 0

    def __init__(
        self, bed: Bed, world: World, rng: random.Random, folder: Path, cloud: str, target: Path | None = None
    ) -> None:
        self._bed = bed
        self._cloud = cloud
        self._world = world
        self.folder = folder
        self.target = target or folder / f"export-{world.today}-{rng.randrange(10**6)}"
        self.target.mkdir(exist_ok=True)
        active = [each for each in named(world.templates) if each[1].stage not in (None, "retired")]
        self._chosen = rng.sample(active, min(len(active), rng.choice((1, 2, 3))))
        self.args = {
            "images": [name for name, _version in self._chosen],
            "path": str(self.target),
            "workers": rng.choice((1, 2)),
            "deactivate": cloud == ADMIN and rng.random() < 0.6,
            **({"owner": OWNER} if cloud == ADMIN else {}),
        }

    @property
    def size(self) -> int:
        """The bytes of the largest."""
        return max(version.size for _name, version in self._chosen)

    @property
    def clean(self) -> dict[str, Any]:
        return {**self.args, **self._bed.clean(self._cloud)}

    @property
    def faulty(self) -> dict[str, Any]:
        return {**self.args, **self._bed.faulty(self._cloud)}

    def available(self, _foretold: Mapping[str, Any]) -> Counter[str]:
        count = len(self._chosen)
        frozen = count * self.args["deactivate"]
        return +Counter(authentication=1, listing=2, download=count, change=2 * frozen, state=2 * frozen)

    def wrongs(self, _outcome: Mapping[str, Any]) -> Iterator[Wrong]:
        yield from differences(self._world.templates, Snapshot.take(self._bed.regions[0], self._world.name))
        expected = {"SHA256SUMS"}
        sums = dict(reversed(line.split("  ")) for line in read_lines(self.target / "SHA256SUMS"))
        for name, version in self._chosen:
            file = self.target / f"{name}.raw"
            expected |= {file.name, f"{file.name}.json"}
            data = file.read_bytes() if file.exists() else b""
            if hashlib.sha512(data).hexdigest() != version.digest:
                yield "unverified", f"{file.name} has {len(data)} bytes that are not those of the image"
            for path in (file, file.with_name(f"{file.name}.json")):
                if path.exists() and sums.get(path.name) != hashlib.sha256(path.read_bytes()).hexdigest():
                    yield "diverged", f"SHA256SUMS does not know {path.name}"
        found = {path.name for path in self.target.iterdir()}
        for name in found ^ expected:
            yield ("half" if name.endswith((".part", ".lock")) else "diverged"), f"{name} in {sorted(found)}"

    def leftovers(self) -> Iterator[Wrong]:
        yield from stray_files(self.folder / "tmp")


class Replication:
    """C(image_replica) of the catalogue into the second region."""

    module = "image_replica"
    region = 1

    def __init__(self, bed: Bed, world: World, rng: random.Random, folder: Path, _cloud: str) -> None:
        self._bed = bed
        self._world = world
        self.folder = folder
        self.args = {
            "images": [f"{world.name}-*"],
            "owner": OWNER,
            "source_owner": OWNER,
            "import_method": rng.choice(("auto", "direct", "glance-direct")),
            "timeout": 5,
        }

    @property
    def clean(self) -> dict[str, Any]:
        source = self._bed.clean(ADMIN, 0)["cloud"]
        return {**self.args, **self._bed.clean(ADMIN, 1), "source_cloud": source, "timeout": 60}

    @property
    def faulty(self) -> dict[str, Any]:
        source = {**self._bed.faulty(ADMIN, 0)["cloud"], "api_timeout": 2}
        return {**self.args, **self._bed.faulty(ADMIN, 1), "source_cloud": source}

    def available(self, foretold: Mapping[str, Any]) -> Counter[str]:
        actions = [action for change in foretold["plan"] for action in change["actions"]]
        found = Counter(authentication=2, listing=2) + requests_of(actions)
        created = found["creation"]
        return +(found + Counter(record=created, task=created, **{"import": created}))

    def wrongs(self, _outcome: Mapping[str, Any]) -> Iterator[Wrong]:
        first, second = (Snapshot.take(region, self._world.name) for region in self._bed.regions)
        yield from differences(self._world.templates, first)
        for name, images in first.images.items():
            replicas = second.finished(name)
            if len(replicas) != 1:
                yield ("doubled" if replicas else "diverged"), f"the second region has {len(replicas)} images {name}"
                continue
            (image,), (replica,) = images, replicas
            for key in LOOKS:
                if image.get(key) != replica.get(key):
                    kind = "unverified" if key == "os_hash_value" else "diverged"
                    yield kind, f"{key} of the replica of {name} is {replica.get(key)!r} and not {image.get(key)!r}"
            if image["visibility"] == "shared":
                ours, theirs = first.members[image["id"]], second.members.get(replica["id"], set())
                # Members that a replica has and its original has not are left alone, by the documentation.
                if ours - theirs:
                    yield "diverged", f"the replica of {name} is not shared with {sorted(ours - theirs)}"
        for name, images in second.images.items():
            for image in images:
                if image["status"] in ("queued", "saving", "uploading", "importing"):
                    yield "half", f"the second region has {name} {image['status']}"

    def leftovers(self) -> Iterator[Wrong]:
        yield from stray_files(self.folder / "tmp")


Activity = Curation | Export | Replication


def named(templates: list[Template]) -> list[tuple[str, Any]]:
    return [(template.image_name(version), version) for template in templates for version in template.versions]


def stray_files(folder: Path) -> Iterator[Wrong]:
    for path in sorted(folder.iterdir()):
        # Ansible unpacks modules into a folder of its own, which a kill leaves behind, whatever the module.
        if not path.name.startswith(("ansible_", "ansible-")):
            yield "half", f"{path.name} is left in the folder for temporary files"


def read_lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def as_text(args: Mapping[str, Any]) -> str:
    """Return the options of a run without the credentials."""
    hidden = ("cloud", "source_cloud")
    return json.dumps({key: value for key, value in args.items() if key not in hidden}, sort_keys=True, indent=1)
