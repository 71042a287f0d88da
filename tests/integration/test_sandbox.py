# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox bears many requests at once: none is refused, reset or lost, and each stands in the access log.

OS_CLIENT_CONFIG_FILE names the clouds.yaml of the sandbox, as it does for the playbooks.
"""

from __future__ import annotations

import os
import stat
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import requests
from keystoneauth1.session import Session
from openstack.config import OpenStackConfig

READERS = 50
UPLOADERS = 20
MEBIBYTE = bytes(range(256)) * 4096
CLOUDS = ("sandbox-admin", "sandbox-operator", "sandbox-reader", "sandbox-team-a", "sandbox-team-b")
IMAGE = {"service_type": "image", "interface": "public"}


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
    secrets = [session.get_token(), OpenStackConfig().get_one(cloud="sandbox-operator").config["auth"]["password"]]
    for log in clouds_file.with_name("log").iterdir():
        assert [secret for secret in secrets if secret in log.read_text()] == [], log.name


def test_files_are_for_their_owner_alone(clouds_file):
    assert stat.S_IMODE(clouds_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(clouds_file.with_name("secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(clouds_file.parent.stat().st_mode) == 0o700


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
