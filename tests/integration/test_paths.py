# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What comes from afar, such as the names of images and whatever is in a folder, leads out of no folder."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import uuid

import pytest

DATA = b"x" * 4096
DIGEST = hashlib.sha256(DATA).hexdigest()
HOSTILE = {
    "parent": "../../etc/{}",
    "absolute": "/etc/{}",
    "within": "a/../../{}",
    "hidden": ".{}",
    "two lines": "{}\n" + f"{DIGEST}  other.raw",
    "zero": "{}\0.qcow2",
    "escape": "{}\x1b[2J",
    "long": "{}".ljust(255 - 32, "x"),
    "long in bytes": "{}" + "ü" * 120,
}
HARMLESS = {"option": "-rf {}", "words": "Debian 12: generic {}", "percent": "%2e%2e%2f{}", "quote": "'; rm {}"}


@pytest.fixture
def mark():
    """A part of the names of all images of this test."""
    return uuid.uuid4().hex


@pytest.fixture
def named(operator, mark):
    """Make images of these names, and return the names by the keys."""
    made = []

    def make(names):
        filled = {key: name.replace("{}", mark) for key, name in names.items()}
        made.extend(operator.make(name, DATA) for name in filled.values())
        return filled

    yield make
    for image_id in made:
        operator.image.delete(f"/images/{image_id}")


@pytest.fixture
def folder(tmp_path):
    """A folder in a folder, so that what leads out of it can be seen."""
    path = tmp_path / "deep" / "out"
    path.mkdir(parents=True)
    return path


def files_below(path):
    found = (os.path.relpath(os.path.join(base, name), path) for base, _dirs, names in os.walk(path) for name in names)
    return sorted(each for each in found if not each.startswith("cache/"))


def test_names_of_images(named, mark, folder, tmp_path, run_here):
    hostile, harmless = named(HOSTILE), named(HARMLESS)
    result = run_here("image_export", "sandbox-operator", images=[f"*{mark}*"], path=str(folder)).result
    assert sorted(each["image"] for each in result["failures"]) == sorted(hostile.values())
    assert all("is no name for a file. Name the file." in each["message"] for each in result["failures"])
    expected = [f"{name}.raw{suffix}" for name in harmless.values() for suffix in ("", ".json")]
    assert files_below(tmp_path) == sorted(f"deep/out/{name}" for name in [*expected, "SHA256SUMS"])
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)


@pytest.mark.parametrize("key", ["parent", "absolute", "two lines", "zero"])
def test_the_name_of_one_image(key, named, mark, folder, tmp_path, run_here, operator):
    named({key: HOSTILE[key]})
    (image,) = [each for each in operator.find("") if mark in each["name"]]
    result = run_here("image_export", "sandbox-operator", image=image["id"], path=str(folder)).result
    assert "is no name for a file. Name the file." in result["msg"]
    assert files_below(tmp_path) == []
    result = run_here("image_export", "sandbox-operator", image=image["id"], path=str(folder / "a.raw")).result
    assert not result["failed"], result["msg"]
    assert files_below(folder) == ["SHA256SUMS", "a.raw", "a.raw.json"]


def test_names_of_images_in_the_role(named, mark, folder, tmp_path):
    named({key: HOSTILE[key] for key in ("parent", "two lines")})
    named({"option": HARMLESS["option"]})
    variables = {
        "xloud_image_cloud": "sandbox-operator",
        "image_name": f"*{mark}*",
        "image_export_directory": str(folder),
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    command = ["ansible-playbook", "xloud.image.export", "--extra-vars", json.dumps(variables)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode
    assert done.stdout.count("is no name for a file") >= 2
    assert files_below(tmp_path) == [
        f"deep/out/{name}" for name in (f"-rf {mark}.raw", f"-rf {mark}.raw.json", "SHA256SUMS")
    ]


def test_a_link_in_the_place_of_what_arrives(named, folder, tmp_path, run_here):
    (name,) = named({"words": HARMLESS["words"]}).values()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (folder / f".{name}.raw.part").symlink_to(victim)
    result = run_here("image_export", "sandbox-operator", image=name, path=f"{folder}/").result
    assert "cannot be written" in result["msg"]
    assert victim.read_text() == "precious"


def test_a_link_in_the_place_of_the_file_is_replaced(named, folder, tmp_path, run_here):
    (name,) = named({"words": HARMLESS["words"]}).values()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (folder / f"{name}.raw").symlink_to(victim)
    result = run_here("image_export", "sandbox-operator", image=name, path=f"{folder}/").result
    assert not result["failed"], result["msg"]
    assert victim.read_text() == "precious"
    assert not (folder / f"{name}.raw").is_symlink()


def test_a_file_that_was_kept_from_others_stays_so(named, folder, run_here):
    (name,) = named({"words": HARMLESS["words"]}).values()
    path = folder / "a.raw"
    path.write_bytes(b"of last time")
    path.chmod(0o600)
    run_here("image_export", "sandbox-operator", image=name, path=str(path))
    assert (path.read_bytes(), oct(path.stat().st_mode & 0o777)) == (DATA, oct(0o600))


# Folders of exports


@pytest.fixture
def bundle(name, folder):
    """Write an export, whose sidecar says what is given, and return its data."""

    def write(**changes):
        template = name.rpartition("-v")[0]
        image = {
            "name": name,
            "disk_format": "raw",
            "container_format": "bare",
            "min_disk": 1,
            "min_ram": 0,
            "protected": False,
            "os_hash_algo": "sha256",
            "os_hash_value": DIGEST,
            "tags": ["xloud.image"],
            "properties": {"xloud_image_template": template, "xloud_image_version": "1.0"},
        }
        members = changes.pop("members", [])
        data = folder / f"{name}.raw"
        data.write_bytes(DATA)
        sidecar = {"format_version": 1, "image": {**image, **changes}, "members": members}
        (folder / f"{data.name}.json").write_text(json.dumps(sidecar))
        return data

    return write


@pytest.fixture
def restore(folder, run_here):
    return lambda **args: run_here("image_replica", "sandbox-operator", source_directory=str(folder), **args).result


def moved_out(path, tmp_path):
    """Leave a link to a file outside of the folder in its place."""
    away = tmp_path / "away"
    path.rename(away)
    path.symlink_to(away)


@pytest.mark.parametrize("kind", ["data", "sidecar", "sums"])
def test_links_that_lead_out_of_a_folder(kind, bundle, restore, tmp_path, folder, admin, name):
    data = bundle(**({"os_hash_algo": None, "os_hash_value": None} if kind == "sums" else {}))
    (folder / "SHA256SUMS").write_text(f"{DIGEST}  {data.name}\n")
    moved_out({"data": data, "sidecar": folder / f"{data.name}.json", "sums": folder / "SHA256SUMS"}[kind], tmp_path)
    result = restore(images=[name])
    assert "is a link that leads out of the folder. Put the file itself there." in result["msg"]
    assert admin.find(name) == []


def test_links_within_a_folder_will_do(bundle, restore, folder, name):
    data = bundle()
    data.rename(folder / "stored")
    data.symlink_to("stored")
    result = restore(images=[name])
    assert not result["failed"], result["msg"]


def test_a_folder_that_is_a_link_will_do(bundle, run_here, tmp_path, folder, name):
    bundle()
    (tmp_path / "link").symlink_to(folder)
    result = run_here(
        "image_replica", "sandbox-operator", source_directory=str(tmp_path / "link"), images=[name]
    ).result
    assert not result["failed"], result["msg"]


@pytest.mark.parametrize("kind", ["fifo", "directory"])
def test_what_is_no_file_is_not_waited_for(kind, bundle, restore, admin, name):
    data = bundle()
    data.unlink()
    os.mkfifo(data) if kind == "fifo" else data.mkdir()
    assert "is no file, and its sidecar is there" in restore(images=[name])["msg"]
    assert admin.find(name) == []


def test_a_sidecar_does_not_say_where_the_data_is(bundle, restore, tmp_path, admin, name):
    (tmp_path / "secret").write_bytes(DATA)
    bundle(file=str(tmp_path / "secret"), path="../../secret", source="/etc/passwd").unlink()
    assert "cannot be read, and its sidecar is there" in restore(images=[name])["msg"]
    assert admin.find(name) == []


@pytest.mark.parametrize("hostile", ["../../etc/x-v1.0", "/etc/x-v1.0", "a\n-1-b-v1.0", "x\0-1-b-v1.0"])
def test_a_sidecar_with_a_name_of_its_own(hostile, bundle, restore, folder, operator):
    bundle(name=hostile)
    result = restore()
    assert result["plan"] == []
    assert [image for image in operator.find("") if image["name"] == hostile] == []


@pytest.mark.parametrize("project", ["../../x", "..", "", "a/b", "a?b", "x" * 65, 7])
def test_members_that_are_no_projects(project, bundle, restore, admin, name):
    bundle(visibility="shared", members=[{"project_id": project, "status": "accepted"}])
    assert "has unusable members" in restore(images=[name])["msg"]
    assert admin.find(name) == []


def test_sums_that_list_files_of_other_folders(bundle, restore, folder, name):
    data = bundle(os_hash_algo=None, os_hash_value=None)
    other = "0" * 64
    (folder / "SHA256SUMS").write_text(f"{other}  ../../{data.name}\n{DIGEST}  {data.name}\n")
    assert "with 2 different digests" in restore(images=[name])["msg"]
