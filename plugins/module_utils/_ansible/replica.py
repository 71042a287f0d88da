# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options and results of C(image_replica)."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import (
    CONNECTION,
    PROGRESS,
    USAGE,
    connection_options,
)
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import transfer_result
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.limit import parse_size
from ansible_collections.xloud.image.plugins.module_utils._model.replica import WantedReplica
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan, Outcome
from ansible_collections.xloud.image.plugins.module_utils._model.source import IMPORT_METHODS
from ansible_collections.xloud.image.plugins.module_utils._model.stores import check_stores
from ansible_collections.xloud.image.plugins.module_utils._plan import result

SPECIFICATION: t.Final[dict[str, t.Any]] = {
    "argument_spec": {
        **CONNECTION,
        **PROGRESS,
        "source_directory": {"type": "path"},
        "source_cloud": {"type": "raw"},
        "source_region_name": {"type": "str"},
        "source_owner": {"type": "str"},
        "images": {"type": "list", "elements": "str", "default": ["*"]},
        "owner": {"type": "str"},
        "visibility": {"type": "bool", "default": True},
        "members": {"type": "bool", "default": True},
        "projects": {"type": "dict"},
        "certificates": {"type": "dict"},
        "import_method": {"type": "str", "choices": list(IMPORT_METHODS), "default": "auto"},
        "stores": {"type": "list", "elements": "str"},
        "all_stores": {"type": "bool", "default": False},
        "max_virtual_size": {"type": "str"},
        **USAGE,
        "workers": {"type": "int", "default": 2},
    },
    "mutually_exclusive": [
        ("source_directory", "source_cloud"),
        ("source_directory", "source_region_name"),
        ("source_directory", "source_owner"),
    ],
    "required_one_of": [("source_directory", "source_cloud", "source_region_name")],
    "supports_check_mode": True,
}


def wanted_replica(params: t.Mapping[str, t.Any]) -> WantedReplica:
    """
    Return what the options ask for, but for the project and the stores, which the target has to know.

    :raises InputError: An option does not hold what it should.
    """
    check_stores(params["stores"], params["all_stores"], False)
    if params["workers"] < 1:
        raise InputError("workers", f"{params['workers']} is too few: at least one has to do the work.")
    _check_ids(params, "projects", "the name or id of a project")
    _check_ids(params, "certificates", "the id of a certificate")
    return WantedReplica(
        tuple(params["images"]),
        params["members"],
        params["visibility"],
        params["import_method"],
        certificates=params["certificates"] or {},
        max_virtual_size=parse_size(params["max_virtual_size"]),
    )


def _check_ids(params: t.Mapping[str, t.Any], option: str, words: str) -> None:
    for theirs, ours in (params[option] or {}).items():
        if ours is not None and not isinstance(ours, str):
            raise InputError(f"{option}.{theirs}", f"must be {words}, or null for none.")


def source_options(params: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """Return the connection options of the cloud that the originals are in, None where they are in a folder."""
    if params["source_directory"]:
        return None
    # Another region of the same cloud need not say everything again.
    options = {"cloud": params["source_cloud"]} if params["source_cloud"] else connection_options(params)
    region = params["source_region_name"]
    return {**options, "region_name": region} if region else options


def exit_with_replicas(
    module: AnsibleModule,
    plan: CatalogPlan,
    outcomes: t.Mapping[str, Outcome],
    requests: int,
    phases: t.Mapping[str, t.Mapping[str, t.Any]],
) -> t.NoReturn:
    """
    End the module, with the same keys in check mode, in a real run, and in a failure.

    :param outcomes: What came of the steps; empty in check mode.
    :param phases: What was transferred in which phases.
    """
    failures = result.failures(plan, outcomes)
    summary = {key: each for key, each in result.summary(plan, outcomes).items() if key != "held"}
    results: dict[str, t.Any] = {
        "changed": result.changed(plan, outcomes),
        "plan": result.as_changes(plan),
        "summary": summary,
        "current": result.current(plan, outcomes),
        "versions": result.rows(plan, outcomes),
        "findings": result.findings(plan, outcomes),
        "usage": result.usage(plan),
        "failures": failures,
        "requests": requests,
        "bytes": result.data_bytes(plan, outcomes),
        "transfer": transfer_result(phases),
        "diff": result.diff(plan),
    }
    if failures:
        module.fail_json(msg=_failure(failures, len(plan.versions), module.check_mode), **results)
    module.exit_json(**results)
    raise AssertionError("exit_json returned")


def _failure(failures: t.Sequence[t.Mapping[str, str]], count: int, check_mode: bool) -> str:
    reasons = "\n".join(f"  {each['image']}: {each['message']}" for each in failures)
    done = "would be" if check_mode else "was"
    return (
        f"{len(failures)} of {count} images are not as their originals; all else {done} done. "
        f"Mend what is wrong and run the task again.\n{reasons}"
    )
