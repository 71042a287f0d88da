# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The definitions for AWX: what AWX would refuse of them, and the playbook that brings them to it."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from awx.checks import VARIABLES, Checker, specification
from awx.definitions import CHECKOUT, FOLDER, read_definitions
from awx.job import Credential

PROJECT = CHECKOUT / "examples/awx/project"
# The folder that awx.awx is installed in. It is no part of what the collection needs.
COLLECTIONS = Path(os.environ.get("AWX_COLLECTIONS_PATH", "missing: set AWX_COLLECTIONS_PATH"))


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    def definitions(**settings):
        scratch = tmp_path_factory.mktemp("definitions")
        clouds = scratch / "clouds.yaml"
        clouds.write_text("clouds: {}\n")
        return read_definitions(FOLDER, scratch, **{"awx_clouds_file": str(clouds), **settings})

    return definitions


@pytest.fixture(scope="module")
def definitions(read):
    return read(awx_notification_url="https://chat.example.com/hooks/images", awx_slices=4)


@pytest.fixture(scope="module")
def faults_of():
    specifications = {module: specification(COLLECTIONS, module) for module in VARIABLES.values()}
    return lambda objects: Checker(objects, PROJECT, CHECKOUT / "playbooks", specifications).faults()


def test_awx_would_take_every_definition(definitions, read, faults_of):
    assert faults_of(definitions) == []
    assert faults_of(read()) == []


def test_everything_is_defined_that_a_team_needs(definitions):
    templates = {each["name"].removeprefix("Images - ") for each in definitions["controller_templates"]}
    assert templates == {"plan", "apply", "publish", "share", "revoke", "rollback", "export", "report", "drift"}
    assert len(definitions["controller_credential_types"]) == 2
    [workflow] = definitions["controller_workflows"]
    assert [node["identifier"] for node in workflow["workflow_nodes"]] == ["plan", "approve", "apply"]
    [schedule] = definitions["controller_schedules"]
    [drift] = [each for each in definitions["controller_templates"] if each["name"] == schedule["unified_job_template"]]
    assert (drift["job_type"], drift["extra_vars"]["image_fail_on_drift"]) == ("check", True)
    assert drift["notification_templates_error"] == workflow["notification_templates_approvals"]
    assert drift["notification_templates_error"] == [each["name"] for each in definitions["controller_notifications"]]


# A change to the definitions, and what is said of it.
def _first(objects, variable, name=""):
    return next(item for item in objects[f"controller_{variable}"] if name in item["name"])


def _question(objects, template, variable):
    spec = _first(objects, "templates", template)["survey_spec"]["spec"]
    return next(question for question in spec if question["variable"] == variable)


def _node(objects, name):
    nodes = _first(objects, "workflows")["workflow_nodes"]
    return next(node for node in nodes if node["identifier"] == name)


MISTAKES = {
    "reads no such variable": lambda o: o.update(controller_job_templates=[]),
    "stands twice": lambda o: o["controller_projects"].append(o["controller_projects"][0]),
    "playbok": lambda o: _first(o, "templates", "share").update(playbok="share.yml"),
    "value of job_type must be one of": lambda o: _first(o, "templates", "share").update(job_type="scan"),
    "missing required arguments: name": lambda o: _first(o, "schedules").pop("name"),
    "project: controller_projects has no Pictures": lambda o: _first(o, "templates", "share").update(
        project="Pictures"
    ),
    "execution_environment: controller_exec": lambda o: _first(o, "templates").update(execution_environment="Other"),
    "credentials: controller_credentials has no": lambda o: _first(o, "templates").update(credentials=["Other"]),
    "controller_credential_types has no Cloud": lambda o: _first(o, "credentials").update(credential_type="Cloud"),
    "Playbook not found for project: xloud": lambda o: _first(o, "templates").update(playbook="xloud.image.curate"),
    "Playbook not found for project: collections": lambda o: _first(o, "templates").update(
        playbook="collections/requirements.yml"
    ),
    "the survey is never shown": lambda o: _first(o, "templates", "share").pop("survey_enabled"),
    "survey: description has to be": lambda o: _first(o, "templates", "share")["survey_spec"].pop("description"),
    "survey: there is no question": lambda o: _first(o, "templates", "share")["survey_spec"].update(spec=[]),
    "image_purge is asked for twice": lambda o: _question(o, "plan", "image_max_removals").update(
        variable="image_purge"
    ),
    "boolean is no type of a question": lambda o: _question(o, "plan", "image_purge").update(type="boolean"),
    "required has to be a bool": lambda o: _question(o, "plan", "image_purge").update(required="yes"),
    "choices have to be one string": lambda o: _question(o, "plan", "image_purge").update(choices=[False, True]),
    "the default no is none of the choices": lambda o: _question(o, "plan", "image_purge").update(default="no"),
    "it can have one default": lambda o: _question(o, "plan", "image_purge").update(default="false\ntrue"),
    "default has to be of the type multiplechoice": lambda o: _question(o, "plan", "image_purge").update(default=False),
    "default has to be of the type integer": lambda o: _question(o, "plan", "image_max_removals").update(default="10"),
    "min has to be an integer": lambda o: _question(o, "plan", "image_max_removals").update(min="0"),
    "$encrypted$ is reserved": lambda o: _question(o, "share", "image_name").update(default="$encrypted$"),
    "image_nam: the playbook takes no such": lambda o: _question(o, "share", "image_name").update(variable="image_nam"),
    "image_members: the playbook needs it": lambda o: _question(o, "share", "image_members").update(required=False),
    "image_sort: the playbook takes no such": lambda o: _first(o, "templates")["extra_vars"].update(image_sort=1),
    "env ANSIBLE_CONFIG": lambda o: _first(o, "credential_types")["injectors"]["env"].update(ANSIBLE_CONFIG="x"),
    "env PATH": lambda o: _first(o, "credential_types")["injectors"]["env"].update(PATH="x"),
    "injectors: files is none": lambda o: _first(o, "credential_types")["injectors"].update(files={}),
    "'zone' is undefined": lambda o: _first(o, "credential_types")["injectors"]["file"].update(
        {"template.clouds": "{{ zone }}"}
    ),
    "either there is one template": lambda o: _first(o, "credential_types")["injectors"]["file"].update(template="x"),
    "required region_name: there is no such": lambda o: _first(o, "credential_types")["inputs"]["required"].append(
        "region_name"
    ),
    "field auth_url: type": lambda o: _first(o, "credential_types")["inputs"]["fields"][0].update(type="url"),
    "leads to approval, which is no node": lambda o: _node(o, "plan").update(
        related={"success_nodes": [{"identifier": "approval"}]}
    ),
    "an identifier stands twice": lambda o: _node(o, "apply").update(identifier="plan"),
    "they lead in a circle": lambda o: _node(o, "apply").update(related={"success_nodes": [{"identifier": "plan"}]}),
    "there is no template Images - app": lambda o: _node(o, "apply")["unified_job_template"].update(
        name="Images - app"
    ),
    "node plan: image_reason: a required answer": lambda o: _node(o, "plan")["unified_job_template"].update(
        name="Images - revoke"
    ),
    "hand on overwrites one another": lambda o: _first(o, "templates", "plan").update(job_slice_count=2),
    "rrule: INTERVAL is missing": lambda o: _first(o, "schedules").update(
        rrule="DTSTART;TZID=Etc/UTC:20260101T020000 RRULE:FREQ=DAILY"
    ),
    "image_name: a required answer is missing": lambda o: _first(o, "schedules").update(
        unified_job_template="Images - publish"
    ),
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_found(words, definitions, faults_of):
    changed = copy.deepcopy(definitions)
    MISTAKES[words](changed)
    found = faults_of(changed)
    assert any(words in fault for fault in found), found


def test_all_mistakes_of_a_bad_file_are_found_at_once(definitions, faults_of):
    changed = copy.deepcopy(definitions)
    chosen = [
        "reads no such variable",
        "playbok",
        "boolean is no type of a question",
        "env PATH",
        "they lead in a circle",
    ]
    chosen += ["rrule: INTERVAL is missing", "credentials: controller_credentials has no"]
    for words in chosen:
        MISTAKES[words](changed)
    found = "\n".join(faults_of(changed))
    assert [words for words in chosen if words not in found] == []


# A real AWX is not among what can be installed here. So the modules are the real ones, and what would speak to an AWX
# writes down instead what it would be asked for, once the module has accepted it.
RECORDER = """

def _record(self, argument_spec, **kwargs):
    ControllerModule.__init__(self, argument_spec=argument_spec, supports_check_mode=True)
    with open({record!r}, "a") as handle:
        handle.write(dumps([self._name.split(".")[-1], self.params]) + "\\n")
    self.exit_json(changed=True)


ControllerAPIModule.__init__ = _record
"""


@pytest.fixture
def set_up(tmp_path):
    """Run the playbook, and return what it printed and what the modules were asked for, in their order."""
    record = tmp_path / "record"
    shutil.copytree(COLLECTIONS / "ansible_collections", tmp_path / "collections/ansible_collections")
    client = tmp_path / "collections/ansible_collections/awx/awx/plugins/module_utils/controller_api.py"
    client.write_text(client.read_text() + RECORDER.format(record=str(record)))
    paths = os.pathsep.join([str(tmp_path / "collections"), os.environ["ANSIBLE_COLLECTIONS_PATH"]])

    def run(**variables):
        record.write_text("")
        done = subprocess.run(
            ["ansible-playbook", "xloud.image.awx_setup", "--extra-vars", json.dumps(variables)],
            cwd=tmp_path,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": paths, "ANSIBLE_LOCALHOST_WARNING": "false"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr, [json.loads(line) for line in record.read_text().splitlines()]

    return run


def test_awx_is_asked_for_every_definition_in_an_order_that_works(set_up, read, tmp_path):
    (tmp_path / "clouds.yaml").write_text("clouds: {mycloud: {auth: {password: hunter2}}}\n")
    settings = {"awx_clouds_file": str(tmp_path / "clouds.yaml"), "awx_notification_url": "https://chat.example.com/"}
    awx = {"controller_host": "https://127.0.0.1", "controller_oauthtoken": "t0k3n", "validate_certs": False}
    output, asked = set_up(awx_controller=awx, **settings)
    objects = read(**settings)
    expected = [(VARIABLES[name], item["name"]) for name in VARIABLES if name in objects for item in objects[name]]
    assert [(module, params["name"]) for module, params in asked] == expected
    given = {(VARIABLES[name], item["name"]): item for name, items in objects.items() for item in items}
    for module, params in asked:
        for option, value in given[module, params["name"]].items():
            assert str(params[option]) == str(value), (module, option)
        assert (params["controller_host"], params["validate_certs"]) == ("https://127.0.0.1", False)
    assert not any(secret in output for secret in ("hunter2", "t0k3n"))


def test_a_team_has_definitions_of_its_own(set_up, tmp_path):
    shutil.copytree(FOLDER, tmp_path / "own")
    templates = tmp_path / "own/templates.yml"
    templates.write_text(templates.read_text().replace("Images - share", "Pictures - share"))
    _output, asked = set_up(awx_definitions="own", awx_organization="Pictures")
    names = [params["name"] for module, params in asked if module == "job_template"]
    assert "Pictures - share" in names
    assert "Images - share" not in names
    assert {params["organization"] for module, params in asked if module == "project"} == {"Pictures"}
    # There is nothing to make them of.
    assert not {"credential", "notification_template"} & {module for module, _params in asked}


def test_the_execution_environment_is_a_definition_that_ansible_builder_takes(tmp_path):
    definition = CHECKOUT / "examples/awx/execution-environment.yml"
    command = ["ansible-builder", "create", "--file", definition, "--context", tmp_path / "context"]
    command += ["--output-filename", "Containerfile"]
    subprocess.run(command, check=True, capture_output=True)
    [wanted] = yaml.safe_load((tmp_path / "context/_build/requirements.yml").read_text())["collections"]
    [of_project] = yaml.safe_load((PROJECT / "collections/requirements.yml").read_text())["collections"]
    assert wanted == of_project
    assert (tmp_path / "context/Containerfile").is_file()


@pytest.mark.parametrize("optional", [{}, {"region": "RegionOne"}, {"cacert": "PEM"}, {"region": "", "cacert": ""}])
@pytest.mark.parametrize("secret", ["plain", 'a"b', "a: b # c", "{{ x }}", "<&'>", "\\"])
def test_a_credential_type_writes_what_it_was_given(definitions, tmp_path, optional, secret):
    kind = _first(definitions, "credential_types", "application")
    given = {"auth_url": "https://keystone.example.com/v3", "application_credential_id": "0123"}
    inputs = {**given, "application_credential_secret": secret, **optional}
    variables = Credential(kind["injectors"], inputs).inject(tmp_path)
    assert set(variables) == {"OS_CLIENT_CONFIG_FILE"}
    [cloud] = yaml.safe_load(Path(variables["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"].values()
    assert cloud["auth"] == {**given, "application_credential_secret": secret}
    assert cloud.get("region_name") == (optional.get("region") or None)
    assert ("cacert" in cloud) == bool(optional.get("cacert"))
    if optional.get("cacert"):
        assert Path(cloud["cacert"]).read_text() == "PEM"
