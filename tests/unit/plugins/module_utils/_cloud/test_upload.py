# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud import upload as uploading
from ansible_collections.xloud.image.plugins.module_utils._cloud.download import export
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.upload import fill
from ansible_collections.xloud.image.plugins.module_utils._data import hashing
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import cached_digests
from ansible_collections.xloud.image.plugins.module_utils._data.source import BLOCK
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, DataError, ForbiddenError
from ansible_collections.xloud.image.plugins.module_utils._model.plan import ExportData
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, Upload
from ansible_collections.xloud.image.tests.unit.fakes.cloud import respond
from ansible_collections.xloud.image.tests.unit.fakes.glance import Answer
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, checksum, digest

BIG = bytes(range(256)) * (BLOCK // 256) * 2 + b"end"
URL = "https://host/base.raw"


@pytest.fixture
def image(session):
    record = {"name": NAME, "visibility": "private", "disk_format": "raw", "container_format": "bare"}
    return Images(session).create(record)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(BIG)
    return path


@pytest.fixture
def clock(monkeypatch):
    """A clock that only pauses move."""

    class Clock:
        now = 0.0

        @classmethod
        def monotonic(cls):
            return cls.now

        @classmethod
        def sleep(cls, seconds):
            cls.now += seconds

    monkeypatch.setattr(uploading, "time", Clock)
    return Clock


def upload(place, declared=None, method="direct"):
    return Upload(Source(str(place)), declared, None, method)


# Sending


@pytest.mark.parametrize("declared", [None, checksum("sha256", BIG), checksum("sha512", BIG)], ids=str)
def test_a_file_arrives(cloud, glance, session, image, path, declared):
    arrived = fill(session, image, upload(path, declared), 60)
    assert glance.data[image.id] == BIG
    assert (arrived.status, arrived.size) == ("active", len(BIG))
    assert cloud.log == ["POST /images", f"PUT /images/{image.id}/file", f"GET /images/{image.id}"]
    assert cloud.sent[1].headers["Content-Length"] == str(len(BIG))
    assert "Transfer-Encoding" not in cloud.sent[1].headers


def test_a_file_is_read_once(session, image, path, monkeypatch):
    monkeypatch.setattr(uploading, "file_digests", None)
    fill(session, image, upload(path), 60)
    assert cached_digests(str(path))["sha512"] == digest("sha512", BIG)


@pytest.mark.parametrize("with_length", [True, False])
def test_a_url_streams_through(cloud, glance, session, image, web, with_length):
    url = web.put("/a", BIG, with_length=with_length)
    fill(session, image, upload(url, checksum("sha256", BIG)), 60)
    assert glance.data[image.id] == BIG
    announced = cloud.sent[1].headers
    assert ("Content-Length" in announced, "Transfer-Encoding" in announced) == (with_length, not with_length)
    assert web.asked == ["/a"]


@pytest.mark.parametrize("kind", ["file", "url"])
def test_data_that_is_something_else_never_arrives_whole(cloud, glance, session, image, path, web, kind):
    place = path if kind == "file" else web.put("/a", BIG, with_length=False)
    with pytest.raises(DataError, match="is not what its checksum says"):
        fill(session, image, upload(place, checksum("sha256", b"other")), 60)
    assert glance.images[image.id]["status"] == "queued"
    assert 0 < len(glance.received[image.id]) < len(BIG)
    assert cloud.log[-1] == f"PUT /images/{image.id}/file"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("with_length", [True, False])
def test_an_empty_page_never_becomes_an_image_with_a_checksum(glance, session, image, web, algorithm, with_length):
    url = web.put("/a", b"", with_length=with_length)
    with pytest.raises(DataError):
        fill(session, image, upload(url, checksum(algorithm)), 60)
    assert glance.images[image.id]["status"] == "queued"


@pytest.mark.parametrize("declared", [None, checksum("sha256", BIG), checksum("sha512", BIG)], ids=str)
@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_what_arrives_spoilt_is_noticed(glance, session, image, path, declared, algorithm):
    glance.corrupt = True
    glance.hash_algorithm = algorithm
    with pytest.raises(
        DataError, match=f"did not arrive whole: {algorithm}:.* was sent, and the cloud has {algorithm}"
    ):
        fill(session, image, upload(path, declared), 60)


@pytest.mark.parametrize("algorithm", ["sha256", "blake2b"])
def test_another_hash_of_the_cloud_is_compared_too(glance, session, image, path, algorithm):
    glance.hash_algorithm = algorithm
    assert fill(session, image, upload(path, checksum("sha512", BIG)), 60).os_hash_algo == algorithm


def test_another_hash_of_the_cloud_is_no_fault_of_a_url(glance, session, image, web):
    glance.hash_algorithm = "blake2b"
    url = web.put("/a", BIG)
    assert fill(session, image, upload(url, checksum("sha512", BIG)), 60).status == "active"


def test_an_image_that_does_not_become_active(cloud, session, image, path):
    put = f"/images/{image.id}/file"
    cloud.instead("PUT", put, lambda request: respond(request, Answer(204)))
    with pytest.raises(CloudError, match="is queued after its data was sent, not active"):
        fill(session, image, upload(path), 60)


# Fetching by the cloud


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("method", ["auto", "web-download"])
@pytest.mark.parametrize("declared", [None, checksum("sha512", BIG)], ids=str)
def test_the_cloud_fetches(cloud, glance, session, image, method, declared):
    glance.web = {URL: BIG}
    assert fill(session, image, upload(URL, declared, method), 60).size == len(BIG)
    assert not any(line.startswith("PUT") for line in cloud.log)


@pytest.mark.usefixtures("clock")
def test_what_the_cloud_fetched_is_verified(glance, session, image):
    glance.web = {URL: b"other"}
    with pytest.raises(DataError, match="did not arrive whole"):
        fill(session, image, upload(URL, checksum("sha512", BIG), "web-download"), 60)


@pytest.mark.parametrize(
    ("declared", "method", "offered"),
    [(checksum("sha256", BIG), "auto", True), (None, "auto", False), (None, "direct", True)],
    ids=["unverifiable", "not-offered", "direct"],
)
def test_else_it_is_sent(cloud, glance, session, image, web, declared, method, offered):
    glance.import_methods = ("web-download",) if offered else ("glance-direct",)
    fill(session, image, upload(web.put("/a", BIG), declared, method), 60)
    assert glance.data[image.id] == BIG
    assert f"POST /images/{image.id}/import" not in cloud.log


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("refused", [True, False], ids=["refused", "failed"])
def test_what_the_cloud_cannot_fetch_is_sent(cloud, glance, session, image, web, refused):
    if refused:
        cloud.fail("POST", ".*/import", 400, "URI for web-download does not pass filtering")
    url = web.put("/a", BIG)
    assert fill(session, image, upload(url, checksum("sha512", BIG), "auto"), 60).status == "active"
    assert glance.received[image.id] == BIG


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("refused", "message"),
    [(True, "does not pass filtering"), (False, "could not fetch the data of .*: Task failed due to Internal Error")],
    ids=["refused", "failed"],
)
def test_it_is_not_sent_where_only_the_cloud_may_fetch(cloud, session, image, web, refused, message):
    if refused:
        cloud.fail("POST", ".*/import", 400, "URI for web-download does not pass filtering")
    with pytest.raises(CloudError, match=message):
        fill(session, image, upload(web.put("/a", BIG), None, "web-download"), 60)
    assert f"PUT /images/{image.id}/file" not in cloud.log


def test_a_cloud_that_does_not_offer_to_fetch(glance, session, image):
    glance.import_methods = ("glance-direct", "copy-image")
    with pytest.raises(CloudError, match=r"does not offer .*web-download \(it offers: copy-image, glance-direct\)"):
        fill(session, image, upload(URL, None, "web-download"), 60)


def test_fetching_is_waited_for_only_so_long(glance, session, image, clock):
    glance.polls = 10_000
    with pytest.raises(CloudError, match=r"has not fetched the data of .* within 60 seconds \(option timeout\)"):
        fill(session, image, upload(URL, None, "web-download"), 60)
    assert 60 <= clock.now < 70


@pytest.mark.usefixtures("clock")
def test_a_fetch_that_takes_too_long_says_so_where_sending_is_no_longer_possible(glance, session, image, web):
    glance.polls = 10_000
    with pytest.raises(CloudError, match="option timeout"):
        fill(session, image, upload(web.put("/a", BIG), None, "auto"), 60)


# Export


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out.raw"


def action(image_id, target, data=BIG, algorithm="sha512", **changes):
    given = {"size": len(data), "algorithm": algorithm, "digest": digest(algorithm, data), **changes}
    return ExportData(NAME, "why", image_id, str(target), **given)


@pytest.mark.parametrize("algorithm", ["sha512", "md5"])
def test_an_image_is_brought_into_a_file(cloud, glance, session, target, monkeypatch, algorithm):
    image_id = glance.add(NAME, BIG)
    export(session, action(image_id, target, algorithm=algorithm))
    assert target.read_bytes() == BIG
    assert cloud.log == [f"GET /images/{image_id}/file"]
    monkeypatch.setattr(hashing, "open_file", None)
    assert hashing.file_digests(str(target), {algorithm}) == {algorithm: digest(algorithm, BIG)}


def test_an_empty_image_is_brought_into_a_file(glance, session, target):
    export(session, action(glance.add(NAME, b""), target, b""))
    assert target.read_bytes() == b""


@pytest.mark.parametrize(
    "changes", [{"size": 4}, {"size": len(BIG) + 1}, {"digest": "0" * 128}], ids=["short", "long", "hash"]
)
@pytest.mark.parametrize("there", [None, b"old"])
def test_what_is_not_right_is_not_kept(glance, session, target, changes, there):
    if there:
        target.write_bytes(there)
    with pytest.raises(DataError, match="did not arrive whole: the cloud has .* arrived. Nothing was left behind"):
        export(session, action(glance.add(NAME, BIG), target, **changes))
    assert os.listdir(target.parent) == (["out.raw"] if there else [])
    assert not there or target.read_bytes() == there
    assert cached_digests(str(target)) == {}


def test_a_connection_that_breaks_off_leaves_nothing(cloud, glance, session, target):
    image_id = glance.add(NAME, BIG)
    half = Answer(200, BIG[:BLOCK])
    cloud.instead("GET", f"/images/{image_id}/file", lambda request: respond(request, half, announced=len(BIG)))
    with pytest.raises(DataError, match=f"broke off after {BLOCK} of {len(BIG)} bytes"):
        export(session, action(image_id, target))
    assert os.listdir(target.parent) == []


def test_a_deactivated_image_is_read_by_administrators_alone(cloud, glance, session, target):
    image_id = glance.add(NAME, BIG, status="deactivated")
    with pytest.raises(ForbiddenError, match="Image data download is forbidden"):
        export(session, action(image_id, target))
    assert os.listdir(target.parent) == []
    export(cloud.session(roles=("admin",)), action(image_id, target))
    assert target.read_bytes() == BIG


def test_a_checksum_of_the_wrong_length_is_a_mismatch(glance, session, image, path):
    with pytest.raises(DataError, match="is not what its checksum says"):
        fill(session, image, upload(path, Checksum("sha512", "00")), 60)
