# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cloud that allows less than others: properties that it reserves, and policies of its own."""

from __future__ import annotations

import json

import pytest
from conftest import CLOUDS_FILE, MIB, Cloud
from strict_glance import strict_glance

ALL = ["admin", "member", "reader", "service"]
OPERATIONS = ("create", "read", "update", "delete")
PROTECTIONS = {
    "^reserved_.*": {"create": ["admin"], "read": ALL, "update": ["admin"], "delete": ["admin"]},
    "^secret_.*": {operation: ["admin"] for operation in OPERATIONS},
    ".*": {operation: ["@"] for operation in OPERATIONS},
}
RESERVED = "reserved_by_admin"
PATCH_TYPE = "application/openstack-images-v2.1-json-patch"


@pytest.fixture(scope="module")
def strict(tmp_path_factory, clouds):
    """
    The clouds of the sandbox, at an Image service that allows less.

    It takes team-b for an administrator, without a role that is called so.
    """
    folder = tmp_path_factory.mktemp("strict") / "glance"
    auditor = Cloud("sandbox-team-b").connection.current_user_id
    policies = {"communitize_image": "role:admin", "context_is_admin": f"role:admin or user_id:{auditor}"}
    with strict_glance(CLOUDS_FILE.parent, folder, policies, PROTECTIONS) as url:
        yield {name: {**cloud, "image_endpoint_override": url} for name, cloud in clouds.items()}


@pytest.fixture
def operator_cloud(strict):
    return strict["sandbox-operator"]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "disk.raw"
    path.write_bytes(b"x" * MIB)
    return str(path)


def reserve(admin, image_id, key=RESERVED):
    body = [{"op": "add", "path": f"/{key}", "value": "by the cloud"}]
    headers = {"Content-Type": PATCH_TYPE}
    assert admin.image.patch(f"/images/{image_id}", data=json.dumps(body), headers=headers).status_code == 200


def check_refusal(result):
    assert result["failed"]
    assert f"A property protection of the cloud reserves the property {RESERVED} for other roles." in result["msg"]
    assert "Leave it out, or use credentials that may write it." in result["msg"]
    assert "Traceback" not in json.dumps(result)


def test_a_reserved_property_makes_no_image(operator_cloud, name, source, run_here, admin):
    result = run_here("image_template", operator_cloud, name=name, source=source, properties={RESERVED: "x"}).result
    check_refusal(result)
    assert admin.find(name) == []


@pytest.mark.parametrize("there", [False, True], ids=["create", "update"])
def test_a_reserved_property_leaves_the_rest_as_it_was(operator_cloud, name, source, run_here, admin, there):
    made = run_here("image_template", operator_cloud, name=name, source=source).result["image"]
    if there:
        reserve(admin, made["id"])
    before = admin.find(name)
    properties = {RESERVED: "x", "os_distro": "ubuntu"}
    check_refusal(run_here("image_template", operator_cloud, name=name, properties=properties).result)
    assert admin.find(name) == before


def test_what_is_reserved_and_as_wanted_is_no_matter(operator_cloud, name, source, run_here, admin):
    made = run_here("image_template", operator_cloud, name=name, source=source).result["image"]
    reserve(admin, made["id"])
    properties = {RESERVED: "by the cloud", "os_distro": "ubuntu"}
    result = run_here("image_template", operator_cloud, name=name, properties=properties).result
    assert not result["failed"], result["msg"]
    (image,) = admin.find(name)
    assert (image[RESERVED], image["os_distro"]) == ("by the cloud", "ubuntu")


def test_an_administrator_writes_it(strict, name, source, run_here, operator, admin):
    args = {"name": name, "source": source, "owner": operator.project_id, "properties": {RESERVED: "x"}}
    result = run_here("image_template", strict["sandbox-admin"], **args).result
    assert not result["failed"], result["msg"]
    assert admin.find(name)[0][RESERVED] == "x"


def test_the_other_versions_of_a_catalogue_are_done(operator_cloud, name, source, run_here, admin):
    template = name.rpartition("-v")[0]
    versions = {
        "1.0": {"source": source},
        "1.1": {"source": source, "properties": {RESERVED: "x"}},
        "1.2": {"source": source},
    }
    catalog = {template: {"visibility": "shared", "versions": versions}}
    result = run_here("image_catalog", operator_cloud, catalog=catalog).result
    assert [each["image"] for each in result["failures"]] == [f"{template}-v1.1"]
    check_refusal(result)
    assert sorted(image["name"] for image in admin.find(template)) == [f"{template}-v1.0", f"{template}-v1.2"]
    assert result["current"][template]["version"] == "1.2"


def test_a_property_that_may_not_be_read_is_lost(operator_cloud, name, source, run_here, admin):
    """What the page on security warns of: nobody but the cloud can tell."""
    made = run_here("image_template", operator_cloud, name=name, source=source).result["image"]
    reserve(admin, made["id"], "secret_of_admin")
    assert not run_here("image_template", operator_cloud, name=name, properties={"a": "b"}).result["failed"]
    assert "secret_of_admin" not in admin.find(name)[0]


def test_a_policy_of_the_cloud(operator_cloud, name, source, run_here, admin):
    run_here("image_template", operator_cloud, name=name, source=source)
    before = admin.find(name)
    result = run_here("image_visibility", operator_cloud, image=name, visibility="community").result
    assert "(policy communitize_image). Ask an administrator for that policy, or share the image" in result["msg"]
    assert admin.find(name) == before


def test_who_is_an_administrator_is_for_the_cloud_to_say(strict, name, run_here, operator, tmp_path):
    image_id = operator.make(name, b"x" * MIB)
    assert operator.image.post(f"/images/{image_id}/actions/deactivate").status_code == 204
    args = {"image": image_id, "path": str(tmp_path / "out.raw")}
    assert "policy context_is_admin" in run_here("image_export", strict["sandbox-operator"], **args).result["msg"]
    result = run_here("image_export", strict["sandbox-team-b"], **args).result
    assert not result["failed"], result["msg"]
    assert result["image"]["status"] == "deactivated"
