# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where services are, by catalogues as the Identity service has them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from keystoneauth1.access.service_catalog import ServiceCatalogV3

from ansible_collections.xloud.image.plugins.module_utils._cloud.endpoints import Endpoints, Place
from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, NotFoundError

IMAGES = "http://one.test/image/v2"
ONE, TWO = {"RegionOne": "http://one.test"}, {"RegionTwo": "http://two.test"}
KINDS = {"compute": "the Compute service", "block-storage": "the Block Storage service"}
PATHS = {"compute": "compute/v2.1", "block-storage": "volume/v3/p-own"}
LISTED = {"compute": "compute", "block-storage": "volumev3", "image": "image"}


def cloud(catalogue, region="RegionOne", **settings):
    """The endpoints of a cloud whose catalogue has these URLs, by types of services and regions."""
    services = [
        {
            "type": kind,
            "endpoints": [
                {"interface": interface, "region": place, "url": url}
                for place, url in urls.items()
                for interface in settings.get("interfaces", {}).get(place, ("internal", "public"))
            ],
        }
        for kind, urls in catalogue.items()
    ]
    listed = ServiceCatalogV3(services)

    def find(service_type, interface, region_name, skip_discovery):
        assert skip_discovery
        found = listed.endpoint_data_for(service_type=service_type, interface=interface, region_name=region_name)
        return found and found.url

    keystone = SimpleNamespace(
        auth=SimpleNamespace(get_access=lambda _session: SimpleNamespace(service_catalog=listed)),
        get_endpoint=find,
        get_project_id=lambda: "p-own",
    )
    configuration = SimpleNamespace(
        name="mycloud",
        get_region_name=lambda service: settings.get("of_services", {}).get(service, region),
        get_interface=lambda _service: settings.get("interface", "internal"),
        get_endpoint=lambda service: settings.get("overrides", {}).get(service),
    )
    return Endpoints(configuration, keystone)


def listed(images, launching, service="compute"):
    """A catalogue with an Image service, and with one of another kind, in some regions."""
    return {
        "image": {place: f"{url}/image" for place, url in images.items()},
        LISTED[service]: {place: f"{url}/{PATHS[service]}" for place, url in launching.items()},
    }


@pytest.mark.parametrize(
    ("service", "endpoint", "url"),
    [
        ("key-manager", "http://keys.test", "http://keys.test/v1"),
        ("image", "http://image.test/v2.18", "http://image.test/v2"),
        ("compute", "http://host/compute/v2.1", "http://host/compute/v2.1"),
        ("compute", "http://nova.test:8774/v2/p-own", "http://nova.test:8774/v2.1"),
        ("block-storage", "http://cinder.test/v3", "http://cinder.test/v3/p-own"),
        ("block-storage", "http://host/volume/v3/p-own/", "http://host/volume/v3/p-own"),
        ("block-storage", "http://cinder.test/v2/p-own", "http://cinder.test/v3/p-own"),
    ],
)
def test_an_endpoint_is_versioned(service, endpoint, url):
    assert cloud({service: {"RegionOne": endpoint}}).of(service) == url
    assert cloud({}, overrides={service: endpoint}).of(service) == url
    assert cloud({service: {"RegionTwo": endpoint}}).of(service) is None


@pytest.mark.parametrize("service", KINDS)
@pytest.mark.parametrize("region", ["RegionOne", "", None])
def test_the_services_of_a_region(service, region):
    asked = cloud(listed(ONE, ONE, service), region).launching(service, IMAGES)
    assert asked == (Place(KINDS[service], f"http://one.test/{PATHS[service]}"),)


@pytest.mark.parametrize("service", KINDS)
def test_there_is_no_such_service(service):
    assert cloud(listed(ONE, {}, service)).launching(service, IMAGES) == ()


@pytest.mark.parametrize("region", ["RegionOne", "RegionTwo", "RegionThree", ""])
def test_the_image_service_says_which_regions_launch_from_it(region):
    """It is that of the task, whichever region those who may ask are configured for."""
    endpoints = cloud(listed({**ONE, **TWO}, {**ONE, **TWO}), region)
    assert endpoints.launching("compute", IMAGES) == (Place("the Compute service", "http://one.test/compute/v2.1"),)
    (of_the_other,) = endpoints.launching("compute", "http://two.test/image/v2")
    assert of_the_other.url == "http://two.test/compute/v2.1"


@pytest.mark.parametrize("images", [ONE, {**ONE, "RegionTwo": "http://one.test"}], ids=["no-other", "the-same"])
def test_all_regions_that_share_an_image_service(images):
    asked = cloud(listed(images, {**ONE, **TWO})).launching("compute", IMAGES)
    assert asked == (
        Place("the Compute service in region RegionOne", "http://one.test/compute/v2.1"),
        Place("the Compute service in region RegionTwo", "http://two.test/compute/v2.1"),
    )


def test_a_service_that_regions_share_is_asked_once():
    asked = cloud(listed(ONE, {**ONE, "RegionTwo": "http://one.test"})).launching("compute", IMAGES)
    assert asked == (Place("the Compute service", "http://one.test/compute/v2.1"),)


def test_an_image_service_that_the_catalogue_does_not_know_is_of_the_region_of_the_configuration():
    unknown = "http://elsewhere.test/image/v2"
    (asked,) = cloud(listed({**ONE, **TWO}, {**ONE, **TWO}), "RegionTwo").launching("compute", unknown)
    assert asked.url == "http://two.test/compute/v2.1"
    (asked,) = cloud(listed(ONE, ONE), "").launching("compute", unknown)
    assert asked.url == "http://one.test/compute/v2.1"
    with pytest.raises(CloudError, match="others: internal in RegionOne, internal in RegionTwo, public in"):
        cloud(listed({**ONE, **TWO}, {**ONE, **TWO}), "").launching("compute", unknown)


@pytest.mark.parametrize("service", KINDS)
def test_a_service_of_another_region_is_not_absent(service):
    with pytest.raises(CloudError) as refused:
        cloud(listed({**ONE, **TWO}, TWO, service)).launching(service, IMAGES)
    assert not isinstance(refused.value, NotFoundError)
    assert refused.value.message == (
        f"cloud mycloud: {KINDS[service]} has no endpoint internal in the regions of {IMAGES}, and others: "
        "internal in RegionTwo, public in RegionTwo. Let usage_cloud name the interface to ask, or the region "
        f"({service.replace('-', '_')}_region_name)."
    )


@pytest.mark.parametrize("images", [ONE, {**ONE, "RegionTwo": "http://one.test"}], ids=["no-other", "the-same"])
def test_a_service_of_another_interface_is_not_absent(images):
    """Not even where another region has it by this one."""
    with pytest.raises(CloudError, match=r"no endpoint internal .* others: .*public in RegionTwo"):
        cloud(listed(images, {**ONE, **TWO}), interfaces={"RegionTwo": ("public",)}).launching("compute", IMAGES)


def test_the_configuration_wins():
    catalogue = listed({**ONE, **TWO}, TWO)
    (asked,) = cloud(catalogue, of_services={"compute": "RegionTwo"}).launching("compute", IMAGES)
    assert asked.url == "http://two.test/compute/v2.1"
    (asked,) = cloud(catalogue, overrides={"compute": "http://three.test"}).launching("compute", IMAGES)
    assert asked == Place("the Compute service", "http://three.test/v2.1")
