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

from software import MESSAGING_USER, SOFTWARE, Software

HOST = "127.0.0.1"
# Written into each virtual environment by the role, once everything is installed: what that was.
MARKER = ".xloud-image-sandbox"
INSTALLED = Path(sys.prefix, MARKER)


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
        """The services of images, by name: there is an Image service for each region."""
        services: dict[str, dict[str, Any]] = self.settings["services"]
        return services

    @property
    def workloads(self) -> dict[str, dict[str, Any]]:
        """The services of servers and volumes, and what those need, by name. They run beside the others."""
        workloads: dict[str, dict[str, Any]] = self.settings["workloads"]
        return workloads

    @property
    def everything(self) -> dict[str, dict[str, Any]]:
        return {**self.services, **self.workloads}

    def software(self, service: str) -> Software:
        return SOFTWARE[self.everything[service]["kind"]]

    def configuration(self, service: str) -> Path:
        """The folder with the configuration of a service."""
        return self.root / str(self.everything[service]["folder"])

    def schema_command(self, service: str) -> list[str]:
        """The arguments of Python that bring the database of a service to the current schema, if it needs any."""
        return self._filled_in(service, self.software(service).schema)

    def arguments(self, service: str) -> list[str]:
        """The command line of a program."""
        return self._filled_in(service, self.software(service).arguments)

    def _filled_in(self, service: str, arguments: tuple[str, ...]) -> list[str]:
        known = {"folder": self.configuration(service), "library": self.library, "root": self.root}
        port = self.everything[service].get("port")
        return [argument.format(**known, port=port) for argument in arguments]

    @property
    def key_repositories(self) -> list[Path]:
        return [self.root / "data" / "keystone" / name for name in ("tokens", "receipts", "credentials")]

    def create_directories(self) -> None:
        data = [path for service in self.everything.values() for path in service["directories"]]
        for directory in (*data, "log", "run"):
            (self.root / directory).mkdir(parents=True, exist_ok=True)

    @property
    def seeded(self) -> Path:
        return self.root / "data" / "seeded"

    @property
    def database_socket(self) -> Path:
        return self.root / "run" / "database.sock"

    @property
    def workloads_python(self) -> Path:
        return Path(self.settings["workloads_venv"], "bin", "python")

    def schema_mark(self, service: str) -> Path:
        """Says of which software the tables are."""
        return self.root / "data" / service / "schema"

    def schema_digest(self, service: str) -> str:
        code = [self.library / name for name in ("nova_schema.py", "software.py")]
        return digest([*code, self._workloads_installed]) + " ".join(self.schema_command(service))

    @property
    def control_lock(self) -> Path:
        return self.root / "run" / "control.lock"

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
        venv = self.settings["workloads_venv"]
        options = {variable: value.format(venv=venv) for variable, value in software.options.items()}
        if software.home:
            passed[software.home] = str(self.configuration(service))
        if software.messaging:
            account = f"{MESSAGING_USER}:{secrets['message-queue']}"
            passed["OS_DEFAULT__TRANSPORT_URL"] = f"rabbit://{account}@{HOST}:{self.port('message-queue')}/"
        return {"XDG_CACHE_HOME": str(self.cache), **options, **passed}

    def port(self, service: str) -> int:
        return int(self.everything[service]["port"])

    def url(self, service: str) -> str:
        return f"http://{HOST}:{self.port(service)}"

    def is_seeded(self) -> bool:
        return self.clouds.exists() and self.seeded.exists() and self.seeded.read_text() == self.seed_digest()

    def seed_digest(self) -> str:
        """What databases and accounts are made from: they are made again when it changes."""
        code = [self.library / name for name in ("seed.py", "software.py")]
        return digest([self.settings_file, self.keystone_config, self.secrets_file, *code, INSTALLED])

    def digest(self) -> str:
        """What the services of images run from: they are restarted when it changes."""
        return self._digest_of(list(self.services), INSTALLED)

    def workload_digest(self, service: str) -> str:
        """What one of the services of servers and volumes runs from: it is restarted when it changes.

        So are those that need it: they ask once where it is, and hold on to that.
        """
        needed = {name: self.workloads[name] for name in self._needed_by(service)}
        return hash_of([self._digest_of([service], self._workloads_installed), needed])

    def _needed_by(self, service: str) -> set[str]:
        direct = self.workloads.keys() & set(self.software(service).needs)
        return direct.union(*map(self._needed_by, direct))

    def workloads_digest(self) -> str:
        return hash_of({service: self.workload_digest(service) for service in self.workloads})

    def launcher_digest(self) -> str:
        """The code of the launcher, and what runs it."""
        return digest([*sorted(self.library.glob("*.py")), INSTALLED])

    @property
    def _workloads_installed(self) -> Path:
        return Path(self.settings["workloads_venv"], MARKER)

    def _digest_of(self, services: list[str], installed: Path) -> str:
        settings = {service: self.everything[service] for service in services}
        files = [self.configuration(name) / file for name in services for file in settings[name]["configuration"]]
        code = digest([*files, *sorted(self.library.glob("*.py")), installed])
        return hash_of([settings, code, {service: self.environment(service) for service in services}])


def hash_of(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def digest(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes() if path.is_file() else b"").digest())
    return total.hexdigest()


def keep_log(log: Path) -> None:
    """Make room for a fresh log, and keep the one before."""
    if log.exists():
        log.replace(log.with_suffix(".log.1"))


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner alone from the first byte on."""
    neighbour = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(neighbour, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    neighbour.replace(path)
