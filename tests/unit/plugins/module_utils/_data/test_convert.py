# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data import convert as module
from ansible_collections.xloud.image.plugins.module_utils._data.convert import check_converter, convert
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError


@pytest.fixture
def raw(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(b"some data" * 5000 + bytes(3 * 1024**2 - 45000))
    return path


@pytest.mark.parametrize(
    ("disk_format", "found"),
    [("qcow2", "qcow2"), ("vmdk", "vmdk"), ("vhdx", "vhdx"), ("vdi", "vdi"), ("vhd", "vpc"), ("raw", "raw")],
)
def test_every_format(raw, tmp_path, qemu_img, disk_format, found):
    source = tmp_path / "a.qcow2"
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, source)
    target = tmp_path / "out"
    convert(str(source), "qcow2", str(target), disk_format)
    qemu_img("compare", "-f", "raw", "-F", found, raw, target)
    shown = subprocess.run(["qemu-img", "info", "--output=json", target], check=True, capture_output=True)
    assert json.loads(shown.stdout)["format"] == found


def test_compression(raw, tmp_path):
    sizes = []
    for compress in (False, True):
        target = tmp_path / f"out-{compress}"
        convert(str(raw), "raw", str(target), "qcow2", compress=compress)
        sizes.append(target.stat().st_blocks)
    assert sizes[1] < sizes[0]


def test_a_file_that_points_elsewhere_is_not_followed(raw, tmp_path, qemu_img):
    source = tmp_path / "a.qcow2"
    qemu_img("create", "-f", "qcow2", "-b", raw, "-F", "raw", source)
    with pytest.raises(DataError, match="backing"):
        convert(str(source), "qcow2", str(tmp_path / "out"), "raw")
    assert not (tmp_path / "out").exists()


def test_what_differs_after_the_conversion_is_an_error(raw, tmp_path, monkeypatch):
    plain = module._qemu_img

    def spoiling(verb, *arguments):
        if verb == "compare":
            raw.write_bytes(b"x" + raw.read_bytes()[1:])
        plain(verb, *arguments)

    monkeypatch.setattr(module, "_qemu_img", spoiling)
    with pytest.raises(DataError, match="qemu-img compare failed: Content mismatch"):
        convert(str(raw), "raw", str(tmp_path / "out"), "qcow2")


def test_no_qemu_img(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="format: there is no qemu-img"):
        check_converter()
