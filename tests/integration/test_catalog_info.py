# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found in a catalogue that was curated on the sandbox, and what reading it costs."""

from __future__ import annotations

import pytest
from conftest import MIB

LISTINGS = ["GET /v2/images"] * 2


@pytest.fixture
def document(template, tmp_path, admin):
    """Two versions, shared with a project."""
    (tmp_path / "disk.raw").write_bytes(b"x" * MIB)
    source = str(tmp_path / "disk.raw")
    versions = {"1.0": {"source": source}, "1.1": {"source": source}}
    return {template: {"visibility": "shared", "members": [admin.project_id], "versions": versions}}


@pytest.fixture
def info(run_module, requests_seen, template):
    """Look at the catalogue, and return what there is and the requests to the Image service."""

    def run(cloud="sandbox-operator", **options):
        requests_seen.take()
        result = run_module("image_catalog_info", cloud, templates=[template], **options).result
        assert not result["failed"], result["msg"]
        assert not result["changed"]
        requests = requests_seen.take()
        assert len(requests) == result["requests"]
        assert sum(each.service == "identity" for each in requests) <= 2
        return result, [f"{each.method} {each.path.partition('?')[0]}" for each in requests if each.service == "image"]

    return run


def kinds(result):
    return [(finding["kind"], finding["image"].rpartition("-v")[2]) for finding in result["findings"]]


def test_a_catalogue_from_its_beginning(template, document, info, run_module, admin):
    result, requests = info(catalog=document)
    assert (result["templates"], requests) == ({}, LISTINGS)
    assert kinds(result) == [("drift", "1.1"), ("drift", "1.0")]

    planned = run_module("image_catalog", "sandbox-operator", catalog=document, check=True).result["plan"]
    assert [change["name"] for change in planned] == [finding["image"] for finding in result["findings"]]
    run = run_module("image_catalog", "sandbox-operator", catalog=document).result
    assert not run["failed"], run["msg"]

    result, requests = info(catalog=document)
    assert result["current"] == {key: each for key, each in run["current"].items() if key == template}
    newest, older = result["templates"][template]["versions"]
    assert [newest["stage"], older["stage"], older["replaced_by"]] == ["published", "deprecated", f"{template}-v1.1"]
    assert newest["members"] == [{"project_id": admin.project_id, "status": "pending"}]
    assert requests[:2] == LISTINGS
    assert sorted(requests[2:]) == sorted(f"GET /v2/images/{each['id']}/members" for each in (newest, older))
    assert kinds(result) == [("unaccepted", "1.1"), ("unsigned", "1.1")]
    assert result["summary"]["stages"] == {"deprecated": 1, "published": 1}


def test_findings(template, document, info, run_module, operator, admin):
    run_module("image_catalog", "sandbox-operator", catalog=document)
    operator.make(f"{template}-v1.0", b"x" * MIB)
    operator.make(f"{template}-v2.0", b"x" * MIB)
    queued = {"name": f"{template}-v3.0", "disk_format": "raw", "container_format": "bare", "visibility": "private"}
    operator.image.post("/images", json=queued)
    changes = {"visibility": "public", "retire_on": "2026-01-01"}
    patch = [{"op": "add", "path": f"/{key}", "value": value} for key, value in changes.items()]
    image_id = run_module("image_catalog_info", "sandbox-operator").result["current"][template]["id"]
    headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    assert admin.image.patch(f"/images/{image_id}", json=patch, headers=headers).status_code == 200

    result, requests = info(presets=["xloud"], members=False)
    assert requests == LISTINGS
    assert kinds(result) == [
        ("duplicate", "1.0"),
        ("unmarked", "1.0"),
        ("unmarked", "2.0"),
        ("unmarked", "3.0"),
        ("unfinished", "3.0"),
        ("overdue", "1.1"),
        ("properties", "1.1"),
        ("unprotected", "1.1"),
        ("unsigned", "1.1"),
    ]


def test_a_consumer_sees_what_is_offered_to_it(template, document, info, run_module, operator):
    document[template] |= {"visibility": "community", "members": []}
    run_module("image_catalog", "sandbox-operator", catalog=document)
    result, requests = info("sandbox-team-a", owner=operator.project_id)
    assert result["current"][template]["version"] == "1.1"
    assert requests == LISTINGS
    result, _requests = info("sandbox-team-a")
    assert result["templates"] == {}
