# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What images that were named freely are called in a catalogue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName, check_template
from ansible_collections.xloud.image.plugins.module_utils._plan.suggestion import (
    has_number,
    suggest_name,
    suggest_version,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ubuntu 24.04", "ubuntu-24.04-base"),
        ("Ubuntu 24.04 Minimal", "ubuntu-24.04-minimal"),
        ("ubuntu-24.04-base-v1.2", "ubuntu-24.04-base-v1.2"),
        ("ubuntu-24.04-base", "ubuntu-24.04-base"),
        ("ubuntu-22.04-20240830", "ubuntu-22.04-base-v20240830.0"),
        ("Debian 12 (bookworm) 2024-07-01", "debian-12-bookworm-v20240701.0"),
        ("CentOS Stream 9", "centos-stream-9-base"),
        ("openSUSE Leap 15.6", "opensuse-leap-15.6-base"),
        ("CentOS-7-x86_64-GenericCloud-2009", "centos-7-x86-64-genericcloud-2009"),
        ("CentOS-7-2009", "centos-7-base-2009"),
        ("cirros-0.6.2-x86_64-disk", "cirros-0.6.2-x86-64-disk"),
        ("Windows Server 2022 Standard", "windows-server-2022-standard"),
        ("win2019-std", "win-2019-std"),
        ("rhel8.5", "rhel-8.5-base"),
        ("Rocky 9 nginx 1.26", "rocky-9-nginx-1-26"),
        ("Rocky Linux 9 v3.1", "rocky-linux-9-base-v3.1"),
        ("  Alma   9. ", "alma-9-base"),
    ],
)
def test_a_name_that_says_all(text, name):
    template, version = suggest_name(text)
    assert (f"{template}-v{version}" if version else template) == name


@pytest.mark.parametrize(
    ("text", "os_version", "profile", "name"),
    [
        ("Garden Linux", "1592.14", None, "garden-1592.14-linux"),
        ("gardenlinux", "1592.14", "k8snode", "gardenlinux-1592.14-k8snode"),
        ("amphora-x64-haproxy", "22.04", None, "amphora-22.04-x64-haproxy"),
        ("Ubuntu 24.04", "22.04", None, "ubuntu-24.04-base"),
        ("Ubuntu 24.04", None, "gpu", "ubuntu-24.04-gpu"),
        ("Ubuntu 24.04 minimal", None, "gpu", "ubuntu-24.04-minimal"),
        ("Talos", "1.11.3", None, "talos-1.11.3-base"),
    ],
)
def test_what_the_source_says_beside_the_name(text, os_version, profile, name):
    assert suggest_name(text, os_version, profile) == (name, None)


@pytest.mark.parametrize("text", ["Golden image", "", "24.04", "2024 edition", "日本語", "-", "amphora-x64-haproxy"])
def test_a_name_that_makes_no_template(text):
    with pytest.raises(InputError, match="no operating system and version"):
        suggest_name(text)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("20240830", "20240830.0"),
        ("2024-08-30", "20240830.0"),
        ("1592.14", "1592.14"),
        ("3", "3.0"),
        ("1.10", "1.10"),
        ("0.6.2", None),
        ("latest", None),
        ("", None),
        ("01.2", None),
        ("1234567890", None),
    ],
)
def test_versions(text, version):
    found = suggest_version(text)
    assert (str(found) if found else None) == version


def test_a_number_in_a_name():
    assert has_number("Fedora 37")
    assert not has_number("Garden Linux")
    assert not has_number("Garden Linux 20240830"), "that is a build"


@given(st.text(max_size=40), st.none() | st.text(max_size=8), st.none() | st.sampled_from(["gpu", "minimal"]))
def test_every_suggestion_is_a_name_and_suggests_itself(text, os_version, profile):
    try:
        template, version = suggest_name(text, os_version, profile)
    except InputError:
        return
    assert check_template(template) == template
    if version:
        assert suggest_name(str(ImageName(template, version))) == (template, version)


@given(st.lists(st.integers(1, 999999999), min_size=2, max_size=5, unique=True))
def test_the_order_of_builds_stays(builds):
    assert [suggest_version(str(build)) for build in sorted(builds)] == sorted(
        suggest_version(str(build)) for build in builds
    )
