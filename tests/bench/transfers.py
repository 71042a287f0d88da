# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Image data into the cloud and out of it, beside the tools that people use for that."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from catalogs import template_name
from measure import Cost, Meter, Process, alternate, middle, ratios, run_process
from parts import CLOUD, Bench
from peers import HOME, Side, version_of
from table import Table, spread
from workspace import environment, virtual_environment

MEBIBYTE = 1024**2
NAME = "debian-12-large-v1.0"
CLIENT = ["python-openstackclient"]
SOURCES = HOME / "large"
SEVERAL, SEVERAL_SIZE = 8, 100 * MEBIBYTE
WORKERS = (1, 2, 4)
MOST_MEMORY = 100 * MEBIBYTE
# What a process reads besides: its program and what that imports.
PROGRAM = 64 * MEBIBYTE
HEADINGS = (
    "",
    "Seconds",
    "CPU seconds",
    "Speed",
    "Speed of the module",
    "Speed of the transfer",
    "MiB",
    "MiB beside ping",
    "Times read",
    "Times written",
)
TOGETHER = ("", "Seconds", "CPU seconds", "Times the seconds", "Times the CPU")
EXPORTED = ".raw"
CURL = ("curl", "--fail", "--silent", "--show-error")
CONNECT = """
import json, openstack
cloud = openstack.connect(cloud="{cloud}")
print(json.dumps([cloud.session.get_token(), cloud.image.get_endpoint().rstrip("/").removesuffix("/v2")]))
"""


AnyCost = TypeVar("AnyCost", bound=Cost)


@dataclass(frozen=True)
class Moved(Cost):
    """What a run cost that moves data, and what the process took that moves it."""

    process: Process = field(kw_only=True)

    @property
    def transfer(self) -> float:
        """The seconds in which data moved, as far as they are known apart."""
        return sum(self.process.phases.values()) or self.process.wall


@dataclass(frozen=True)
class File:
    """An image on the disk."""

    path: Path
    size: int
    digest: str

    def as_source(self) -> dict[str, str]:
        """The options of a task that say what is uploaded."""
        return {"source": str(self.path), "checksum": f"sha512:{self.digest}", "disk_format": "raw"}


def written_file(path: Path, size: int, *, sparse: bool = False) -> File:
    """Write a file of random data, or one that has a size and nothing in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, generator = hashlib.sha512(), random.Random(path.name)  # noqa: S311 - it has to be different, that is all
    with path.open("wb") as file:
        for _block in range(size // MEBIBYTE):
            block = bytes(MEBIBYTE) if sparse else generator.randbytes(MEBIBYTE)
            digest.update(block)
            if not sparse:
                file.write(block)
        file.truncate(size)
    return File(path, size, digest.hexdigest())


class Transfers:
    """
    Runs the contestants. Each of them finds a cloud and a disk on which nothing waits to be written.

    :param bench: The cloud and the two sides.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._meter = Meter(HOME / "metered.json")
        self._client = virtual_environment("bench-client", Path(sys.executable), CLIENT)
        self.exports = HOME / "exports"
        self._headers = HOME / "headers"

    @property
    def client(self) -> str:
        versions = (f"{package} {version_of(self._client, package)}" for package in (*CLIENT, "openstacksdk"))
        return f"openstack: {', '.join(versions)}"

    def prepare(self) -> None:
        self._bench.cloud.forget_images()
        self.settle()

    def settle(self) -> None:
        """Leave no export, no digest that an earlier run remembers, and nothing to write."""
        shutil.rmtree(self.exports, ignore_errors=True)
        self.exports.mkdir()
        shutil.rmtree(HOME / "cache/xloud.image", ignore_errors=True)
        os.sync()

    def ping(self) -> int:
        """The memory of a module that does nothing."""
        self._play(self._bench.ours, "ping", changes=False, bench_items=[{"name": "nothing"}])
        return self._play(self._bench.ours, "ping", changes=False, bench_items=[{"name": "nothing"}]).process.memory

    def upload_task(self, side: Side, playbook: str, file: File) -> Moved:
        self.prepare()
        moved = self._play(side, playbook, bench_image={"name": NAME, **file.as_source()})
        return self.arrived(moved, [file])

    def upload_curl(self, files: list[File], workers: int = 1) -> Moved:
        self.prepare()
        # Without an empty Expect it would wait for a 100 Continue that this server does not send.
        headers = ("--header", "Expect:", "--header", "Content-Type: application/octet-stream")
        sent = [part for file in files for part in ("--upload-file", file.path, self._data_url(self._new_image()))]
        return self.arrived(self._run(*self._curl(workers), *headers, *sent), files)

    def upload_client(self, file: File) -> Moved:
        self.prepare()
        formats = ("--disk-format", "raw", "--container-format", "bare")
        command = (self._client / "openstack", "image", "create", *formats, "--file", file.path, NAME)
        return self.arrived(self._run(*command), [file])

    def export_task(self, file: File) -> Moved:
        self.settle()
        moved = self._play(
            self._bench.ours, "export", bench_image={"name": NAME}, bench_path=str(self.exports / f"image{EXPORTED}")
        )
        return self._exported(moved, [file])

    def export_curl(self, files: list[File], workers: int = 1) -> Moved:
        self.settle()
        images = self._bench.cloud.image_ids()
        paths = [self.exports / f"{image}{EXPORTED}" for image in images]
        pairs = zip(paths, images, strict=True)
        fetched = [part for path, image in pairs for part in ("--output", path, self._data_url(image))]
        return self._exported(
            self._run("sh", "-c", '"$@" && sha512sum "$0"/*', self.exports, *self._curl(workers), *fetched), files
        )

    def _curl(self, workers: int) -> tuple[str, ...]:
        return (
            *CURL,
            "--parallel",
            "--parallel-immediate",
            "--parallel-max",
            str(workers),
            "--header",
            f"@{self._headers}",
        )

    def _data_url(self, image: str) -> str:
        return f"{self._endpoint}/v2/images/{image}/file"

    def export_client(self, file: File) -> Moved:
        self.settle()
        path = self.exports / f"image{EXPORTED}"
        return self._exported(self._run(self._client / "openstack", "image", "save", "--file", path, NAME), [file])

    def export_together(self, names: list[str], workers: int, files: list[File]) -> Cost:
        self.settle()
        variables = {"bench_images": names, "bench_path": f"{self.exports}/", "bench_workers": workers}
        cost = self._bench.ours.play("exports", changes=True, bench_cloud=CLOUD, **variables)
        return self._exported(cost, files)

    def _play(self, side: Side, playbook: str, *, changes: bool = True, **variables: Any) -> Moved:
        interpreter = str(self._meter.interpreter(side.tools / "python"))
        cost = side.play(
            playbook, changes=changes, ansible_python_interpreter=interpreter, bench_cloud=CLOUD, **variables
        )
        [process] = self._meter.take()
        return Moved(cost.wall, cost.cpu, cost.requests, process=process)

    def _run(self, *command: str | Path) -> Moved:
        clouds_file = str(self._bench.cloud.clouds_file)
        self._bench.cloud.requests()
        run_process(
            self._meter.command(*command), environment(self._client, OS_CLIENT_CONFIG_FILE=clouds_file, OS_CLOUD=CLOUD)
        )
        [process] = self._meter.take()
        return Moved(process.wall, process.cpu, self._bench.cloud.requests(), process=process)

    def arrived(self, cost: AnyCost, files: list[File]) -> AnyCost:
        """See that the cloud has what was sent."""
        if self._bench.cloud.digests() != sorted(file.digest for file in files):
            raise RuntimeError("the cloud has other images than those that were sent")
        return cost

    def _exported(self, cost: AnyCost, files: list[File]) -> AnyCost:
        sizes = [path.stat().st_size for path in self.exports.iterdir() if path.suffix == EXPORTED]
        if sizes != [file.size for file in files]:
            raise RuntimeError(f"the exports have {sizes} bytes")
        return cost

    @cached_property
    def _endpoint(self) -> str:
        program = CONNECT.format(cloud=CLOUD)
        ours = self._bench.ours
        found = subprocess.run(
            [ours.tools / "python", "-c", program], env=ours.environment(), check=True, capture_output=True, text=True
        )
        token, endpoint = json.loads(found.stdout)
        self._headers.touch(mode=0o600)
        self._headers.write_text(f"X-Auth-Token: {token}\n")
        return str(endpoint)

    def _new_image(self) -> str:
        body = json.dumps({"name": NAME, "disk_format": "raw", "container_format": "bare"})
        url = f"{self._endpoint}/v2/images"
        name, _colon, token = self._headers.read_text().strip().partition(": ")
        headers = {name: token, "Content-Type": "application/json"}
        request = urllib.request.Request(url, body.encode(), headers, method="POST")  # noqa: S310 - the sandbox
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return str(json.load(answer)["id"])


@dataclass(frozen=True)
class Contest:
    """
    Contestants that move the same data, and what they may read and write of it.

    :param reads: How often ours may read as many bytes as the image has.
    """

    table: Table
    reads: int
    writes: int
    claim: str

    def hold(
        self, kind: str, file: File, ping: int, contestants: Mapping[str, Callable[[], Moved]], rounds: int
    ) -> None:
        """Let the contestants run in turn. The first one is the reference, and the second one ours."""
        series: dict[str, list[Moved]] = {name: [] for name in contestants}
        for _round in range(rounds):
            for name, run in contestants.items():
                series[name].append(run())
        reference, ours, *_others = series.values()
        for name, moved in series.items():
            self.table.add(cells(kind, name, moved, reference, file.size, ping))
        processes = [moved.process for moved in ours]
        self.table.claim(
            f"{kind}: ours takes less than {MOST_MEMORY // MEBIBYTE} MiB beside ping.",
            all(process.memory - ping < MOST_MEMORY for process in processes),
        )
        most_read, most_written = (times * file.size + PROGRAM for times in (self.reads, self.writes))
        self.table.claim(
            f"{kind}: {self.claim}",
            all(process.read <= most_read and process.written <= most_written for process in processes),
        )


def cells(kind: str, name: str, moved: list[Moved], reference: list[Moved], size: int, ping: int) -> tuple[str, ...]:
    """The medians of a contestant, and how many times as fast as the run of the reference beside it each run was."""
    pairs = list(zip(moved, reference, strict=True))
    whole = spread([beside.wall / each.wall for each, beside in pairs])
    module = spread([beside.wall / each.process.wall for each, beside in pairs])
    alone = spread([beside.wall / each.transfer for each, beside in pairs])
    memory = max(each.process.memory for each in moved)
    return (
        kind,
        name,
        f"{median(each.wall for each in moved):.1f}",
        f"{median(each.cpu for each in moved):.1f}",
        *(("", "", "") if moved is reference else (whole, module, alone)),
        f"{memory / MEBIBYTE:.0f}",
        f"{(memory - ping) / MEBIBYTE:.0f}",
        f"{median(each.process.read for each in moved) / size:.2f}",
        f"{median(each.process.written for each in moved) / size:.2f}",
    )


def transfers(bench: Bench) -> list[Table]:
    """Large images in and out, and several side by side."""
    runs = Transfers(bench)
    try:
        return [*large(bench, runs), *together(bench, runs)]
    finally:
        bench.cloud.forget_images()
        for folder in (SOURCES, runs.exports):
            shutil.rmtree(folder, ignore_errors=True)


def large(bench: Bench, runs: Transfers) -> list[Table]:
    """One large image, of random data and of zeros."""
    size, ping, rounds = bench.settings.mebibytes * MEBIBYTE, runs.ping(), bench.settings.rounds
    title = f"an image of {bench.settings.mebibytes:,} MiB"
    uploads = Contest(
        Table(f"Uploading {title}", "Content", HEADINGS), 1, 0, "ours reads the source once, and writes nothing."
    )
    exports = Contest(
        Table(f"Exporting {title}, verified", "Content", HEADINGS),
        0,
        1,
        "ours writes the image once, and reads nothing.",
    )
    for kind in ("random", "sparse"):
        file = written_file(SOURCES / f"{kind}.raw", size, sparse=kind == "sparse")
        into = {
            "curl -T": partial(runs.upload_curl, [file]),
            "image_template": partial(runs.upload_task, bench.ours, "upload", file),
            "openstack image create": partial(runs.upload_client, file),
            "openstack.cloud.image": partial(runs.upload_task, bench.peer, "cloud_upload", file),
        }
        uploads.hold(kind, file, ping, into, rounds)
        runs.upload_curl([file])
        out = {
            "curl -o, then sha512sum": partial(runs.export_curl, [file]),
            "image_export": partial(runs.export_task, file),
            "openstack image save": partial(runs.export_client, file),
        }
        exports.hold(kind, file, ping, out, rounds)
    for table in (uploads.table, exports.table):
        table.notes.append(runs.client)
    return [uploads.table, exports.table]


def together(bench: Bench, runs: Transfers) -> list[Table]:
    """Several images at a time."""
    files = [written_file(SOURCES / f"{number}.raw", SEVERAL_SIZE) for number in range(SEVERAL)]
    names = [template_name(number) for number in range(SEVERAL)]
    catalog = {
        name: {"visibility": "community", "versions": {"1.0": file.as_source()}}
        for name, file in zip(names, files, strict=True)
    }

    def uploaded(workers: int) -> Cost:
        runs.prepare()
        cost = bench.ours.play("catalog", changes=True, bench_cloud=CLOUD, bench_catalog=catalog, bench_workers=workers)
        return runs.arrived(cost, files)

    def exported(workers: int) -> Cost:
        return runs.export_together([f"{name}-v1.0" for name in names], workers, files)

    title = f"{SEVERAL} images of {SEVERAL_SIZE // MEBIBYTE} MiB, so many of them at a time"
    uploads = Table(f"Uploading {title}", "At a time", TOGETHER)
    exports = Table(f"Exporting {title}, verified", "At a time", TOGETHER)
    at_a_time(uploads, bench, {"image_catalog": uploaded, "curl -T": partial(runs.upload_curl, files)})
    uploaded(workers=1)
    at_a_time(exports, bench, {"image_export": exported, "curl -o, then sha512sum": partial(runs.export_curl, files)})
    return [uploads, exports]


def at_a_time(table: Table, bench: Bench, contestants: Mapping[str, Callable[[int], Cost]]) -> None:
    """Let contestants move so many images at a time, all of them in turn."""
    runs = {f"{workers} {name}": partial(run, workers) for name, run in contestants.items() for workers in WORKERS}
    series = alternate(runs, bench.settings.rounds)
    for name in contestants:
        alone = series[f"{WORKERS[0]} {name}"]
        for workers in WORKERS:
            costs = series[f"{workers} {name}"]
            times = [spread(ratios(costs, alone, part)) for part in ("wall", "cpu")]
            table.add(
                (
                    str(workers),
                    name,
                    f"{middle(costs, 'wall'):.1f}",
                    f"{middle(costs, 'cpu'):.1f}",
                    *(times if costs is not alone else ("", "")),
                )
            )
