# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Image data in another format, by qemu-img, which is also asked whether both hold the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.inspection import inspect
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError

# What qemu-img calls the formats of the Image service, where that is something else.
_NAMES: t.Final = {"vhd": "vpc", "iso": "raw", "ami": "raw", "ari": "raw", "aki": "raw", "ploop": "parallels"}
# Without it, the disk would grow to the next whole cylinder.
_OPTIONS: t.Final = {"vhd": ("-o", "force_size=on")}


def convert(source: str, source_format: str, target: str, target_format: str, *, compress: bool = False) -> None:
    """
    Write image data in another format, and make sure that both hold the same.

    :param source_format: The format as the Image service calls it.
    :param compress: Compress the clusters of a qcow2 file.
    :raises DataError: The data cannot be converted, or not safely, or there is not enough room.
    """
    with open(source, "rb") as handle:
        inspect(handle, source, os.fstat(handle.fileno()).st_size)
    formats = _NAMES.get(source_format, source_format), _NAMES.get(target_format, target_format)
    options = [*_OPTIONS.get(target_format, ()), *(["-c"] if compress else [])]
    _qemu_img("convert", "-f", formats[0], "-O", formats[1], *options, source, target)
    _qemu_img("compare", "-f", formats[0], "-F", formats[1], source, target)


def check_converter() -> None:
    """
    Make sure that data can be converted here, before it is fetched.

    :raises InputError: There is no qemu-img.
    """
    if shutil.which("qemu-img") is None:
        raise InputError(
            "format",
            "there is no qemu-img on the machine that the task runs on. Install it (qemu-utils on Debian and Ubuntu, "
            "qemu-img elsewhere), or leave format out.",
        )


def _qemu_img(*arguments: str) -> None:
    done = subprocess.run(["qemu-img", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise DataError(f"qemu-img {arguments[0]} failed: {' '.join((done.stderr or done.stdout).split())[:500]}")
