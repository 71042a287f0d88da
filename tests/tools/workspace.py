# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where everything is kept outside the checkout: virtual environments, copies of the collection, sandboxes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
WORK = Path(
    os.environ.get("WORK") or Path.home() / ".cache/xloud-image" / f"{zlib.crc32(os.fsencode(CHECKOUT)):08x}"
).resolve()
COLLECTION = Path("ansible_collections/xloud/image")
# The Python itself. That of a virtual environment on PATH may be the one that is about to be made anew.
PYTHON = Path(sys.executable).resolve()
EMPTY = WORK / "empty.cfg"
AWX_CARRIER = "ansible==11.13.0"
AWX_FILES = "ansible_collections/awx/awx/"

# A caller's shell may hold these, and they must not steer a run: a real cloud's credentials above all.
FOREIGN = (
    *("ANSIBLE_", "COVERAGE_", "MOLECULE_", "OS_", "PYTEST_", "PYTHON", "VIRTUAL_ENV"),
    *("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"),
)


def environment(bin_directory: Path, tree: Path | None = None, **extra: str) -> dict[str, str]:
    """The caller's environment without what would steer a run, with a virtual environment and a copy in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    # ansible-test tries every Python on PATH, and a version manager's shims are no Pythons.
    path = [part for part in os.environ["PATH"].split(os.pathsep) if not part.endswith("shims")]
    return {
        **kept,
        "ANSIBLE_COLLECTIONS_PATH": str(tree or WORK / "none"),
        "ANSIBLE_CONFIG": str(EMPTY),
        "ANSIBLE_HOME": str(WORK / "ansible" / (tree.name if tree else "none")),
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join([str(bin_directory), *path]),
        **extra,
    }


def claim() -> None:
    """Make the work directory, and refuse one that holds something else: `make clean` removes it whole."""
    tag = WORK / "CACHEDIR.TAG"
    WORK.mkdir(parents=True, exist_ok=True)
    if not tag.exists():
        if any(WORK.iterdir()):
            raise SystemExit(f"WORK={WORK} holds other files: name an empty or a new folder")
        EMPTY.write_text("")
        tag.write_text("Signature: 8a477f597d28d172789f06886806bc55\n# Made by the Makefile of xloud.image.\n")


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Keep runs of the same checkout out of each other's way."""
    with (WORK / f"{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{name}: waiting for another run", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def pythons() -> dict[int, Path]:
    """The Pythons 3.11 and newer of this machine, by minor version."""
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = {}
    for minor in range(11, 20):
        on_path = shutil.which(f"python3.{minor}", path=environment(WORK)["PATH"])
        candidates = [*sorted(versions.glob(f"3.{minor}.*/bin/python3.{minor}")), *([Path(on_path)] if on_path else [])]
        if candidates:
            found[minor] = candidates[-1]
    found[sys.version_info.minor] = PYTHON
    return found


def virtual_environment(name: str, python: Path, requirements: list[str]) -> Path:
    """The bin folder of a virtual environment, made anew where its requirements are not those of last time."""
    home = WORK / "venvs" / name
    wanted = "\n".join([f"# {python}", *requirements])
    installed = home / "requirements.txt"
    uv = WORK / "uv/bin/uv"
    with lock("setup"):
        if not uv.exists():
            subprocess.run([PYTHON, "-m", "venv", "--clear", uv.parents[1]], check=True)
            subprocess.run([uv.with_name("pip"), "install", "--quiet", "--disable-pip-version-check", "uv"], check=True)
        if not installed.exists() or installed.read_text() != wanted:
            print(f"setting up {home}", flush=True)
            draft = WORK / "requirements.txt"
            draft.write_text(wanted)
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", python, home], check=True)
            subprocess.run(
                [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", home / "bin/python", "-r", draft],
                check=True,
            )
            draft.replace(installed)
    return home / "bin"


def awx_collection() -> Path:
    """A folder of collections with awx.awx in it, out of the package that carries it beside a hundred others."""
    home = WORK / AWX_CARRIER
    if not home.exists():
        draft = WORK / "carrier"
        shutil.rmtree(draft, ignore_errors=True)
        # What sets up the tools brings pip, and uv cannot download.
        tools()
        options: list[str | Path] = ["--quiet", "--disable-pip-version-check", "--no-deps", "--dest", draft]
        subprocess.run([WORK / "uv/bin/pip", "download", *options, AWX_CARRIER], check=True)
        with zipfile.ZipFile(next(draft.glob("*.whl"))) as wheel:
            wheel.extractall(draft, [name for name in wheel.namelist() if name.startswith(AWX_FILES)])
        next(draft.glob("*.whl")).unlink()
        draft.replace(home)
    return home


def requirements(*names: str) -> list[str]:
    """The lines of requirement files, without those that refer to one another."""
    lines = [line.strip() for name in names for line in (CHECKOUT / name).read_text().splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "-r"))]


def tools() -> Path:
    """The bin folder with everything that works on the collection."""
    return virtual_environment("tools", PYTHON, requirements("requirements.txt", "requirements-dev.txt"))


def copy_of_checkout(name: str) -> Path:
    """A tree that holds the collection under its own name: all that Git lists, uncommitted changes included.

    ansible-test wants that layout, and a Git repository of its own: within an ignored folder of another one it finds no
    files and succeeds.
    """
    tree = WORK / "trees" / name
    shutil.rmtree(tree, ignore_errors=True)
    env = environment(WORK)
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=CHECKOUT, env=env, check=True, stdout=subprocess.PIPE).stdout
    for relative in sorted({os.fsdecode(entry) for entry in listed.split(b"\0") if entry}):
        source, target = CHECKOUT / relative, tree / COLLECTION / relative
        if os.path.lexists(source):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    for command in (["git", "-c", "init.defaultBranch=main", "init", "--quiet"], ["git", "add", "--all"]):
        subprocess.run(command, cwd=tree / COLLECTION, env=env, check=True)
    return tree


def checkout_by_its_name() -> Path:
    """A tree in which the checkout itself lies under the collection's name, for whatever follows links.

    Python, pytest and Ansible do. ansible-test does not, and has a copy.
    """
    link = WORK / "trees/checkout" / COLLECTION
    link.parent.mkdir(parents=True, exist_ok=True)
    # Another checkout may have been given the same folder.
    if not link.is_symlink() or link.readlink() != CHECKOUT:
        link.unlink(missing_ok=True)
        link.symlink_to(CHECKOUT)
    return WORK / "trees/checkout"


def provide(command: str, package: str, *others: str) -> None:
    """Install a Debian package where its command and all others that would do are missing, and we may; else say so."""
    # Commands of administrators may be out of a user's path.
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    if any(shutil.which(each, path=path) for each in (command, *others)):
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise SystemExit(f"{command} is needed (on Debian: apt-get install {package}).")
    print(f"installing {package}", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with no_daemons():
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            subprocess.run(["apt-get", "--quiet", *arguments], check=True, env=env, stdout=subprocess.DEVNULL)


def provide_for_workloads() -> None:
    """What a sandbox with servers and volumes needs of Debian. Where it is looked for is where the role looks."""
    provide("mariadbd", "mariadb-server-core")
    provide("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server")
    provide("qemu-img", "qemu-utils")


@contextlib.contextmanager
def no_daemons() -> Iterator[None]:
    """Have no package that is installed meanwhile start a daemon of its own."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()
