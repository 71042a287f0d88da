# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Jobs laid out and run as AWX does it: a private data directory goes to a worker of ansible-runner, which knows nothing
else, and events come back as lines of JSON.
"""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import ansible_runner
import yaml
from conftest import PATIENCE
from jinja2.sandbox import ImmutableSandboxedEnvironment

CHECKOUT = Path(__file__).parents[3]
PROJECT = CHECKOUT / "examples/awx/project"
REQUIREMENTS = "collections/requirements.yml"


class LaunchError(Exception):
    """What AWX answers to a launch that it refuses."""


def answered(template: Mapping[str, Any], answers: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """
    Return the extra variables that answers to a survey give, and the names of those that AWX ignores.

    :raises LaunchError: A required answer is missing, or one is not what its question takes.
    """
    questions = {each["variable"]: each for each in template.get("survey_spec", {}).get("spec", [])}
    ignored = sorted(set(answers) - set(questions))
    given = {name: each["default"] for name, each in questions.items() if "default" in each}
    given |= {name: value for name, value in answers.items() if name in questions}
    for name, question in questions.items():
        _check_answer(question, given.get(name))
    return given, ignored


def _check_answer(question: Mapping[str, Any], value: Any) -> None:
    name, kind = question["variable"], question["type"]
    if value in (None, ""):
        if question["required"]:
            raise LaunchError(f"'{name}' value missing")
        return
    number = {"integer": int, "float": float}.get(kind)
    if not isinstance(value, number or str):
        raise LaunchError(f"Value {value} for '{name}' expected to be {kind}.")
    if kind == "multiplechoice" and value not in question["choices"].splitlines():
        raise LaunchError(f"Value {value} for '{name}' expected to be one of {question['choices'].splitlines()}.")


class Unsafe(str):
    """A value that whoever launched the job gave: it is no template."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(Unsafe, lambda dumper, value: dumper.represent_scalar("!unsafe", str(value)))


def unsafe(value: Any) -> Any:
    if isinstance(value, str):
        return Unsafe(value)
    if isinstance(value, dict):
        return {unsafe(key): unsafe(each) for key, each in value.items()}
    return [unsafe(each) for each in value] if isinstance(value, list) else value


@dataclasses.dataclass(frozen=True)
class Credential:
    """A credential: the injectors of its type, and its inputs."""

    injectors: Mapping[str, Any]
    inputs: Mapping[str, Any]

    def inject(self, folder: Path) -> dict[str, str]:
        """Write its files into a folder, and return its environment variables, as AWX renders both."""
        environment = ImmutableSandboxedEnvironment()
        filename: dict[str, str] = {}
        names = {**self.inputs, "tower": {"filename": filename}, "awx": {"filename": filename}}
        # The order in which the database of AWX keeps them.
        for key, template in sorted(self.injectors.get("file", {}).items(), key=lambda each: (len(each[0]), each[0])):
            path = folder / f"tmp{secrets.token_hex(4)}"
            path.touch(mode=0o600)
            path.write_text(environment.from_string(template).render(names))
            filename[key.removeprefix("template.")] = str(path)
        variables = self.injectors.get("env", {}).items()
        return {name: environment.from_string(template).render(names) for name, template in variables}


# AWX's own type OpenStack: whatever it is called, its cloud is devstack.
def built_in_openstack(auth: Mapping[str, Any], region: str) -> Credential:
    cloud = {
        "auth": {
            **{key: auth[key] for key in ("auth_url", "username", "password", "project_name", "project_domain_name")},
            "domain_name": auth["user_domain_name"],
        },
        "verify": True,
        "region_name": region,
    }
    file = yaml.safe_dump({"clouds": {"devstack": cloud}}, default_flow_style=False)
    injectors = {"file": {"template": "{{ text }}"}, "env": {"OS_CLIENT_CONFIG_FILE": "{{ tower.filename.template }}"}}
    return Credential(injectors, {"text": file})


class Project:
    """A project that AWX has synchronised: a checkout, and the collections of its requirements."""

    def __init__(self, folder: Path, artifact: Path) -> None:
        """
        :param artifact: The collection as it is built, which is on no Galaxy that a test could ask.
        """
        self.folder = folder / "project"
        self.collections = folder / "requirements_collections"
        shutil.copytree(PROJECT, self.folder)
        wanted = yaml.safe_load((self.folder / REQUIREMENTS).read_text())["collections"]
        assert [each["name"] for each in wanted] == ["xloud.image"]
        requirements = folder / "requirements.yml"
        requirements.write_text(json.dumps({"collections": [{"name": str(artifact), "type": "file"}]}))
        command = ("ansible-galaxy", "collection", "install", "--requirements-file", requirements)
        # One that is installed elsewhere would do as well.
        env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(self.collections)}
        path = ("--collections-path", self.collections, "--offline")
        subprocess.run([*command, *path], env=env, check=True, capture_output=True)

    def put(self, path: str, content: Any) -> None:
        (self.folder / path).write_text(content if isinstance(content, str) else json.dumps(content))

    def inventory(self) -> dict[str, dict[str, Any]]:
        """The variables of the hosts, and of all of them as those of C(all), as the inventory source reads them."""
        command = ["ansible-inventory", "--inventory", "inventory/clouds.yml", "--list", "--export"]
        listed = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        found = json.loads(listed.stdout)
        return {**found["_meta"]["hostvars"], "all": found["all"].get("vars", {})}


@dataclasses.dataclass(frozen=True)
class Finished:
    """What AWX knows of a job that has ended."""

    status: str
    events: list[dict[str, Any]]

    @property
    def output(self) -> str:
        """What it printed, each line of it as one, whatever the width."""
        return " ".join(" ".join(event["stdout"] for event in self.events if event.get("stdout")).split())

    @property
    def artifacts(self) -> dict[str, Any]:
        """What set_stats left, which the next job of a workflow gets."""
        found: dict[str, Any] = {}
        for event in self.events:
            found |= event.get("event_data", {}).get("artifact_data", {})
        return found

    @property
    def hosts(self) -> list[str]:
        """The hosts that it was at work on."""
        return list(self._stats["processed"])

    @property
    def changed(self) -> dict[str, int]:
        """How many tasks changed something, by host."""
        return self._stats["changed"]

    @property
    def _stats(self) -> dict[str, Any]:
        (stats,) = (event for event in self.events if event["event"] == "playbook_on_stats")
        return stats["event_data"]


@dataclasses.dataclass
class Job:
    """
    A launch of a template.

    :param template: The definition of the job template.
    :param answers: Those to its survey.
    :param hosts: The variables of the hosts, and of all of them, by default those of the project.
    :param part: The number of this slice, and how many there are.
    :param artifacts: What earlier jobs of the workflow left, and the answers to its own survey.
    """

    folder: Path
    project: Project
    template: Mapping[str, Any]
    credential: Credential
    answers: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    hosts: Mapping[str, dict[str, Any]] | None = None
    part: tuple[int, int] = (1, 1)
    artifacts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    job_type: str | None = None

    def __enter__(self) -> Self:
        number = secrets.token_hex(3)
        # Every pod has it in the same place, which is /runner. Slices are several pods at a time.
        self._private, self._pod = self.folder / f"awx_{number}", self.folder / f"runner{self.part[0]}"
        for name in ("env", "inventory", "cp", "requirements_roles"):
            (self._private / name).mkdir(parents=True, mode=0o700)
        shutil.copytree(self.project.folder, self._private / "project")
        shutil.copytree(self.project.collections, self._private / "requirements_collections")
        self._write("env/extravars", yaml.dump(self._extra_vars(), Dumper=_Dumper))
        self._write("env/cmdline", self._command_line())
        self._write("env/settings", json.dumps({"job_timeout": 0, "suppress_output_file": True}))
        script = f"#!{sys.executable}\nprint({json.dumps(self._inventory())!r})\n"
        self._write("inventory/hosts", script, mode=0o700)
        (self._private / "pod").mkdir()
        variables = self.credential.inject(self._private / "env")
        self._environment = {
            name: value.replace(str(self._private), str(self._pod)) for name, value in variables.items()
        }
        for file in (self._private / "env").glob("tmp*"):
            file.write_text(file.read_text().replace(str(self._private), str(self._pod)))
        return self._start()

    def __exit__(self, *_exception: object) -> None:
        if self.process.poll() is None:
            self.cancel()
        shutil.rmtree(self._private)
        shutil.rmtree(self._pod)

    def _write(self, path: str, text: str, mode: int = 0o600) -> None:
        (self._private / path).touch(mode=mode)
        (self._private / path).write_text(text)

    def _extra_vars(self) -> dict[str, Any]:
        given, _ignored = answered(self.template, self.answers)
        facts = {"job_id": 7, "job_launch_type": "manual", "user_name": "admin", "inventory_name": "Image clouds"}
        facts |= {"job_template_name": self.template["name"], "project_revision": ""}
        told = {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in facts.items()}
        return {**self.template.get("extra_vars", {}), **unsafe({**given, **self.artifacts, **told})}

    def _command_line(self) -> str:
        check = ["--check"] if (self.job_type or self.template["job_type"]) == "check" else []
        return " ".join([*check, "-u", "root", *(["--diff"] if self.template["diff_mode"] else [])])

    def _inventory(self) -> dict[str, Any]:
        hosts = dict(self.project.inventory() if self.hosts is None else self.hosts)
        shared = hosts.pop("all", {})
        number, count = self.part
        chosen = sorted(hosts)[number - 1 :: count]
        told = {"remote_tower_enabled": "true", "remote_tower_id": 1}
        return {
            "all": {"hosts": chosen, "vars": shared},
            "_meta": {"hostvars": {name: {**hosts[name], **told} for name in chosen}},
        }

    def _start(self) -> Self:
        environment = {
            "ANSIBLE_COLLECTIONS_PATH": f"{self._pod}/requirements_collections:{self._pod}/.ansible/collections",
            "ANSIBLE_FORCE_COLOR": "True",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "AWX_HOST": "https://awx.example.com",
            "AWX_PRIVATE_DATA_DIR": str(self._pod),
            "INVENTORY_ID": "1",
            "JOB_ID": "7",
            "MAX_EVENT_RES": "700000",
            **self._environment,
        }
        sent = self.folder / f"{self._private.name}.transmitted"
        with sent.open("wb") as stream:
            ansible_runner.interface.run(
                streamer="transmit",
                _output=stream,
                private_data_dir=str(self._private),
                ident=7,
                playbook=self.template["playbook"],
                envvars=environment,
                suppress_env_files=True,
                fact_cache_type="",
            )
        self._pod.mkdir(mode=0o700)
        kept = {name: os.environ[name] for name in ("LC_ALL", "PATH") if name in os.environ}
        with sent.open("rb") as stream:
            self.process = subprocess.Popen(
                ["ansible-runner", "worker", "--private-data-dir", self._pod],
                # A pod starts in its own folder, and not in that of the project.
                cwd=self._pod,
                env={**kept, "HOME": str(self._pod), "PWD": str(self._pod)},
                stdin=stream,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        sent.unlink()
        return self

    def lines(self) -> Iterator[dict[str, Any]]:
        """What the worker sends, as it comes."""
        assert self.process.stdout
        for line in self.process.stdout:
            # The artifacts come as a file between the lines, which runs on into the last one.
            if line.startswith("{"):
                yield json.loads(line)

    def wait(self) -> Finished:
        lines = list(self.lines())
        self.process.wait(PATIENCE)
        statuses = [line["status"] for line in lines if "status" in line]
        return Finished(statuses[-1], [line for line in lines if "event" in line])

    def cancel(self) -> None:
        """End the job as AWX does: at once, and whatever it is at."""
        for process in reversed(self._processes()):
            os.kill(process, signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE)

    def _processes(self) -> list[int]:
        parents = {}
        for file in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(file.parent.name)] = int(file.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        found = [self.process.pid]
        for parent in found:
            found += [process for process, each in parents.items() if each == parent]
        return found
