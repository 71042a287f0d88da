# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options and results of C(image_catalog)."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import (
    CONNECTION,
    PROGRESS,
    USAGE,
    check_day,
    today,
)
from ansible_collections.xloud.image.plugins.module_utils._ansible.report import transfer_result
from ansible_collections.xloud.image.plugins.module_utils._model.catalog import (
    compose,
    default_retention,
    parse_catalog,
)
from ansible_collections.xloud.image.plugins.module_utils._model.document import DEFAULTS, ROOT
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan, Outcome, WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._plan import result

SPECIFICATION: t.Final[dict[str, t.Any]] = {
    "argument_spec": {
        **CONNECTION,
        **PROGRESS,
        "catalog": {"type": "dict"},
        "defaults": {"type": "dict"},
        "files": {"type": "list", "elements": "path"},
        "source_directory": {"type": "path", "default": "."},
        "owner": {"type": "str"},
        "purge": {"type": "bool", "default": False},
        "max_removals": {"type": "int", "default": 10},
        **USAGE,
        "workers": {"type": "int", "default": 2},
        "as_of": {"type": "str"},
        "plan_file": {"type": "path"},
        "expect_plan": {"type": "path"},
        "expect_digests": {"type": "dict"},
        "fail_on_drift": {"type": "bool", "default": False},
        "privatekey_passphrase": {"type": "str", "no_log": True},
    },
    "required_one_of": [("catalog", "files")],
    "mutually_exclusive": [("expect_plan", "expect_digests")],
    "supports_check_mode": True,
}


def wanted_catalog(
    params: t.Mapping[str, t.Any], documents: t.Sequence[t.Mapping[str, t.Any]], check_mode: bool
) -> WantedCatalog:
    """
    Return what the options ask for.

    :param documents: Those that the option C(files) names.
    :raises InputError: An option does not hold what it should, or the catalogue is wrong.
    """
    _check(params)
    own = {ROOT: params["catalog"] or {}, DEFAULTS: params["defaults"] or {}}
    catalog, defaults = compose([*documents, own])
    return WantedCatalog(
        templates=parse_catalog(catalog, defaults, params["source_directory"]),
        today=params["as_of"] or today(),
        purge=params["purge"],
        retention=default_retention(defaults),
        max_removals=params["max_removals"],
        verify_first=check_mode,
        privatekey_passphrase=params["privatekey_passphrase"],
    )


def _check(params: t.Mapping[str, t.Any]) -> None:
    check_day("as_of", params["as_of"])
    if params["max_removals"] < 0:
        raise InputError("max_removals", f"{params['max_removals']} is negative. Give 0 to take nothing away.")
    if params["workers"] < 1:
        raise InputError("workers", f"{params['workers']} is too few: at least one has to do the work.")


def exit_with_catalog(
    module: AnsibleModule,
    plan: CatalogPlan,
    day: str,
    outcomes: t.Mapping[str, Outcome],
    requests: int,
    phases: t.Mapping[str, t.Mapping[str, t.Any]],
) -> t.NoReturn:
    """
    End the module, with the same keys in check mode, in a real run, and in a failure.

    :param day: The day that was planned for.
    :param outcomes: What came of the steps; empty in check mode.
    :param phases: What was moved in each phase.
    """
    failures = result.failures(plan, outcomes)
    plan_changes = result.as_changes(plan)
    results: dict[str, t.Any] = {
        "changed": result.changed(plan, outcomes),
        "plan": plan_changes,
        "digests": result.as_digests(plan, day),
        "summary": result.summary(plan, outcomes),
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
    if plan.changed and module.check_mode and module.params["fail_on_drift"]:
        names = ", ".join(change["name"] for change in plan_changes)
        module.fail_json(msg=f"fail_on_drift: the cloud is not as the catalogue says: {names}.", **results)
    module.exit_json(**results)
    raise AssertionError("exit_json returned")


def _failure(failures: t.Sequence[t.Mapping[str, str]], count: int, check_mode: bool) -> str:
    reasons = "\n".join(f"  {each['image']}: {each['message']}" for each in failures)
    done = "would be" if check_mode else "was"
    others = f"; all else {done} done" if len(failures) < count else ""
    return (
        f"{len(failures)} of {count} versions are not as the catalogue says{others}. "
        f"Mend what is wrong and run the task again.\n{reasons}"
    )
