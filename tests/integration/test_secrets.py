# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Secrets that are given to modules show up nowhere.

Not in what a run prints at any verbosity, in logs, results, diffs, plans, exports or caches, and not in the list of
processes, their environment or temporary files while it runs. Secrets are planted wherever one may be given; whoever
adds an option for one adds it to C(planted).
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils import basic
from conftest import MIB, PATIENCE, Gate, Handler, Web, serving
from credentials import application_credential

from ansible_collections.xloud.image.tests.unit.fakes.keys import pair

VERBOSE = "-vvv"
# What is written while a run takes is looked at again and again, image data aside.
LARGE = 64 * 1024
# Characters that are written otherwise in YAML, JSON, Python and URLs: what is left of them must not show either.
ODD = "'\"\\ %é"
MARK = "planted"
ANSIBLES_OWN = re.compile(r"/ansible-(local|tmp)-[^/]+/")


@dataclasses.dataclass
class Secrets:
    """Makes secrets, and knows all of them. C(known) has a part of each that nothing escapes."""

    known: dict[str, str] = dataclasses.field(default_factory=dict)

    def plain(self, place: str) -> str:
        """Return a secret that is fit for a URL."""
        self.known[place] = f"{MARK}{len(self.known):03}{os.urandom(6).hex()}"
        return self.known[place]

    def odd(self, place: str) -> str:
        """Return a secret of characters that are written differently in different places."""
        core = self.plain(place)
        return f"{core}{ODD}{core}"

    def real(self, place: str, secret: str) -> None:
        """Know a secret that is a cloud's own."""
        self.known[place] = secret

    def found_in(self, text: str) -> list[str]:
        return [place for place, secret in self.known.items() if secret in text]


class Watch:
    """Looks, for as long as a run takes, at its processes and at the files that it has open for a moment."""

    def __init__(self, secrets: Secrets, processes: Callable[[], list[int]], folders: list[Path]) -> None:
        self._secrets, self._processes, self._folders = secrets, processes, folders
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.found: set[tuple[str, str]] = set()
        self.commands: set[str] = set()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.05):
            for process in self._processes():
                for name in ("cmdline", "environ"):
                    with contextlib.suppress(OSError):
                        text = Path(f"/proc/{process}/{name}").read_bytes().decode(errors="replace")
                        self.commands.add(text) if name == "cmdline" else None
                        self._look(f"{name} of {text[:80]}", text)
            for folder in self._folders:
                for path, text in texts_below(folder, LARGE):
                    self._look(str(path), text)

    def _look(self, where: str, text: str) -> None:
        self.found |= {(where, place) for place in self._secrets.found_in(text)}


def texts_below(folder: Path, limit: int = MIB) -> Iterator[tuple[Path, str]]:
    """Give the files of a folder but for those by which Ansible hands the options to a module."""
    for base, _folders, names in os.walk(folder):
        for name in names:
            path = Path(base, name)
            with contextlib.suppress(OSError):
                text = path.read_bytes().decode(errors="replace") if path.stat().st_size <= limit else ""
                if not (ANSIBLES_OWN.search(str(path)) and text.startswith("#!")):
                    yield path, text


@dataclasses.dataclass(frozen=True)
class Task:
    """A task, and the words that it fails with; none where it does not fail."""

    name: str
    module: str
    args: dict[str, Any]
    fails: str = ""
    check: bool = False
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Ended:
    """What a run printed and logged, the results of its tasks, and what was seen meanwhile."""

    output: str
    log: str
    results: list[dict[str, Any]]
    watch: Watch


class Stage:
    """Runs tasks in one play, whose options it gives in variables: Ansible shows the lines of tasks that fail."""

    def __init__(self, folder: Path, secrets: Secrets) -> None:
        self.folder, self.secrets = folder, secrets
        self.made = folder / "made"
        self.temporary = folder / "temporary"
        for each in (self.made, self.temporary):
            each.mkdir()

    def run(self, tasks: list[Task], *options: str) -> Ended:
        given, results = self.folder / "given.json", self.folder / "results.json"
        given.write_text(json.dumps({"given": [task.args for task in tasks]}))
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "tasks": [self._written(number, task) for number, task in enumerate(tasks)],
        }
        shown = "{{ " + " + ".join(f"[outcome{number}]" for number in range(len(tasks))) + " }}"
        play["tasks"].append(
            {"ansible.builtin.copy": {"content": shown, "dest": str(results), "mode": "0600"}, "no_log": True}
        )
        (self.folder / "play.yml").write_text(json.dumps([play]))
        log = self.folder / "ansible.log"
        process = subprocess.Popen(
            ["ansible-playbook", "--extra-vars", f"@{given}", *options, self.folder / "play.yml"],
            env={
                **os.environ,
                "ANSIBLE_LOCALHOST_WARNING": "false",
                "ANSIBLE_LOCAL_TEMP": str(self.temporary / "local"),
                "ANSIBLE_REMOTE_TEMP": str(self.temporary / "remote"),
                "ANSIBLE_LOG_PATH": str(log),
                "TMPDIR": str(self.temporary),
                "XDG_CACHE_HOME": str(self.made / "cache"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        watch = Watch(self.secrets, lambda: descendants(process.pid), [self.temporary, self.made])
        with watch:
            output, _nothing = process.communicate(timeout=PATIENCE * 5)
        assert results.exists(), output
        read = json.loads(results.read_text())
        results.unlink()
        return Ended(output, log.read_text(), read, watch)

    @staticmethod
    def _written(number: int, task: Task) -> dict[str, Any]:
        args = {key: f"{{{{ given[{number}]['{key}'] }}}}" for key in task.args}
        return {
            "name": task.name,
            f"xloud.image.{task.module}": args,
            "check_mode": task.check,
            "environment": task.environment,
            "ignore_errors": True,
            "register": f"outcome{number}",
        }


def descendants(parent: int) -> list[int]:
    parents = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(file.parent.name)] = int(file.read_text().rpartition(")")[2].split()[1])
    found = [parent]
    for each in found:
        found += [process for process, above in parents.items() if above == each]
    return found


def check_nothing_shows(stage: Stage, ended: Ended) -> None:
    secrets = stage.secrets
    assert secrets.found_in(ended.output) == []
    assert secrets.found_in(ended.log) == []
    assert secrets.found_in(json.dumps(ended.results, ensure_ascii=False)) == []
    assert [(path, found) for path, text in texts_below(stage.made) if (found := secrets.found_in(text))] == []
    assert ended.watch.found == set()
    # It looked while modules ran.
    assert any("AnsiballZ" in command for command in ended.watch.commands)


def check_results(tasks: list[Task], ended: Ended) -> None:
    for task, result in zip(tasks, ended.results, strict=True):
        told = result.get("msg", "")
        assert bool(task.fails) == result["failed"], (task.name, told)
        assert task.fails in told, task.name


@pytest.fixture
def secrets():
    return Secrets()


@pytest.fixture
def stage(tmp_path, secrets):
    return Stage(tmp_path, secrets)


@pytest.fixture
def image_args(name, template, stage):
    """The options of each module beside those of the connection, with which it would do something."""
    source, certificate = stage.made / "disk.raw", stage.made / "signer.crt"
    source.write_bytes(b"x" * 4096)
    certificate.write_bytes(pair().pem)
    versions = {"1.0": {"source": str(source)}}
    return {
        "image_template": {"name": name, "source": str(source)},
        "image_visibility": {"image": name, "hidden": True},
        "image_member": {"image": name, "members": ["0" * 32]},
        "image_export": {"image": name, "path": str(stage.made / "out.raw")},
        "image_catalog": {
            "catalog": {template: {"visibility": "shared", "versions": versions}},
            "plan_file": str(stage.made / "plan.json"),
        },
        "image_catalog_info": {"templates": [template]},
        "image_certificate": {"name": name, "path": str(certificate)},
        "image_replica": {"source_directory": str(stage.made), "images": [name]},
    }


class RedirectHandler(Handler):
    """Sends whoever asks to a place that signs its URLs, as storages do."""

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server looks for
        self.send_response(302)
        self.send_header("Location", self.server.target)
        self.send_header("Content-Length", "0")
        self.end_headers()


def wrong_clouds(clouds: dict[str, Any], secrets: Secrets) -> dict[str, dict[str, Any]]:
    """Options of a connection that fails, by what is planted in them."""
    cloud = copy.deepcopy(clouds["sandbox-operator"])
    auth_url = cloud["auth"]["auth_url"]
    project = {"project_name": "catalog", "project_domain_name": "Default"}
    password = {**cloud["auth"], "password": secrets.odd("cloud.auth.password")}
    credential = {
        "auth_url": auth_url,
        "application_credential_id": "0" * 32,
        "application_credential_secret": secrets.odd("application_credential_secret"),
    }
    token = {"auth_url": auth_url, "token": secrets.plain("token"), **project}
    line = {**token, "token": secrets.plain("token with a new line") + "\n"}
    nowhere = {**cloud["auth"], "auth_url": "http://127.0.0.1:1/v3", "password": secrets.odd("unreachable password")}
    odd = {**cloud["auth"], "passcode": secrets.odd("passcode"), "totp": "1"}
    return {
        "cloud with a wrong password": {"cloud": {**cloud, "auth": password}},
        "auth with a wrong password": {"auth": {**password, "password": secrets.odd("auth.password")}},
        "application credential": {
            "cloud": {**cloud, "auth_type": "v3applicationcredential", "auth": credential},
        },
        "token": {"cloud": {**cloud, "auth_type": "v3token", "auth": token}},
        "token with a new line": {"cloud": {**cloud, "auth_type": "v3token", "auth": line}},
        "unreachable": {"cloud": {**cloud, "auth": nowhere}},
        "plugin that is none": {"cloud": {**cloud, "auth_type": "v3nothing", "auth": odd}},
    }


def test_secrets_of_connections(stage, secrets, clouds, image_args):
    """Each module, and each way to be refused, in check mode and not."""
    wrong = wrong_clouds(clouds, secrets)
    words = {"unreachable": "cannot be reached", "token": "refused the token"}
    kinds = list(wrong)
    tasks = [
        Task(f"{module}, {kind}", module, {**args, **wrong[kind]}, fails=words.get(kind, "cloud"), check=check)
        for number, (module, args) in enumerate(image_args.items())
        for kind, check in ((kinds[number % len(kinds)], True), (kinds[(number + 3) % len(kinds)], False))
    ]
    ended = stage.run(tasks, VERBOSE, "--diff")
    check_nothing_shows(stage, ended)
    check_results(tasks, ended)
    assert {task.name.partition(", ")[2] for task in tasks} == {*kinds}


def test_secrets_of_signatures(stage, secrets, image_args, tmp_path):
    """The key that signs, and what opens it."""
    key, passphrase = tmp_path / "signer.pem", secrets.odd("passphrase")
    key.write_bytes(pair().private(passphrase))
    # A line from the middle of it, as it is and as it is stored.
    for place, content in {"key": pair().private(), "encrypted key": key.read_bytes()}.items():
        secrets.real(place, content.decode().splitlines()[5])
    cloud = "sandbox-operator"
    (stored,) = stage.run(
        [Task("store", "image_certificate", {"cloud": cloud, **image_args["image_certificate"]})]
    ).results
    signature = {"certificate_uuid": stored["certificate"]["id"], "privatekey_path": str(key)}
    ((template, described),) = image_args["image_catalog"]["catalog"].items()
    catalog = {"cloud": cloud, "catalog": {template: {**described, "signature": signature}}}
    wrong = {"privatekey_passphrase": secrets.odd("wrong passphrase")}
    right = {"privatekey_passphrase": passphrase}
    one = {"cloud": cloud, **image_args["image_template"]}
    fails = "does not open the private key"
    tasks = [
        Task("wrong", "image_template", {**one, "signature": {**signature, **wrong}}, fails=fails),
        Task("option", "image_template", {**one, "signature": {**signature, **right}, "state": "odd"}, fails="state"),
        Task("check", "image_template", {**one, "signature": {**signature, **right}}, check=True),
        Task("sign", "image_template", {**one, "signature": {**signature, **right}}),
        Task(
            "all wrong",
            "image_catalog",
            {**catalog, **wrong, "catalog": {f"{template}-x": catalog["catalog"][template]}},
            fails=fails,
        ),
        Task("all", "image_catalog", {**catalog, **right, "plan_file": str(stage.made / "plan.json")}),
    ]
    ended = stage.run(tasks, VERBOSE, "--diff")
    check_nothing_shows(stage, ended)
    check_results(tasks, ended)


def test_secrets_of_other_projects(stage, secrets, clouds, image_args):
    """Those of clouds that data comes from, and of projects that answer a share."""
    wrong = wrong_clouds(clouds, secrets)["cloud with a wrong password"]["cloud"]
    cloud = "sandbox-operator"

    def planted(place: str) -> dict[str, Any]:
        return {**wrong, "auth": {**wrong["auth"], "password": secrets.odd(place)}}

    replica = {"source_cloud": planted("source_cloud"), "images": ["*"]}
    template = {**image_args["image_template"], "source": {"cloud": planted("source.cloud"), "image": "x"}}
    members = {**image_args["image_member"], "member_clouds": {"0" * 32: planted("member_clouds")}}
    refused = {**image_args["image_member"], "member_clouds": {"0": planted("member_clouds refused")}, "state": "odd"}
    tasks = [
        Task("replica", "image_replica", {"cloud": cloud, **replica}, fails="refused the credentials"),
        Task("template", "image_template", {"cloud": cloud, **template}, fails="refused the credentials", check=True),
        Task("members", "image_member", {"cloud": cloud, **members}, fails="refused the credentials"),
        Task("options", "image_member", {"cloud": planted("cloud"), **refused}, fails="value of state must be one of"),
    ]
    ended = stage.run(tasks, VERBOSE, "--diff")
    check_nothing_shows(stage, ended)
    check_results(tasks, ended)


def test_secrets_of_urls(stage, secrets, web: Web, image_args, template, operator):
    """Of sources and checksums, in options and in documents, that are there, missing, out of reach, or elsewhere."""
    cloud = "sandbox-operator"
    web.give("/disk.raw", b"x" * MIB)
    web.give("/SHA256SUMS", b"no sums at all")

    def url(place: str, path: str, host: str = "") -> str:
        base = (host or web.url).replace("//", f"//user:{secrets.plain(f'{place} password')}@")
        return f"{base}{path}?sig={secrets.plain(f'{place} query')}&se=2030"

    def curate(version: str, source: str, **more: str) -> dict[str, Any]:
        return {
            "cloud": cloud,
            "catalog": {template: {"visibility": "shared", "versions": {version: {"source": source, **more}}}},
        }

    document = stage.folder / "catalog.yml"
    document.write_text(yaml.safe_dump({"image_catalog": curate("1.2", url("document", "/missing"))["catalog"]}))
    plan = str(stage.made / "plan.json")
    with (
        serving(RedirectHandler, target=f"http://127.0.0.1:1/x?Signature={secrets.plain('redirect')}") as redirecting,
        serving(RedirectHandler, target=f"ftp://me:{secrets.plain('redirect to ftp')}@127.0.0.1/x") as odd,
    ):
        tasks = [
            Task(
                "right",
                "image_template",
                {"cloud": cloud, "name": f"{template}-v1.0", "source": url("right", "/disk.raw")},
            ),
            Task(
                "sums",
                "image_template",
                {
                    "cloud": cloud,
                    "name": f"{template}-v1.1",
                    "source": url("sums", "/disk.raw"),
                    "checksum": url("checksum", "/SHA256SUMS"),
                },
                fails="SHA256SUMS",
            ),
            Task(
                "missing",
                "image_template",
                {"cloud": cloud, "name": f"{template}-v1.1", "source": url("missing", "/none")},
                fails="404",
            ),
            Task(
                "unreachable",
                "image_template",
                {
                    "cloud": cloud,
                    "name": f"{template}-v1.1",
                    "source": url("unreachable", "/none", "http://127.0.0.1:1"),
                },
                fails="refused",
                check=True,
            ),
            Task(
                "redirect",
                "image_template",
                {"cloud": cloud, "name": f"{template}-v1.1", "source": url("redirecting", "/none", redirecting)},
                fails="refused",
            ),
            Task(
                "odd redirect",
                "image_template",
                {"cloud": cloud, "name": f"{template}-v1.1", "source": url("odd", "/none", odd)},
                fails="cannot be fetched",
            ),
            Task(
                "scheme",
                "image_template",
                {"cloud": cloud, "name": f"{template}-v1.1", "source": url("scheme", "/none").replace("http", "ftp")},
                fails="ftp:// is not supported",
            ),
            Task("catalogue", "image_catalog", {**curate("1.3", url("catalogue", "/disk.raw")), "plan_file": plan}),
            Task(
                "catalogue again",
                "image_catalog",
                {
                    **curate("1.3", url("catalogue again", "/disk.raw"), checksum=url("catalogue sums", "/SHA256SUMS")),
                    "plan_file": plan,
                },
                check=True,
            ),
            Task(
                "document", "image_catalog", {"cloud": cloud, "files": [str(document)], "plan_file": plan}, fails="404"
            ),
            Task("report", "image_catalog_info", {"cloud": cloud, "files": [str(document)]}),
            Task("export", "image_export", {"cloud": cloud, "images": [f"{template}-v*"], "path": str(stage.made)}),
        ]
        ended = stage.run(tasks, VERBOSE, "--diff")
    check_nothing_shows(stage, ended)
    check_results(tasks, ended)
    assert {"plan.json", f"{template}-v1.0.raw.json", "SHA256SUMS"} <= {
        path.name for path, _text in texts_below(stage.made)
    }
    records = json.dumps(operator.find(template))
    assert secrets.found_in(records) == []


def test_secrets_that_are_right(stage, secrets, clouds, image_args, name, operator):
    """Those of clouds that take them, which are not made to be told from other text."""
    with application_credential(operator, clouds["sandbox-operator"]) as cloud:
        secrets.real("application credential", cloud["auth"]["application_credential_secret"])
        for each in ("sandbox-operator", "sandbox-team-a"):
            secrets.real(each, clouds[each]["auth"]["password"])
        team = {"team-a": clouds["sandbox-team-a"]}
        share = {"image": name, "members": ["team-a"], "member_clouds": team, "make_shared": True}
        away = {
            "region_name": "RegionTwo",
            "source_cloud": clouds["sandbox-operator"],
            "source_region_name": "RegionOne",
        }
        tasks = [
            Task("template", "image_template", {"cloud": cloud, **image_args["image_template"]}),
            Task(
                "share",
                "image_member",
                {"auth": clouds["sandbox-operator"]["auth"], "region_name": "RegionOne", **share},
            ),
            Task(
                "replica",
                "image_replica",
                {"cloud": clouds["sandbox-operator"], "images": [name], "members": False, **away},
                check=True,
            ),
            Task("export", "image_export", {"cloud": cloud, **image_args["image_export"]}),
            Task("absent", "image_template", {"cloud": cloud, "name": name, "state": "absent", "force": True}),
        ]
        ended = stage.run(tasks, VERBOSE, "--diff")
    check_nothing_shows(stage, ended)
    check_results(tasks, ended)


CRASH = """
import requests
def send(self, request, **_kwargs):
    raise RuntimeError(f"odd: {request.url} {request.body}")
requests.Session.send = send
"""


def test_secrets_in_a_fault_of_ours(stage, secrets, clouds, image_args):
    """An exception that nobody thought of, which holds all that there is."""
    broken = stage.folder / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(CRASH)
    cloud = copy.deepcopy(clouds["sandbox-operator"])
    cloud["auth"]["password"] = secrets.plain("password")
    source = f"http://user:{secrets.plain('url')}@127.0.0.1/x?sig={secrets.plain('query')}"
    tasks = [
        Task(
            "cloud",
            "image_visibility",
            {"cloud": cloud, **image_args["image_visibility"]},
            fails="odd",
            environment={"PYTHONPATH": str(broken)},
        ),
        Task(
            "url",
            "image_template",
            {"cloud": cloud, **image_args["image_template"], "source": source, "checksum": source},
            fails="odd",
            environment={"PYTHONPATH": str(broken)},
        ),
    ]
    ended = stage.run(tasks, VERBOSE)
    check_nothing_shows(stage, ended)
    check_results(tasks, ended)


def test_secrets_and_the_log_of_the_system(secrets, clouds, image_args, run_here, monkeypatch):
    """Ansible tells it the options of each call."""
    logged: list[str] = []
    monkeypatch.setattr(basic.syslog, "syslog", lambda _priority, text: logged.append(text))
    monkeypatch.setattr(basic, "has_journal", False)
    wrong = wrong_clouds(clouds, secrets)
    for number, (module, args) in enumerate(image_args.items()):
        options = list(wrong.values())[number % len(wrong)]
        run_here(module, options.get("cloud"), **{**args, **{k: v for k, v in options.items() if k != "cloud"}})
    source = f"http://user:{secrets.plain('url')}@127.0.0.1:1/x?sig={secrets.plain('query')}"
    run_here("image_template", None, name="x", source=source)
    run_here("image_replica", None, source_cloud=wrong["cloud with a wrong password"]["cloud"])
    assert len(logged) == len(image_args) + 2
    assert all("Invoked with" in text for text in logged)
    assert secrets.found_in("\n".join(logged)) == []


def test_secrets_and_the_list_of_processes(name, secrets, clouds, web: Web, start_module):
    """Half way through a transfer, when nothing is over in a moment."""
    page = web.give("/disk.raw", bytes(16 * MIB), gate=Gate())
    password = secrets.plain("password")
    source = f"{web.url.replace('//', f'//user:{password}@')}/disk.raw?token={secrets.plain('query')}"
    secrets.real("cloud", clouds["sandbox-operator"]["auth"]["password"])
    run = start_module("image_template", clouds["sandbox-operator"], VERBOSE, name=name, source=source)

    page.gate.wait_until_reached()
    texts = [Path(f"/proc/{each}/{kind}").read_text() for each in run.processes() for kind in ("cmdline", "environ")]
    page.gate.open()
    outcome = run.wait()

    assert any("AnsiballZ" in text for text in texts)
    assert secrets.found_in("".join(texts)) == []
    assert "broke off" in outcome.result["msg"]
    assert secrets.found_in(outcome.output + json.dumps(outcome.result)) == []
