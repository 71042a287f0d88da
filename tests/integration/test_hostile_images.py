# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every file of the corpus, as far as it gets: the real Image service hears of none that is broken or hostile."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from ansible_collections.xloud.image.tests.unit.fakes.corpus import HOSTILE, LEGITIMATE, Bench

CLOUD = "sandbox-operator"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A folder to make images in, which also keeps what is known of them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    program = shutil.which("qemu-img")
    assert program
    return Bench(tmp_path, lambda *args: subprocess.run([program, *map(str, args)], check=True, capture_output=True))


def by_name(cases):
    return [pytest.param(case, id=str(case)) for case in cases]


def changes(requests_seen):
    """What the Image service was asked to change."""
    return [
        f"{each.method} {each.path}"
        for each in requests_seen.take()
        if each.service == "image" and each.method != "GET"
    ]


@pytest.mark.parametrize("case", by_name(HOSTILE))
def test_nothing_of_a_hostile_file_is_sent(case, name, bench, run_here, requests_seen, admin):
    failed = run_here("image_template", CLOUD, name=name, source=str(bench.make(case)), **case.options).result
    assert failed["failed"]
    assert re.search(case.refused, failed["msg"]), failed["msg"]
    assert changes(requests_seen) == []
    assert admin.find(name) == []


@pytest.mark.parametrize("case", by_name(LEGITIMATE))
def test_a_legitimate_file_becomes_an_image(case, name, bench, run_here, operator):
    created = run_here("image_template", CLOUD, name=name, source=str(bench.make(case)), **case.options).result
    assert not created["failed"], created["msg"]
    (image,) = operator.find(name)
    assert (image["status"], image["disk_format"]) == ("active", case.disk_format)


def of(title):
    return next(case for case in HOSTILE if case.title == title)


@pytest.mark.parametrize("title", ["qcow2_cut_by_a_byte", "vmdk_streamed_with_a_grain_cut", "iso_cut_by_a_byte"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_data_from_the_web_that_is_cut_off_never_becomes_an_image(title, chunked, name, bench, web, run_here, admin):
    case = of(title)
    web.give("/disk.img", bench.make(case).read_bytes(), chunked=chunked)
    source = f"{web.url}/disk.img"
    failed = run_here("image_template", CLOUD, name=name, source=source, import_method="direct").result
    assert failed["failed"]
    assert re.search(case.refused, failed["msg"]), failed["msg"]
    assert admin.find(name) == []


@pytest.mark.parametrize(
    "title", ["qcow2_backing_file_of_the_host", "vhd_difference", "iso_and_qcow2", "luks_2", "vmdk_parent", "page"]
)
def test_what_the_beginning_betrays_is_refused_before_anything_is_sent(
    title, name, bench, web, run_here, requests_seen, admin
):
    case = of(title)
    web.give(f"/{case.name}", bench.make(case).read_bytes())
    failed = run_here("image_template", CLOUD, name=name, source=f"{web.url}/{case.name}").result
    assert re.search(case.refused, failed["msg"]), failed["msg"]
    assert changes(requests_seen) == []
    assert admin.find(name) == []


def test_one_hostile_version_does_not_stop_a_catalogue(name, bench, run_here, operator):
    template = name.removesuffix("-v1.0")
    bad = ("qcow2_data_file", "qcow2_cut_by_a_cluster", "gz_bomb", "vmdk_parent")
    versions = {
        "1.0": {"source": str(bench.make(next(case for case in LEGITIMATE if case.title == "qcow2_with_data")))}
    }
    for minor, title in enumerate(bad, 1):
        case = of(title)
        path = bench.folder / f"{minor}.img"
        path.write_bytes(case.make(bench))
        versions[f"1.{minor}"] = {"source": str(path), "stage": "staged"}
    catalog = {template: {"visibility": "community", "max_virtual_size": "16MiB", "versions": versions}}

    failed = run_here("image_catalog", CLOUD, catalog=catalog).result

    assert failed["failed"]
    reasons = {each["image"]: each["message"] for each in failed["failures"]}
    assert sorted(reasons) == [f"{template}-v1.{minor}" for minor in range(1, 5)]
    for minor, title in enumerate(bad, 1):
        assert re.search(of(title).refused, reasons[f"{template}-v1.{minor}"])
    assert [image["name"] for image in operator.find(template)] == [f"{template}-v1.0"]


def test_a_limit_of_the_defaults_holds_for_the_versions(name, bench, run_here, admin):
    template = name.removesuffix("-v1.0")
    path = bench.make(next(case for case in LEGITIMATE if case.title == "qcow2_with_data"))
    catalog = {template: {"visibility": "community", "versions": {"1.0": {"source": str(path)}}}}
    defaults = {"max_virtual_size": "1MiB"}
    failed = run_here("image_catalog", CLOUD, catalog=catalog, defaults=defaults).result
    assert "and max_virtual_size allows 1048576 (1 MiB)" in failed["failures"][0]["message"]
    assert admin.find(template) == []
    catalog[template]["versions"]["1.0"]["max_virtual_size"] = "2MiB"
    assert not run_here("image_catalog", CLOUD, catalog=catalog, defaults=defaults).result["failed"]
