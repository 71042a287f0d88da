# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that tests begin with."""

from __future__ import annotations

import hashlib
from typing import Any

from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.image import TEMPLATE, VERSION, Image
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.plan import Plan
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source
from ansible_collections.xloud.image.plugins.module_utils._model.template import Template

NAME = "ubuntu-24.04-base-v1.0"
OURS = {TEMPLATE: "ubuntu-24.04-base", VERSION: "1.0"}
DATA = b"data"


def digest(algorithm: str, data: bytes = DATA) -> str:
    return hashlib.new(algorithm, data).hexdigest()


def checksum(algorithm: str, data: bytes = DATA) -> Checksum:
    return Checksum(algorithm, digest(algorithm, data))


def image(**changes: Any) -> Image:
    """A staged image of ours, with the data C(DATA)."""
    properties = {**OURS, **changes.pop("properties", {})}
    data = changes.pop("data", DATA)
    given = {
        "id": "id-1",
        "name": NAME,
        "status": "active",
        "owner": "p-own",
        "disk_format": "raw",
        "container_format": "bare",
        "size": len(data),
        "virtual_size": len(data),
        "checksum": digest("md5", data),
        "os_hash_algo": "sha512",
        "os_hash_value": digest("sha512", data),
        **changes,
    }
    return Image(**given, properties={key: value for key, value in properties.items() if value is not None})


def template(**changes: Any) -> Template:
    """The version C(NAME), out of a local file."""
    given = {"name": ImageName.parse(NAME), "source": Source("/images/base.raw"), **changes}
    return Template(**given)


def verbs(plan: Plan) -> list[str]:
    return [action.verb for action in plan.actions]


def targets(plan: Plan) -> list[tuple[str, str]]:
    """What is done to which image, by its id."""
    return [(action.verb, getattr(action, "image_id", "")) for action in plan.actions]
