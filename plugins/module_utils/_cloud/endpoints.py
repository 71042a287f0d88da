# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
Where the services of a cloud are, as its catalogue of services and the configuration of openstacksdk say.

Source: https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management (the catalogue of a token)
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError

_VERSIONS: t.Final = {"image": "v2", "key-manager": "v1", "compute": "v2.1", "block-storage": "v3"}
# Before 3.67, it has no path without the project.
_BY_PROJECT: t.Final = ("block-storage",)
# What makes something of images, and has to be asked where there is any.
LAUNCHING: t.Final = {"compute": "the Compute service", "block-storage": "the Block Storage service"}


@dataclasses.dataclass(frozen=True)
class Place:
    """
    Where a service is asked.

    :param name: What to call the service in messages.
    :param url: Its versioned endpoint, without a slash at its end.
    """

    name: str
    url: str


class Endpoints:
    """
    The endpoints of a cloud.

    :param region: What openstacksdk makes of the configuration.
    :param keystone: The session that it made, which is authenticated.
    """

    def __init__(self, region: t.Any, keystone: t.Any) -> None:
        self._region = region
        self._keystone = keystone

    def of(self, service: str) -> str | None:
        """Return the versioned endpoint of a service, None if neither the catalogue nor the configuration has it."""
        return self._configured(service) or self._listed(service, self._region.get_region_name(service))

    def launching(self, service: str, image_url: str) -> tuple[Place, ...]:
        """
        Return where to ask a service, in each region that launches from an Image service.

        Those are the regions that have this Image service in the catalogue, and those that have none of their own. If
        the catalogue does not know it, it is the region that the configuration names.

        :param service: C(compute) or C(block-storage).
        :param image_url: The versioned endpoint of the Image service.
        :raises CloudError: The service is there, and where is not to be told: what it would say is not known.
        """
        name = LAUNCHING[service]
        if configured := self._configured(service):
            return (Place(name, configured),)
        offered = self._interfaces(service)
        launching = self._regions_of(image_url, service, offered)
        urls = {place: url for place in launching if (url := self._listed(service, place))}
        if offered and not (urls and len(urls) == len(launching)):
            raise CloudError(self._unknown(service, image_url, offered))
        regions: dict[str, str] = {}
        for place, url in urls.items():
            # Several regions may share a service.
            regions.setdefault(url, place)
        several = len(regions) > 1
        return tuple(Place(f"{name} in region {place}" if several else name, url) for url, place in regions.items())

    def _regions_of(self, image_url: str, service: str, offered: t.Iterable[str]) -> list[str]:
        images = self._images()
        configured = self._region.get_region_name("image") or _only(images)
        sharing: set[str | None] = {place for place, urls in images.items() if image_url in urls} or {configured}
        chosen = self._region.get_region_name(service)
        if chosen != configured:
            sharing.add(chosen)
        return [place for place in offered if place in sharing or place not in images]

    def _configured(self, service: str) -> str | None:
        url = self._region.get_endpoint(service)
        return self._versioned(service, url) if url else None

    def _listed(self, service: str, place: str | None) -> str | None:
        from keystoneauth1 import exceptions

        try:
            url = self._keystone.get_endpoint(
                service_type=service,
                interface=self._region.get_interface(service),
                region_name=place,
                skip_discovery=True,
            )
        except exceptions.EndpointNotFound:
            return None
        return self._versioned(service, url) if url else None

    def _images(self) -> dict[str, set[str]]:
        """Return the versioned endpoints of the Image services, of whichever interface, by the regions."""
        found: dict[str, set[str]] = {}
        for endpoint in self._catalogue("image"):
            found.setdefault(endpoint.region_name, set()).add(self._versioned("image", endpoint.url))
        return found

    def _interfaces(self, service: str) -> dict[str, list[str]]:
        """Return the interfaces that a service has, by the regions, in the order of the catalogue."""
        found: dict[str, list[str]] = {}
        for endpoint in self._catalogue(service):
            found.setdefault(endpoint.region_name, []).append(endpoint.interface)
        return found

    def _catalogue(self, service: str) -> list[t.Any]:
        catalogue = self._keystone.auth.get_access(self._keystone).service_catalog
        # By the name that the catalogue has for it, such as volumev3.
        return [each for found in catalogue.get_endpoints_data(service_type=service).values() for each in found]

    def _versioned(self, service: str, url: str) -> str:
        # Some have the id of the project after the version.
        place = re.sub(r"/v\d+(\.\d+)?(/[0-9A-Za-z_-]+)?$", "", url.rstrip("/"))
        return f"{place}/{_VERSIONS[service]}{f'/{self._keystone.get_project_id()}' if service in _BY_PROJECT else ''}"

    def _unknown(self, service: str, image_url: str, offered: t.Mapping[str, t.Sequence[str]]) -> str:
        others = sorted(f"{interface} in {place}" for place, interfaces in offered.items() for interface in interfaces)
        return (
            f"cloud {self._region.name}: {LAUNCHING[service]} has no endpoint {self._region.get_interface(service)} in "
            f"the regions of {image_url}, and others: {', '.join(others)}. Let usage_cloud name the interface to ask, "
            f"or the region ({service.replace('-', '_')}_region_name)."
        )


def _only(images: t.Collection[str]) -> str | None:
    return next(iter(images)) if len(images) == 1 else None
