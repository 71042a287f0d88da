# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A random catalogue that grows from day to day: its document, its files, and what a project should see of it."""

from __future__ import annotations

import bz2
import dataclasses
import datetime
import gzip
import hashlib
import lzma
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from soak.life import Template, Version

DAY_ONE = datetime.date(2026, 1, 1)
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".raw": bytes,
    ".raw.gz": gzip.compress,
    ".raw.bz2": bz2.compress,
    ".raw.xz": lzma.compress,
}
# A document of one template may say any of these.
RETENTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"visible": 1},
    {"visible": 2, "available": 3, "min_age": "5d"},
    {"visible": 1, "available": 2, "stored": 3},
    {"available": 1, "stored": 2, "min_age": "1d"},
)
SMALLEST, LARGEST = 4 * 1024, 200 * 1024


@dataclasses.dataclass(frozen=True)
class Web:
    """A server for the files of a catalogue, as tests give it files and as clients reach it."""

    give: Callable[[str, bytes], Any]
    url: str


class World:
    """
    One catalogue of a few templates.

    :param name: What the names of its templates begin with: of the shape C(<os>-<os version>).
    :param folder: Where its files are.
    :param members: The ids of projects that it may be shared with.
    """

    def __init__(self, name: str, rng: random.Random, folder: Path, web: Web, members: tuple[str, ...]) -> None:
        self.name = name
        self.day = DAY_ONE
        self.templates: list[Template] = []
        self._rng = rng
        self._folder = folder
        self._web = web
        self._members = members
        self._files = 0

    @property
    def today(self) -> str:
        return self.day.isoformat()

    @property
    def document(self) -> dict[str, Any]:
        """The catalogue document."""
        return {template.name: self._describe(template) for template in self.templates}

    def _describe(self, template: Template) -> dict[str, Any]:
        described = {
            "visibility": template.visibility,
            "retention": template.retention,
            "versions": {version.number: version.document() for version in template.versions},
        }
        if template.visibility == "shared":
            described |= {"members": sorted(template.members), "members_exact": template.members_exact}
        if template.pin:
            described["current"] = template.pin
        return described

    def advance(self) -> list[str]:
        """Let days go by, change the document, and say in words how."""
        self.day += datetime.timedelta(days=self._rng.choice((0, 1, 1, 2, 6, 9)))
        changes = [self._add_template()] if len(self.templates) < 2 else []
        for _each in range(self._rng.choice((1, 1, 2, 3))):
            changes.append(self._change(self._rng.choice(self.templates)))
        return [change for change in changes if change]

    def settle(self) -> None:
        """Take the templates to where the document has them on this day."""
        for template in self.templates:
            template.settle(self.today)

    def _add_template(self) -> str:
        rng = self._rng
        template = Template(
            f"{self.name}-{'abcdef'[len(self.templates)]}",
            rng.choice(("community", "shared", "shared")),
            rng.choice(RETENTIONS),
            members={each for each in self._members if rng.random() < 0.7},
            members_exact=rng.random() < 0.7,
        )
        self.templates.append(template)
        return f"add {template.name}; {self._release(template)}"

    def _change(self, template: Template) -> str:
        moves = [self._release] * 6 + [self._revoke, self._pin, self._promote, self._restage, self._share]
        if len(self.templates) < 4:
            moves.append(lambda _template: self._add_template())
        return self._rng.choice(moves)(template)

    def _release(self, template: Template) -> str:
        rng, number = self._rng, f"1.{len(template.versions)}"
        version = Version(
            number,
            is_staged=rng.random() < 0.2,
            protected=rng.random() < 0.15,
            stores=rng.choice((None, None, None, ("main",), ("archive",), ("main", "archive"))),
            properties={"os_distro": rng.choice(("debian", "ubuntu")), "hw_disk_bus": "virtio"},
        )
        self._fill(version)
        template.versions.append(version)
        return f"release {template.name} {number} ({version.source}, {version.import_method})"

    def _fill(self, version: Version) -> None:
        """Give a version data of its own, in a file or on the web."""
        rng, self._files = self._rng, self._files + 1
        data = rng.randbytes(rng.randrange(SMALLEST, LARGEST))
        ending, pack = rng.choice([(".raw", bytes)] * 3 + list(PACKERS.items()))
        packed = pack(data)
        file = f"{self._files}{ending}"
        is_here = rng.random() < 0.6
        if is_here:
            (self._folder / file).write_bytes(packed)
        else:
            self._web.give(f"/{self.name}/{file}", packed)
        version.source = file if is_here else f"{self._web.url}/{self.name}/{file}"
        version.digest = hashlib.sha512(data).hexdigest()
        version.size = len(data)
        methods = ["auto", "auto", "direct", "glance-direct"]
        if version.stores and len(version.stores) > 1:
            # To copy between stores afterwards is for administrators.
            methods = ["glance-direct"]
        elif not is_here and ending == ".raw":
            methods.append("web-download")
        version.import_method = rng.choice(methods)
        # What the web gives is nobody's word but the checksum's.
        is_declared = not is_here or rng.random() < 0.5
        version.checksum = f"sha512:{version.digest}" if is_declared else None

    def _revoke(self, template: Template) -> str:
        candidates = [each for each in template.versions[1:] if not each.is_revoked and not each.is_staged]
        if not candidates or self._rng.random() < 0.5:
            return self._release(template)
        version = candidates[-1]
        version.is_revoked = True
        template.pin = None if template.pin == version.number else template.pin
        return f"revoke {template.name} {version.number}"

    def _pin(self, template: Template) -> str:
        offered = [each.number for each in template.versions if each.stage in ("published", "deprecated", "hidden")]
        if template.pin:
            template.pin = None
            return f"unpin {template.name}"
        offered = [each.number for each in template.versions if each.number in offered and not each.is_revoked]
        if not offered:
            return self._release(template)
        template.pin = offered[-2:][0]
        return f"pin {template.name} {template.pin}"

    def _promote(self, template: Template) -> str:
        staged = [each for each in template.versions if each.is_staged]
        if not staged:
            return self._release(template)
        staged[0].is_staged = False
        return f"promote {template.name} {staged[0].number}"

    def _restage(self, template: Template) -> str:
        staged = [each for each in template.versions if each.is_staged and not each.protected]
        if not staged:
            return self._release(template)
        self._fill(staged[-1])
        return f"restage {template.name} {staged[-1].number}"

    def _share(self, template: Template) -> str:
        if template.visibility != "shared":
            return self._release(template)
        template.members ^= {self._rng.choice(self._members)}
        return f"share {template.name} with {len(template.members)}"
