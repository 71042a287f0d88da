# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the launcher of the sandbox decides without a service, and how it ends what left its process group."""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import signal
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError

import pytest

FILES = Path(__file__).parents[2] / "roles/sandbox/files"
IDENTITY = {"kind": "identity", "port": 1, "regions": ["One"], "folder": "etc", "configuration": ["keystone.conf"]}
QUEUE = {"kind": "message_queue", "port": 2, "regions": [], "folder": "etc", "configuration": []}
NOVA = {"regions": [], "folder": "etc/compute", "configuration": ["nova.conf"]}
WORKLOADS = {
    "message-queue": QUEUE,
    "compute": {"kind": "compute", "port": 3, **NOVA, "regions": ["One"]},
    "compute-host": {"kind": "compute_host", **NOVA, "configuration": ["nova.conf", "nova-compute.conf"]},
}
# Holds the lock, leaves its process group, and is deaf to everything but SIGKILL.
ESCAPED = """
import os, signal, sys
os.setsid()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture
def launcher(monkeypatch):
    """Import a module of the launcher, which is no part of the collection's package."""
    known = set(sys.modules)
    monkeypatch.syspath_prepend(str(FILES / "launcher"))
    yield importlib.import_module
    for name in set(sys.modules) - known:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == FILES / "launcher":
            del sys.modules[name]


@pytest.fixture
def layout(tmp_path, launcher):
    """The sandbox in the settings, anew each time, as each start sees it."""

    def read(workloads=None, **settings):
        workloads = WORKLOADS if workloads is None else workloads
        files = {
            "etc/sandbox.json": json.dumps(
                {
                    "services": {"identity": {**IDENTITY, "directories": []}},
                    "workloads": {name: {**each, "directories": []} for name, each in workloads.items()},
                    "workloads_venv": str(tmp_path / "venv"),
                    "users": {"admin": {"project": "admin"}},
                    "application_credentials": {},
                    **settings,
                }
            ),
        }
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        found = launcher("layout").Layout(tmp_path)
        found.create_directories()
        launcher("secret_store").ensure_secrets(found)
        return found

    return read


def hold(path):
    """A process that has a lock of a sandbox."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return subprocess.Popen(["sleep", "60"], pass_fds=[lock.fileno()])


def digests(layout):
    return {name: layout.workload_digest(name) for name in layout.workloads}


def test_what_runs_is_not_restarted_for_what_comes_beside_it(layout):
    alone = layout(workloads={})
    before = alone.digest()
    assert "nova" not in alone.secrets()
    beside = layout()
    assert beside.digest() == before
    assert {"nova", "message-queue"} <= set(beside.secrets())


def test_a_changed_file_restarts_whoever_reads_it(layout, tmp_path):
    first = layout()
    (tmp_path / "etc/compute").mkdir()
    for name in ("nova.conf", "nova-compute.conf"):
        (tmp_path / "etc/compute" / name).write_text("as it was")
    before = digests(first)
    (tmp_path / "etc/compute/nova-compute.conf").write_text("verify_glance_signatures = true")
    after = digests(layout())
    assert [name for name in before if before[name] != after[name]] == ["compute-host"]
    assert first.digest() == layout().digest()


def test_another_port_of_the_message_queue_restarts_whoever_uses_it(layout):
    before = digests(layout())
    moved = layout({**WORKLOADS, "message-queue": {**QUEUE, "port": 9}})
    assert all(before[name] != digest for name, digest in digests(moved).items())


def test_whoever_needs_what_moved_is_restarted(layout):
    port_mapper = {"kind": "port_mapper", "port": 5, "regions": [], "folder": "etc", "configuration": []}
    placement = {"kind": "placement", "port": 6, "regions": ["One"], "folder": "etc", "configuration": []}
    volumes = {"kind": "block_storage_volume", "regions": [], "folder": "etc", "configuration": []}
    every = {**WORKLOADS, "port-mapper": port_mapper, "placement": placement, "block-storage-volume": volumes}
    before = digests(layout(every))

    def changed(name, **settings):
        after = digests(layout({**every, name: {**every[name], **settings}}))
        return {name for name in every if before[name] != after[name]}

    # RabbitMQ begins empty then, so those that talk by it have to begin anew too.
    users = {"message-queue", "compute", "compute-host", "block-storage-volume"}
    assert changed("port-mapper", port=9) == {"port-mapper"} | users
    assert changed("message-queue", distribution_port=9) == users
    assert changed("placement", port=9) == {"placement", "compute-host"}


def test_passwords_are_made_once(layout):
    first = layout().secrets()
    again = layout({**WORKLOADS, "placement": {"kind": "placement", "port": 4, **NOVA}}).secrets()
    assert {name: again[name] for name in first} == first
    assert set(again) - set(first) == {"placement"}


def test_rabbitmq_reads_nothing_of_the_machine(layout, launcher, tmp_path, monkeypatch):
    layout({**WORKLOADS, "message-queue": {**QUEUE, "distribution_port": 9}, "port-mapper": {**QUEUE, "port": 5}})
    became = {}
    monkeypatch.setattr(os, "execve", lambda _program, _arguments, environment: became.update(environment))
    monkeypatch.setattr(sys, "argv", ["message-queue", str(tmp_path)])
    monkeypatch.setenv("SANDBOX_PASSWORD", "secret")
    (tmp_path / "data").mkdir()
    launcher("message_queue").main()
    files = {name: value for name, value in became.items() if "FILE" in name and name.startswith("RABBITMQ_")}
    kinds = ("CONFIG_FILE", "CONFIG_FILES", "ADVANCED_CONFIG_FILE", "CONF_ENV_FILE", "ENABLED_PLUGINS_FILE")
    assert set(files) == {f"RABBITMQ_{kind}" for kind in kinds}
    assert all(Path(value).is_relative_to(tmp_path / "data/message-queue") for value in files.values())


class Compute:
    """Nova with some flavors, which refuses those of a name that it has."""

    def __init__(self, *flavors):
        self.flavors = [dict(flavor) for flavor in flavors]

    def get(self, _service, path):
        shown = [each for each in self.flavors if each.get("public", True) or path.endswith("?is_public=None")]
        return {"flavors": shown}

    def post(self, _service, path, body):
        if body["flavor"]["name"] in [each["name"] for each in self.flavors]:
            raise HTTPError(path, HTTPStatus.CONFLICT, "there", None, None)
        self.flavors.append(body["flavor"])


@pytest.mark.parametrize("difference", [{}, {"public": False}, {"id": "another"}, {"name": "renamed"}])
def test_flavors_that_somebody_changed_are_left_alone(launcher, difference):
    flavors = launcher("flavors")
    cloud = Compute({**flavors.FLAVORS[0], **difference})
    flavors.ensure(cloud)
    assert [each["name"] for each in cloud.flavors] == [difference.get("name", "m1.tiny"), "m1.small"]


def test_a_flavor_that_is_refused_is_no_flavor(launcher):
    def refuse(*_arguments):
        raise HTTPError("", HTTPStatus.FORBIDDEN, "no", None, None)

    with pytest.raises(HTTPError):
        launcher("flavors").ensure(SimpleNamespace(get=Compute().get, post=refuse))


def test_everything_that_a_service_needs_is_known(launcher):
    software = launcher("software")
    # The names in vars/main.yml are the kinds with other letters.
    known = {kind.replace("_", "-") for kind in software.SOFTWARE} | {software.ACCOUNTS}
    needs = {need.removesuffix("-schema") for each in software.SOFTWARE.values() for need in each.needs}
    assert needs <= known
    with_tables = {
        need.removesuffix("-schema") for each in software.SOFTWARE.values() for need in each.needs if "-schema" in need
    }
    assert all(software.SOFTWARE[name.replace("-", "_")].schema for name in with_tables)


def test_a_process_that_left_its_group_is_ended_too(layout, launcher, tmp_path):
    instance = launcher("instance").Instance(layout(), "workloads-", ends_its_own=True)
    launcher("instance").PATIENCE = 0.5
    held = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(FILES / 'launcher')!r})\n"
            "from pathlib import Path; from layout import Layout; from instance import Instance\n"
            "import subprocess, signal\n"
            f"lock = Instance(Layout(Path({str(tmp_path)!r})), 'workloads-').hold()\n"
            f"subprocess.Popen([sys.executable, '-c', {ESCAPED!r}], pass_fds=[lock.fileno()])\n"
            "signal.pause()",
        ],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert held.stdout.readline() == "ready\n"
    assert instance.is_alive()
    assert instance.stop()
    assert not instance.is_alive()
    assert held.wait() == -signal.SIGTERM


def test_processes_that_end_meanwhile_are_passed_over(layout, launcher, monkeypatch):
    found = layout()
    holder = hold(found.root / "run/lock")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folders, listed = {"/proc": ["self", str(ended.pid), str(holder.pid)]}, os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: folders.get(folder) or listed(folder))
    launcher("instance").Instance(found).signal_all(signal.SIGKILL)
    assert holder.wait(10) == -signal.SIGKILL


@pytest.mark.parametrize("phase", ["starting", "failed"])
def test_a_launcher_that_nobody_reaps_is_not_waited_for(layout, launcher, phase):
    control, instance = launcher("control"), launcher("instance")
    found = layout()
    workloads = instance.Instance(found, "workloads-")
    workloads.record(instance.State(phase=phase, reason="as it says"))
    holder = hold(found.root / "run/workloads-lock") if phase == "failed" else None
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(control.SandboxError, match="as it says"):
        control.wait_until_ready(found, workloads, "workloads", zombie.pid, "digest")
    assert zombie.wait() == 0
    if holder:
        holder.kill()
        holder.wait()


@pytest.mark.parametrize("reaped", [True, False])
def test_a_killed_launcher_whose_services_live_on_is_replaced(layout, launcher, monkeypatch, reaped):
    control, instance = launcher("control"), launcher("instance")
    found = layout()
    killed = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, killed.pid, os.WEXITED | (0 if reaped else os.WNOWAIT))
    workloads = instance.Instance(found, "workloads-")
    state = instance.State("ready", "before", found.launcher_digest(), pids={"launcher": killed.pid})
    workloads.record(state)
    service = hold(found.root / "run/workloads-lock")
    monkeypatch.setattr(instance.Instance, "_ask", lambda _self: service.kill())
    monkeypatch.setattr(control, "spawn", lambda *_arguments: "another")
    assert control.Sandbox(found)._begin_workloads() == "another"
    assert service.wait() == -signal.SIGKILL


@pytest.mark.parametrize("answer", [True, False])
def test_the_end_of_keystone_ends_no_servers_and_volumes_that_answer_after_it(layout, launcher, monkeypatch, answer):
    control, instance = launcher("control"), launcher("instance")
    found = layout()
    monkeypatch.setattr(type(found), "is_seeded", lambda _self: True)
    instance.Instance(found, "workloads-").record(instance.State("ready", found.workloads_digest()))
    service = hold(found.root / "run/workloads-lock")
    done = []

    class Probe:
        def __init__(self, *_arguments):
            pass

        def run_workloads(self):
            done.append("asked")
            if not answer:
                raise OSError

    monkeypatch.setattr(control, "Probe", Probe)
    monkeypatch.setattr(control, "launch", lambda *_arguments: done.append("Keystone"))
    monkeypatch.setattr(control, "spawn", lambda *_arguments: done.append("Nova") or 1)
    monkeypatch.setattr(control, "wait_until_ready", lambda *_arguments: done.append("waited"))
    monkeypatch.setattr(instance.Instance, "_ask", lambda _self: service.kill())
    assert control.Sandbox(found).start()["changed"]
    assert done == (["Keystone", "asked"] if answer else ["Keystone", "asked", "Nova", "waited"])
    assert (service.poll() is None) == answer
    service.kill()
    service.wait()


def preflight(tmp_path, services, directory="sandbox"):
    """What it complains about where no command is on the path, and none is where Debian has them."""
    text = (FILES / "preflight.py").read_text().replace("/usr/sbin", "/none").replace("/usr/lib/rabbitmq/bin", "/none")
    script = tmp_path / "preflight.py"
    script.write_text(text.replace('"/usr/bin"', '"/none"'))
    options = ["--directory", str(tmp_path / directory), "--venv", str(tmp_path / "venv"), "--services", services]
    done = subprocess.run(
        [sys.executable, script, *options],
        env={**os.environ, "PATH": "/none"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_missing_packages_are_named_with_the_command_that_installs_them(tmp_path):
    code, complaints = preflight(tmp_path, "identity,image,block_storage")
    assert code == 1
    assert "sandbox_services: block_storage needs the package qemu-utils" in complaints
    assert "apt-get install --no-install-recommends mariadb-server-core qemu-utils rabbitmq-server" in complaints
    _code, complaints = preflight(tmp_path, "identity,image,compute")
    assert "sandbox_services: compute needs the package rabbitmq-server" in complaints
    assert "qemu-utils" not in complaints


def test_services_of_images_need_no_package_and_a_path_of_any_length(tmp_path):
    assert preflight(tmp_path, "identity,image,key_manager", "x" * 100)[0] == 0


def test_a_path_that_no_socket_fits_in_is_refused(tmp_path):
    assert (
        "sandbox_directory: compute and block_storage need a path of at most 89 bytes"
        in (preflight(tmp_path, "identity,image,compute", "x" * 100)[1])
    )


@pytest.mark.parametrize("directory", ["c++", "a&b"])
def test_a_path_that_no_url_of_a_database_holds_is_refused(tmp_path, directory):
    refusal = "sandbox_directory: compute and block_storage need a path without + and &"
    assert refusal in preflight(tmp_path, "identity,image,compute", directory)[1]
    assert preflight(tmp_path, "identity,image,key_manager", directory)[0] == 0
