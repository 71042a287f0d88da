# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can do what: the table of the documentation, tried with the credentials of everybody that it speaks of."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader
from conftest import Cloud, Outcome
from credentials import application_credential, colleague
from fault_proxy import Fault

from ansible_collections.xloud.image.tests.unit.fakes.keys import pair

TABLE = yaml.safe_load(Path(__file__).with_name("privileges.yml").read_text())
PATCH_TYPE = "application/openstack-images-v2.1-json-patch"
DATA = b"x" * 4096
PRIVATE = ("staged", "placed", "retired")
SHARED = ("shared", "signed", "pending", "deactivated")


@pytest.fixture(scope="session")
def people(clouds, admin, operator):
    """The configuration of the cloud for each of them."""
    cloud = clouds["sandbox-operator"]
    with colleague(admin, operator.project_id, cloud) as owner, application_credential(operator, cloud) as service:
        yield {
            "reader": clouds["sandbox-reader"],
            "member": clouds["sandbox-team-a"],
            "owner": owner,
            "service": service,
            "admin": clouds["sandbox-admin"],
        }


@pytest.fixture(scope="session")
def projects(operator):
    teams = {name.replace("-", "_"): Cloud(f"sandbox-{name}").project_id for name in ("team-a", "team-b")}
    return {**teams, "catalog": operator.project_id}


def patch(cloud, image_id, **attributes):
    body = [{"op": "add", "path": f"/{key}", "value": value} for key, value in attributes.items()]
    response = cloud.image.patch(f"/images/{image_id}", data=json.dumps(body), headers={"Content-Type": PATCH_TYPE})
    assert response.status_code == 200, response.text


@pytest.fixture
def certificate(name, files, run_here):
    """The id of a certificate of the project catalog."""
    stored = run_here("image_certificate", "sandbox-operator", name=f"{name} of all", path=files["certificate_file"])
    return stored.result["certificate"]["id"]


@pytest.fixture
def signature(certificate):
    """What somebody signed the data with."""
    return {
        "img_signature": pair().sign(DATA),
        "img_signature_hash_method": "SHA-256",
        "img_signature_key_type": "RSA-PSS",
        "img_signature_certificate_uuid": certificate,
    }


@pytest.fixture
def put(operator, admin, projects, name, template, signature):
    """Put the version there in a state that the table speaks of, and return its id."""

    def make(state):
        image_id = operator.make(name, DATA)
        path = f"/images/{image_id}"
        marks = {"xloud_image_template": template, "xloud_image_version": "1.0", "tags": ["xloud.image"]}
        published = {} if state in ("staged", "placed") else {"published_since": "2026-01-01"}
        visibility = "private" if state in PRIVATE else "shared"
        patch(
            operator, image_id, visibility=visibility, **marks, **published, **(signature if state == "signed" else {})
        )
        if state in SHARED:
            assert operator.image.post(f"{path}/members", json={"member": projects["team_a"]}).status_code == 200
        if state in ("shared", "signed", "deactivated"):
            member = f"{path}/members/{projects['team_a']}"
            assert Cloud("sandbox-team-a").image.put(member, json={"status": "accepted"}).status_code == 200
        if state in ("retired", "deactivated"):
            assert operator.image.post(f"{path}/actions/deactivate").status_code == 204
        if state == "placed":
            body = {"method": {"name": "copy-image"}, "stores": ["archive"]}
            assert admin.image.post(f"{path}/import", json=body).status_code == 202
            while admin.image.get(path).json().get("os_glance_import_task"):
                pass
        return image_id

    return lambda state: "" if state == "nothing" else make(state)


@pytest.fixture
def files(tmp_path, name, template):
    """What the tasks take and give: a raw file, a folder of exports, an empty folder, a key and its certificate."""
    for folder in ("out", "bundle"):
        (tmp_path / folder).mkdir()
    sidecar = {
        "name": name,
        "disk_format": "raw",
        "container_format": "bare",
        "min_disk": 1,
        "min_ram": 0,
        "protected": False,
        "os_hash_algo": "sha512",
        "os_hash_value": hashlib.sha512(DATA).hexdigest(),
        "tags": ["xloud.image"],
        "properties": {"xloud_image_template": template, "xloud_image_version": "1.0"},
    }
    data = tmp_path / "bundle" / f"{name}.raw"
    data.write_bytes(DATA)
    data.with_name(f"{data.name}.json").write_text(json.dumps({"format_version": 1, "image": sidecar}))
    signer = {"key": tmp_path / "signer.pem", "certificate_file": tmp_path / "signer.crt"}
    signer["key"].write_bytes(pair().private())
    signer["certificate_file"].write_bytes(pair().pem)
    paths = {"file": data, "bundle": data.parent, "folder": tmp_path / "out", **signer}
    return {key: str(path) for key, path in paths.items()}


@pytest.fixture
def seen(admin, name):
    """All that there is of the version in both regions, past the modules."""
    regions = (admin, Cloud("sandbox-admin", region_name="RegionTwo"))

    def look():
        found = [(region, image) for region in regions for image in region.find(name)]
        members = [
            region.image.get(f"/images/{image['id']}/members").json()
            for region, image in found
            if image["visibility"] == "shared"
        ]
        return [image for _region, image in found], members

    yield look
    regions[1].purge(name)


@pytest.fixture
def run(run_here, people):
    """Run a module, or the lookup, as somebody."""

    def look_up(cloud, template, owner):
        try:
            lookup_loader.get("xloud.image.current").run([template], {}, cloud=cloud, owner=owner)
        except AnsibleError as exc:
            return Outcome({"failed": True, "msg": str(exc)}, "")
        return Outcome({"failed": False}, "")

    def go(person, task):
        ((module, args),) = task.items()
        act = look_up if module == "current" else functools.partial(run_here, module)
        return act(people[person], **args)

    return go


def filled(value, words):
    if isinstance(value, dict):
        return {filled(key, words): filled(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, words) for each in value]
    return value.format(**words) if isinstance(value, str) else value


CELLS = [
    pytest.param(row, person, id=f"{number}-{person}")
    for number, row in enumerate(TABLE["operations"])
    for person in TABLE["people"]
]


@pytest.mark.parametrize(("row", "person"), CELLS)
def test_a_cell(row, person, name, template, put, files, seen, run, projects, certificate):
    image_id = put(row["image"])
    words = {**projects, **files, "id": image_id, "name": name, "template": template, "certificate": certificate}
    task = filled(row["task"], words)
    before = seen()
    outcome = run(person, task)
    words = row[person]
    if words is True:
        assert not outcome.result["failed"], outcome.result["msg"]
        return
    assert outcome.result["failed"], row["operation"]
    assert words in outcome.result["msg"]
    assert "Traceback" not in json.dumps(outcome.result)
    assert seen() == before
    assert list(Path(files["folder"]).iterdir()) == []


def test_the_table_is_whole():
    keys = {"operation", "policies", "image", "task", *TABLE["people"]}
    assert [row["operation"] for row in TABLE["operations"] if row.keys() != keys] == []
    assert len(TABLE["operations"]) > 20


@pytest.mark.parametrize("person", ["owner", "service"])
def test_an_owner_freezes_what_it_exports(person, put, files, admin, people, faulty, run_here):
    """But for the moments in which a request for the data begins, after a break too."""
    image_id = put("shared")
    faulty.proxy.inject(Fault("reset", "GET", at=len(DATA) // 2, times=2))
    cloud = {**people[person], "image_endpoint_override": faulty.proxy.url}
    result = run_here("image_export", cloud, image=image_id, path=f"{files['folder']}/", deactivate=True).result
    assert not result["failed"], result["msg"]
    asked = [each for each in faulty.proxy.exchanges if re.search(r"/(file|deactivate|reactivate)$", each.path)]
    begun = [("file", False), ("reactivate", True), ("file", True), ("deactivate", True)]
    assert [(each.path.rpartition("/")[2], each.status < 300) for each in asked] == [
        ("deactivate", True),
        *begun,
        *begun,
        ("reactivate", True),
    ]
    assert admin.image.get(f"/images/{image_id}").json()["status"] == "active"


def test_a_project_in_which_the_user_has_a_role_is_found_by_name(put, run_here, admin, clouds, people, projects):
    image_id = put("shared")
    identity = admin.connection.identity
    with colleague(admin, projects["catalog"], clouds["sandbox-operator"]) as cloud:
        (user,) = identity.get(f"/users?name={cloud['auth']['username']}").json()["users"]
        (role,) = identity.get("/roles?name=reader").json()["roles"]
        grant = f"/projects/{projects['team_b']}/users/{user['id']}/roles/{role['id']}"
        assert identity.put(grant).status_code == 204
        result = run_here("image_member", cloud, image=image_id, members=["team-b"]).result
    assert not result["failed"], result["msg"]
    assert projects["team_b"] in [each["project_id"] for each in result["members"]]


RULES = [pytest.param(row, id=str(number)) for number, row in enumerate(TABLE["access_rules"])]


def rules_of(row):
    """The access rules of a row, as Keystone takes them."""
    return [dict(zip(("service", "method", "path"), rule.split(), strict=True)) for rule in row["rules"]]


@pytest.mark.parametrize("row", RULES)
def test_access_rules(row, name, template, put, files, operator, clouds, run_here, projects):
    image_id = put(row["image"])
    ((module, args),) = filled(
        row["task"], {**projects, **files, "id": image_id, "name": name, "template": template}
    ).items()
    with application_credential(operator, clouds["sandbox-operator"], access_rules=rules_of(row)) as cloud:
        result = run_here(module, cloud, **args).result
    assert not result["failed"], result["msg"]


def test_access_rules_that_do_not_suffice(name, put, seen, operator, clouds, run_here):
    image_id = put("shared")
    before = seen()
    rules = rules_of(TABLE["access_rules"][0])
    with application_credential(operator, clouds["sandbox-operator"], access_rules=rules) as cloud:
        result = run_here("image_visibility", cloud, image=image_id, hidden=True).result
    assert f"answered 401 to PATCH /v2/images/{image_id}" in result["msg"]
    assert "access rules of an application credential" in result["msg"]
    assert seen() == before
