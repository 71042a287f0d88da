# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Who uses an image, as data and in words, and what that keeps from being done."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import DEPRECATED_SINCE, Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project
from ansible_collections.xloud.image.plugins.module_utils._model.plan import DeleteImage, Plan
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Resource, Usage

# What says that nobody is to be asked.
OPTION: t.Final = "check_usage"
# The projects that words name. The data has all.
_NAMED: t.Final = 10
Ask: t.TypeAlias = t.Callable[[t.Sequence[Image]], t.Mapping[str, Usage]]


@dataclasses.dataclass(frozen=True)
class Share:
    """What one project has of an image."""

    project: Project
    resources: tuple[Resource, ...]

    def count(self, kind: str) -> int:
        """Return how many servers, or volumes, it has."""
        return sum(each.kind == kind for each in self.resources)

    @property
    def name(self) -> str | None:
        """What the project is called, None where that is not known."""
        return None if self.project.name == self.project.id else self.project.name


def shares(usage: Usage) -> tuple[Share, ...]:
    """Return what each project has of an image, in the order of the ids of the projects."""
    by_project: dict[str, list[Resource]] = {}
    for resource in sorted(usage.resources, key=lambda each: (each.kind, each.created_at, each.id)):
        by_project.setdefault(resource.project.id, []).append(resource)
    return tuple(Share(found[0].project, tuple(found)) for _project, found in sorted(by_project.items()))


def launched_since(image: Image, resources: t.Iterable[Resource]) -> tuple[Resource, ...]:
    """Return what was made of an image after the day on which it was deprecated."""
    since = image.properties.get(DEPRECATED_SINCE)
    if not (since and image.is_deprecated):
        return ()
    return tuple(each for each in resources if each.created_at[:10] > since)


def as_result(usage: Usage, image: Image) -> dict[str, t.Any]:
    """Return the usage of an image as modules return it. What is not known is None."""
    return {
        "is_used": usage.is_used,
        "servers": None if usage.servers is None else len(usage.servers),
        "volumes": None if usage.volumes is None else len(usage.volumes),
        "unknown": [*usage.refused, *usage.absent],
        "projects": [_share(share, image) for share in shares(usage)],
    }


def _share(share: Share, image: Image) -> dict[str, t.Any]:
    return {
        "project_id": share.project.id,
        "project": share.name,
        "servers": share.count("server"),
        "volumes": share.count("volume"),
        "last_launched_at": max(each.created_at for each in share.resources),
        "launched_since_deprecation": len(launched_since(image, share.resources)),
        "resources": [each.as_result() for each in share.resources],
    }


def in_words(usage: Usage) -> str:
    """Return who is known to use an image, such as C(2 servers and 1 volume (team-a: 1 server; ...))."""
    by_name = sorted(shares(usage), key=lambda share: share.project.name)
    by_project = [f"{share.project.name}: {_counts(share.resources)}" for share in by_name[:_NAMED]]
    others = [f"and {len(by_name) - _NAMED} projects more"] if len(by_name) > _NAMED else []
    return f"{_counts(usage.resources)} ({'; '.join([*by_project, *others])})"


def _counts(resources: t.Iterable[Resource]) -> str:
    counts = collections.Counter(each.kind for each in resources)
    return " and ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in sorted(counts.items()))


def not_known(usage: Usage) -> str:
    """Return why it is not known who uses an image, and what to do about it."""
    return (
        f"{' '.join(usage.refused)} Use credentials that may list the servers and volumes of all projects (option "
        f"usage_cloud), or say {OPTION}: false where nobody is to be asked"
    )


def why_held(usage: Usage, outcome: str) -> tuple[str, str]:
    """
    Return what keeps an image that may be in use from being taken away, as a kind of finding and in words.

    :param outcome: What is done to it once nothing does, such as C(it is retired).
    """
    if usage.resources:
        return "in_use", f"{outcome} once nobody uses it any more: it is used by {in_words(usage)}"
    return "usage_unknown", f"{outcome} once it is known that nobody uses it. {not_known(usage)}"


def check_removal(plan: Plan, images: t.Sequence[Image], ask: Ask) -> Usage | None:
    """
    Return who uses what a plan takes away, and make sure that nobody does. Of what it revokes, nobody is asked.

    :param ask: What tells who uses images, by their ids; nothing where nobody is to be asked.
    :raises PlanError: Somebody uses it, or it is not known.
    """
    if _is_revocation(plan):
        return None
    taken = _taken_away(plan, images)
    usage = ask(taken)
    for image in taken:
        if image.id in usage:
            _check_unused(image, usage[image.id], "retired" if plan.image else "deleted")
    return next(iter(usage.values()), None)


def whom_it_hits(plan: Plan, images: t.Sequence[Image], ask: Ask) -> Usage | None:
    """Return who uses what a plan revokes, once that is done: it does not wait for an answer."""
    if not _is_revocation(plan):
        return None
    return next(iter(told(ask, _taken_away(plan, images), True).values()), None)


def _is_revocation(plan: Plan) -> bool:
    return plan.image is not None and plan.image.is_revoked


def told(ask: Ask, images: t.Sequence[Image], is_revocation: bool) -> t.Mapping[str, Usage]:
    """
    Return who uses images, by their ids.

    :param ask: What tells it; nothing where nobody is to be asked.
    :param is_revocation: Whether one of them is revoked, which does not wait until somebody can be asked.
    """
    try:
        return ask(images)
    except ImageError as exc:
        if not is_revocation:
            raise
        return {image.id: Usage(refused=(exc.message,)) for image in images}


def _taken_away(plan: Plan, images: t.Iterable[Image]) -> list[Image]:
    """Return those of some images that a plan deletes or retires, and that others may use."""
    deleted = {action.image_id for action in plan.actions if isinstance(action, DeleteImage)}
    after = plan.image

    def is_retired(image: Image) -> bool:
        if after is None or after.id != image.id or after.stage != "retired":
            return False
        return image.stage != "retired" or (after.is_revoked and not image.is_revoked)

    taken = (image for image in images if image.id in deleted or is_retired(image))
    return [image for image in taken if not image.is_unfinished]


def _check_unused(image: Image, usage: Usage, what: str) -> None:
    if usage.resources:
        raise PlanError(
            f"Image {image.name} ({image.id}) is not {what}: it is used by {in_words(usage)}. Wait until nobody "
            f"uses it any more, or set {OPTION}: false.",
            usage=as_result(usage, image),
        )
    if usage.refused:
        raise PlanError(
            f"Image {image.name} ({image.id}) is not {what}, since it is not known who uses it. {not_known(usage)}.",
            usage=as_result(usage, image),
        )
