# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images of any size go to the cloud and back in constant memory."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys

GIB = 1024**3
LIMIT_MIB = 128

# What wait4() reports as the peak of a process may be that of its parent, from before a program of its own ran in it.
RUNNER = """
import atexit, pathlib, runpy, sys
atexit.register(lambda: sys.stderr.write(pathlib.Path("/proc/self/status").read_text()))
runpy.run_module(sys.argv.pop(), run_name="__main__")
"""


def run_measured(folder, module, **args):
    """Run a module in a process of its own, and return its result and its peak resident size in MiB."""
    root, cache = os.environ["ANSIBLE_COLLECTIONS_PATH"], str(folder / "cache")
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, f"ansible_collections.xloud.image.plugins.modules.{module}"],
        env={**os.environ, "PYTHONPATH": root, "XDG_CACHE_HOME": cache},
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {"cloud": "sandbox-operator", **args}}),
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout), int(re.search(r"VmHWM:\s+(\d+) kB", done.stderr)[1]) // 1024


def sha512(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


def test_a_gibibyte_goes_to_the_cloud_and_back_in_constant_memory(name, tmp_path, capsys):
    source, exported = tmp_path / "disk.raw", tmp_path / "exported.raw"
    with source.open("wb") as file:
        file.truncate(GIB)

    upload, upload_peak = run_measured(tmp_path, "image_template", name=name, source=str(source))
    export, export_peak = run_measured(tmp_path, "image_export", image=name, path=str(exported))

    with capsys.disabled():
        print(f"\npeak resident size with 1 GiB: upload {upload_peak} MiB, export {export_peak} MiB")
    assert upload["changed"]
    assert export["changed"]
    assert exported.stat().st_size == GIB
    assert sha512(exported) == upload["image"]["os_hash_value"]
    assert max(upload_peak, export_peak) < LIMIT_MIB
    exported.unlink()
