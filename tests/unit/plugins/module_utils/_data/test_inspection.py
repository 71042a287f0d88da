# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import random
import struct

import pytest
from oslo_utils.imageutils import format_inspector

from ansible_collections.xloud.image.plugins.module_utils._data import inspection as module
from ansible_collections.xloud.image.plugins.module_utils._data.inspection import Inspection, inspect
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError
from ansible_collections.xloud.image.tests.unit.fakes.corpus import streamed_vmdk

MIB = 1024 * 1024
MBR = b"\0" * 446 + struct.pack("<BBBBBBBBII", 0x80, 0, 2, 0, 0x83, 0, 0, 0, 1, 100) + b"\0" * 48 + b"\x55\xaa"


def iso9660(system_area=b""):
    """The smallest thing that is an ISO 9660 file system of 100 blocks."""
    descriptor = bytearray(2048)
    descriptor[:7] = b"\x01CD001\x01"
    descriptor[80:88] = struct.pack("<I", 100) + struct.pack(">I", 100)
    descriptor[128:132] = struct.pack("<H", 2048) + struct.pack(">H", 2048)
    return system_area.ljust(32768, b"\0") + bytes(descriptor) + b"\0" * (100 * 2048 - 32768 - 2048)


class Counting(io.BytesIO):
    """A file that counts what is read of it."""

    count = 0

    def read(self, size=-1):
        block = super().read(size)
        self.count += len(block)
        return block


def inspect_file(path):
    with path.open("rb") as handle:
        return inspect(handle, str(path), path.stat().st_size)


def inspect_bytes(data):
    return inspect(io.BytesIO(data), "data", len(data))


@pytest.mark.parametrize(
    ("options", "disk_format"),
    [
        (["-f", "qcow2"], "qcow2"),
        (["-f", "qcow2", "-o", "compat=0.10"], "qcow2"),
        (["-f", "raw"], "raw"),
        (["-f", "vmdk", "-o", "subformat=monolithicSparse"], "vmdk"),
        (["-f", "vmdk", "-o", "subformat=streamOptimized"], "vmdk"),
        (["-f", "vpc"], "vhd"),
        (["-f", "vhdx"], "vhdx"),
        (["-f", "vdi"], "vdi"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value[1::2]),
)
def test_formats(qemu_img, tmp_path, options, disk_format):
    path = tmp_path / "image"
    qemu_img("create", *options, path, "5M")
    facts = inspect_file(path)
    assert facts.disk_format == disk_format
    assert facts.size == path.stat().st_size
    # A VHD counts in cylinders, so that it is a little larger than asked for.
    assert 5 * MIB <= facts.virtual_size <= 5 * MIB + (65536 if disk_format == "vhd" else 0)
    assert facts.digests == {}


@pytest.mark.parametrize("subformat", ["monolithicSparse", "streamOptimized"])
def test_a_vmdk_with_data(qemu_img, tmp_path, subformat):
    source, path = tmp_path / "source", tmp_path / "image"
    source.write_bytes(b"x" * 3 * MIB)
    qemu_img("convert", "-f", "raw", "-O", "vmdk", "-o", f"subformat={subformat}", source, path)
    facts = inspect_file(path)
    assert (facts.disk_format, facts.virtual_size) == ("vmdk", 3 * MIB)


@pytest.mark.parametrize(
    "data",
    [b"x", b"QFI", b"garbage" * 1000, b"\0" * MIB, b"CD001", bytes(range(256)) * 4096],
    ids=["byte", "half-magic", "garbage", "zeros", "cd", "bytes"],
)
def test_anything_else_is_raw(data):
    facts = inspect_bytes(data)
    assert (facts.disk_format, facts.virtual_size) == ("raw", len(data))


def test_a_disk_with_partitions_is_raw():
    data = MBR + b"\0" * MIB
    facts = inspect_bytes(data)
    assert (facts.disk_format, facts.virtual_size) == ("raw", len(data))


def test_an_iso():
    facts = inspect_bytes(iso9660())
    assert (facts.disk_format, facts.virtual_size) == ("iso", 100 * 2048)


def test_a_hybrid_iso_is_an_iso():
    data = iso9660(MBR)
    facts = inspect_bytes(data)
    assert (facts.disk_format, facts.virtual_size) == ("iso", 100 * 2048)


@pytest.mark.parametrize(
    ("options", "check"),
    [(["-b", "base.qcow2", "-F", "qcow2"], "backing_file"), (["-o", "data_file=data.raw"], "data_file")],
)
def test_a_qcow2_that_needs_another_file_is_refused(qemu_img, tmp_path, monkeypatch, options, check):
    monkeypatch.chdir(tmp_path)
    qemu_img("create", "-f", "qcow2", "base.qcow2", "1M")
    qemu_img("create", "-f", "qcow2", *options, "image.qcow2", "1M")
    with pytest.raises(DataError, match=f"image.qcow2 is not safe to use as qcow2.* {check}: .*qemu-img convert"):
        inspect_file(tmp_path / "image.qcow2")


def test_a_vmdk_that_needs_another_file_is_refused(qemu_img, tmp_path):
    path = tmp_path / "image.vmdk"
    qemu_img("create", "-f", "vmdk", "-o", "subformat=monolithicFlat", path, "1M")
    with pytest.raises(DataError, match="not safe to use as vmdk"):
        inspect_file(path)


def test_a_truncated_qcow2_is_no_image(qemu_img, tmp_path):
    path = tmp_path / "image.qcow2"
    qemu_img("create", "-f", "qcow2", path, "1M")
    data = path.read_bytes()[:50]
    try:
        facts = inspect_bytes(data)
    except DataError:
        return
    assert facts.disk_format == "raw"


def test_a_broken_header_is_told(qemu_img, tmp_path, monkeypatch):
    def fail(_inspector):
        raise format_inspector.ImageFormatError("odd")

    path = tmp_path / "image.qcow2"
    qemu_img("create", "-f", "qcow2", path, "1M")
    monkeypatch.setattr(format_inspector.QcowInspector, "safety_check", fail)
    with pytest.raises(DataError, match="image.qcow2 is a broken qcow2 file: odd"):
        inspect_file(path)


def test_two_formats_in_one_are_refused(qemu_img, tmp_path):
    path = tmp_path / "image.qcow2"
    qemu_img("create", "-f", "qcow2", path, "1M")
    data = path.read_bytes()
    with pytest.raises(DataError, match="data is iso and qcow2 at once"):
        inspect_bytes(iso9660(data[:32768]))


def test_a_qed_is_no_format_of_the_service():
    header = struct.pack("<4sIII", b"QED\0", 65536, 4, 1).ljust(4096, b"\0")
    with pytest.raises(DataError, match="data is qed, which the Image service does not keep"):
        inspect_bytes(header)


def test_no_more_is_read_than_the_inspector_needs(qemu_img, tmp_path):
    path = tmp_path / "image.qcow2"
    qemu_img("create", "-f", "qcow2", path, "1M")
    stream = Counting(path.read_bytes() + b"\0" * 20 * MIB)
    inspect(stream, "data", len(stream.getvalue()))
    assert stream.count < 4 * MIB


def in_pieces(data, *pieces, size=None, limit=None):
    """Inspect data as a stream of pieces of these sizes, the last of which goes on."""
    inspection = Inspection("data", size, limit)
    position = 0
    for piece in pieces:
        inspection.add(data[position : position + piece])
        position += piece
    inspection.add(data[position:])
    return inspection.end()


def test_the_size_of_raw_data_may_be_unknown():
    facts = in_pieces(b"garbage", 1)
    assert (facts.size, facts.virtual_size) == (None, None)


@pytest.mark.parametrize("piece", [4, 6, 63, 100])
def test_a_small_first_piece_hides_nothing(piece, qemu_img, tmp_path):
    path = tmp_path / "image.vmdk"
    qemu_img("create", "-f", "vmdk", "-o", "subformat=monolithicFlat", path, "1M")
    with pytest.raises(DataError, match="not safe to use as vmdk"):
        in_pieces(path.read_bytes(), piece)


def test_the_end_of_a_long_stream_is_looked_at_and_not_what_is_before_it():
    parts, tables, end = streamed_vmdk(random.Random(3).randbytes(20 * MIB))
    stream = Counting(b"".join([*parts, tables, end]))
    assert inspect(stream, "data", len(stream.getvalue())).disk_format == "vmdk"
    assert stream.count < 4 * MIB
    stream = Counting(b"".join([*parts, tables, end[:-512], bytes(511) + b"x"]))
    with pytest.raises(DataError, match="footer: End-of-stream marker is invalid"):
        inspect(stream, "data", len(stream.getvalue()))


def test_tables_that_point_at_one_another_cost_little(qemu_img, tmp_path):
    path = tmp_path / "image.qcow2"
    qemu_img("create", "-f", "qcow2", path, "400T")
    with path.open("r+b") as handle:
        # Every entry of a table of 800,000 points at the same one.
        handle.seek(40)
        (offset,) = struct.unpack(">Q", handle.read(8))
        handle.seek(offset)
        handle.write(struct.pack(">Q", 1 << 16) * 800_000)
    stream = Counting(path.read_bytes())
    inspect(stream, "data", len(stream.getvalue()))
    assert stream.count < 10 * MIB


def test_data_without_an_end_is_stopped(monkeypatch):
    monkeypatch.setattr(module, "_LARGEST_RAW", 3 * MIB)
    in_pieces(bytes(3 * MIB))
    in_pieces(bytes(4 * MIB), size=4 * MIB)
    with pytest.raises(DataError, match="the check expansion of raw data: it goes on after 3 MiB.*max_virtual_size"):
        in_pieces(bytes(4 * MIB), MIB, MIB, MIB)
    in_pieces(bytes(4 * MIB), limit=4 * MIB)
    with pytest.raises(DataError, match="virtual size of more than 4194303 bytes"):
        in_pieces(bytes(4 * MIB), limit=4 * MIB - 1)


@pytest.mark.parametrize(
    ("failure", "check"), [("backing_file", "backing_file"), ("mbr", "mbr"), ("iso", "format")], ids=lambda name: name
)
def test_an_error_names_the_check_for_programs_too(failure, check, qemu_img, tmp_path):
    path = tmp_path / "image"
    qemu_img("create", "-f", "qcow2", "-u", "-b", "/etc/passwd", "-F", "raw", path, "1M")
    data = {
        "backing_file": path.read_bytes(),
        "mbr": MBR[:446] + bytes(64) + MBR[510:],
        "iso": iso9660(path.read_bytes()[:32768]),
    }
    with pytest.raises(DataError) as caught:
        inspect_bytes(data[failure])
    assert caught.value.details["check"] == check
