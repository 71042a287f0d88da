# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the images of another tool to a catalogue, as a user goes there: converted, curated, the old ones retired."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml
from conftest import IDLE, PATIENCE, Cloud, content

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import parse_catalog

SAMPLES = Path(__file__).parent / "migration"
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/catalog.schema.json").read_text())
# What stands for a secret in the samples.
SECRETS = ("opensesame", "correct-horse", "battery-staple", "troubador-and-three", "6162636465", "not an expression")
TASK_IMAGES = {"Acme 8": "acme-8-base-v1.0", "Acme 9": "acme-9-base-v1.0", "Acme Balancer": "acme-9-balancer-v1.0"}
OSISM_IMAGES = {
    "Acme 9 (20240701)": "acme-9-base-v20240701.0",
    "Acme 9": "acme-9-base-v20240830.0",
    "Acme Mini 0.6.2": "acme-0.6.2-mini-v1.0",
    "Acme Mini 0.6.3": "acme-0.6.3-mini-v1.0",
}


@pytest.fixture(autouse=True)
def _no_images(admin: Cloud, operator: Cloud):
    yield
    for cloud in (admin, operator):
        for image in [*cloud.find("acme-"), *cloud.find("Acme ")]:
            cloud.image.patch(
                f"/images/{image['id']}",
                json=[{"op": "replace", "path": "/protected", "value": False}],
                headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
            )
            cloud.image.delete(f"/images/{image['id']}")


@pytest.fixture
def play(tmp_path):
    """Run a playbook of the collection in a folder; return its output, and whether anything changed."""

    def run(playbook: str, *options: str, fails: bool = False, **variables) -> tuple[str, bool]:
        command = ["ansible-playbook", f"xloud.image.{playbook}", *options, "--extra-vars", json.dumps(variables)]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PWD": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        output = done.stdout + done.stderr
        assert bool(done.returncode) is fails, output
        assert not any(secret in output for secret in SECRETS)
        return output, "changed=0" not in output

    return run


@pytest.fixture
def convert(run_here, tmp_path):
    """Convert a source in check mode, really, and again; return the document and its text."""

    def run(**options) -> tuple[dict, str]:
        output = tmp_path / "catalog.yml"
        given = {"source": str(tmp_path / "source"), "output": str(output), **options}
        checked = run_here("image_conversion", check=True, **given)
        assert not output.exists()
        done, again = run_here("image_conversion", **given), run_here("image_conversion", **given)
        assert not done.result["failed"], done.result["msg"]
        assert checked.result == done.result
        assert (done.result["changed"], again.result["changed"]) == (True, False)
        document, text = yaml.safe_load(output.read_text()), output.read_text()
        jsonschema.validate(document, SCHEMA)
        parse_catalog(document["image_catalog"], document.get("image_catalog_defaults", {}), "/")
        assert not any(secret in text + done.output for secret in SECRETS)
        return document, text

    return run


@pytest.fixture
def curated(curator, tmp_path):
    """Make a curator of the document on a cloud."""
    return lambda cloud: curator(cloud=cloud, files=[str(tmp_path / "catalog.yml")], source_directory=str(tmp_path))


def qcow2(path: Path, seed: str) -> bytes:
    raw = path.with_suffix(".raw")
    raw.write_bytes(content(seed))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
    raw.unlink()
    return path.read_bytes()


def old_image(cloud: Cloud, name: str, data: bytes, **attributes) -> dict:
    """An image as the other tool left it: named freely, and offered."""
    body = {"name": name, "disk_format": "qcow2", "container_format": "bare", **attributes}
    image_id = cloud.image.post("/images", json=body).json()["id"]
    headers = {"Content-Type": "application/octet-stream"}
    assert cloud.image.put(f"/images/{image_id}/file", data=data, headers=headers).status_code == 204
    return look(cloud, image_id)


def look(cloud: Cloud, image_id: str) -> dict:
    return cloud.image.get(f"/images/{image_id}").json()


def rename(cloud: Cloud, image_id: str, name: str) -> None:
    answer = cloud.image.patch(
        f"/images/{image_id}",
        json=[{"op": "replace", "path": "/name", "value": name}],
        headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
    )
    assert answer.status_code == 200


@pytest.fixture
def tasks(tmp_path):
    """The sample of tasks with its files."""
    shutil.copytree(SAMPLES / "tasks", tmp_path / "source")
    (tmp_path / "files").mkdir()
    names = ("acme-8", "acme-9", "balancer")
    return {f"{name}.qcow2": qcow2(tmp_path / "files" / f"{name}.qcow2", name) for name in names}


@pytest.fixture
def definitions(tmp_path, web):
    """The sample of definitions, and a web server that gives what they name."""
    names = ("acme-9-20240701", "acme-9-20240830", "acme-mini-0.6.2", "acme-mini-0.6.3")
    data = {f"{name}.qcow2": qcow2(tmp_path / f"{name}.qcow2", name) for name in names}
    text = (SAMPLES / "osism/acme.yml").read_text().replace("https://images.example.com", web.url)
    for name, each in data.items():
        web.give(f"/{name}", each)
        text = text.replace(f"@{name}@", f"sha256:{hashlib.sha256(each).hexdigest()}")
    sums = "".join(f"{hashlib.sha512(each).hexdigest()}  {name}\n" for name, each in data.items())
    web.give("/SHA512SUMS", sums.encode())
    (tmp_path / "source").mkdir()
    (tmp_path / "source/acme.yml").write_text(text)
    return data


def test_tasks_of_a_live_cloud(tasks, convert, curated, operator):
    before = [
        old_image(operator, name, tasks[file], visibility="community")
        for name, file in (("Acme 8", "acme-8.qcow2"), ("Acme 9", "acme-9.qcow2"))
    ]
    document, text = convert()
    assert document["image_catalog_defaults"] == {"properties": {"hw_disk_bus": "virtio", "hw_vif_model": "virtio"}}
    assert document["image_catalog"]["acme-9-base"] == {
        "description": "Acme 9",
        "visibility": "community",
        "properties": {"os_distro": "acme", "os_version": "9"},
        "tags": ["platform"],
        "min_disk": 2,
        "min_ram": 512,
        "disk_format": "qcow2",
        "versions": {"1.0": {"source": "files/acme-9.qcow2"}},
    }
    assert "stage: staged" in text, "the task of the balancer does not say who may see it"

    curated("sandbox-operator").settle(IDLE)
    assert {image["name"]: image["visibility"] for image in operator.find("acme-")} == {
        "acme-8-base-v1.0": "community",
        "acme-9-base-v1.0": "community",
        "acme-9-balancer-v1.0": "private",
    }
    # What servers were made from is as it was.
    assert [look(operator, image["id"]) for image in before] == before


def test_the_old_image_is_hidden_and_then_retired(tasks, run_here, operator):
    old = old_image(operator, "Acme 9", tasks["acme-9.qcow2"], visibility="community")
    for wanted in ({"hidden": True}, {"visibility": "private", "active": False}):
        changed = run_here("image_visibility", "sandbox-operator", image="Acme 9", **wanted).result
        assert not changed["failed"], changed["msg"]
        assert changed["changed"]
        assert not run_here("image_visibility", "sandbox-operator", image="Acme 9", **wanted).result["changed"]
    image = look(operator, old["id"])
    assert (image["name"], image["os_hidden"], image["status"]) == ("Acme 9", True, "deactivated")


def test_an_image_that_is_renamed_by_hand_is_adopted_with_its_id(tasks, convert, curated, operator):
    old = old_image(operator, "Acme 9", tasks["acme-9.qcow2"], visibility="community", min_disk=2, min_ram=512)
    convert()
    rename(operator, old["id"], TASK_IMAGES["Acme 9"])
    curator = curated("sandbox-operator")
    done = curator.run()
    assert not done["failed"], done["msg"]
    assert [each for each in curator.writes if each.endswith("/file")] == ["PUT /v2/images/ID/file"] * 2, "the others"
    [adopted] = operator.find("acme-9-base")
    assert (adopted["id"], adopted["xloud_image_version"]) == (old["id"], "1.0")
    assert not curator.run()["changed"]


def test_definitions_of_a_live_cloud(definitions, play, tmp_path, admin):
    """By the playbooks, as they are typed."""
    before = old_image(admin, "Acme 9", definitions["acme-9-20240830.qcow2"], visibility="public")
    given = {"image_convert_source": "source", "image_convert_output": "catalog.yml"}
    checked, would_change = play("convert", "--check", "--diff", **given)
    assert would_change
    assert not (tmp_path / "catalog.yml").exists()
    output, _changed = play("convert", "--diff", **given)
    assert checked == output
    for name, new in OSISM_IMAGES.items():
        assert f'"{name:<17}  {new:<23}  acme.yml:' in output
    assert not play("convert", **given)[1]

    curate = {"image_catalog_files": "catalog.yml", "xloud_image_cloud": "sandbox-admin"}
    play("curate", **curate)
    assert not play("curate", **curate)[1]
    images = {image["name"]: image for image in admin.find("acme-")}
    assert images.keys() == set(OSISM_IMAGES.values())
    newest, older = images["acme-9-base-v20240830.0"], images["acme-9-base-v20240701.0"]
    assert (newest["visibility"], newest["image_source"], newest["image_original_user"]) == (
        "public",
        "https://vendor.example.com/acme-9-20240830.qcow2",
        "acme",
    )
    assert (older["deprecated"], older["replaced_by"]) == ("true", newest["name"])
    assert images["acme-0.6.2-mini-v1.0"]["os_version"] == "0.6.2"
    assert images["acme-0.6.3-mini-v1.0"]["visibility"] == "community"
    assert look(admin, before["id"]) == before


def test_an_image_of_osism_is_adopted(definitions, convert, curated, admin):
    # With all that the other tool wrote onto it.
    recorded = {
        "os_distro": "acme",
        "os_version": "9",
        "image_source": "https://vendor.example.com/acme-9-20240830.qcow2",
        "image_build_date": "2024-08-30",
        "image_description": "Acme 9",
        "internal_version": "20240830",
    }
    data = definitions["acme-9-20240830.qcow2"]
    old = old_image(
        admin, "Acme 9", data, visibility="public", tags=["managed_by_osism"], min_disk=1, min_ram=512, **recorded
    )
    document, text = convert()
    assert document["image_catalog"]["acme-9-base"]["versions"].keys() == {"20240701.0", "20240830.0"}
    assert "retention: {available: 3}" in text
    machines = {"hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi", "hypervisor_type": "qemu"}
    assert document["image_catalog_defaults"]["properties"] == machines
    rename(admin, old["id"], OSISM_IMAGES["Acme 9"])
    curator = curated("sandbox-admin")
    done = curator.run()
    assert not done["failed"], done["msg"]
    [adopted] = admin.find(OSISM_IMAGES["Acme 9"])
    assert (adopted["id"], adopted["visibility"]) == (old["id"], "public")
    assert "xloud_image_version" in adopted
    assert not curator.run()["changed"]


@pytest.fixture
def oddities(tmp_path):
    """A sample of what years leave behind, one file of it encrypted."""
    shutil.copytree(SAMPLES / "odd", tmp_path / "source")
    (tmp_path / "source/vars/secrets.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n6162636465\n")


def test_a_heap_of_oddities(oddities, convert):
    document, text = convert(format="openstack_cloud")
    assert list(document["image_catalog"]) == [
        "acme-7-base",
        "acme-8-stable",
        "acme-9-snapshot",
        "acme-6.1-base",
        "acme-10-gpu",
    ]
    noted = " ".join(line.lstrip("# ") for line in text.splitlines() if line.lstrip().startswith("#"))
    for words in (
        "site.yml:29: Acme 8 (stable): filename: the URL has credentials",
        "site.yml:40: Acme 8 (stable): properties.os_admin_password: it is named like a secret",
        "with_fileglob: the images of this loop are left out",
        "Golden image: name: the image is left out",
        "Acme 5, Acme 6: state: it is left out",
        "openstack.cloud.image_info: it asks for images by their names",
        "vars/secrets.yml: the file was not read: it is encrypted as a whole",
        "auth, validate_certs: a document does not say how to reach a cloud",
        "tasks/more.yml:18: acme-10-gpu-v2.1: surprise: this option is not known",
    ):
        assert words in noted


def test_a_name_for_what_has_none(oddities, convert):
    document, _text = convert(names={"Golden image": "acme-9-golden-v2.0"})
    assert document["image_catalog"]["acme-9-golden"]["versions"] == {
        "2.0": {"source": "/srv/golden.raw", "stage": "staged"}
    }


def test_a_document_that_somebody_went_on_writing(definitions, play, tmp_path):
    given = {"image_convert_source": "source", "image_convert_output": "catalog.yml"}
    (tmp_path / "catalog.yml").write_text("# mine\n")
    output, _changed = play("convert", **given, fails=True)
    assert "is there and holds something else" in output
    assert (tmp_path / "catalog.yml").read_text() == "# mine\n"
    play("convert", **given, image_convert_force="true")
    assert "image_catalog:" in (tmp_path / "catalog.yml").read_text()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"image_convert_output": "o.yml"}, "Name the file or folder: -e image_convert_source="),
        ({"image_convert_source": "source"}, "Name the file to write: -e image_convert_output="),
    ],
)
def test_what_has_to_be_named(variables, words, play):
    assert words in play("convert", fails=True, **variables)[0]
