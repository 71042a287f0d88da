# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What takes the cloud to a whole catalogue. What is done to each image, the planners of the single modules say."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import (
    CatalogTemplate,
    CatalogVersion,
)
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import FROZEN, SUPERSEDED, Image
from ansible_collections.xloud.image.plugins.module_utils._model.limit import OPTION as LIMIT
from ansible_collections.xloud.image.plugins.module_utils._model.limit import parse_size
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project, WantedMembers
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.plan import DeleteImage, Plan, Step
from ansible_collections.xloud.image.plugins.module_utils._model.run import (
    CatalogPlan,
    Facts,
    Finding,
    Read,
    Reading,
    VersionPlan,
    WantedCatalog,
)
from ansible_collections.xloud.image.plugins.module_utils._model.signature import Signing
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, SourceNeed
from ansible_collections.xloud.image.plugins.module_utils._model.stores import choose_stores
from ansible_collections.xloud.image.plugins.module_utils._model.template import Template
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Usage
from ansible_collections.xloud.image.plugins.module_utils._model.visibility import WantedVisibility
from ansible_collections.xloud.image.plugins.module_utils._plan.combine import combine
from ansible_collections.xloud.image.plugins.module_utils._plan.lifecycle import (
    OFFERED,
    Placement,
    guarded,
    is_at_stake,
    is_removal,
    is_revoked,
    place,
    postponed,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.member import forget_members, plan_members
from ansible_collections.xloud.image.plugins.module_utils._plan.reference import resolve
from ansible_collections.xloud.image.plugins.module_utils._plan.stores import is_placement, plan_stores
from ansible_collections.xloud.image.plugins.module_utils._plan.template import (
    metadata_drift,
    needs_signer,
    plan_adoption,
    plan_cleanup,
    plan_template,
    source_need,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.usage import Ask, told
from ansible_collections.xloud.image.plugins.module_utils._plan.visibility import needs_replacement, plan_visibility

_STORES: t.Final = ("stores", "all_stores", "stores_exact")
Images: t.TypeAlias = t.Mapping[str, tuple[Image, ...]]
_Found: t.TypeAlias = t.Mapping[str, Image | None]


def with_strays(wanted: WantedCatalog, images: Images) -> WantedCatalog:
    """
    Return what is wanted with the versions that left the document, if they are to be taken through the stages.

    Only images that carry the marks of this collection count.
    """
    listed = {str(version.name) for template in wanted.templates for version in template.versions}
    strays = {name: _name_of(found) for name, found in images.items() if name not in listed}
    if not wanted.purge:
        return wanted
    by_template: dict[str, list[CatalogVersion]] = {}
    for name in filter(None, strays.values()):
        by_template.setdefault(name.template, []).append(CatalogVersion(name, listed=False))
    known = [_joined(template, by_template.pop(template.name, [])) for template in wanted.templates]
    gone = [
        _joined(CatalogTemplate(name, retention=wanted.retention), found) for name, found in sorted(by_template.items())
    ]
    return dataclasses.replace(wanted, templates=(*known, *gone))


def _name_of(images: t.Iterable[Image]) -> ImageName | None:
    return next((image.version_name for image in images if image.is_ours), None)


def _joined(template: CatalogTemplate, strays: t.Sequence[CatalogVersion]) -> CatalogTemplate:
    if not strays:
        return template
    versions = sorted((*template.versions, *strays), key=lambda version: version.name.version)
    return dataclasses.replace(template, versions=tuple(versions))


def absentees(wanted: WantedCatalog, images: Images) -> tuple[str, ...]:
    """Return the names of the versions that are missing, and are wanted in the cloud."""
    return tuple(placement.name for placement in _wanted_there(wanted, images) if placement.name not in images)


def readings(wanted: WantedCatalog, images: Images) -> tuple[Reading, ...]:
    """Return what has to be read of which sources before C(plan_catalog) can decide."""
    there = _wanted_there(wanted, images)
    return tuple(_reading(each.version, images.get(each.name, ()), wanted) for each in there if each.version.listed)


def _wanted_there(wanted: WantedCatalog, images: Images) -> t.Iterator[Placement]:
    for template in wanted.templates:
        found, _errors = _found(template, images)
        for placement in place(template, _by_version(template, found), wanted.today):
            image = found.get(placement.name)
            if placement.stage in ("staged", *OFFERED) or (image and not image.is_ours):
                yield placement


def _reading(version: CatalogVersion, images: tuple[Image, ...], wanted: WantedCatalog) -> Reading:
    image = next((each for each in images if not each.is_unfinished), None)

    def need(source: Source | None, checksum: Checksum | None) -> SourceNeed:
        template = _template(version, image, Read(checksum), source, wanted)
        return source_need(template, images, verify_first=wanted.verify_first)

    source = Source.parse(version.source) if version.source else None
    settled = image is not None and image.was_published and image.is_ours
    keep = version.settings.get("container_format") == "compressed"
    return Reading(str(version.name), source, version.checksum, need, settled, keep)


def signings(wanted: WantedCatalog, images: Images, reads: t.Mapping[str, Read | ImageError]) -> dict[str, Signing]:
    """Return how the versions that are to be signed now are signed, by the names of the images."""
    versions = (version for template in wanted.templates for version in template.versions)
    found = ((str(version.name), version) for version in versions)
    return {
        name: signing
        for name, version in found
        if isinstance(read := reads.get(name), Read)
        and (signing := _signing(version, images.get(name, ()), read, wanted))
    }


def _signing(version: CatalogVersion, images: tuple[Image, ...], read: Read, wanted: WantedCatalog) -> Signing | None:
    image = next((each for each in images if not each.is_unfinished), None)
    template = _template(version, image, read, None, wanted)
    try:
        if template.signature is None or not needs_signer(template, images, read.facts):
            return None
    except PlanError:
        return None
    return dataclasses.replace(template.signature, privatekey_passphrase=wanted.privatekey_passphrase)


def gated(wanted: WantedCatalog, images: Images) -> tuple[Image, ...]:
    """Return the staged images whose signatures have to be verifiable for them to be published."""
    gates = (template for template in wanted.templates if template.promotion.require_signature)
    names = (str(version.name) for template in gates for version in template.versions if version.listed)
    return tuple(image for name in names for image in images.get(name, ()) if not image.was_published)


def _found(template: CatalogTemplate, images: Images) -> tuple[dict[str, Image | None], dict[str, ImageError]]:
    found: dict[str, Image | None] = {}
    errors: dict[str, ImageError] = {}
    for version in template.versions:
        name = str(version.name)
        try:
            found[name] = resolve(name, images.get(name, ())).current
        except PlanError as exc:
            errors[name] = exc
            # One that is published keeps the place of the version.
            published = sorted((each for each in images[name] if each.was_published), key=lambda each: each.id)
            found[name] = published[0] if published else None
    return found, errors


def _by_version(template: CatalogTemplate, found: _Found) -> dict[t.Any, Image]:
    return {
        version.name.version: image
        for version in template.versions
        if (image := found.get(str(version.name))) is not None
    }


def plan_catalog(wanted: WantedCatalog, facts: Facts) -> CatalogPlan:
    """
    Plan what makes a cloud be as a catalogue says.

    A version that cannot be planned is left as it is, with its error, and does not stop the others.

    :param wanted: The catalogue, with those that left it (C(with_strays)).
    """
    versions: list[VersionPlan] = []
    findings: list[Finding] = []
    removals = wanted.max_removals
    for template in wanted.templates:
        planned, found, removals = _plan_template(template, wanted, facts, removals)
        versions += planned
        findings += found
    return CatalogPlan(tuple(versions), (*findings, *_strangers(wanted, facts)), facts.usage)


def plan_with_answers(
    wanted: WantedCatalog,
    facts: Facts,
    missing: t.Callable[[CatalogPlan], t.Mapping[str, ImageError]],
    usage: Ask,
) -> CatalogPlan:
    """
    Plan as C(plan_catalog) does, without projects that do not exist, and without what would be taken away from users.

    To ask for all of that before there is a plan would cost every run requests.

    :param missing: Which of the projects of a plan do not exist.
    :param usage: Who uses images, by their ids; nothing where nobody is to be asked.
    """
    plan = plan_catalog(wanted, facts)
    if errors := missing(plan):
        facts = dataclasses.replace(facts, projects={**facts.projects, **errors})
        plan = plan_catalog(wanted, facts)
    while at_stake := _unasked(plan):
        # What is held back makes room for others to be taken away. As many again are asked of at once as were before,
        # so that a large catalogue is not planned anew for each few of them.
        wider = dataclasses.replace(wanted, max_removals=wanted.max_removals + len(facts.usage))
        at_stake |= _unasked(plan_catalog(wider, facts)) if facts.usage else {}
        images = [version.found for version in at_stake.values() if version.found]
        answers = told(usage, images, any(version.is_revocation for version in at_stake.values()))
        if not answers:
            return plan
        facts = dataclasses.replace(facts, usage={**facts.usage, **answers})
        plan = plan_catalog(wanted, facts)
    return plan


def _unasked(plan: CatalogPlan) -> dict[str, VersionPlan]:
    """Return the versions that a plan takes away although it is not known who uses them, by the ids of their images."""
    return {
        version.found.id: version
        for version in plan.versions
        if version.found and version.found.id not in plan.usage
        if is_at_stake(version.stage, version.found) or version.is_new_revocation
    }


def _plan_template(
    template: CatalogTemplate, wanted: WantedCatalog, facts: Facts, removals: int
) -> tuple[list[VersionPlan], list[Finding], int]:
    found, errors = _found(template, facts.images)
    template = _judged(template, found, facts)
    planner = _Planner(template, wanted, facts, found, ())
    foreseen = {str(version.name): planner.foreseen(version) for version in template.versions}
    while True:
        remaining = tuple(version for version in template.versions if _counts(version, found, errors))
        narrowed = dataclasses.replace(template, versions=remaining)
        placed = place(narrowed, _by_version(narrowed, foreseen), wanted.today)
        kept = _guarded(narrowed, placed, found, facts.usage)
        placements, left = _limited(kept, found, removals, wanted)
        planner = _Planner(narrowed, wanted, facts, found, placements)
        planned, failed = planner.plan(errors)
        if not failed:
            break
        errors |= failed
    unplaced = [
        VersionPlan(
            template.name, str(version.name.version), str(version.name), "", found.get(str(version.name)), error=exc
        )
        for version in template.versions[::-1]
        if version not in remaining and (exc := errors[str(version.name)])
    ]
    return [*planned, *unplaced], planner.findings(), left


def _judged(template: CatalogTemplate, found: _Found, facts: Facts) -> CatalogTemplate:
    """Return a template whose versions know what is wrong with the signatures of their images."""
    if not facts.signature_faults:
        return template
    images = ((version, found.get(str(version.name))) for version in template.versions)
    faults = ((version, facts.signature_faults.get(image.id, "") if image else "") for version, image in images)
    versions = tuple(dataclasses.replace(version, signature_fault=fault) for version, fault in faults)
    return dataclasses.replace(template, versions=versions)


def _counts(version: CatalogVersion, found: _Found, errors: t.Mapping[str, ImageError]) -> bool:
    """Say whether a version takes part in the order: if it fails, only where it is on offer already."""
    image = found.get(str(version.name))
    return str(version.name) not in errors or (image is not None and image.was_published)


def _guarded(
    template: CatalogTemplate, placements: t.Iterable[Placement], found: _Found, usage: t.Mapping[str, Usage]
) -> tuple[Placement, ...]:
    images = ((placement, found.get(placement.name)) for placement in placements)
    return tuple(guarded(template, each, image, usage.get(image.id) if image else None) for each, image in images)


def _limited(
    placements: tuple[Placement, ...], found: _Found, removals: int, wanted: WantedCatalog
) -> tuple[tuple[Placement, ...], int]:
    limited = []
    for placement in placements[::-1]:
        image = found.get(placement.name)
        if is_removal(placement, image):
            removals -= 1
            if removals < 0 and image:
                placement = postponed(placement, image, wanted.max_removals)
        limited.append(placement)
    return tuple(limited[::-1]), max(removals, 0)


@dataclasses.dataclass(frozen=True)
class _Planner:
    """Plans the versions of one template."""

    template: CatalogTemplate
    wanted: WantedCatalog
    facts: Facts
    found: _Found
    placements: tuple[Placement, ...]

    def foreseen(self, version: CatalogVersion) -> Image | None:
        """Return the image of a version, or of a staged one the image that replaces it, which soaks from its start."""
        name = str(version.name)
        image = self.found.get(name)
        if image is None or image.was_published or not image.is_ours:
            return image
        try:
            after = self._content(Placement(version, "staged"), image, self.facts.images[name]).image
        except ImageError:
            return image
        return after if after and not after.id else image

    def plan(self, errors: t.Mapping[str, ImageError]) -> tuple[list[VersionPlan], dict[str, ImageError]]:
        """Return the plans of the versions in the order of the placements, and the errors that are new."""
        failed: dict[str, ImageError] = {}
        plans: list[VersionPlan] = []
        current: VersionPlan | None = None
        for placement in self.placements:
            known = errors.get(placement.name)
            try:
                steps = () if known else self._steps(placement, current)
                self._check_successor(placement, steps, current)
            except ImageError as exc:
                steps, known = (), exc
                failed[placement.name] = exc
                if placement.stage == "published":
                    # Without it, the others may have another place.
                    return plans, failed
            plan = self._version_plan(placement, steps, known)
            plans.append(plan)
            if placement.stage == "published":
                current = plan
        return plans, failed

    def _check_successor(self, placement: Placement, steps: tuple[Step, ...], current: VersionPlan | None) -> None:
        """Make sure that no version gives its place to one that fails and does not fill it."""
        image = self.found.get(placement.name)
        if image is None or not _is_listed(image) or is_revoked(placement.version, image):
            return
        is_deprecated_now = placement.stage == "deprecated" and image.stage == "published"
        gives_way = is_deprecated_now or placement.stage in ("hidden", "retired")
        is_changed = any(step.plan.actions for step in steps)
        if gives_way and is_changed and current and current.error and not _fills(current.found, image):
            raise PlanError(f"Image {placement.name} is left as it is: {current.name} is to replace it, and failed.")

    def _version_plan(self, placement: Placement, steps: tuple[Step, ...], error: ImageError | None) -> VersionPlan:
        version = str(placement.version.name.version)
        found = self.found.get(placement.name)
        return VersionPlan(self.template.name, version, placement.name, placement.stage, found, steps, error)

    def findings(self) -> list[Finding]:
        """Return what keeps versions from going further, and what of the current one is not as the document says."""
        held = [Finding(kind, each.name, words) for each in self.placements for kind, words in each.held]
        listed = {each.stage: each for each in self.placements if each.version.listed}
        if "published" not in listed and listed.keys() & {*SUPERSEDED}:
            stages = ", ".join(f"v{each.version.name.version} is {each.stage}" for each in self.placements)
            held.append(Finding("no_current", self.template.name, f"no version of it is the current one: {stages}"))
        return held + [Finding("frozen", each.name, words) for each in self.placements if (words := self._drift(each))]

    def _drift(self, placement: Placement) -> str:
        image = self.found.get(placement.name)
        if placement.stage != "published" or image is None or not image.was_published:
            return ""
        drift = metadata_drift(_described(placement.version, placement.version.settings), image)
        return f"it is published and keeps its metadata; the next version gets {drift}" if drift else ""

    def _steps(self, placement: Placement, current: VersionPlan | None) -> tuple[Step, ...]:
        images = self.facts.images.get(placement.name, ())
        image = self.found.get(placement.name)
        if placement.stage == "absent":
            return (Step(placement.name, plan_cleanup(placement.version.name, images)),)
        if image and not image.is_ours:
            _check_adoption(placement.version, image, self._read(placement))
        if placement.stage == "deleted" and image:
            return (Step(placement.name, _cleaned_up(self._deletion(placement, image), placement, images)),)
        if placement.stage == "retired" and image:
            first, *others = self._retirement(placement, image, current)
            return (dataclasses.replace(first, plan=_cleaned_up(first.plan, placement, images)), *others)
        content = self._content(placement, image, images)
        if placement.stage == "staged":
            steps: tuple[Step, ...] = (Step(placement.name, content),)
        else:
            steps = self._offer(placement, content, image, current)
        return (*steps, *self._placed(placement, steps[-1].plan.image))

    def _placed(self, placement: Placement, image: Image | None) -> tuple[Step, ...]:
        """Return the step that moves an image between stores: one of its own, since nothing else waits for it."""
        if image is None or not image.id or image.status != "active" or not placement.version.listed:
            return ()
        wanted = _template(placement.version, image, Read(), None, self.wanted)
        plan = plan_stores(wanted.stores, image, exact=wanted.stores_exact)
        return (Step(placement.name, plan, (placement.name,), late=True),) if plan.actions else ()

    def _deletion(self, placement: Placement, image: Image) -> Plan:
        content = self._metadata(placement, image) if placement.version.listed else Plan(image=image)
        reason = f"delete {image.name} ({image.id}): its time is over, it is retired since {_since(image)}"
        deletion = DeleteImage(image.name, reason, image.id, status=image.status, stage=image.stage)
        return combine(content, Plan((deletion,), {"name": image.name, "id": image.id}, {}, None))

    def _metadata(self, placement: Placement, image: Image) -> Plan:
        protected = placement.version.settings.get("protected")
        return plan_template(Template(placement.version.name, protected=protected), (image,), Read().facts)

    def _retirement(self, placement: Placement, image: Image, current: VersionPlan | None) -> tuple[Step, ...]:
        revoked = is_revoked(placement.version, image)
        adopted = plan_adoption(placement.version.name, image)
        image = adopted.image or image
        at_once = combine(adopted, self._stage(placement, image, None))
        if image.stage == "retired" or current is None:
            return (Step(placement.name, at_once),)
        if not revoked or (current.found and _is_on_offer(current.found)):
            needs = () if revoked else _needs(current)
            return (Step(placement.name, combine(adopted, self._stage(placement, image, current.image)), needs),)
        # Revocation waits for nothing: what replaces the image is noted on it once that is on offer.
        if current.error:
            return (Step(placement.name, at_once),)
        noted = self._stage(placement, at_once.image or image, current.image)
        return (
            Step(placement.name, at_once),
            Step(placement.name, noted, (placement.name, *_needs(current)), late=True),
        )

    def _read(self, placement: Placement) -> Read:
        read = self.facts.reads.get(placement.name, Read())
        if isinstance(read, ImageError):
            raise read
        return read

    def _content(self, placement: Placement, image: Image | None, images: tuple[Image, ...]) -> Plan:
        version = placement.version
        if image and not version.listed:
            return _cleaned_up(Plan(image=image), placement, images)
        read = self._read(placement)
        if image is None and placement.name not in self.facts.reads:
            raise PlanError(
                f"Image {placement.name} is not brought in: newer versions take its place once what is wrong with them "
                "is mended."
            )
        source = Source.parse(version.source) if version.source else None
        if image and (placement.name not in self.facts.reads or (image.was_published and not read.facts.size)):
            source = None
        wanted = _template(version, image, read, source, self.wanted)
        content = plan_template(wanted, images, read.facts, placed=False)
        if content.image and content.image.id:
            return combine(content, plan_adoption(version.name, content.image))
        return content

    def _offer(
        self, placement: Placement, content: Plan, image: Image | None, current: VersionPlan | None
    ) -> tuple[Step, ...]:
        is_current = placement.stage == "published"
        after = content.image
        if after is None:
            raise PlanError(f"Image {placement.name} cannot be offered: it is not there.")
        stage = self._stage(placement, after, current.image if current and not is_current else None)
        shared = combine(stage, self._members(image, stage.image or after)) if placement.version.listed else stage
        needs = () if is_current else _needs(current)
        if after.id or is_current:
            return (Step(placement.name, combine(content, shared), needs),)
        return Step(placement.name, content), Step(placement.name, shared, (placement.name, *needs), late=True)

    def _stage(self, placement: Placement, image: Image, current: Image | None) -> Plan:
        wanted = self._visibility(placement, image, current)
        replacement = current if needs_replacement(wanted, image) else None
        plan = plan_visibility(wanted, image, replacement=replacement)
        if image.id and image.visibility != "shared" and wanted.visibility == "shared" and image.was_published:
            return dataclasses.replace(plan, actions=(*plan.actions, forget_members(image)))
        return plan

    def _visibility(self, placement: Placement, image: Image, current: Image | None) -> WantedVisibility:
        version = placement.version
        common = WantedVisibility(
            self.wanted.today, retire_on=version.retire_on or "", delete_on=version.delete_on or ""
        )
        replaced_by = current.name if current else None
        if placement.stage == "retired":
            return dataclasses.replace(
                common,
                visibility="private",
                hidden=True,
                active=False,
                deprecated=True,
                replaced_by=replaced_by,
                reason=version.reason,
                revoked=True if is_revoked(version, image) else None,
                allow_lockout=True,
            )
        superseded = placement.stage != "published"
        is_offered = version.listed and not placement.postponed
        return dataclasses.replace(
            common,
            # What left the document is not offered to anybody again, nor what is about to be withdrawn.
            visibility=self.template.visibility if is_offered else None,
            hidden=placement.stage == "hidden",
            # An export that froze the image gives it back itself.
            active=True if is_offered and FROZEN not in image.properties else None,
            deprecated=superseded,
            replaced_by=replaced_by if superseded else None,
            reason=version.reason if superseded else None,
            revoked=False if image.is_revoked else None,
        )

    def _members(self, found: Image | None, image: Image) -> Plan:
        template = self.template
        if template.visibility != "shared" or not (template.members or template.members_exact):
            return Plan(image=image)
        projects = tuple(_project(self.facts.projects[reference]) for reference in template.members)
        wanted = WantedMembers(projects, exact=template.members_exact, today=self.wanted.today)
        return plan_members(wanted, image, self.facts.members.get(found.id, ()) if found else ())[0]


def _cleaned_up(plan: Plan, placement: Placement, images: tuple[Image, ...]) -> Plan:
    """Return a plan that takes away what interrupted runs left of a version as well, at its end: it does not matter."""
    leftovers = plan_cleanup(placement.version.name, images)
    return dataclasses.replace(plan, actions=(*plan.actions, *leftovers.actions))


def _project(project: Project | ImageError) -> Project:
    if isinstance(project, ImageError):
        raise project
    return project


def _needs(current: VersionPlan | None) -> tuple[str, ...]:
    return tuple(step.key for step in current.steps if not is_placement(step.plan)) if current else ()


def _is_on_offer(image: Image) -> bool:
    return image.visibility != "private" and image.status == "active"


def _is_listed(image: Image | None) -> bool:
    return image is not None and _is_on_offer(image) and not image.hidden


def _fills(successor: Image | None, image: Image) -> bool:
    """Say whether an image, as it is, offers no less than the one whose place it is to take."""
    if successor is None or not _is_listed(successor):
        return False
    return successor.stage == "published" or image.stage != "published"


def _since(image: Image) -> str:
    return image.properties.get("retired_since", "an unknown day")


def _check_adoption(version: CatalogVersion, image: Image, read: Read) -> None:
    """Make sure that an image which somebody else made has the content that the document declares."""
    digests = {image.os_hash_algo: image.os_hash_value, "md5": image.checksum}
    known = {**read.facts.digests}
    if read.checksum:
        known[read.checksum.algorithm] = read.checksum.digest
    if not any(digests.get(algorithm) == digest for algorithm, digest in known.items()):
        raise PlanError(
            f"Image {version.name} ({image.id}) is there, was not made by this collection, and is not known to have "
            "the content that the catalogue declares. It is left alone: declare its checksum "
            f"({image.os_hash_algo}:{image.os_hash_value}) to adopt it, or rename it."
        )


def _template(
    version: CatalogVersion, image: Image | None, read: Read, source: Source | None, wanted: WantedCatalog
) -> Template:
    settings = version.settings
    stores = None
    if "stores" in settings or settings.get("all_stores"):
        option = f"image_catalog.{version.name.template}.versions.{version.name.version}.stores"
        stores = choose_stores(settings.get("stores"), settings.get("all_stores", False), wanted.stores, option)
    exact = settings.get("stores_exact", False)
    if image and image.was_published:
        # The template and the defaults describe versions that are still to be made.
        settings = {**version.own, **({"protected": settings["protected"]} if "protected" in settings else {})}
    return dataclasses.replace(
        _described(version, settings),
        stores=stores,
        stores_exact=exact,
        source=source,
        checksum=read.checksum,
        signer=read.signer,
        owner=wanted.owner,
        replace=bool(image and image.is_ours),
        staged_since=wanted.today,
    )


def _described(version: CatalogVersion, settings: t.Mapping[str, t.Any]) -> Template:
    tags = settings.get("tags")
    given = {key: value for key, value in settings.items() if key not in ("tags", LIMIT, *_STORES)}
    return Template(
        version.name,
        tags=None if tags is None else frozenset(tags),
        max_virtual_size=parse_size(settings.get(LIMIT)),
        **given,
    )


def _strangers(wanted: WantedCatalog, facts: Facts) -> list[Finding]:
    """Return the images that carry our marks and are in no document."""
    listed = {str(version.name) for template in wanted.templates for version in template.versions}
    return [
        Finding("unlisted", name, "it carries the marks of the catalogue and is not in the document")
        for name, images in sorted(facts.images.items())
        if name not in listed and _name_of(images)
    ]
