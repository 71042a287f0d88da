# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the documentation: where each stands, and what is to be done with it. Nothing is run here."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

# How the comment with the path begins that the first line of a file may be.
COMMENTS = {"yaml": "#", "yaml+jinja": "#", "ini": "#", "hcl": "#", "jinja": "{#", "json": ""}
LANGUAGES = {"shell", "text", "console", *COMMENTS}
# What shows no example, and what holds some that are indented.
DIRECTIVES = {"code-block", "contents", "image", "figure", "list-table", "raw", "note", "warning", "tip", "seealso"}

DIRECTIVE = re.compile(r"(?P<indent> *)\.\. (?P<name>[\w+-]+)::(?: +(?P<argument>.+))?")
COMMENT = re.compile(r" *\.\. (?!_)(?P<text>.*)")
FENCE = re.compile(r"(?P<indent> *)(?P<mark>`{3,}|~{3,})(?P<language>.*)")
NOT_RUN = re.compile(r"not run: (?P<reason>\S.*)", re.DOTALL)
LOOKS_LIKE_NOT_RUN = re.compile(r"\W*not[ _-]?(?:be[ _-])?run\b", re.IGNORECASE)
PATH = re.compile(r"(?!/|~)[\w./-]*[\w-]\.\w+(?:\.\w+)*")
PROMPT = re.compile(r"^\$ ", re.MULTILINE)


class ExampleError(ValueError):
    """Something that no reader would notice: an example that nobody runs and that does not say so."""


@dataclasses.dataclass(frozen=True)
class Example:
    """
    A block of a page.

    :param page: The file, as the root of the collection sees it.
    :param line: The line before its first one.
    :param kind: shell, tasks, plays, document (or a part of one), file, text, or not run.
    :param path: The file that it is to be written to; empty if it is none.
    :param reason: Why it is not run.
    """

    page: str
    line: int
    language: str
    text: str
    kind: str
    path: str = ""
    reason: str = ""

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def examples_of(root: Path, page: str) -> list[Example]:
    """
    Return the blocks of a page, from its top to its bottom.

    :raises ExampleError: One of them would escape whoever runs the rest.
    """
    read = {".rst": _rst, ".md": _markdown, ".py": _plugin}[Path(page).suffix]
    return list(read(page, (root / page).read_text()))


def _rst(page: str, text: str) -> Iterator[Example]:
    lines = text.splitlines()
    remark = ""
    number = 0
    while number < len(lines):
        line = lines[number]
        match = DIRECTIVE.fullmatch(line)
        if match:
            yield from _directive(page, lines, number, match, remark)
            remark = ""
        elif COMMENT.fullmatch(line):
            end = _end_of_block(lines, number)
            remark = _remark(page, number + 1, " ".join(each.strip() for each in lines[number:end])[3:])
            number = end - 1
        elif line.endswith("::"):
            raise ExampleError(f"{page}:{number + 1}: a literal block has no language. Use code-block.")
        elif line.strip():
            _used(page, number, remark)
        number += 1
        if match and match["name"] in ("code-block", "raw"):
            number = _end_of_block(lines, number - 1)
    _used(page, number, remark)


def _directive(page: str, lines: list[str], number: int, match: re.Match[str], remark: str) -> Iterator[Example]:
    if match["name"] not in DIRECTIVES:
        raise ExampleError(f"{page}:{number + 1}: the directive {match['name']} is not known. Does it hold examples?")
    if match["name"] != "code-block":
        _used(page, number, remark)
        return
    body = lines[number + 1 : _end_of_block(lines, number)]
    options = [each.strip() for each in body[: body.index("")]] if "" in body else body
    caption = next((each.removeprefix(":caption: ") for each in options if each.startswith(":caption: ")), "")
    begin = len(options) + 1
    content = textwrap.dedent("\n".join(body[begin:])).strip("\n") + "\n"
    yield _example(page, number + 1 + begin, match["argument"] or "", content, caption, remark)


def _end_of_block(lines: list[str], number: int) -> int:
    """The first line that is no part of the explicit markup that begins here."""
    indent = len(lines[number]) - len(lines[number].lstrip())
    end = number + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * (indent + 1))):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return end


def _markdown(page: str, text: str) -> Iterator[Example]:
    lines = text.splitlines()
    remark = ""
    number = 0
    while number < len(lines):
        line, match = lines[number], FENCE.fullmatch(lines[number])
        if match:
            end = _line_with(page, lines, number, match["mark"])
            content = textwrap.dedent("\n".join(lines[number + 1 : end])) + "\n"
            yield _example(page, number + 1, match["language"], content, "", remark)
            remark, number = "", end
        elif line.lstrip().startswith("<!--"):
            end = number if "-->" in line else _line_with(page, lines, number, "-->")
            comment = " ".join(each.strip() for each in lines[number : end + 1])
            remark, number = _remark(page, number + 1, comment.removeprefix("<!--").removesuffix("-->").strip()), end
        elif "```" in line:
            raise ExampleError(f"{page}:{number + 1}: a block begins a line")
        elif line.strip():
            _used(page, number, remark)
        number += 1
    _used(page, number, remark)


def _line_with(page: str, lines: list[str], number: int, mark: str) -> int:
    """The line after this one that ends what begins here."""
    for each in range(number + 1, len(lines)):
        if lines[each].strip().endswith(mark):
            return each
    raise ExampleError(f"{page}:{number + 1}: the block does not end")


def _plugin(page: str, text: str) -> Iterator[Example]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXAMPLES":
            yield _example(page, node.lineno, "yaml+jinja", ast.literal_eval(node.value).removeprefix("\n"), "", "")


def _remark(page: str, number: int, comment: str) -> str:
    """Return why the next block is not run, if the comment is about that."""
    match = NOT_RUN.fullmatch(comment)
    if not match and LOOKS_LIKE_NOT_RUN.match(comment):
        raise ExampleError(f"{page}:{number}: the comment has to be: not run: <reason>")
    return match["reason"] if match else ""


def _used(page: str, number: int, remark: str) -> None:
    if remark:
        raise ExampleError(f"{page}:{number}: no example follows the comment: not run: {remark}")


def _example(page: str, line: int, language: str, text: str, caption: str, reason: str) -> Example:
    language = language.strip()
    if language not in LANGUAGES:
        raise ExampleError(
            f"{page}:{line}: the language {language or '(none)'} is none of {', '.join(sorted(LANGUAGES))}"
        )
    path = caption or _path(text, COMMENTS.get(language, ""))
    if path and (not PATH.fullmatch(path) or ".." in path):
        raise ExampleError(f"{page}:{line}: {path} is no path below the folder of the page")
    try:
        kind = "not run" if reason else _kind(language, text, path)
    except (ValueError, yaml.YAMLError) as error:
        raise ExampleError(f"{page}:{line}: {error}") from error
    return Example(page, line, language, text, kind, path, reason)


def _path(text: str, mark: str) -> str:
    """Return the path that the comment of the first line is, if it is one."""
    first = text.partition("\n")[0]
    if not mark or not first.startswith(mark):
        return ""
    found = first.removeprefix(mark).removesuffix("#}").strip()
    return found if PATH.fullmatch(found) else ""


def _kind(language: str, text: str, path: str) -> str:
    if language == "shell":
        return "shell"
    if language in ("text", "console"):
        if PROMPT.search(text):
            raise ValueError("commands belong into a block shell, or after a comment: not run: <reason>")
        return "text"
    if language == "json":
        json.loads(text)
    if path:
        return "file"
    if not language.startswith("yaml"):
        raise ValueError("it is no file: begin it with a comment that is a path, or give the path as :caption:")
    return _kind_of_data(yaml.safe_load(text))


def _kind_of_data(data: Any) -> str:
    if isinstance(data, dict):
        return "document"
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        raise ValueError("it is neither tasks nor plays nor a document")
    are_plays = {bool(each.keys() & {"hosts", "import_playbook", "ansible.builtin.import_playbook"}) for each in data}
    if len(are_plays) > 1:
        raise ValueError("it mixes plays and tasks")
    return "plays" if are_plays == {True} else "tasks"
