# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options of C(image_conversion), and how it ends."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.conversion import FORMATS, Conversion
from ansible_collections.xloud.image.plugins.module_utils._model.document import DEFAULTS, ROOT
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

SPECIFICATION: t.Final[dict[str, t.Any]] = {
    "argument_spec": {
        "source": {"type": "path", "required": True},
        "format": {"type": "str", "choices": list(FORMATS)},
        "names": {"type": "dict", "default": {}},
        "output": {"type": "path", "required": True},
        "force": {"type": "bool", "default": False},
    },
    "supports_check_mode": True,
}


def wanted_names(params: t.Mapping[str, t.Any]) -> dict[str, str]:
    """
    Return the names that the options give to images.

    :raises InputError: One of them is no text.
    """
    names = params["names"] or {}
    for name, value in names.items():
        if not isinstance(value, str):
            raise InputError("names", f"what {name!r} is to be called is no text.")
    return {str(name): value for name, value in names.items()}


def check_document(conversion: Conversion) -> None:
    """
    Make sure that the module of the catalogue takes the document.

    :raises InputError: It does not.
    """
    parse_catalog(conversion.document[ROOT], conversion.document.get(DEFAULTS, {}), "")


def check_output(params: t.Mapping[str, t.Any], before: str | None, after: str) -> None:
    """
    Make sure that nobody's file is overwritten unasked.

    :param before: What the file holds, None where there is none.
    :raises InputError: It would be, or its folder is not there.
    """
    path = params["output"]
    if before is not None and before != after and not params["force"]:
        raise InputError(
            "output", f"{path} is there and holds something else. Name another file, or overwrite it with force: true."
        )
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise InputError("output", f"the folder {folder} does not exist. Create it first.")


def exit_with_conversion(module: AnsibleModule, conversion: Conversion, before: str | None, after: str) -> t.NoReturn:
    """End the module, with the same keys in check mode and in a real run."""
    path = module.params["output"]
    module.exit_json(
        changed=before != after,
        output=path,
        format=conversion.format,
        document=conversion.document,
        images=[each.as_result() for each in conversion.images],
        notes=[each.as_result() for each in conversion.notes],
        diff={
            "before": before or "",
            "after": after,
            "before_header": path if before is not None else f"{path} (absent)",
            "after_header": path,
        },
    )
    raise AssertionError("exit_json returned")
