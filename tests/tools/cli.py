# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the targets of the Makefile call: stages of the tests, the sandbox, the demonstration."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import fuzz
from sandbox import Sandbox
from stage import Stage, cancel
from stages import (
    CONSUMERS_SANDBOX,
    LONG_STAGES,
    ON_SANDBOX,
    ON_USERS_SANDBOX,
    SANDBOX,
    SOAK_SANDBOX,
    STAGES,
    USERS_SANDBOX,
)
from workspace import (
    CHECKOUT,
    COLLECTION,
    WORK,
    checkout_by_its_name,
    claim,
    copy_of_checkout,
    environment,
    lock,
    provide,
    provide_for_workloads,
    tools,
)

# Where editors look for the tools. Git ignores it.
LINK = CHECKOUT / ".venv"
# What a shell needs to run one test or one playbook on the checkout itself, and never on a real cloud.
ACTIVATE = """\
# Written by make develop.
export PATH={path}:$PATH
export ANSIBLE_COLLECTIONS_PATH={tree}
export OS_CLIENT_CONFIG_FILE={clouds}
export PYTEST_ADDOPTS='--ansible-unit-inject-only -p no:cacheprovider'
export PYTHONDONTWRITEBYTECODE=1
"""
NEXT = """
The tools are set up. In each shell that you work in:

  . {activate}

Then

  pytest tests/unit/test_layering.py     runs one file of tests on the checkout as it is
  ansible-doc xloud.image.image_member   shows the documentation as users see it
  make sandbox                           starts a Keystone and a Glance, for playbooks of your own
  pre-commit install                     has Git run the quick checks before each commit
  make help                              lists the stages of the tests

CONTRIBUTING.md says which of them a change needs.
"""


def run_stage(name: str, live: bool, env: dict[str, str]) -> Stage:
    with lock(name):
        stage = Stage(name, tools(), copy_of_checkout(name), live, env)
        print(f"{name}: started", flush=True)
        try:
            {**STAGES, **LONG_STAGES}[name](stage)
        except Exception:
            stage.say(traceback.format_exc())
            stage.record("runs to its end", False)
        close(stage)
    return stage


def run_on_sandbox(names: list[str], live: bool, env: dict[str, str], sandbox: Sandbox = SANDBOX) -> list[Stage]:
    """Run stages one after the other on a sandbox that is there for them alone."""
    if not names:
        return []
    own = sandbox.directory.name
    with lock(own):
        stage = Stage(own, tools(), copy_of_checkout(own), live)
        stages = [stage]
        try:
            # One that a killed run left behind would hold other ports.
            stage.run(*sandbox.command("absent"))
            sandbox.forget_ports()
            stage.check("starts", *sandbox.command("present"))
            if stage.count()["failed"]:
                print(f"{', '.join(names)}: not run, for want of a sandbox", flush=True)
            else:
                on_sandbox = {**env, "OS_CLIENT_CONFIG_FILE": str(sandbox.clouds_file)}
                stages += [run_stage(name, live, on_sandbox) for name in names]
        finally:
            stage.record("stops", stage.run(*sandbox.command("absent"), always=True).succeeded)
            sandbox.forget_ports()
            close(stage)
    return stages


def close(stage: Stage) -> None:
    stage.finish()
    if stage.count()["failed"] and not stage.live:
        print(stage.log.read_text())
    print(f"{stage.name}: {closing_line([stage])} in {stage.seconds:.0f} seconds", flush=True)


def run_stages(names: Collection[str], env: dict[str, str] | None = None) -> list[Stage]:
    """Run stages on two cores: those on one sandbox beside the others, which end with those on another one."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    provide("qemu-img", "qemu-utils")
    if {"integration", "examples"} & {*names}:
        provide("nginx", "nginx")
        provide("chromium", "chromium", "google-chrome")
        provide("chromedriver", "chromium-driver")
    tools()
    wanted = [name for name in STAGES if name in names]
    on_sandbox = [name for name in wanted if name in ON_SANDBOX]
    on_other = [name for name in wanted if name in ON_USERS_SANDBOX]
    others = [name for name in wanted if name not in (*on_sandbox, *on_other)]
    live = not (on_sandbox and (others or on_other))

    def run_others() -> list[Stage]:
        stages = [run_stage(name, live, env or {}) for name in others]
        return stages + run_on_sandbox(on_other, live, env or {}, USERS_SANDBOX)

    with ThreadPoolExecutor() as lanes:
        futures = [
            lanes.submit(run_on_sandbox, on_sandbox, live, env or {}),
            lanes.submit(run_others),
        ]
        try:
            return [stage for future in futures for stage in future.result()]
        except BaseException:
            cancel()
            raise


def test(names: Collection[str]) -> int:
    return report(run_stages(names))


def soak(page: str = "") -> int:
    """Play faults on a sandbox of their own, so that tests can run beside them."""
    if page:
        os.environ["SOAK_PAGE"] = str(CHECKOUT / page)
    return run_long("soak", SOAK_SANDBOX)


def consumers() -> int:
    """Play stories on a sandbox with servers and volumes."""
    provide_for_workloads()
    return run_long("consumers", CONSUMERS_SANDBOX)


def run_long(name: str, sandbox: Sandbox) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return report(run_on_sandbox([name], True, {}, sandbox))
    except BaseException:
        cancel()
        raise


def coverage() -> int:
    """Run the tests of the plugins, measured within the processes of Ansible too."""
    data = WORK / "coverage"
    shutil.rmtree(data, ignore_errors=True)
    settings = CHECKOUT / "coverage.ini"
    measured = {"COVERAGE_PROCESS_START": str(settings), "XLOUD_IMAGE_COVERAGE": str(data)}
    data.mkdir(parents=True)
    stages = run_stages(("units", "integration", "molecule"), measured)
    with lock("coverage"):
        stage = Stage("coverage", tools(), copy_of_checkout("coverage"), True, {"XLOUD_IMAGE_COVERAGE": str(data)})
        stage.check("combines", "coverage", "combine", "--quiet", f"--rcfile={settings}")
        stage.check("reports", "coverage", "report", f"--rcfile={settings}")
        close(stage)
    return report([*stages, stage])


def run_fuzz() -> int:
    with lock("fuzz"):
        stage = Stage("fuzz", fuzz.tools(), copy_of_checkout("fuzz"))
        fuzz.fuzz(stage)
        close(stage)
    return report([stage])


def closing_line(stages: list[Stage]) -> str:
    total = sum((stage.count() for stage in stages), start=Counter())
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    return f"{total['passed']} passed, {total['failed']} failed{skipped}"


def report(stages: list[Stage]) -> int:
    """Name what failed, and end with the line that is read by machines."""
    print(f"\nThe output of each stage is in {WORK / 'logs'}")
    for verdict in (verdict for stage in stages for verdict in stage.verdicts):
        if verdict.outcome == "failed":
            print(f"FAILED {verdict.title}")
    print(closing_line(stages), flush=True)
    return int(any(stage.count()["failed"] for stage in stages))


def play(sandbox: Sandbox, *command: str | Path, **extra: str) -> int:
    """Run a command of Ansible in the foreground, with a sandbox for people."""
    env = environment(tools(), WORK / "trees/foreground", OS_CLIENT_CONFIG_FILE=str(sandbox.clouds_file), **extra)
    with lock("foreground"):
        copy_of_checkout("foreground")
        return subprocess.run([str(part) for part in command], cwd=CHECKOUT, env=env, check=False).returncode


def demo() -> int:
    sandbox = Sandbox("sandbox")
    variables = json.dumps({"demo_directory": str(WORK / "demo"), **sandbox.variables()})
    command = ("ansible-playbook", CHECKOUT / "examples/demo/demo.yml", "--extra-vars", variables)
    return play(sandbox, *command, ANSIBLE_CONFIG=str(CHECKOUT / "examples/demo/ansible.cfg"))


def start_sandbox() -> int:
    sandbox = Sandbox("sandbox")
    code = play(sandbox, *sandbox.command("present"))
    if not code:
        print(f"export OS_CLIENT_CONFIG_FILE={sandbox.clouds_file} PATH={tools()}:$PATH")
    return code


def stop_sandbox() -> int:
    sandbox = Sandbox("sandbox")
    return play(sandbox, *sandbox.command("stopped"))


def clean() -> int:
    sandboxes = (SANDBOX, USERS_SANDBOX, CONSUMERS_SANDBOX, SOAK_SANDBOX, Sandbox("bench-sandbox"))
    for sandbox in (Sandbox("sandbox"), *sandboxes):
        if sandbox.directory.exists() and play(sandbox, *sandbox.command("absent")):
            return 1
    if LINK.is_symlink():
        LINK.unlink()
    shutil.rmtree(WORK)
    return 0


def develop() -> int:
    """Set up the tools, and what a shell and an editor need to find them."""
    bin_directory, activate = tools(), WORK / "activate"
    clouds = Sandbox("sandbox").clouds_file
    activate.write_text(ACTIVATE.format(path=bin_directory, tree=checkout_by_its_name(), clouds=clouds))
    # An environment of somebody's own is left alone.
    if LINK.is_symlink() or not LINK.exists():
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(bin_directory.parent)
    print(NEXT.format(activate=activate))
    return 0


def run_tool(name: str, *arguments: str) -> int:
    """Run one of the tools on the checkout, as the hooks of pre-commit do, which know no path of theirs."""
    env = environment(tools(), checkout_by_its_name(), PYTHONDONTWRITEBYTECODE="1")
    return subprocess.run([tools() / name, *arguments], cwd=CHECKOUT, env=env, check=False).returncode


def bench(*page: str) -> NoReturn:
    """Become the benchmark, so that nothing stands between it and an interruption: it stops its cloud itself."""
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT / "tests/tools")}
    os.execve(sys.executable, [sys.executable, "-B", str(CHECKOUT / "tests/bench/bench.py"), *page], env)  # noqa: S606


def format_sources() -> int:
    for command in (["ruff", "check", "--fix", "--no-cache", "."], ["ruff", "format", "--no-cache", "."]):
        code = subprocess.run([tools() / command[0], *command[1:]], cwd=CHECKOUT, check=False).returncode
    return code


def release() -> int:
    """Write the changelog of the version in galaxy.yml out of the fragments, where a collection has its name."""
    command = [str(tools() / "antsibull-changelog"), "release", "--reload-plugins"]
    env = environment(tools(), checkout_by_its_name())
    code = subprocess.run(command, cwd=checkout_by_its_name() / COLLECTION, env=env, check=False).returncode
    (CHECKOUT / "changelogs/.plugin-cache.yaml").unlink(missing_ok=True)
    return code


def generate() -> int:
    with lock("generate"):
        env = environment(tools(), PYTHONPATH=str(copy_of_checkout("generate")))
        command = [tools() / "python", CHECKOUT / "tests/tools/generate.py", CHECKOUT]
        return subprocess.run(command, env=env, check=False).returncode


COMMANDS: dict[str, Callable[..., int]] = {
    "bench": bench,
    "bench-docs": lambda: bench("docs/docsite/rst/benchmarks.rst"),
    "consumers": consumers,
    "coverage": coverage,
    "demo": demo,
    "develop": develop,
    "fuzz": run_fuzz,
    "release": release,
    "sandbox": start_sandbox,
    "sandbox-stop": stop_sandbox,
    "soak": soak,
    "soak-docs": lambda: soak("docs/docsite/rst/faults.rst"),
    "clean": clean,
    "format": format_sources,
    "generate": generate,
    "tool": run_tool,
}


def main(asked: str, *arguments: str) -> int:
    claim()
    try:
        return COMMANDS[asked](*arguments) if asked in COMMANDS else test(STAGES if asked == "test" else [asked])
    except subprocess.CalledProcessError as error:
        print(f"failed with {error.returncode}: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
