# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of who uses what, and what it costs to ask."""

from __future__ import annotations

import pytest
from conftest import IDLE

from ansible_collections.xloud.image.plugins.module_utils._cloud import usage
from consumers.people import requests_of

# To authenticate as those who ask.
ASKER = 2


@pytest.fixture
def used(catalogue, team, other_team):
    """Two versions: of the one that is superseded a team launched a server before, and another one a volume since."""
    catalogue.settings["retention"] = {"available": 1, "min_age": "30d"}
    catalogue.release("1.0")
    assert catalogue.curate("2026-01-01").code == 0
    old = catalogue.id("1.0")
    server = team.launch(old, "db-1")
    volume = other_team.make_volume(old, "db-data")
    catalogue.release("1.1", reason="Security updates of January 2026")
    catalogue.settings["versions"]["1.0"]["reason"] = "Security updates of January 2026"
    assert catalogue.curate("2026-01-02").code == 0
    current = team.launch(catalogue.id("1.1"), "db-2")
    return catalogue, {"server": server, "volume": volume, "current": current}


def test_who_uses_what_and_whom_to_tell(used, team, other_team, run_module):
    catalogue, made = used
    document = {"catalog": {catalogue.template: catalogue.settings}, "source_directory": str(catalogue.folder)}
    options = {"usage": True, "usage_cloud": catalogue.usage_cloud, "templates": [catalogue.template], **document}
    info = run_module("image_catalog_info", "sandbox-operator", as_of="2026-01-10", **options).result
    assert not info["failed"], info
    new, old = info["templates"][catalogue.template]["versions"]
    assert (new["usage"]["is_used"], new["usage"]["servers"], new["usage"]["volumes"]) == (True, 1, 0)
    assert (old["usage"]["servers"], old["usage"]["volumes"], old["usage"]["unknown"]) == (1, 1, [])
    ids = {project["project"]: [each["id"] for each in project["resources"]] for project in old["usage"]["projects"]}
    assert ids == {"team-a": [made["server"]], "team-b": [made["volume"]]}
    # All of it was made after the day of the story.
    assert [each["launched_since_deprecation"] for each in old["usage"]["projects"]] == [1, 1]
    for project in old["usage"]["projects"]:
        assert project["last_launched_at"] == max(each["created_at"] for each in project["resources"])

    findings = {each["kind"]: each["message"] for each in info["findings"] if each["image"] == old["name"]}
    assert "team-a: 1 server" in findings["still_launched"]
    assert "team-b: 1 volume" in findings["still_launched"]

    notices = {notice["project"]: notice for notice in info["notices"]}
    assert {name: notice["project_id"] for name, notice in notices.items()} == {
        "team-a": team.project_id,
        "team-b": other_team.project_id,
    }
    (told,) = notices["team-a"]["images"]
    assert (told["name"], told["stage"], told["servers"], told["volumes"]) == (old["name"], "hidden", 1, 0)
    assert (told["deprecated_since"], told["retire_on"]) == ("2026-01-02", "2026-02-01")
    assert told["reason"] == "Security updates of January 2026"
    assert told["replaced_by"] == {"version": "1.1", "name": new["name"], "id": new["id"], "retire_on": None}

    # Two listings of the other project's names, and two services for each version.
    assert info["requests"] <= IDLE + ASKER + 2 * 2 + 3


def test_a_run_that_takes_nothing_away_asks_nobody(used):
    catalogue, _made = used
    image = catalogue.id("1.0")
    for options in ((), ("--check",)):
        told = catalogue.curate("2026-01-10", *options)
        assert (told.code, told.result["changed"]) == (0, False)
        assert (told.result["requests"], told.result["usage"]) == (IDLE, [])
    assert requests_of("compute", image) == requests_of("block-storage", image) == []

    held = catalogue.curate("2026-02-01")
    assert list(held.findings(catalogue.name("1.0"))) == ["in_use"]
    assert len(requests_of("compute", image)) == len(requests_of("block-storage", image)) == 1


def test_answers_of_several_pages(catalogue, team, run_here, monkeypatch):
    catalogue.release("1.0")
    assert catalogue.curate("2026-01-01").code == 0
    image = catalogue.id("1.0")
    made = [team.launch(image, f"node-{number}") for number in range(3)]
    made += [team.make_volume(image, f"node-{number}") for number in range(3)]
    monkeypatch.setattr(usage, "_PAGE", 2)
    options = {"usage": True, "usage_cloud": catalogue.usage_cloud, "templates": [catalogue.template]}
    info = run_here("image_catalog_info", "sandbox-operator", **options).result
    (version,) = info["templates"][catalogue.template]["versions"]
    (project,) = version["usage"]["projects"]
    assert sorted(each["id"] for each in project["resources"]) == sorted(made)
    assert len(requests_of("compute", image)) == len(requests_of("block-storage", image)) == 2
