# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The catalogue in Git of examples/gitops: its pipelines, step by step as they stand there, on the clouds of the sandbox.

What the forges do themselves, such as to check out and to keep artifacts, is done here in their place. Only the
installation of packages is left out.
"""

from __future__ import annotations

import abc
import dataclasses
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PATIENCE, RUN, Cloud, Handler, Web, serving

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/gitops"
INSTALLATION = ["pip install -r requirements.txt", "ansible-galaxy collection install -r collections/requirements.yml"]
REGIONS = {"mycloud": "RegionOne", "othercloud": "RegionTwo"}


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@dataclasses.dataclass
class Repository:
    """A copy of the example, with templates of its own, whose images come from a server of the test."""

    path: Path
    profile: str
    url: str

    def create(self) -> None:
        shutil.copytree(EXAMPLE, self.path)
        for document in self.path.glob("catalog/*/*.yml"):
            text = document.read_text().replace("https://images.example.com", self.url)
            document.write_text(re.sub("-(base|gpu)", rf"-\1-{self.profile}", text))
        git(self.path, "init", "--quiet", "--initial-branch", "main")
        self.commit("Add the catalogue")

    def commit(self, subject: str) -> None:
        git(self.path, "add", "--all")
        git(self.path, "commit", "--quiet", "--allow-empty", "--message", subject)

    def edit(self, document: str, before: str, after: str) -> None:
        path = self.path / document
        text = path.read_text()
        assert text.count(before) == 1
        path.write_text(text.replace(before, after))


@dataclasses.dataclass(frozen=True)
class Job:
    """What came of a job."""

    code: int
    output: str
    shown: str
    artifacts: dict[str, Path]

    def artifact(self, name: str, path: str) -> Any:
        text = (self.artifacts[name] / path).read_text()
        return json.loads(text) if path.endswith(".json") else text


class Forge(abc.ABC):
    """Runs jobs of a pipeline, each in a checkout of its own."""

    plan_artifact: str

    def __init__(self, folder: Path, repository: Repository, credentials: dict[str, str]) -> None:
        self.folder = folder
        self.repository = repository
        self.credentials = credentials
        self._numbers = itertools.count()

    @abc.abstractmethod
    def run(self, job: str, event: str, artifacts: dict[str, Path] | None = None, **variables: str) -> Job:
        """Run a job, with the artifacts of those before it."""

    def plan(self, event: str, **options: Any) -> Job:
        return self.run("plan", event, **options)

    def apply(self, planned: Job) -> Job:
        """Run what follows a plan that succeeded."""
        assert planned.code == 0, planned.output
        return self.run("apply", "push", planned.artifacts)

    def checkout(self) -> Path:
        path = self.folder / f"job-{next(self._numbers)}"
        git(self.repository.path, "clone", "--quiet", str(self.repository.path), str(path))
        return path

    def shell(self, script: str, folder: Path, env: dict[str, str], *options: str) -> tuple[int, str]:
        kept = {
            key: value for key, value in os.environ.items() if key not in ("OS_CLIENT_CONFIG_FILE", "ANSIBLE_CONFIG")
        }
        done = subprocess.run(
            ["bash", *options, "-e", "-c", script],
            cwd=folder,
            env={**kept, "XDG_CACHE_HOME": str(self.folder / "cache"), **env},
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        return done.returncode, done.stdout

    def keep(self, folder: Path, patterns: str) -> Path:
        """Return a copy of those files of a job that the patterns name."""
        store = self.folder / f"store-{next(self._numbers)}"
        store.mkdir()
        for pattern in patterns.split():
            for path in folder.glob(f"{pattern.rstrip('/')}/**/*" if pattern.endswith("/") else pattern):
                if path.is_file():
                    target = store / path.relative_to(folder)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, target)
        return store


class GitHub(Forge):
    """A runner of GitHub, as far as the workflow of the example needs one."""

    plan_artifact = "plan"
    _EXPRESSION = re.compile(r"\$\{\{ (.*?) }}")

    def run(self, job: str, event: str, artifacts: dict[str, Path] | None = None, **variables: str) -> Job:
        workflow = yaml.safe_load((self.repository.path / ".github/workflows/images.yml").read_text())
        folder = self.checkout()
        temp, more, summary = (self.folder / f"{folder.name}-{each}" for each in ("temp", "env", "summary"))
        temp.mkdir()
        more.touch()
        summary.touch()
        env = {
            **workflow["env"],
            "RUNNER_TEMP": str(temp),
            "GITHUB_ENV": str(more),
            "GITHUB_STEP_SUMMARY": str(summary),
        }
        values = {
            "secrets.CLOUDS_YAML_READER": self.credentials["reader"],
            "secrets.CLOUDS_YAML_OPERATOR": self.credentials["operator"],
            "github.event_name == 'schedule'": json.dumps(event == "schedule"),
        }
        code, output, kept = 0, "", {}
        for step in workflow["jobs"][job]["steps"]:
            if code and step.get("if") != "${{ !cancelled() }}":
                continue
            if "uses" in step:
                kept |= self._use(step, folder, artifacts or {})
                continue
            if step["name"] == "Install":
                assert step["run"].splitlines() == INSTALLATION
                continue
            own = {
                key: self._EXPRESSION.sub(lambda match: values[match[1]], value)
                for key, value in step.get("env", {}).items()
            }
            added = dict(line.split("=", 1) for line in more.read_text().splitlines())
            assert "${{" not in step["run"]
            result, text = self.shell(step["run"], folder, {**env, **added, **own, **variables})
            code, output = code or result, output + text
        return Job(code, output, summary.read_text(), kept)

    def _use(self, step: dict[str, Any], folder: Path, artifacts: dict[str, Path]) -> dict[str, Path]:
        action, options = step["uses"].partition("@")[0], step.get("with", {})
        if action == "actions/upload-artifact":
            store = self.keep(folder, options["path"])
            # The folder that all of the files are in is left out.
            return {options["name"]: store / "report"}
        if action == "actions/download-artifact":
            shutil.copytree(artifacts[options["name"]], folder / options["path"])
        else:
            assert action in ("actions/checkout", "actions/setup-python")
        return {}


class GitLab(Forge):
    """A runner of GitLab, as far as the pipeline of the example needs one."""

    plan_artifact = "report"

    def run(self, job: str, event: str, artifacts: dict[str, Path] | None = None, **variables: str) -> Job:
        pipeline = yaml.safe_load((self.repository.path / ".gitlab-ci.yml").read_text())
        assert pipeline["default"]["before_script"] == INSTALLATION
        folder = self.checkout()
        # As the runner leaves it.
        folder.chmod(0o777)
        for store in (artifacts or {}).values():
            shutil.copytree(store, folder / "report")
        rules = {rule["if"]: rule.get("variables", {}) for rule in pipeline["workflow"]["rules"]}
        own = rules['$CI_PIPELINE_SOURCE == "schedule"'] if event == "schedule" else {}
        who = {"images-plan": "reader", "images": "operator"}[pipeline[job]["environment"]["name"]]
        clouds = self.folder / f"{folder.name}-clouds.yaml"
        clouds.write_text(self.credentials[who])
        env = {
            key: value.replace("$CI_PROJECT_DIR", str(folder))
            for key, value in {**pipeline["variables"], **own}.items()
        }
        env |= {"OS_CLIENT_CONFIG_FILE": str(clouds), **variables}
        code, output = 0, ""
        for script in pipeline[job]["script"]:
            if not code:
                code, text = self.shell(script, folder, env, "-o", "pipefail")
                output += text
        for script in pipeline[job].get("after_script", []):
            _ignored, text = self.shell(script, folder, env, "-o", "pipefail")
            output += text
        kept = pipeline[job]["artifacts"]
        assert kept["when"] == "always"
        store = self.keep(folder, " ".join(kept["paths"])) / "report"
        shown = "".join(path.read_text() for path in sorted(store.glob("*/summary.md")))
        return Job(code, output, shown, {"report": store})


class Region(Cloud):
    """A region of the sandbox, past the modules under test."""

    def __init__(self, region: str) -> None:
        super().__init__("sandbox-admin", region_name=region)

    def patch(self, image_id: str, *changes: dict[str, Any]) -> None:
        headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
        answer = self.image.patch(f"/images/{image_id}", data=json.dumps(changes), headers=headers)
        assert answer.status_code == 200, answer.text

    def purge(self, prefix: str) -> None:
        for image in self.found(prefix):
            self.patch(image["id"], {"op": "replace", "path": "/protected", "value": False})
            assert self.image.delete(f"/images/{image['id']}").status_code == 204

    def found(self, profile: str) -> list[dict[str, Any]]:
        """All images of the templates of a test."""
        return [image for image in self.find("") if f"-{profile}-v" in image["name"]]

    def names(self, profile: str) -> list[str]:
        return sorted(image["name"].replace(f"-{profile}", "") for image in self.found(profile))


@pytest.fixture(scope="module")
def regions() -> dict[str, Region]:
    return {cloud: Region(region) for cloud, region in REGIONS.items()}


@pytest.fixture
def credentials(clouds: dict[str, Any]) -> dict[str, str]:
    """A clouds.yaml for the reader and one for the operator."""

    def document(name: str) -> str:
        settings = {key: value for key, value in clouds[name].items() if key != "regions"}
        return yaml.safe_dump({"clouds": {each: {**settings, "region_name": REGIONS[each]} for each in REGIONS}})

    return {who: document(f"sandbox-{who}") for who in ("reader", "operator")}


@pytest.fixture
def repository(
    request: pytest.FixtureRequest, tmp_path: Path, web: Web, regions: dict[str, Region]
) -> Iterator[Repository]:
    """The example in a fresh repository, with real images on a web server."""
    profile = re.sub("[^a-z0-9]+", "", request.node.name)[-16:] + RUN
    made = Repository(tmp_path / "repository", profile, web.url)
    made.create()
    sums = ""
    versions = ["debian-13-base-v1.0", "ubuntu-24.04-base-v1.0", "ubuntu-24.04-base-v1.1", "ubuntu-24.04-gpu-v1.0"]
    for size, version in enumerate(versions, 1):
        file = tmp_path / "image.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", file, f"{size}M"], check=True)
        name = re.sub("-(base|gpu)", rf"-\1-{profile}", f"{version}.qcow2")
        web.give(f"/{name}", file.read_bytes())
        sums += f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {name}\n"
    web.give("/SHA256SUMS", sums.encode())
    yield made
    for region in regions.values():
        region.purge(profile)


@pytest.fixture
def forge(tmp_path: Path, repository: Repository, credentials: dict[str, str]) -> Forge:
    return GitHub(tmp_path, repository, credentials)


@pytest.fixture
def forge_of_gitlab(tmp_path: Path, repository: Repository, credentials: dict[str, str]) -> Forge:
    return GitLab(tmp_path, repository, credentials)


class NotesHandler(Handler):
    def do_POST(self) -> None:  # noqa: N802 - the name that http.server looks for
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.notes.append((self.path, self.headers["PRIVATE-TOKEN"], urllib.parse.parse_qs(body)["body"][0]))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()


def current_ids(region: Region, profile: str) -> dict[str, str]:
    """The ids of what is offered and is not deprecated, past the modules under test."""
    return {
        image["name"].rpartition("-v")[0]: image["id"]
        for image in region.found(profile)
        if image["visibility"] == "community" and "deprecated" not in image
    }


def test_a_catalogue_on_github(forge: Forge, regions: dict[str, Region]) -> None:
    profile = forge.repository.profile
    check_request(forge, forge.plan("pull_request"), regions)
    merged = forge.apply(forge.plan("push"))
    ids = check_merge(forge, merged, regions)

    # A second merge, which is nothing but new
    forge.repository.commit("Change nothing")
    again = forge.apply(forge.plan("push"))
    assert again.code == 0, again.output
    assert again.shown.count("**Nothing to change.**") == len(regions)
    # The ids are in a fresh folder, which is all that changes.
    assert len(re.findall("changed=1 ", again.output)) == len(regions)
    assert ids_of(again) == ids

    # Nights
    assert forge.plan("schedule").code == 0
    (image,) = [each for each in regions["mycloud"].found(profile) if each["name"].startswith("debian")]
    regions["mycloud"].patch(image["id"], {"op": "replace", "path": "/os_hidden", "value": True})
    check_drift(forge, forge.plan("schedule"), image["name"])


def test_a_catalogue_on_gitlab(forge_of_gitlab: Forge, regions: dict[str, Region]) -> None:
    forge, profile = forge_of_gitlab, forge_of_gitlab.repository.profile
    notes: list[tuple[str, str, str]] = []
    with serving(NotesHandler, notes=notes) as url:
        where = {"CI_API_V4_URL": f"{url}/api/v4", "CI_PROJECT_ID": "7", "CI_MERGE_REQUEST_IID": "12"}
        requested = forge.plan("merge_request_event", NOTES_TOKEN="a-token", **where)
    check_request(forge, requested, regions)
    assert notes == [("/api/v4/projects/7/merge_requests/12/notes", "a-token", requested.shown)]
    assert "a-token" not in requested.output

    # The merge leads to the same commit here, and so to the same plan.
    check_merge(forge, forge.apply(requested), regions)

    (image,) = [each for each in regions["mycloud"].found(profile) if each["name"].startswith("debian")]
    regions["mycloud"].patch(image["id"], {"op": "replace", "path": "/os_hidden", "value": True})
    check_drift(forge, forge.plan("schedule"), image["name"])


def check_request(forge: Forge, job: Job, regions: dict[str, Region]) -> None:
    """A reader is told what would be done, and nothing is done."""
    assert job.code == 0, job.output
    assert [region.names(forge.repository.profile) for region in regions.values()] == [[], []]
    for cloud, count in {"mycloud": 4, "othercloud": 3}.items():
        plan = job.artifact(forge.plan_artifact, f"{cloud}/plan.json")
        assert (len(plan["changes"]), plan["failures"]) == (count, [])
        numbers = job.artifact(forge.plan_artifact, f"{cloud}/gitlab.json")
        assert numbers == {"create": count, "update": 0, "delete": 0}
        assert f"## {cloud}\n\n**{count} to create, 0 to update, 0 to delete, of {count} versions.**" in job.shown
        assert not (job.artifacts[forge.plan_artifact] / cloud / "image_ids.auto.tfvars.json").exists()


def check_merge(forge: Forge, job: Job, regions: dict[str, Region]) -> dict[str, Any]:
    """What was planned is done. Returns the ids that were written."""
    assert job.code == 0, job.output
    profile = forge.repository.profile
    both = ["debian-13-base-v1.0", "ubuntu-24.04-base-v1.0", "ubuntu-24.04-base-v1.1"]
    assert regions["mycloud"].names(profile) == [*both, "ubuntu-24.04-gpu-v1.0"]
    assert regions["othercloud"].names(profile) == both
    ids = ids_of(job)
    assert ids == {cloud: current_ids(region, profile) for cloud, region in regions.items()}
    assert [len(each) for each in ids.values()] == [3, 2]
    assert "**4 created, 0 updated, 0 deleted, of 4 versions.**" in job.shown
    return ids


def check_drift(forge: Forge, job: Job, image: str) -> None:
    assert job.code == 2
    assert f"**Failed.** fail_on_drift: the cloud is not as the catalogue says: {image}." in job.shown
    assert "## othercloud\n\n**Nothing to change.**" in job.shown
    numbers = job.artifact(forge.plan_artifact, "mycloud/gitlab.json")
    assert numbers == {"create": 0, "update": 1, "delete": 0}


def ids_of(job: Job) -> dict[str, dict[str, str]]:
    return {cloud: job.artifact("report", f"{cloud}/image_ids.auto.tfvars.json")["image_ids"] for cloud in REGIONS}


def test_a_broken_catalogue(forge_of_gitlab: Forge, regions: dict[str, Region]) -> None:
    repository = forge_of_gitlab.repository
    repository.edit("catalog/mycloud/gpu.yml", "description:", "descr:")
    repository.commit("Break the catalogue")
    requested = forge_of_gitlab.plan("merge_request_event")
    assert requested.code == 2
    assert "**Failed.** image_catalog: the catalogue has 1 problem(s):<br>" in requested.shown
    assert "descr: is not known. Known are" in requested.shown
    # The other cloud is told of as if nothing were wrong.
    assert "## othercloud\n\n**3 to create" in requested.shown
    assert [region.names(repository.profile) for region in regions.values()] == [[], []]


def test_a_run_that_fails_tells_what_was_done(forge: Forge, regions: dict[str, Region], web: Web) -> None:
    profile = forge.repository.profile
    planned = forge.plan("push")
    web.give(f"/ubuntu-24.04-gpu-{profile}-v1.0.qcow2", b"something else")
    applied = forge.apply(planned)
    assert applied.code == 2
    assert "## mycloud\n\n**1 failed.** 3 to create, 0 to update, 0 to delete, of 4 versions." in applied.shown
    assert "## othercloud\n\n**3 created, 0 updated, 0 deleted, of 3 versions.**" in applied.shown
    # What went well is there, and is what other tools are told of.
    ids = applied.artifact("report", "mycloud/image_ids.auto.tfvars.json")["image_ids"]
    assert ids == current_ids(regions["mycloud"], profile)
    assert sorted(ids) == [f"debian-13-base-{profile}", f"ubuntu-24.04-base-{profile}"]


def test_only_what_was_approved_is_done(forge: Forge, regions: dict[str, Region]) -> None:
    planned = forge.plan("push")
    forge.repository.edit("catalog/common/debian.yml", 'os_version: "13"', 'os_version: "13.2"')
    forge.repository.commit("Change what was planned")
    applied = forge.apply(planned)
    assert applied.code == 2
    profile = forge.repository.profile
    refused = "**Failed.** expect_plan: what is to be done now differs from what was approved, for debian-13-base-"
    assert applied.shown.count(refused) == len(regions)
    assert [region.names(profile) for region in regions.values()] == [[], []]


def test_two_clouds_that_name_one_file_are_refused(forge: Forge, regions: dict[str, Region]) -> None:
    forge.repository.edit(
        "inventory/group_vars/clouds.yml", '"{{ image_report_directory }}/plan.json"', "report/plan.json"
    )
    forge.repository.commit("Have one plan of all clouds")
    requested = forge.plan("pull_request")
    assert requested.code == 2
    assert "plan.json: another cloud of this play writes the same file" in requested.output
    assert requested.output.count("failed=1 ") == len(regions)
    assert not requested.shown


# What the example says


def test_what_is_installed_is_enough() -> None:
    def lines(path: Path) -> set[str]:
        return {line for line in path.read_text().splitlines() if line and not line.startswith("#")}

    assert lines(ROOT / "requirements.txt") < lines(EXAMPLE / "requirements.txt")
    core = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"].removesuffix(".0")
    assert f"ansible-core{core}" in lines(EXAMPLE / "requirements.txt")
    (wanted,) = yaml.safe_load((EXAMPLE / "collections/requirements.yml").read_text())["collections"]
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    assert wanted == {"name": "xloud.image", "version": f">={version},<2.0.0"}


def test_terraform_is_given_the_variable_that_it_declares() -> None:
    assert 'variable "image_ids" {' in (EXAMPLE / "terraform/variables.tf").read_text()
    assert 'var.image_ids["ubuntu-24.04-base"]' in (EXAMPLE / "terraform/main.tf").read_text()


def test_gitlab_shows_the_numbers_of_every_cloud() -> None:
    clouds = yaml.safe_load((EXAMPLE / "inventory/clouds.yml").read_text())["clouds"]["hosts"]
    jobs = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text())
    named = jobs["plan"]["artifacts"]["reports"]["terraform"]
    assert named == [f"report/{cloud}/gitlab.json" for cloud in clouds]
