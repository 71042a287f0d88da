# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
What the provider for OpenStack of Terraform asks the Image service, replayed.

The code of the provider is not run: it comes from the registry of Terraform, which these tests do not need. Requests,
and what is made of the answers, follow the provider at RELEASE and gophercloud, the library that it is built with: of
the data sources ``openstack_images_image_v2`` and ``openstack_images_image_ids_v2``, and of ``image_name`` of the
resource ``openstack_compute_instance_v2``.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from conftest import Cloud

RELEASE = "3.4.0"
# The arguments that become part of the request, by the names that they have there. All others stay with the client.
ASKED = {
    "name": "name",
    "visibility": "visibility",
    "member_status": "member_status",
    "owner": "owner",
    "hidden": "os_hidden",
    "tags": "tag",
}


class DataSourceError(Exception):
    """A data source that ends the plan."""


def image_ids(cloud: Cloud, **arguments: Any) -> list[str]:
    """What ``openstack_images_image_ids_v2`` has as its ids."""
    return [image["id"] for image in _kept(_asked(cloud, arguments), arguments)]


def image(cloud: Cloud, **arguments: Any) -> str:
    """
    What ``openstack_images_image_v2`` has as its id.

    :raises DataSourceError: There is none, or there are several and ``most_recent`` is not set.
    """
    found = _asked(cloud, arguments)
    # Of one image alone, the properties are not compared.
    without = {key: value for key, value in arguments.items() if key != "properties"}
    found = _kept(found, arguments if len(found) > 1 else without)
    if not found:
        raise DataSourceError("no image")
    if len(found) > 1 and not arguments.get("most_recent"):
        raise DataSourceError(f"{len(found)} images")
    return max(found, key=lambda each: each["created_at"])["id"]


def image_name(cloud: Cloud, name: str) -> str:
    """
    The image that ``image_name`` of a server stands for.

    :raises DataSourceError: There is none, or there are several.
    """
    found = _listed(cloud, [("name", name)])
    if len(found) != 1:
        raise DataSourceError(f"{len(found)} images")
    return found[0]["id"]


def _asked(cloud: Cloud, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    tags = [*arguments.get("tags", ()), *([arguments["tag"]] if arguments.get("tag") else [])]
    query = [("status", "active"), ("sort", arguments.get("sort", "name:asc"))]
    for key, value in {**arguments, "tags": tags}.items():
        # What has the zero value of its type is left out, so that ``hidden = false`` is not sent.
        if key in ASKED and value:
            values = value if isinstance(value, list) else ["true" if value is True else value]
            query += [(ASKED[key], each) for each in values]
    return _listed(cloud, query)


def _listed(cloud: Cloud, query: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """All pages of a listing."""
    images, path = [], f"/images?{urllib.parse.urlencode(query)}"
    while path:
        response = cloud.image.get(path)
        assert response.status_code == 200, response.text
        page = response.json()
        images += page["images"]
        path = page.get("next", "").removeprefix("/v2")
    return images


def _kept(images: list[dict[str, Any]], arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that the client does not drop."""
    pattern, properties = arguments.get("name_regex", ""), arguments.get("properties", {})
    return [
        each
        for each in images
        if re.search(pattern, each["name"] or "") and all(each.get(key) == value for key, value in properties.items())
    ]
