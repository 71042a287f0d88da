# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the examples of the documentation are found, and that its catalogue documents are some."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import compose, parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.document import DEFAULTS, ROOT
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.tests.tools.examples import ExampleError, examples_of
from ansible_collections.xloud.image.tests.tools.generate import SCHEMA

CHECKOUT = Path(__file__).parents[2]
PAGES = ["README.md", *(str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob("roles/*/README.md"))]
PAGES += sorted(str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob("docs/docsite/rst/*.rst"))
VALIDATOR = Draft7Validator(json.loads((CHECKOUT / SCHEMA).read_text()), format_checker=FormatChecker())
TEMPLATE = {"visibility": "community", "versions": {"1.0": {}}}

RST = """
.. code-block:: shell

   make demo

Words.

.. not run: it needs a cloud
   of your own
.. code-block:: shell

   openstack image list

.. code-block:: json
   :caption: vars/data.json

   {"a": 1}

.. note::

   .. code-block:: yaml

      # catalog/ubuntu.yml
      image_catalog: {}

.. raw:: html

   <pre>::</pre>

.. code-block:: yaml+jinja

   - name: Look
     ansible.builtin.debug:
"""

MARKDOWN = """
```shell
make demo
```

<!-- not run: it needs a cloud
     of your own -->
```shell
openstack image list
```

- Look:

  ```yaml
  - name: Look
    ansible.builtin.debug:
  ```

```yaml
- hosts: localhost
  roles: [a]
```

```text
NAME  STAGE
```
"""

PLUGIN = '''
DOCUMENTATION = r"""
name: x
"""

EXAMPLES = r"""
- name: Look
  ansible.builtin.debug:
"""
'''


@pytest.fixture
def find(tmp_path):
    """Find the examples of a page with this text."""

    def find(text, name="page.rst"):
        (tmp_path / name).write_text(text)
        return examples_of(tmp_path, name)

    return find


def summary(examples):
    return [(each.line, each.kind, each.text, each.path, each.reason) for each in examples]


def test_blocks_of_a_guide(find):
    assert summary(find(RST)) == [
        (3, "shell", "make demo\n", "", ""),
        (11, "not run", "openstack image list\n", "", "it needs a cloud of your own"),
        (16, "file", '{"a": 1}\n', "vars/data.json", ""),
        (22, "file", "# catalog/ubuntu.yml\nimage_catalog: {}\n", "catalog/ubuntu.yml", ""),
        (31, "tasks", "- name: Look\n  ansible.builtin.debug:\n", "", ""),
    ]


def test_blocks_of_a_readme(find):
    assert summary(find(MARKDOWN, "README.md")) == [
        (2, "shell", "make demo\n", "", ""),
        (8, "not run", "openstack image list\n", "", "it needs a cloud of your own"),
        (14, "tasks", "- name: Look\n  ansible.builtin.debug:\n", "", ""),
        (19, "plays", "- hosts: localhost\n  roles: [a]\n", "", ""),
        (24, "text", "NAME  STAGE\n", "", ""),
    ]


def test_examples_of_a_plugin(find):
    assert summary(find(PLUGIN, "plugin.py")) == [(6, "tasks", "- name: Look\n  ansible.builtin.debug:\n", "", "")]


@pytest.mark.parametrize(("name", "text"), [("page.rst", RST), ("README.md", MARKDOWN), ("plugin.py", PLUGIN)])
def test_a_line_is_the_one_before_the_first(find, name, text):
    for example in find(text, name):
        assert text.splitlines()[example.line].strip() == example.text.splitlines()[0]


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("yaml", "a: 1", "document"),
        ("yaml", "# words that are no path\na: 1", "document"),
        ("yaml", "- import_playbook: xloud.image.curate", "plays"),
        ("yaml", "# .gitlab-ci.yml\nplan: {}", "file"),
        ("hcl", "# main.tf\nresource {}", "file"),
        ("jinja", "{# mail.j2 #}\n{{ a }}", "file"),
        ("ini", "# hosts.ini\n[clouds]", "file"),
        ("console", "anything", "text"),
    ],
)
def test_what_is_done_with_a_block(find, language, text, kind):
    (example,) = find(f"```{language}\n{text}\n```\n", "page.md")
    assert example.kind == kind


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("```\na\n```\n", "the language (none) is none of"),
        ("```bash\na\n```\n", "the language bash is none of"),
        ("- ```shell\n  a\n  ```\n", "a block begins a line"),
        ("```shell\na\n", "the block does not end"),
        ("```hcl\na = 1\n```\n", "it is no file"),
        ("```yaml\n# /etc/clouds.yaml\na: 1\n```\n", None),
        ("```yaml\n# ../clouds.yaml\na: 1\n```\n", "is no path below the folder"),
        ("```yaml\na: {\n```\n", "while parsing"),
        ("```yaml\njust words\n```\n", "neither tasks nor plays nor a document"),
        ("```yaml\n- hosts: all\n- name: a\n```\n", "mixes plays and tasks"),
        ("```console\n$ make demo\n```\n", "commands belong into a block shell"),
        ("<!-- not run -->\n```shell\na\n```\n", "the comment has to be: not run: <reason>"),
        ("<!-- not run: -->\n```shell\na\n```\n", "the comment has to be: not run: <reason>"),
        ("<!-- Not-run: why -->\n```shell\na\n```\n", "the comment has to be: not run: <reason>"),
        ("<!-- not run: why -->\nWords.\n", "no example follows the comment"),
        ("<!-- not run: why -->\n", "no example follows the comment"),
    ],
)
def test_what_would_escape_is_refused_in_a_readme(find, text, error):
    if error is None:
        assert [each.kind for each in find(text, "page.md")] == ["document"]
        return
    with pytest.raises(ExampleError) as caught:
        find(text, "page.md")
    assert error in str(caught.value)
    assert str(caught.value).startswith("page.md:")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Words::\n\n   a\n", "a literal block has no language"),
        (".. literalinclude:: a.yml\n", "the directive literalinclude is not known"),
        (".. code:: shell\n\n   a\n", "the directive code is not known"),
        (".. code-block::\n\n   a\n", "the language (none) is none of"),
        (".. not run\n.. code-block:: shell\n\n   a\n", "the comment has to be: not run: <reason>"),
        (".. notrun: why\n.. code-block:: shell\n\n   a\n", "the comment has to be: not run: <reason>"),
        (".. not run: why\n\n.. note:: a\n", "no example follows the comment"),
        (".. not run: why\n\nWords.\n", "no example follows the comment"),
        (".. code-block:: json\n   :caption: a.json\n\n   {\n", "Expecting property name"),
    ],
)
def test_what_would_escape_is_refused_in_a_guide(find, text, error):
    with pytest.raises(ExampleError) as caught:
        find(text)
    assert error in str(caught.value)
    assert str(caught.value).startswith("page.rst:")


def documents():
    """The documents of the pages, and those that they keep in files."""
    found = [example for page in PAGES for example in examples_of(CHECKOUT, page)]
    kept = [each for each in found if each.kind == "document" or (each.kind == "file" and each.language == "yaml")]
    return [pytest.param(example, id=example.place) for example in kept]


def wholes(data):
    """The documents that a part may be of: what all templates have, a template, a version."""
    if data.keys() & {ROOT, DEFAULTS}:
        return [data]
    templates = ({**TEMPLATE, **data}, {**TEMPLATE, "versions": {"1.0": data}})
    return [{DEFAULTS: data}, {ROOT: data}, *({ROOT: {"ubuntu-24.04-base": each}} for each in templates)]


def complaint(document):
    """What the schema or the parser has against a document."""
    errors = [error.message for error in VALIDATOR.iter_errors(document)]
    if errors:
        return "; ".join(errors)
    try:
        parse_catalog(*compose([{ROOT: {"ubuntu-24.04-base": TEMPLATE}}, document]), "")
    except ImageError as exc:
        return str(exc)
    return ""


@pytest.mark.parametrize("example", documents())
def test_documents_of_the_documentation_are_valid(example):
    data = yaml.safe_load(example.text)
    if example.kind == "document":
        complaints = [complaint(each) for each in wholes(data)]
        assert not all(complaints), complaints
    elif data.keys() & {ROOT, DEFAULTS}:
        # Another file may make it whole. The page is run.
        assert [error.message for error in VALIDATOR.iter_errors(data)] == []
