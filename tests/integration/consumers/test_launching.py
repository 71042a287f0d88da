# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers from the first version of a template to the last day of its image."""

from __future__ import annotations

import pytest

from consumers.people import requests_of

RETENTION = {"visible": 2, "available": 2, "stored": 2, "min_age": "3d"}


def test_a_version_from_its_first_server_to_its_last(catalogue, team):
    catalogue.settings["retention"] = RETENTION
    owner = catalogue.owner.project_id
    catalogue.release("1.0")
    assert catalogue.curate("2026-01-01").code == 0
    first = team.look_up(catalogue.template, owner)
    assert first == catalogue.id("1.0")
    old = team.launch(first, "web-1")

    # New servers take the new version, and the old one runs on.
    catalogue.release("1.1")
    assert catalogue.curate("2026-01-02").stages() == {"1.1": "published", "1.0": "deprecated"}
    second = team.look_up(catalogue.template, owner)
    assert second == catalogue.id("1.1")
    assert team.server(team.launch_by_command(second, "web-2"))["image"]["id"] == second
    assert team.server(old)["status"] == "ACTIVE"
    team.rebuild(old, first)

    catalogue.release("1.2")
    assert catalogue.curate("2026-01-03").stages() == {"1.2": "published", "1.1": "deprecated", "1.0": "hidden"}
    assert requests_of("compute", first) == requests_of("block-storage", first) == []
    team.rebuild(old, first)

    # Its time is over, and it has a user.
    held = catalogue.curate("2026-01-06")
    assert held.stages() == {"1.2": "published", "1.1": "deprecated", "1.0": "hidden"}
    assert not held.result["changed"]
    assert held.findings(catalogue.name("1.0")) == {
        "in_use": "it is retired once nobody uses it any more: it is used by 1 server (team-a: 1 server)"
    }
    (asked,) = held.result["usage"]
    assert (asked["image"], asked["is_used"], asked["servers"], asked["volumes"]) == (catalogue.name("1.0"), True, 1, 0)
    (used_by,) = asked["projects"]
    assert (used_by["project"], [each["id"] for each in used_by["resources"]]) == ("team-a", [old])
    assert "it is used by 1 server (team-a: 1 server)" in held.words
    team.rebuild(old, first)

    # The last user moves to the version of the day.
    team.rebuild(old, team.look_up(catalogue.template, owner))
    gone = catalogue.curate("2026-01-06")
    assert gone.stages() == {"1.2": "published", "1.1": "deprecated", "1.0": "retired"}
    assert gone.findings() == {}
    assert "400" in team.refusal(first, "web-3")
    assert "400" in team.rebuild_refusal(old, first)
    assert catalogue.curate("2026-01-07").stages() == {"1.2": "published", "1.1": "deprecated"}
    assert team.server(old)["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("while_used", "stage", "finding", "visible"),
    [
        ("keep", "deprecated", "in_use", True),
        ("hide", "hidden", "in_use", False),
        ("retire", "retired", "retired_in_use", False),
    ],
)
def test_what_becomes_of_a_version_in_use(while_used, stage, finding, visible, catalogue, team):
    catalogue.settings["retention"] = {"while_used": while_used}
    catalogue.release("1.0", retire_on="2026-01-03")
    assert catalogue.curate("2026-01-01").code == 0
    server = team.launch(catalogue.id("1.0"), "db-1")
    catalogue.release("1.1")
    assert catalogue.curate("2026-01-02").stages() == {"1.1": "published", "1.0": "deprecated"}
    told = catalogue.curate("2026-01-03")
    assert told.stages() == {"1.1": "published", "1.0": stage}
    assert list(told.findings()) == [finding]
    assert "used by 1 server (team-a: 1 server)" in told.findings()[finding]
    assert not catalogue.curate("2026-01-03").result["changed"]

    first = catalogue.id("1.0")
    listed = team.openstack("image", "list", "--community", "-c", "Name", "-f", "value")
    assert (catalogue.name("1.0") in listed.output.split()) == visible
    if stage == "retired":
        assert "400" in team.rebuild_refusal(server, first)
        assert "400" in team.refusal(first, "db-2")
    else:
        team.rebuild(server, first)
        team.launch(first, "db-2")
    assert team.server(server)["status"] == "ACTIVE"
