# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A team that starts servers from what is shared with it, and what it keeps when that is taken back."""

from __future__ import annotations


def test_a_share_from_its_acceptance_to_its_end(catalogue, team, other_team, run_module):
    owner = catalogue.owner.project_id
    catalogue.settings |= {"visibility": "shared", "members": [team.project_id], "members_exact": True}
    catalogue.release("1.0")
    assert catalogue.curate("2026-01-01").code == 0
    image = catalogue.id("1.0")

    # What waits for an answer can be launched by whoever has its id, and is looked up by nobody.
    early = team.launch(image, "early-1")
    assert "and the share is pending" in team.look_up_error(catalogue.template, owner)
    answer = {"image": image, "cloud": "sandbox-team-a"}
    told = catalogue.play("share", image_share_answers=[answer])
    assert told.code == 0, told.output
    assert team.look_up(catalogue.template, owner) == image
    server = team.launch_by_command(image, "batch-1")
    assert "400 Can not find requested image" in other_team.refusal(image, "batch")

    catalogue.settings["members"] = []
    assert catalogue.curate("2026-01-02").code == 0
    assert "400 Can not find requested image" in team.refusal(image, "batch-2")
    assert "400 Cannot find image for rebuild" in team.rebuild_refusal(server, image)
    assert team.server(server)["status"] == "ACTIVE"

    # Who lost it, the owner still knows.
    usage = {"usage": True, "usage_cloud": catalogue.usage_cloud, "templates": [catalogue.template]}
    info = run_module("image_catalog_info", "sandbox-operator", **usage).result
    (version,) = info["templates"][catalogue.template]["versions"]
    assert (version["stage"], version["members"]) == ("published", [])
    assert version["usage"]["servers"] == 2
    assert [(each["project"], each["servers"]) for each in version["usage"]["projects"]] == [("team-a", 2)]
    resources = version["usage"]["projects"][0]["resources"]
    assert {each["id"]: each["name"] for each in resources} == {early: "early-1", server: "batch-1"}
