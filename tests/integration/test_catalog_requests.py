# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests a catalogue costs, from the access logs of the services."""

from __future__ import annotations

import concurrent.futures
import random

import pytest
from conftest import IDLE, Cloud

CLOUD = "sandbox-operator"
# To look for images that nobody has marked, by their names.
NAMES = 2
# To create an image, to send its data, and to see what arrived.
CREATE = 3
PUBLISH = DEPRECATE = 1
PATCH = "PATCH /v2/images/ID"
ADD_MEMBER = "POST /v2/images/ID/members"


@pytest.fixture
def curate(curator, tmp_path):
    (tmp_path / "disk.raw").write_bytes(random.Random(1).randbytes(4096))
    curator = curator(cloud=CLOUD, source_directory=str(tmp_path))

    def run(catalog):
        assert not curator.run(catalog=catalog)["failed"]
        return curator

    return run


@pytest.fixture(scope="module")
def stranger():
    return Cloud("sandbox-team-a")


def versions(*numbers, **settings):
    return {number: {"source": "disk.raw", **settings} for number in numbers}


def paths(sent, method):
    return [each.path for each in sent if each.method == method]


def make_many(cloud, names, **body):
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(lambda name: cloud.image.post("/images", json={"name": name, **body}), names))
    assert {answer.status_code for answer in answers} == {201}


def test_requests_of_thirty_images_beside_many_others(template, curate, operator, stranger):
    catalog = {
        f"{template}-{number}": {"visibility": "community", "versions": versions("1.0", "1.1", "1.2")}
        for number in range(10)
    }

    created = curate(catalog)
    assert len(created.sent) == IDLE + NAMES + 30 * (CREATE + PUBLISH)
    # What replaces a version is noted in the PATCH that publishes it.
    assert created.writes.count(PATCH) == 30
    assert len(curate(catalog).sent) == IDLE

    make_many(stranger, [f"{template}-0-v1.{minor}" for minor in range(100)], visibility="community")
    make_many(operator, [f"{template}-unmarked-v1.{minor}" for minor in range(50)])
    assert len(curate(catalog).sent) == IDLE


def test_requests_of_one_property(template, curate):
    catalog = {
        f"{template}-{number}": {"versions": versions("1.0", stage="staged", properties={"os_distro": "debian"})}
        for number in range(3)
    }
    curate(catalog)
    catalog[f"{template}-1"]["versions"]["1.0"]["properties"] = {"os_distro": "ubuntu"}

    changed = curate(catalog)

    assert len(changed.sent) == IDLE + 1
    assert changed.writes == [PATCH]


def test_requests_of_a_release(template, curate, operator):
    catalog = {template: {"visibility": "community", "versions": versions("1.0")}}
    curate(catalog)
    catalog[template]["versions"].update(versions("1.1"))

    released = curate(catalog)

    assert len(released.sent) == IDLE + NAMES + CREATE + PUBLISH + DEPRECATE
    assert released.writes == ["POST /v2/images", "PUT /v2/images/ID/file", PATCH, PATCH]
    ids = {image["xloud_image_version"]: image["id"] for image in operator.find(template)}
    published, deprecated = paths(released.sent, "PATCH")
    assert (published, deprecated) == (f"/v2/images/{ids['1.1']}", f"/v2/images/{ids['1.0']}")


def test_requests_of_sharing(template, curate, admin, stranger):
    members = [admin.project_id, stranger.project_id]
    catalog = {
        f"{template}-shared": {"visibility": "shared", "members": members, "versions": versions("1.0")},
        f"{template}-alone": {"visibility": "shared", "versions": versions("1.0")},
        f"{template}-staged": {
            "visibility": "shared",
            "members": members,
            "versions": versions("1.0", stage="staged"),
        },
    }

    # These credentials may look up no project: it is tried once.
    created = curate(catalog)
    assert created.writes.count(ADD_MEMBER) == 2
    assert len(created.sent) == IDLE + NAMES + 3 * CREATE + 2 * PUBLISH + 2 + 1

    again = curate(catalog)
    assert len(again.sent) == IDLE + 1
    assert paths(again.sent, "GET")[-1].endswith("/members")

    # The members of a retired version are nobody's business.
    catalog[f"{template}-shared"]["versions"].update(versions("1.1"))
    catalog[f"{template}-shared"]["retention"] = {"available": 1}
    released = curate(catalog)
    assert len(released.sent) == IDLE + 1 + NAMES + CREATE + PUBLISH + 2 + 1 + 2
    assert len(curate(catalog).sent) == IDLE + 1
