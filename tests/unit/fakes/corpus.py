# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Images that a catalogue must not take, broken, cut off or made to do harm, and what looks like them and is right.

Each is a real file, made by qemu-img or by hand to the letter of its format, and then patched.
"""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SECTOR = 512
KIB = 1024
MIB = 1024 * KIB
CLUSTER = 64 * KIB
GRAIN = 64 * KIB

Make = Callable[["Bench"], bytes]


@dataclasses.dataclass(frozen=True)
class Case:
    """
    A file, and what is to come of it.

    :param refused: What the error says, as a regular expression; None where the image is right.
    :param name: The name of the file.
    :param options: Of C(image_template), beside the source.
    :param disk_format: What the image is made as, where it is made.
    """

    title: str
    make: Make
    refused: str | None
    name: str
    options: Mapping[str, Any]
    disk_format: str | None

    def __str__(self) -> str:
        return self.title


HOSTILE: list[Case] = []
LEGITIMATE: list[Case] = []


def hostile(refused: str, name: str = "disk.img", **options: Any) -> Callable[[Make], Make]:
    """Enter a file that is to be refused with these words."""
    return lambda make: _enter(HOSTILE, make, refused, name, options, None)


def legitimate(becomes: str, name: str = "disk.img", **options: Any) -> Callable[[Make], Make]:
    """Enter a file that becomes an image of this format."""
    return lambda make: _enter(LEGITIMATE, make, None, name, options, becomes)


def _enter(
    cases: list[Case],
    make: Make,
    refused: str | None,
    name: str,
    options: Mapping[str, Any],
    disk_format: str | None,
) -> Make:
    title = make.__name__
    if any(case.title == title for case in cases):
        title = f"{title}_as_{'_'.join(map(str, options.values())) or name.replace('.', '_')}"
    cases.append(Case(title, make, refused, name, options, disk_format))
    return make


class Bench:
    """A folder to make images in, and qemu-img."""

    def __init__(self, folder: Path, qemu_img: Callable[..., None]) -> None:
        self.folder = folder
        self.qemu_img = qemu_img

    def create(self, disk_format: str, *options: str, size: str = "1M") -> bytes:
        """Return an empty image."""
        path = self.folder / "empty"
        path.unlink(missing_ok=True)
        self.qemu_img("create", "-f", disk_format, *options, path, size)
        return path.read_bytes()

    def convert(self, disk_format: str, *options: str, data: bytes | None = None) -> bytes:
        """Return an image with data."""
        source, path = self.folder / "source.raw", self.folder / "converted"
        source.write_bytes(DATA if data is None else data)
        path.unlink(missing_ok=True)
        self.qemu_img("convert", "-f", "raw", "-O", disk_format, *options, source, path)
        return path.read_bytes()

    def make(self, case: Case) -> Path:
        """Return the file of a case."""
        data = case.make(self)
        path = self.folder / case.name
        path.write_bytes(data)
        return path


# A disk of one and a half MiB of which some is used.
DATA = random.Random(7).randbytes(200 * KIB) + bytes(MIB) + random.Random(8).randbytes(312 * KIB)


def patched(data: bytes, offset: int, form: str, *values: Any) -> bytes:
    """Return data with other values at an offset."""
    changed = bytearray(data)
    struct.pack_into(form, changed, offset, *values)
    return bytes(changed)


def _qcow2_table(data: bytes) -> int:
    return struct.unpack_from(">Q", data, 40)[0]


def _qcow2_second_table(data: bytes) -> int:
    return struct.unpack_from(">Q", data, _qcow2_table(data))[0] & 0x00FFFFFFFFFFFE00


# qcow2 that is no disk of its own


@hostile("backing_file: Image has a backing file.*qemu-img convert")
def qcow2_backing_file(bench: Bench) -> bytes:
    bench.qemu_img("create", "-f", "qcow2", bench.folder / "base.qcow2", "1M")
    return bench.create("qcow2", "-b", str(bench.folder / "base.qcow2"), "-F", "qcow2")


@hostile("backing_file: Image has a backing file")
def qcow2_backing_file_version_2(bench: Bench) -> bytes:
    return bench.create("qcow2", "-o", "compat=0.10", "-u", "-b", "../secret.raw", "-F", "raw")


@hostile("backing_file: Image has a backing file")
def qcow2_backing_file_of_the_host(bench: Bench) -> bytes:
    return bench.create("qcow2", "-u", "-b", "/etc/passwd", "-F", "raw")


@hostile("backing_file: Image has a backing file")
def qcow2_backing_file_json(bench: Bench) -> bytes:
    driver = 'json:{"driver":"raw","file":{"driver":"host_device","filename":"/dev/sda"}}'
    return bench.create("qcow2", "-u", "-b", driver, "-F", "raw")


@hostile("data_file: Image has data_file set")
def qcow2_data_file(bench: Bench) -> bytes:
    return bench.create("qcow2", "-o", f"data_file={bench.folder / 'data.raw'}")


@hostile("data_file: Image has data_file set")
def qcow2_data_file_raw(bench: Bench) -> bytes:
    return bench.create("qcow2", "-o", f"data_file={bench.folder / 'data.raw'},data_file_raw=on")


@hostile("data_file: Image has data_file set")
def qcow2_data_file_bit_alone(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 72, ">Q", 1 << 2)


# qcow2 that is odd


@hostile("unknown_features: Unsupported qcow2 version")
def qcow2_version_1(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 4, ">I", 1)


@hostile("unknown_features: Unsupported qcow2 version")
def qcow2_version_4(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 4, ">I", 4)


@hostile("unknown_features: Unknown QCOW2 features found.*qemu-img convert")
def qcow2_feature_5(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 72, ">Q", 1 << 5)


@hostile("unknown_features: Unknown QCOW2 features found")
def qcow2_feature_63(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 72, ">Q", 1 << 63)


@hostile("unknown_features: Unknown QCOW2 features found")
def qcow2_extended_l2(bench: Bench) -> bytes:
    return bench.create("qcow2", "-o", "extended_l2=on")


@hostile("the check corrupt of qcow2 data.*qemu-img check -r all")
def qcow2_marked_corrupt(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 72, ">Q", 1 << 1)


@hostile("the check encryption of qcow2 data.*AES")
def qcow2_aes(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 32, ">I", 1)


@hostile("the check header of qcow2 data: it is said to have clusters of 2\\^8 bytes")
def qcow2_tiny_clusters(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 20, ">I", 8)


@hostile("the check header of qcow2 data: it is said to have clusters of 2\\^4000000000 bytes")
def qcow2_huge_clusters(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 20, ">I", 4_000_000_000)


@hostile("the check l1_table of qcow2 data: its table has no room for a disk of 1152921504606846976 bytes")
def qcow2_exabyte(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 24, ">Q", 1 << 60)


@hostile("the check truncated of qcow2 data: its L1 table ends at byte 453312520")
def qcow2_table_far_away(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 40, ">Q", 6917 << 16)


@hostile("the check truncated of qcow2 data: its L1 table ends")
def qcow2_table_of_a_billion(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 36, ">I", 1 << 30)


@hostile("the check truncated of qcow2 data: an L2 table ends")
def qcow2_second_table_past_the_end(bench: Bench) -> bytes:
    data = bench.convert("qcow2")
    return patched(data, _qcow2_table(data), ">Q", 1 << 63 | 1 << 40)


@hostile("the check truncated of qcow2 data: a cluster of its data ends")
def qcow2_cluster_past_the_end(bench: Bench) -> bytes:
    data = bench.convert("qcow2")
    return patched(data, _qcow2_second_table(data), ">Q", 1 << 63 | 1 << 40)


@hostile("the check truncated of qcow2 data: a cluster of its data ends")
def qcow2_compressed_cluster_past_the_end(bench: Bench) -> bytes:
    data = bench.convert("qcow2", "-c")
    return patched(data, _qcow2_second_table(data), ">Q", 1 << 62 | 1 << 40)


@hostile("the check l1_table of qcow2 data: it points to byte 66048")
def qcow2_table_between_clusters(bench: Bench) -> bytes:
    data = bench.convert("qcow2")
    return patched(data, _qcow2_table(data), ">Q", 1 << 63 | 66048)


@hostile("the check truncated of qcow2 data: its table of reference counts ends")
def qcow2_counts_past_the_end(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 48, ">Q", 1 << 40)


@hostile("the check truncated of qcow2 data: its table of snapshots ends")
def qcow2_snapshots_past_the_end(bench: Bench) -> bytes:
    return patched(bench.create("qcow2"), 60, ">IQ", 1, 1 << 40)


@hostile("the check truncated of qcow2 data.*copy or fetch it again")
def qcow2_cut_in_the_middle(bench: Bench) -> bytes:
    data = bench.convert("qcow2")
    return data[: len(data) // 2]


@hostile("the check truncated of qcow2 data: a cluster of its data ends")
def qcow2_cut_by_a_cluster(bench: Bench) -> bytes:
    return bench.convert("qcow2")[:-CLUSTER]


@hostile("the check truncated of qcow2 data: a cluster of its data ends")
def qcow2_cut_by_a_byte(bench: Bench) -> bytes:
    return bench.convert("qcow2")[:-1]


@hostile("the check truncated of qcow2 data: a cluster of its data ends")
def qcow2_compressed_cut(bench: Bench) -> bytes:
    return bench.convert("qcow2", "-c")[:-SECTOR]


@hostile("the check truncated of qcow2 data: its L1 table ends")
def qcow2_header_alone(bench: Bench) -> bytes:
    return bench.convert("qcow2")[:CLUSTER]


@hostile("the check truncated of qcow2 data: its L1 table ends", disk_format="raw")
def qcow2_cut_within_its_header(bench: Bench) -> bytes:
    return bench.convert("qcow2")[:300]


# vmdk that is no disk of its own


def _vmdk_patched(data: bytes, old: bytes, new: bytes) -> bytes:
    start = data.index(old)
    length = data.index(b"\0", start) - start
    text = data[start : start + length].replace(old, new)
    end = 20 * SECTOR + SECTOR
    assert start + len(text) < end
    return data[:start] + text + bytes(end - start - len(text)) + data[end:]


@hostile("not safe to use as vmdk")
def vmdk_flat(bench: Bench) -> bytes:
    return bench.create("vmdk", "-o", "subformat=monolithicFlat")


@hostile("not safe to use as vmdk")
def vmdk_split(bench: Bench) -> bytes:
    return bench.create("vmdk", "-o", "subformat=twoGbMaxExtentSparse")


@hostile("descriptor: Invalid extent filenames found")
def vmdk_path_outside(bench: Bench) -> bytes:
    return _vmdk_patched(bench.create("vmdk"), b'"empty"', b'"../../etc/shadow"')


@hostile("not safe to use as vmdk.*descriptor")
def vmdk_descriptor_with_a_path(bench: Bench) -> bytes:
    lines = ["# Disk DescriptorFile", "version=1", "CID=1", "parentCID=ffffffff", 'createType="monolithicFlat"']
    return "\n".join([*lines, 'RW 2048 FLAT "/etc/passwd" 0', ""]).encode().ljust(1024, b"\n")


@hostile("the check extents of vmdk data: its data is not in this one file \\(FLAT\\)")
def vmdk_flat_extent_within_a_sparse_file(bench: Bench) -> bytes:
    return _vmdk_patched(bench.create("vmdk"), b"SPARSE", b"FLAT")


@hostile("the check extents of vmdk data.*SPARSE, SPARSE")
def vmdk_two_extents(bench: Bench) -> bytes:
    return _vmdk_patched(bench.create("vmdk"), b"SPARSE", b'SPARSE "a.vmdk"\nRW 2048 SPARSE')


@hostile("the check capacity of vmdk data")
def vmdk_without_a_disk(bench: Bench) -> bytes:
    return patched(bench.create("vmdk"), 12, "<Q", 0)


@hostile("the check parent of vmdk data")
def vmdk_parent(bench: Bench) -> bytes:
    return _vmdk_patched(
        bench.create("vmdk"), b"parentCID=ffffffff", b'parentCID=12345678\nparentFileNameHint="base.vmdk"'
    )


@hostile("the check parent of vmdk data")
def vmdk_parent_hint_alone(bench: Bench) -> bytes:
    return _vmdk_patched(
        bench.create("vmdk"), b"parentCID=ffffffff", b'parentCID=ffffffff\nparentFileNameHint="base.vmdk"'
    )


@hostile("descriptor: Unsupported subformat")
def vmdk_without_a_type(bench: Bench) -> bytes:
    return _vmdk_patched(bench.create("vmdk"), b"createType", b"createKind")


@hostile("descriptor: Unsupported subformat")
def vmdk_of_a_device(bench: Bench) -> bytes:
    return _vmdk_patched(bench.create("vmdk"), b"monolithicSparse", b"fullDevice")


@hostile("descriptor: Invalid VMDK descriptor data")
def vmdk_with_a_strange_line(bench: Bench) -> bytes:
    return _vmdk_patched(bench.create("vmdk"), b"# Extent description", b"include /etc/passwd now")


@hostile("the check truncated of vmdk data: its grain directory ends")
def vmdk_directory_past_the_end(bench: Bench) -> bytes:
    return patched(bench.create("vmdk"), 56, "<Q", 1 << 40)


@hostile("the check header of vmdk data: it is said to have grains of 0 sectors")
def vmdk_grains_of_nothing(bench: Bench) -> bytes:
    return patched(bench.create("vmdk"), 20, "<Q", 0)


@hostile("is vmdk by its name, and its content is not", "disk.vmdk")
def vmdk_of_another_version(bench: Bench) -> bytes:
    return patched(bench.create("vmdk"), 0, "<4s", b"COWD")


@hostile("the check truncated of vmdk data: a grain")
def vmdk_cut_in_the_middle(bench: Bench) -> bytes:
    data = bench.convert("vmdk")
    return data[: len(data) // 2]


@hostile("the check truncated of vmdk data: a grain of its data ends")
def vmdk_cut_by_a_byte(bench: Bench) -> bytes:
    return bench.convert("vmdk")[:-1]


@hostile("the check truncated of vmdk data: a grain of its data ends")
def vmdk_stream_optimised_cut(bench: Bench) -> bytes:
    return bench.convert("vmdk", "-o", "subformat=streamOptimized")[:-SECTOR]


# vmdk as VMware streams it: markers, and a footer that knows where the tables are


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR)


def _marker(value: int, kind: int) -> bytes:
    return struct.pack("<QII", value, 0, kind).ljust(SECTOR, b"\0")


def streamed_vmdk(data: bytes = DATA) -> tuple[list[bytes], bytes, bytes]:
    """Return a streamOptimized VMDK file in parts: its grains behind the header, its tables, and its end."""
    text = [
        "# Disk DescriptorFile",
        "version=1",
        "CID=fffffffe",
        "parentCID=ffffffff",
        'createType="streamOptimized"',
        f'RW {len(data) // SECTOR} SPARSE "disk.vmdk"',
        'ddb.adapterType = "lsilogic"',
    ]
    overhead, far = 128, 0xFFFFFFFFFFFFFFFF

    def header(directory: int) -> bytes:
        numbers = (3, 0x30001, len(data) // SECTOR, GRAIN // SECTOR, 1, 20, 512, 0, directory, overhead)
        return (struct.pack("<4sIIQQQQIQQQ", b"KDMV", *numbers) + b"\0\n \r\n\1\0").ljust(SECTOR, b"\0")

    parts = [(header(far) + "\n".join(text).encode()).ljust(overhead * SECTOR, b"\0")]
    places, end = [], overhead
    for number, start in enumerate(range(0, len(data), GRAIN)):
        packed = zlib.compress(data[start : start + GRAIN].ljust(GRAIN, b"\0"))
        part = _padded(struct.pack("<QI", number * GRAIN // SECTOR, len(packed)) + packed)
        places.append(end)
        parts.append(part)
        end += len(part) // SECTOR
    table = struct.pack("<512I", *places, *[0] * (512 - len(places)))
    tables = _marker(4, 1) + table + _marker(1, 2) + struct.pack("<I", end + 1).ljust(SECTOR, b"\0")
    return parts, tables, _marker(1, 3) + header(end + 6) + _marker(0, 0)


def _whole(parts: list[bytes], *rest: bytes) -> bytes:
    return b"".join([*parts, *rest])


@hostile("not safe to use as vmdk.*footer: .*export it again")
def vmdk_streamed_without_a_footer(bench: Bench) -> bytes:
    parts, tables, _end = streamed_vmdk()
    return _whole(parts, tables)


@hostile("the check truncated of vmdk data|footer: ")
def vmdk_streamed_and_cut(bench: Bench) -> bytes:
    return _whole(*streamed_vmdk())[: 300 * KIB]


@hostile("the check markers of vmdk data|the check truncated of vmdk data")
def vmdk_streamed_with_a_grain_cut(bench: Bench) -> bytes:
    parts, tables, end = streamed_vmdk()
    return _whole([*parts[:2], parts[2][: 4 * SECTOR], *parts[3:]], tables, end)


@hostile("footer: Footer specifies a different descriptor than header")
def vmdk_streamed_with_a_second_descriptor(bench: Bench) -> bytes:
    parts, tables, end = streamed_vmdk()
    return _whole(parts, tables, patched(end, SECTOR + 28, "<Q", 200))


@hostile("footer: Footer indicates another footer")
def vmdk_streamed_with_a_footer_of_a_footer(bench: Bench) -> bytes:
    parts, tables, end = streamed_vmdk()
    return _whole(parts, tables, patched(end, SECTOR + 56, "<Q", 0xFFFFFFFFFFFFFFFF))


@hostile("the check markers of vmdk data: there is no marker at byte")
def vmdk_streamed_with_a_strange_marker(bench: Bench) -> bytes:
    parts, tables, end = streamed_vmdk()
    return _whole(parts, _marker(0, 77), tables, end)


@hostile("descriptor: Invalid extent filenames found")
def vmdk_streamed_with_a_path(bench: Bench) -> bytes:
    parts, tables, end = streamed_vmdk()
    return _whole([parts[0].replace(b"disk.vmdk", b"/dev/sda1"), *parts[1:]], tables, end)


# vdi, vhd, vhdx


@hostile("the check truncated of vdi data: its data ends")
def vdi_cut(bench: Bench) -> bytes:
    return bench.convert("vdi")[:-1]


@hostile("the check truncated of vdi data")
def vdi_header_alone(bench: Bench) -> bytes:
    return bench.convert("vdi")[:SECTOR]


@hostile("the check truncated of vdi data: a block of its data ends")
def vdi_block_past_the_end(bench: Bench) -> bytes:
    return patched(bench.convert("vdi"), SECTOR, "<I", 5000)


@hostile("the check parent of vdi data: it holds only what differs from another file \\(type 4\\)")
def vdi_difference(bench: Bench) -> bytes:
    return patched(bench.create("vdi"), 0x4C, "<I", 4)


@hostile("the check parent of vdi data")
def vdi_with_a_parent(bench: Bench) -> bytes:
    return patched(bench.create("vdi"), 0x1B8, "16s", b"parent of a disk")


@hostile("the check header of vdi data: its table has no room")
def vdi_of_a_petabyte(bench: Bench) -> bytes:
    return patched(bench.create("vdi"), 0x170, "<Q", 1 << 50)


@hostile("the check truncated of vhd data: its data ends")
def vhd_without_its_end(bench: Bench) -> bytes:
    return bench.convert("vpc")[:-SECTOR]


@hostile("the check truncated of vhd data: its data ends")
def vhd_cut_in_the_middle(bench: Bench) -> bytes:
    return bench.convert("vpc")[:MIB]


@hostile("the check truncated of vhd data: its header ends")
def vhd_header_far_away(bench: Bench) -> bytes:
    return patched(bench.create("vpc"), 16, ">Q", 1 << 40)


@hostile("the check truncated of vhd data: its block table ends")
def vhd_of_a_billion_blocks(bench: Bench) -> bytes:
    return patched(bench.create("vpc"), SECTOR + 28, ">I", 1 << 30)


@hostile("the check truncated of vhd data: its data ends")
def vhd_block_past_the_end(bench: Bench) -> bytes:
    return patched(bench.convert("vpc"), 3 * SECTOR, ">I", 1 << 30)


@hostile("the check header of vhd data: there is no header at byte 512")
def vhd_without_a_header(bench: Bench) -> bytes:
    return patched(bench.create("vpc"), SECTOR, "8s", b"nonsense")


@hostile("the check parent of vhd data")
def vhd_difference(bench: Bench) -> bytes:
    return patched(bench.create("vpc"), 60, ">I", 4)


@hostile("the check header of vhd data: it is said to be of type 77")
def vhd_of_a_strange_type(bench: Bench) -> bytes:
    return patched(bench.create("vpc"), 60, ">I", 77)


@hostile("is vhd by its name, and its content is not", "disk.vhd")
def vhd_fixed(bench: Bench) -> bytes:
    return bench.convert("vpc", "-o", "subformat=fixed")


_VHDX_BLOCKS, _VHDX_METADATA = 2 * MIB, 3 * MIB


@hostile("the check truncated of vhdx data: a block of its data ends")
def vhdx_cut(bench: Bench) -> bytes:
    return bench.convert("vhdx")[:-1]


@hostile("the check truncated of vhdx data: one of its regions ends")
def vhdx_cut_to_its_tables(bench: Bench) -> bytes:
    return bench.convert("vhdx")[: 3 * MIB]


@hostile("the check truncated of vhdx data: a block of its data ends")
def vhdx_block_past_the_end(bench: Bench) -> bytes:
    return patched(bench.convert("vhdx"), _VHDX_BLOCKS, "<Q", 1 << 40 | 6)


@hostile("the check parent of vhdx data")
def vhdx_with_a_parent(bench: Bench) -> bytes:
    data = bench.create("vhdx")
    return patched(data, data.index(struct.pack("<II", 8 * MIB, 0), _VHDX_METADATA) + 4, "<I", 2)


@hostile("the check log of vhdx data.*qemu-img check -r all")
def vhdx_that_was_not_closed(bench: Bench) -> bytes:
    data = bench.create("vhdx")
    for header in (64 * KIB, 128 * KIB):
        data = patched(data, header + 48, "16s", b"changes to replay")
    return data


# iso, and what hides in it


def iso(system_area: bytes = b"", blocks: int = 100, *, boot: bool = False) -> bytes:
    """Return an ISO 9660 file system without files, and with a boot record as El Torito has it."""
    descriptor = bytearray(2048)
    descriptor[:7] = b"\x01CD001\x01"
    descriptor[40:72] = b"DISK".ljust(32)
    descriptor[80:88] = struct.pack("<I", blocks) + struct.pack(">I", blocks)
    descriptor[120:132] = (
        struct.pack("<H", 1)
        + struct.pack(">H", 1)
        + struct.pack("<H", 1)
        + struct.pack(">H", 1)
        + (struct.pack("<H", 2048) + struct.pack(">H", 2048))
    )
    record = b"\0CD001\x01EL TORITO SPECIFICATION".ljust(71, b"\0") + struct.pack("<I", 19)
    end = b"\xffCD001\x01".ljust(2048, b"\0")
    descriptors = bytes(descriptor) + (record.ljust(2048, b"\0") if boot else b"") + end
    return (system_area.ljust(16 * 2048, b"\0") + descriptors).ljust(blocks * 2048, b"\0")


def partition(kind: int, start: int, size: int, *, flag: int = 0, first: bytes = b"\0\x02\0") -> bytes:
    """Return an entry of a partition table."""
    return struct.pack("<B3sB3sII", flag, first, kind, b"\xfe\xff\xff", start, size)


def mbr(*partitions: bytes) -> bytes:
    """Return a partition table."""
    return b"boot".ljust(446, b"\x90") + b"".join(partitions).ljust(64, b"\0") + b"\x55\xaa"


def gpt(sectors: int, *extra: bytes) -> bytes:
    """Return the beginning of a disk of so many sectors with a GUID partition table."""
    header = struct.pack("<8sIIIIQQQQ", b"EFI PART", 0x10000, 92, 0, 0, 1, sectors - 1, 34, sectors - 34)
    return mbr(partition(0xEE, 1, sectors - 1), *extra) + header.ljust(SECTOR, b"\0")


@hostile("the check truncated of iso data: its volume ends at byte 204800, and there are 204799 bytes")
def iso_cut_by_a_byte(bench: Bench) -> bytes:
    return iso()[:-1]


@hostile("the check truncated of iso data: its volume ends")
def iso_cut_to_its_descriptors(bench: Bench) -> bytes:
    return iso()[: 20 * 2048]


@hostile("the check truncated of iso data: its volume ends")
def iso_hybrid_cut(bench: Bench) -> bytes:
    return iso(mbr(partition(0x17, 0, 400, flag=0x80)))[:-2048]


@hostile("is iso and qcow2 at once")
def iso_and_qcow2(bench: Bench) -> bytes:
    return iso(bench.create("qcow2")[: 16 * 2048])


@hostile("is iso and vmdk at once")
def iso_and_vmdk(bench: Bench) -> bytes:
    return iso(bench.create("vmdk")[: 16 * 2048])


@hostile("is iso and vdi at once")
def iso_and_vdi(bench: Bench) -> bytes:
    return iso(bench.create("vdi"))


@hostile("is iso and vhd at once")
def iso_and_vhd(bench: Bench) -> bytes:
    return iso(bench.create("vpc"))


@hostile("is iso and luks at once")
def iso_and_luks(bench: Bench) -> bytes:
    return iso(luks())


@hostile("is gpt and qcow2 at once")
def qcow2_with_partitions(bench: Bench) -> bytes:
    return patched(bench.convert("qcow2"), 446, "66s", mbr(partition(0x83, 1, 10))[446:])


@hostile("is gpt, iso and qcow2|is gpt and iso and qcow2 at once")
def qcow2_with_partitions_and_a_volume(bench: Bench) -> bytes:
    head = patched(bench.create("qcow2"), 446, "66s", mbr(partition(0x83, 1, 10))[446:])
    return iso(head[: 16 * 2048])


# Not what it says


@hostile("is declared as raw, and its content is qcow2", disk_format="raw")
@hostile("is declared as vmdk, and its content is qcow2", disk_format="vmdk")
@legitimate("qcow2")
def qcow2(bench: Bench) -> bytes:
    return bench.create("qcow2")


@hostile("is declared as qcow2, and its content is raw", disk_format="qcow2")
@hostile("is qcow2 by its name, and its content is not", "disk.QCOW2")
@hostile("is vdi by its name, and its content is not", "disk.vdi.xz")
@legitimate("raw", "disk.raw")
@legitimate("raw", "disk.qcow2", disk_format="raw")
@legitimate("ami", disk_format="ami")
def garbage(bench: Bench) -> bytes:
    return DATA


@hostile("is declared as raw, and its content is iso", disk_format="raw")
@legitimate("iso", "disk.iso")
def iso_plain(bench: Bench) -> bytes:
    return iso()


@hostile("is declared as vhd, and its content is vhdx", disk_format="vhd")
@legitimate("vhdx")
def vhdx(bench: Bench) -> bytes:
    return bench.create("vhdx")


@hostile("is declared as iso, and its content is raw", disk_format="iso")
@legitimate("raw")
def disk_with_partitions(bench: Bench) -> bytes:
    return mbr(partition(0x83, 1, 100, flag=0x80)).ljust(MIB, b"\0")


@hostile("is a page of a website, and no disk")
@hostile("is a page of a website, and no disk", "disk.qcow2")
def page(bench: Bench) -> bytes:
    return b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"


@hostile("is a tar archive, and no disk")
@legitimate("raw", disk_format="raw")
def tar(bench: Bench) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        member = tarfile.TarInfo("disk.raw")
        member.size = len(DATA)
        archive.addfile(member, io.BytesIO(DATA))
    return target.getvalue()


@hostile("is a zip archive, and no disk")
def zip_archive(bench: Bench) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("disk.raw", DATA)
    return target.getvalue()


@hostile("is a tar archive, and no disk", "disk.tar.gz")
def tar_in_gz(bench: Bench) -> bytes:
    return gzip.compress(tar(bench), mtime=0)


@hostile("is qed, which the Image service does not keep")
def qed(bench: Bench) -> bytes:
    return bench.create("qed")


# Raw data


@hostile("is empty")
def empty(bench: Bench) -> bytes:
    return b""


@hostile("the check truncated of gpt data: its partition 1 ends")
def disk_cut_in_its_partition(bench: Bench) -> bytes:
    return mbr(partition(0x83, 1, 8000)).ljust(MIB, b"\0")


@hostile("the check truncated of gpt data: its second partition table ends")
def disk_cut_before_its_second_table(bench: Bench) -> bytes:
    return gpt(8192).ljust(MIB, b"\0")


@hostile("mbr: MBR PTE 0 has invalid boot flag")
def disk_with_a_strange_flag(bench: Bench) -> bytes:
    return mbr(partition(0x83, 1, 100, flag=0x42)).ljust(MIB, b"\0")


@hostile("mbr: GPT MBR has no partitions defined")
def disk_without_partitions(bench: Bench) -> bytes:
    return mbr().ljust(MIB, b"\0")


@hostile("mbr: GPT MBR defines invalid extra partitions")
def disk_with_two_tables(bench: Bench) -> bytes:
    return gpt(2048, partition(0x83, 34, 100)).ljust(MIB, b"\0")


def luks(version: int = 1, payload: int = 2056) -> bytes:
    """Return the header of an encrypted disk."""
    names = (b"aes".ljust(32, b"\0"), b"xts-plain64".ljust(32, b"\0"), b"sha256".ljust(32, b"\0"))
    return struct.pack(">6sH32s32s32sII", b"LUKS\xba\xbe", version, *names, payload, 64).ljust(592, b"\0")


@hostile("version: LUKS version 2 is not supported.*LUKS 1")
def luks_2(bench: Bench) -> bytes:
    return luks(2).ljust(2 * MIB, b"\0")


@hostile("the check truncated of luks data: its header ends")
def luks_cut(bench: Bench) -> bytes:
    return luks().ljust(MIB, b"\0")


# Larger than allowed


@hostile(
    "virtual size of 1073741825024 bytes \\(1000 GiB\\), and max_virtual_size allows 107374182400",
    max_virtual_size="100GiB",
)
@legitimate("qcow2", max_virtual_size="1000.1 G")
def qcow2_large(bench: Bench) -> bytes:
    return bench.create("qcow2", size="1048576001K")


@hostile("virtual size of 1572864 bytes \\(1.5 MiB\\), and max_virtual_size allows 1572863", max_virtual_size=1572863)
@legitimate("raw", max_virtual_size=1572864)
def raw_of_some_size(bench: Bench) -> bytes:
    return DATA


@hostile("and max_virtual_size allows", max_virtual_size="1GiB")
def vhdx_large(bench: Bench) -> bytes:
    return bench.create("vhdx", size="2G")


@hostile("and max_virtual_size allows", max_virtual_size="1GiB")
def vdi_large(bench: Bench) -> bytes:
    return bench.create("vdi", size="2G")


@hostile("and max_virtual_size allows", max_virtual_size="1GiB")
def vmdk_large(bench: Bench) -> bytes:
    return bench.create("vmdk", size="2G")


@hostile("and max_virtual_size allows", max_virtual_size="1GiB")
def vhd_large(bench: Bench) -> bytes:
    return bench.create("vpc", size="2G")


@hostile("and max_virtual_size allows", max_virtual_size="100K")
def iso_large(bench: Bench) -> bytes:
    return iso()


# Compressed


def zst(data: bytes) -> bytes:
    """Return data compressed with zstd."""
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


def zst_bomb(size: int) -> bytes:
    """Return a frame of zeros, 4 bytes for each 128 KiB of them."""
    blocks = size // (128 * KIB)
    each = (128 * KIB) << 3 | 1 << 1
    packed = ((each | (number == blocks - 1)).to_bytes(3, "little") + b"\0" for number in range(blocks))
    return b"\x28\xb5\x2f\xfd\x00\x58" + b"".join(packed)


@hostile("is cut off: its gz data ends too early|is broken gz data")
def gz_cut(bench: Bench) -> bytes:
    return gzip.compress(DATA, mtime=0)[:-100]


@hostile("is broken gz data")
def gz_with_a_wrong_sum(bench: Bench) -> bytes:
    return patched(gzip.compress(DATA, mtime=0), len(gzip.compress(DATA, mtime=0)) - 8, "<I", 0)


@hostile("is cut off: its xz data ends too early")
def xz_cut(bench: Bench) -> bytes:
    return lzma.compress(DATA)[:-1]


@hostile("is broken bz2 data")
def bz2_broken(bench: Bench) -> bytes:
    packed = bz2.compress(DATA)
    return patched(packed, len(packed) - 40, "8s", b"\xff" * 8)


@hostile("is cut off: its zst data ends too early")
def zst_cut(bench: Bench) -> bytes:
    return zst(DATA)[:-1]


@hostile("the check nested of xz data: it is gz data compressed once more")
def gz_in_xz(bench: Bench) -> bytes:
    return lzma.compress(gzip.compress(DATA, mtime=0))


@hostile("the check nested of gz data: it is xz data compressed once more")
def xz_in_gz(bench: Bench) -> bytes:
    return gzip.compress(lzma.compress(DATA), mtime=0)


@hostile("the check nested of zst data: it is zst data compressed once more")
def zst_in_zst(bench: Bench) -> bytes:
    return zst(zst(DATA))


@hostile("the check nested of bz2 data: it is bz2 data compressed once more")
def bz2_in_bz2(bench: Bench) -> bytes:
    return bz2.compress(bz2.compress(DATA))


@hostile("virtual size of more than 16777216 bytes", max_virtual_size="16MiB")
def gz_bomb(bench: Bench) -> bytes:
    return gzip.compress(bytes(64 * MIB), mtime=0)


@hostile("virtual size of more than 16777216 bytes", max_virtual_size="16MiB")
@legitimate("raw", max_virtual_size="64MiB")
@legitimate("raw", "disk.raw.xz")
def xz_of_a_sparse_disk(bench: Bench) -> bytes:
    packed = lzma.compress(bytes(64 * MIB), preset=1)
    assert len(packed) * 1000 < 64 * MIB
    return packed


@hostile("virtual size of more than 16777216 bytes", max_virtual_size="16MiB")
def bz2_bomb(bench: Bench) -> bytes:
    return bz2.compress(bytes(MIB)) * 64


@hostile("virtual size of more than 16777216 bytes", max_virtual_size="16MiB")
def zst_bomb_of_a_gibibyte(bench: Bench) -> bytes:
    return zst_bomb(1024 * MIB)


@hostile("the check expansion of qcow2 data: it goes on after 66 MiB, more than its disk explains")
def qcow2_in_gz_with_a_long_tail(bench: Bench) -> bytes:
    return gzip.compress(bench.create("qcow2") + bytes(80 * MIB), 1, mtime=0)


@hostile("is broken xz data: Memory usage limit exceeded")
def xz_with_a_huge_dictionary(bench: Bench) -> bytes:
    return lzma.compress(b"disk", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1024 * MIB, "preset": 0}])


@hostile("backing_file: Image has a backing file", "disk.qcow2.gz")
def qcow2_backing_file_in_gz(bench: Bench) -> bytes:
    return gzip.compress(qcow2_backing_file_of_the_host(bench), mtime=0)


@hostile("the check truncated of qcow2 data", "disk.qcow2.xz")
def qcow2_cut_in_xz(bench: Bench) -> bytes:
    return lzma.compress(qcow2_cut_by_a_cluster(bench))


@hostile("and max_virtual_size allows", "disk.qcow2.gz", max_virtual_size="100MiB")
def qcow2_large_in_gz(bench: Bench) -> bytes:
    return gzip.compress(qcow2_large(bench), mtime=0)


# What is right


@legitimate("qcow2", "disk.qcow2")
def qcow2_with_data(bench: Bench) -> bytes:
    return bench.convert("qcow2")


@legitimate("qcow2")
def qcow2_compressed(bench: Bench) -> bytes:
    return bench.convert("qcow2", "-c")


@legitimate("qcow2")
def qcow2_compressed_with_zstd(bench: Bench) -> bytes:
    return bench.convert("qcow2", "-c", "-o", "compression_type=zstd")


@legitimate("qcow2")
def qcow2_version_2(bench: Bench) -> bytes:
    return bench.convert("qcow2", "-o", "compat=0.10")


@legitimate("qcow2")
def qcow2_of_small_clusters(bench: Bench) -> bytes:
    return bench.convert("qcow2", "-o", "cluster_size=512")


@legitimate("qcow2")
def qcow2_preallocated(bench: Bench) -> bytes:
    return bench.convert("qcow2", "-o", "preallocation=metadata")


@legitimate("qcow2")
def qcow2_with_a_snapshot(bench: Bench) -> bytes:
    path = bench.folder / "snapshot"
    path.write_bytes(bench.convert("qcow2"))
    bench.qemu_img("snapshot", "-c", "before", path)
    return path.read_bytes()


@legitimate("qcow2")
def qcow2_of_an_odd_size(bench: Bench) -> bytes:
    return bench.convert("qcow2", data=DATA[: 300 * KIB + SECTOR])


@legitimate("qcow2")
def qcow2_not_closed(bench: Bench) -> bytes:
    return patched(bench.convert("qcow2"), 72, ">Q", 1)


@legitimate("qcow2")
def qcow2_encrypted(bench: Bench) -> bytes:
    """As LUKS, which takes seconds to make in earnest."""
    return patched(bench.create("qcow2"), 32, ">I", 2)


@legitimate("raw")
def encrypted(bench: Bench) -> bytes:
    return luks().ljust(2 * MIB, b"\0")


@legitimate("vmdk")
def vmdk_sparse(bench: Bench) -> bytes:
    return bench.convert("vmdk")


@legitimate("vmdk")
def vmdk_empty(bench: Bench) -> bytes:
    return bench.create("vmdk")


@legitimate("vmdk")
def vmdk_stream_optimised(bench: Bench) -> bytes:
    return bench.convert("vmdk", "-o", "subformat=streamOptimized")


@legitimate("vmdk", "disk.vmdk")
def vmdk_streamed(bench: Bench) -> bytes:
    return _whole(*streamed_vmdk())


@legitimate("vmdk")
def vmdk_streamed_and_long(bench: Bench) -> bytes:
    return _whole(*streamed_vmdk(random.Random(9).randbytes(4 * MIB)))


@legitimate("vdi")
def vdi(bench: Bench) -> bytes:
    return bench.convert("vdi")


@legitimate("vdi")
def vdi_static(bench: Bench) -> bytes:
    return bench.convert("vdi", "-o", "static=on")


@legitimate("vhd")
def vhd(bench: Bench) -> bytes:
    return bench.convert("vpc")


@legitimate("vhd")
def vhd_empty(bench: Bench) -> bytes:
    return bench.create("vpc")


@legitimate("vhdx")
def vhdx_with_data(bench: Bench) -> bytes:
    return bench.convert("vhdx")


@legitimate("vhdx")
def vhdx_fixed(bench: Bench) -> bytes:
    return bench.convert("vhdx", "-o", "subformat=fixed")


@legitimate("iso")
def iso_that_boots(bench: Bench) -> bytes:
    return iso(boot=True)


@legitimate("iso")
def iso_padded(bench: Bench) -> bytes:
    return iso() + bytes(300 * KIB)


@legitimate("iso")
def iso_hybrid(bench: Bench) -> bytes:
    """As isohybrid of syslinux makes it."""
    return iso(mbr(partition(0x17, 0, 400, flag=0x80)), boot=True)


@legitimate("iso")
def iso_hybrid_of_two_partitions(bench: Bench) -> bytes:
    """As xorriso makes it for BIOS and EFI."""
    return iso(mbr(partition(0, 64, 400, flag=0x80), partition(0xEF, 80, 20)), boot=True)


@legitimate("iso")
def iso_hybrid_with_a_guid_table(bench: Bench) -> bytes:
    return iso(gpt(400, partition(0, 0, 1, flag=0x80)), boot=True)


@legitimate("iso")
def iso_hybrid_that_is_no_strict_table(bench: Bench) -> bytes:
    """The Image service takes it too: of a hybrid, only the volume counts."""
    return iso(mbr(partition(0xEE, 1, 399, first=b"\xff\xff\xff"), partition(0x83, 64, 10)), boot=True)


@legitimate("iso")
def iso_with_boot_code_alone(bench: Bench) -> bytes:
    return iso(mbr(), boot=True)


@legitimate("raw")
def disk_with_a_guid_table(bench: Bench) -> bytes:
    return gpt(2048).ljust(MIB, b"\0")


@legitimate("raw")
def zeros(bench: Bench) -> bytes:
    return bytes(MIB)


@legitimate("raw", "disk.raw.gz")
def raw_in_gz(bench: Bench) -> bytes:
    return gzip.compress(DATA, mtime=0)


@legitimate("raw", "disk.raw.gz")
def raw_in_two_members(bench: Bench) -> bytes:
    return gzip.compress(DATA[:MIB], mtime=0) + gzip.compress(DATA[MIB:], mtime=0)


@legitimate("raw", "disk.raw.xz")
def raw_in_two_streams(bench: Bench) -> bytes:
    return lzma.compress(DATA[:MIB]) + bytes(8) + lzma.compress(DATA[MIB:]) + bytes(4)


@legitimate("qcow2", "disk.qcow2.xz")
def qcow2_in_xz(bench: Bench) -> bytes:
    return lzma.compress(bench.convert("qcow2"))


@legitimate("qcow2", "disk.qcow2.zst")
def qcow2_in_zst(bench: Bench) -> bytes:
    return zst(bench.convert("qcow2"))


@legitimate("vmdk", "disk.vmdk.bz2")
def vmdk_streamed_in_bz2(bench: Bench) -> bytes:
    return bz2.compress(_whole(*streamed_vmdk()))
