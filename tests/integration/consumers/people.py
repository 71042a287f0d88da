# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who takes part in the stories: a platform team that keeps templates, and teams that start servers from them."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml
from conftest import CLOUDS_FILE, PATIENCE, Cloud, content
from openstack.exceptions import HttpException

FLAVOR = "m1.tiny"


@dataclasses.dataclass(frozen=True)
class Told:
    """How a command ended, and what it printed; and of a run over a catalogue, what it returned."""

    code: int
    output: str
    result: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def words(self) -> str:
        """What was printed, without the breaks of its lines."""
        return " ".join(self.output.split())

    def findings(self, image: str | None = None) -> dict[str, str]:
        """The words of the findings of a run by their kinds, of one image if it is named."""
        return {
            finding["kind"]: finding["message"]
            for finding in self.result["findings"]
            if finding["kind"] != "unlisted" and finding["image"] in (image or finding["image"], None)
        }

    def stages(self) -> dict[str, str]:
        """The stages by the versions that are in the cloud."""
        return {row["version"]: row["stage"] for row in self.result["versions"] if row["stage"] != "absent"}


def command(folder: Path, *words: str | Path, patience: float = PATIENCE) -> Told:
    """Run a command in a folder, as a user who has the clouds of the sandbox."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env={
            **os.environ,
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "NO_COLOR": "1",
            # Of Ansible, which shows where it was called.
            "PWD": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=patience,
    )
    return Told(done.returncode, done.stdout)


def playbook(folder: Path, name: str, *options: str, **variables: Any) -> Told:
    """Run a playbook of the collection, and return what the role `catalog` registered, where it did."""
    shown = "{{ 'result=' ~ (catalog_result | to_json | b64encode) if catalog_result is defined else '' }}"
    show = {"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": shown}}]}
    play = folder / f"{name}.yml"
    play.write_text(json.dumps([{"import_playbook": f"xloud.image.{name}"}, show]))
    told = command(folder, "ansible-playbook", *options, play, "--extra-vars", json.dumps(variables))
    result = re.search(r"result=([\w+/=]+)", told.output)
    if result is None:
        return told
    output = told.output.replace(result[0], "")
    return Told(told.code, output, json.loads(base64.b64decode(result[1])))


class Team(Cloud):
    """A project that starts servers, and what it has of them."""

    def __init__(self, cloud: str, folder: Path) -> None:
        super().__init__(cloud)
        self.name = cloud.removeprefix("sandbox-")
        self._cloud = cloud
        self._folder = folder
        self._servers: list[str] = []
        self._volumes: list[str] = []

    def openstack(self, *words: str) -> Told:
        """Run the command line client."""
        return command(self._folder, "openstack", "--os-cloud", self._cloud, *words)

    def look_up(self, template: str, owner: str) -> str:
        """Return the id of the current version of a template, as a playbook of the team asks for it."""
        told = self._look_up(template, owner)
        found = re.search(r"current=([0-9a-f-]{36})\.", told.output)
        assert found, told.output
        return found[1]

    def look_up_error(self, template: str, owner: str) -> str:
        """Return why no version is current."""
        told = self._look_up(template, owner)
        assert told.code == 2, told.output
        return told.words

    def _look_up(self, template: str, owner: str) -> Told:
        terms = f"'{template}', cloud='{self._cloud}', owner='{owner}'"
        shown = f"current={{{{ lookup('xloud.image.current', {terms}) }}}}."
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": shown}}]}
        file = self._folder / "look_up.yml"
        file.write_text(json.dumps([play]))
        return command(self._folder, "ansible-playbook", file)

    def launch(self, image_id: str, name: str, **settings: Any) -> str:
        """Return the id of a new server, once it runs."""
        server = self.wait(self.create(image_id, name, **settings))
        assert server["status"] == "ACTIVE", server
        return server["id"]

    def create(self, image_id: str, name: str, **settings: Any) -> str:
        """Return the id of a server that was asked for."""
        compute = self.connection.compute
        image = {"image_id": image_id} if image_id else {}
        flavor = compute.find_flavor(FLAVOR, ignore_missing=False)
        server = compute.create_server(name=name, flavor_id=flavor.id, networks="none", **image, **settings)
        self._servers.append(server.id)
        return server.id

    def launch_by_command(self, image_id: str, name: str) -> str:
        """Return the id of a new server, started by the command line client."""
        how = ("--image", image_id, "--flavor", FLAVOR, "--nic", "none", "--wait")
        told = self.openstack("server", "create", *how, "-f", "value", "-c", "id", name)
        (server_id,) = re.findall(r"^[0-9a-f-]{36}$", told.output, re.MULTILINE)
        self._servers.append(server_id)
        return server_id

    def refusal(self, image_id: str, name: str) -> str:
        """Return the words by which the cloud refuses a new server of an image."""
        return _refusal(lambda: self.create(image_id, name))

    def wait(self, server_id: str) -> dict[str, Any]:
        """Return a server once nothing is being done with it any more, be it well or in an error."""
        deadline = time.monotonic() + PATIENCE
        while True:
            server = self.server(server_id)
            if server["status"] not in ("BUILD", "REBUILD") and server["OS-EXT-STS:task_state"] is None:
                return server
            assert time.monotonic() < deadline, server
            time.sleep(0.2)

    def server(self, server_id: str) -> dict[str, Any]:
        response = self.connection.compute.get(f"/servers/{server_id}")
        assert response.status_code == 200, response.text
        return response.json()["server"]

    def rebuild(self, server_id: str, image_id: str) -> None:
        """Rebuild a server, and wait until it runs again."""
        self.connection.compute.rebuild_server(server_id, image_id)
        server = self.wait(server_id)
        assert (server["status"], server["image"]["id"]) == ("ACTIVE", image_id), server

    def rebuild_refusal(self, server_id: str, image_id: str) -> str:
        """Return the words by which the cloud refuses to rebuild a server."""
        return _refusal(lambda: self.connection.compute.rebuild_server(server_id, image_id))

    def remove(self, server_id: str) -> None:
        """Delete a server, and wait until it is gone."""
        compute = self.connection.compute
        server = compute.get_server(server_id)
        compute.delete_server(server)
        compute.wait_for_delete(server, interval=0.2, wait=PATIENCE)
        self._servers.remove(server_id)

    def make_volume(self, image_id: str, name: str) -> str:
        """Return the id of a new volume of an image, once it can be used."""
        storage = self.connection.block_storage
        volume = storage.create_volume(name=name, size=1, image_id=image_id)
        self._volumes.append(volume.id)
        storage.wait_for_status(volume, status="available", failures=["error"], interval=0.2, wait=PATIENCE)
        return volume.id

    def volume_refusal(self, image_id: str, name: str) -> str:
        """Return the words by which the cloud refuses a new volume of an image."""
        storage = self.connection.block_storage
        return _refusal(lambda: self._volumes.append(storage.create_volume(name=name, size=1, image_id=image_id).id))

    def launch_from(self, volume_id: str, name: str) -> str:
        """Return the id of a new server that boots from a volume."""
        mapping = {"boot_index": 0, "uuid": volume_id, "source_type": "volume", "destination_type": "volume"}
        return self.launch("", name, block_device_mapping=[mapping])

    def remove_volume(self, volume_id: str) -> None:
        """Delete a volume, and wait until it is gone."""
        storage = self.connection.block_storage
        volume = storage.get_volume(volume_id)
        storage.wait_for_status(volume, status="available", failures=["error"], interval=0.2, wait=PATIENCE)
        storage.delete_volume(volume)
        storage.wait_for_delete(volume, interval=0.2, wait=PATIENCE)
        self._volumes.remove(volume_id)

    def leave(self) -> None:
        """Delete all that was made."""
        for server_id in list(self._servers):
            self.remove(server_id)
        for volume_id in list(self._volumes):
            self.remove_volume(volume_id)


def _refusal(attempt: Any) -> str:
    try:
        attempt()
    except HttpException as exc:
        return f"{exc.status_code} {exc.details or exc}"
    raise AssertionError("it was not refused")


class Catalogue:
    """A template in a document, and the playbooks that keep it, by the credentials of the platform team."""

    def __init__(self, template: str, folder: Path, owner: Cloud, **variables: Any) -> None:
        self.template = template
        self.folder = folder
        self.owner = owner
        self.settings: dict[str, Any] = {"visibility": "community", "versions": {}}
        self._variables = variables

    @property
    def usage_cloud(self) -> Any:
        """The credentials that ask who uses what."""
        return self._variables["image_usage_cloud"]

    def name(self, version: str) -> str:
        return f"{self.template}-v{version}"

    def release(self, version: str, **settings: Any) -> None:
        """Give the document another version, and the version its data."""
        source = self.folder / f"{self.name(version)}.raw"
        source.write_bytes(content(source.name))
        self.settings["versions"][version] = {"source": source.name, **settings}

    def curate(self, day: str, *options: str, **variables: Any) -> Told:
        """Bring the cloud to what the document says, on a day."""
        document = self.folder / "catalog.yml"
        document.write_text(yaml.safe_dump({"image_catalog": {self.template: self.settings}}))
        return self.play("curate", *options, image_catalog_files=document.name, image_as_of=day, **variables)

    def play(self, name: str, *options: str, **variables: Any) -> Told:
        """Run another playbook of the collection."""
        return playbook(self.folder, name, *options, **{**self._variables, **variables})

    def image(self, version: str) -> dict[str, Any]:
        (image,) = (image for image in self.owner.find(self.template) if image["name"] == self.name(version))
        return image

    def id(self, version: str) -> str:
        return self.image(version)["id"]


def requests_of(service: str, word: str) -> list[str]:
    """Return the requests that the modules sent to a service with a word in their path, as it logged them."""
    lines = (CLOUDS_FILE.parent / "log" / f"{service}-access.log").read_text().splitlines()
    return [line for line in lines if '"xloud.image ' in line and word in line]
