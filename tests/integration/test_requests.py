# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests a task costs, from the access logs of the services."""

from __future__ import annotations

import pytest
from conftest import MIB

LISTINGS = ["GET /v2/images"] * 2


@pytest.fixture(scope="module")
def table(request):
    """Print what was counted, once all of it was."""
    rows = {}
    yield rows
    lines = (f"  {title:<36} {len(requests):>2}  {', '.join(requests)}" for title, requests in rows.items())
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\nrequests of a task:", *lines, sep="\n")


@pytest.fixture
def count(requests_seen, run_module, table):
    """Run a module, and return its requests to the Image service; it authenticates once, whatever it does."""

    def run(title, module, **args):
        requests_seen.take()
        outcome = run_module(module, "sandbox-operator", **args)
        assert not outcome.result["failed"], outcome.result["msg"]
        found = {"identity": [], "image": []}
        for each in requests_seen.take():
            path = each.path.partition("?")[0].rstrip("/").replace(outcome.result["image"]["id"], "ID")
            found[each.service].append(f"{each.method} {path}")
        table[title] = [*found["identity"], *found["image"]]
        assert found["identity"].count("POST /v3/auth/tokens") == 1
        assert found["identity"].count("GET /v3") <= 1
        return outcome, found["image"]

    return run


def test_requests_of_creation_and_of_no_change(name, tmp_path, count):
    source = tmp_path / "disk.raw"
    source.write_bytes(b"x" * MIB)
    template = {"name": name, "source": str(source), "properties": {"os_distro": "ubuntu"}}

    created, requests = count("image_template, creation", "image_template", **template)
    assert created.taken == ["create"]
    assert requests == [*LISTINGS, "POST /v2/images", "PUT /v2/images/ID/file", "GET /v2/images/ID"]

    path = tmp_path / "exported.raw"
    path.write_bytes(source.read_bytes())
    no_change = {
        "image_template": template,
        "image_visibility": {"image": name, "visibility": "private", "hidden": False},
        "image_member": {"image": name, "members": [], "exact": True},
        "image_export": {"image": name, "path": str(path), "sidecar": False, "sums": False},
    }
    for module, args in no_change.items():
        outcome, requests = count(f"{module}, no change", module, **args)
        assert not outcome.result["changed"]
        assert requests == LISTINGS


def test_requests_of_sharing(name, operator, admin, count):
    image_id = operator.make(name, b"x" * MIB)
    shared = {"image": image_id, "members": [admin.project_id], "make_shared": True}

    added, requests = count("image_member, first member", "image_member", **shared)
    assert added.taken == ["update", "forget_members", "add_member"]
    assert requests == [
        "GET /v2/images/ID",
        "PATCH /v2/images/ID",
        "GET /v2/images/ID",
        "GET /v2/images/ID/members",
        "POST /v2/images/ID/members",
    ]

    again, requests = count("image_member by id, no change", "image_member", **shared)
    assert not again.result["changed"]
    assert requests == ["GET /v2/images/ID", "GET /v2/images/ID/members"]
