# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may import whom, read from the sources. The reasons are in docs/docsite/rst/dev_guide.rst."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible.playbook.block import Block
from ansible.playbook.task import Task

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "plugins"
COLLECTION = "ansible_collections.xloud.image."
MODULE_UTILS = f"{COLLECTION}plugins.module_utils."
PLUGIN_UTILS = f"{COLLECTION}plugins.plugin_utils."

MAY_IMPORT = {
    "modules": {"ansible.module_utils", "_ansible", "_plan", "_cloud", "_data", "_model"},
    "_ansible": {"ansible.module_utils", "_model", "_plan"},
    "_plan": {"_model"},
    "_cloud": {"openstack", "keystoneauth1", "requests", "_model", "_data"},
    "_data": {"cryptography", "oslo_utils", "requests", "urllib3", "yaml", "_model"},
    "_model": set(),
    # Jinja belongs to Ansible.
    "filter": {"ansible", "jinja2", "markupsafe", "plugin_utils", "_model", "_plan"},
    "lookup": {"ansible", "_ansible", "_plan", "_cloud", "_model"},
    "test": {"ansible", "_model", "_plan"},
    "action": {"ansible", "plugin_utils"},
    "plugin_utils": {"ansible"},
    "doc_fragments": set(),
}

TASK_KEYWORDS = (set(Task.fattributes) | set(Block.fattributes)) - {"action", "local_action"}
TASK_LISTS = {"tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"}


def layer_of(path: Path) -> str:
    """The layer that a source file belongs to, named by its folder."""
    folders = path.relative_to(PLUGINS).parts
    return folders[1] if folders[0] == "module_utils" else folders[0]


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Every dotted name that a source imports, wherever it does so; a relative one keeps its dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}.{alias.name}" for alias in node.names)


def is_allowed(name: str, layer: str) -> bool:
    if name.startswith(MODULE_UTILS):
        target = name.removeprefix(MODULE_UTILS).split(".")[0]
        return target in MAY_IMPORT[layer] | {layer} and target.startswith("_")
    if name.startswith(PLUGIN_UTILS):
        return "plugin_utils" in MAY_IMPORT[layer] | {layer}
    if name.split(".")[0] in sys.stdlib_module_names:
        return True
    return any(name == root or name.startswith(f"{root}.") for root in MAY_IMPORT[layer] if not root.startswith("_"))


def forbidden_imports(source: str, layer: str) -> list[str]:
    return [name for name in imports_of(ast.parse(source)) if not is_allowed(name, layer)]


def action_of(task: dict) -> set[str]:
    """The module of a task: what is left when the keywords are taken away."""
    return {key for key in task if key not in TASK_KEYWORDS and not key.startswith("with_")}


def tasks_in(node: object) -> Iterator[dict]:
    """Every task and play import of a parsed YAML file, out of plays and blocks of any depth."""
    if isinstance(node, list):
        for item in node:
            yield from tasks_in(item)
    elif isinstance(node, dict):
        nested = TASK_LISTS & set(node)
        for key in sorted(nested):
            yield from tasks_in(node[key])
        if not nested and "hosts" not in node:
            yield node


def is_ours(action: str) -> bool:
    return action.startswith("ansible.builtin.") or action in {f"xloud.image.{path.stem}" for path in MODULE_SOURCES}


def foreign_actions(document: str) -> list[str]:
    """The tasks of a YAML file that do not name exactly one module of ansible.builtin or of this collection."""
    actions = [action_of(task) for task in tasks_in(yaml.safe_load(document))]
    return [" ".join(sorted(found)) or "(none)" for found in actions if len(found) != 1 or not is_ours(min(found))]


def roles_in(document: str) -> Iterator[str]:
    """Every role that a YAML file names, in `roles` of a play or by import_role and include_role."""
    plays = [play for play in yaml.safe_load(document) or [] if isinstance(play, dict)]
    for entry in (role for play in plays for role in play.get("roles", [])):
        yield entry if isinstance(entry, str) else entry.get("role") or entry.get("name")
    for task in tasks_in(plays):
        for action in ("ansible.builtin.import_role", "ansible.builtin.include_role"):
            if action in task:
                yield task[action]["name"]


def main_of(source: str) -> ast.FunctionDef | None:
    found = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "main")
    return next(found, None)


def named(paths: list[Path]) -> list:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


SOURCES = sorted(PLUGINS.rglob("*.py"))
MODULE_SOURCES = sorted((PLUGINS / "modules").glob("*.py"))
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
TASK_FILES = sorted((ROOT / "roles").glob("*/tasks/**/*.yml")) + sorted((ROOT / "roles").glob("*/handlers/**/*.yml"))


def test_everything_promised_is_there():
    layers = {layer_of(path) for path in SOURCES}
    assert layers >= {"modules", "lookup", "doc_fragments", "_ansible", "_plan", "_cloud", "_data", "_model"}
    assert {path.stem for path in MODULE_SOURCES} >= {
        "image_catalog",
        "image_catalog_info",
        "image_conversion",
        "image_export",
        "image_member",
        "image_replica",
        "image_template",
        "image_visibility",
    }
    assert {path.parts[-3] for path in TASK_FILES if path.name == "main.yml"} >= {
        "catalog",
        "export",
        "replication",
        "report",
        "sandbox",
        "sharing",
    }
    assert {path.stem for path in PLAYBOOKS} >= {
        "convert",
        "curate",
        "export",
        "publish",
        "replicate",
        "report",
        "restore",
        "retire",
        "sandbox",
        "share",
    }


@pytest.mark.parametrize("path", named(SOURCES))
def test_a_layer_imports_only_what_it_may(path):
    assert layer_of(path) in MAY_IMPORT, "a new kind of plugin needs a rule"
    assert forbidden_imports(path.read_text(), layer_of(path)) == []


@pytest.mark.parametrize("path", named(MODULE_SOURCES))
def test_main_fits_on_one_screen(path):
    main = main_of(path.read_text())
    assert main is not None
    assert main.end_lineno - main.lineno + 1 <= 20


def test_an_action_plugin_runs_the_module_of_its_name():
    for path in sorted((PLUGINS / "action").glob("*.py")):
        assert f'MODULE = "xloud.image.{path.stem}"\n' in path.read_text()


def test_plugin_folders_are_no_packages():
    assert list(PLUGINS.rglob("__init__.py")) == []


def test_every_module_that_asks_a_cloud_is_in_the_action_group():
    # Its defaults say how to reach a cloud, which a module that only reads files would refuse.
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())
    asking = [path.stem for path in MODULE_SOURCES if "- xloud.image.connection\n" in path.read_text()]
    assert sorted(asking) == sorted(runtime["action_groups"]["image"])
    assert {path.stem for path in MODULE_SOURCES} - {*asking} == {"image_conversion"}


@pytest.mark.parametrize("path", named([path for path in PLAYBOOKS if "xloud_image_cloud" in path.read_text()]))
def test_playbooks_find_clouds_where_they_are_called(path):
    (play,) = yaml.safe_load(path.read_text())
    for kind, name in {"CONFIG": "clouds.yaml", "SECURE": "secure.yaml"}.items():
        variable = f"OS_CLIENT_{kind}_FILE"
        given = f"lookup('ansible.builtin.env', '{variable}') or '{name}' | ansible.builtin.realpath"
        assert play["environment"][variable] == f"{{{{ {given} }}}}"


@pytest.mark.parametrize("path", named(TASK_FILES + PLAYBOOKS))
def test_roles_and_playbooks_use_only_modules_by_name(path):
    assert foreign_actions(path.read_text()) == []


def test_only_what_sets_up_awx_uses_another_collection():
    apart = sorted((ROOT / "playbooks/tasks").rglob("*.yml"))
    assert [path.name for path in apart] == ["awx_setup.yml"]
    actions = [action_of(task) for path in apart for task in tasks_in(yaml.safe_load(path.read_text()))]
    assert len(actions) == 10
    assert all(len(action) == 1 and min(action).startswith("awx.awx.") for action in actions)


@pytest.mark.parametrize("path", named(TASK_FILES + PLAYBOOKS))
def test_roles_are_named_in_full(path):
    names = {f"xloud.image.{role.name}" for role in (ROOT / "roles").iterdir()}
    assert set(roles_in(path.read_text())) <= names


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("_model", "import requests"),
        ("_model", f"from {MODULE_UTILS}_plan.member import plan_members"),
        ("_model", "def late():\n    import openstack"),
        ("_plan", "from ansible.module_utils.basic import AnsibleModule"),
        ("_plan", f"import {MODULE_UTILS}_cloud.connect"),
        ("_plan", "from .._model.image import Image"),
        ("_data", "import openstack.connection"),
        ("_cloud", "from oslo_utils.imageutils import format_inspector"),
        ("_cloud", f"from {COLLECTION}plugins.module_utils import _plan"),
        ("_ansible", f"from {MODULE_UTILS}_cloud.connect import connect"),
        ("_ansible", "import ansible_runner"),
        ("modules", "import openstack"),
        ("modules", "import ansible.plugins.loader"),
        ("modules", f"from {COLLECTION}plugins.modules import image_member"),
        ("lookup", "import openstack"),
        ("filter", f"from {MODULE_UTILS}_cloud.connect import connect"),
        ("action", f"from {MODULE_UTILS}_data.progress import Progress"),
        ("plugin_utils", f"from {MODULE_UTILS}_data.progress import Progress"),
        ("modules", f"from {PLUGIN_UTILS}_progress import ProgressAction"),
    ],
)
def test_the_import_rule_finds_faults(layer, source):
    assert forbidden_imports(source, layer)


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("_model", "from __future__ import annotations\nfrom dataclasses import dataclass"),
        ("_plan", f"from {MODULE_UTILS}_model.image import Image"),
        ("_cloud", "import openstack\nfrom keystoneauth1 import exceptions"),
        ("lookup", f"from {MODULE_UTILS}_cloud.connect import connect"),
        ("action", f"from {PLUGIN_UTILS}_progress import ProgressAction"),
        ("plugin_utils", "from ansible.plugins.action import ActionBase"),
        (
            "modules",
            f"from {MODULE_UTILS}_ansible.report import report\nfrom ansible.module_utils.basic import env_fallback",
        ),
    ],
)
def test_the_import_rule_lets_through_what_it_should(layer, source):
    assert forbidden_imports(source, layer) == []


@pytest.mark.parametrize(
    "document",
    [
        "- name: Unqualified\n  copy: {dest: a}",
        "- name: Another collection\n  openstack.cloud.image: {}",
        "- name: No such module\n  xloud.image.image_magic: {}",
        "- name: Old form\n  action: ansible.builtin.ping",
        "- name: Nested\n  block:\n    - name: Unqualified\n      ping:",
        "- hosts: all\n  post_tasks:\n    - ping:",
        "- name: Nothing",
    ],
)
def test_the_task_rule_finds_faults(document):
    assert foreign_actions(document)
