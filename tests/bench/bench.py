# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Measures image_catalog beside loops of single tasks, on a cloud of its own, and prints tables.

Nothing is asserted about time. Where requests are not as expected, it says so and fails.
The environment says what to measure: BENCH names parts, BENCH_SIZES the sizes of catalogues that do not change,
BENCH_COUNT how many images are created and changed, BENCH_SAMPLE how many of them loops go over ("all" takes long),
BENCH_ROUNDS how often each contestant runs. The argument is the page of the documentation to write, if any.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from cloud import running_cloud
from machine import description
from parts import PARTS, Bench, Settings
from peers import HOME, our_side, peer_side
from table import Table
from workspace import CHECKOUT, claim, copy_of_checkout, lock

PAGE = """\
.. Copyright (c) 2026 Xloud contributors
   SPDX-License-Identifier: GPL-3.0-or-later

.. _ansible_collections.xloud.image.docsite.benchmarks:

What a catalogue costs
======================

``make bench`` measures it: one task of ``image_catalog`` beside loops of single tasks that reach the same, in turn,
on the same machine and the same cloud. This page was written by ``make bench-docs``.

{machine}

Seconds are medians. How many times as long something takes is the median of the ratios of neighbouring runs, and in
brackets the smallest and the largest. CPU seconds are those of the client, ``ansible-playbook`` and all its processes.
Requests are counted in the logs of the services. A loop that was measured over some of its items is computed for all
of them: what a run over none costs is counted once, and the rest grows in proportion. All images of the catalogue were
in the cloud then, or half of them where they are created, since ``openstack.cloud.image`` lists all of them in every
task.

{tables}
"""


def chosen() -> list[str]:
    parts = os.environ.get("BENCH", "").split() or list(PARTS)
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise SystemExit(f"BENCH: there is no {', '.join(unknown)}. There are {', '.join(PARTS)}.")
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
    )


def measure(settings: Settings, parts: list[str]) -> tuple[list[str], list[Table]]:
    """The machine and the tables."""
    shutil.rmtree(HOME / "cache", ignore_errors=True)
    HOME.mkdir(exist_ok=True)
    tree = copy_of_checkout("bench")
    print("starting a cloud", flush=True)
    with running_cloud(tree) as cloud:
        bench = Bench(settings, cloud, our_side(tree, cloud), peer_side(cloud))
        machine = description(bench.ours, bench.peer)
        print("\n".join(machine), flush=True)
        tables = []
        for part in parts:
            tables.append(PARTS[part](bench))
            print(f"\n{tables[-1].as_text()}", flush=True)
    return machine, tables


def write_page(path: Path, machine: list[str], tables: list[Table]) -> None:
    lines = "\n".join(f"- {line}" for line in machine)
    path.write_text(PAGE.format(machine=lines, tables="\n\n".join(table.as_rst() for table in tables)))


def main(*page: str) -> int:
    settings, parts = settings_given(), chosen()
    if page and len(parts) < len(PARTS):
        raise SystemExit("BENCH: the documentation has all parts.")
    claim()
    with lock("bench"):
        machine, tables = measure(settings, parts)
    if not all(all(table.claims.values()) for table in tables):
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
