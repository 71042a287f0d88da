# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project of examples/awx and its definitions, run as AWX runs them: laid out, answered, sent and sliced so."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from awx.definitions import CHECKOUT, FOLDER, read_definitions
from awx.job import Credential, Finished, Job, LaunchError, Project, answered, built_in_openstack
from conftest import MIB, RUN, Cloud, Gate, content
from credentials import application_credential
from tls import Authority, Front, terminating

REGIONS = {"mycloud": "RegionOne", "othercloud": "RegionTwo"}
TEMPLATE = f"itest-1-awx-{RUN}"
V0, V1 = f"{TEMPLATE}-v1.0", f"{TEMPLATE}-v1.1"
# What only a run knows, in the answers.
EXPORTS, TEAMS = "{exports}", "{teams}"
# What somebody answers who answers only what has to be answered, by the templates in the order in which they are run.
ANSWERS = {
    "Images - plan": {},
    "Images - apply": {},
    "Images - publish": {"image_name": V1, "image_source": "images/1.1.raw", "image_visibility": "shared"},
    "Images - share": {"image_name": V1, "image_members": TEAMS},
    "Images - rollback": {"image_name": V0, "image_replaces": V1},
    "Images - revoke": {"image_name": V1, "image_reason": "CVE"},
    "Images - export": {"image_name": V0, "image_export_directory": EXPORTS},
    "Images - drift": {},
    "Images - report": {"image_report_directory": EXPORTS},
}
# The playbook comes with the role of that name.
LATER = {"Images - report"}


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    scratch = tmp_path_factory.mktemp("definitions")
    clouds = scratch / "clouds.yaml"
    clouds.write_text("clouds: {}\n")
    return read_definitions(FOLDER, scratch, awx_clouds_file=str(clouds))


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection as it is built."""
    folder = tmp_path_factory.mktemp("artifact")
    command = ["ansible-galaxy", "collection", "build", "--output-path", folder]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def project(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("awx"), artifact)


@pytest.fixture
def regions() -> Iterator[dict[str, Cloud]]:
    """The clouds of the inventory, past the jobs."""
    found = {name: Cloud("sandbox-admin", region_name=region) for name, region in REGIONS.items()}
    yield found
    for cloud in found.values():
        cloud.purge(TEMPLATE)


@pytest.fixture
def of_type(definitions: dict[str, Any]) -> Callable[..., Credential]:
    """Make a credential of a type of the definitions."""
    injectors = {each["name"]: each["injectors"] for each in definitions["controller_credential_types"]}
    return lambda name, **inputs: Credential(injectors[name], inputs)


@pytest.fixture
def credential(clouds: dict[str, Any], of_type: Callable[..., Credential]) -> Credential:
    """Both regions of the sandbox as two clouds."""
    whole = {key: value for key, value in clouds["sandbox-operator"].items() if key != "regions"}
    named = {name: {**whole, "region_name": region} for name, region in REGIONS.items()}
    return of_type("OpenStack clouds.yaml", clouds_yaml=yaml.safe_dump({"clouds": named}))


@pytest.fixture
def launch(
    project: Project,
    definitions: dict[str, Any],
    credential: Credential,
    regions: dict[str, Cloud],
    tmp_path: Path,
) -> Callable[..., Job]:
    """Launch a template by its name."""
    templates = {each["name"]: each for each in definitions["controller_templates"]}
    (project.folder / "images").mkdir(exist_ok=True)
    for number in ("1.0", "1.1", "1.2"):
        (project.folder / f"images/{number}.raw").write_bytes(content(number))
    project.put("catalog/catalog.yml", catalogue("1.0"))

    def make(name: str, **options: Any) -> Job:
        return Job(tmp_path, project, templates[name], **{"credential": credential, **options})

    return make


@pytest.fixture
def run(launch: Callable[..., Job]) -> Callable[..., Finished]:
    """Run a template to its end, be it good or bad."""

    def run_job(name: str, **options: Any) -> Finished:
        with launch(name, **options) as job:
            return job.wait()

    return run_job


def catalogue(*numbers: str, **sources: str) -> dict[str, Any]:
    given = {number: {"source": f"images/{number}.raw"} for number in numbers}
    return {"image_catalog": {TEMPLATE: {"visibility": "community", "versions": given}}}


def stages(cloud: Cloud) -> dict[str, tuple[Any, ...]]:
    found = cloud.find(TEMPLATE)
    return {image["name"]: (image["visibility"], image["os_hidden"], image.get("deprecated")) for image in found}


def test_every_template_runs_with_the_answers_that_it_needs(run, regions, definitions, tmp_path):
    assert set(ANSWERS) == {each["name"] for each in definitions["controller_templates"]}
    teams = [Cloud(f"sandbox-team-{letter}").project_id for letter in "ab"]
    exports = str(tmp_path / "exports")
    known = {EXPORTS: exports, TEAMS: ", ".join(teams)}
    ended = {}
    for name, answers in ANSWERS.items():
        if name in LATER:
            continue
        ended[name] = run(name, answers={key: known.get(value, value) for key, value in answers.items()})
        wanted = "failed" if name == "Images - drift" else "successful"
        assert ended[name].status == wanted, ended[name].output
    for cloud in regions.values():
        # It is offered as the version was that was taken back.
        assert stages(cloud) == {V0: ("shared", False, None), V1: ("private", True, "true")}
        (shared,) = (image for image in cloud.find(V1))
        assert shared["revoked_since"]
    # What was shared is in the output of the job, and so is what drifted: what was revoked by hand is in no document.
    assert all(team in ended["Images - share"].output for team in teams)
    assert "fail_on_drift" in ended["Images - drift"].output
    assert {path.name for path in Path(exports).iterdir()} >= {f"{V0}.raw", f"{V0}.raw.json", "SHA512SUMS"}
