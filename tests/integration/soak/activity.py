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
from soak.life import Template, Version
from soak.verdict import UNFINISHED, Snapshot, Wrong, differences, expected_look
from soak.world import SMALLEST, World

ADMIN, OPERATOR = "sandbox-admin", "sandbox-operator"
LOOKS = "visibility os_hidden status os_hash_value size protected min_disk min_ram disk_format deprecated".split()


def requests_between(templates: list[Template], seen: Snapshot) -> Counter[str]:
    """Return about how many requests of each kind lead from what is there to what the document says."""
    found: Counter[str] = Counter(discovery=1, authentication=1, listing=2)
    for template in templates:
        for version in template.versions:
            images = seen.finished(template.image_name(version))
            image = images[0] if images and images[0]["os_hash_value"] == version.digest else None
            found.update(_requests_for(template, version, image, seen))
            found["deletion"] += bool(images) and (image is None or version.stage is None)
    return +found


def _requests_for(template: Template, version: Version, image: dict[str, Any] | None, seen: Snapshot) -> Counter[str]:
    found: Counter[str] = Counter()
    if version.stage is None:
        return found
    if image is None:
        is_imported = version.import_method in ("glance-direct", "web-download")
        found.update(creation=1, upload=1, record=1, source="://" in version.source, task=is_imported)
        found["import"] += is_imported
    look = expected_look(template, version)
    new = {"visibility": "private", "os_hidden": False, "status": "active", "protected": False}
    different = {
        key for key in ("visibility", "os_hidden", "deprecated", "protected") if look[key] != (image or new).get(key)
    }
    found["change"] += bool(different)
    found["state"] += look["status"] != (image or new)["status"]
    if image and image["visibility"] == "shared":
        found["members"] += 1
    members = seen.members.get(image["id"], set()) if image else set()
    found["share"] += len(version.members - members)
    found["unshare"] += len(members - version.members) if look["visibility"] == "shared" else 0
    return found


class Activity:
    """
    A module, what it is asked for, and what should come of it.

    :param cloud: Whose eyes and hands it has.
    """

    module: str
    # The one that it changes something in.
    region = 0

    def __init__(self, bed: Bed, world: World, rng: random.Random, folder: Path, cloud: str) -> None:
        self.bed = bed
        self.world = world
        self.rng = rng
        self.folder = folder
        self.cloud = cloud
        self.args = self.options()

    def options(self) -> dict[str, Any]:
        raise NotImplementedError

    @property
    def clean(self) -> dict[str, Any]:
        """The options of a run that nothing goes wrong with."""
        return {**self.args, **self.bed.clean(self.cloud, self.region)}

    @property
    def faulty(self) -> dict[str, Any]:
        """The options of a run behind the proxies."""
        return {**self.args, **self.bed.faulty(self.cloud, self.region)}

    @property
    def size(self) -> int:
        """About how many bytes the data has that it moves."""
        return SMALLEST

    @property
    def owner(self) -> dict[str, str]:
        return {"owner": OWNER} if self.cloud == ADMIN else {}

    def available(self) -> Counter[str]:
        """Return about how many requests of each kind there will be."""
        raise NotImplementedError

    def wrongs(self, outcome: Mapping[str, Any]) -> Iterator[Wrong]:
        """Give how things are not as they should be after a run that went well."""
        raise NotImplementedError

    def leftovers(self) -> Iterator[Wrong]:
        """Give the files that nobody needs any more."""
        yield from stray_files(self.folder / "tmp")

    def look(self) -> Snapshot:
        return Snapshot.take(self.bed.regions[0], self.world.name)


class Curation(Activity):
    """C(image_catalog) with the document of the day."""

    module = "image_catalog"

    def options(self) -> dict[str, Any]:
        return {
            "catalog": self.world.document,
            "source_directory": str(self.folder / "files"),
            "as_of": self.world.today,
            "workers": self.rng.choice((1, 2, 3)),
            "timeout": 5,
            **self.owner,
        }

    @property
    def clean(self) -> dict[str, Any]:
        return {**super().clean, "timeout": 60}

    def available(self) -> Counter[str]:
        return requests_between(self.world.templates, self.look())

    def wrongs(self, outcome: Mapping[str, Any]) -> Iterator[Wrong]:
        in_use = {finding["image"] for finding in outcome["findings"] if finding["kind"] == "in_use"}
        for kind, words in differences(self.world.templates, self.look()):
            # An image that cannot be deleted is told of, and deleted another time.
            if not any(name in words for name in in_use):
                yield kind, words


class Export(Activity):
    """C(image_export) of some images of the catalogue into a folder."""

    module = "image_export"

    def __init__(self, *args: Any, target: Path | None = None) -> None:
        self.target = target
        self.chosen: list[tuple[str, Version]] = []
        super().__init__(*args)

    def options(self) -> dict[str, Any]:
        self.target = self.target or self.folder / f"export-{self.rng.randrange(10**9)}"
        self.target.mkdir()
        active = [each for each in named(self.world.templates) if each[1].stage not in (None, "retired")]
        self.chosen = self.rng.sample(active, min(len(active), self.rng.choice((1, 2, 3))))
        return {
            "images": [name for name, _version in self.chosen],
            "path": str(self.target),
            "workers": self.rng.choice((1, 2)),
            "deactivate": self.cloud == ADMIN and self.rng.random() < 0.6,
            **self.owner,
        }

    @property
    def size(self) -> int:
        return min(version.size for _name, version in self.chosen)

    def available(self) -> Counter[str]:
        count = len(self.chosen)
        frozen = count * self.args["deactivate"]
        return +Counter(discovery=1, authentication=1, listing=2, download=count, change=2 * frozen, state=2 * frozen)

    def wrongs(self, outcome: Mapping[str, Any]) -> Iterator[Wrong]:
        yield from differences(self.world.templates, self.look())
        assert self.target
        expected = {"SHA256SUMS"}
        sums = dict(reversed(line.split("  ")) for line in read_lines(self.target / "SHA256SUMS"))
        for name, version in self.chosen:
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


class Replication(Activity):
    """C(image_replica) of the catalogue into the second region."""

    module = "image_replica"
    region = 1

    def __init__(self, bed: Bed, world: World, rng: random.Random, folder: Path, _cloud: str) -> None:
        super().__init__(bed, world, rng, folder, ADMIN)

    def options(self) -> dict[str, Any]:
        return {
            "images": [f"{self.world.name}-*"],
            "source_owner": OWNER,
            "import_method": self.rng.choice(("auto", "direct", "glance-direct")),
            "timeout": 5,
            **self.owner,
        }

    @property
    def clean(self) -> dict[str, Any]:
        return {**super().clean, "source_cloud": self.bed.clean(ADMIN)["cloud"], "timeout": 60}

    @property
    def faulty(self) -> dict[str, Any]:
        source = self.bed.faulty(ADMIN)
        return {**super().faulty, "source_cloud": {**source.pop("cloud"), **source}}

    def available(self) -> Counter[str]:
        found = requests_between(self.world.templates, Snapshot.take(self.bed.regions[1], self.world.name))
        created, method = found["creation"], self.args["import_method"]
        found["source"] = found["unshare"] = found["deletion"] = 0
        found["import"] = found["task"] = 0 if method == "direct" else created
        found["upload"] = found["download"] = 0 if method == "auto" else created
        return +found

    def wrongs(self, outcome: Mapping[str, Any]) -> Iterator[Wrong]:
        first, second = self.look(), Snapshot.take(self.bed.regions[1], self.world.name)
        yield from differences(self.world.templates, first)
        for name in first.images:
            for image in first.finished(name):
                yield from _replica(image, first, second)
        for image in (image for images in second.images.values() for image in images):
            if image["status"] in UNFINISHED:
                yield "half", f"the second region has {image['name']} {image['status']}"


def _replica(image: dict[str, Any], first: Snapshot, second: Snapshot) -> Iterator[Wrong]:
    """Give how an image of the first region has no image in the second that is like it."""
    name = image["name"]
    replicas = second.finished(name)
    if len(replicas) != 1:
        yield ("doubled" if replicas else "diverged"), f"the second region has {len(replicas)} images {name}"
        return
    (replica,) = replicas
    for key in LOOKS:
        if image.get(key) != replica.get(key):
            kind = "unverified" if key == "os_hash_value" else "diverged"
            yield kind, f"{key} of the replica of {name} is {replica.get(key)!r} and not {image.get(key)!r}"
    # Members that a replica has and its original has not are left alone, by the documentation.
    lacking = first.members.get(image["id"], set()) - second.members.get(replica["id"], set())
    if lacking:
        yield "diverged", f"the replica of {name} is not shared with {sorted(lacking)}"


def named(templates: list[Template]) -> list[tuple[str, Version]]:
    """Return all versions with the names of their images."""
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
