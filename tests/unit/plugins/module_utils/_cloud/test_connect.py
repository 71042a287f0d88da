# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import importlib.metadata
import json
import re
from types import SimpleNamespace

import pytest
import yaml
from keystoneauth1 import exceptions
from keystoneauth1.session import TCPKeepAliveAdapter

from ansible_collections.xloud.image.plugins.module_utils._cloud import connect as connecting
from ansible_collections.xloud.image.plugins.module_utils._cloud.connect import connect
from ansible_collections.xloud.image.plugins.module_utils._cloud.sdk import cloud_region, sdk
from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, InputError
from ansible_collections.xloud.image.tests.unit.fakes.cloud import respond
from ansible_collections.xloud.image.tests.unit.fakes.glance import Answer

AUTH = {"auth_url": "http://identity.test/v3", "username": "me", "password": "hunter2", "project_name": "p"}


class FakeRegion:
    """What openstacksdk makes of a configuration; C(failure) is what authentication raises."""

    name = "mycloud"

    def __init__(self, endpoint="http://image.test", override=None, failure=None):
        self.endpoint, self.override, self.failure = endpoint, override, failure
        self.asked = {}
        self.trusted, self.client = True, None
        self.place = "RegionOne"

    def get_requests_verify_args(self):
        return self.trusted, self.client

    def get_session(self):
        return SimpleNamespace(
            auth=None,
            adapters={},
            get_token=self.get_token,
            get_endpoint=self.get_catalogue_endpoint,
            get_project_id=lambda: "p-own",
        )

    def get_token(self):
        if self.failure:
            raise self.failure
        return "token"

    def get_catalogue_endpoint(self, **kwargs):
        self.asked = kwargs
        if self.endpoint is None:
            raise exceptions.EndpointNotFound("internal endpoint not found")
        return self.endpoint

    def get_endpoint(self, _service):
        return self.override

    def get_interface(self, _service):
        return "internal"

    def get_region_name(self, _service):
        return self.place

    def get_auth_args(self):
        return AUTH


@pytest.fixture
def region(monkeypatch):
    region = FakeRegion()
    monkeypatch.setattr(connecting, "cloud_region", lambda **_: region)
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


@pytest.mark.parametrize(("place", "region_name"), [("RegionOne", "RegionOne"), ("", None)])
def test_a_session_knows_its_region(region, place, region_name):
    region.place = place
    assert connect({}).region_name == region_name


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
        (
            exceptions.SSLError("certificate verify failed: odd"),
            CloudError,
            "cannot be reached at .*: certificate verify failed: odd.*ca_cert",
        ),
        (exceptions.ConnectTimeout("slow"), CloudError, "cannot be reached at .*: slow"),
        (exceptions.MissingRequiredOptions([]), InputError, "configured without what authentication needs"),
        (ValueError("auth plugin odd"), InputError, "configured without what authentication needs: auth plugin odd"),
        (exceptions.NotFound("Failed to validate token"), CloudError, "refused the token: it expired, or was revoked"),
        (exceptions.NotFound("odd"), CloudError, "is no such service: odd"),
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

    def remember(*, load_yaml_config, load_envvars, **options):
        found.append(cloud_region(load_yaml_config=load_yaml_config, load_envvars=load_envvars, **options))
        return FakeRegion()

    monkeypatch.setattr(connecting, "cloud_region", remember)
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


@pytest.mark.parametrize("listed", [["A", "B"], [{"name": "A", "values": {}}, "B"]])
def test_the_first_region_unless_one_is_named(regions, listed):
    connect({"cloud": {"auth": AUTH, "regions": listed}})
    connect({"cloud": {"auth": AUTH, "regions": listed}, "region_name": "B"})
    connect({"cloud": {"auth": AUTH, "regions": []}})
    assert [found.get_region_name("image") for found in regions] == ["A", "B", ""]


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


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"auth": {}}, "auth_url"),
        ({"auth": AUTH, "auth_type": "nonsense"}, "nonsense could not be found"),
        ({"auth": {"auth_url": "http://x"}, "auth_type": "v3applicationcredential"}, "application credential"),
    ],
)
def test_a_configuration_that_authentication_cannot_use(configuration, message):
    with pytest.raises(InputError, match=f"cloud: the configuration cannot be used: .*{message}"):
        connect({"cloud": configuration})


# With a keyring

IDENTITY, IMAGE = "http://identity.test/v3", "http://image.test/v2"


class FakeServices:
    """An Identity service that gives out tokens, an Image service that takes those of them that are valid."""

    def __init__(self):
        self.asked, self.valid = [], set()

    def send(self, _adapter, request, **_):
        self.asked.append(f"{request.method} {request.url}")
        if request.url.startswith(IMAGE):
            valid = request.headers["X-Auth-Token"] in self.valid
            return respond(request, Answer(200 if valid else 401, {"images": []}))
        if request.method == "GET":
            version = {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": IDENTITY}]}
            return respond(request, Answer(200, {"version": version}))
        self.valid.add(token := f"token-{len(self.asked)}")
        response = respond(request, Answer(201, {"token": self.token()}))
        response.headers["X-Subject-Token"] = token
        return response

    def token(self, life=3600):
        now = datetime.datetime.now(datetime.UTC)
        endpoint = {"interface": "public", "region": "R", "region_id": "R", "url": "http://image.test", "id": "e"}
        return {
            "issued_at": now.isoformat(),
            "expires_at": (now + datetime.timedelta(seconds=life)).isoformat(),
            "methods": ["password"],
            "user": {"id": "u", "name": "me", "domain": {"id": "d", "name": "D"}},
            "catalog": [{"type": "image", "name": "glance", "id": "s", "endpoints": [endpoint]}],
        }


class FakeKeyring:
    """What openstacksdk uses of the library keyring; C(failure) is what a backend raises."""

    def __init__(self, failure=None):
        self.kept, self.written, self.failure = {}, 0, failure

    def get_password(self, service, name):
        if self.failure:
            raise self.failure
        return self.kept.get((service, name))

    def set_password(self, service, name, secret):
        if self.failure:
            raise self.failure
        self.kept[service, name] = secret
        self.written += 1


@pytest.fixture
def services(monkeypatch):
    services = FakeServices()

    def send(*given, **options):
        return services.send(*given, **options)

    monkeypatch.setattr(TCPKeepAliveAdapter, "send", send)
    return services


@pytest.fixture
def keyring(monkeypatch):
    keyring = FakeKeyring()
    monkeypatch.setattr(sdk().config.cloud_region, "keyring", keyring)
    return keyring


@pytest.fixture
def configure(monkeypatch, tmp_path):
    """Write a clouds.yaml."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))

    def write(**settings):
        auth = {**AUTH, "user_domain_name": "D", "project_domain_name": "D"}
        (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"mycloud": {"auth": auth}}, **settings}))

    write(cache={"auth": True})
    return write


AUTHENTICATION = [f"GET {IDENTITY}", f"POST {IDENTITY}/auth/tokens"]
LIST = f"GET {IMAGE}/images"


def list_images():
    """The requests of a task that lists images."""
    session = connect({"cloud": "mycloud"})
    session.image("GET", "/images")
    return session.requests


@pytest.mark.usefixtures("configure")
def test_a_token_is_used_again(services, keyring):
    assert (list_images(), list_images(), list_images()) == (3, 1, 1)
    assert services.asked == [*AUTHENTICATION, LIST, LIST, LIST]
    assert keyring.written == 1


@pytest.mark.usefixtures("configure")
def test_a_token_that_expires_is_replaced_once(services, keyring):
    list_images()
    ((name, state),) = keyring.kept.items()
    past = services.token(life=60)["expires_at"]
    keyring.kept[name] = re.sub(r'"expires_at": "[^"]+"', f'"expires_at": "{past}"', state)
    assert (list_images(), list_images()) == (3, 1)
    assert services.asked == [*AUTHENTICATION, LIST] * 2 + [LIST]
    assert keyring.written == 2


@pytest.mark.usefixtures("configure")
def test_a_token_that_is_refused_is_replaced_once(services, keyring):
    list_images()
    services.valid.clear()
    assert (list_images(), list_images()) == (4, 1)
    assert services.asked == [*AUTHENTICATION, LIST, LIST, *AUTHENTICATION, LIST, LIST]
    assert keyring.written == 2


@pytest.mark.usefixtures("configure")
def test_tokens_of_other_credentials_are_not_used(services, keyring):
    list_images()
    connect({"cloud": "mycloud", "auth": {"password": "other"}})
    assert services.asked == [*AUTHENTICATION, LIST, *AUTHENTICATION]
    assert "hunter2" not in json.dumps([*keyring.kept, *keyring.kept.values()])


@pytest.mark.parametrize("settings", [{}, {"cache": {"auth": False}}, {"cache": {"expiration_time": 60}}])
def test_no_token_is_kept_unasked(services, keyring, configure, settings):
    configure(**settings)
    assert (list_images(), list_images()) == (3, 3)
    assert keyring.kept == {}


@pytest.mark.usefixtures("configure")
def test_there_is_no_keyring(services, monkeypatch):
    monkeypatch.setattr(sdk().config.cloud_region, "keyring", None)
    assert (list_images(), list_images()) == (3, 3)


@pytest.mark.usefixtures("configure", "services")
def test_there_is_no_backend_of_the_keyring(keyring):
    keyring.failure = RuntimeError("No recommended backend was available.")
    assert (list_images(), list_images()) == (3, 3)


@pytest.mark.usefixtures("configure", "services")
def test_a_keyring_that_refuses_a_token(keyring, monkeypatch):
    def refuse(*_):
        raise OSError("too long")

    monkeypatch.setattr(keyring, "set_password", refuse)
    assert (list_images(), list_images()) == (3, 3)


@pytest.mark.usefixtures("configure", "services")
def test_a_keyring_that_is_locked(keyring):
    keyring.failure = OSError("the collection is locked")
    with pytest.raises(InputError, match="cloud: the configuration cannot be used: the collection is locked"):
        list_images()
