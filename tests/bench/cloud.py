# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud that all is measured on: a sandbox of its own, whose database is filled and emptied past the API."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import sqlite3
import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sandbox import Sandbox
from workspace import environment, lock, tools

# A service asks the other one about tokens, and the launcher asks both whether they work.
NOT_OF_CLIENTS = ("keystonemiddleware", "python-keystoneclient", "sandbox-probe")
ID = re.compile(r"(?<=/images/)[^/]+|(?<=/members/)[^/]+|(?<=/projects/)[^/]+")
LINE = re.compile(r'\S+ \S+ "(?P<method>\S+) (?P<path>\S+)" \d+ .*"(?P<agent>.*)"')
STRANGERS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:xloud.image:bench:strangers").hex
OF_IMAGES = ("image_locations", "image_members", "image_properties", "image_tags")


class Cloud:
    """Keystone and Glance, their logs, and the database of Glance."""

    def __init__(self, directory: Path) -> None:
        self.clouds_file = directory / "clouds.yaml"
        self._data = directory / "data/glance"
        self._logs = [directory / "log" / f"{service}-access.log" for service in ("identity", "image")]
        self._read = dict.fromkeys(self._logs, 0)

    def requests(self) -> Counter[str]:
        """The requests of clients since this was asked last, with ID for each id."""
        return Counter(request for log in self._logs for request in self._requests(log))

    def _requests(self, log: Path) -> Iterator[str]:
        with log.open() as lines:
            lines.seek(self._read[log])
            for line in lines:
                match = LINE.match(line)
                if match and not any(agent in match["agent"] for agent in NOT_OF_CLIENTS):
                    path = match["path"].partition("?")[0].rstrip("/") or "/"
                    yield f"{match['method']} {ID.sub('ID', path)}"
            self._read[log] = lines.tell()

    def forget_images(self) -> None:
        """Leave no image in the cloud."""
        with self._database() as database:
            for table in (*OF_IMAGES, "images"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
        shutil.rmtree(self._data / "main", ignore_errors=True)
        (self._data / "main").mkdir(parents=True)

    def forget_members(self) -> None:
        """Leave no image shared with anybody."""
        with self._database() as database:
            database.execute("DELETE FROM image_members")

    def count_images(self) -> int:
        """How many usable images the cloud has."""
        with self._database() as database:
            found: int = database.execute(
                "SELECT count(*) FROM images WHERE status = 'active' AND NOT deleted"
            ).fetchone()[0]
            return found

    def image_ids(self) -> list[str]:
        """The ids of the images in the cloud."""
        return self._of_images("id")

    def digests(self) -> list[str]:
        """What Glance says that the data of its usable images is, by SHA-512, in order."""
        return self._of_images("os_hash_value")

    def _of_images(self, column: str) -> list[str]:
        statement = f"SELECT {column} FROM images WHERE status = 'active' AND NOT deleted ORDER BY 1"  # noqa: S608
        with self._database() as database:
            return [str(found) for (found,) in database.execute(statement)]

    def add_strangers(self, count: int) -> None:
        """Add images that belong to another project, half of them public, with the metadata that images often have."""
        ids = [str(uuid.uuid5(uuid.NAMESPACE_URL, f"{STRANGERS}/{number}")) for number in range(count)]
        images = [
            (image_id, f"stranger-{number}", ("public", "community")[number % 2], STRANGERS)
            for number, image_id in enumerate(ids)
        ]
        properties = [
            (image_id, name, str(number % 7)) for number, image_id in enumerate(ids) for name in ("os_distro", "build")
        ]
        with self._database() as database:
            database.executemany(
                "INSERT INTO images (id, name, visibility, owner, status, disk_format, container_format, size,"
                " min_disk, min_ram, protected, os_hidden, deleted, created_at, updated_at) VALUES"
                " (?, ?, ?, ?, 'active', 'raw', 'bare', 65536, 0, 0, 0, 0, 0, datetime(), datetime())",
                images,
            )
            database.executemany(
                "INSERT INTO image_properties (image_id, name, value, deleted, created_at, updated_at) VALUES"
                " (?, ?, ?, 0, datetime(), datetime())",
                properties,
            )
            database.executemany(
                "INSERT INTO image_tags (image_id, value, deleted, created_at, updated_at) VALUES"
                " (?, 'stranger', 0, datetime(), datetime())",
                [(image_id,) for image_id in ids],
            )

    def forget_strangers(self) -> None:
        """Leave the images of the catalogue alone in the cloud."""
        of_strangers = "(SELECT id FROM images WHERE owner = ?)"
        with self._database() as database:
            for table in OF_IMAGES:
                statement = f"DELETE FROM {table} WHERE image_id IN {of_strangers}"  # noqa: S608 - names of our own
                database.execute(statement, [STRANGERS])
            database.execute("DELETE FROM images WHERE owner = ?", [STRANGERS])

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._data / "glance.db", timeout=60)
        with contextlib.closing(database), database:
            yield database


@contextlib.contextmanager
def running_cloud(tree: Path) -> Iterator[Cloud]:
    """Start a cloud for the time of a block, and leave nothing of it."""
    sandbox = Sandbox("bench-sandbox")
    env = environment(tools(), tree, NO_COLOR="1")

    def bring(state: str) -> None:
        command = sandbox.command(state)
        done = subprocess.run(command, env=env, check=False, capture_output=True, text=True, errors="replace")
        if done.returncode:
            raise SystemExit(f"{done.stdout}{done.stderr}the sandbox is not {state}")

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with lock("bench-sandbox"):
        # One that a killed run left behind would hold other ports.
        bring("absent")
        sandbox.forget_ports()
        try:
            bring("present")
            yield Cloud(sandbox.directory)
        finally:
            bring("absent")
            sandbox.forget_ports()
