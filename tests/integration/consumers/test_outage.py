# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that are killed while they are asked. It runs alone, since the others need them."""

from __future__ import annotations

import urllib.parse

from fault_proxy import Fault, fault_proxy

from consumers.control import configure, kill


def test_what_dies_while_it_is_asked(catalogue, team, admin, usage_cloud, tmp_path):
    catalogue.release("1.0", retire_on="2026-01-03", delete_on="2026-01-04")
    assert catalogue.curate("2026-01-01").code == 0
    server = team.launch(catalogue.id("1.0"), "web-1")
    catalogue.release("1.1")
    assert catalogue.curate("2026-01-02").code == 0

    endpoint = urllib.parse.urlsplit(admin.connection.compute.get_endpoint())
    with fault_proxy(endpoint.netloc) as between:
        killed = Fault("reset", "GET", path="/detail$", moment="before", then=lambda: kill("compute"))
        between.inject(killed)
        cloud = {**usage_cloud, "compute_endpoint_override": between.url + endpoint.path}
        held = catalogue.curate("2026-01-03", image_usage_cloud=cloud)
    assert killed.happened == 1
    assert (held.code, held.stages()) == (0, {"1.1": "published", "1.0": "hidden"})
    assert list(held.findings(catalogue.name("1.0"))) == ["usage_unknown"]
    # What is there goes on without them.
    assert team.look_up(catalogue.template, catalogue.owner.project_id) == catalogue.id("1.1")
    assert list(catalogue.curate("2026-01-03").findings(catalogue.name("1.0"))) == ["usage_unknown"]

    configure(tmp_path)
    known = catalogue.curate("2026-01-03")
    assert list(known.findings(catalogue.name("1.0"))) == ["in_use"]
    assert team.server(server)["status"] == "ACTIVE"
    team.remove(server)
    assert catalogue.curate("2026-01-03").stages() == {"1.1": "published", "1.0": "retired"}
    assert catalogue.curate("2026-01-04").stages() == {"1.1": "published"}
