# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""A run over a catalogue as data: for results, for plan files, and for approvals."""

from __future__ import annotations

import collections
import hashlib
import json
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    BusyError,
    ImageError,
    InUseError,
    PlanError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import REPLACED_BY, Image
from ansible_collections.xloud.image.plugins.module_utils._model.plan import Action, CreateImage
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan, Finding, Outcome, VersionPlan
from ansible_collections.xloud.image.plugins.module_utils._plan.combine import combine
from ansible_collections.xloud.image.plugins.module_utils._plan.usage import as_result as usage_of

Outcomes: t.TypeAlias = t.Mapping[str, Outcome]
FORMAT: t.Final = 1
# Findings of versions that would go further, were they not kept from it.
HELD: t.Final = ("busy", "gate", "in_use", "max_removals", "protected", "usage_unknown")
# Errors that are findings: nothing is wrong, and a later run goes on.
_FINDINGS: t.Final[dict[type[ImageError], str]] = {BusyError: "busy", InUseError: "in_use"}


def as_changes(plan: CatalogPlan) -> list[dict[str, t.Any]]:
    """Return what a plan changes, one dictionary an image, in the order of the plan."""
    return [_change(version) for version in plan.versions if version.actions]


def _change(version: VersionPlan) -> dict[str, t.Any]:
    whole = combine(*(step.plan for step in version.steps))
    return {
        "name": version.name,
        "template": version.template,
        "version": version.version,
        "id": version.found.id if version.found else None,
        "stage": {
            "before": version.found.stage if version.found else None,
            "after": version.stage,
        },
        "before": whole.before if version.found else {},
        "after": whole.after,
        "actions": [{"action": each.verb, "reason": each.reason} for each in version.actions],
    }


def as_plan_file(plan: CatalogPlan, cloud: str | None, today: str) -> dict[str, t.Any]:
    """Return what a plan file holds. C(cloud) is None where the configuration gives it no name."""
    return {
        "format_version": FORMAT,
        "cloud": cloud,
        "as_of": today,
        "summary": summary(plan, {}),
        "changes": as_changes(plan),
        "findings": [finding.as_result() for finding in plan.findings],
        "failures": failures(plan, {}),
    }


def as_digests(plan: CatalogPlan, today: str) -> dict[str, str]:
    """Return what a plan changes as one digest an image, by the names of the images. The day is no part of it."""
    return {change["name"]: _digest(change) for change in _timeless(as_changes(plan), today)}


def _digest(change: t.Mapping[str, t.Any]) -> str:
    return hashlib.sha256(json.dumps(change, sort_keys=True).encode()).hexdigest()


def check_expected(
    plan: CatalogPlan,
    today: str,
    expected: t.Mapping[str, t.Any] | None,
    digests: t.Mapping[str, t.Any] | None = None,
) -> None:
    """
    Make sure that a plan is the one that was approved. The day on which each was made makes no difference.

    :param expected: What the file of the approved plan holds.
    :param digests: The digests of the approved plan, which take the place of its file.
    :raises PlanError: It is another one.
    """
    if expected is not None:
        changes = _timeless(expected.get("changes", []), str(expected.get("as_of")))
        _refuse_others(plan, today, "expect_plan", "plan_file", {_digest(change) for change in changes})
    if digests is not None:
        _refuse_others(plan, today, "expect_digests", "the digests that it returns", set(map(str, digests.values())))


def _refuse_others(plan: CatalogPlan, today: str, option: str, means: str, approved: t.Container[str]) -> None:
    """
    Refuse a plan of which anything is not approved. What was done of it already need not be done again.

    :param means: What a plan is handed on by.
    """
    names = sorted(name for name, digest in as_digests(plan, today).items() if digest not in approved)
    if names:
        raise PlanError(
            f"{option}: what is to be done now differs from what was approved, for {', '.join(names)}. Nothing was "
            f"changed. Make a new plan (check mode with {means}), and have it approved.",
            differing=names,
        )


def _timeless(changes: t.Any, today: str) -> list[dict[str, t.Any]]:
    text = json.dumps(changes, sort_keys=True).replace(json.dumps(today), '"(today)"')
    return t.cast("list[dict[str, t.Any]]", json.loads(text))


def image_of(version: VersionPlan, outcomes: Outcomes) -> Image | None:
    """Return a version's image as it is after a run, or in check mode as it would be."""
    image = version.found if outcomes else version.image
    for step in version.steps:
        outcome = outcomes.get(step.key)
        if outcome and outcome.taken:
            image = outcome.image
    return image


def _problem(version: VersionPlan, outcomes: Outcomes) -> str | None:
    return next((error.message for error in _errors(version, outcomes) if type(error) not in _FINDINGS), None)


def _errors(version: VersionPlan, outcomes: Outcomes) -> list[ImageError]:
    errors = (*(outcome.error for outcome in _of(version, outcomes)), version.error)
    return [error for error in errors if error]


def _of(version: VersionPlan, outcomes: Outcomes) -> list[Outcome]:
    return [outcomes[step.key] for step in version.steps if step.key in outcomes]


def _actions(version: VersionPlan, outcomes: Outcomes) -> list[Action]:
    """Return what was done to a version, or in check mode would be."""
    if not outcomes:
        return list(version.actions)
    return [action for outcome in _of(version, outcomes) for action in outcome.taken]


def rows(plan: CatalogPlan, outcomes: Outcomes) -> list[dict[str, t.Any]]:
    """Return one row for each version: what it is, and what was done to it."""
    return [_row(version, outcomes) for version in plan.versions]


def _row(version: VersionPlan, outcomes: Outcomes) -> dict[str, t.Any]:
    image = image_of(version, outcomes)
    done = _actions(version, outcomes)
    return {
        "template": version.template,
        "version": version.version,
        "name": version.name,
        "id": (image.id or None) if image else None,
        "stage": image.stage if image else "absent",
        "visibility": image.visibility if image else None,
        "disk_format": image.disk_format if image else None,
        "size": image.size if image else None,
        "replaced_by": image.properties.get(REPLACED_BY) if image else None,
        "changed": bool(done),
        "actions": [action.reason for action in done],
        "problem": _problem(version, outcomes),
    }


def summary(plan: CatalogPlan, outcomes: Outcomes) -> dict[str, t.Any]:
    """Return how many versions are in which stage, and how many actions of which kind there are."""
    table = rows(plan, outcomes)
    actions = collections.Counter(action.verb for version in plan.versions for action in _actions(version, outcomes))
    return {
        "images": sum(row["stage"] != "absent" for row in table),
        "changed": sum(row["changed"] for row in table),
        "failed": len(failures(plan, outcomes)),
        "held": sum(finding["kind"] in HELD for finding in findings(plan, outcomes)),
        "stages": dict(sorted(collections.Counter(row["stage"] for row in table).items())),
        "actions": dict(sorted(actions.items())),
    }


def current(plan: CatalogPlan, outcomes: Outcomes) -> dict[str, dict[str, t.Any]]:
    """Return the current version of each template that has one."""
    found: dict[str, dict[str, t.Any]] = {}
    for version in plan.versions:
        image = image_of(version, outcomes)
        if image and image.stage == "published" and version.template not in found:
            found[version.template] = {"version": version.version, "name": version.name, "id": image.id or None}
    return found


def failures(plan: CatalogPlan, outcomes: Outcomes) -> list[dict[str, str]]:
    """Return why versions are not as they should be, in the order of the plan."""
    found = ((version.name, _problem(version, outcomes)) for version in plan.versions)
    return [{"image": name, "message": problem} for name, problem in found if problem]


def findings(plan: CatalogPlan, outcomes: Outcomes) -> list[dict[str, str]]:
    """Return what a person should know of."""
    kept = [
        Finding(_FINDINGS[type(error)], version.name, error.message)
        for version in plan.versions
        for error in _errors(version, outcomes)
        if type(error) in _FINDINGS
    ]
    return [finding.as_result() for finding in (*plan.findings, *kept)]


def usage(plan: CatalogPlan) -> list[dict[str, t.Any]]:
    """Return who uses the versions of which it had to be known, in the order of the plan."""
    known = ((version, plan.usage.get(version.found.id)) for version in plan.versions if version.found)
    return [
        {"image": version.name, "id": version.found.id, **usage_of(found, version.found)}
        for version, found in known
        if found and version.found
    ]


def changed(plan: CatalogPlan, outcomes: Outcomes) -> bool:
    """Say whether a run changed anything, or in check mode would."""
    return any(outcome.taken for outcome in outcomes.values()) if outcomes else plan.changed


def data_bytes(plan: CatalogPlan, outcomes: Outcomes) -> int:
    """Return how many bytes of image data were brought into the cloud, or in check mode would be, as far as known."""
    created = [
        version
        for version in plan.versions
        if any(isinstance(action, CreateImage) for action in _actions(version, outcomes))
    ]
    images = (image_of(version, outcomes) for version in created)
    return sum(image.size or 0 for image in images if image)


def diff(plan: CatalogPlan) -> dict[str, dict[str, t.Any]]:
    """Return what a plan changes as C(--diff) shows it, by the names of the images."""
    changes = as_changes(plan)
    return {
        "before": {change["name"]: change["before"] for change in changes},
        "after": {change["name"]: change["after"] for change in changes},
    }
