# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images from web servers, good ones and bad ones."""

from __future__ import annotations

import hashlib
import random

import pytest
from conftest import MIB, Gate

CLOUD = "sandbox-operator"


@pytest.fixture(scope="module")
def data():
    return random.Random(4).randbytes(16 * MIB)


@pytest.fixture
def source(name, web):
    return {"name": name, "source": f"{web.url}/disk.raw?token=secret"}


def sent(requests_seen):
    """How the data got into the cloud: the last part of the path of each request that gave it some."""
    ways = ("file", "import")
    paths = [each.path.rpartition("/")[2] for each in requests_seen.take() if each.method in ("POST", "PUT")]
    return [path for path in paths if path in ways]


def test_sums_file_by_url_and_no_second_download(source, data, web, run_module, requests_seen, operator):
    page = web.give("/disk.raw", data)
    digest = hashlib.sha256(data).hexdigest()
    web.give("/SHA256SUMS", f"{'0' * 64}  other.raw\n{digest} *disk.raw\n".encode())

    created = run_module("image_template", CLOUD, **source, checksum=f"{web.url}/SHA256SUMS")

    assert created.taken == ["create"]
    assert created.result["image"]["properties"]["xloud_image_source_checksum"] == f"sha256:{digest}"
    # What the cloud fetches cannot be verified by a SHA-256, so it was sent.
    assert sent(requests_seen) == ["file"]
    (image,) = operator.find(source["name"])
    assert image["os_hash_value"] == hashlib.sha512(data).hexdigest()

    downloads = len(page.agents)
    again = run_module("image_template", CLOUD, **source, checksum=f"{web.url}/SHA256SUMS")
    assert not again.result["changed"]
    assert len(page.agents) == downloads


def test_source_without_a_length_is_streamed_through(source, data, web, run_module, requests_seen, operator):
    web.give("/disk.raw", data, chunked=True)
    created = run_module("image_template", CLOUD, **source, import_method="direct")
    assert created.taken == ["create"]
    assert sent(requests_seen) == ["file"]
    (image,) = operator.find(source["name"])
    assert image["status"] == "active"
    assert image["size"] == len(data)
    assert image["os_hash_value"] == hashlib.sha512(data).hexdigest()


@pytest.mark.parametrize(("query", "way"), [("", "import"), ("?token=secret", "file")], ids=["open", "signed"])
def test_cloud_fetches_what_it_can_verify(query, way, source, data, web, run_module, requests_seen, operator):
    page = web.give("/disk.raw", data)
    digest = hashlib.sha512(data).hexdigest()
    url = f"{web.url}/disk.raw{query}"
    created = run_module("image_template", CLOUD, **{**source, "source": url}, checksum=f"sha512:{digest}")
    assert created.taken == ["create"]
    assert sent(requests_seen) == [way]
    fetching = 2 if way == "import" else 1
    assert len(set(page.agents)) == fetching, "the module looks at the beginning, and the cloud fetches what is open"
    (image,) = operator.find(source["name"])
    assert image["status"] == "active"
    assert image["os_hash_value"] == digest


def test_cloud_fetches_something_else_than_was_declared(source, data, web, run_module, admin):
    web.give("/disk.raw", data)
    wrong = f"sha512:{'0' * 128}"
    failed = run_module("image_template", CLOUD, **source, checksum=wrong, import_method="web-download")
    assert failed.result["failed"]
    assert wrong in failed.result["msg"]
    assert hashlib.sha512(data).hexdigest() in failed.result["msg"]
    assert admin.find(source["name"]) == []


@pytest.mark.parametrize("missing", ["disk.raw", "SHA256SUMS"])
def test_missing_page_is_named(missing, source, data, web, run_module, admin):
    if missing != "disk.raw":
        web.give("/disk.raw", data)
        source["checksum"] = f"{web.url}/{missing}"
    failed = run_module("image_template", CLOUD, **source)
    assert failed.result["failed"]
    assert f"{web.url}/{missing} cannot be fetched: the server answered 404" in failed.result["msg"]
    assert admin.find(source["name"]) == []


def test_empty_page_is_refused(source, web, run_module, admin):
    web.give("/disk.raw", b"")
    failed = run_module("image_template", CLOUD, **source)
    assert failed.result["failed"]
    assert f"{web.url}/disk.raw is empty" in failed.result["msg"]
    assert admin.find(source["name"]) == []


@pytest.mark.parametrize(
    ("import_method", "chunked", "error"),
    [
        ("direct", False, "broke off"),
        ("direct", True, "broke off"),
        ("web-download", False, "The cloud could not fetch the data of"),
    ],
)
def test_download_that_breaks_off_leaves_nothing_behind(
    import_method, chunked, error, source, data, web, run_module, requests_seen, admin
):
    web.give("/disk.raw", data, chunked=chunked, gate=Gate(is_open=True))
    failed = run_module("image_template", CLOUD, **source, import_method=import_method)
    assert failed.result["failed"]
    assert error in failed.result["msg"]
    assert "secret" not in failed.result["msg"]
    assert [each.method for each in requests_seen.take() if each.path == "/v2/images"] == ["POST"]
    assert admin.find(source["name"]) == []
