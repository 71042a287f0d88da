# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make small image files of every kind in a folder, good ones and bad ones, and print what describes the disk."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

MIB = 1024**2
# How qemu-img calls what the Image service calls otherwise.
FORMATS = {"qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vhdx": "vhdx", "vhd": "vpc"}


def iso9660(sectors: int) -> bytes:
    """Return an empty ISO 9660 file system: sixteen sectors of nothing, a volume descriptor, and the end of them."""
    primary = bytearray(2048)
    primary[0:7] = b"\x01CD001\x01"
    primary[80:88] = sectors.to_bytes(4, "little") + sectors.to_bytes(4, "big")
    primary[128:132] = b"\x00\x08\x08\x00"
    terminator = b"\xffCD001\x01".ljust(2048, b"\0")
    return (bytes(16 * 2048) + primary + terminator).ljust(sectors * 2048, b"\0")


def qemu_img(*arguments: str) -> None:
    subprocess.run(["qemu-img", *arguments], check=True, stdout=subprocess.DEVNULL)


def main(folder: Path) -> None:
    disk = random.Random(1).randbytes(MIB)
    raw = folder / "disk.raw"
    raw.write_bytes(disk)
    (folder / "disk.iso").write_bytes(iso9660(64))
    (folder / "changed.raw").write_bytes(random.Random(2).randbytes(MIB))
    for name, driver in FORMATS.items():
        qemu_img("convert", "-f", "raw", "-O", driver, str(raw), str(folder / f"disk.{name}"))
    qemu_img("create", "-q", "-f", "qcow2", "-b", str(raw), "-F", "raw", str(folder / "overlay.qcow2"))
    (folder / "empty.raw").touch()
    (folder / "folder.raw").mkdir()
    os.mkfifo(folder / "pipe.raw")
    # A file that nobody can open, whoever the tests run as.
    (folder / "endless.raw").symlink_to("endless.raw")
    digests = {algorithm: hashlib.new(algorithm, disk).hexdigest() for algorithm in ("sha256", "sha512")}
    for algorithm, digest in digests.items():
        (folder / f"{algorithm.upper()}SUMS").write_text(f"{digest}  disk.raw\n")
    print(json.dumps({"size": len(disk), **digests}))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
