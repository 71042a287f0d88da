# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.xloud.image.plugins.module_utils._ansible.template import (
    SPECIFICATION,
    wanted_source,
    wanted_template,
)
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.sidecar import parse_sidecar
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, SourceFacts
from ansible_collections.xloud.image.plugins.module_utils._model.template import Template
from ansible_collections.xloud.image.plugins.module_utils._plan.export import sidecar_content
from ansible_collections.xloud.image.plugins.module_utils._plan.template import plan_template
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, checksum, digest, image

UNSET = {
    **dict.fromkeys(SPECIFICATION["argument_spec"]),
    "state": "present",
    "import_method": "auto",
    "replace": False,
    "force": False,
    "all_stores": False,
    "stores_exact": False,
}
SOURCE = Source("/images/a.raw")


def wanted(sidecar=None, declared=None, **given):
    return wanted_template({**UNSET, **given}, SOURCE, declared, sidecar)


def sidecar_of(found):
    return parse_sidecar(sidecar_content(found, ()))


@pytest.mark.parametrize("given", [{"name": NAME}, {"template": "ubuntu-24.04-base", "version": "1.0"}])
def test_unset_is_not_asked_for(given):
    assert wanted(**given) == Template(ImageName.parse(NAME), SOURCE)


def test_what_is_set_is_asked_for():
    given = {"disk_format": "raw", "container_format": "bare", "min_disk": 0, "min_ram": 512, "protected": False}
    other = {"properties": {"x": True, "y": None}, "replace": True, "max_virtual_size": "1 GiB"}
    found = wanted(name=NAME, tags=["a", "a"], **other, **given)
    expected = {
        "tags": frozenset("a"),
        "properties": {"x": "true", "y": None},
        "replace": True,
        "max_virtual_size": 1024**3,
    }
    assert found == Template(ImageName.parse(NAME), SOURCE, **given, **expected)


def test_a_size_that_is_none_is_refused():
    with pytest.raises(InputError, match="max_virtual_size: 'large' is no size"):
        wanted(name=NAME, max_virtual_size="large")


def test_an_empty_list_clears():
    assert wanted(name=NAME, tags=[]).tags == frozenset()


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"name": "ubuntu"}, "name"),
        ({"template": "ubuntu", "version": "1.0"}, "template"),
        ({"template": "ubuntu-24.04-base", "version": "1"}, "version"),
        ({"template": "ubuntu-24.04-base", "version": 1.1}, "version"),
        ({"template": "ubuntu-24.04-base", "version": 1}, "version"),
        ({"name": NAME, "min_disk": -1}, "min_disk"),
        ({"name": NAME, "min_ram": -5}, "min_ram"),
        ({"name": NAME, "properties": {"os_version": 24.04}}, "properties.os_version"),
    ],
)
def test_errors_name_the_option(given, option):
    with pytest.raises(InputError) as error:
        wanted(**given)
    assert error.value.details["option"] == option


@pytest.mark.parametrize(("text", "source"), [(None, None), ("", None), ("/images/a.raw", SOURCE)])
def test_sources(text, source):
    assert wanted_source({**UNSET, "source": text}) == source


# Sidecars

EXPORTED = image(
    min_disk=5, min_ram=512, protected=True, tags=frozenset("ab"), properties={"os_distro": "ubuntu", "gone": "1"}
)


def test_a_sidecar_describes_the_image():
    found = wanted(sidecar_of(EXPORTED))
    assert found.name == ImageName.parse(NAME)
    assert (found.min_disk, found.min_ram, found.protected, found.tags) == (5, 512, True, {"a", "b"})
    assert (found.disk_format, found.container_format) == ("raw", "bare")
    assert found.properties["os_distro"] == "ubuntu"
    assert found.checksum == checksum("sha512")
    assert found.owner is None


def test_options_win_over_a_sidecar():
    other = Checksum("sha256", "00")
    given = {"min_disk": 0, "protected": False, "tags": [], "properties": {"gone": None, "os_distro": "debian"}}
    found = wanted(sidecar_of(EXPORTED), other, **given)
    assert (found.min_disk, found.protected, found.tags, found.checksum) == (0, False, frozenset(), other)
    assert (found.properties["gone"], found.properties["os_distro"]) == (None, "debian")


@pytest.mark.parametrize("algorithm", [None, "sha256"])
def test_the_hash_of_a_sidecar(algorithm):
    exported = image(os_hash_algo=algorithm, os_hash_value=algorithm and digest(algorithm))
    assert wanted(sidecar_of(exported)).checksum == (algorithm and checksum(algorithm))


def test_what_is_no_property_does_not_come_back():
    sidecar = sidecar_of(EXPORTED)
    sidecar["properties"]["os_glance_failed_import"] = ""
    assert "os_glance_failed_import" not in wanted(sidecar).properties


RECORDED = {"xloud_image_source_checksum": str(checksum("sha256"))}


@pytest.mark.parametrize("properties", [{}, RECORDED], ids=["plain", "recorded"])
@pytest.mark.parametrize("given", [{}, {"name": "debian-12-base-v2.0"}], ids=["same-name", "other-name"])
def test_a_restored_image_is_restored_once(properties, given):
    asked = wanted(sidecar_of(image(properties=properties)), **given)
    facts = SourceFacts("raw", 4, 4)
    body = dict(plan_template(asked, (), facts).actions[0].body)
    restored = Image.from_api(
        {
            **body,
            "id": "new",
            "status": "active",
            "size": 4,
            "os_hash_algo": "sha512",
            "os_hash_value": digest("sha512"),
        }
    )
    assert plan_template(asked, (restored,), SourceFacts()).actions == ()
    assert restored.properties["xloud_image_template"] == asked.name.template


def test_a_sidecar_is_read_as_json():
    assert json.loads(sidecar_content(EXPORTED, ()))["image"] == sidecar_of(EXPORTED)
