# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions that are taken back while servers run from them."""

from __future__ import annotations

import pytest


@pytest.fixture
def two_versions(catalogue):
    for day, version in (("2026-01-01", "1.0"), ("2026-01-02", "1.1")):
        catalogue.release(version)
        assert catalogue.curate(day).code == 0
    return catalogue


def test_a_rollback_while_servers_run(two_versions, team):
    catalogue = two_versions
    owner, (old, new) = catalogue.owner.project_id, map(catalogue.id, ("1.0", "1.1"))
    servers = {image: team.launch(image, f"app-{number}") for number, image in enumerate((old, new))}

    catalogue.settings["current"] = "1.0"
    catalogue.settings["versions"]["1.1"]["reason"] = "Boots slowly, see IMG-42"
    assert catalogue.curate("2026-01-03").stages() == {"1.0": "published", "1.1": "deprecated"}
    assert team.look_up(catalogue.template, owner) == old
    for image, server in servers.items():
        team.rebuild(server, image)

    del catalogue.settings["current"]
    assert catalogue.curate("2026-01-04").stages() == {"1.1": "published", "1.0": "deprecated"}
    assert team.look_up(catalogue.template, owner) == new

    # The same by hand, for one image without a document.
    names = {"image_name": catalogue.name("1.0"), "image_replaces": catalogue.name("1.1")}
    told = catalogue.play("rollback", **names)
    assert told.code == 0, told.output
    assert team.look_up(catalogue.template, owner) == old
    assert team.server(team.launch(old, "app-3"))["image"]["id"] == old
    assert {team.server(server)["status"] for server in servers.values()} == {"ACTIVE"}


def test_a_revocation_while_servers_run(two_versions, team, other_team):
    catalogue = two_versions
    bad = catalogue.id("1.1")
    servers = [team.launch(bad, "shop-1"), team.launch(bad, "shop-2")]
    theirs = other_team.launch(bad, "shop")

    catalogue.settings["versions"]["1.1"] = {"revoked": True, "reason": "CVE-2026-1234: has a default password"}
    told = catalogue.curate("2026-01-03")
    assert (told.code, told.stages()) == (0, {"1.0": "published", "1.1": "retired"})
    hit = told.findings(catalogue.name("1.1"))
    assert list(hit) == ["revoked_in_use"]
    assert "3 servers (" in hit["revoked_in_use"]
    assert "team-a: 2 servers" in hit["revoked_in_use"]
    assert "team-b: 1 server" in hit["revoked_in_use"]
    assert team.look_up(catalogue.template, catalogue.owner.project_id) == catalogue.id("1.0")

    assert "400" in team.refusal(bad, "shop-3")
    assert "400" in team.rebuild_refusal(servers[0], bad)
    assert {team.server(each)["status"] for each in servers} == {"ACTIVE"}
    assert other_team.server(theirs)["status"] == "ACTIVE"


def test_the_playbook_revoke_says_whom_it_hits(two_versions, team):
    catalogue = two_versions
    bad = catalogue.id("1.1")
    server = team.launch(bad, "mail-1")
    reason = {"image_reason": "CVE-2026-1234: has a default password", "image_replaced_by": catalogue.name("1.0")}
    told = catalogue.play("revoke", image_name=catalogue.name("1.1"), **reason)
    assert told.code == 0, told.output
    assert f"team-a {team.project_id} 1 0" in told.words
    image = catalogue.image("1.1")
    assert (image["status"], image["visibility"], image["os_hidden"]) == ("deactivated", "private", True)
    assert "400" in team.refusal(bad, "mail-2")
    assert team.server(server)["status"] == "ACTIVE"
