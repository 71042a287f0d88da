# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Transfers through a proxy that breaks them at chosen bytes, on the way to the real Image service.

Each ends right, or with a clear error; nothing half is left in the cloud or under the name of a file; a download that
goes on asks for the rest alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import MIB, Cloud, Faulty, Outcome, Web
from fault_proxy import Fault

from ansible_collections.xloud.image.plugins.module_utils._cloud import upload as uploading
from ansible_collections.xloud.image.plugins.module_utils._data import web as downloading

SIZE = MIB
BLOCK = 65536
OFFSETS = {"start": 0, "middle": SIZE // 2, "end": SIZE - 1}
# What a proxy does that the service or we notice; a byte that changes on the way is noticed by the hash.
BREAKS = ["reset", "truncate", "stall", "error"]
ALWAYS = 99

pytestmark = pytest.mark.usefixtures("no_pauses")
every_break = pytest.mark.parametrize("kind", BREAKS)
every_offset = pytest.mark.parametrize("at", OFFSETS.values(), ids=OFFSETS)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once, except where the cloud is asked whether it has noticed."""
    monkeypatch.setattr(downloading, "_FIRST_PAUSE", 0)
    monkeypatch.setattr(uploading, "pause_after", lambda *_args: 0)


@pytest.fixture
def data() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture
def source(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "source.raw"
    path.write_bytes(data)
    return path


def images_of(operator: Cloud, name: str) -> list[tuple[str, int]]:
    return [(image["status"], image["size"]) for image in operator.find(name.rpartition("-v")[0])]


# Into the cloud


def upload(run_here: Callable[..., Outcome], cloud: Any, name: str, source: Path) -> Outcome:
    """Send a file. So little data is sent before a stall is noticed, which shows in the answer that does not come."""
    options = {"source": str(source), "import_method": "direct", "timeout": 2}
    return run_here("image_template", cloud, name=name, **options)


@every_offset
@every_break
def test_an_upload_begins_again_on_the_same_record(
    faulty: Faulty, operator: Cloud, run_here: Callable[..., Outcome], name: str, source: Path, kind: Any, at: int
) -> None:
    faulty.proxy.inject(Fault(kind, "PUT", at=at, retry_after=0))
    outcome = upload(run_here, faulty.cloud, name, source)
    assert not outcome.result["failed"], outcome.result["msg"]
    assert images_of(operator, name) == [("active", SIZE)]
    assert len(faulty.proxy.of("PUT")) >= 2
    assert len(faulty.proxy.of("POST", "/images$")) == 1
    assert not run_here("image_template", faulty.cloud, name=name, source=str(source)).result["changed"]


@every_offset
def test_an_upload_that_is_spoiled_on_the_way_never_becomes_an_image(
    faulty: Faulty, operator: Cloud, run_here: Callable[..., Outcome], name: str, source: Path, at: int
) -> None:
    faulty.proxy.inject(Fault("corrupt", "PUT", at=at))
    outcome = upload(run_here, faulty.cloud, name, source)
    assert "did not arrive whole" in outcome.result["msg"]
    assert images_of(operator, name) == []


@every_break
def test_an_upload_that_never_gets_through_leaves_nothing(
    faulty: Faulty, operator: Cloud, run_here: Callable[..., Outcome], name: str, source: Path, kind: Any
) -> None:
    faulty.proxy.inject(Fault(kind, "PUT", at=SIZE // 2, retry_after=0, times=ALWAYS))
    outcome = upload(run_here, faulty.cloud, name, source)
    assert outcome.result["failed"]
    assert images_of(operator, name) == []
    faulty.proxy.inject()
    assert run_here("image_template", faulty.cloud, name=name, source=str(source)).result["changed"]
    assert images_of(operator, name) == [("active", SIZE)]


def test_a_stage_that_breaks_off_begins_again(
    faulty: Faulty, operator: Cloud, run_here: Callable[..., Outcome], name: str, source: Path
) -> None:
    faulty.proxy.inject(Fault("reset", "PUT", r"/stage$", at=SIZE // 2))
    options = {"name": name, "source": str(source), "import_method": "glance-direct", "stores": ["main", "archive"]}
    outcome = run_here("image_template", faulty.cloud, **options)
    assert not outcome.result["failed"], outcome.result["msg"]
    assert outcome.result["image"]["stores"] == ["archive", "main"]
    assert images_of(operator, name) == [("active", SIZE)]
    assert not run_here("image_template", faulty.cloud, **options).result["changed"]


def test_a_source_on_the_web_that_breaks_off_is_taken_up(
    clouds: dict[str, Any], operator: Cloud, run_here: Callable[..., Outcome], name: str, web: Web, data: bytes
) -> None:
    page = web.give("/a.raw", data, breaks=2)
    url = f"{web.url}/a.raw"
    outcome = run_here("image_template", "sandbox-operator", name=name, source=url, import_method="direct")
    assert not outcome.result["failed"], outcome.result["msg"]
    assert images_of(operator, name) == [("active", SIZE)]
    assert len(page.ranges) >= 3


# Out of the cloud


@pytest.fixture
def exported(operator: Cloud, name: str, data: bytes) -> str:
    """The id of an image with data to export."""
    return operator.make(name, data)


def files_of(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if each.name != "play.yml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "out"
    path.mkdir()
    return path


def export(run_here: Callable[..., Outcome], cloud: Any, image: str, folder: Path) -> dict[str, Any]:
    options = {"sidecar": False, "sums": False}
    return run_here("image_export", cloud, image=image, path=str(folder / "a.raw"), **options).result


@every_offset
@pytest.mark.parametrize("kind", ["reset", "truncate", "stall"])
def test_an_export_goes_on_where_it_stopped(
    faulty: Faulty, run_here: Callable[..., Outcome], exported: str, folder: Path, data: bytes, kind: Any, at: int
) -> None:
    faulty.proxy.inject(Fault(kind, "GET", at=at))
    result = export(run_here, faulty.cloud, exported, folder)
    assert not result["failed"], result["msg"]
    assert (folder / "a.raw").read_bytes() == data
    _first, rest = faulty.proxy.of("GET")
    begin = int((rest.range or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    assert rest.received == SIZE - begin
    # With a reset, the kernel forgets what was not read yet.
    assert at - (SIZE if kind == "reset" else BLOCK) < begin <= at
    assert not export(run_here, faulty.cloud, exported, folder)["changed"]


@pytest.mark.parametrize("status", [500, 503])
def test_an_export_is_asked_for_again_where_the_service_fails(
    faulty: Faulty, run_here: Callable[..., Outcome], exported: str, folder: Path, data: bytes, status: int
) -> None:
    faulty.proxy.inject(Fault("error", "GET", status=status, retry_after=0, times=2))
    result = export(run_here, faulty.cloud, exported, folder)
    assert not result["failed"], result["msg"]
    assert (folder / "a.raw").read_bytes() == data


@every_offset
def test_an_export_that_is_spoiled_on_the_way_never_gets_its_name(
    faulty: Faulty, run_here: Callable[..., Outcome], exported: str, folder: Path, at: int
) -> None:
    faulty.proxy.inject(Fault("corrupt", "GET", at=at))
    assert "did not arrive whole" in export(run_here, faulty.cloud, exported, folder)["msg"]
    assert files_of(folder) == []


def test_an_export_that_breaks_for_good_is_completed_by_the_next_run(
    faulty: Faulty, run_here: Callable[..., Outcome], exported: str, folder: Path, data: bytes
) -> None:
    begin = Fault("truncate", "GET", at=SIZE // 2)
    faulty.proxy.inject(begin, Fault("reset", "GET", times=ALWAYS))
    result = export(run_here, faulty.cloud, exported, folder)
    assert f"broke off after {SIZE // 2} of {SIZE} bytes" in result["msg"]
    assert files_of(folder) == [".a.raw.part"]
    faulty.proxy.inject()
    assert export(run_here, faulty.cloud, exported, folder)["changed"]
    assert (folder / "a.raw").read_bytes() == data
    assert [(each.range, each.received) for each in faulty.proxy.of("GET")] == [(f"bytes={SIZE // 2}-", SIZE // 2)]
    assert files_of(folder) == ["a.raw"]


@every_offset
@pytest.mark.parametrize("kind", ["reset", "truncate", "stall"])
def test_data_on_its_way_between_clouds_survives_a_break(
    faulty: Faulty,
    operator: Cloud,
    run_here: Callable[..., Outcome],
    exported: str,
    name: str,
    kind: Any,
    at: int,
) -> None:
    faulty.proxy.inject(Fault(kind, "GET", at=at))
    copy = name.replace("-v1.0", "-v1.1")
    source = {"cloud": faulty.cloud, "image": exported}
    outcome = run_here("image_template", "sandbox-operator", name=copy, source=source, import_method="direct")
    assert not outcome.result["failed"], outcome.result["msg"]
    assert images_of(operator, name) == [("active", SIZE)] * 2
    assert len(faulty.proxy.of("GET")) == 2
