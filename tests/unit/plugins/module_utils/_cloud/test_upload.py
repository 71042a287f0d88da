# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import lzma

import pytest
import requests

from ansible_collections.xloud.image.plugins.module_utils._ansible.report import transfer_result
from ansible_collections.xloud.image.plugins.module_utils._cloud import upload as uploading
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.origin import checksum_of, origin_of
from ansible_collections.xloud.image.plugins.module_utils._cloud.upload import fill
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import cached_digests
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Progress
from ansible_collections.xloud.image.plugins.module_utils._data.source import BLOCK
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    DataError,
    ImportFailedError,
    PlacementError,
    UnreachableError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, Upload
from ansible_collections.xloud.image.tests.unit.fakes.cloud import FakeCloud, caller_of, respond
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


@pytest.fixture(autouse=True)
def no_waiting(clock):
    """Let no test wait."""


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


@pytest.mark.parametrize(
    ("method", "declared"),
    [("auto", checksum("sha512", BIG)), ("web-download", checksum("sha512", BIG)), ("web-download", None)],
    ids=str,
)
def test_the_cloud_fetches(cloud, glance, session, image, method, declared):
    glance.web = {URL: BIG}
    assert fill(session, image, upload(URL, declared, method), 60).size == len(BIG)
    assert not any(line.startswith("PUT") for line in cloud.log)


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


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "failed"])
def test_what_the_cloud_cannot_fetch_is_sent(cloud, glance, session, image, web, refused):
    if refused:
        cloud.fail("POST", ".*/import", 400, "URI for web-download does not pass filtering")
    url = web.put("/a", BIG)
    assert fill(session, image, upload(url, checksum("sha512", BIG), "auto"), 60).status == "active"
    assert glance.received[image.id] == BIG


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
    with pytest.raises(CloudError, match=r"did not fetch the data of .* within 60 seconds \(option timeout\)"):
        fill(session, image, upload(URL, None, "web-download"), 60)
    assert 60 <= clock.now < 70


def test_a_fetch_that_takes_too_long_says_so_where_sending_is_no_longer_possible(glance, session, image, web):
    glance.polls = 10_000
    with pytest.raises(CloudError, match="option timeout"):
        fill(session, image, upload(web.put("/a", BIG), checksum("sha512", BIG), "auto"), 60)


# Over breaks


def broken_body(glance, image_id, count, status):
    """Read so many blocks, lose the connection, and leave the image in a status."""

    def answer(request):
        for _number in range(count):
            next(iter(request.body))
        glance.images[image_id]["status"] = status
        raise requests.ConnectionError("Connection reset by peer", request=request)

    return answer


def test_what_breaks_begins_again_on_the_same_record(cloud, glance, session, image, path, clock):
    put = f"/images/{image.id}/file"
    cloud.fail("PUT", put, 503, "Busy.")
    cloud.instead("PUT", put, broken_body(glance, image.id, 1, "queued"))
    assert fill(session, image, upload(path, checksum("sha256", BIG)), 60).size == len(BIG)
    assert cloud.log.count(f"PUT {put}") == 3
    assert cloud.log.count("POST /images") == 1
    assert glance.data[image.id] == BIG
    assert clock.pauses == [1.0, 2.0]


def test_the_cloud_says_how_long_to_wait(cloud, session, image, path, clock):
    def busy(request):
        response = respond(request, Answer(503, {"message": "Busy."}))
        response.headers["Retry-After"] = "17"
        return response

    cloud.instead("PUT", ".*/file", busy)
    fill(session, image, upload(path), 60)
    assert clock.pauses == [17.0]


def test_it_is_tried_only_so_often(cloud, glance, session, image, path):
    cloud.break_off("PUT", ".*/file", times=9)
    with pytest.raises(UnreachableError, match="Connection reset"):
        fill(session, image, upload(path), 60)
    assert cloud.log.count(f"PUT /images/{image.id}/file") == 4


@pytest.mark.parametrize("status", [400, 403, 409, 413, 415])
def test_a_refusal_is_final(cloud, session, image, path, status):
    cloud.fail("PUT", ".*/file", status, "Never.")
    with pytest.raises(CloudError, match="Never"):
        fill(session, image, upload(path), 60)
    assert cloud.log.count(f"PUT /images/{image.id}/file") == 1


def test_an_image_that_stays_half_made_is_given_up(cloud, glance, session, image, path, clock):
    cloud.instead("PUT", ".*/file", broken_body(glance, image.id, 1, "saving"))
    with pytest.raises(CloudError, match="Connection reset.* The cloud keeps image .* in the status saving"):
        fill(session, image, upload(path), 60)
    assert 60 <= clock.now < 70
    assert cloud.log.count(f"PUT /images/{image.id}/file") == 1


@pytest.mark.parametrize("corrupt", [False, True])
def test_an_answer_that_was_lost_is_not_missed(cloud, glance, session, image, path, corrupt):
    glance.corrupt = corrupt

    def lose_answer(request):
        glance._store(image.id, b"".join(request.body))
        raise requests.ConnectionError("Connection reset by peer", request=request)

    cloud.instead("PUT", ".*/file", lose_answer)
    if corrupt:
        with pytest.raises(DataError, match="did not arrive whole"):
            fill(session, image, upload(path), 60)
    else:
        assert fill(session, image, upload(path), 60).status == "active"
    assert cloud.log.count(f"PUT /images/{image.id}/file") == 1


def test_a_stall_is_a_break_and_an_answer_may_take_long(cloud, session, image, path):
    session.keystone.timeout = 7.0
    fill(session, image, upload(path), 900)
    assert cloud.sent[1].timeout == (7.0, 900)


@pytest.mark.parametrize("with_length", [True, False])
def test_the_size_is_announced_where_it_is_known(cloud, session, image, web, with_length):
    fill(session, image, upload(web.put("/a", BIG, with_length=with_length)), 60)
    announced = {"X-OpenStack-Image-Size": str(len(BIG))} if with_length else {}
    assert {key: value for key, value in cloud.sent[1].headers.items() if key.startswith("X-Open")} == announced


def test_compressed_data_arrives_as_what_is_in_it(glance, session, image, tmp_path):
    packed = lzma.compress(BIG)
    path = tmp_path / "a.raw.xz"
    path.write_bytes(packed)
    for declared in (checksum("sha512", packed), checksum("sha512", BIG)):
        record = Images(session).create({"name": NAME, "disk_format": "raw", "container_format": "bare"})
        fill(session, record, upload(path, declared), 60)
        assert glance.data[record.id] == BIG


def test_progress_counts_what_is_sent(cloud, session, image, path):
    progress = Progress()
    cloud.break_off("PUT", ".*/file")
    fill(session, image, upload(path), 60, progress=progress)
    assert progress.as_result()["upload"]["bytes"] == len(BIG)


# Stores


def stored(place, *stores, method="auto", declared=None):
    return Upload(Source(str(place)), declared, None, method, stores)


@pytest.fixture
def stores(glance):
    glance.stores = ("main", "archive", "cold")
    glance.import_methods = ("glance-direct", "web-download", "copy-image")


@pytest.mark.usefixtures("stores")
def test_one_store_takes_what_is_sent(cloud, session, image, path):
    arrived = fill(session, image, stored(path, "archive"), 60)
    assert arrived.stores == {"archive"}
    assert cloud.log == ["POST /images", f"PUT /images/{image.id}/file", f"GET /images/{image.id}"]


@pytest.mark.usefixtures("stores")
def test_several_stores_are_filled_at_once(cloud, glance, session, image, path):
    arrived = fill(session, image, stored(path, "main", "archive"), 60)
    assert arrived.stores == {"main", "archive"}
    assert glance.data[image.id] == BIG
    assert cloud.changes == ["POST /images", f"PUT /images/{image.id}/stage", f"POST /images/{image.id}/import"]
    [body] = [sent.body for sent in cloud.sent if str(sent) == f"POST /images/{image.id}/import"]
    assert json.loads(body) == {
        "method": {"name": "glance-direct"},
        "stores": ["main", "archive"],
        "all_stores_must_succeed": False,
    }


@pytest.mark.usefixtures("stores")
def test_what_is_staged_and_imported_was_moved_once(session, image, path):
    progress = Progress()
    fill(session, image, stored(path, "main", "archive"), 60, progress=progress)
    phases = progress.as_result()
    assert phases.keys() == {"upload", "store"}
    assert transfer_result(phases)["bytes"] == len(BIG)


@pytest.mark.usefixtures("stores")
def test_staging_goes_over_breaks_too(cloud, glance, session, image, path):
    cloud.instead("PUT", ".*/stage", broken_body(glance, image.id, 1, "queued"))
    assert fill(session, image, stored(path, "main", "archive"), 60).stores == {"main", "archive"}

    def lose_answer(request):
        glance.staged[again.id] = b"".join(request.body)
        glance.images[again.id].update(status="uploading", size=len(BIG))
        raise requests.ConnectionError("Connection reset by peer", request=request)

    again = Images(session).create({"name": NAME, "disk_format": "raw", "container_format": "bare"})
    cloud.instead("PUT", ".*/stage", lose_answer)
    assert fill(session, again, stored(path, "main", "archive"), 60).stores == {"main", "archive"}
    assert cloud.log.count(f"PUT /images/{again.id}/stage") == 1


@pytest.mark.usefixtures("stores")
def test_an_import_whose_answer_was_lost_is_waited_for(cloud, glance, session, image, path):
    def lose_answer(request):
        glance.handle(caller_of(request), "POST", f"/images/{image.id}/import", {}, {}, request.body)
        raise requests.ConnectionError("Connection reset by peer", request=request)

    cloud.instead("POST", ".*/import", lose_answer)
    assert fill(session, image, stored(path, "main", "archive"), 60).stores == {"main", "archive"}


@pytest.mark.usefixtures("stores")
def test_half_of_what_was_staged_is_no_image(glance, session, image, path):
    glance.corrupt = True
    with pytest.raises(DataError, match="did not arrive whole"):
        fill(session, image, stored(path, method="glance-direct"), 60)


@pytest.mark.usefixtures("stores")
def test_a_store_that_fails_is_named_and_the_image_stays(glance, session, image, path):
    glance.broken = {"cold"}
    with pytest.raises(PlacementError, match="is whole, and in the stores archive, main alone: cold is missing"):
        fill(session, image, stored(path, "main", "archive", "cold"), 60)
    assert glance.images[image.id]["status"] == "active"


@pytest.mark.usefixtures("stores")
@pytest.mark.parametrize("method", ["glance-direct", "web-download"])
def test_an_import_that_fails_for_all_stores_says_why(glance, session, image, path, web, method):
    glance.broken = {"main", "cold"}
    place = path if method == "glance-direct" else web.put("/a", BIG)
    with pytest.raises(
        ImportFailedError, match="Task failed due to Internal Error; it failed for the stores cold, main"
    ):
        fill(session, image, stored(place, "main", "cold", method=method), 60)


@pytest.mark.usefixtures("stores")
@pytest.mark.parametrize("role", ["admin", "member"])
def test_where_nothing_can_be_imported_copies_are_made(cloud, glance, image, path, role):
    glance.import_methods = ("copy-image",)
    session = cloud.session(roles=(role,))
    if role == "admin":
        assert fill(session, image, stored(path, "main", "archive"), 60).stores == {"main", "archive"}
        return
    with pytest.raises(PlacementError, match="archive is missing.*copy_image action.*By default only administrators"):
        fill(session, image, stored(path, "main", "archive"), 60)


# Other clouds


@pytest.fixture
def origin():
    cloud = FakeCloud()
    cloud.image = Image.from_api(cloud.glance.images[cloud.glance.add(NAME, BIG, os_distro="debian")])
    return cloud


def from_cloud(origin_session, found, method="auto"):
    return Upload(origin_of(origin_session, found), checksum_of(found), found.size, method, (), True)


def test_an_image_of_another_cloud_streams_through(glance, session, image, origin):
    other = origin.session()
    source = from_cloud(other, origin.image)
    fill(session, image, source, 60, {source.source.origin: other})
    assert glance.data[image.id] == BIG
    assert [sent.method for sent in origin.sent] == ["GET"]


def test_data_of_another_cloud_that_is_something_else_never_arrives(glance, session, image, origin):
    other = origin.session()
    source = from_cloud(other, origin.image)
    origin.glance.data[origin.image.id] = BIG[:-1] + b"!"
    with pytest.raises(DataError, match="is not what its checksum says"):
        fill(session, image, source, 60, {source.source.origin: other})
    assert glance.images[image.id]["status"] == "queued"


@pytest.mark.parametrize("reachable", [True, False])
def test_a_cloud_fetches_from_its_other_regions(cloud, glance, image, origin, reachable):
    glance.import_methods = ("glance-download",)
    glance.regions = {"two": origin.glance} if reachable else {}
    session, other = cloud.session(region_name="one"), origin.session(region_name="two")
    source = from_cloud(other, origin.image)
    arrived = fill(session, image, source, 60, {source.source.origin: other})
    assert glance.data[image.id] == BIG
    assert arrived.properties == image.properties
    assert bool(origin.sent) is not reachable


def test_a_region_that_cannot_be_fetched_from_is_an_error_where_it_was_asked_for(cloud, glance, image, origin):
    glance.import_methods = ("glance-download",)
    session, other = cloud.session(region_name="one"), origin.session(region_name="two")
    source = from_cloud(other, origin.image, "glance-download")
    with pytest.raises(ImportFailedError, match="could not fetch the data of .*: Task failed"):
        fill(session, image, source, 60, {source.source.origin: other})


def test_a_checksum_of_the_wrong_length_is_a_mismatch(glance, session, image, path):
    with pytest.raises(DataError, match="is not what its checksum says"):
        fill(session, image, upload(path, Checksum("sha512", "00")), 60)
