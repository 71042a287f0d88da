# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured: each function is a part of the benchmark and makes a table."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from catalogs import PROPERTIES, Catalog
from cloud import Cloud
from measure import Cost, Run, alternate, each, middle, run_process, whole
from peers import HOME, Side
from table import Table, growth, row

STRANGERS = 10_000
PAGE = 1000
LEAST_ROUNDS_OF_A_TASK = 5
CLOUD = "sandbox-operator"
PING = "ansible.builtin.ping"
CATALOG = "image_catalog"
TEMPLATE = "loop of image_template"
OFFER = "loops of image_template and image_visibility"
MEMBER = "loop of image_member"
PEER = "loop of openstack.cloud.image"
LISTINGS = ("GET /v2/images", "GET /v3", "POST /v3/auth/tokens")
CREATION = ("POST /v2/images", "PUT /v2/images/ID/file")


@dataclass(frozen=True)
class Settings:
    """
    How much is measured.

    :param sizes: Numbers of images of the catalogues that do not change.
    :param count: The number of images that are created or changed.
    :param sample: The number of images that loops go over where there are more, or None to loop over all.
    :param rounds: How often each contestant runs, in turn with the others.
    :param mebibytes: The size of the images that are large.
    """

    sizes: tuple[int, ...] = (20, 100, 500)
    count: int = 100
    sample: int | None = 10
    rounds: int = 3
    mebibytes: int = 2048


@dataclass
class Bench:
    """The cloud and the two sides."""

    settings: Settings
    cloud: Cloud
    ours: Side
    peer: Side

    def __post_init__(self) -> None:
        self._empty = cache(self._measure_empty)
        self._largest = 0

    def catalog(self, count: int, **settings: Any) -> Catalog:
        catalog = Catalog(HOME / "sources", count, **settings)
        if count > self._largest:
            catalog.write_sources()
            self._largest = count
        return catalog

    def keep(self, catalog: Catalog, changes: bool | None = None, workers: int = 2) -> Cost:
        """Run image_catalog."""
        variables = {"bench_catalog": catalog.document(), "bench_workers": workers}
        return self.ours.play("catalog", changes=changes, bench_cloud=CLOUD, **variables)

    def begin_with(self, catalog: Catalog) -> None:
        """Leave the images of a catalogue in the cloud, and no others."""
        self.cloud.forget_images()
        self.keep(catalog, changes=True)
        if self.cloud.count_images() != catalog.count:
            raise RuntimeError(f"the cloud has {self.cloud.count_images()} images rather than {catalog.count}")

    def loop(self, playbook: str, catalog: Catalog, *, changes: bool, start: int = 0, offered: bool = False) -> Cost:
        """Run a loop over images of a catalogue from one of them on, and return what it costs over all of them."""
        side = self.peer if playbook == "cloud_images" else self.ours
        sample = min(self.settings.sample or catalog.count, catalog.count - start)
        items = catalog.items(sample, start)
        more = {"bench_offered": items if offered else []}
        part = side.play(playbook, changes=changes, bench_cloud=CLOUD, bench_items=items, **more)
        return whole(part, self.empty(side), sample, catalog.count)

    def empty(self, side: Side) -> Cost:
        """What a loop over nothing costs."""
        return self._empty(side is self.peer)

    def _measure_empty(self, of_peer: bool) -> Cost:
        side, playbook = (self.peer, "cloud_images") if of_peer else (self.ours, "templates")
        costs = [side.play(playbook, changes=False, bench_items=[], bench_offered=[]) for _round in range(3)]
        return Cost(middle(costs, "wall"), middle(costs, "cpu"))

    def sampled(self, count: int) -> str:
        """Say how much of a loop over so many images was measured."""
        sample = min(self.settings.sample or count, count)
        return "" if sample == count else f"{sample} of {count}"


def noop(bench: Bench) -> Table:
    """Nothing to change: image_catalog against loops, in catalogues of several sizes."""
    table = Table("A catalogue in which nothing has to change", "Images")
    costs = []
    for size in bench.settings.sizes:
        catalog = bench.catalog(size)
        bench.begin_with(catalog)
        series = alternate(
            {
                CATALOG: partial(bench.keep, catalog, changes=False),
                TEMPLATE: partial(bench.loop, "templates", catalog, changes=False),
                PEER: partial(bench.loop, "cloud_images", catalog, changes=False),
            },
            bench.settings.rounds,
        )
        costs += series[CATALOG]
        for name in series:
            table.add(row(size, name, series, CATALOG, "" if name == CATALOG else bench.sampled(size)))
    table.claim(
        "image_catalog authenticates once, discovers once and lists; it asks for no image by itself.",
        all(set(cost.requests) <= set(LISTINGS) and cost.requests["POST /v3/auth/tokens"] == 1 for cost in costs),
    )
    table.claim(
        "Its requests are the same for any number of images, up to the 1,000 that a page holds.",
        all(cost.requests == costs[0].requests for cost in costs if max(bench.settings.sizes) <= PAGE),
    )
    return table


def strangers(bench: Bench) -> Table:
    """Nothing to change, beside the images of other projects."""
    catalog = bench.catalog(bench.settings.count)
    bench.begin_with(catalog)

    def beside() -> Cost:
        bench.cloud.add_strangers(STRANGERS)
        try:
            return bench.keep(catalog, changes=False)
        finally:
            bench.cloud.forget_strangers()

    alone, among = f"{CATALOG}, alone", f"{CATALOG}, beside {STRANGERS:,} images of others"
    series = alternate({alone: partial(bench.keep, catalog, changes=False), among: beside}, bench.settings.rounds)
    table = Table("Beside images of other projects, nothing to change", "Images")
    for name in series:
        table.add(row(catalog.count, name, series, alone))
    requests = [cost.requests for costs in series.values() for cost in costs]
    table.claim("Images of others cost no request.", all(found == requests[0] for found in requests))
    return table


def create(bench: Bench) -> Table:
    """Small images that are not in the cloud yet."""
    catalog = bench.catalog(bench.settings.count)
    # So many are there on an average while a loop creates them, and openstack.cloud.image lists them every time.
    half = replace(catalog, count=catalog.count // 2)

    def at_once(workers: int) -> Run:
        def run() -> Cost:
            bench.cloud.forget_images()
            return bench.keep(catalog, changes=True, workers=workers)

        return run

    def in_loop(playbook: str, **options: Any) -> Run:
        def run() -> Cost:
            if not bench.sampled(catalog.count):
                bench.cloud.forget_images()
                return bench.loop(playbook, catalog, changes=True, **options)
            bench.begin_with(half)
            return bench.loop(playbook, catalog, changes=True, start=half.count, **options)

        return run

    catalogs = {f"{CATALOG}, workers: {workers}": at_once(workers) for workers in (2, 1, 4)}
    loops = {OFFER: in_loop("templates", offered=True), PEER: in_loop("cloud_images")}
    series = alternate({**catalogs, **loops}, bench.settings.rounds)
    table = Table("Creating and publishing images of 64 KiB", "Images")
    for name in series:
        sampled = bench.sampled(catalog.count) if name in loops else ""
        table.add(row(catalog.count, name, series, next(iter(series)), sampled))
    requests = [cost.requests for name in catalogs for cost in series[name]]
    sent_once = all(found[request] == catalog.count for found in requests for request in CREATION)
    table.claim("image_catalog creates each image once and sends its data once.", sent_once)
    return table


def change(bench: Bench) -> Table:
    """One property changed on each of the images."""
    # What is published is frozen.
    staged = bench.catalog(bench.settings.count, stage="staged", visibility="private")
    bench.begin_with(replace(staged, visibility="community"))
    builds = itertools.count(1)

    def changed(run: Callable[[Catalog], Cost], visibility: str = "private") -> Run:
        return lambda: run(
            replace(staged, visibility=visibility, properties={**PROPERTIES, "build": str(next(builds))})
        )

    series = alternate(
        {
            CATALOG: changed(lambda catalog: bench.keep(catalog, changes=True), visibility="community"),
            TEMPLATE: changed(lambda catalog: bench.loop("templates", catalog, changes=True)),
            PEER: changed(lambda catalog: bench.loop("cloud_images", catalog, changes=True)),
        },
        bench.settings.rounds,
    )
    table = Table("Changing one property of each image", "Images")
    for name in series:
        table.add(row(staged.count, name, series, CATALOG, "" if name == CATALOG else bench.sampled(staged.count)))
    writes = [written(cost) for cost in series[CATALOG]]
    only = all(found == {"PATCH /v2/images/ID": staged.count} for found in writes)
    table.claim("image_catalog changes an image with exactly one PATCH and nothing else.", only)
    return table


def written(cost: Cost) -> dict[str, float]:
    """The requests that change something."""
    return {
        request: number
        for request, number in cost.requests.items()
        if not request.startswith("GET ") and not request.endswith("/auth/tokens")
    }


def share(bench: Bench) -> Table:
    """Images shared with projects."""
    count, projects = max(1, bench.settings.count // 2), 20
    # The Image service never asks whether a project exists.
    members = tuple(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:xloud.image:bench:{each}").hex for each in range(projects))
    unshared = bench.catalog(count, visibility="shared")
    shared = replace(unshared, members=members)
    bench.begin_with(unshared)

    def fresh(run: Run) -> Run:
        def run_unshared() -> Cost:
            bench.cloud.forget_members()
            return run()

        return run_unshared

    series = alternate(
        {
            CATALOG: fresh(lambda: bench.keep(shared, changes=True)),
            MEMBER: fresh(lambda: bench.loop("members", shared, changes=True)),
        },
        bench.settings.rounds,
    )
    table = Table(f"Sharing each image with {projects} projects", "Images")
    for name in series:
        table.add(row(count, name, series, CATALOG, "" if name == CATALOG else bench.sampled(count)))
    writes = [written(cost) for cost in series[CATALOG]]
    once = all(found == {"POST /v2/images/ID/members": count * projects} for found in writes)
    table.claim("image_catalog adds each member with one request and writes nothing else.", once)
    return table


def task(bench: Bench) -> Table:
    """One task that changes nothing: what a task costs at the least."""
    catalog = bench.catalog(min(bench.settings.sizes))
    bench.begin_with(catalog)
    items = catalog.items(min(5, catalog.count))

    def one(side: Side, playbook: str) -> Run:
        def run() -> Cost:
            cost = side.play(playbook, changes=False, bench_cloud=CLOUD, bench_items=items)
            return each(cost, bench.empty(bench.peer if side.tree == bench.peer.tree else bench.ours), len(items))

        return run

    ours, peer = "image_visibility", "openstack.cloud.image"
    kept = f"{ours}, token kept"
    keeping = {
        kept: one(bench.ours.keeping_tokens(), "visibility"),
        f"{peer}, token kept": one(bench.peer.keeping_tokens(), "cloud_images"),
    }
    for run in keeping.values():
        run()
    series = alternate(
        {
            ours: one(bench.ours, "visibility"),
            peer: one(bench.peer, "cloud_images"),
            PING: one(bench.ours, "ping"),
            **keeping,
        },
        max(bench.settings.rounds, LEAST_ROUNDS_OF_A_TASK),
    )
    table = Table("One task that changes nothing, less what a run of Ansible costs without tasks", "Images")
    for name in series:
        table.add(row(catalog.count, name, series, ours))
    table.notes += [
        f"{PING} is what Ansible itself takes for a task.",
        "A token is kept from one task to the next where the configuration says cache: {auth: true}, in a keyring.",
    ]
    authenticated = any("/v3" in request for cost in series[kept] for request in cost.requests)
    table.claim(f"{ours} with a token that was kept sends nothing to the Identity service.", not authenticated)
    return table


def plan(bench: Bench) -> Table:
    """Planning alone, without a cloud."""
    headings = ("", "Steps", "CPU seconds", "MiB", "Times the seconds", "Times the MiB")
    table = Table(
        "Planning alone, from the loaded document to the plan, 10 versions of each template", "Images", headings
    )
    before: dict[str, dict[str, float]] = {}
    for templates in (100, 1000):
        command = (bench.ours.tools / "python", Path(__file__).with_name("planning.py"), str(templates))
        env = bench.ours.environment()
        _usage, printed = run_process(command, {**env, "PYTHONPATH": str(bench.ours.tree)})
        found: dict[str, dict[str, float]] = json.loads(printed)
        for name, figures in found.items():
            table.add(
                (
                    f"{templates * 10:,}",
                    name,
                    f"{figures['actions']:,.0f}",
                    f"{figures['seconds']:.2f}",
                    f"{figures['mebibytes']:.1f}",
                    *(growth(figures[part], before.get(name, {}).get(part)) for part in ("seconds", "mebibytes")),
                )
            )
        before = found
    table.notes.append("MiB is the most that planning held at a time, beside the document and the images themselves.")
    return table


PARTS: dict[str, Callable[[Bench], Table]] = {
    part.__name__: part for part in (noop, strangers, create, change, share, task, plan)
}
