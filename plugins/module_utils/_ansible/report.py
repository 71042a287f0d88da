# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The one place where a module says how it ended."""

from __future__ import annotations

import contextlib
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import secrets_of
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.plan import Plan

# The phases in which data comes into a cloud or out of it.
_MOVING: t.Final = ("upload", "import", "download")
_LIBRARIES: t.Final = {"openstack": "openstacksdk", "keystoneauth1": "keystoneauth1", "oslo_utils": "oslo.utils"}


class ImageModule(AnsibleModule):
    """A module of this collection: none of its results shows a secret, whichever way it ends."""

    def __init__(self, **specification: t.Any) -> None:
        super().__init__(**specification)  # type: ignore[no-untyped-call] # AnsibleModule has no annotations

    def _log_invocation(self) -> None:
        # Ansible tells the log of the system of each call. By then it knows the secrets of whole options alone, and it
        # looks for them in the options as Python writes them.
        params = self.params
        self.no_log_values.update(secrets_of(params))
        self.params = remove_values(params, self.no_log_values)
        try:
            super()._log_invocation()  # type: ignore[no-untyped-call] # AnsibleModule has no annotations
        finally:
            self.params = params

    def hide(self, documents: t.Iterable[t.Mapping[str, t.Any]]) -> None:
        """Keep the secrets of documents that the options only name out of all results."""
        for document in documents:
            self.no_log_values.update(secrets_of(document))

    def fail_json(self, msg: str, **kwargs: t.Any) -> t.NoReturn:
        # An option may be refused before the module could say what is secret.
        self.no_log_values.update(secrets_of(self.params))
        super().fail_json(msg, **kwargs)
        raise AssertionError("fail_json returned")


@contextlib.contextmanager
def report_errors(module: AnsibleModule) -> t.Iterator[None]:
    """Turn the errors of the collection into a failed result."""
    module.no_log_values.update(secrets_of(module.params))
    try:
        yield
    except ImageError as exc:
        module.fail_json(msg=exc.message, **{"actions": [], **exc.details})
    except ImportError as exc:
        module.fail_json(msg=missing_library(exc))
    except Exception as exc:
        # Left to Ansible, it would be shown with the secrets in it.
        words = f"This is a fault of the collection, which its authors should hear of: {exc!r}"
        module.fail_json(msg=words, exception=traceback.format_exc())


def missing_library(exc: ImportError) -> str:
    """Return in words which library has to be installed."""
    library = (exc.name or str(exc)).partition(".")[0]
    return str(missing_required_lib(_LIBRARIES.get(library, library)))


def transfer_result(phases: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """Return what was moved in each phase as modules return it, with its sum."""
    moved = [phases[name] for name in _MOVING if name in phases]
    count, seconds = sum(each["bytes"] for each in moved), sum(each["seconds"] for each in moved)
    rate = round(count / seconds) if seconds else 0
    return {"bytes": count, "seconds": round(seconds, 3), "rate": rate, "phases": dict(phases)}


def exit_with(module: AnsibleModule, plan: Plan, image: Image | None, **results: t.Any) -> t.NoReturn:
    """
    End a module well, with the same keys in check mode and in a real run.

    :param image: The image as it is now, or in check mode as it would be.
    :param results: What the module returns beside the keys that all have.
    """
    module.exit_json(
        changed=plan.changed,
        image=image.as_result() if image else None,
        actions=[action.as_result() for action in plan.actions],
        diff={"before": plan.before, "after": plan.after},
        **results,
    )
    raise AssertionError("exit_json returned")
