# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.metadata
from types import SimpleNamespace

import openstack.config
import pytest
import yaml
from keystoneauth1 import exceptions

from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, InputError

AUTH = {"auth_url": "http://identity.test/v3", "username": "me", "password": "hunter2", "project_name": "p"}


class FakeRegion:
    """What openstacksdk makes of a configuration; C(failure) is what authentication raises."""

    name = "mycloud"

    def __init__(self, endpoint="http://image.test", override=None, failure=None):
        self.endpoint, self.override, self.failure = endpoint, override, failure
        self.asked = {}

    def get_session(self):
        return SimpleNamespace(auth=None, get_token=self.get_token, get_endpoint=self.get_catalogue_endpoint)

    def get_token(self):
        if self.failure:
            raise self.failure
        return "token"

    def get_catalogue_endpoint(self, **kwargs):
        self.asked = kwargs
        return self.endpoint

    def get_endpoint(self, _service):
        return self.override

    def get_interface(self, _service):
        return "internal"

    def get_region_name(self, _service):
        return "RegionOne"

    def get_auth_args(self):
        return AUTH


@pytest.fixture
def region(monkeypatch):
    region = FakeRegion()
    monkeypatch.setattr(openstack.config, "get_cloud_region", lambda **_: region)
    return region


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://image.test", "http://image.test/v2"),
        ("http://image.test/", "http://image.test/v2"),
        ("http://image.test/v2", "http://image.test/v2"),
        ("http://image.test/v2/", "http://image.test/v2"),
        ("http://image.test/v2.18", "http://image.test/v2"),
        ("http://host/image", "http://host/image/v2"),
        ("http://v2.test:9292", "http://v2.test:9292/v2"),
    ],
)
def test_the_endpoint_is_versioned(region, endpoint, url):
    region.endpoint = endpoint
    assert connect({"cloud": "x"}).image_url == url
    assert region.asked["skip_discovery"]
    assert (region.asked["interface"], region.asked["region_name"]) == ("internal", "RegionOne")


def test_an_override_wins(region):
    region.override = "http://other.test"
    assert connect({}).image_url == "http://other.test/v2"
    assert region.asked == {}


def test_a_session_is_called_after_its_cloud(region):
    assert connect({}).name == "cloud mycloud"


def test_there_is_no_image_service(region):
    region.endpoint = None
    with pytest.raises(CloudError, match=r"no endpoint for the Image service \(interface internal, region RegionOne\)"):
        connect({})


@pytest.mark.parametrize(
    ("failure", "error", "message"),
    [
        (exceptions.Unauthorized("no"), CloudError, "http://identity.test/v3 refused the credentials"),
        (exceptions.ConnectFailure("down"), CloudError, "cannot be reached at http://identity.test/v3: down"),
        (exceptions.DiscoveryFailure("what"), CloudError, "cannot be reached at .*Check auth_url"),
        (exceptions.SSLError("certificate"), CloudError, "cannot be reached at .*: certificate.*ca_cert"),
        (exceptions.ConnectTimeout("slow"), CloudError, "cannot be reached at .*: slow"),
        (exceptions.MissingRequiredOptions([]), InputError, "configured without what authentication needs"),
        (ValueError("auth plugin odd"), InputError, "configured without what authentication needs: auth plugin odd"),
        (exceptions.BadRequest("odd"), CloudError, "authentication failed: odd"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_authentication_that_fails(region, failure, error, message):
    region.failure = failure
    with pytest.raises(error, match=f"cloud mycloud.*{message}") as caught:
        connect({})
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("installed", ["4.3.9", "3.99.0", "0.61", "1.0.0.dev1"])
@pytest.mark.usefixtures("region")
def test_an_old_sdk_is_refused(monkeypatch, installed):
    monkeypatch.setattr(importlib.metadata, "version", lambda _: installed)
    with pytest.raises(CloudError, match=rf"openstacksdk {installed} is too old: this collection needs 4\.4\.0"):
        connect({})


@pytest.mark.parametrize("installed", ["4.4.0", "4.10.0", "5.0.0", "4.5.0.dev3"])
@pytest.mark.usefixtures("region")
def test_a_newer_sdk_will_do(monkeypatch, installed):
    monkeypatch.setattr(importlib.metadata, "version", lambda _: installed)
    connect({})


# As openstacksdk reads the configuration


@pytest.fixture
def regions(monkeypatch, tmp_path):
    """The configurations that were found, in a folder with a clouds.yaml; authentication always succeeds."""
    clouds = {"clouds": {"mycloud": {"auth": AUTH, "region_name": "RegionTwo", "verify": False}}}
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump(clouds))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    found = []
    plain = openstack.config.get_cloud_region

    def remember(**options):
        found.append(plain(**options))
        return FakeRegion()

    monkeypatch.setattr(openstack.config, "get_cloud_region", remember)
    return found


def test_a_cloud_by_name(regions):
    connect({"cloud": "mycloud"})
    assert regions[0].name == "mycloud"
    assert regions[0].get_region_name("image") == "RegionTwo"
    assert regions[0].get_auth_args()["password"] == "hunter2"


def test_a_cloud_as_a_dictionary_and_options_that_win(regions):
    connect({"cloud": {"auth": AUTH, "region_name": "A", "interface": "internal"}, "region_name": "B", "verify": None})
    assert regions[0].get_region_name("image") == "B"
    assert regions[0].get_interface("image") == "internal"
    assert regions[0].get_auth_args()["auth_url"] == AUTH["auth_url"]


def test_a_cloud_of_options_alone(regions):
    connect({"cloud": None, "auth": AUTH, "api_timeout": 7})
    assert regions[0].get_auth_args()["project_name"] == "p"
    assert regions[0].config["api_timeout"] == 7


def test_a_cloud_of_the_environment(regions, monkeypatch):
    monkeypatch.setenv("OS_CLOUD", "mycloud")
    connect({"cloud": None})
    assert regions[0].name == "mycloud"


@pytest.mark.usefixtures("regions")
def test_an_unknown_cloud(regions):
    with pytest.raises(InputError, match=r"cloud: .*typo.*Clouds are looked up in clouds\.yaml"):
        connect({"cloud": "typo"})
    assert regions == []
