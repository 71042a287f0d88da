# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are killed, or cut off, half way: the next run completes what they began, and nothing stays behind."""

from __future__ import annotations

import hashlib
import random

import pytest
from conftest import MIB, Gate
from fault_proxy import Fault

FROZEN = "xloud_image_frozen_for_export"


@pytest.fixture(scope="module")
def data():
    return random.Random(3).randbytes(16 * MIB)


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith("image.raw") or path.suffix == ".part"]


def test_killed_upload_is_completed_by_the_next_run(name, web, start_module, run_module, operator):
    source = {"name": name, "source": f"{web.url}/disk.raw", "import_method": "direct"}
    data = bytes(64 * MIB)
    page = web.give("/disk.raw", data, gate=Gate())
    killed = start_module("image_template", "sandbox-operator", **source)
    page.gate.wait_until_reached()
    (left,) = operator.find(name)
    assert left["status"] in ("queued", "saving")
    killed.kill()
    page.gate.open()

    web.give("/disk.raw", data)
    completed = run_module("image_template", "sandbox-operator", **source)

    assert completed.taken == ["delete", "create"]
    assert f"({left['id']}): an interrupted upload left it" in completed.result["actions"][0]["reason"]
    (image,) = operator.find(name)
    assert image["status"] == "active"
    assert image["os_hash_value"] == hashlib.sha512(data).hexdigest()


def test_killed_export_is_completed_by_the_next_run(name, data, tmp_path, half_of, start_module, run_module, operator):
    operator.make(name, data)
    path = tmp_path / "image.raw"
    half = half_of("sandbox-operator")
    killed = start_module("image_export", half.cloud, image=name, path=str(path))
    half.gate.wait_until_reached()
    killed.kill()
    assert leftovers(tmp_path) == [".image.raw.part"]

    completed = run_module("image_export", "sandbox-operator", image=name, path=str(path))

    assert completed.taken == ["export", "write_sidecar", "record_sums"]
    assert path.read_bytes() == data
    assert sorted(leftovers(tmp_path)) == ["image.raw", "image.raw.json"]


def test_image_left_frozen_is_given_back_by_the_next_run(
    name, data, tmp_path, half_of, start_module, run_module, operator
):
    image_id = operator.make(name, data)
    export = {"image": image_id, "path": str(tmp_path / "image.raw"), "deactivate": True}
    half = half_of("sandbox-admin")
    killed = start_module("image_export", half.cloud, **export)
    half.gate.wait_until_reached()
    killed.kill()
    (frozen,) = operator.find(name)
    assert frozen["status"] == "deactivated"
    assert FROZEN in frozen

    completed = run_module("image_export", "sandbox-admin", **export)

    assert completed.taken == ["export", "reactivate", "update", "write_sidecar", "record_sums"]
    assert (tmp_path / "image.raw").read_bytes() == data
    (image,) = operator.find(name)
    assert image["status"] == "active"
    assert FROZEN not in image


def test_export_that_breaks_off_for_good_gives_the_image_back(name, data, tmp_path, faulty, run_module, operator):
    image_id = operator.make(name, data)
    half = len(data) // 2
    faulty.proxy.inject(Fault("truncate", "GET", at=half), Fault("truncate", "GET", times=99))
    cloud, path = faulty.of("sandbox-admin"), tmp_path / "image.raw"

    failed = run_module("image_export", cloud, image=image_id, path=str(path), deactivate=True)

    assert f"broke off after {half} of {len(data)} bytes, 5 times in a row" in failed.result["msg"]
    assert f"{half} bytes are kept in {tmp_path}/.image.raw.part, and the next run goes on" in failed.result["msg"]
    assert failed.taken == ["update", "deactivate"]
    assert leftovers(tmp_path) == [".image.raw.part"]
    (image,) = operator.find(name)
    assert image["status"] == "active"
    assert FROZEN not in image
