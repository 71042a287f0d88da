# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where services are, by catalogues as the Identity service has them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from keystoneauth1 import exceptions
from keystoneauth1.access.service_catalog import ServiceCatalogV3

from ansible_collections.xloud.image.plugins.module_utils._cloud.endpoints import Endpoints, Place
from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, NotFoundError

IMAGES = "http://one.test/image/v2"
ONE, TWO = {"RegionOne": "http://one.test"}, {"RegionTwo": "http://two.test"}
BOTH = {**ONE, **TWO}
KINDS = {"compute": "the Compute service", "block-storage": "the Block Storage service"}
PATHS = {"compute": "compute/v2.1", "block-storage": "volume/v3/p-own"}
LISTED = {"compute": "compute", "block-storage": "volumev3"}
INTERFACES = ("internal", "public")


def entry(kind, urls, interfaces=INTERFACES):
    """An entry of a catalogue of services, with the URLs by the regions."""
    places = [{"interface": each, "region": place, "url": url} for place, url in urls.items() for each in interfaces]
    return {"type": kind, "endpoints": places}


def images_in(places, interfaces=INTERFACES):
    return entry("image", {place: f"{url}/image" for place, url in places.items()}, interfaces)


def launching_in(places, service="compute", interfaces=INTERFACES):
    urls = {place: f"{url}/{PATHS[service]}" for place, url in places.items()}
    return entry(LISTED[service], urls, interfaces)


def cloud(*catalogue, region="RegionOne", interface="internal", overrides=None, **configuration):
    """The endpoints of a cloud with a catalogue."""
    listed = ServiceCatalogV3(catalogue)

    def find(service_type, interface, region_name, skip_discovery):
        assert skip_discovery
        found = listed.endpoint_data_for(service_type=service_type, interface=interface, region_name=region_name)
        return found and found.url

    keystone = SimpleNamespace(
        auth=SimpleNamespace(get_access=lambda _session: SimpleNamespace(service_catalog=listed)),
        get_endpoint=find,
        get_project_id=lambda: "p-own",
    )
    configured = SimpleNamespace(
        config=configuration,
        get_region_name=lambda _service: region,
        get_interface=lambda _service: interface,
        get_endpoint=(overrides or {}).get,
    )
    return Endpoints(configured, keystone, "cloud mycloud")


def urls(places):
    return [place.url for place in places]


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
    assert cloud(entry(service, {"RegionOne": endpoint})).of(service) == url
    assert cloud(overrides={service: endpoint}).of(service) == url
    assert cloud(entry(service, {"RegionTwo": endpoint})).of(service) is None


@pytest.mark.parametrize("service", KINDS)
@pytest.mark.parametrize("region", ["RegionOne", "", None])
def test_the_services_of_a_region(service, region):
    asked = cloud(images_in(ONE), launching_in(ONE, service), region=region).launching(service, IMAGES)
    assert asked == (Place(KINDS[service], f"http://one.test/{PATHS[service]}"),)


@pytest.mark.parametrize("service", KINDS)
def test_there_is_no_such_service(service):
    assert cloud(images_in(ONE)).launching(service, IMAGES) == ()


@pytest.mark.parametrize("region", ["RegionOne", "RegionTwo", "RegionThree", ""])
def test_the_image_service_says_which_regions_launch_from_it(region):
    """It is that of the task, whichever region those who may ask are configured for."""
    endpoints = cloud(images_in(BOTH), launching_in(BOTH), region=region)
    assert endpoints.launching("compute", IMAGES) == (Place("the Compute service", "http://one.test/compute/v2.1"),)
    assert urls(endpoints.launching("compute", "http://two.test/image/v2")) == ["http://two.test/compute/v2.1"]


SHARED = {**ONE, "RegionTwo": "http://one.test"}


@pytest.mark.parametrize(
    "images",
    [
        [images_in(ONE)],
        [images_in(SHARED)],
        # By other names for the public, as the endpoints within show.
        [images_in(BOTH, ["public"]), images_in(SHARED, ["internal"])],
    ],
    ids=["no-other", "the-same", "the-same-within"],
)
def test_all_regions_that_share_an_image_service(images):
    asked = cloud(*images, launching_in(BOTH)).launching("compute", IMAGES)
    assert asked == (
        Place("the Compute service in region RegionOne", "http://one.test/compute/v2.1"),
        Place("the Compute service in region RegionTwo", "http://two.test/compute/v2.1"),
    )


def test_a_service_that_regions_share_is_asked_once():
    asked = cloud(images_in(ONE), launching_in(SHARED)).launching("compute", IMAGES)
    assert asked == (Place("the Compute service", "http://one.test/compute/v2.1"),)


def test_a_region_may_have_a_service_by_another_name_and_twice():
    of_one = [entry("block-storage", {"RegionOne": "http://one.test/v3"}), entry("volumev2", {"RegionOne": ""})]
    of_two = [entry(kind, {"RegionTwo": f"http://two.test/{kind[-2:]}/p-own"}) for kind in ("volumev2", "volumev3")]
    other = entry("volumev3", {"RegionTwo": "http://three.test/v3"})
    asked = cloud(images_in(ONE), *of_one, *of_two, other).launching("block-storage", IMAGES)
    assert urls(asked) == [f"http://{name}.test/v3/p-own" for name in ("one", "two", "three")]


def test_an_endpoint_without_a_region_is_asked():
    asked = cloud(images_in(ONE), launching_in({**ONE, None: "http://two.test"})).launching("compute", IMAGES)
    assert urls(asked) == ["http://one.test/compute/v2.1", "http://two.test/compute/v2.1"]


@pytest.mark.parametrize("interface", ["internal", "internalURL", ["admin", "internal"], None])
def test_interfaces_as_a_configuration_may_have_them(interface):
    catalogue = [images_in(ONE), launching_in(ONE, interfaces=["internal" if interface else "public"])]
    assert urls(cloud(*catalogue, interface=interface).launching("compute", IMAGES)) == ["http://one.test/compute/v2.1"]


PROXY = "http://proxy.test/image"


def test_an_image_service_that_the_catalogue_does_not_have_is_of_the_region_of_the_configuration():
    def asked(images, *launching, region):
        endpoints = cloud(images_in(images), *launching, region=region, overrides={"image": PROXY})
        return urls(endpoints.launching("compute", f"{PROXY}/v2"))

    assert asked(BOTH, launching_in(BOTH), region="RegionTwo") == ["http://two.test/compute/v2.1"]
    assert asked(ONE, launching_in(ONE), region="") == ["http://one.test/compute/v2.1"]
    assert len(asked(SHARED, launching_in(BOTH), region="RegionTwo")) == 2
    with pytest.raises(CloudError, match="others: internal in RegionOne, internal in RegionTwo, public in"):
        asked(BOTH, launching_in(BOTH), region="")


@pytest.mark.parametrize("catalogue", [[images_in(ONE), launching_in(ONE)], [launching_in(ONE)], []])
def test_a_cloud_that_does_not_have_the_images_is_not_asked(catalogue):
    """Its servers run from others. It is no cloud without servers either."""
    with pytest.raises(CloudError) as refused:
        cloud(*catalogue).launching("compute", "http://other.test/image/v2")
    assert not isinstance(refused.value, NotFoundError)
    assert "cloud mycloud: its catalogue of services does not have http://other.test/image/v2" in refused.value.message


@pytest.mark.parametrize("service", KINDS)
def test_a_service_of_another_region_is_not_absent(service):
    with pytest.raises(CloudError) as refused:
        cloud(images_in(BOTH), launching_in(TWO, service)).launching(service, IMAGES)
    assert not isinstance(refused.value, NotFoundError)
    assert refused.value.message == (
        f"cloud mycloud: {KINDS[service]} has no endpoint internal in the regions of {IMAGES}, and others: "
        "internal in RegionTwo, public in RegionTwo. Let usage_cloud name the interface to ask, or the region "
        f"({service.replace('-', '_')}_region_name)."
    )


@pytest.mark.parametrize("images", [ONE, SHARED], ids=["no-other", "the-same"])
def test_a_service_of_another_interface_is_not_absent(images):
    """Not even where another region has it by this one."""
    catalogue = [images_in(images), launching_in(ONE), launching_in(TWO, interfaces=["public"])]
    with pytest.raises(CloudError, match=r"no endpoint internal .* others: .*public in RegionTwo"):
        cloud(*catalogue).launching("compute", IMAGES)


def test_the_configuration_names_the_region():
    asked = cloud(images_in(BOTH), launching_in(TWO), compute_region_name="RegionTwo").launching("compute", IMAGES)
    assert urls(asked) == ["http://two.test/compute/v2.1"]
    elsewhere = cloud(images_in(BOTH), launching_in(BOTH), region="RegionTwo", compute_region_name="RegionTwo")
    assert urls(elsewhere.launching("compute", "http://other.test/image/v2")) == ["http://two.test/compute/v2.1"]


def test_the_configuration_names_the_endpoint():
    """It stands for that of one region, and others have theirs."""
    catalogue, overrides = [images_in(ONE), launching_in(BOTH)], {"compute": "http://proxy.test"}
    asked = cloud(*catalogue, overrides=overrides).launching("compute", IMAGES)
    assert sorted(urls(asked)) == ["http://proxy.test/v2.1", "http://two.test/compute/v2.1"]
    for each in cloud(overrides=overrides), cloud(images_in(BOTH), launching_in(TWO), overrides=overrides):
        assert urls(each.launching("compute", "http://other.test/image/v2")) == ["http://proxy.test/v2.1"]


def test_there_is_no_catalogue_without_authentication():
    endpoint = {"image": "http://glance.test", "compute": "http://glance.test"}
    endpoints = cloud(overrides=endpoint)
    endpoints._keystone.auth = object()
    assert endpoints.launching("compute", "http://glance.test/v2") == ()


def test_an_identity_service_that_fails():
    def fail(_session):
        raise exceptions.ConnectFailure("no route")

    endpoints = cloud(images_in(ONE))
    endpoints._keystone.auth.get_access = fail
    with pytest.raises(CloudError, match="cloud mycloud: authentication failed: no route"):
        endpoints.launching("compute", IMAGES)
