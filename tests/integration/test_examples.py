# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Every example of the documentation, run as a reader would: from the top of a page to its bottom, in one folder.

A page is one playbook, in which each example is a play, so that what one task registers is there for the next. What a
page needs besides its world is in the folder of its name below examples/: setup.yml are tasks that run first, vars.yml
variables of all tasks, values.yml texts that are replaced as soon as their value is known; other files are copied, and
inventory.yml is the inventory of plays that are not for localhost.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import directives
from docutils.parsers.rst.directives.body import CodeBlock
from example_world import EXTRAS, ROOT, Images, World, world

from ansible_collections.xloud.image.tests.tools.examples import Example, examples_of

GUIDES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/docsite/rst/*.rst"))
READMES = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("roles/*/README.md"))]
PLUGINS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("plugins/*/*.py"))
BLOCKS = {page: examples_of(ROOT, page) for page in (*READMES, *GUIDES, *PLUGINS)}


class CaptionedBlock(CodeBlock):
    """A block of code as Sphinx has it: its caption is the file that it is."""

    option_spec: ClassVar[dict[str, Any]] = {**CodeBlock.option_spec, "caption": directives.unchanged}


directives.register_directive("code-block", CaptionedBlock)
RUN = ("shell", "file", "tasks", "plays")
# Pages without a command that can be tried here.
NOTHING_TO_RUN = {
    "docs/docsite/rst/awx.rst",
    "docs/docsite/rst/benchmarks.rst",
    "docs/docsite/rst/concurrency.rst",
    "docs/docsite/rst/dev_guide.rst",
    "docs/docsite/rst/faults.rst",
    "docs/docsite/rst/image_safety.rst",
    "roles/sandbox/README.md",
}
PATIENCE = 600
HOST = {
    "hosts": "localhost",
    "connection": "local",
    "gather_facts": False,
}
PYTHON = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}


def runs(page: str) -> bool:
    return any(block.kind in RUN for block in BLOCKS[page])


def together() -> dict[str, list[str]]:
    """The pages that are one playbook: what needs no cloud costs one start of Ansible."""
    alone = {page: [page] for page in BLOCKS if runs(page)}
    pure = [page for page in alone if re.match("plugins/(filter|test)/", page)]
    return {"filters and tests": pure, **{page: alone[page] for page in alone if page not in pure}}


GROUPS = together()


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Images:
    return Images(tmp_path_factory.mktemp("images"))


@pytest.fixture
def here(tmp_path, images, admin) -> Iterator[World]:
    folder = tmp_path / "page"
    folder.mkdir()
    with world(folder, images, admin) as made:
        yield made


def extras_of(page: str) -> Path:
    path = Path(page)
    name = path.stem if path.parent.parts[:1] != ("roles",) else f"role_{path.parent.name}"
    return EXTRAS / name.lower()


def is_foreign(action: str) -> bool:
    return action.count(".") >= 2 and not action.startswith(("ansible.builtin.", "xloud.image."))


def is_template(value: str) -> bool:
    return "{{" in value


def evaluated(task: dict[str, Any]) -> dict[str, Any]:
    """A task of which the options are evaluated, if its module is not of this collection."""
    foreign = {key: value for key, value in task.items() if is_foreign(key)}
    kept = {key: value for key, value in task.items() if key not in foreign}
    return {**kept, "ansible.builtin.debug": {"msg": foreign}} if foreign else task


class Playbook:
    """The playbook of a page."""

    def __init__(self, here: World, page: str, blocks: list[Example]) -> None:
        self._here = here
        self._vars = PYTHON
        self._values: dict[str, str] = {}
        self._extras = extras_of(page)
        self._blocks = [block for block in blocks if block.kind in RUN]

    def plays(self) -> list[dict[str, Any]]:
        """Write down all that is run, and return the plays that run it."""
        read = {name: self._extra(f"{name}.yml") for name in ("vars", "values", "setup")}
        self._here.add(self._extras)
        extras = [path.read_text() for path in sorted(self._extras.rglob("*")) if path.is_file()]
        self._here.provide("\n".join([*extras, *(block.text for block in self._blocks)]))
        self._vars = {**PYTHON, **(yaml.safe_load(read["vars"]) or {})}
        self._values = yaml.safe_load(read["values"]) or {}
        setup = Example(f"{self._extras.name}/setup.yml", 0, "yaml", read["setup"], "tasks")
        return [play for block in ([setup] if read["setup"] else []) + self._blocks for play in self._plays(block)]

    def _extra(self, name: str) -> str:
        path = self._extras / name
        return self._here.localized(path.read_text()) if path.exists() else ""

    def _plays(self, block: Example) -> list[dict[str, Any]]:
        text = self._here.localized(block.text)
        for shown, value in self._values.items():
            text = text if is_template(value) else text.replace(shown, value)
        file = self._here.folder / f".{re.sub('[^.a-z0-9]+', '-', block.place.lower())}"
        # Errors of Ansible name the lines of the page.
        file.write_text("\n" * block.line + text)
        if block.kind == "plays":
            # A play without tasks, since those that are imported have names of their own.
            return [{**HOST, "name": block.place}, {"ansible.builtin.import_playbook": str(file)}]
        if block.kind == "shell":
            command = re.sub(r"[{}]", "", text.partition("\n")[0])
            steps = [{"name": command, "ansible.builtin.command": {"argv": ["bash", "-e", str(file)]}}]
        elif block.kind == "file":
            target = self._here.folder / block.path
            target.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            steps = [{"ansible.builtin.command": {"argv": ["cp", str(file), str(target)]}}]
        else:
            tasks = yaml.safe_load(text)
            if any(is_foreign(key) for task in tasks for key in task):
                file.write_text(json.dumps([evaluated(task) for task in tasks]))
            steps = [{"ansible.builtin.include_tasks": str(file)}]
        return [{**HOST, "name": block.place, "vars": self._vars, "tasks": [*self._fill(block, file), *steps]}]

    def _fill(self, block: Example, file: Path) -> list[dict[str, Any]]:
        """Tasks that put values in, which are known no sooner than now."""
        return [
            {"ansible.builtin.replace": {"path": str(file), "regexp": re.escape(text), "replace": value}}
            for text, value in self._values.items()
            if is_template(value) and text in block.text
        ]


def run(here: World, plays: list[dict[str, Any]]) -> tuple[int, str]:
    """Return how the playbook ended, and what it said."""
    # Modules work in the folder of their playbook.
    file = here.folder / ".examples.yml"
    file.write_text(json.dumps(plays))
    settings = {
        "OS_CLOUD": "mycloud",
        "OS_CLIENT_CONFIG_FILE": str(here.folder / "clouds.yaml"),
        "PWD": str(here.folder),
        "XDG_CACHE_HOME": str(here.folder / ".cache"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_NOCOLOR": "1",
    }
    inventory = ["-i", "inventory.yml"] if (here.folder / "inventory.yml").exists() else []
    done = subprocess.run(
        ["ansible-playbook", *inventory, str(file)],
        cwd=here.folder,
        # A page may have a configuration of its own.
        env={**{name: value for name, value in os.environ.items() if name != "ANSIBLE_CONFIG"}, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout


def told(output: str) -> str:
    """What was said since the last play whose name is a page and a line."""
    return re.split(r"^(?=PLAY \[\S+:\d+\])", output, flags=re.MULTILINE)[-1]


@pytest.mark.parametrize("group", GROUPS)
def test_the_examples_of_a_page_work(group, here):
    plays = list(itertools.chain.from_iterable(Playbook(here, page, BLOCKS[page]).plays() for page in GROUPS[group]))
    code, output = run(here, plays)
    assert code == 0, told(output)
    assert "[WARNING]" not in output, output


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("shell", "ls images\nls {{ there }} && false\n"),
        ("tasks", "- name: Look\n  xloud.image.image_catalog_info:\n    cloud: nocloud\n"),
        ("plays", "- hosts: localhost\n  tasks:\n    - name: Look\n      ansible.builtin.fail:\n"),
    ],
    ids=["shell", "tasks", "plays"],
)
def test_an_example_that_does_not_work_is_named(kind, text, here):
    fine = Example("page.rst", 3, "yaml", "- name: Stay\n  ansible.builtin.debug:\n", "tasks")
    wrong, later = (Example("page.rst", line, "yaml", text, kind) for line in (7, 20))
    code, output = run(here, Playbook(here, "page.rst", [fine, wrong, later]).plays())
    assert code != 0
    assert told(output).startswith("PLAY [page.rst:7]")
    assert ("TASK [ls images]" if kind == "shell" else "TASK [Look]") in told(output)
    assert "page.rst:20" not in output


@pytest.mark.parametrize("page", GUIDES)
def test_no_block_of_a_guide_is_overlooked(page):
    tree = publish_doctree((ROOT / page).read_text(), settings_overrides={"report_level": 5})
    blocks = [node.astext().strip() for node in tree.findall(nodes.literal_block) if "code" in node["classes"]]
    assert blocks == [block.text.strip() for block in BLOCKS[page]]


@pytest.mark.parametrize("page", READMES)
def test_no_block_of_a_readme_is_overlooked(page):
    fences = re.findall(r"^\s*(?:```|~~~)", (ROOT / page).read_text(), re.MULTILINE)
    assert len(fences) == 2 * len(BLOCKS[page])


def test_every_page_has_examples_that_run():
    assert {page for page in (*READMES, *GUIDES) if not runs(page)} == NOTHING_TO_RUN


def test_every_module_and_plugin_has_examples_that_run():
    silent = [page for page in PLUGINS if not runs(page)]
    assert [page for page in silent if not re.match("plugins/(action|doc_fragments|plugin_utils)/", page)] == []
