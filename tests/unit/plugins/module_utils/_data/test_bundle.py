# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._data.bundle import read_bundles
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.image import RETIRED_SINCE
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._model.replica import Original, Unusable, WantedReplica
from ansible_collections.xloud.image.plugins.module_utils._plan.export import sidecar_content
from ansible_collections.xloud.image.tests.unit.fakes.catalog import name, there
from ansible_collections.xloud.image.tests.unit.fakes.samples import DATA, checksum

MEMBERS = (Member("p-a", "accepted"), Member("p-b", "pending"))


def put(folder, version="1.0", members=(), **changes):
    """Write a bundle, and return its sidecar."""
    image = there(version)
    document = json.loads(sidecar_content(image, members))
    document["image"].update(changes)
    path = folder / f"{image.name}.raw"
    path.write_bytes(DATA)
    sidecar = folder / f"{path.name}.json"
    sidecar.write_text(json.dumps(document))
    return sidecar


def read(folder, *patterns):
    return read_bundles(str(folder), WantedReplica(patterns or ("*",)))


@pytest.mark.parametrize("state", ["staged", "published", "deprecated", "hidden", "retired", "revoked"])
def test_what_an_export_wrote(tmp_path, state):
    image = there("1.0", state, visibility="shared", min_disk=2, min_ram=512, protected=True)
    (tmp_path / f"{image.name}.raw").write_bytes(DATA)
    (tmp_path / f"{image.name}.raw.json").write_text(sidecar_content(image, MEMBERS))
    [original] = read(tmp_path)
    # Neither who owns it nor its MD5 is of any use elsewhere.
    kept = {key: value for key, value in image.as_result().items() if key not in ("owner", "checksum")}
    assert {key: value for key, value in original.image.as_result().items() if key in kept} == kept
    assert original.members == MEMBERS
    assert (original.checksum, original.facts.size) == (checksum("sha512"), len(DATA))
    assert original.source.location == str(tmp_path / f"{image.name}.raw")


def test_an_older_sidecar_does_not_say_the_status(tmp_path):
    sidecar = put(tmp_path, visibility="private")
    document = json.loads(sidecar.read_text())
    del document["image"]["status"]
    for properties, status in (({}, "active"), ({RETIRED_SINCE: "2026-01-01"}, "deactivated")):
        document["image"]["properties"].update(properties)
        sidecar.write_text(json.dumps(document))
        assert read(tmp_path)[0].image.status == status


def test_patterns(tmp_path):
    put(tmp_path, "1.0")
    put(tmp_path, "1.1").write_text("{")
    assert [each.image.name for each in read(tmp_path, name("1.0"))] == [name("1.0")]


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": [["a"]]},
        {"tags": [1]},
        {"properties": {"a": 1}},
        {"visibility": "secret"},
        {"visibility": ["public"]},
        {"status": "queued"},
        {"hidden": "yes"},
        {"min_disk": -1},
        {"min_ram": True},
        {"size": "4"},
        {"os_hash_value": "../../etc/passwd"},
        {"os_hash_algo": "md5"},
    ],
)
def test_a_sidecar_with_values_that_are_wrong(tmp_path, changes):
    put(tmp_path, "1.0", **changes)
    put(tmp_path, "1.1")
    wrong, right = read(tmp_path)
    assert isinstance(wrong, Unusable)
    assert isinstance(right, Original)


@pytest.mark.parametrize(
    "members",
    [
        None,
        1,
        [1],
        [{}],
        [{"project_id": 1, "status": "accepted"}],
        [["a"]],
        [{"project_id": "../a", "status": "accepted"}],
    ],
)
def test_members_that_are_wrong(tmp_path, members):
    sidecar = put(tmp_path)
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), "members": members}))
    assert [type(each) for each in read(tmp_path)] == [Unusable]


@pytest.mark.parametrize("suffix", ["", ".json"], ids=["data", "sidecar"])
def test_a_link_that_leads_out_of_the_folder(tmp_path, suffix):
    (tmp_path / "in").mkdir()
    path = Path(str(put(tmp_path / "in")).removesuffix(".json") + suffix)
    path.rename(tmp_path / "away")
    path.symlink_to(tmp_path / "away")
    [wrong] = read(tmp_path / "in")
    assert "is a link that leads out of the folder" in wrong.error.message


def test_what_its_sidecar_fails_to_tell_is_found_by_its_name(tmp_path):
    put(tmp_path).write_text("{}")
    [wrong] = read(tmp_path, "ubuntu-24.04-base-v1.0")
    assert wrong.name == "ubuntu-24.04-base-v1.0"


@pytest.mark.parametrize("wrong", ["../1.0.raw", "/etc/passwd", "ubuntu-24.04-base-v1.0/../../x", "", "a b"])
def test_a_sidecar_names_no_other_file(tmp_path, wrong):
    put(tmp_path, name=wrong)
    assert read(tmp_path) == ()


def test_a_folder_in_the_place_of_the_data(tmp_path):
    sidecar = put(tmp_path, size=None)
    data = tmp_path / sidecar.name.removesuffix(".json")
    data.unlink()
    data.mkdir()
    [unusable] = read(tmp_path)
    assert "is no file" in unusable.error.message


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(InputError, match="source_directory: .* holds no exported image"):
        read(tmp_path)
    with pytest.raises(InputError, match="source_directory: .* cannot be read: No such file"):
        read(tmp_path / "none")


LEAVES = st.none() | st.booleans() | st.integers(-1, 2) | st.text(max_size=3)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner))


@given(st.data())
def test_no_sidecar_breaks_the_reading(data):
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        put(folder, "1.1")
        sidecar = put(folder, "1.0", MEMBERS)
        document = json.loads(sidecar.read_text())
        for part in (document, document["image"]):
            for key in data.draw(st.lists(st.sampled_from(sorted(part)), max_size=2)):
                part[key] = data.draw(VALUES)
                if part is document and key == "image":
                    break
        sidecar.write_text(json.dumps(document))
        found = read(folder)
        assert name("1.1") in [each.image.name for each in found if isinstance(each, Original)]
