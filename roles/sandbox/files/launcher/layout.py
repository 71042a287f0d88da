# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a sandbox keeps what, and what it was asked to be."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from software import SOFTWARE, Software

HOST = "127.0.0.1"
# Written into the virtual environment by the role, once everything is installed: what that was.
INSTALLED = Path(sys.prefix, ".xloud-image-sandbox")


@dataclass(frozen=True)
class Layout:
    """The files of one sandbox, all below its directory."""

    root: Path

    @property
    def library(self) -> Path:
        return self.root / "lib"

    @property
    def clouds(self) -> Path:
        return self.root / "clouds.yaml"

    @property
    def secrets_file(self) -> Path:
        return self.root / "secrets.json"

    @property
    def settings_file(self) -> Path:
        return self.root / "etc" / "sandbox.json"

    @property
    def keystone_config(self) -> Path:
        return self.root / "etc" / "keystone.conf"

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        """What runs here, by name: there is an Image service for each region."""
        services: dict[str, dict[str, Any]] = self.settings["services"]
        return services

    def software(self, service: str) -> Software:
        return SOFTWARE[self.services[service]["kind"]]

    def configuration(self, service: str) -> Path:
        """The folder with the configuration of a service."""
        return self.root / str(self.services[service]["folder"])

    def schema_command(self, service: str) -> list[str]:
        """The arguments of Python that bring the database of a service to the current schema, if it needs any."""
        known = {"folder": self.configuration(service), "library": self.library, "root": self.root}
        return [argument.format(**known) for argument in self.software(service).schema]

    @property
    def key_repositories(self) -> list[Path]:
        return [self.root / "data" / "keystone" / name for name in ("tokens", "receipts", "credentials")]

    def create_directories(self) -> None:
        data = [path for service in self.services.values() for path in service["directories"]]
        for directory in (*data, "log", "run"):
            (self.root / directory).mkdir(parents=True, exist_ok=True)

    @property
    def seeded(self) -> Path:
        return self.root / "data" / "seeded"

    @property
    def lock(self) -> Path:
        return self.root / "run" / "lock"

    @property
    def control_lock(self) -> Path:
        return self.root / "run" / "control.lock"

    @property
    def state(self) -> Path:
        return self.root / "run" / "state.json"

    @property
    def cache(self) -> Path:
        """What the libraries of the services keep from one start to the next: no part of the configuration."""
        return self.root / "cache"

    def log(self, name: str) -> Path:
        return self.root / "log" / f"{name}.log"

    @cached_property
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = json.loads(self.settings_file.read_text())
        return settings

    def secrets(self) -> dict[str, str]:
        """Passwords by the name of the user, those of application credentials by the cloud, keys by the service."""
        found: dict[str, str] = json.loads(self.secrets_file.read_text()) if self.secrets_file.exists() else {}
        return found

    def environment(self, service: str) -> dict[str, str]:
        """What a service finds its configuration and its secrets by."""
        software, secrets = self.software(service), self.secrets()
        passed = {variable: secrets[name] for variable, name in software.secrets.items()}
        return {"XDG_CACHE_HOME": str(self.cache), software.home: str(self.configuration(service)), **passed}

    def port(self, service: str) -> int:
        return int(self.services[service]["port"])

    def url(self, service: str) -> str:
        return f"http://{HOST}:{self.port(service)}"

    def is_seeded(self) -> bool:
        return self.clouds.exists() and self.seeded.exists() and self.seeded.read_text() == self.seed_digest()

    def seed_digest(self) -> str:
        """What databases and accounts are made from: they are made again when it changes."""
        code = [self.library / name for name in ("seed.py", "software.py")]
        return digest([self.settings_file, self.keystone_config, self.secrets_file, *code, INSTALLED])

    def digest(self) -> str:
        """What the services run from: they are restarted when it changes."""
        configuration = sorted((self.root / "etc").rglob("*"))
        return digest([*configuration, *sorted(self.library.glob("*.py")), self.secrets_file, INSTALLED])


def digest(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes() if path.is_file() else b"").digest())
    return total.hexdigest()


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner alone from the first byte on."""
    neighbour = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(neighbour, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    neighbour.replace(path)
