# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What standards ask of the metadata of an offered image."""

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.promotion import PRESETS, Requirement, requirements

XLOUD = {
    "os_distro": "ubuntu",
    "os_version": "24.04",
    "hw_disk_bus": "virtio",
    "hw_vif_model": "virtio",
    "description": "Ubuntu 24.04 LTS",
}
SCS = {
    "architecture": "x86_64",
    "min_disk": "20",
    "min_ram": "512",
    "os_distro": "ubuntu",
    "os_version": "24.04",
    "hw_disk_bus": "scsi",
    "replace_frequency": "monthly",
    "provided_until": "none",
    "uuid_validity": "last-3",
    "image_source": "https://cloud-images.ubuntu.com/noble/20260101/noble.img",
    "image_description": "https://ubuntu.com/24.04",
    "image_build_date": "2026-01-01",
    "image_original_user": "ubuntu",
}


def refused(preset, metadata):
    return [each.name for each in PRESETS[preset] if not each.accepts(metadata.get(each.name))]


@pytest.mark.parametrize(("preset", "metadata"), [("xloud", XLOUD), ("scs-0102", SCS)])
def test_a_preset_accepts_what_it_asks_for(preset, metadata):
    assert {each.name for each in PRESETS[preset]} == set(metadata)
    assert refused(preset, metadata) == []


@pytest.mark.parametrize(("preset", "missing"), [(preset, each.name) for preset in PRESETS for each in PRESETS[preset]])
@pytest.mark.parametrize("value", [None, ""])
def test_a_preset_misses_every_property(preset, missing, value):
    assert refused(preset, {**XLOUD, **SCS, missing: value}) == [missing]


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("min_disk", ["1", "20"], ["0", "-1", "20 GiB", "1.5"]),
        ("min_ram", ["512"], ["0", "much"]),
        ("replace_frequency", ["yearly", "quarterly", "daily", "critical_bug", "never"], ["often", "Monthly"]),
        ("provided_until", ["none", "notice", "2029-04-30"], ["forever", "2029", "2029-4-30"]),
        ("uuid_validity", ["none", "notice", "forever", "last-1", "2026-12-31"], ["last", "last-", "always"]),
        ("image_source", ["private", "https://host/a", "ftp://host/a"], ["host/a", "Private", "https://"]),
        (
            "image_build_date",
            ["2026-01-01", "2026-01-01 12:30", "2026-01-01 12:30:59"],
            ["2026-01", "2026-01-01T12:30"],
        ),
    ],
)
def test_forms_of_scs_0102(key, right, wrong):
    for value in right:
        assert refused("scs-0102", {**SCS, key: value}) == [], value
    for value in wrong:
        assert refused("scs-0102", {**SCS, key: value}) == [key], value


def test_presets_and_properties_of_the_document_all_hold():
    found = requirements(["xloud", "scs-0102"], {"os_distro": ["ubuntu", "debian"], "hypervisor": None})
    assert found == (
        *PRESETS["xloud"],
        *PRESETS["scs-0102"],
        Requirement("hypervisor"),
        Requirement("os_distro", ("ubuntu", "debian")),
    )
    assert requirements([], {}) == ()


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        (Requirement("a"), "a"),
        (Requirement("a", ("x", "y")), "a (x or y)"),
        (Requirement("a", pattern="[0-9]+", form="GiB"), "a (GiB)"),
    ],
)
def test_a_requirement_says_what_it_wants(requirement, words):
    assert str(requirement) == words


def test_a_value_may_have_several_lines():
    assert Requirement("description").accepts("two\nlines")
