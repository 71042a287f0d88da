# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project of examples/awx and its definitions, run as AWX runs them: laid out, answered, sent and sliced so."""

from __future__ import annotations

import contextlib
import subprocess
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
    for name in REGIONS:
        assert {path.name for path in Path(exports, name).iterdir()} >= {f"{V0}.raw", f"{V0}.raw.json", "SHA256SUMS"}


class Workflow:
    """A workflow that is run node by node: what a job leaves, and the answers to its survey, go to those after it."""

    def __init__(self, launch: Callable[..., Job], definition: dict[str, Any], **answers: Any) -> None:
        self._launch = launch
        self._nodes = {node["identifier"]: node for node in definition["workflow_nodes"]}
        self._answers, _ignored = answered(definition, answers)
        self.artifacts: dict[str, Any] = {}

    def start(self, node: str, **options: Any) -> Job:
        name = self._nodes[node]["unified_job_template"]["name"]
        return self._launch(name, artifacts={**self.artifacts, **self._answers}, **options)

    def run(self, node: str, **options: Any) -> Finished:
        with self.start(node, **options) as job:
            ended = job.wait()
        self.artifacts |= ended.artifacts
        return ended


@pytest.fixture
def workflow(launch: Callable[..., Job], definitions: dict[str, Any]) -> Callable[..., Workflow]:
    [definition] = definitions["controller_workflows"]
    return lambda **answers: Workflow(launch, definition, **answers)


def test_what_was_approved_is_applied_and_nothing_else(workflow, project, regions):
    approved = workflow()
    planned = approved.run("plan")
    assert planned.status == "successful", planned.output
    # A digest an image and cloud: no names of people, no addresses, no secrets.
    digests = approved.artifacts["image_expect_digests"]
    assert {name: list(images) for name, images in digests.items()} == {name: [V0] for name in REGIONS}
    assert set(approved.artifacts) == {"image_expect_digests"}
    assert f"create {V0}" in planned.output
    assert all(stages(cloud) == {} for cloud in regions.values())

    # Somebody changes the catalogue between the approval and the job.
    project.put("catalog/catalog.yml", catalogue("1.0", "1.1"))
    refused = approved.run("apply")
    assert refused.status == "failed"
    assert f"differs from what was approved, for {V0}, {V1}. Nothing was changed." in refused.output
    assert all(stages(cloud) == {} for cloud in regions.values())

    project.put("catalog/catalog.yml", catalogue("1.0"))
    applied = approved.run("apply")
    assert applied.status == "successful", applied.output
    assert applied.changed == dict.fromkeys(REGIONS, 1)
    assert all(stages(cloud) == {V0: ("community", False, None)} for cloud in regions.values())

    # Nothing is left to do, and to apply that is no failure.
    again = workflow()
    assert again.run("plan").artifacts == {"image_expect_digests": {name: {} for name in REGIONS}}
    assert again.run("apply").status == "successful"


def test_a_cloud_that_was_not_planned_is_left_alone(workflow, project, regions):
    approved = workflow()
    hosts = project.inventory()
    approved.run("plan", hosts={name: hosts[name] for name in ("mycloud", "all")})
    refused = approved.run("apply")
    assert refused.status == "failed"
    assert f"differs from what was approved, for {V0}" in refused.output
    assert {name: len(stages(cloud)) for name, cloud in regions.items()} == {"mycloud": 1, "othercloud": 0}


@pytest.fixture
def impatient(project: Project) -> Iterator[None]:
    """Let jobs wait for no sign of life of one that was cancelled, rather than for three minutes."""
    source = project.collections / "ansible_collections/xloud/image/plugins/module_utils/_model/upload.py"
    text = source.read_text()
    source.write_text(text.replace("LEASE_SECONDS: t.Final = 180.0", "LEASE_SECONDS: t.Final = 0.0"))
    assert source.read_text() != text
    yield
    source.write_text(text)


@pytest.mark.usefixtures("impatient")
def test_a_cancelled_job_is_completed_by_the_next(workflow, project, regions, web):
    data = bytes(64 * MIB)
    page = web.give("/disk.raw", data, gate=Gate())
    document = catalogue("1.0")
    document["image_catalog"][TEMPLATE]["versions"]["1.1"] = {
        "source": f"{web.url}/disk.raw",
        "import_method": "direct",
    }
    project.put("catalog/catalog.yml", document)
    page.gate.open()
    page.gate = None
    hosts = project.inventory()
    one = {"hosts": {name: hosts[name] for name in ("mycloud", "all")}}
    approved = workflow()
    planned = approved.run("plan", **one)
    assert planned.status == "successful", planned.output

    page.gate = gate = Gate()
    with approved.start("apply", **one) as job:
        gate.wait_until_reached()
        job.cancel()
    gate.open()
    page.gate = None
    left = {image["name"]: image["status"] for image in regions["mycloud"].find(TEMPLATE)}
    assert left[V1] in ("queued", "saving")

    planned = (completed := workflow()).run("plan", **one)
    assert planned.status == "successful", planned.output
    applied = completed.run("apply", **one)
    assert applied.status == "successful", applied.output
    assert stages(regions["mycloud"]) == {V0: ("community", False, "true"), V1: ("community", False, None)}


def test_slices_do_together_what_one_job_does(launch, project, regions):
    project.put("catalog/catalog.yml", catalogue("1.0", "1.1"))
    hosts = project.inventory()
    # Six hosts of the inventory are two clouds, so that the slices meet in them.
    shared = hosts.pop("all")
    many = {f"{name}-{number}": hosts[name] for name in hosts for number in (1, 2, 3)}
    jobs = [launch("Images - apply", part=(number, 3), hosts={**many, "all": shared}) for number in (1, 2, 3)]
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(job) for job in jobs]
        ended = [job.wait() for job in running]
    assert [each.status for each in ended] == ["successful"] * 3, "\n".join(each.output for each in ended)
    assert sorted(host for each in ended for host in each.hosts) == sorted(many)
    # Two that meet in two versions may leave one to each other, which the next one completes.
    with launch("Images - apply") as job:
        last = job.wait()
    assert last.status == "successful", last.output
    expected = {V0: ("community", False, "true"), V1: ("community", False, None)}
    assert [stages(cloud) for cloud in regions.values()] == [expected] * 2
    with launch("Images - plan") as job:
        assert job.wait().artifacts == {"image_expect_digests": {name: {} for name in REGIONS}}


def test_answers_that_are_left_out_and_answers_that_say_nothing_are_the_same(launch, definitions):
    for template in definitions["controller_templates"]:
        questions = template.get("survey_spec", {}).get("spec", [])
        optional = [each["variable"] for each in questions if each.get("default") == ""]
        needed = ANSWERS[template["name"]]
        assert answered(template, {**dict.fromkeys(optional, ""), **needed})[0] == answered(template, needed)[0]


@pytest.mark.parametrize(
    ("name", "answers", "words"),
    [
        ("Images - revoke", {"image_name": V0}, "'image_reason' value missing"),
        ("Images - plan", {"image_purge": "perhaps"}, "'image_purge' expected to be one of"),
        ("Images - plan", {"image_max_removals": "10"}, "'image_max_removals' expected to be integer"),
    ],
)
def test_awx_refuses_answers_that_a_question_does_not_take(launch, name, answers, words):
    with pytest.raises(LaunchError, match=words), launch(name, answers=answers):
        pass


def test_the_first_cloud_of_the_credential_of_awx_itself_will_do(run, clouds, regions):
    credential = built_in_openstack(clouds["sandbox-operator"]["auth"], "RegionTwo")
    hosts = {"localhost": {}, "all": {"image_catalog_files": ["catalog"]}}
    applied = run("Images - apply", credential=credential, hosts=hosts)
    assert applied.status == "successful", applied.output
    assert {name: len(stages(cloud)) for name, cloud in regions.items()} == {"mycloud": 0, "othercloud": 1}


def test_an_application_credential_and_an_authority_that_nobody_knows_will_do(
    run, clouds, of_type, operator, regions, tmp_path
):
    authority = Authority(tmp_path, "authority")
    certificate = authority.issue("service")
    endpoints = {
        "identity": clouds["sandbox-operator"]["auth"]["auth_url"].removesuffix("/v3"),
        "image": operator.image.get_endpoint().rstrip("/").removesuffix("/v2"),
    }
    fronts = {name: Front(url, certificate) for name, url in endpoints.items()}
    with (
        terminating(tmp_path / "nginx", fronts) as urls,
        application_credential(operator, clouds["sandbox-operator"]) as configuration,
    ):
        inputs = {**configuration["auth"], "auth_url": f"{urls['identity']}/v3", "region": "RegionOne"}
        hosts = {"cloud": {}, "all": {"image_catalog_files": ["catalog"]}}
        kind = "OpenStack application credential"
        unknown = run("Images - plan", credential=of_type(kind, **inputs), hosts=hosts)
        assert unknown.status == "failed"
        known = of_type(kind, **inputs, cacert=authority.path.read_text())
        applied = run("Images - apply", credential=known, hosts=hosts)
    assert applied.status == "successful", applied.output
    assert len(stages(regions["mycloud"])) == 1
    assert configuration["auth"]["application_credential_secret"] not in unknown.output + applied.output
