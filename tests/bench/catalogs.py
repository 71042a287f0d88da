# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Catalogues of many small images, as the document of image_catalog and as items to loop over."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SIZE = 64 * 1024
PROPERTIES = {"os_distro": "debian", "os_version": "12", "hw_disk_bus": "virtio", "hw_vif_model": "virtio"}


@dataclass(frozen=True)
class Catalog:
    """
    So many templates with a version each, every one with an image of its own.

    :param sources: The folder that the images are in.
    """

    sources: Path
    count: int
    stage: str = "published"
    visibility: str = "community"
    properties: Mapping[str, str] = field(default_factory=lambda: PROPERTIES)
    members: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The value of image_catalog."""
        shared = {"members": list(self.members)} if self.members else {}
        return {
            template_name(number): {
                "visibility": self.visibility,
                "properties": dict(self.properties),
                **shared,
                "versions": {
                    "1.0": {
                        "source": str(self._source(number)),
                        "checksum": self._checksum(number),
                        "stage": self.stage,
                    }
                },
            }
            for number in range(self.count)
        }

    def items(self, wanted: int, start: int = 0) -> list[dict[str, Any]]:
        """So many of the same images, spread evenly from one of them on, for tasks that loop over them."""
        step = max(1, (self.count - start) // wanted)
        return [
            {
                "name": f"{template_name(number)}-v1.0",
                "source": str(self._source(number)),
                "checksum": self._checksum(number),
                "visibility": self.visibility,
                "properties": dict(self.properties),
                "members": list(self.members),
            }
            for number in range(start, self.count, step)
        ][:wanted]

    def _source(self, number: int) -> Path:
        return self.sources / f"{number:04}.raw"

    def _checksum(self, number: int) -> str:
        return f"sha512:{hashlib.sha512(data_of(number)).hexdigest()}"

    def write_sources(self) -> None:
        self.sources.mkdir(parents=True, exist_ok=True)
        for number in range(self.count):
            self._source(number).write_bytes(data_of(number))


def template_name(number: int) -> str:
    return f"debian-12-app{number:04}"


def data_of(number: int) -> bytes:
    return random.Random(number).randbytes(SIZE)  # noqa: S311 - different every time is all that it has to be
