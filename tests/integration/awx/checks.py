# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
What AWX would refuse of definitions, without an AWX: what its modules do not take, what its API does not accept of
surveys, credential types, workflows and schedules, and what would be accepted and never work.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

Objects = Mapping[str, list[dict[str, Any]]]
Item = Mapping[str, Any]

# The variables that infra.aap_configuration reads, and the modules of awx.awx that they are for.
VARIABLES = {
    "controller_credential_types": "credential_type",
    "controller_credentials": "credential",
    "controller_execution_environments": "execution_environment",
    "controller_projects": "project",
    "controller_inventories": "inventory",
    "controller_inventory_sources": "inventory_source",
    "controller_hosts": "host",
    "controller_notifications": "notification_template",
    "controller_labels": "label",
    "controller_templates": "job_template",
    "controller_workflows": "workflow_job_template",
    "controller_schedules": "schedule",
}
# What names an object of another variable.
REFERENCES = {
    "project": "controller_projects",
    "source_project": "controller_projects",
    "inventory": "controller_inventories",
    "execution_environment": "controller_execution_environments",
    "credentials": "controller_credentials",
    "credential_type": "controller_credential_types",
    "notification_templates_started": "controller_notifications",
    "notification_templates_success": "controller_notifications",
    "notification_templates_error": "controller_notifications",
    "notification_templates_approvals": "controller_notifications",
}
# Types of credentials that every AWX has.
BUILT_IN = {"controller_credential_types": {"OpenStack", "Source Control"}}
ANSWERS = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (int, float),
}
# Names of the environment that AWX keeps for itself.
KEPT = {
    *("AWX_HOST", "INVENTORY_ID", "INVENTORY_HOSTVARS", "JOB_ID", "MAX_EVENT_RES", "PATH", "PROJECT_REVISION"),
    *("PYTHONPATH", "REST_API_TOKEN", "REST_API_URL", "VIRTUAL_ENV"),
}
ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# How AWX finds out that a file of a project is a playbook.
PLAYBOOK = re.compile(r"^\s*-?\s*(?:hosts|(?:ansible\.builtin\.)?(?:import_playbook|include)):\s*(\S+)", re.MULTILINE)
MANDATORY = re.compile(r"(image_\w+) \| mandatory")


def specification(collections: Path, module: str) -> dict[str, Any]:
    """Return what a module of awx.awx takes, with the options within options that only its documentation tells of."""
    source = (collections / f"ansible_collections/awx/awx/plugins/modules/{module}.py").read_text()
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION"
    }
    return _options(yaml.safe_load(values["DOCUMENTATION"])["options"])


def _options(documented: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("type", "elements", "choices", "required", "aliases")
    found = {}
    for name, option in documented.items():
        found[name] = {key: option[key] for key in kept if key in option}
        if option.get("suboptions") and option.get("type") in ("dict", "list"):
            found[name]["options"] = _options(option["suboptions"])
    return found


class Checker:
    """
    Definitions, and what they are for.

    :param project: The folder of the project.
    :param playbooks: The folder of the playbooks that those of the project import.
    :param specifications: What each module takes.
    """

    def __init__(
        self, objects: Objects, project: Path, playbooks: Path, specifications: Mapping[str, dict[str, Any]]
    ) -> None:
        self._objects = objects
        self._project = project
        self._playbooks = playbooks
        self._specifications = specifications
        self._inventory = set(yaml.safe_load((project / "inventory/clouds.yml").read_text())["all"].get("vars", {}))

    def faults(self) -> list[str]:
        """Return everything that is wrong, each with the object that it is wrong of."""
        found = [f"{name}: infra.aap_configuration reads no such variable" for name in self._objects.keys() - VARIABLES]
        own: dict[str, Callable[[Item], Iterable[str]]] = {
            "controller_credential_types": credential_type_faults,
            "controller_templates": self._template_faults,
            "controller_workflows": self._workflow_faults,
            "controller_schedules": self._schedule_faults,
        }
        for variable in [name for name in VARIABLES if name in self._objects]:
            names = Counter(item.get("name") for item in self._objects[variable])
            found += [f"{variable} {name}: stands twice" for name, count in names.items() if count > 1]
            for item in self._objects[variable]:
                checks = (self._option_faults(VARIABLES[variable], item), self._reference_faults(item))
                for faults in (*checks, own.get(variable, lambda _item: ())(item)):
                    found += [f"{variable} {item.get('name')}: {fault}" for fault in faults]
        return found

    def _named(self, variable: str) -> set[str]:
        return {str(item.get("name")) for item in self._objects.get(variable, [])} | BUILT_IN.get(variable, set())

    def _option_faults(self, module: str, item: Item) -> Iterator[str]:
        yield from ArgumentSpecValidator(self._specifications[module]).validate(dict(item)).error_messages

    def _reference_faults(self, item: Item) -> Iterator[str]:
        for option, variable in REFERENCES.items():
            value = item.get(option) or []
            for name in [value] if isinstance(value, str) else value:
                if isinstance(name, str) and name not in self._named(variable):
                    yield f"{option}: {variable} has no {name}"

    def _template_faults(self, item: Item) -> Iterator[str]:
        yield from survey_faults(item)
        path = self._project / str(item.get("playbook"))
        imported = PLAYBOOK.search(path.read_text()) if path.is_file() else None
        if not imported:
            yield f"playbook: Playbook not found for project: {item.get('playbook')}"
            return
        source = self._playbooks / f"{imported[1].removeprefix('xloud.image.')}.yml"
        if not source.is_file():
            yield f"playbook: {item['playbook']} imports {imported[1]}, which is none of the collection"
            return
        yield from self._variable_faults(item, source.read_text())

    def _variable_faults(self, item: Item, source: str) -> Iterator[str]:
        asked = {question.get("variable"): question for question in _questions(item)}
        given = set(item.get("extra_vars", {})) | self._inventory
        for name in sorted({*asked, *item.get("extra_vars", {})} - {None}):
            if not re.search(rf"\b{name}\b", source):
                yield f"{name}: the playbook takes no such variable"
        for name in MANDATORY.findall(source):
            if name not in given and not asked.get(name, {}).get("required"):
                yield f"{name}: the playbook needs it, and no required question asks for it"

    def _workflow_faults(self, item: Item) -> Iterator[str]:
        if _questions(item):
            yield from survey_faults(item)
        nodes = {node.get("identifier"): node for node in item.get("workflow_nodes", [])}
        if len(nodes) < len(item.get("workflow_nodes", [])):
            yield "workflow_nodes: an identifier stands twice"
        for name, node in nodes.items():
            followers = [each["identifier"] for links in node.get("related", {}).values() for each in links]
            yield from (f"node {name}: leads to {each}, which is no node" for each in followers if each not in nodes)
            yield from (f"node {name}: {fault}" for fault in self._node_faults(item, node, bool(followers)))
        if _has_circle({name: _followers(node) for name, node in nodes.items()}):
            yield "workflow_nodes: they lead in a circle"

    def _node_faults(self, workflow: Item, node: Item, leads_on: bool) -> Iterator[str]:
        wanted = node.get("unified_job_template", {})
        if wanted.get("type") == "workflow_approval":
            return
        template = self._template(wanted.get("name"))
        if template is None:
            yield f"there is no template {wanted.get('name')}"
            return
        answered = {question["variable"] for question in _questions(workflow)} | set(node.get("extra_data", {}))
        yield from _missing_answers(template, answered)
        if leads_on and int(template.get("job_slice_count", 1)) > 1:
            yield f"what the slices of {template['name']} hand on overwrites one another"

    def _schedule_faults(self, item: Item) -> Iterator[str]:
        rule = str(item.get("rrule"))
        for part in ("DTSTART", "RRULE:", "FREQ=", "INTERVAL="):
            if part not in rule:
                yield f"rrule: {part.rstrip(':=')} is missing"
        template = self._template(item.get("unified_job_template"))
        if template is None:
            yield f"there is no template {item.get('unified_job_template')}"
        else:
            yield from _missing_answers(template, set(item.get("extra_data", {})))

    def _template(self, name: str | None) -> Item | None:
        known = (*self._objects.get("controller_templates", []), *self._objects.get("controller_workflows", []))
        return next((item for item in known if item.get("name") == name), None)


def _questions(item: Item) -> list[dict[str, Any]]:
    return list(item.get("survey_spec", {}).get("spec") or [])


def _missing_answers(template: Item, answered: set[str]) -> Iterator[str]:
    for question in _questions(template):
        if question["required"] and "default" not in question and question["variable"] not in answered:
            yield f"{question['variable']}: a required answer is missing"


def _followers(node: Item) -> list[str]:
    return [each["identifier"] for links in node.get("related", {}).values() for each in links]


def _has_circle(followers: Mapping[str | None, list[str]]) -> bool:
    left = dict(followers)
    while ends := [name for name, each in left.items() if not set(each) & set(left)]:
        for name in ends:
            del left[name]
    return bool(left)


def survey_faults(item: Item) -> Iterator[str]:
    """Say what the API of AWX refuses of a survey."""
    survey = item.get("survey_spec")
    if survey is None:
        if item.get("survey_enabled"):
            yield "survey_enabled: there is no survey"
        return
    if item.get("survey_enabled") is not True:
        yield "survey_enabled: the survey is never shown"
    for key, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(survey.get(key), kind):
            yield f"survey: {key} has to be a {kind.__name__}"
    if not survey.get("spec"):
        yield "survey: there is no question"
    variables = Counter(question.get("variable") for question in _questions(item))
    yield from (f"survey: {name} is asked for twice" for name, count in variables.items() if count > 1)
    for question in _questions(item):
        yield from (f"question {question.get('variable')}: {fault}" for fault in _question_faults(question))


def _question_faults(question: Item) -> Iterator[str]:
    for key, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if not isinstance(question.get(key), kind):
            yield f"{key} has to be a {kind.__name__}"
    kind = str(question.get("type"))
    if kind not in ANSWERS:
        yield f"{kind} is no type of a question: {', '.join(ANSWERS)}"
        return
    for key in ("min", "max"):
        if not isinstance(question.get(key, 0), int):
            yield f"{key} has to be an integer"
    default = question.get("default", "")
    if default != "" and (not isinstance(default, ANSWERS[kind]) or isinstance(default, bool)):
        yield f"the default has to be of the type {kind}"
    elif str(default).startswith("$encrypted$"):
        yield "$encrypted$ is reserved"
    if kind.startswith("multi"):
        yield from _choice_faults(question, kind, default)


def _choice_faults(question: Item, kind: str, default: Any) -> Iterator[str]:
    choices = question.get("choices")
    if not isinstance(choices, str) or not choices.strip():
        yield "choices have to be one string, with a line for each"
        return
    chosen = str(default).splitlines()
    if kind == "multiplechoice" and len(chosen) > 1:
        yield "it can have one default"
    yield from (f"the default {each} is none of the choices" for each in chosen if each not in choices.splitlines())


def credential_type_faults(item: Item) -> Iterator[str]:
    """Say what the API of AWX refuses of a credential type."""
    fields = {field.get("id"): field for field in item.get("inputs", {}).get("fields", [])}
    yield from (
        f"field {name}: type has to be string or boolean"
        for name, field in fields.items()
        if field.get("type", "string") not in ("string", "boolean")
    )
    yield from (
        f"required {name}: there is no such field"
        for name in item.get("inputs", {}).get("required", [])
        if name not in fields
    )
    injectors = item.get("injectors", {})
    yield from (f"injectors: {key} is none" for key in injectors if key not in ("env", "file", "extra_vars"))
    for name in injectors.get("env", {}):
        if not ENVIRONMENT.match(name) or name in KEPT or name.startswith("ANSIBLE_"):
            yield f"env {name}: AWX does not let a credential set it"
    yield from _injector_faults(injectors, set(fields))


def _injector_faults(injectors: Item, fields: set[str | None]) -> Iterator[str]:
    files = injectors.get("file", {})
    labels = [key.partition(".")[2] for key in files]
    if any(not re.match(r"template(\.\w+)?\Z", key) for key in files) or ("" in labels and len(labels) > 1):
        yield "file: either there is one template, or all have names (template.name)"
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    known: dict[str, Any] = {str(name): "EXAMPLE" for name in fields}
    known["tower"] = known["awx"] = {"filename": {label: "EXAMPLE" for label in labels if label}}
    if "" in labels:
        known["tower"]["filename"] = "EXAMPLE"
    for kind in ("file", "env", "extra_vars"):
        for name, template in injectors.get(kind, {}).items():
            try:
                environment.from_string(template).render(known)
            except (TemplateError, TypeError) as exc:
                yield f"{kind} {name}: {exc}"
