# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
A sandbox bears many requests at once: none is refused, reset or lost, and each stands in the access log. It verifies
what is signed, protects what it was told to, and keeps its secrets to itself.

OS_CLIENT_CONFIG_FILE names the clouds.yaml of the sandbox, as it does for the playbooks.
"""

from __future__ import annotations

import base64
import datetime
import json
import os
import stat
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from keystoneauth1.session import Session
from openstack.config import OpenStackConfig

READERS = 50
UPLOADERS = 20
MEBIBYTE = bytes(range(256)) * 4096
PEOPLE = ("admin", "operator", "manager", "reader", "team-a", "team-b")
CLOUDS = [f"sandbox-{name}" for name in (*PEOPLE, "application")]
IMAGE = {"service_type": "image", "interface": "public"}
KEY_MANAGER = {"service_type": "key-manager", "interface": "public"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch", "Accept": "application/json"}
DATA = {"Content-Type": "application/octet-stream", "Accept": "application/json"}


@pytest.fixture(scope="module")
def clouds_file() -> Path:
    return Path(os.environ["OS_CLIENT_CONFIG_FILE"])


@pytest.fixture
def agent() -> str:
    """A user agent by which a test finds its own requests in the logs."""
    return f"test-{uuid.uuid4().hex}"


def connect(cloud: str, agent: str) -> Session:
    session = OpenStackConfig().get_one(cloud=cloud).get_session()
    session.user_agent = agent
    return session


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """What each of so many calls returned; they start at the same moment, and what one raises is raised here."""
    start = threading.Barrier(count)

    def wait_and_call(number: int) -> Any:
        start.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_and_call, range(count)))


def logged(clouds_file: Path, service: str, agent: str) -> list[str]:
    lines = clouds_file.with_name("log").joinpath(f"{service}-access.log").read_text().splitlines()
    return [line for line in lines if agent in line]


@pytest.mark.parametrize("cloud", ["sandbox-admin", "sandbox-operator"])
def test_requests_through_separate_connections(cloud, agent):
    session = connect(cloud, agent)
    url, headers = f"{session.get_endpoint(**IMAGE)}/v2/images", session.get_auth_headers()
    statuses = at_once(READERS, lambda _number: requests.get(url, headers=headers, timeout=60).status_code)
    assert Counter(statuses) == {200: READERS}


@pytest.mark.parametrize("cloud", ["sandbox-admin", "sandbox-operator"])
def test_requests_through_a_shared_session(cloud, agent):
    session = connect(cloud, agent)

    def list_thrice(_number: int) -> list[int]:
        return [session.get("/v2/images", endpoint_filter=IMAGE, raise_exc=False).status_code for _time in range(3)]

    assert Counter(chain.from_iterable(at_once(READERS, list_thrice))) == {200: 3 * READERS}


def test_the_first_region_is_that_of_clients_that_name_none(clouds_file, agent):
    regions = yaml.safe_load(clouds_file.read_text())["clouds"]["sandbox-operator"]["regions"]
    session = connect("sandbox-operator", agent)
    listed = defaultdict(list)
    for of_service in session.auth.get_access(session).service_catalog.get_endpoints_data().values():
        for endpoint in of_service:
            listed[endpoint.service_type, endpoint.interface].append(endpoint.region_name)
    assert listed == dict.fromkeys(listed, regions)


def test_logins_at_once(agent):
    projects = at_once(READERS, lambda _number: connect("sandbox-operator", agent).get_project_id())
    assert len(set(projects)) == 1


def test_uploads_at_once(agent, clouds_file):
    session = connect("sandbox-operator", agent)
    url, headers = f"{session.get_endpoint(**IMAGE)}/v2/images", session.get_auth_headers() | {"User-Agent": agent}
    wanted = {"container_format": "bare", "disk_format": "raw", "visibility": "private"}

    def create_upload_download_delete(number: int) -> tuple[list[int], bool]:
        client = requests.Session()
        client.headers.update(headers)
        created = client.post(url, json={**wanted, "name": f"{agent}-{number}"}, timeout=60)
        image = f"{url}/{created.json()['id']}"
        data = {"Content-Type": "application/octet-stream"}
        uploaded = client.put(f"{image}/file", data=iter([MEBIBYTE]), headers=data, timeout=60)
        downloaded = client.get(f"{image}/file", timeout=60)
        answers = [created, uploaded, downloaded, client.delete(image, timeout=60)]
        return [answer.status_code for answer in answers], downloaded.content == MEBIBYTE

    assert at_once(UPLOADERS, create_upload_download_delete) == [([201, 204, 200, 204], True)] * UPLOADERS
    lines = logged(clouds_file, "image", agent)
    methods = Counter(line.split('"')[1].split()[0] for line in lines)
    assert methods == dict.fromkeys(["POST", "PUT", "GET", "DELETE"], UPLOADERS)
    assert len([line for line in lines if f" 204 {len(MEBIBYTE)} 0 " in line]) == UPLOADERS
    assert "database is locked" not in clouds_file.with_name("log").joinpath("image.log").read_text()


def test_unread_bodies_at_once(agent):
    """Glance refuses these without reading them; the answer must arrive all the same."""
    session = connect("sandbox-operator", agent)
    url = f"{session.get_endpoint(**IMAGE)}/v2/images/{uuid.uuid4()}/file"
    headers = session.get_auth_headers() | {"Content-Type": "application/octet-stream"}

    def upload(_number: int) -> int:
        return requests.put(url, data=MEBIBYTE, headers=headers, timeout=60).status_code

    refused = at_once(UPLOADERS, upload)
    assert Counter(refused) == {404: UPLOADERS}


def test_access_logs_hold_every_request_and_no_secret(agent, clouds_file):
    session = connect("sandbox-operator", agent)
    assert session.get("/v2/images?limit=1", endpoint_filter=IMAGE).status_code == 200
    assert any('"GET /v2/images?limit=1" 200 0 ' in line for line in logged(clouds_file, "image", agent))
    assert any('"POST /v3/auth/tokens" 201 ' in line for line in logged(clouds_file, "identity", agent))
    secrets = [session.get_token(), *secrets_of(clouds_file)]
    for log in clouds_file.with_name("log").iterdir():
        assert [secret for secret in secrets if secret in log.read_text()] == [], log.name


def secrets_of(clouds_file: Path) -> list[str]:
    """The passwords of all users and services, and the key that Barbican encrypts with."""
    found = json.loads(clouds_file.with_name("secrets.json").read_text())
    assert set(found) == {*PEOPLE, "glance", "barbican", "sandbox-application", "key-manager"}
    return list(found.values())


def test_processes_show_no_secret(clouds_file):
    processes = json.loads(clouds_file.with_name("run").joinpath("state.json").read_text())["pids"]
    assert set(processes) == {"launcher", "identity", "image", "second-image", "key-manager"}
    for process in processes.values():
        shown = Path(f"/proc/{process}/cmdline").read_text() + Path(f"/proc/{process}/environ").read_text()
        assert "serve.py" in shown
        assert [secret for secret in secrets_of(clouds_file) if secret in shown] == []


def test_files_are_for_their_owner_alone(clouds_file):
    folders = [clouds_file.with_name(name) for name in ("data", "etc", "lib", "log", "run")]
    paths = [clouds_file.parent, clouds_file, clouds_file.with_name("secrets.json"), *folders]
    paths += chain.from_iterable(folder.rglob("*") for folder in folders)
    assert [path for path in paths if stat.S_IMODE(path.lstat().st_mode) & 0o077] == []


def test_passwords_and_keys_stand_in_one_file_each(clouds_file):
    """Those of users in clouds.yaml too: it is made of them."""
    for path in clouds_file.parent.glob("etc/**/*"):
        assert not path.is_file() or not [one for one in secrets_of(clouds_file) if one in path.read_text()], path


def test_every_cloud_can_be_used(agent):
    statuses = {cloud: connect(cloud, agent).get("/v2/images", endpoint_filter=IMAGE).status_code for cloud in CLOUDS}
    assert statuses == dict.fromkeys(CLOUDS, 200)


def test_glance_offers_two_stores_and_three_ways_to_import(agent):
    session = connect("sandbox-operator", agent)
    stores = session.get("/v2/info/stores", endpoint_filter=IMAGE).json()["stores"]
    assert {store["id"]: store.get("default", False) for store in stores} == {"main": "true", "archive": False}
    methods = session.get("/v2/info/import", endpoint_filter=IMAGE).json()["import-methods"]["value"]
    assert sorted(methods) == ["copy-image", "glance-direct", "glance-download", "web-download"]


def test_the_operator_is_no_admin_and_the_reader_writes_nothing(agent):
    image = {"name": agent, "visibility": "public"}
    for cloud in ("sandbox-operator", "sandbox-reader"):
        answer = connect(cloud, agent).post("/v2/images", json=image, endpoint_filter=IMAGE, raise_exc=False)
        assert answer.status_code == 403


@pytest.fixture
def images(agent: str) -> Iterator[Callable[..., Any]]:
    """Make an image of a cloud that is removed after the test."""
    made = []

    def make(session: Session, **properties: str) -> Any:
        wanted = {"container_format": "bare", "disk_format": "raw", "visibility": "private", "name": agent}
        answer = session.post("/v2/images", json={**wanted, **properties}, endpoint_filter=IMAGE, raise_exc=False)
        if answer.status_code == 201:
            made.append(answer.json()["id"])
        return answer

    yield make
    admin = connect("sandbox-admin", agent)
    for image in made:
        admin.delete(f"/v2/images/{image}", endpoint_filter=IMAGE)


class Signer:
    """An RSA key, and the certificate that its signatures are verified with."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "xloud.image tests")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, self._key.public_key(), x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=1))
            .sign(self._key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)

    def sign(self, data: bytes) -> str:
        """The signature in base64."""
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
        return base64.b64encode(self._key.sign(data, scheme, hashes.SHA256())).decode()


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


def store(session: Session, payload: bytes) -> Any:
    secret = {
        "name": "xloud.image tests",
        "secret_type": "certificate",
        "payload": base64.b64encode(payload).decode(),
        "payload_content_type": "application/octet-stream",
        "payload_content_encoding": "base64",
    }
    return session.post("/v1/secrets", json=secret, endpoint_filter=KEY_MANAGER, raise_exc=False)


def fetch(session: Session, secret: str) -> Any:
    path = f"/v1/secrets/{secret}/payload"
    headers = {"Accept": "application/octet-stream"}
    return session.get(path, headers=headers, endpoint_filter=KEY_MANAGER, raise_exc=False)


@pytest.fixture
def certificate(agent: str, signer: Signer) -> Iterator[str]:
    """The id of the certificate, stored by the operator."""
    session = connect("sandbox-operator", agent)
    secret = store(session, signer.pem).json()["secret_ref"].rpartition("/")[2]
    yield secret
    session.delete(f"/v1/secrets/{secret}", endpoint_filter=KEY_MANAGER)


def test_secrets_at_once(agent, clouds_file, signer):
    session = connect("sandbox-operator", agent)

    def store_fetch_delete(_number: int) -> tuple[list[int], bool]:
        stored = store(session, signer.pem)
        secret = stored.json()["secret_ref"].rpartition("/")[2]
        fetched = fetch(session, secret)
        deleted = session.delete(f"/v1/secrets/{secret}", endpoint_filter=KEY_MANAGER)
        return [answer.status_code for answer in (stored, fetched, deleted)], fetched.content == signer.pem

    assert at_once(UPLOADERS, store_fetch_delete) == [([201, 200, 204], True)] * UPLOADERS
    methods = Counter(line.split('"')[1].split()[0] for line in logged(clouds_file, "key-manager", agent))
    assert methods == dict.fromkeys(["POST", "GET", "DELETE"], UPLOADERS)
    assert "database is locked" not in clouds_file.with_name("log").joinpath("key-manager.log").read_text()


def test_members_share_certificates_and_others_do_not(agent, certificate, signer):
    expected = {"operator": 200, "application": 200, "manager": 200, "reader": 403, "team-a": 403}
    found = {name: fetch(connect(f"sandbox-{name}", agent), certificate).status_code for name in expected}
    assert found == expected
    assert store(connect("sandbox-reader", agent), signer.pem).status_code == 403


def upload_signed(session: Session, images: Callable[..., Any], certificate: str, signature: str, data: bytes) -> Any:
    """What Glance answers to an upload, and what becomes of the image."""
    image = images(
        session,
        img_signature=signature,
        img_signature_hash_method="SHA-256",
        img_signature_key_type="RSA-PSS",
        img_signature_certificate_uuid=certificate,
    ).json()["id"]
    path = f"/v2/images/{image}"
    answer = session.put(f"{path}/file", data=data, headers=DATA, endpoint_filter=IMAGE, raise_exc=False)
    return answer, session.get(path, endpoint_filter=IMAGE).json()["status"]


def test_data_that_is_what_was_signed(agent, images, certificate, signer):
    session = connect("sandbox-operator", agent)
    answer, status = upload_signed(session, images, certificate, signer.sign(MEBIBYTE), MEBIBYTE)
    assert (answer.status_code, status) == (204, "active")


def test_data_that_was_tampered_with(agent, images, certificate, signer):
    session = connect("sandbox-operator", agent)
    answer, status = upload_signed(session, images, certificate, signer.sign(MEBIBYTE), MEBIBYTE[:-1] + b"x")
    assert (answer.status_code, status) == (400, "queued")
    assert "Signature verification failed" in answer.json()["message"]


def test_glance_cannot_verify_for_an_application_credential(agent, images, certificate, signer):
    """It exchanges the token for one to ask Barbican with, and Keystone refuses that for any delegated token."""
    session = connect("sandbox-application", agent)
    answer, status = upload_signed(session, images, certificate, signer.sign(MEBIBYTE), MEBIBYTE)
    assert (answer.status_code, status) == (400, "queued")
    assert "Unable to retrieve certificate" in answer.json()["message"]


def test_an_application_credential_is_its_user_but_makes_no_other(agent, images):
    application, operator = connect("sandbox-application", agent), connect("sandbox-operator", agent)
    assert application.get_project_id() == operator.get_project_id()
    image = f"/v2/images/{images(application).json()['id']}"
    uploaded = application.put(f"{image}/file", data=MEBIBYTE, headers=DATA, endpoint_filter=IMAGE)
    assert uploaded.status_code == 204
    assert operator.get(f"{image}/file", endpoint_filter=IMAGE).content == MEBIBYTE
    credentials = f"{operator.get_endpoint(service_type='identity')}/v3/users/{operator.get_user_id()}"
    wanted = {"application_credential": {"name": agent}}
    answer = application.post(f"{credentials}/application_credentials", json=wanted, raise_exc=False)
    assert answer.status_code == 403


def test_a_property_that_only_an_administrator_may_set(agent, images):
    operator, admin = connect("sandbox-operator", agent), connect("sandbox-admin", agent)
    refused = images(operator, protected_by="nobody")
    assert (refused.status_code, "protected_by" in refused.text) == (403, True)
    image = f"/v2/images/{images(operator, plain='1').json()['id']}"

    def change(session: Session, **properties: str) -> int:
        patch = [{"op": "add", "path": f"/{name}", "value": value} for name, value in properties.items()]
        return session.patch(image, json=patch, headers=PATCH, endpoint_filter=IMAGE, raise_exc=False).status_code

    assert change(admin, protected_by="admin") == 200
    assert change(operator, plain="2", protected_by="me") == 403
    assert change(operator, other="2") == 200
    found = operator.get(image, endpoint_filter=IMAGE).json()
    assert (found["protected_by"], found["plain"], found["other"]) == ("admin", "1", "2")


def test_a_property_that_nobody_may_change(agent, images):
    admin = connect("sandbox-admin", agent)
    image = f"/v2/images/{images(admin, frozen_at='creation').json()['id']}"
    for patch in ({"op": "replace", "path": "/frozen_at", "value": "now"}, {"op": "remove", "path": "/frozen_at"}):
        assert (
            admin.patch(image, json=[patch], headers=PATCH, endpoint_filter=IMAGE, raise_exc=False).status_code == 403
        )
    assert admin.get(image, endpoint_filter=IMAGE).json()["frozen_at"] == "creation"


def test_services_write_nothing_into_their_configuration(clouds_file: Path) -> None:
    # What changes there has them started again.
    files = [path for path in clouds_file.with_name("etc").rglob("*") if path.is_file()]
    assert [path for path in files if path.suffix not in {".conf", ".json"}] == []
