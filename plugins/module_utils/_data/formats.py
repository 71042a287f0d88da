# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
Where the formats of disks keep their data, as far as it takes to see that a file is whole and stands alone.

Tables are read in pieces and each but once, so that a file that was made to tire us costs no more than reading it.
"""

from __future__ import annotations

import array
import sys
import typing as t
import uuid
from struct import unpack_from

from ansible_collections.xloud.image.plugins.module_utils._data.layout import FlawError, Reach, Read, Steps

_CONVERT: t.Final = "Write it anew, as with: qemu-img convert."
FLATTEN: t.Final = "Flatten it into one file, as with: qemu-img convert."
_REPAIR: t.Final = "Repair it: qemu-img check -r all."
_SECTOR: t.Final = 512
_PIECE: t.Final = 1024 * 1024
# Tables of the first level have no more entries than this, which is 512 TiB of disk in a qcow2 file of usual clusters.
_MOST_TABLES: t.Final = 1024 * 1024

_COPIED: t.Final = 1 << 63
_HOST_OFFSET: t.Final = 0x00FFFFFFFFFFFE00
_CORRUPT: t.Final = 1 << 1
_FOOTER_HAS_TABLE: t.Final = 0xFFFFFFFFFFFFFFFF
_MARKERS: t.Final = 1 << 17
_COMPRESSED: t.Final = 1 << 16
_NO_PARENT: t.Final = ("ffffffff", "0")
_END_OF_STREAM: t.Final = 0
_TABLES: t.Final = (1, 2)
_FOOTER: t.Final = 3


def steps_of(disk_format: str) -> t.Callable[[], Steps] | None:
    """
    Return the steps through data of a format, None where it has no tables.

    :param disk_format: As the inspector calls it.
    """
    return _STEPS.get(disk_format)


def _numbers(data: bytes, width: str, *, big: bool) -> array.array[int]:
    """Return a table of numbers: four bytes each for the width C(I), eight for C(Q). What is cut off is left out."""
    numbers = array.array(width)
    numbers.frombytes(data[: len(data) // numbers.itemsize * numbers.itemsize])
    if big == (sys.byteorder == "little"):
        numbers.byteswap()
    return numbers


def _whole(offset: int, length: int) -> t.Generator[Read | Reach, bytes | None, bytes | None]:
    """Read bytes that are of use all together: None where a stream is past them, or the file ends before."""
    data = yield Read(offset, length)
    return data if data is not None and len(data) == length else None


def _table(offset: int, count: int, width: str, *, big: bool) -> t.Generator[Read | Reach, bytes | None, t.Any]:
    """Read a table of the first level, and return its entries, none where a stream is past it."""
    if count > _MOST_TABLES:
        raise FlawError("header", f"its first table is said to have {count} entries", _CONVERT)
    size = count * array.array(width).itemsize
    found = b""
    while len(found) < size:
        piece = yield Read(offset + len(found), min(_PIECE, size - len(found)))
        if not piece:
            break
        found += piece
    return _numbers(found, width, big=big)


def _highest(
    offset: int, count: int, width: str, *, big: bool, is_used: t.Callable[[int], bool]
) -> t.Generator[Read | Reach, bytes | None, int | None]:
    """Return the greatest entry of a table that is in use, without keeping the table."""
    highest, size = None, count * array.array(width).itemsize
    end = offset + size
    while offset < end:
        piece = yield Read(offset, min(_PIECE, end - offset))
        if not piece:
            break
        used = [entry for entry in _numbers(piece, width, big=big) if is_used(entry)]
        highest = max([*used, *([] if highest is None else [highest])], default=None)
        offset += len(piece)
    return highest


def _qcow2() -> Steps:
    header = yield Read(0, 104)
    if header is None or len(header) < 72:
        return
    (
        _magic,
        version,
        _backing,
        _length,
        cluster_bits,
        disk,
        encryption,
        table_entries,
        table_offset,
        counts_offset,
        _counts,
        snapshots,
        snapshots_offset,
    ) = unpack_from(">4sIQIIQIIQQIIQ", header)
    if not 9 <= cluster_bits <= 21:
        raise FlawError("header", f"it is said to have clusters of 2^{cluster_bits} bytes", _CONVERT)
    cluster = 1 << cluster_bits
    if version >= 3 and len(header) >= 80 and unpack_from(">Q", header, 72)[0] & _CORRUPT:
        raise FlawError("corrupt", "QEMU found it corrupt and marked it so", _REPAIR)
    if encryption == 1:
        raise FlawError("encryption", "it is encrypted in a way (AES) that hypervisors open no more", _CONVERT)
    if table_entries * (cluster // 8) * cluster < disk:
        raise FlawError("l1_table", f"its table has no room for a disk of {disk} bytes", _CONVERT)
    yield Reach(table_offset + table_entries * 8, "its L1 table")
    yield Reach(counts_offset + 8, "its table of reference counts")
    if snapshots:
        yield Reach(snapshots_offset + 40, "its table of snapshots")
    entries = yield from _table(table_offset, table_entries, "Q", big=True)
    yield from _qcow2_clusters({entry & _HOST_OFFSET for entry in entries} - {0}, cluster_bits, version)


def _qcow2_clusters(tables: set[int], cluster_bits: int, version: int) -> Steps:
    cluster = 1 << cluster_bits
    for table in tables:
        if table % cluster:
            raise FlawError("l1_table", f"it points to byte {table}, where no cluster begins", _REPAIR)
    # A compressed cluster has its place in the lower bits of its entry, and above them how many sectors it takes.
    shift = 62 - (cluster_bits - 8)
    place, sectors = (1 << shift) - 1, (1 << (cluster_bits - 8)) - 1
    for table in sorted(tables):
        yield Reach(table + cluster, "an L2 table")
        data = yield Read(table, cluster)
        if not data or not data.strip(b"\0"):
            continue
        entries: t.Collection[int] = _numbers(data, "Q", big=True)
        farthest, highest = 0, max(entries, default=0)
        if highest >> 62 == 2 and not highest & 1:
            # Of the usual entries, one look tells the last. It is worth it: a table has 8192.
            farthest = (highest & _HOST_OFFSET) + cluster
            entries = [entry for entry in entries if 0 < entry < _COPIED]
        for entry in entries:
            if entry >> 62 & 1:
                # The last sector may be there in part.
                start = (entry & place) // _SECTOR * _SECTOR
                farthest = max(farthest, start + (entry >> shift & sectors) * _SECTOR + 1)
            elif entry & _HOST_OFFSET and not (version >= 3 and entry & 1):
                farthest = max(farthest, (entry & _HOST_OFFSET) + cluster)
        yield Reach(farthest, "a cluster of its data")


def _vmdk() -> Steps:
    header = yield from _whole(0, _SECTOR)
    if header is None or not header.startswith(b"KDMV"):
        return
    _magic, _version, flags, capacity, grain, descriptor, length, entries, _spare, directory, overhead = unpack_from(
        "<4sIIQQQQIQQQ", header
    )
    if not capacity:
        raise FlawError(
            "capacity", "its header says nothing of a disk, so that its descriptor could name any file", FLATTEN
        )
    text = yield Read(descriptor * _SECTOR, min(length * _SECTOR, _PIECE))
    _check_descriptor(text or b"")
    if not 0 < grain <= _PIECE or not 0 < entries <= 4096:
        raise FlawError("header", f"it is said to have grains of {grain} sectors, {entries} to a table", _CONVERT)
    if directory == _FOOTER_HAS_TABLE:
        if flags & _MARKERS:
            yield from _vmdk_stream(overhead * _SECTOR)
        return
    count = -(-capacity // (grain * entries))
    yield Reach(directory * _SECTOR + count * 4, "its grain directory")
    tables = yield from _table(directory * _SECTOR, count, "I", big=False)
    highest = 0
    for table in sorted({*tables} - {0}):
        yield Reach(table * _SECTOR + entries * 4, "a grain table")
        data = yield Read(table * _SECTOR, entries * 4)
        # 1 stands for a grain of zeros.
        highest = max([highest, *(_numbers(data or b"", "I", big=False))])
    if highest > 1:
        yield from _vmdk_grain(highest * _SECTOR, None if flags & _COMPRESSED else grain * _SECTOR)


def _vmdk_grain(offset: int, size: int | None) -> Steps:
    if size is None:
        yield Reach(offset + 12, "a grain of its data")
        data = yield from _whole(offset, 12)
        if data is None:
            return
        size = 12 + unpack_from("<I", data, 8)[0]
    yield Reach(offset + size, "a grain of its data")


def _vmdk_stream(offset: int) -> Steps:
    """Go from marker to marker."""
    while True:
        marker = yield Read(offset, _SECTOR)
        if marker is None:
            return
        yield Reach(offset + _SECTOR, "a marker of its stream")
        if len(marker) < _SECTOR:
            return
        value, size, kind = unpack_from("<QII", marker)
        if size:
            yield Reach(offset + 12 + size, "a grain of its data")
            offset += -(-(12 + size) // _SECTOR) * _SECTOR
        elif kind == _END_OF_STREAM:
            return
        elif kind in _TABLES or kind == _FOOTER:
            offset += _SECTOR + (1 if kind == _FOOTER else value) * _SECTOR
        else:
            raise FlawError("markers", f"there is no marker at byte {offset}, where one belongs", _CONVERT)


def _check_descriptor(data: bytes) -> None:
    lines = [line.strip().lower() for line in data.partition(b"\0")[0].decode("latin-1").splitlines()]
    fields = {key.strip(): value.strip().strip('"') for key, _equals, value in (line.partition("=") for line in lines)}
    if fields.get("parentcid", "ffffffff") not in _NO_PARENT or fields.get("parentfilenamehint"):
        raise FlawError("parent", "it holds only what differs from another file", FLATTEN)
    extents = [line.split() for line in lines if line.startswith(("rw ", "rdonly ", "noaccess "))]
    if len(extents) != 1 or extents[0][2:3] != ["sparse"]:
        kinds = ", ".join(" ".join(extent[2:3]).upper() for extent in extents)
        raise FlawError("extents", f"its data is not in this one file ({kinds or 'no extent'})", FLATTEN)


def _vdi() -> Steps:
    header = yield from _whole(0, _SECTOR)
    if header is None:
        return
    (kind,) = unpack_from("<I", header, 0x4C)
    map_offset, data_offset = unpack_from("<II", header, 0x154)
    disk, block, extra, blocks, allocated = unpack_from("<QIIII", header, 0x170)
    if kind not in (1, 2) or any(header[0x1A8:0x1C8]):
        raise FlawError("parent", f"it holds only what differs from another file (type {kind})", FLATTEN)
    if blocks * block < disk:
        raise FlawError("header", f"its table has no room for a disk of {disk} bytes", _CONVERT)
    yield Reach(map_offset + blocks * 4, "its block map")
    yield Reach(data_offset + allocated * (block + extra), "its data")
    highest = yield from _highest(map_offset, blocks, "I", big=False, is_used=lambda entry: entry < 0xFFFFFFFE)
    if highest is not None:
        yield Reach(data_offset + (highest + 1) * (block + extra), "a block of its data")


def _vhd() -> Steps:
    footer = yield from _whole(0, _SECTOR)
    if footer is None:
        return
    (kind,) = unpack_from(">I", footer, 60)
    if kind == 4:
        raise FlawError("parent", "it holds only what differs from another file", FLATTEN)
    if kind != 3:
        raise FlawError("header", f"it is said to be of type {kind}, and has the structure of type 3", _CONVERT)
    (offset,) = unpack_from(">Q", footer, 16)
    yield Reach(offset + 1024, "its header")
    header = yield from _whole(offset, 1024)
    if header is None:
        return
    if not header.startswith(b"cxsparse"):
        raise FlawError("header", f"there is no header at byte {offset}, where one belongs", _CONVERT)
    offset, _version, entries, block = unpack_from(">QIII", header, 16)
    bitmap = -(-block // (_SECTOR * 8 * _SECTOR)) * _SECTOR
    # A footer follows the table, and then the last block.
    yield Reach(-(-(offset + entries * 4) // _SECTOR) * _SECTOR + _SECTOR, "its block table")
    highest = yield from _highest(offset, entries, "I", big=True, is_used=lambda entry: entry != 0xFFFFFFFF)
    if highest is not None:
        yield Reach(highest * _SECTOR + bitmap + block + _SECTOR, "its data")


_VHDX_BLOCKS: t.Final = uuid.UUID("2DC27766-F623-4200-9D64-115E9BFD4A08").bytes_le
_VHDX_METADATA: t.Final = uuid.UUID("8B7CA206-4790-4B9A-B8FE-575F050F886E").bytes_le
_VHDX_PARAMETERS: t.Final = uuid.UUID("CAA16737-FA36-4D43-B3B6-33F0AA44E76B").bytes_le
_VHDX_PLACE: t.Final = ~(_PIECE - 1)
# A block with data, of which at least a part is there.
_VHDX_PRESENT: t.Final = 6


def _vhdx() -> Steps:
    headers = []
    for offset in (64 * 1024, 128 * 1024):
        header = yield from _whole(offset, 64)
        if header and header.startswith(b"head"):
            headers.append((unpack_from("<Q", header, 8)[0], header[48:64]))
    if headers and any(max(headers)[1]):
        raise FlawError("log", "it was not closed: its log holds changes that its data has not", _REPAIR)
    table = yield from _whole(192 * 1024, 64 * 1024)
    if table is None:
        return
    count = min(unpack_from("<I", table, 8)[0], 2047)
    regions = {
        table[start : start + 16]: unpack_from("<QI", table, start + 16) for start in range(16, 16 + count * 32, 32)
    }
    for offset, length in regions.values():
        yield Reach(offset + length, "one of its regions")
    block, highest = 0, 0
    for guid, (offset, length) in sorted(regions.items(), key=lambda region: region[1]):
        if guid == _VHDX_METADATA:
            block = yield from _vhdx_block_size(offset)
        elif guid == _VHDX_BLOCKS:
            found = yield from _highest(
                offset, length // 8, "Q", big=False, is_used=lambda entry: entry & 7 >= _VHDX_PRESENT
            )
            highest = (found or 0) & _VHDX_PLACE
    if highest:
        yield Reach(highest + max(block, _PIECE), "a block of its data")


def _vhdx_block_size(offset: int) -> t.Generator[Read | Reach, bytes | None, int]:
    table = yield from _whole(offset, 64 * 1024)
    if table is None:
        return 0
    for start in range(32, 32 + min(unpack_from("<H", table, 10)[0], 2046) * 32, 32):
        if table[start : start + 16] == _VHDX_PARAMETERS:
            data = yield from _whole(offset + unpack_from("<I", table, start + 16)[0], 8)
            if data is None:
                return 0
            block, flags = unpack_from("<II", data)
            if flags & 2:
                raise FlawError("parent", "it holds only what differs from another file", FLATTEN)
            return t.cast(int, block)
    return 0


def _iso() -> Steps:
    descriptor = yield from _whole(16 * 2048, 2048)
    # Other descriptors than the primary one of ISO 9660 say nothing of the size.
    if descriptor and descriptor.startswith(b"\x01CD001"):
        blocks, block = unpack_from("<I", descriptor, 80)[0], unpack_from("<H", descriptor, 128)[0]
        yield Reach(blocks * block, "its volume")


def _partitioned() -> Steps:
    head = yield Read(0, 8192)
    if head is None or len(head) < _SECTOR:
        return
    partitions = [unpack_from("<B3xB3xII", head, 446 + 16 * number) for number in range(4)]
    if any(kind == 0xEE for _flag, kind, _start, _size in partitions):
        for sector in (512, 4096):
            if head[sector : sector + 8] == b"EFI PART" and len(head) >= sector + 40:
                yield Reach((unpack_from("<Q", head, sector + 32)[0] + 1) * sector, "its second partition table")
        return
    for number, (_flag, kind, start, size) in enumerate(partitions, 1):
        if kind:
            yield Reach((start + size) * _SECTOR, f"its partition {number}")


def _luks() -> Steps:
    header = yield from _whole(0, 108)
    if header:
        yield Reach(unpack_from(">I", header, 104)[0] * _SECTOR + 1, "its header")


_STEPS: t.Final[dict[str, t.Callable[[], Steps]]] = {
    "qcow2": _qcow2,
    "vmdk": _vmdk,
    "vdi": _vdi,
    "vhd": _vhd,
    "vhdx": _vhdx,
    "iso": _iso,
    "gpt": _partitioned,
    "luks": _luks,
}
