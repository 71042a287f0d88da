# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two sides: this collection with the newest SDK, and openstack.cloud with the SDK that it still works with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cloud import Cloud
from measure import Cost, run_process
from workspace import COLLECTION, WORK, environment, requirements, virtual_environment

ANSIBLE_CORE = "ansible-core==2.19.*"
# The release of Ansible, a package of many collections, that belongs to this ansible-core.
ANSIBLE = "ansible==12.3.0"
PEER_SDK = "openstacksdk==4.9.0"
PEER = Path("ansible_collections/openstack/cloud")
# The SDK keeps tokens in a keyring, and without a desktop this is the one there is.
KEYRING = ["keyring", "keyrings.alt"]
HOME = WORK / "bench"
PLAYBOOKS = Path(__file__).parent / "playbooks"
RECAP = re.compile(r"^localhost +: ok=\d+ +changed=(?P<changed>\d+) .* failed=0 ", re.MULTILINE)
COMPILED = """
import importlib.util, os, sys
assert not sys.dont_write_bytecode, "bytecode is not written"
for name in sys.argv[1:]:
    source = importlib.util.find_spec(name).origin
    assert os.path.exists(importlib.util.cache_from_source(source)), f"{source} is not compiled"
"""


@dataclass(frozen=True)
class Side:
    """A collection, the virtual environment that it runs in, and the cloud that it runs against."""

    tools: Path
    tree: Path
    cloud: Cloud
    extra: Mapping[str, str]

    def play(self, playbook: str, *, changes: bool | None = None, **variables: Any) -> Cost:
        """
        Run a playbook, and return what it cost.

        :param changes: Whether something had to change, where that is certain.
        :raises RuntimeError: It failed, or did not do what it was meant to do.
        """
        file = HOME / "variables.json"
        file.write_text(json.dumps(variables))
        command = (self.tools / "ansible-playbook", PLAYBOOKS / f"{playbook}.yml", "--extra-vars", f"@{file}")
        self.cloud.requests()
        cost, printed = run_process(command, self.environment())
        recap = RECAP.search(printed)
        if not recap or (changes is not None and bool(int(recap["changed"])) != changes):
            raise RuntimeError(f"{printed}\n{playbook}.yml was to change {'something' if changes else 'nothing'}")
        return replace(cost, requests=self.cloud.requests())

    def environment(self) -> dict[str, str]:
        clouds = {"OS_CLIENT_CONFIG_FILE": str(self.cloud.clouds_file), "XDG_CACHE_HOME": str(HOME / "cache")}
        return environment(self.tools, self.tree, **{**clouds, "ANSIBLE_LOCALHOST_WARNING": "false", **self.extra})

    def assert_compiled(self) -> None:
        """See that no run has to compile what it imports: that alone would triple the time of an import."""
        modules = ("ansible", "openstack", "keystoneauth1", "requests")
        subprocess.run([self.tools / "python", "-c", COMPILED, *modules], env=self.environment(), check=True)

    def versions(self, *packages: str) -> list[str]:
        """Packages and the versions of them that are installed."""
        return [f"{package} {version_of(self.tools, package)}" for package in packages]

    def keeping_tokens(self) -> Side:
        """The same side with a configuration that has tokens kept from one task to the next."""
        installed = f"{self.tools.parent.name}-keyring"
        listed = (self.tools.parent / "requirements.txt").read_text().splitlines()[1:]
        tools = virtual_environment(installed, Path(sys.executable), [*listed, *KEYRING])
        kept = HOME / installed
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(mode=0o700)
        clouds = kept / "clouds.yaml"
        clouds.write_text(self.cloud.clouds_file.read_text() + "cache: {auth: true}\n")
        extra = {
            "OS_CLIENT_CONFIG_FILE": str(clouds),
            "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
            "XDG_DATA_HOME": str(kept),
        }
        return ready(replace(self, tools=tools, extra=extra))


def version_of(tools: Path, package: str) -> str:
    program = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    found = subprocess.run([tools / "python", "-c", program, package], check=True, capture_output=True, text=True)
    return found.stdout.strip()


def our_side(tree: Path, cloud: Cloud) -> Side:
    tools = virtual_environment("bench", Path(sys.executable), [ANSIBLE_CORE, *requirements("requirements.txt")])
    return ready(Side(tools, tree, cloud, {}))


def peer_side(cloud: Cloud) -> Side:
    tools = virtual_environment("bench-peer", Path(sys.executable), [ANSIBLE_CORE, PEER_SDK])
    return ready(Side(tools, peer_collection(), cloud, {}))


def ready(side: Side) -> Side:
    compilation = (side.tools / "python", "-m", "compileall", "-q", side.tree / COLLECTION.parts[0])
    subprocess.run(compilation, env=side.environment(), check=True)
    side.assert_compiled()
    return side


def peer_collection() -> Path:
    """A tree that holds openstack.cloud alone, out of the package of many collections."""
    tree = WORK / "trees" / ANSIBLE.replace("==", "-")
    if not (tree / PEER / "MANIFEST.json").exists():
        download = HOME / "download"
        pip = (WORK / "uv/bin/pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps")
        subprocess.run((*pip, "--dest", download, ANSIBLE), check=True)
        with zipfile.ZipFile(next(download.glob("ansible-*.whl"))) as wheel:
            # The manifest last: it says that all is there.
            members = {name for name in wheel.namelist() if name.startswith(f"{PEER}/")}
            manifest = f"{PEER}/MANIFEST.json"
            wheel.extractall(tree, [*(members - {manifest}), manifest])
    return tree


def peer_version() -> str:
    manifest = json.loads((peer_collection() / PEER / "MANIFEST.json").read_text())
    return f"openstack.cloud {manifest['collection_info']['version']}"
