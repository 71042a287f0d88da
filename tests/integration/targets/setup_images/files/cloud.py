# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at the cloud, and prepare and clean it, past the modules under test."""

from __future__ import annotations

import json
import sys

import openstack

HIDDEN = ("false", "true")


def listed(cloud: str, prefix: str) -> list[dict[str, object]]:
    """Return the images that a cloud's credentials see, whose names begin so."""
    image = openstack.connect(cloud=cloud).image
    found = [
        body
        for hidden in HIDDEN
        for body in image.get(f"/images?limit=1000&visibility=all&member_status=all&os_hidden={hidden}").json()[
            "images"
        ]
    ]
    return [body for body in found if str(body["name"]).startswith(prefix)]


def namesakes(cloud: str, name: str) -> list[str]:
    """Make two images of one name, and return their ids."""
    image = openstack.connect(cloud=cloud).image
    return [image.post("/images", json={"name": name}).json()["id"] for _number in range(2)]


def projects(cloud: str) -> dict[str, str]:
    """Return the ids of all projects by their names."""
    return {project.name: project.id for project in openstack.connect(cloud=cloud).identity.projects()}


def purge(cloud: str, prefix: str) -> None:
    """Delete all images whose names begin so."""
    image = openstack.connect(cloud=cloud).image
    patch = [{"op": "replace", "path": "/protected", "value": False}]
    headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    for body in listed(cloud, prefix):
        if body["protected"]:
            image.patch(f"/images/{body['id']}", json=patch, headers=headers)
        image.delete(f"/images/{body['id']}")


COMMANDS = {command.__name__: command for command in (listed, namesakes, projects, purge)}

if __name__ == "__main__":
    print(json.dumps(COMMANDS[sys.argv[1]](*sys.argv[2:])))
