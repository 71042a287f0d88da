# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a consumer can still do in each stage of a version: each cell of the table in the documentation."""

from __future__ import annotations

import time
from pathlib import Path

import yaml
from conftest import PATIENCE
from openstack.exceptions import HttpException

TABLE = yaml.safe_load(Path(__file__).with_name("launching.yml").read_text())
# What the document says of the version that ends in each stage, from the second day on.
FATES = {
    "staged": {"stage": "staged"},
    "published": {},
    "deprecated": {"stage": "deprecated"},
    "hidden": {"stage": "hidden"},
    "retired": {"stage": "retired"},
    "revoked": {"revoked": True},
    "deleted": {"stage": "retired", "delete_on": "2026-01-03"},
}


def test_each_cell(catalogue, team, team_of):
    owners = team_of("sandbox-operator")
    catalogue.settings["retention"] = {"while_used": "retire"}
    versions = {stage: f"1.{number}" for number, stage in enumerate(FATES)}
    for stage, version in versions.items():
        catalogue.release(version, **(FATES[stage] if stage == "staged" else {}))
    assert catalogue.curate("2026-01-01").code == 0
    ids = {stage: catalogue.id(version) for stage, version in versions.items()}
    servers = {stage: team.launch(ids[stage], stage) for stage in FATES if stage != "staged"}

    for stage, version in versions.items():
        catalogue.settings["versions"][version] |= FATES[stage]
    catalogue.settings["current"] = versions["published"]
    # What is deleted is retired a day before, and nobody uses it but those of whom nobody was asked.
    for day in ("2026-01-02", "2026-01-03"):
        told = catalogue.curate(day, image_check_usage=False)
        assert told.code == 0, told.output
    left = {versions[stage]: stage for stage in FATES if stage != "deleted"}
    assert told.stages() == {version: {"revoked": "retired"}.get(stage, stage) for version, stage in left.items()}

    found = {}
    for stage, image in ids.items():
        found[stage] = {
            "launch": attempt(lambda image=image: team.launch(image, "new")),
            "owner": attempt(lambda image=image: owners.launch(image, "own")),
            "volume": attempt(lambda image=image: team.make_volume(image, "new")),
        }
        if stage in servers:
            server = servers[stage]
            found[stage] |= {
                "rescue": rescue(team, server),
                "rebuild": attempt(lambda image=image, server=server: team.rebuild(server, image)),
                "running": "run on" if is_sound(team, server) else "do not",
            }
    wrong = {
        (stage, column): cell
        for stage, cells in found.items()
        for column, cell in cells.items()
        if not agrees(cell, TABLE["stages"][stage].get(column, ""))
    }
    assert wrong == {}
    assert {stage: cells.keys() for stage, cells in found.items()} == {
        stage: cells.keys() for stage, cells in TABLE["stages"].items()
    }


def agrees(cell, words):
    return cell == words or (cell.startswith("400 ") and words in cell)


def attempt(do):
    """Return that something works, or the words by which it was refused."""
    try:
        do()
    except HttpException as exc:
        return f"{exc.status_code} {exc.details or exc}"
    return "works"


def rescue(team, server):
    """Ask for a rescue, and return what came of it."""
    compute = team.connection.compute
    compute.rescue_server(server)
    deadline = time.monotonic() + PATIENCE
    while True:
        actions = compute.get(f"/servers/{server}/os-instance-actions").json()["instanceActions"]
        request = next(each["request_id"] for each in actions if each["action"] == "rescue")
        # The first version that shows the events to those who own the server.
        asked = compute.get(f"/servers/{server}/os-instance-actions/{request}", microversion="2.51")
        action = asked.json()["instanceAction"]
        if action["events"] and all(event["finish_time"] for event in action["events"]):
            break
        assert time.monotonic() < deadline, action
        time.sleep(0.2)
    state = team.wait(server)["status"]
    if state == "RESCUE":
        compute.unrescue_server(server)
        assert team.wait(server)["status"] == "ACTIVE"
        return "works"
    assert (state, [event["result"] for event in action["events"]]) == ("ACTIVE", ["Error"])
    return "accepted, and nothing happens"


def is_sound(team, server):
    """Whether a server goes on through a stop, a start and a reboot."""
    compute = team.connection.compute
    states = [team.server(server)["status"]]
    for action in (compute.stop_server, compute.start_server, lambda each: compute.reboot_server(each, "HARD")):
        action(server)
        states.append(team.wait(server)["status"])
    return states == ["ACTIVE", "SHUTOFF", "ACTIVE", "ACTIVE"]
