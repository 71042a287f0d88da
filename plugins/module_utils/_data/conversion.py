# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Files of other tools, and the catalogue document that is written from them."""

from __future__ import annotations

import os
import textwrap
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.documents import UNPARSABLE, loader, what_is_wrong
from ansible_collections.xloud.image.plugins.module_utils._data.files import replacing
from ansible_collections.xloud.image.plugins.module_utils._data.local import read_text
from ansible_collections.xloud.image.plugins.module_utils._model.conversion import (
    Conversion,
    Note,
    Opaque,
    SourceFile,
    Table,
    printable,
)
from ansible_collections.xloud.image.plugins.module_utils._model.document import DEFAULTS, ROOT
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError

_SUFFIXES: t.Final = (".yml", ".yaml")
_VAULT: t.Final = "$ANSIBLE_VAULT"
_ENCRYPTED: t.Final = Opaque("encrypted")
_TAGS: t.Final = {"!vault": _ENCRYPTED, "!vault-encrypted": _ENCRYPTED, "!unsafe": Opaque("marked as unsafe")}
_WIDTH: t.Final = 100


def read_source(path: str) -> list[SourceFile]:
    """
    Return the files of a folder and of those in it, or the one file that is named.

    :raises InputError: There is no such file, or it is no YAML. In a folder, such a file is one that cannot be read.
    """
    if not os.path.isdir(path):
        return [SourceFile(os.path.basename(path), _parse(path))]
    found = [_read(path, name) for name in _names(path)]
    if not found:
        raise InputError("source", f"the folder {path} holds no file with a name like *{' or *'.join(_SUFFIXES)}.")
    return found


def _names(folder: str) -> list[str]:
    names = []
    for directory, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith(".")]
        names += [
            os.path.relpath(os.path.join(directory, each), folder)
            for each in files
            if each.endswith(_SUFFIXES) and not each.startswith(".")
        ]
    return sorted(names)


def _read(folder: str, name: str) -> SourceFile:
    path = os.path.join(folder, name)
    if os.path.getsize(path) == 0:
        return SourceFile(name, None)
    try:
        return SourceFile(name, _parse(path))
    except InputError as exc:
        reason = exc.message.rpartition(f"{path} is ")[2].rstrip(".")
        return SourceFile(name, Opaque(reason))


def _parse(path: str) -> t.Any:
    import yaml

    text = read_text(path, "source")
    if text.startswith(_VAULT):
        return Opaque("encrypted as a whole")
    try:
        return yaml.load(text, Loader=_source_loader())  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, *UNPARSABLE) as exc:
        raise InputError("source", f"{path} is no valid YAML: {what_is_wrong(exc)}.") from exc


def _source_loader() -> t.Any:
    import yaml

    class Loader(loader()):  # type: ignore[misc] # what it returns has no annotations
        """Keeps the lines of dictionaries, and nothing of what a tag makes unreadable."""

    def table(self: t.Any, node: t.Any) -> t.Iterator[Table]:
        # In two steps, as YAML makes what may contain itself.
        lines = {key.value: key.start_mark.line + 1 for key, _value in node.value if key.id == "scalar"}
        found = Table((), node.start_mark.line + 1, lines)
        yield found
        found.update(self.construct_mapping(node))

    def opaque(_self: t.Any, suffix: str, _node: t.Any) -> Opaque:
        return _TAGS.get(f"!{suffix}", Opaque("given by a tag that only a run can resolve"))

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, table)
    Loader.add_multi_constructor("!", opaque)
    return Loader


def render(conversion: Conversion, source: str) -> str:
    """Return the document that a conversion leads to, with all notes as comments where they belong."""
    head = [
        f"Made by xloud.image.convert from {conversion.format}: {os.path.basename(os.path.abspath(source))}",
        "The notes say what has no place in a catalogue document, or no equal one. Take out those that are settled.",
    ]
    document = conversion.document
    parts = ["---\n", *map(_comment, head), "".join(_note(each) for each in conversion.common)]
    if DEFAULTS in document:
        parts += ["\n", _dump({DEFAULTS: document[DEFAULTS]})]
    parts += ["\n", f"{ROOT}:\n"]
    blocks = [
        textwrap.indent("".join(map(_note, conversion.notes_of(name))) + _dump({name: template}), "  ")
        for name, template in document[ROOT].items()
    ]
    return "".join(parts) + "\n".join(blocks)


def _note(note: Note) -> str:
    about = ": ".join(each for each in (str(note.place), note.subject, note.key) if each)
    advice = f" To do: {note.advice}." if note.advice else ""
    return _comment(f"{about}: {note.message}.{advice}", "- ")


def _comment(text: str, mark: str = "") -> str:
    lines = textwrap.wrap(
        f"{mark}{printable(text)}",
        _WIDTH,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "".join(f"# {line}\n" for line in lines)


def _dump(value: t.Mapping[str, t.Any]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Indents the entries of lists, as linters want them."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> t.Any:
            return super().increase_indent(flow, False)

    text: str = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH + 20)
    return text


def read_output(path: str) -> str | None:
    """
    Return what a file holds, None where there is none.

    :raises InputError: It cannot be read, or is no text.
    """
    if not os.path.lexists(path):
        return None
    return read_text(path, "output")


def write_output(path: str, text: str) -> None:
    """
    Write a document.

    :raises DataError: The disk does not take it.
    """
    content = text.encode()
    with replacing(path, len(content), wait=True) as handle:
        handle.write(content)
