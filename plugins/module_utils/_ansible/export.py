# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options of C(image_export), what they ask for, and how it ends."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import CONNECTION, IMAGE, PROGRESS
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.export import (
    EXPORT_FORMATS,
    SUMS_NAME,
    Export,
    Unread,
    WantedExport,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.run import Outcome

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

SPECIFICATION: t.Final[dict[str, t.Any]] = {
    "argument_spec": {
        **CONNECTION,
        **PROGRESS,
        **IMAGE,
        "image": {"type": "str", "aliases": ["name", "id"]},
        "images": {"type": "list", "elements": "str"},
        "path": {"type": "path", "required": True, "aliases": ["dest"]},
        "format": {"type": "str", "choices": list(EXPORT_FORMATS)},
        "compress": {"type": "bool", "default": False},
        "sidecar": {"type": "bool", "default": True},
        "sums": {"type": "bool", "default": True},
        "deactivate": {"type": "bool", "default": False},
        "verify_signature": {"type": "bool", "default": False},
        "trusted_certificates": {"type": "list", "elements": "str"},
        "workers": {"type": "int", "default": 2},
    },
    "mutually_exclusive": [("image", "images")],
    "required_one_of": [("image", "images")],
    "supports_check_mode": True,
}


def wanted_exports(
    params: t.Mapping[str, t.Any], images: t.Iterable[Image], target: t.Callable[[str, str], str]
) -> list[tuple[Image, WantedExport] | Unread]:
    """
    Return what the options ask for, of each image; of several, also why one of them cannot be exported.

    :param target: What gives the absolute path of a file to be written, from C(path) and the file's own name.
    :raises InputError: The files cannot be written there.
    """
    if params["workers"] < 1:
        raise InputError("workers", f"{params['workers']} is less than 1.")
    if params["trusted_certificates"] is not None and not (
        params["verify_signature"] and params["trusted_certificates"]
    ):
        raise InputError("trusted_certificates", "needs verify_signature: true, and at least one id.")
    if params["images"] and not os.path.isdir(os.path.expanduser(params["path"])):
        raise InputError("path", f"{params['path']} is no directory, which several images need. Create it first.")
    return [_wanted_of(params, image, target) for image in images]


def _wanted_of(
    params: t.Mapping[str, t.Any], image: Image, target: t.Callable[[str, str], str]
) -> tuple[Image, WantedExport] | Unread:
    try:
        return image, _wanted(params, target(params["path"], _filename(params, image)))
    except InputError as exc:
        if not params["images"]:
            raise
        # The name of one image may be no name for a file, which is no fault of the others.
        return image, WantedExport(params["path"]), exc


def _filename(params: t.Mapping[str, t.Any], image: Image) -> str:
    return f"{image.name}.{params['format'] or image.disk_format}"


def _wanted(params: t.Mapping[str, t.Any], path: str) -> WantedExport:
    return WantedExport(
        path,
        f"{path}.json" if params["sidecar"] else None,
        params["deactivate"],
        os.path.join(os.path.dirname(path), SUMS_NAME) if params["sums"] else None,
        params["format"],
        params["compress"],
        params["verify_signature"],
        tuple(params["trusted_certificates"] or ()),
    )


def exit_with_exports(
    module: AnsibleModule, exports: t.Sequence[Export], outcomes: t.Mapping[str, Outcome], transfer: t.Any
) -> t.NoReturn:
    """
    End the module, with the same keys in check mode and in a real run.

    :param outcomes: What came of the plans, by the ids of the images; nothing in check mode.
    :param transfer: What was moved, as the result says it.
    """
    ended = [export.ended(outcomes.get(export.image.id)) for export in exports]
    failures = [{"image": each.image.name, "message": each.error.message} for each in ended if each.error]
    result: dict[str, t.Any] = {
        "changed": any(each.plan.changed for each in exports),
        "actions": [action.as_result() for each in exports for action in each.plan.actions],
        "exports": [_row(each) for each in ended],
        "failures": failures,
        "transfer": transfer,
        "diff": _diff(module.params, exports),
    }
    if not module.params["images"]:
        _raise_single(ended[0])
        image = outcomes[exports[0].image.id].image if outcomes else exports[0].plan.image
        result |= {"image": image.as_result() if image else None, **_files(ended[0])}
    if failures:
        names = "; ".join(f"{each['image']}: {each['message']}" for each in failures)
        module.fail_json(msg=f"{len(failures)} of {len(exports)} images were not exported: {names}", **result)
    module.exit_json(**result)
    raise AssertionError("exit_json returned")


def _raise_single(export: Export) -> None:
    if isinstance(export.error, ImageError):
        raise export.error


def _row(export: Export) -> dict[str, t.Any]:
    return {"image": export.image.name, "id": export.image.id, **_files(export), "changed": export.plan.changed}


def _files(export: Export) -> dict[str, t.Any]:
    return {"file": export.wanted.path, "sidecar": export.wanted.sidecar}


def _diff(params: t.Mapping[str, t.Any], exports: t.Sequence[Export]) -> dict[str, t.Any]:
    if not params["images"]:
        return {"before": exports[0].plan.before, "after": exports[0].plan.after}
    changed = [each for each in exports if each.plan.changed]
    return {
        "before": {each.image.name: each.plan.before for each in changed},
        "after": {each.image.name: each.plan.after for each in changed},
    }
