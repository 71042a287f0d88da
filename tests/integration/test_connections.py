# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each way to reach a cloud and to say who one is, tried on the sandbox with TLS in front of it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import urllib.parse

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader
from conftest import Cloud
from credentials import application_credential
from tls import Authority, Certificate, Front, terminating

DATA = b"x" * 4096
ADVICE = "Name the authorities that sign the cloud's certificates in ca_cert."
CLIENT_ADVICE = "The service asks for a client certificate: name it in client_cert, and its key in client_key."


@dataclasses.dataclass(frozen=True)
class Secured:
    """
    The services of the sandbox behind TLS, and a folder that is on the web.

    :param urls: Where they are, by the kind of the server: C(valid), C(expired), or C(client), which asks for a
        certificate.
    """

    authority: Authority
    stranger: Authority
    client: Certificate
    urls: dict[str, dict[str, str]]


@pytest.fixture(scope="session")
def secured(tmp_path_factory, admin, clouds):
    folder = tmp_path_factory.mktemp("tls")
    pages = folder / "pages"
    pages.mkdir()
    (pages / "disk.raw").write_bytes(DATA)
    # Run by root, nginx reads files as somebody else.
    for each in (pages, *list(pages.parents)[:3]):
        each.chmod(0o755)
    authority, stranger = Authority(folder, "authority"), Authority(folder, "stranger")
    server, expired = authority.issue("server"), authority.issue("expired", expired=True)
    identity = clouds["sandbox-admin"]["auth"]["auth_url"].removesuffix("/v3")
    image = f"http://{urllib.parse.urlsplit(admin.image.get_endpoint()).netloc}"
    kinds = {
        "valid": {"identity": Front(identity, server), "image": Front(image, server), "web": Front(str(pages), server)},
        "expired": {"identity": Front(identity, expired)},
        "client": {"identity": Front(identity, server, authority), "image": Front(image, server, authority)},
    }
    with contextlib.ExitStack() as stack:
        urls = {kind: stack.enter_context(terminating(folder / kind, fronts)) for kind, fronts in kinds.items()}
        yield Secured(authority, stranger, authority.issue("client"), urls)


@pytest.fixture
def cloud_at(secured, clouds):
    """The configuration of a cloud behind TLS of some kind, trusted unless told otherwise."""

    def make(kind="valid", name="sandbox-operator", **settings):
        cloud = {key: value for key, value in clouds[name].items() if key != "regions"}
        auth = {**cloud["auth"], "auth_url": f"{secured.urls[kind]['identity']}/v3"}
        made = {**cloud, "auth": auth, "region_name": "RegionOne", "cacert": str(secured.authority.path), **settings}
        return {key: value for key, value in made.items() if value is not None}

    return make


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "disk.raw"
    path.write_bytes(DATA)
    return str(path)


@pytest.fixture
def upload(run_here, name, source, admin):
    """Upload, and return the result, after which there is an image only if it says so."""

    def run(cloud, source=source, **args):
        result = run_here("image_template", cloud, name=name, source=source, **args).result
        assert [image["status"] for image in admin.find(name)] == ([] if result["failed"] else ["active"])
        return result

    return run


def files(secured):
    return {
        "client": str(secured.client.path),
        "key": str(secured.client.key),
        "stranger": str(secured.stranger.path),
        "authority": str(secured.authority.path),
    }


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("valid", {}),
        ("valid", {"cacert": None, "verify": False}),
        ("client", {"cert": "{client}", "key": "{key}"}),
    ],
    ids=["trusted", "not-verified", "client"],
)
def test_data_over_tls(kind, settings, cloud_at, secured, upload):
    given = {
        key: value.format(**files(secured)) if isinstance(value, str) else value for key, value in settings.items()
    }
    result = upload(cloud_at(kind, **given))
    assert not result["failed"], result["msg"]


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("valid", {"cacert": None}, ADVICE),
        ("valid", {"cacert": "{stranger}"}, ADVICE),
        ("valid", {"cacert": "/nowhere/ca.pem"}, "ca_cert: /nowhere/ca.pem does not exist."),
        ("expired", {}, "certificate has expired. Have the service's certificate renewed."),
        ("client", {}, CLIENT_ADVICE),
        ("client", {"cert": "/nowhere/c.pem", "key": "{key}"}, "client_cert: /nowhere/c.pem does not exist."),
        ("client", {"cert": "{client}", "key": "/nowhere/key"}, "client_key: /nowhere/key does not exist."),
        ("client", {"cert": "{client}", "key": "{authority}"}, "client_key have to be a certificate and its key"),
    ],
    ids=["no-ca", "other-ca", "missing-ca", "expired", "no-client", "missing-client", "missing-key", "wrong-key"],
)
def test_tls_that_does_not_come_about(kind, settings, words, cloud_at, secured, upload):
    given = {key: value and value.format(**files(secured)) for key, value in settings.items()}
    result = upload(cloud_at(kind, **given))
    assert words in result["msg"]
    assert "Traceback" not in result["msg"]


def test_options_win_over_the_configuration(cloud_at, secured, name, run_here):
    def absent(cloud, **args):
        return run_here("image_template", cloud, name=name, state="absent", **args).result

    client = {"client_cert": str(secured.client.path), "client_key": str(secured.client.key)}
    assert not absent(cloud_at("client", cacert=None), ca_cert=str(secured.authority.path), **client)["failed"]
    assert not absent(cloud_at(cacert=None), validate_certs=False)["failed"]
    assert ADVICE in absent(cloud_at(cacert=None, verify=False), validate_certs=True)["msg"]


def test_members_over_tls(cloud_at, name, operator, run_here):
    image_id = operator.make(name, DATA)
    args = {"image": image_id, "members": ["team-a"], "make_shared": True}
    untrusted = {"team-a": cloud_at(name="sandbox-team-a", cacert=None)}
    assert ADVICE in run_here("image_member", cloud_at(), member_clouds=untrusted, **args).result["msg"]
    trusted = {"team-a": cloud_at("client", "sandbox-team-a")}
    assert CLIENT_ADVICE in run_here("image_member", cloud_at(), member_clouds=trusted, **args).result["msg"]
    trusted = {"team-a": cloud_at(name="sandbox-team-a")}
    result = run_here("image_member", cloud_at(), member_clouds=trusted, **args).result
    assert [each["status"] for each in result["members"]] == ["accepted"]


@pytest.fixture
def second_region(name):
    cloud = Cloud("sandbox-admin", region_name="RegionTwo")
    yield cloud
    cloud.purge(name)


@pytest.mark.parametrize("module", ["image_template", "image_replica"])
def test_another_cloud_as_the_source_over_tls(module, cloud_at, clouds, name, source, second_region, run_here):
    marked = {"image": name} if module == "image_template" else {}
    run_here("image_template", clouds["sandbox-operator"], name=name, source=source)
    target = {**clouds["sandbox-operator"], "region_name": "RegionTwo"}

    def copy(cloud):
        if module == "image_template":
            return run_here(module, target, name=name, source={"cloud": cloud, **marked}, import_method="direct").result
        return run_here(module, target, source_cloud=cloud, images=[name], import_method="direct").result

    assert ADVICE in copy(cloud_at(cacert=None))["msg"]
    assert second_region.find(name) == []
    result = copy(cloud_at())
    assert not result["failed"], result["msg"]
    assert [image["status"] for image in second_region.find(name)] == ["active"]


def test_the_lookup_over_tls(cloud_at, name, source, run_here):
    template = name.rpartition("-v")[0]
    made = run_here("image_template", cloud_at(), name=name, source=source).result["image"]
    run_here("image_visibility", cloud_at(), image=made["id"], visibility="shared")
    plugin = lookup_loader.get("xloud.image.current")
    assert plugin.run([template], {}, cloud=cloud_at()) == [made["id"]]
    with pytest.raises(AnsibleError, match="in ca_cert"):
        plugin.run([template], {}, cloud=cloud_at(cacert=None))


def test_a_source_on_the_web_is_trusted_by_the_environment(secured, clouds, upload, monkeypatch):
    cloud, url = clouds["sandbox-operator"], f"{secured.urls['valid']['web']}/disk.raw"
    args = {"source": url, "import_method": "direct"}
    assert "in the environment variable REQUESTS_CA_BUNDLE" in upload(cloud, **args)["msg"]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secured.stranger.path))
    assert "certificate verify failed" in upload(cloud, **args)["msg"]
    # What is said of the cloud says nothing of others.
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    trusting = {"ca_cert": str(secured.authority.path), "validate_certs": False}
    assert "certificate verify failed" in upload(cloud, **args, **trusting)["msg"]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secured.authority.path))
    result = upload(cloud, **args)
    assert not result["failed"], result["msg"]


# Who one is


def test_an_application_credential(cloud_at, operator, name, upload, run_here):
    with application_credential(operator, cloud_at()) as cloud:
        result = upload(cloud)
        assert not result["failed"], result["msg"]
        wrong = {**cloud, "auth": {**cloud["auth"], "application_credential_secret": "wrong"}}
        result = run_here("image_template", wrong, name=name, state="absent").result
    assert "refused the credentials. Check user, password (or application credential)" in result["msg"]


@pytest.fixture
def token(operator):
    """A token of the operator's own, which a test may revoke."""
    auth = operator.connection.config.get_auth()
    return auth.get_auth_ref(operator.connection.session).auth_token


@pytest.mark.parametrize("auth_type", ["token", "v3token"])
def test_a_token(auth_type, cloud_at, token, operator, upload, run_here, name):
    cloud = cloud_at()
    kept = ("auth_url", "project_name", "project_domain_name")
    auth = {"token": token, **{key: cloud["auth"][key] for key in kept}}
    with_token = {**cloud, "auth_type": auth_type, "auth": auth}
    result = upload(with_token)
    assert not result["failed"], result["msg"]
    revoked = operator.connection.identity.delete("/auth/tokens", headers={"X-Subject-Token": token})
    assert revoked.status_code == 204
    result = run_here("image_template", with_token, name=name, state="absent").result
    assert "refused the token: it expired, or was revoked" in result["msg"]
    assert token not in result["msg"]


def test_a_configuration_with_its_secrets_apart(cloud_at, upload, tmp_path, monkeypatch):
    cloud = cloud_at()
    password = cloud["auth"].pop("password")
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"mycloud": cloud}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    assert "password" in upload("mycloud")["msg"]
    secure = tmp_path / "secure.yaml"
    secure.write_text(yaml.safe_dump({"clouds": {"mycloud": {"auth": {"password": password}}}}))
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(secure))
    result = upload("mycloud")
    assert not result["failed"], result["msg"]


def test_a_playbook_of_the_collection_knows_the_clouds_of_the_folder_that_it_is_called_in(clouds, tmp_path):
    cloud = {**clouds["sandbox-operator"], "regions": ["RegionOne"]}
    password = {"password": cloud["auth"]["password"]}
    cloud["auth"] = {key: value for key, value in cloud["auth"].items() if key not in password}
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"here": cloud}}))
    (tmp_path / "secure.yaml").write_text(yaml.safe_dump({"clouds": {"here": {"auth": password}}}))
    done = subprocess.run(
        [
            "ansible-playbook",
            "xloud.image.report",
            "-e",
            '{"xloud_image_cloud": "here", "image_report_formats": ["json"]}',
        ],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("OS_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "image-report/report.json").exists()


@pytest.mark.parametrize("kind", ["valid", "client"])
def test_a_cloud_of_the_environment(kind, cloud_at, secured, upload, monkeypatch):
    cloud = cloud_at(kind)
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE", raising=False)
    values = {**cloud["auth"], "region_name": "RegionOne", "identity_api_version": "3"}
    trust = {"cacert": cloud["cacert"], "cert": str(secured.client.path), "key": str(secured.client.key)}
    for name, value in {**values, **trust}.items():
        monkeypatch.setenv(f"OS_{name.upper()}", value)
    result = upload(None)
    assert not result["failed"], result["msg"]
