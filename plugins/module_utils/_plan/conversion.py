# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The catalogue document that the descriptions of another tool become."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.conversion import (
    OPENSTACK_CLOUD,
    OSISM,
    Conversion,
    Draft,
    Note,
    Renamed,
    SourceFile,
)
from ansible_collections.xloud.image.plugins.module_utils._model.document import DEFAULTS, IMAGE, ROOT
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName, Version, check_template
from ansible_collections.xloud.image.plugins.module_utils._plan.from_osism import is_definition_file, read_definitions
from ansible_collections.xloud.image.plugins.module_utils._plan.from_tasks import is_task_file, read_tasks
from ansible_collections.xloud.image.plugins.module_utils._plan.suggestion import FIRST, suggest_name

_READERS: t.Final = {OPENSTACK_CLOUD: read_tasks, OSISM: read_definitions}
# Properties that say what the machine is like, rather than what is on the image.
_OF_MACHINES: t.Final = ("hypervisor_type", "vm_mode")
_FEW: t.Final = 10


def convert(files: t.Sequence[SourceFile], form: str | None, names: t.Mapping[str, str]) -> Conversion:
    """
    Return what the files of another tool become.

    :param form: One of C(FORMATS), or None for the one that the files are found to have.
    :param names: Templates, or images of them, by what the source calls its images.
    :raises InputError: The files hold no images, or a name is wrong.
    :raises PlanError: There are images, and none of them can be in a document.
    """
    form = form or _recognise(files)
    drafts, notes = _READERS[form](files)
    if not drafts and not notes:
        raise InputError("source", f"there are no images in what was read: {_named(files)}.")
    named, unnamed = _named_drafts(drafts, names)
    builds, doubles = _builds(named)
    conversion = Conversion(
        form,
        _document(builds),
        tuple(
            Renamed(draft.place, draft.label, template, version)
            for template, versions in builds.items()
            for version, draft in versions.items()
        ),
        _gathered([*_of_the_named(notes, unnamed), *unnamed, *doubles, *_notes_on(form, builds)]),
    )
    if not builds:
        raise PlanError(
            "source: none of its images can be in a document. notes says why, and what to do about each.",
            notes=[note.as_result() for note in conversion.notes],
        )
    return conversion


def _recognise(files: t.Sequence[SourceFile]) -> str:
    found = [
        form
        for form, is_of in ((OPENSTACK_CLOUD, is_task_file), (OSISM, is_definition_file))
        if any(is_of(file) for file in files)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError("format", "there are tasks and definitions in source. Say which of them are meant.")
    raise InputError(
        "source",
        f"there are neither tasks of openstack.cloud.image nor definitions of osism in what was read: {_named(files)}.",
    )


def _named(files: t.Sequence[SourceFile]) -> str:
    shown = ", ".join(file.name for file in files[:_FEW])
    return f"{shown} and {len(files) - _FEW} more" if len(files) > _FEW else shown or "no file"


def _named_drafts(
    drafts: t.Sequence[Draft], names: t.Mapping[str, str]
) -> tuple[list[tuple[str, Version, Draft]], list[Note]]:
    """Return the template and version of each image, and which images have no name that makes one."""
    known = {name for draft in drafts for name in (draft.label, draft.known_as, draft.family)}
    for name in names:
        if name not in known:
            raise InputError("names", f"no image of the source is called {name!r}. Write it as the source does.")
    named, notes = [], []
    for draft in drafts:
        given = next((names[name] for name in (draft.label, draft.family, draft.known_as) if name in names), None)
        try:
            template, version = _suggested_name(draft) if given is None else _given_name(given, draft)
        except InputError as exc:
            if given is not None:
                raise
            notes.append(_unnamed(draft, exc.message.removeprefix("names: ").rstrip(".")))
        else:
            named.append((template, version, draft))
    return named, notes


def _of_the_named(notes: t.Iterable[Note], unnamed: t.Iterable[Note]) -> list[Note]:
    """Return the notes without those on images that are left out for their names: they come once there is a name."""
    nameless = {image for note in unnamed for image in note.images}
    return [note for note in notes if not note.images or not nameless.issuperset(note.images)]


def _given_name(text: str, draft: Draft) -> tuple[str, Version]:
    try:
        name = ImageName.parse(text, "names")
    except InputError:
        template = check_template(text, "names")
    else:
        return name.template, name.version
    try:
        return template, _suggested_name(draft)[1]
    except InputError:
        return template, draft.version or FIRST


def _suggested_name(draft: Draft) -> tuple[str, Version]:
    template, version = suggest_name(draft.known_as, draft.os_version, draft.profile)
    return template, draft.version or version or FIRST


def _unnamed(draft: Draft, reason: str) -> Note:
    return Note(
        draft.place,
        (draft.label,),
        "name",
        f"the image is left out: its name {reason}",
        "give it one, <os>-<os version>-<profile>, with image_convert_names",
    )


def _builds(named: t.Sequence[tuple[str, Version, Draft]]) -> tuple[dict[str, dict[Version, Draft]], list[Note]]:
    """Return the images by template and version, and those left out since others have their names."""
    builds: dict[str, dict[Version, Draft]] = {}
    notes = []
    for template, version, draft in named:
        first = builds.setdefault(template, {}).setdefault(version, draft)
        if first is not draft:
            same = "the same" if (first.settings, first.visibility) == (draft.settings, draft.visibility) else "another"
            notes.append(
                Note(
                    draft.place,
                    (draft.label,),
                    "name",
                    f"it is left out: {template}-v{version} is {same} image already, {first.label} of {first.place}",
                    "" if same == "the same" else "give one of them another name with image_convert_names",
                )
            )
    return {template: dict(sorted(versions.items())) for template, versions in builds.items()}, notes


def _document(builds: t.Mapping[str, t.Mapping[Version, Draft]]) -> dict[str, t.Any]:
    templates = {template: _template(template, versions) for template, versions in builds.items()}
    defaults = _take_common(templates)
    return {**({DEFAULTS: defaults} if defaults else {}), ROOT: templates}


def _template(name: str, versions: t.Mapping[Version, Draft]) -> dict[str, t.Any]:
    """Return a template: what all its versions say stands once."""
    newest = versions[max(versions)]
    visibility = _visibility(versions)
    described = {} if newest.label.startswith(name) else {"description": newest.family or newest.label}
    own = {version: dict(draft.settings) for version, draft in versions.items()}
    shared = {key: newest.settings[key] for key in IMAGE if key in newest.settings and key != "properties"}
    shared = {key: value for key, value in shared.items() if all(each.get(key) == value for each in own.values())}
    properties = [each.pop("properties", {}) for each in own.values()]
    common = {
        key: value
        for key, value in newest.settings.get("properties", {}).items()
        if key not in newest.own and all(each.get(key) == value for each in properties)
    }
    for each, mine in zip(own.values(), properties, strict=True):
        for key in shared:
            del each[key]
        rest = {key: value for key, value in mine.items() if key not in common}
        each |= {"properties": rest} if rest else {}
    if "description" in common:
        described = {"description": common.pop("description")}
    return {
        **described,
        **({"visibility": visibility} if visibility else {}),
        **({"properties": common} if common else {}),
        **shared,
        "versions": {str(version): each for version, each in own.items()},
    }


def _visibility(versions: t.Mapping[Version, Draft]) -> str | None:
    """Return what the newest version that is offered says."""
    return next(
        (versions[each].visibility for each in sorted(versions, reverse=True) if versions[each].visibility), None
    )


def _take_common(templates: t.Mapping[str, dict[str, t.Any]]) -> dict[str, t.Any]:
    """Take out of the templates, and return, what all say of the machines, and of protection."""
    if len(templates) < 2:
        return {}
    first, *others = templates.values()
    properties = {
        key: value
        for key, value in first.get("properties", {}).items()
        if (key.startswith("hw_") or key in _OF_MACHINES)
        and all(each.get("properties", {}).get(key) == value for each in others)
    }
    for template in templates.values():
        for key in properties:
            del template["properties"][key]
        if not template.get("properties", True):
            del template["properties"]
    defaults: dict[str, t.Any] = {"properties": properties} if properties else {}
    if "protected" in first and all(each.get("protected") == first["protected"] for each in others):
        defaults["protected"] = first["protected"]
        for template in templates.values():
            del template["protected"]
    return defaults


def _notes_on(form: str, builds: t.Mapping[str, t.Mapping[Version, Draft]]) -> t.Iterator[Note]:
    for versions in builds.values():
        newest, wanted = versions[max(versions)], _visibility(versions)
        labels = tuple(draft.label for draft in versions.values())
        differing = [each for each in versions.values() if each.visibility not in (None, wanted)]
        if differing:
            yield Note(
                differing[0].place,
                tuple(each.label for each in differing),
                "visibility",
                f"all versions of a template are offered alike, so that it becomes {wanted}",
                "name the images so that they become templates of their own, with image_convert_names",
            )
        if form == OPENSTACK_CLOUD and len(versions) > 1:
            yield Note(
                newest.place,
                labels,
                "name",
                "they become versions of one template: the newest is the current one, and the older are deprecated",
                "to offer them side by side, give them names of templates of their own with image_convert_names",
            )
    drafts = [draft for versions in builds.values() for draft in versions.values()]
    relative = [draft for draft in drafts if _is_relative(draft.settings.get("source"))]
    if relative:
        yield Note(
            relative[0].place,
            (),
            "source",
            "paths of files are taken over as they are, and start from another folder now",
            "run curate in the folder that they start from, or write them anew",
        )


def _is_relative(source: str | None) -> bool:
    return source is not None and "://" not in source and not source.startswith(("/", "~"))


def _gathered(notes: t.Iterable[Note]) -> tuple[Note, ...]:
    """Return the notes with those that say the same of several images made one."""
    groups = collections.defaultdict[t.Any, list[Note]](list)
    for number, note in enumerate(notes):
        groups[note.key, note.message, note.advice, None if note.images else number].append(note)
    return tuple(
        Note(
            first.place,
            tuple(dict.fromkeys(image for each in group for image in each.images)),
            first.key,
            first.message,
            first.advice,
        )
        for group in groups.values()
        for first in group[:1]
    )
