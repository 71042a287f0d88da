# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The images of tasks of C(openstack.cloud.image), in playbooks, lists of tasks, and the variables beside them."""

from __future__ import annotations

import collections
import dataclasses
import shlex
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.conversion import (
    Draft,
    Note,
    Opaque,
    Place,
    SourceFile,
    lines_of,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.carry import Carrier
from ansible_collections.xloud.image.plugins.module_utils._plan.expression import COMPUTED, OMITTED, resolve

IMAGE_MODULES: t.Final = frozenset(["openstack.cloud.image", "openstack.cloud.os_image", "os_image", "image"])
INFO_MODULES: t.Final = frozenset(
    f"{prefix}{name}"
    for prefix in ("", "openstack.cloud.")
    for name in ("image_info", "image_facts", "os_image_info", "os_image_facts")
)
_DEFAULT_GROUPS: t.Final = ("group/openstack.cloud.openstack", "group/openstack")
_SECTIONS: t.Final = ("pre_tasks", "tasks", "post_tasks", "handlers")
_PARTS: t.Final = ("block", "rescue", "always")
_INCLUDES: t.Final = frozenset(
    f"{prefix}{name}"
    for prefix in ("", "ansible.builtin.")
    for name in ("include_tasks", "import_tasks", "include_role", "import_role", "import_playbook", "include")
)
_LOOPS: t.Final = ("loop", "with_items", "with_list", "with_dict")
_NOT_READ: t.Final = ("what it includes was not read", "name the folder that holds all of it as source")
# What neither says what the image is, nor whether it is there.
_SILENT: t.Final = frozenset(["name", "vars", "module_defaults", "collections", "loop_control", "tags", *_LOOPS])
_CONNECTION: t.Final = frozenset(
    "api_timeout auth auth_type availability_zone ca_cert cacert cert client_cert client_key cloud endpoint_type "
    "interface key region_name sdk_log_level sdk_log_path timeout validate_certs verify wait".split()
)
_ALIASES: t.Final = {"protected": "is_protected", "project": "owner", "project_domain": "owner_domain"}
# Options that name an image, or the way that its data takes, by what becomes of them.
_ELSEWHERE: t.Final = {
    "id": (
        "the collection gives ids itself, and the image of today keeps its own",
        "give consumers the current id with the lookup xloud.image.current",
    ),
    "owner": ("a document belongs to one project", "give the project to the run, as with -e image_owner=<project>"),
    "owner_domain": ("a document belongs to one project", "give the id of the project to the run: image_owner"),
    "kernel": ("it names another image, which a catalogue does not look up", "write its id as the property kernel_id"),
    "ramdisk": (
        "it names another image, which a catalogue does not look up",
        "write its id as the property ramdisk_id",
    ),
    "volume": (
        "a catalogue takes its data from a file or a URL",
        "make the image of the volume first, export it, and name the file as source",
    ),
    "use_import": ("the way that the data takes is found out", "set import_method where it must be a certain one"),
    "remote_region": ("images of other regions are copied by xloud.image.image_replica", "use the playbook replicate"),
    "remote_image_id": (
        "images of other regions are copied by xloud.image.image_replica",
        "use the playbook replicate",
    ),
    "remote_service_interface": ("images of other regions are copied by xloud.image.image_replica", ""),
    "all_stores_must_succeed": ("an image that is not in all stores it is to be in is a failure", ""),
}


@dataclasses.dataclass(frozen=True)
class _Scope:
    """
    Where a task stands.

    :param defaults: The options that all image tasks there have.
    :param alone: No other file was given, so that what is included is not there.
    """

    file: str
    variables: t.Mapping[str, t.Any]
    defaults: t.Mapping[str, t.Any]
    alone: bool

    def within(self, node: t.Mapping[str, t.Any]) -> _Scope:
        """Return the scope of what stands in a play, a block or a task."""
        return dataclasses.replace(
            self,
            variables={**self.variables, **_dictionary(node.get("vars"))},
            defaults={**self.defaults, **_defaults(node.get("module_defaults"))},
        )


def is_task_file(file: SourceFile) -> bool:
    """Say whether a file has tasks of one of the image modules, at any depth."""
    return any(_module_of(node)[0] in IMAGE_MODULES for node in _nodes(file.content))


def _nodes(content: t.Any) -> t.Iterator[dict[t.Any, t.Any]]:
    """Return what may be a task: out of lists, plays and blocks."""
    if isinstance(content, list):
        for entry in content:
            if isinstance(entry, dict):
                yield entry
                for part in (*_SECTIONS, *_PARTS):
                    yield from _nodes(entry.get(part))


def read_tasks(files: t.Sequence[SourceFile]) -> tuple[list[Draft], list[Note]]:
    """Return the images that the tasks of some files describe, and all that cannot be said of them in a document."""
    reader = _Reader()
    variables, split = _shared_variables(files)
    for file in files:
        scope = _Scope(file.name, variables, {}, len(files) == 1)
        reader.read(file.content, scope)
    reader.note_connections()
    reader.note_split(split)
    return reader.drafts, reader.notes


def _shared_variables(files: t.Sequence[SourceFile]) -> tuple[dict[str, t.Any], dict[str, list[str]]]:
    """Return the variables that files of variables agree about, and in which files those are that they do not."""
    found: dict[str, t.Any] = {}
    places = collections.defaultdict[str, list[str]](list)
    split: dict[str, list[str]] = {}
    for file in files:
        for name, value in _dictionary(file.content).items():
            places[name].append(file.name)
            if name in found and found[name] != value:
                split[name] = places[name]
            found.setdefault(name, value)
    for name in split:
        found[name] = Opaque("not the same in all files of variables")
    return found, split


class _Reader:
    """Collects what the tasks say, from file to file."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.notes: list[Note] = []
        self._connections: dict[str, dict[str, Place]] = {}
        self._opaque: set[str] = set()

    def read(self, content: t.Any, scope: _Scope) -> None:
        """Take in what a file holds, or a list of plays, blocks and tasks."""
        if isinstance(content, Opaque):
            self.notes.append(
                Note(
                    Place(scope.file),
                    (),
                    "",
                    f"the file was not read: it is {content.reason}",
                    "decrypt or mend it, or see to what it holds by hand",
                )
            )
        for entry in content if isinstance(content, list) else ():
            if isinstance(entry, dict):
                self._read_entry(entry, scope)

    def _read_entry(self, entry: dict[str, t.Any], scope: _Scope) -> None:
        within = scope.within(entry)
        if scope.alone and entry.get("roles"):
            self._add(Place.of(scope.file, entry, "roles"), (), "roles", *_NOT_READ)
        parts = [part for part in (*_SECTIONS, *_PARTS) if isinstance(entry.get(part), list)]
        for part in parts:
            self.read(entry[part], within)
        if parts and "when" in entry and any(is_task_file(SourceFile("", entry[part])) for part in parts):
            self._note_condition(Place.of(scope.file, entry, "when"), ())
        if not parts:
            self._read_task(entry, within)

    def _read_task(self, task: dict[str, t.Any], scope: _Scope) -> None:
        module, options = _module_of(task)
        place = Place.of(scope.file, task, module)
        if module in INFO_MODULES:
            self._add(
                place,
                (),
                module,
                "it asks for images by their names",
                "ask with xloud.image.image_catalog_info, or with the lookup xloud.image.current for the current id",
            )
        elif module in _INCLUDES and scope.alone:
            self._add(place, (), module, *_NOT_READ)
        elif module in IMAGE_MODULES:
            self._read_loop(task, options, place, scope)

    def _read_loop(self, task: dict[str, t.Any], options: t.Any, place: Place, scope: _Scope) -> None:
        kind = next((key for key in task if key in _LOOPS), None)
        other = next((key for key in task if str(key).startswith("with_") and key not in _LOOPS), None)
        if kind is None and other is None:
            self._read_image(task, options, place, scope)
            return
        items = COMPUTED if kind is None else _items(kind, resolve(task[kind], scope.variables))
        if not isinstance(items, list):
            self._add(
                place,
                (),
                kind or other or "",
                "the images of this loop are left out: what it goes over cannot be told from the files",
                "write the items out in the task or in a file of variables beside it, or write these images by hand",
            )
            return
        name = str(_dictionary(task.get("loop_control")).get("loop_var", "item"))
        for item in items:
            self._read_image(task, options, place, scope.within({"vars": {name: item}}))

    def _read_image(self, task: dict[str, t.Any], options: t.Any, place: Place, scope: _Scope) -> None:
        if not isinstance(options, dict):
            self._add(place, (), "", "the task is left out: its options are not written as pairs", "write it by hand")
            return
        given = {_ALIASES.get(key, key): value for key, value in {**scope.defaults, **options}.items()}
        resolved = {key: resolve(value, scope.variables) for key, value in given.items()}
        resolved = {key: value for key, value in resolved.items() if value is not OMITTED and value is not None}
        lines = {_ALIASES.get(key, key): line for key, line in lines_of(options).items()}
        label = resolved.pop("name", None)
        if not isinstance(label, (str, int, float)) or isinstance(label, bool):
            reason = label.reason if isinstance(label, Opaque) else "no text"
            self._add(
                place,
                (),
                "name",
                f"the image of this task is left out: its name is {reason}",
                "write it into the document by hand",
            )
            return
        carrier = Carrier(place, str(label), lines)
        self._connect(place, {key: resolved.pop(key) for key in sorted(_CONNECTION & set(resolved))})
        self._read_keywords(task, carrier)
        draft = _draft(resolved, carrier)
        self.notes += carrier.notes
        self.drafts += [draft] if draft else []

    def _read_keywords(self, task: dict[str, t.Any], carrier: Carrier) -> None:
        keywords = [str(key) for key in task if key not in _SILENT and key not in IMAGE_MODULES]
        if "when" in keywords:
            keywords.remove("when")
            self._note_condition(carrier.place, (carrier.label,))
        if "register" in keywords:
            keywords.remove("register")
            carrier.note(
                "register",
                "a document returns nothing to later tasks",
                "take the current id from the lookup xloud.image.current, or from catalog_result.current",
            )
        keywords = [key for key in keywords if key not in ("action", "local_action", "args")]
        if keywords:
            carrier.note(
                ", ".join(sorted(keywords)), "keywords of a task have no place in a document", "see that none is missed"
            )

    def _note_condition(self, place: Place, images: tuple[str, ...]) -> None:
        self._add(
            place,
            images,
            "when",
            "a document has no conditions, so that the image is always in it",
            "give each cloud a document of its own where they differ",
        )

    def _connect(self, place: Place, options: t.Mapping[str, t.Any]) -> None:
        for key in options:
            self._connections.setdefault(place.file, {}).setdefault(key, place)

    def note_connections(self) -> None:
        """Note, once for each file, which options of the connection its tasks have."""
        for options in self._connections.values():
            self._add(
                next(iter(options.values())),
                (),
                ", ".join(options),
                "a document does not say how to reach a cloud, and holds no credentials",
                "keep them in clouds.yaml, and name the cloud in the run: -e xloud_image_cloud=<cloud>",
            )

    def note_split(self, split: t.Mapping[str, t.Sequence[str]]) -> None:
        """Note which variables files do not agree about, if image tasks there are."""
        for name, files in split.items() if self.drafts or self.notes else ():
            self._add(
                Place(files[-1]),
                (),
                name,
                f"the variable has several values, in {', '.join(files)}, so that what uses it is not known",
                "convert the files of one cloud at a time",
            )

    def _add(self, place: Place, images: tuple[str, ...], key: str, message: str, advice: str) -> None:
        self.notes.append(Note(place, images, key, message, advice))


def _draft(options: dict[str, t.Any], carrier: Carrier) -> Draft | None:
    """Return the image that the options of a task describe, None where there is to be none."""
    state = options.pop("state", "present")
    if state == "absent":
        carrier.note(
            "state",
            "it is left out: a document says what there is, and takes nothing away that it did not bring",
            "delete the image by hand once no server needs it",
        )
        return None
    elsewhere = [key for key in _ELSEWHERE if options.pop(key, None) is not None]
    for key in elsewhere:
        carrier.note(key, *_ELSEWHERE[key])
    settings = _settings(options, carrier, has_data="volume" in elsewhere or "remote_image_id" in elsewhere)
    visibility = _visibility(options, carrier)
    if state == "inactive":
        settings["stage"] = "retired"
        carrier.note("state", "inactive becomes stage: retired, which makes the image private as well", "")
    elif state != "present":
        carrier.unknown("state", state)
    if visibility is None and "stage" not in settings:
        settings["stage"] = "staged"
    for key, value in options.items():
        if isinstance(value, Opaque):
            carrier.unknown(key, value)
        else:
            carrier.note(key, "this option is not known, and left out", "look up what it does")
    return Draft(
        carrier.place,
        carrier.label,
        carrier.label,
        os_version=carrier.os_version(settings),
        visibility=visibility,
        settings=settings,
    )


def _settings(options: dict[str, t.Any], carrier: Carrier, *, has_data: bool) -> dict[str, t.Any]:
    """Return what the options say of a version. C(has_data) means that other options said where its data is."""
    settings: dict[str, t.Any] = {}
    given = {key: options.pop(key) for key in ("filename", "uri") if key in options}
    if given or not has_data:
        carrier.source(settings, *next(iter(given.items()), ("source", None)))
    if len(given) > 1:
        carrier.note("uri", "it is left out: filename names the data already")
    if "checksum" in options:
        carrier.checksum(settings, "checksum", options.pop("checksum"))
    for key in ("min_disk", "min_ram"):
        carrier.whole(settings, key, options.pop(key, None))
    carrier.flag(settings, "is_protected", options.pop("is_protected", None), "protected")
    for key, usual in (("disk_format", ""), ("container_format", "bare")):
        carrier.text(settings, key, options.pop(key, None), usual)
    method = options.pop("import_method", None)
    if method is not None:
        carrier.choice(settings, "import_method", method, ("glance-direct", "web-download"))
    carrier.texts(settings, "stores", options.pop("stores", None))
    carrier.flag(settings, "all_stores", options.pop("all_stores", None))
    if settings.get("all_stores") and settings.pop("stores", None):
        carrier.note("stores", "is left out, since all_stores names all of them", "")
    carrier.texts(settings, "tags", options.pop("tags", None))
    carrier.properties(settings, options.pop("properties", None))
    return settings


def _visibility(options: dict[str, t.Any], carrier: Carrier) -> str | None:
    """Return what an image that is offered becomes, None for one that is not."""
    given, is_public = options.pop("visibility", None), options.pop("is_public", None)
    if given is None and is_public is None:
        carrier.note(
            "visibility",
            "the task does not say it, and the module makes such an image private, so that it becomes stage: staged",
            "to offer it, as somebody may have done by hand, give the template a visibility and take stage away",
        )
        return None
    if given is not None:
        key, value = "visibility", given
    else:
        key, value = "is_public", carrier.as_flag(is_public)
    wanted = ("public" if value else "private") if isinstance(value, bool) else value
    if wanted == "private":
        carrier.note(
            key,
            "a catalogue offers what it holds, so that a private image becomes stage: staged",
            "to offer it, give the template a visibility and take stage away",
        )
        return None
    if wanted in ("public", "community", "shared"):
        if wanted == "shared":
            carrier.note(key, "the task does not say who shares the image", "name the projects as members")
        return str(wanted)
    carrier.unknown(key, value, "the image becomes stage: staged")
    return None


def _module_of(task: t.Mapping[t.Any, t.Any]) -> tuple[str, t.Any]:
    """Return the module of a task as far as it matters here, and its options as pairs."""
    for key in ("action", "local_action"):
        if key in task:
            return _action(task[key], _dictionary(task.get("args")))
    for key, value in task.items():
        if key in IMAGE_MODULES | INFO_MODULES | _INCLUDES:
            return key, _pairs(value, _dictionary(task.get("args")))
    return "", None


def _action(value: t.Any, arguments: dict[str, t.Any]) -> tuple[str, t.Any]:
    if isinstance(value, str):
        module, _space, rest = value.strip().partition(" ")
        return module, _pairs(rest, arguments)
    if isinstance(value, dict) and isinstance(value.get("module"), str):
        return value["module"], {**arguments, **{key: each for key, each in value.items() if key != "module"}}
    return "", None


def _pairs(value: t.Any, arguments: dict[str, t.Any]) -> t.Any:
    """Return options that are written as C(key=value) or apart as a dictionary; None where they are neither."""
    if isinstance(value, str):
        try:
            pieces = [piece.partition("=") for piece in shlex.split(value)]
        except ValueError:
            return None
        return {**arguments, **{key: each for key, equals, each in pieces if equals}} if pieces else arguments
    if value is None:
        return arguments
    if isinstance(value, dict) and arguments:
        return {**arguments, **value}
    return value


def _items(kind: str, found: t.Any) -> t.Any:
    if kind == "with_dict" and isinstance(found, dict):
        return [{"key": key, "value": value} for key, value in found.items()]
    if kind == "with_items" and isinstance(found, list):
        return [inner for each in found for inner in (each if isinstance(each, list) else [each])]
    return found


def _defaults(value: t.Any) -> dict[str, t.Any]:
    """Return the defaults of image tasks out of C(module_defaults), those of the module over those of its group."""
    found = _dictionary(value)
    names = [*_DEFAULT_GROUPS, *sorted(IMAGE_MODULES)]
    return {key: each for name in names for key, each in _dictionary(found.get(name)).items()}


def _dictionary(value: t.Any) -> dict[str, t.Any]:
    return value if isinstance(value, dict) else {}
