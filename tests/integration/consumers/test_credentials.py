# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may ask who uses an image, and what comes of it where the one who curates may not."""

from __future__ import annotations

import json
import re

import openstack
import pytest
from fault_proxy import Fault, fault_proxy

from consumers.people import Catalogue, requests_of


@pytest.fixture
def unasked(template, tmp_path, operator):
    """The same template, without credentials that ask."""
    return Catalogue(template, tmp_path, operator, xloud_image_cloud="sandbox-operator")


def due(catalogue):
    """Have a version whose last day is the third, and that nobody uses, and return its name."""
    catalogue.release("1.0", retire_on="2026-01-03")
    assert catalogue.curate("2026-01-01").code == 0
    catalogue.release("1.1")
    assert catalogue.curate("2026-01-02").stages() == {"1.1": "published", "1.0": "deprecated"}
    return catalogue.name("1.0")


def test_a_member_may_not_ask(unasked, usage_cloud):
    name = due(unasked)
    image = unasked.id("1.0")
    told = unasked.curate("2026-01-03")
    assert told.stages() == {"1.1": "published", "1.0": "hidden"}
    (words,) = told.findings(name).values()
    assert list(told.findings(name)) == ["usage_unknown"]
    assert words.startswith("it is retired once it is known that nobody uses it.")
    assert "cloud sandbox-operator: the Compute service" in words
    assert "the Block Storage service tells of the volumes of other projects to administrators alone" in words
    assert "option usage_cloud" in words
    assert "usage_unknown" in told.words
    (asked,) = told.result["usage"]
    assert (asked["is_used"], asked["servers"], asked["volumes"]) == (None, None, None)
    assert len(asked["unknown"]) == 2
    # Cinder would answer for the own project alone.
    assert requests_of("block-storage", image) == []

    by_hand = unasked.play("retire", image_name=name)
    assert by_hand.code == 2
    assert f"Image {name} ({image}) is not retired, since it is not known who uses it." in by_hand.words
    assert unasked.image("1.0")["status"] == "active"

    foretold = unasked.curate("2026-01-03", "--check", image_usage_cloud=usage_cloud)
    assert foretold.stages() == {"1.1": "published", "1.0": "retired"}
    assert unasked.image("1.0")["status"] == "active"
    told = unasked.curate("2026-01-03", image_usage_cloud=usage_cloud)
    assert told.stages() == {"1.1": "published", "1.0": "retired"}
    assert told.findings(name) == {}


def test_nobody_has_to_be_asked(unasked):
    name = due(unasked)
    image = unasked.id("1.0")
    told = unasked.curate("2026-01-03", image_check_usage=False)
    assert told.stages() == {"1.1": "published", "1.0": "retired"}
    assert (told.findings(name), told.result["usage"]) == ({}, [])
    assert requests_of("compute", image) == []


def test_credentials_that_can_do_nothing_else(team_of, usage_rules, clouds, tmp_path, name):
    """Made by the command in the documentation."""
    admin = team_of("sandbox-admin")
    (tmp_path / "usage-rules.json").write_text(json.dumps(usage_rules))
    command = ("application", "credential", "create", "--role", "admin", "--access-rules", "usage-rules.json")
    made = admin.openstack(*command, name, "-f", "json")
    assert made.code == 0, made.output
    credential = json.loads(made.output)
    try:
        secret = {
            "auth_url": clouds["sandbox-admin"]["auth"]["auth_url"],
            "application_credential_id": credential.get("ID") or credential["id"],
            "application_credential_secret": credential.get("Secret") or credential["secret"],
        }
        cloud = {**clouds["sandbox-admin"], "auth_type": "v3applicationcredential", "auth": secret}
        connection = openstack.connect(load_yaml_config=False, load_envvars=False, **cloud)
        compute, storage, identity = connection.compute, connection.block_storage, connection.identity
        project = connection.current_project_id
        allowed = [
            (compute, "GET", "/servers/detail?all_tenants=1"),
            (storage, "GET", f"/{project}/volumes/detail?all_tenants=1"),
            (identity, "GET", f"/projects/{project}"),
        ]
        nothing = "00000000-0000-4000-8000-000000000000"
        refused = [
            (compute, "GET", f"/servers/{nothing}"),
            (compute, "POST", "/servers"),
            (compute, "DELETE", f"/servers/{nothing}"),
            (compute, "POST", f"/servers/{nothing}/action"),
            (storage, "POST", f"/{project}/volumes"),
            (storage, "DELETE", f"/{project}/volumes/{nothing}"),
            (connection.image, "GET", "/images"),
            (connection.image, "DELETE", f"/images/{nothing}"),
            (identity, "GET", "/users"),
            (identity, "POST", "/projects"),
            (identity, "DELETE", f"/projects/{nothing}"),
        ]

        def answers(requests):
            # A body belongs to those that have one.
            bodies = {"POST": {"json": {}}}
            return [
                (method, path, service.request(path, method, **bodies.get(method, {})).status_code)
                for service, method, path in requests
            ]

        assert [each for each in answers(allowed) if each[-1] != 200] == []
        assert [each for each in answers(refused) if each[-1] != 401] == []
    finally:
        assert admin.openstack("application", "credential", "delete", name).code == 0


@pytest.mark.parametrize("service", ["compute", "block_storage"])
@pytest.mark.parametrize("kind", ["error", "reset"])
def test_a_service_that_is_down(kind, service, catalogue, admin, usage_cloud):
    name = due(catalogue)
    proxy = getattr(admin.connection, service)
    host, path = re.match(r"http://([^/]+)(/.*)?", proxy.get_endpoint()).groups()
    with fault_proxy(host) as between:
        between.inject(Fault(kind, "GET", path="/detail$", times=100, moment="before"))
        cloud = {**usage_cloud, f"{service}_endpoint_override": between.url + (path or "")}
        held = catalogue.curate("2026-01-03", image_usage_cloud=cloud)
        assert (held.code, held.stages()) == (0, {"1.1": "published", "1.0": "hidden"})
        assert list(held.findings(name)) == ["usage_unknown"]
        assert {"compute": "Compute", "block_storage": "Block Storage"}[service] in held.findings(name)["usage_unknown"]
        between.inject()
        told = catalogue.curate("2026-01-03", image_usage_cloud=cloud)
        assert told.stages() == {"1.1": "published", "1.0": "retired"}
        assert between.of("GET", "/detail")
