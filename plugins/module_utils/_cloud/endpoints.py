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
# Each region may have a service by another name.
_TYPES: t.Final = {
    "image": ("image",),
    "compute": ("compute",),
    "block-storage": ("block-storage", "block-store", "volumev3", "volumev2", "volume"),
}


@dataclasses.dataclass(frozen=True)
class Place:
    """
    Where a service is asked.

    :param name: What to call the service in messages.
    :param url: Its versioned endpoint, without a slash at its end.
    """

    name: str
    url: str


@dataclasses.dataclass(frozen=True)
class _Endpoint:
    region: str | None
    interface: str
    url: str


class Endpoints:
    """
    The endpoints of a cloud.

    :param region: What openstacksdk makes of the configuration.
    :param keystone: The session that it made, which is authenticated.
    :param cloud: What to call the cloud in messages.
    """

    def __init__(self, region: t.Any, keystone: t.Any, cloud: str) -> None:
        self._region = region
        self._keystone = keystone
        self._cloud = cloud

    def of(self, service: str) -> str | None:
        """Return the versioned endpoint of a service, None if neither the catalogue nor the configuration has it."""
        from keystoneauth1 import exceptions

        try:
            url = self._region.get_endpoint(service) or self._keystone.get_endpoint(
                service_type=service,
                interface=self._region.get_interface(service),
                region_name=self._region.get_region_name(service),
                skip_discovery=True,
            )
        except exceptions.EndpointNotFound:
            return None
        return self._versioned(service, url) if url else None

    def launching(self, service: str, image_url: str) -> tuple[Place, ...]:
        """
        Return where to ask a service, in each region that launches from an Image service.

        Those are the regions that have this Image service in the catalogue, and those that have none of their own. An
        endpoint of the configuration stands for that of its region.

        :param service: C(compute) or C(block-storage).
        :param image_url: The versioned endpoint of the Image service.
        :raises CloudError: What the service would say is not known: it is not told which one launches from the images.
        """
        offered, images = self._listed(service), self._listed("image")
        configured = self._configured(service)
        regions = self._regions(service, image_url, images)
        if not regions and not configured:
            raise CloudError(self._unrelated(service, image_url))
        without_images = {each.region for each in offered} - {each.region for each in images} if regions else set()
        launching = regions | without_images
        asked = {
            region: self._reachable(service, region, offered)
            for region in dict.fromkeys(each.region for each in offered)
            if region in launching
        }
        if configured:
            asked[self._named(service, offered)] = [configured]
        if (offered and not asked) or not all(asked.values()):
            raise CloudError(self._unknown(service, image_url, offered))
        return _places(LAUNCHING[service], asked)

    def _regions(self, service: str, image_url: str, images: t.Sequence[_Endpoint]) -> set[str | None]:
        """Return the regions that have an Image service in the catalogue, or are said to launch from it."""
        regions = {each.region for each in images if each.url == image_url}
        if not regions and image_url == self.of("image"):
            regions = {self._named("image", images)}
        if chosen := self._region.config.get(_setting(service)):
            regions.add(chosen)
        while True:
            shared = {each.url for each in images if each.region in regions}
            more = {each.region for each in images if each.url in shared} - regions
            if not more:
                return regions
            regions |= more

    def _named(self, service: str, endpoints: t.Iterable[_Endpoint]) -> str | None:
        """Return the region of the configuration, which may name none where there is but one."""
        listed = {each.region for each in endpoints}
        name: str | None = self._region.get_region_name(service)
        return name or (listed.pop() if len(listed) == 1 else None)

    def _reachable(self, service: str, region: str | None, offered: t.Sequence[_Endpoint]) -> list[str]:
        """Return the endpoints of a region, by the interface of the configuration."""
        wanted = self._region.get_interface(service) or "public"
        for interface in [wanted] if isinstance(wanted, str) else wanted:
            name = interface.removesuffix("URL")
            if found := [each.url for each in offered if each.region == region and each.interface == name]:
                return found
        return []

    def _configured(self, service: str) -> str | None:
        url = self._region.get_endpoint(service)
        # Without authentication, openstacksdk has one endpoint for all services: that of the only one there is.
        return self._versioned(service, url) if url and url != self._region.get_endpoint("image") else None

    def _listed(self, service: str) -> list[_Endpoint]:
        """Return all endpoints of a service in the catalogue, if the way of authentication has one."""
        from keystoneauth1 import exceptions

        auth = self._keystone.auth
        if not hasattr(auth, "get_access"):
            return []
        try:
            catalogue = auth.get_access(self._keystone).service_catalog
        except exceptions.ClientException as exc:
            raise CloudError(f"{self._cloud}: authentication failed: {exc}") from exc
        found = [each for endpoints in catalogue.get_endpoints_data().values() for each in endpoints]
        return [
            _Endpoint(each.region_name, each.interface, self._versioned(service, each.url))
            for each in found
            if each.service_type in _TYPES[service]
        ]

    def _versioned(self, service: str, url: str) -> str:
        # Some have the id of the project after the version.
        place = re.sub(r"/v\d+(\.\d+)?(/[0-9A-Za-z_-]+)?$", "", url.rstrip("/"))
        return f"{place}/{_VERSIONS[service]}{f'/{self._keystone.get_project_id()}' if service in _BY_PROJECT else ''}"

    def _unrelated(self, service: str, image_url: str) -> str:
        return (
            f"{self._cloud}: its catalogue of services does not have {image_url}, and so does not tell "
            f"where {LAUNCHING[service]} launches from these images. If they are of this cloud, let usage_cloud name "
            f"the region to ask ({_setting(service)})."
        )

    def _unknown(self, service: str, image_url: str, offered: t.Iterable[_Endpoint]) -> str:
        others = sorted({f"{each.interface} in {each.region}" for each in offered})
        return (
            f"{self._cloud}: {LAUNCHING[service]} has no endpoint {self._region.get_interface(service)} in "
            f"the regions of {image_url}, and others: {', '.join(others)}. Let usage_cloud name the interface to ask, "
            f"or the region ({_setting(service)})."
        )


def _places(name: str, asked: t.Mapping[str | None, t.Iterable[str]]) -> tuple[Place, ...]:
    regions: dict[str, str | None] = {}
    for region, urls in asked.items():
        for url in urls:
            # Several regions may share a service.
            regions.setdefault(url, region)
    several = len(regions) > 1
    return tuple(Place(f"{name} in region {region}" if several else name, url) for url, region in regions.items())


def _setting(service: str) -> str:
    return f"{service.replace('-', '_')}_region_name"
