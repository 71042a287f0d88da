# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers of other regions, which launch from the same Image service, hold their images back too."""

from __future__ import annotations

import contextlib
import re

import pytest
from fault_proxy import Fault, fault_proxy

REGION = "RegionThree"


@pytest.fixture
def region(admin):
    """Give the catalogue of services another region, whose services have these URLs."""
    identity = admin.connection.identity
    with contextlib.ExitStack() as stack:
        identity.create_region(id=REGION)
        stack.callback(identity.delete_region, REGION)

        def make(**urls):
            for kind, url in urls.items():
                service = next(each for each in identity.services() if each.type in (kind, f"{kind}v3"))
                made = identity.create_endpoint(
                    service_id=service.id, interface="public", region_id=REGION, url=url, is_enabled=True
                )
                stack.callback(identity.delete_endpoint, made)

        yield make


@pytest.fixture
def retire(catalogue, clouds, team, run_module):
    """Retire a version that a server runs from, with the configuration of a region, and say why that is refused."""
    catalogue.release("1.0")
    assert catalogue.curate("2026-01-01").code == 0
    team.launch(catalogue.id("1.0"), "web")

    def run(region="RegionOne", of_task=None, of_others=None):
        task = {**clouds["sandbox-operator"], "region_name": region, **(of_task or {})}
        others = {**catalogue.usage_cloud, "region_name": region, **(of_others or {})}
        options = {"image": catalogue.name("1.0"), "visibility": "private", "active": False}
        result = run_module("image_visibility", task, usage_cloud=others, **options).result
        assert result["failed"]
        assert catalogue.image("1.0")["status"] == "active"
        return result["msg"]

    return run


def test_a_region_without_servers_of_its_own(region, retire, operator):
    region(image=operator.image.get_endpoint())
    assert "it is used by 1 server (team-a: 1 server)" in retire(REGION)


def test_the_servers_of_a_region_without_an_image_service(region, retire, admin):
    compute = admin.connection.compute.get_endpoint()
    host = compute.removeprefix("http://").partition("/")[0]
    with fault_proxy(host) as between:
        region(compute=compute.replace(f"http://{host}", between.url))
        between.inject(Fault("error", "GET", path="/servers/detail$", times=100, moment="before"))
        assert f"the Compute service in region {REGION} answered" in retire()
        between.inject()
        assert "it is used by 1 server (team-a: 1 server)" in retire()
        assert between.of("GET", "/servers/detail")


def test_the_servers_of_a_region_with_other_images_are_not_asked(region, retire):
    region(image="http://127.0.0.1:9/", compute="http://127.0.0.1:9/")
    assert "it is used by 1 server (team-a: 1 server)" in retire()


def test_images_that_the_cloud_of_those_who_may_ask_does_not_have(retire, operator):
    """As far as it knows: the task reaches them by another address."""
    host, path = re.match(r"http://([^/]+)(.*)", operator.image.get_endpoint()).groups()
    with fault_proxy(host) as between:
        task = {"image_endpoint_override": between.url + path}
        words = retire(of_task=task)
        assert "it is not known who uses it" in words
        assert f"does not have {between.url}" in words
        assert "let usage_cloud name the region to ask (compute_region_name)" in words
        named = {"compute_region_name": "RegionOne", "block_storage_region_name": "RegionOne"}
        assert "it is used by 1 server (team-a: 1 server)" in retire(of_task=task, of_others=named)
