# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What makes a cloud have the same images as another place. What is done to each, the planners of the modules say."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    BusyError,
    DataError,
    ForbiddenError,
    ImageError,
    NotFoundError,
    PlanError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    FROZEN,
    LIFECYCLE,
    REPLACES,
    RETIRED_SINCE,
    REVOKED_SINCE,
    SOURCE_CHECKSUM,
    STAGED_SINCE,
    TEMPLATE,
    VERSION,
    Image,
    is_custom_property,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project, WantedMembers
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    Action,
    CreateImage,
    DeactivateImage,
    Plan,
    ReactivateImage,
    Step,
    UpdateImage,
)
from ansible_collections.xloud.image.plugins.module_utils._model.replica import (
    Original,
    Originals,
    ReplicaFacts,
    Unusable,
    WantedReplica,
)
from ansible_collections.xloud.image.plugins.module_utils._model.run import (
    CatalogPlan,
    Finding,
    Read,
    Reading,
    VersionPlan,
)
from ansible_collections.xloud.image.plugins.module_utils._model.signature import CERTIFICATE, SIGNATURE_PROPERTIES
from ansible_collections.xloud.image.plugins.module_utils._model.source import DEFAULT_ALGORITHM, Source, SourceNeed
from ansible_collections.xloud.image.plugins.module_utils._model.template import Template
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Usage
from ansible_collections.xloud.image.plugins.module_utils._plan.attributes import describe, patched, plan_patch, view
from ansible_collections.xloud.image.plugins.module_utils._plan.combine import combine
from ansible_collections.xloud.image.plugins.module_utils._plan.lifecycle import is_at_stake
from ansible_collections.xloud.image.plugins.module_utils._plan.member import forget_members, plan_members
from ansible_collections.xloud.image.plugins.module_utils._plan.reference import resolve
from ansible_collections.xloud.image.plugins.module_utils._plan.stores import plan_stores
from ansible_collections.xloud.image.plugins.module_utils._plan.template import (
    plan_adoption,
    plan_template,
    source_need,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.usage import Ask, in_words, told, why_held

Images: t.TypeAlias = t.Mapping[str, tuple[Image, ...]]

# What a cloud keeps of an image for itself: replicas have their own.
_OWN: t.Final = frozenset({TEMPLATE, VERSION, REPLACES, FROZEN, *LIFECYCLE})
# What a replica of a published image need not have from it: nobody who uses the image looks at it.
_BOOK_KEEPING: t.Final = frozenset({STAGED_SINCE, SOURCE_CHECKSUM})

_FINISHED: t.Final = ("active", "deactivated")
_LISTED: t.Final = ("published", "deprecated")


def originals_of(images: t.Iterable[Image], wanted: WantedReplica) -> Originals:
    """Return those of a cloud's images that are versions, are asked for and have data, without their members."""
    by_name: dict[str, list[Image]] = {}
    for image in sorted(images, key=lambda each: each.id):
        if image.version_name and wanted.covers(image.name):
            by_name.setdefault(image.name, []).append(image)
    found = (_original(name, each) for name, each in by_name.items())
    return tuple(original for original in found if original)


def _original(name: str, images: list[Image]) -> Original | Unusable | None:
    try:
        image = resolve(name, images).current
    except PlanError as exc:
        return Unusable(name, exc)
    return Original(ImageName.parse(name), image) if image and image.status in _FINISHED else None


def readings(originals: Originals, images: Images, wanted: WantedReplica) -> tuple[Reading, ...]:
    """Return what has to be read of the files of a bundle before C(plan_replica) can decide."""
    usable = (each for each in originals if isinstance(each, Original))
    return tuple(_reading(each, images, wanted) for each in usable if isinstance(each.source, Source))


def _reading(original: Original, images: Images, wanted: WantedReplica) -> Reading:
    found = images.get(original.image.name, ())

    def need(source: Source | None, checksum: Checksum | None) -> SourceNeed:
        current = next((image for image in found if not image.is_unfinished), None)
        template = _template(original, current, Read(checksum), wanted)
        return source_need(dataclasses.replace(template, source=source), found)

    source = original.source if isinstance(original.source, Source) else None
    return Reading(original.image.name, source, str(original.checksum) if original.checksum else None, need, keep=True)


def plan_replicas(originals: Originals, wanted: WantedReplica, facts: ReplicaFacts) -> CatalogPlan:
    """
    Plan what makes a cloud have replicas of all originals.

    An image that cannot be planned is left as it is, with its error, and does not stop the others.
    """
    unusable = [each for each in (*originals, *_missing(originals, wanted)) if isinstance(each, Unusable)]
    usable = sorted((each for each in originals if isinstance(each, Original)), key=lambda each: each.name)
    versions: list[VersionPlan] = []
    for _template_name, group in itertools.groupby(usable, key=lambda each: each.name.template):
        versions += _plan_versions(list(group)[::-1], wanted, facts)
    versions += (VersionPlan("", "", each.name, "", error=each.error) for each in unusable)
    return CatalogPlan(tuple(versions), tuple(_findings(usable, versions, facts.usage)), facts.usage)


def _missing(originals: Originals, wanted: WantedReplica) -> t.Iterator[Unusable]:
    """Return the images that are asked for by their very names, and are not there."""
    there = {each.name if isinstance(each, Unusable) else each.image.name for each in originals}
    for name in wanted.patterns:
        if name not in there and not {*name} & {*"*?["}:
            yield Unusable(name, NotFoundError(f"There is no original {name} with the marks of this collection."))


def plan_with_answers(
    originals: Originals,
    wanted: WantedReplica,
    facts: ReplicaFacts,
    missing: t.Callable[[CatalogPlan], t.Mapping[str, ImageError]],
    usage: Ask,
) -> CatalogPlan:
    """
    Plan as C(plan_replicas) does, without projects that do not exist, and without what would be taken away from users.

    To ask for all of that before there is a plan would cost every run requests.

    :param missing: Which of the projects of a plan do not exist, by their ids.
    :param usage: Who uses images, by their ids; nothing where nobody is to be asked.
    """
    plan = plan_replicas(originals, wanted, facts)
    if errors := missing(plan):
        facts = dataclasses.replace(facts, projects={**facts.projects, **_gone(originals, facts, errors)})
        plan = plan_replicas(originals, wanted, facts)
    at_stake = [each for each in plan.versions if each.found and _takes_away(each.found, each.image)]
    if not at_stake:
        return plan
    is_revocation = any(each.image.is_revoked for each in at_stake if each.image)
    answers = told(usage, [each.found for each in at_stake if each.found], is_revocation)
    return plan_replicas(originals, wanted, dataclasses.replace(facts, usage=answers)) if answers else plan


def _gone(originals: Originals, facts: ReplicaFacts, errors: t.Mapping[str, ImageError]) -> dict[str, ImageError]:
    known = {member.project_id: member.project_id for each in originals for member in _members_of(each)}
    sources = {key: each.id for key, each in facts.projects.items() if isinstance(each, Project)}
    return {key: errors[target] for key, target in {**known, **sources}.items() if target in errors}


def _members_of(original: Original | Unusable) -> tuple[Member, ...]:
    return original.members if isinstance(original, Original) else ()


def _takes_away(found: Image, after: Image | None) -> bool:
    """Say whether a plan deactivates an image, or makes it private, that others may use until then, or revokes it."""
    # An image that is replaced has another id. Only its own project can have tried it.
    if after is None or after.id != found.id:
        return False
    if not is_at_stake("retired", found):
        return after.is_revoked and not found.is_revoked
    return after.status == "deactivated" != found.status or after.visibility == "private" != found.visibility


def _spared(original: Image, found: Image | None, usage: t.Mapping[str, Usage]) -> Image:
    """Return an original as its replica is to be: where that would be taken away from users, hidden and no more."""
    known = usage.get(found.id) if found else None
    if found is None or known is None or not known.holds_back or _is_revoked(original, found):
        return original
    # It is not retired yet.
    properties = {key: value for key, value in original.properties.items() if key != RETIRED_SINCE}
    return dataclasses.replace(
        original, visibility=found.visibility, status=found.status, hidden=True, properties=properties
    )


def _is_revoked(original: Image, found: Image) -> bool:
    return original.is_revoked or found.is_revoked


def _findings(
    originals: t.Iterable[Original], versions: t.Iterable[VersionPlan], usage: t.Mapping[str, Usage]
) -> t.Iterator[Finding]:
    by_name = {each.image.name: _thawed(each.image) for each in originals}
    for version in versions:
        known = usage.get(version.found.id) if version.found else None
        if version.found and known and known.holds_back:
            yield from _finding(by_name[version.name], version.found, known)


def _finding(original: Image, found: Image, usage: Usage) -> t.Iterator[Finding]:
    if _is_revoked(original, found):
        if usage.resources:
            words = f"it is revoked all the same, and is used by {in_words(usage)}"
            yield Finding("revoked_in_use", original.name, words)
        return
    half = "deactivated" if original.status == "deactivated" else "made private"
    done = "retired" if original.stage == "retired" else half
    kind, words = why_held(usage, f"it is hidden, and is {done}, as its original is,")
    yield Finding(kind, original.name, words)


def _plan_versions(
    originals: t.Sequence[Original], wanted: WantedReplica, facts: ReplicaFacts
) -> t.Iterator[VersionPlan]:
    """Plan the versions of one template, its current one first."""
    current = next((each for each in originals if _thawed(each.image).stage == "published"), None)
    first = _plan_version(current, wanted, facts) if current else None
    if first:
        yield first
    for original in originals:
        if original is not current:
            yield _held(original, _plan_version(original, wanted, facts), first)


def _held(original: Original, plan: VersionPlan, current: VersionPlan | None) -> VersionPlan:
    """Return a plan that leaves an image in the lists until what takes its place is on offer too."""
    before, after = (image.stage if image else None for image in (plan.found, plan.image))
    if before not in _LISTED or after in ("published", before) or original.image.is_revoked or current is None:
        return plan
    if current.actions:
        steps = (dataclasses.replace(step, needs=(*step.needs, current.name)) for step in plan.steps)
        return dataclasses.replace(plan, steps=tuple(steps))
    if current.error is None or (current.found and current.found.stage == "published"):
        return plan
    words = f"Image {plan.name} is left as it is: {current.name} is to replace it, and "
    is_busy = isinstance(current.error, BusyError)
    error = BusyError(f"{words}is left to another run.") if is_busy else PlanError(f"{words}failed.")
    return dataclasses.replace(plan, steps=(), error=error)


def _plan_version(original: Original, wanted: WantedReplica, facts: ReplicaFacts) -> VersionPlan:
    name = original.name
    images = facts.images.get(original.image.name, ())
    plan = VersionPlan(name.template, str(name.version), original.image.name, _thawed(original.image).stage)
    try:
        found = resolve(original.image.name, images).current
        stage = _spared(_thawed(original.image), found, facts.usage).stage
        plan = dataclasses.replace(plan, found=found, stage=stage)
        whole, shortcoming = plan_replica(original, images, wanted, facts)
    except ImageError as exc:
        return dataclasses.replace(plan, error=exc)
    return dataclasses.replace(plan, steps=(Step(plan.name, whole), *_placed(whole.image, wanted)), error=shortcoming)


def _placed(image: Image | None, wanted: WantedReplica) -> t.Iterator[Step]:
    """Return the step that copies an image to stores: one of its own, since nothing else waits for it."""
    if image and image.id and image.status == "active":
        plan = plan_stores(wanted.stores, image)
        if plan.actions:
            yield Step(image.name, plan, (image.name,), late=True)


def plan_replica(
    original: Original, images: tuple[Image, ...], wanted: WantedReplica, facts: ReplicaFacts
) -> tuple[Plan, ImageError | None]:
    """
    Plan what makes one replica, and return why it will lack something all the same, None if it will not.

    :param images: The images of that name in the target, hidden ones included.
    :raises PlanError: The replica is published and would have to change, is somebody else's, or is revoked.
    :raises DataError: The data is not what it is said to be, or cannot be verified.
    """
    original = dataclasses.replace(original, image=_thawed(original.image))
    found = resolve(original.image.name, images).current
    content = _content(original, found, images, wanted, facts)
    image = content.image
    if image is None:
        raise PlanError(f"Image {original.image.name} cannot be replicated: it is not there.")
    like = _spared(original.image, found, facts.usage)
    if wanted.visibility:
        _check_revocation(original, image)
        content = combine(content, _stage(like, image))
    shared, shortcoming = _members(original, found, content.image or image, wanted, facts)
    whole = combine(content, shared)
    if wanted.visibility:
        whole = combine(whole, _status(like, image, content.image or image))
    return whole, shortcoming


def _thawed(image: Image) -> Image:
    """Return an image as it is when no export has frozen it."""
    if FROZEN not in image.properties:
        return image
    properties = {key: value for key, value in image.properties.items() if key != FROZEN}
    return dataclasses.replace(image, status="active", properties=properties)


def _content(
    original: Original, found: Image | None, images: tuple[Image, ...], wanted: WantedReplica, facts: ReplicaFacts
) -> Plan:
    read = facts.reads.get(original.image.name, Read(original.checksum, original.facts))
    if isinstance(read, ImageError):
        raise read
    if found is None and original.unreadable:
        raise original.unreadable
    if found and not found.is_ours:
        _check_adoption(found, read)
    described = dataclasses.replace(
        read.facts, disk_format=original.image.disk_format, virtual_size=original.image.virtual_size
    )
    content = _kept(plan_template(_template(original, found, read, wanted), images, described, placed=False))
    if content.image and content.image.id:
        return combine(content, plan_adoption(original.name, content.image))
    if original.unreadable:
        raise original.unreadable
    if read.checksum is None:
        raise DataError(f"{original.source} cannot be verified: neither its sidecar nor a SHA256SUMS has its digest.")
    return content


def _kept(plan: Plan) -> Plan:
    """Return a plan that sends the data as it is, though it may look compressed."""
    actions = (
        dataclasses.replace(each, upload=dataclasses.replace(each.upload, keep=True, compression=None))
        if isinstance(each, CreateImage)
        else each
        for each in plan.actions
    )
    return dataclasses.replace(plan, actions=tuple(actions))


def _check_adoption(image: Image, read: Read) -> None:
    """Make sure that an image which somebody else made has the content of the original."""
    digests = {image.os_hash_algo: image.os_hash_value, "md5": image.checksum}
    known = {**read.facts.digests}
    if read.checksum:
        known[read.checksum.algorithm] = read.checksum.digest
    if not any(digests.get(algorithm) == digest for algorithm, digest in known.items()):
        raise PlanError(
            f"Image {image.name} ({image.id}) is there, was not made by this collection, and is not known to have the "
            "content of the original. It is left alone: rename or delete it."
        )


def _template(original: Original, image: Image | None, read: Read, wanted: WantedReplica) -> Template:
    like = original.image
    left_out = _OWN | (_BOOK_KEEPING if image and image.was_published else frozenset())
    if read.checksum and read.checksum.algorithm != DEFAULT_ALGORITHM:
        # What the replica is compared by is recorded on it.
        left_out |= {SOURCE_CHECKSUM}
    properties = {k: v for k, v in like.properties.items() if is_custom_property(k) and k not in left_out}
    properties = _signed(properties, wanted)
    return Template(
        original.name,
        source=original.source,
        checksum=_comparable(original, image, read.checksum),
        import_method=wanted.import_method,
        disk_format=like.disk_format,
        container_format=like.container_format,
        min_disk=like.min_disk,
        min_ram=like.min_ram,
        owner=wanted.owner,
        tags=like.tags | (image.tags if image else frozenset()),
        properties=properties,
        replace=bool(image and image.is_ours),
        stores=wanted.stores,
        max_virtual_size=wanted.max_virtual_size,
    )


def _signed(properties: dict[str, str], wanted: WantedReplica) -> dict[str, str]:
    """Return properties with the id that the certificate of a signature has in the target, or without a signature."""
    certificate = properties.get(CERTIFICATE, "")
    target = wanted.certificates.get(certificate, certificate)
    if target:
        return {**properties, CERTIFICATE: target}
    return {key: value for key, value in properties.items() if key not in SIGNATURE_PROPERTIES}


def _comparable(original: Original, image: Image | None, checksum: Checksum | None) -> Checksum | None:
    """Return what a replica is compared by: where its cloud hashes otherwise, what both were once made from."""
    recorded = original.image.properties.get(SOURCE_CHECKSUM)
    is_hashed_alike = image is None or checksum is None or image.os_hash_algo == checksum.algorithm
    if is_hashed_alike or not recorded or image is None or image.properties.get(SOURCE_CHECKSUM) != recorded:
        return checksum
    return Checksum.parse(recorded)


def _check_revocation(original: Original, image: Image) -> None:
    if image.is_revoked and not original.image.is_revoked and original.image.stage != "retired":
        raise PlanError(
            f"Image {image.name} ({image.id}) is revoked here since {image.properties[REVOKED_SINCE]}, and the "
            "original is not. To offer it again, set revoked: false with xloud.image.image_visibility; else revoke the "
            "original."
        )


def _stage(original: Image, image: Image) -> Plan:
    attributes = {
        "visibility": original.visibility,
        "os_hidden": original.hidden,
        "protected": original.protected,
        **{key: original.properties.get(key) for key in LIFECYCLE},
    }
    patch = plan_patch(image, attributes)
    before = view(image, attributes)
    if not patch:
        return Plan((), before, before, image)
    after = patched(image, patch)
    actions: list[Action] = [UpdateImage(image.name, f"update {image.name}: {describe(image, patch)}", image.id, patch)]
    if image.id and image.was_published and after.visibility == "shared" != image.visibility:
        actions.append(forget_members(image))
    return Plan(tuple(actions), before, view(after, attributes), after)


def _status(original: Image, found: Image, image: Image) -> Plan:
    # An export that froze the replica gives it back itself.
    if original.status == image.status or FROZEN in found.properties:
        return Plan((), {}, {}, image)
    active = original.status == "active"
    after = dataclasses.replace(image, status=original.status)
    action: Action = (
        ReactivateImage(image.name, f"reactivate {image.name}: the original is active", image.id)
        if active
        else DeactivateImage(image.name, f"deactivate {image.name}: the original is deactivated", image.id)
    )
    return Plan((action,), {"active": not active}, {"active": active}, after)


def _members(
    original: Original, found: Image | None, image: Image, wanted: WantedReplica, facts: ReplicaFacts
) -> tuple[Plan, ImageError | None]:
    if not (wanted.members and original.members and original.image.visibility == image.visibility == "shared"):
        return Plan(image=image), None
    members = facts.members.get(found.id, ()) if found else ()
    if isinstance(members, ImageError):
        return Plan(image=image), members
    resolved = {member: facts.projects.get(member.project_id, _same(member)) for member in original.members}
    # Nobody needs a share of what is their own.
    own = wanted.owner or facts.project_id
    projects = {m: each for m, each in resolved.items() if isinstance(each, Project) and each.id != own}
    unknown = [each for each in resolved.values() if isinstance(each, ImageError)]
    statuses = {member.project_id: member.status for member in members}
    # A project that has answered here has its reasons.
    answers = {
        project: member.status
        for member, project in projects.items()
        if member.status != "pending" and statuses.get(project.id, "pending") == "pending"
    }
    may_answer = "admin" in facts.roles
    asked = WantedMembers(tuple(projects.values()), answers=answers if may_answer else {})
    plan, _after = plan_members(asked, image, members)
    if unknown:
        return plan, _unshared(image, unknown)
    return plan, None if may_answer or not answers else _unanswered(image, answers)


def _same(member: Member) -> Project:
    return Project(member.project_id, member.project_id)


def _unshared(image: Image, errors: t.Iterable[ImageError]) -> ImageError:
    reasons = " ".join(error.message for error in errors)
    return PlanError(
        f"Image {image.name} is not shared with all projects that share the original: {reasons} Say with the option "
        "projects which ones stand for them here, or set members: false."
    )


def _unanswered(image: Image, answers: t.Mapping[Project, str]) -> ImageError:
    replies = ", ".join(f"{project} {status}" for project, status in answers.items())
    return ForbiddenError(
        f"Image {image.name} is shared as the original is, and the answers to the share are lacking: {replies}. Only "
        "these projects or an administrator may give them. Have the projects answer, run as an administrator, or set "
        "members: false."
    )
