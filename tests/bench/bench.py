# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Measures this collection beside what else reaches the same, on a cloud of its own, and prints tables.

Nothing is asserted about time. Where requests are not as expected, it says so and fails.
The environment says what to measure: BENCH names parts, BENCH_SIZES the sizes of catalogues that do not change,
BENCH_COUNT how many images are created and changed, BENCH_SAMPLE how many of them loops go over ("all" takes long),
BENCH_MEBIBYTES how large a large image is, BENCH_ROUNDS how often each contestant runs. The argument is the page of
the documentation to write, if any.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from cloud import running_cloud
from machine import description
from parts import PARTS, Bench, Settings
from peers import HOME, our_side, peer_side
from table import Table
from transfers import transfers
from workspace import CHECKOUT, claim, copy_of_checkout, lock

PAGE = """\
.. Copyright (c) 2026 Xloud contributors
   SPDX-License-Identifier: GPL-3.0-or-later

.. _ansible_collections.xloud.image.docsite.benchmarks:

What it costs
=============

``make bench`` measures this collection beside the tools that reach the same, in turn, on the same machine and the same
cloud. This page was written by ``make bench-docs``, which writes the chapters anew that it measured whole. Seconds are
medians. Where something is so many times as much or as fast as something else, that is the median of the ratios of
neighbouring runs, and in brackets are the smallest and the largest.

{chapters}
"""
CATALOG = """\
A catalogue
-----------

One task of ``image_catalog`` beside loops of single tasks.

{machine}

CPU seconds are those of the client, ``ansible-playbook`` and all its processes. Requests are counted in the logs of the
services. A loop that was measured over some of its items is computed for all of them: what a run over none costs is
counted once, and the rest grows in proportion. All images of the catalogue were in the cloud then, or half of them
where they are created, since ``openstack.cloud.image`` lists all of them in every task.

{tables}
"""
TRANSFERS = """\
Image data
----------

Large images into the cloud and out of it.

{machine}

The cloud is on the same machine, so that both ends of a transfer share its processors and its disk, and Glance is one
process, which hashes all that it gets. Before each run all that waits to be written is written, and what earlier runs
remember of a file is forgotten. ``curl`` is given the token and, for an upload, the record of the image; a task finds
out all of that itself.

Speeds are those of ``curl``'s whole run: above 1 is faster. ``Speed`` is that of the whole run, the start of Ansible
included, which takes the same for any size. That of the module leaves Ansible out, and that of the transfer counts the
seconds alone in which a module says that it moved data, where it says so. The former holds what makes a file safe on
the disk, which only ours does. ``MiB`` is the most memory that the process held which moves the data, and ``Times
read`` and ``Times written`` are the bytes that it read from files and wrote to files, its program included, by the
size of the image. Neither ``openstack image create`` nor ``openstack.cloud.image`` compare what arrived with what was
sent.

{tables}
"""
# The parts that a chapter of the page is made of, and its text.
CHAPTERS = {"catalog": (tuple(PARTS), CATALOG), "transfers": ((transfers.__name__,), TRANSFERS)}
ALL_PARTS = (*PARTS, transfers.__name__)
MARK = ".. chapter: "


def chosen() -> list[str]:
    parts = os.environ.get("BENCH", "").split() or list(ALL_PARTS)
    unknown = [part for part in parts if part not in ALL_PARTS]
    if unknown:
        raise SystemExit(f"BENCH: there is no {', '.join(unknown)}. There are {', '.join(ALL_PARTS)}.")
    return parts


def settings_given() -> Settings:
    default = Settings()
    sizes = tuple(int(size) for size in os.environ.get("BENCH_SIZES", "").split())
    sample = os.environ.get("BENCH_SAMPLE") or default.sample
    return Settings(
        sizes or default.sizes,
        int(os.environ.get("BENCH_COUNT") or default.count),
        None if sample == "all" else int(sample or 0),
        int(os.environ.get("BENCH_ROUNDS") or default.rounds),
        int(os.environ.get("BENCH_MEBIBYTES") or default.mebibytes),
    )


def measure(settings: Settings, parts: list[str]) -> tuple[list[str], dict[str, list[Table]]]:
    """The machine, and the tables of each part."""
    shutil.rmtree(HOME / "cache", ignore_errors=True)
    HOME.mkdir(exist_ok=True)
    tree = copy_of_checkout("bench")
    print("starting a cloud", flush=True)
    with running_cloud(tree) as cloud:
        bench = Bench(settings, cloud, our_side(tree, cloud), peer_side(cloud))
        machine = description(bench.ours, bench.peer)
        print("\n".join(machine), flush=True)
        tables = {}
        for part in parts:
            tables[part] = [PARTS[part](bench)] if part in PARTS else transfers(bench)
            print("".join(f"\n{table.as_text()}\n" for table in tables[part]), flush=True)
    return machine, tables


def write_page(path: Path, machine: list[str], tables: Mapping[str, list[Table]]) -> None:
    """Write the chapters that were measured whole, and keep the others."""
    chapters = chapters_of(path.read_text())
    for name, (parts, text) in CHAPTERS.items():
        if all(part in tables for part in parts):
            lines = "\n".join(f"- {line}" for line in machine)
            listed = "\n\n".join(table.as_rst() for part in parts for table in tables[part])
            chapters[name] = text.format(machine=lines, tables=listed)
    written = [f"{MARK}{name}\n\n{chapters[name].strip()}" for name in CHAPTERS if name in chapters]
    path.write_text(PAGE.format(chapters="\n\n".join(written)))


def chapters_of(page: str) -> dict[str, str]:
    _intro, *chapters = page.split(MARK)
    return {name: text for name, _newline, text in (chapter.partition("\n") for chapter in chapters)}


def main(*page: str) -> int:
    settings, parts = settings_given(), chosen()
    if page and not any(set(of_chapter) <= set(parts) for of_chapter, _text in CHAPTERS.values()):
        raise SystemExit("BENCH: name all parts of a chapter of the documentation.")
    claim()
    with lock("bench"):
        machine, tables = measure(settings, parts)
    if not all(all(table.claims.values()) for measured in tables.values() for table in measured):
        return 1
    if page:
        write_page(CHECKOUT / page[0], machine, tables)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except RuntimeError as error:
        sys.exit(str(error))
