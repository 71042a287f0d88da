# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What takes the cloud to one version of a template, and what takes that version away."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    REPLACES,
    SIGNATURE,
    SOURCE_CHECKSUM,
    STAGED_SINCE,
    TAG,
    TEMPLATE,
    VERSION,
    Image,
)
from ansible_collections.xloud.image.plugins.module_utils._model.limit import check_virtual_size
from ansible_collections.xloud.image.plugins.module_utils._model.method import check_method
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    Action,
    CreateImage,
    DeleteImage,
    DeleteReplaced,
    PatchOperation,
    Plan,
    ProtectCreated,
    SignImage,
    TakeOver,
    UpdateImage,
)
from ansible_collections.xloud.image.plugins.module_utils._model.signature import (
    MADE_LATER,
    SIGNATURE_PROPERTIES,
)
from ansible_collections.xloud.image.plugins.module_utils._model.source import (
    DEFAULT_ALGORITHM,
    CloudSource,
    Source,
    SourceFacts,
    SourceNeed,
    Upload,
)
from ansible_collections.xloud.image.plugins.module_utils._model.template import Template, minimum_disk
from ansible_collections.xloud.image.plugins.module_utils._model.upload import busy
from ansible_collections.xloud.image.plugins.module_utils._plan.attributes import describe, patched, plan_patch, view
from ansible_collections.xloud.image.plugins.module_utils._plan.combine import combine
from ansible_collections.xloud.image.plugins.module_utils._plan.reference import Found, resolve
from ansible_collections.xloud.image.plugins.module_utils._plan.stores import plan_stores

# Formats that have no mark of their own: their content looks like any raw data.
_UNMARKED: t.Final = frozenset({"raw", "ami", "ari", "aki", "ploop"})
# How the names of compressed files end.
_COMPRESSED: t.Final = (".gz", ".bz2", ".xz", ".zst")
# How the names of files end that say what they are, all of which have a mark.
_NAMED: t.Final = frozenset({"iso", "qcow2", "vdi", "vhd", "vhdx", "vmdk"})
# Guards and book-keeping that may change on a published image: they are no part of what it is.
_NEVER_FROZEN: t.Final = frozenset({"protected", SOURCE_CHECKSUM})


def source_need(wanted: Template, images: t.Collection[Image], *, verify_first: bool = False) -> SourceNeed:
    """
    Say how much of the source has to be read before C(plan_template) can decide.

    :param verify_first: Verify a local file before it would be sent, as where it will not be sent at all.
    :raises PlanError: Several images bear the name.
    """
    current = resolve(str(wanted.name), images).current
    need = _need(wanted, current, verify_first)
    signature = wanted.signature
    if current is None or signature is None or not _is_to_be_signed(wanted, current):
        return need
    unknown = {signature.algorithm} - {current.os_hash_algo}
    is_local = isinstance(wanted.source, Source) and not wanted.source.is_url
    return dataclasses.replace(need, inspect=True, algorithms=need.algorithms | unknown) if is_local else need


def _need(wanted: Template, current: Image | None, verify_first: bool) -> SourceNeed:
    if wanted.source is None or isinstance(wanted.source, CloudSource):
        return SourceNeed()
    declared = frozenset({wanted.checksum.algorithm}) if wanted.checksum else frozenset()
    verified = declared if verify_first and not wanted.source.is_url else frozenset()
    whole = SourceNeed(True, verified, limit=wanted.max_virtual_size, unpack=True)
    if current is None:
        return whole
    same = _matches_declared(wanted, current)
    if same is None and (wanted.checksum or not wanted.source.is_url):
        return SourceNeed(True, declared | {current.os_hash_algo or ""} - {""}, current.size)
    return whole if same is False and wanted.replace else SourceNeed()


def needs_signer(wanted: Template, images: t.Collection[Image], facts: SourceFacts) -> bool:
    """
    Say whether C(plan_template) needs what signs the image: where it is created, replaced, or signed as it is.

    :raises PlanError: Several images bear the name.
    """
    current = resolve(str(wanted.name), images).current
    if wanted.signature is None or (current and current.is_unfinished):
        return False
    if current is None or not _is_same_content(wanted, current, facts):
        return True
    return _is_to_be_signed(wanted, current)


def _is_to_be_signed(wanted: Template, current: Image) -> bool:
    signature = wanted.signature
    return signature is not None and not current.was_published and not signature.matches(current)


def plan_template(wanted: Template, images: t.Collection[Image], facts: SourceFacts, *, placed: bool = True) -> Plan:
    """
    Plan what makes one version of a template be in the cloud as wanted.

    :param images: The images of that name in the project, hidden ones included.
    :param facts: What was read of the source, as C(source_need) asked for.
    :param placed: Bring an image that is there into its stores as well.
    :raises PlanError: The image is published and would have to change, is staged and would have to be
        replaced without C(replace), or is being made by somebody else.
    :raises BusyError: Another run is uploading the image.
    :raises DataError: The source is not what it is declared to be.
    :raises InputError: The image has to be created, and there is no source.
    """
    found = resolve(str(wanted.name), images)
    _check_declared(wanted, facts)
    cleanup = tuple(_delete_leftover(image) for image in (*found.being_made, *found.leftovers))
    plan = _plan_current(wanted, found, facts)
    if placed and plan.image and plan.image.id:
        plan = combine(plan, plan_stores(wanted.stores, plan.image, exact=wanted.stores_exact))
    return dataclasses.replace(plan, actions=(*cleanup, *plan.actions))


def _plan_current(wanted: Template, found: Found, facts: SourceFacts) -> Plan:
    current = found.current
    if current is None:
        return _plan_creation(wanted, facts)
    if current.is_unfinished:
        raise PlanError(
            f"Image {wanted.name} ({current.id}) is {current.status} and was not made by this collection. "
            "Wait until it is active, or delete it."
        )
    if _is_same_content(wanted, current, facts):
        return _plan_metadata(wanted, current, facts)
    return _plan_replacement(wanted, current, facts)


def plan_absence(name: ImageName, images: t.Collection[Image], *, force: bool = False) -> Plan:
    """
    Plan what makes one version of a template be gone, with all that interrupted uploads left of it.

    :param force: Delete the version though it is on offer.
    :raises PlanError: The image is protected, or is on offer.
    :raises BusyError: Another run is uploading the image.
    """
    found = resolve(str(name), images)
    leftovers, current = (*found.being_made, *found.leftovers), found.current
    for image in (*leftovers, *([current] if current else [])):
        _check_may_be_deleted(image, force)
    deletions = [_delete(current, f"it is to be absent ({current.stage})")] if current else []
    return Plan(
        actions=(*(_delete_leftover(image) for image in leftovers), *deletions),
        before=view(found.current, _identity_keys(found.current)) if found.current else {},
        after={},
    )


def _check_may_be_deleted(image: Image, force: bool) -> None:
    if image.protected:
        raise PlanError(
            f"Image {image.name} ({image.id}) is protected and is not deleted. "
            "Take the protection off first: xloud.image.image_visibility with protected: false."
        )
    if image.stage == "published" and not force:
        raise PlanError(
            f"Image {image.name} ({image.id}) is published ({image.visibility}) and servers may start from it. "
            "Deprecate, hide or retire it first, or set force: true."
        )


def _identity_keys(image: Image) -> set[str]:
    return {"name", "disk_format", "container_format", "min_disk", "min_ram", "visibility", "tags", *image.properties}


def _delete(image: Image, reason: str, kind: type[DeleteImage] = DeleteImage) -> DeleteImage:
    reason = f"delete {image.name} ({image.id}): {reason}"
    return kind(image.name, reason, image.id, stage=image.stage, is_unfinished=image.is_unfinished)


def _delete_leftover(image: Image) -> DeleteImage | TakeOver:
    """
    Return what takes away a leftover, or what may be one.

    :raises BusyError: It is an upload on its way.
    """
    if not image.is_being_made:
        left = f"an interrupted upload left it {image.status}" if image.is_unfinished else "its replacement is complete"
        return _delete(image, left)
    if image.upload == "running":
        raise busy(image)
    words = f"it is {image.status}, and no run gives a sign any more that it is uploading it"
    return TakeOver(image.name, f"delete {image.name} ({image.id}): {words}", image.id, image.updated_at)


def _check_declared(wanted: Template, facts: SourceFacts) -> None:
    declared = wanted.checksum
    if declared is None:
        return
    known = [each.get(declared.algorithm) for each in (facts.digests, facts.packed_digests)]
    digests = [digest for digest in known if digest is not None]
    if digests and declared.digest not in digests:
        raise DataError(
            f"{wanted.source} is not what its checksum says: {declared} was declared, "
            f"and the content is {declared.algorithm}:{digests[0]}. Nothing was changed."
        )


def _matches_declared(wanted: Template, current: Image) -> bool | None:
    """Compare contents by the declared checksum alone; None where that cannot tell."""
    declared = wanted.checksum
    if declared is None:
        return None
    recorded = current.properties.get(SOURCE_CHECKSUM, "")
    if recorded == str(declared):
        return True
    if declared.algorithm == current.os_hash_algo:
        is_same = declared.digest == current.os_hash_value
        # It may be the checksum of the compressed file.
        return None if not is_same and not recorded and _looks_compressed(wanted) else is_same
    return False if recorded.startswith(f"{declared.algorithm}:") else None


def _looks_compressed(wanted: Template) -> bool:
    return isinstance(wanted.source, Source) and wanted.source.filename.lower().endswith(_COMPRESSED)


def _is_same_content(wanted: Template, current: Image, facts: SourceFacts) -> bool:
    same = _matches_declared(wanted, current)
    if same is not None:
        return same
    if facts.size is not None and facts.size != current.size:
        return False
    digest = facts.digests.get(current.os_hash_algo or "")
    return digest is None or digest == current.os_hash_value


def _plan_creation(wanted: Template, facts: SourceFacts, replaces: Image | None = None) -> Plan:
    name = str(wanted.name)
    if wanted.source is None:
        raise InputError("source", f"image {name} is not in the cloud, and creating it needs its data.")
    check_virtual_size(wanted.source, facts.virtual_size or facts.size, wanted.max_virtual_size)
    upload = Upload(
        wanted.source,
        wanted.checksum,
        facts.size,
        wanted.import_method,
        wanted.stores or (),
        wanted.keep,
        facts.compression,
        disk_format=None if isinstance(wanted.source, CloudSource) else facts.disk_format,
        limit=wanted.max_virtual_size,
        signer=wanted.signer,
        digest=_digest_to_sign(wanted, facts),
    )
    check_method(upload)
    body = _creation_body(wanted, facts)
    if replaces:
        body[REPLACES] = replaces.id
    if wanted.signer:
        body.update(wanted.signer.signing.properties)
    shown = {SIGNATURE: wanted.signer.ready or MADE_LATER, **body} if wanted.signer else body
    image = _predicted(shown, wanted, facts)
    after = view(image, [*shown, "protected"] if wanted.protected else shown)
    if wanted.stores:
        after = dict(sorted({**after, "stores": sorted(wanted.stores)}.items()))
    reason = f"create {name} from {wanted.source}: " + (
        f"the staged {replaces.id} has other content" if replaces else "it is not in the cloud yet"
    )
    actions: tuple[Action, ...] = (CreateImage(name, reason, body, upload),)
    if wanted.protected:
        actions += (ProtectCreated(name, f"update {name}: protect it, now that its data is verified"),)
    return Plan(actions, {}, after, image)


def _digest_to_sign(wanted: Template, facts: SourceFacts) -> str | None:
    """Return what the content hashes to by the hash method of the signature, None where only its reading will tell."""
    if wanted.signer is None:
        return None
    algorithm, declared = wanted.signer.signing.algorithm, wanted.checksum
    if algorithm in facts.digests:
        return facts.digests[algorithm]
    # Of compressed data, the checksum may be the one of the file as it is.
    is_of_content = declared is not None and declared.algorithm == algorithm and not facts.compression
    return declared.digest if declared and is_of_content else None


def _creation_body(wanted: Template, facts: SourceFacts) -> dict[str, t.Any]:
    properties = {key: value for key, value in wanted.properties.items() if value is not None}
    properties[TEMPLATE] = wanted.name.template
    properties[VERSION] = str(wanted.name.version)
    if wanted.staged_since:
        properties[STAGED_SINCE] = wanted.staged_since
    properties = {**_record(wanted, facts), **properties}
    min_disk = wanted.min_disk if wanted.min_disk is not None else minimum_disk(facts.virtual_size or 0)
    body = {
        "name": str(wanted.name),
        "visibility": "private",
        "disk_format": _disk_format(wanted, facts),
        "container_format": wanted.container_format or "bare",
        "min_disk": min_disk,
        "min_ram": wanted.min_ram or 0,
        "tags": _tags(wanted.tags or ()),
        **properties,
    }
    return {**body, "owner": wanted.owner} if wanted.owner else body


def _disk_format(wanted: Template, facts: SourceFacts) -> str | None:
    declared = wanted.disk_format
    if declared is None:
        _check_is_disk(wanted, facts)
        return facts.disk_format
    if declared == facts.disk_format or {declared, facts.disk_format} <= _UNMARKED:
        return declared
    raise DataError(
        f"{wanted.source} is declared as {declared}, and its content is {facts.disk_format}. "
        "Correct disk_format, or leave it out: it is found from the content."
    )


def _check_is_disk(wanted: Template, facts: SourceFacts) -> None:
    """Make sure that what has no mark of a disk has no other mark either, unless it was declared as what it is."""
    if facts.disk_format != "raw" or wanted.container_format not in (None, "bare"):
        return
    if facts.stray:
        raise DataError(
            f"{wanted.source} is {facts.stray}, and no disk. Give the disk itself, or declare what it is with "
            "disk_format and container_format.",
            check="content",
        )
    named = _named_format(wanted)
    if named:
        raise DataError(
            f"{wanted.source} is {named} by its name, and its content is not. Give the right file, or set disk_format: "
            "raw if it is right.",
            check="content",
        )


def _named_format(wanted: Template) -> str | None:
    if not isinstance(wanted.source, Source):
        return None
    name = wanted.source.filename.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    ending = name.rpartition(".")[2]
    return ending if ending in _NAMED else None


def _predicted(body: t.Mapping[str, t.Any], wanted: Template, facts: SourceFacts) -> Image:
    return Image.from_api(
        {
            **body,
            "id": "",
            "status": "active",
            "protected": bool(wanted.protected),
            "size": facts.size,
            "virtual_size": facts.virtual_size,
            "stores": ",".join(wanted.stores or ()),
        }
    )


def _plan_replacement(wanted: Template, current: Image, facts: SourceFacts) -> Plan:
    difference = _content_difference(wanted, current, facts)
    if current.was_published:
        raise PlanError(
            f"Image {wanted.name} ({current.id}) is published, and published content never changes: {difference}. "
            f"Publish it as the next version, such as {wanted.name.next()}.",
            next_version=str(wanted.name.next()),
        )
    if not wanted.replace:
        raise PlanError(
            f"Image {wanted.name} ({current.id}) is staged with other content: {difference}. "
            f"Set replace: true to replace it, or upload the next version, such as {wanted.name.next()}.",
            next_version=str(wanted.name.next()),
        )
    if current.protected:
        raise PlanError(
            f"Image {wanted.name} ({current.id}) is protected and is not replaced. "
            "Take the protection off first: xloud.image.image_visibility with protected: false."
        )
    creation = _plan_creation(wanted, facts, replaces=current)
    deletion = _delete(current, "it is staged and its content is replaced", DeleteReplaced)
    return Plan(
        actions=(*creation.actions, deletion),
        before={"id": current.id, **view(current, _identity_keys(current))},
        after={"id": "(new image)", **creation.after},
        image=creation.image,
    )


def _content_difference(wanted: Template, current: Image, facts: SourceFacts) -> str:
    if wanted.checksum and _matches_declared(wanted, current) is False:
        recorded = current.properties.get(SOURCE_CHECKSUM, f"{current.os_hash_algo}:{current.os_hash_value}")
        known = (
            recorded
            if recorded.startswith(wanted.checksum.algorithm)
            else f"{current.os_hash_algo}:{current.os_hash_value}"
        )
        return f"the cloud has {known}, and {wanted.checksum} is declared"
    if facts.size != current.size:
        return f"the cloud has {current.size} bytes, and {wanted.source} has {facts.size}"
    algorithm = current.os_hash_algo or ""
    digest = facts.digests[algorithm]
    return f"the cloud has {algorithm}:{current.os_hash_value}, and {wanted.source} is {algorithm}:{digest}"


def _plan_metadata(wanted: Template, current: Image, facts: SourceFacts) -> Plan:
    attributes = _wanted_attributes(wanted, facts)
    patch = plan_patch(current, attributes)
    _check_formats(wanted, current)
    if current.was_published:
        _check_frozen(wanted, current, patch)
    before = view(current, attributes)
    if not patch:
        return combine(Plan((), before, before, current), _plan_signature(wanted, current, facts))
    after = patched(current, patch)
    action = UpdateImage(current.name, f"update {current.name}: {describe(current, patch)}", current.id, patch)
    return combine(Plan((action,), before, view(after, attributes), after), _plan_signature(wanted, after, facts))


def _plan_signature(wanted: Template, current: Image, facts: SourceFacts) -> Plan:
    signature = wanted.signature
    if signature is None or signature.matches(current):
        return Plan(image=current)
    if current.was_published:
        raise PlanError(
            f"Image {current.name} ({current.id}) is published, and its metadata never changes: another signature "
            f"would. Publish it as the next version, such as {wanted.name.next()}.",
            next_version=str(wanted.name.next()),
        )
    signer = wanted.signer
    if signer is None:
        # Somebody compares, and will not sign.
        return Plan(image=current)
    digest = current.os_hash_value if current.os_hash_algo == signature.algorithm else None
    digest = digest or facts.digests.get(signature.algorithm)
    if digest is None:
        raise PlanError(
            f"Image {current.name} ({current.id}) is to be signed, and what its data hashes to by "
            f"{signature.hash_method} is not known. Give a local file as source, or set hash_method: SHA-512 of the "
            "signature, if that is what the cloud hashes by.",
        )
    made = {**signer.signing.properties, SIGNATURE: signer.ready or MADE_LATER}
    after = patched(current, plan_patch(current, made))
    action = SignImage(current.name, f"sign {current.name}: {_why_signed(current)}", current.id, signer, digest)
    before = view(current, SIGNATURE_PROPERTIES)
    return Plan((action,), before, view(after, SIGNATURE_PROPERTIES), after)


def _why_signed(current: Image) -> str:
    return "its signature is to be another one" if SIGNATURE in current.properties else "it is not signed yet"


def _wanted_attributes(wanted: Template, facts: SourceFacts) -> dict[str, t.Any]:
    given = {
        "min_disk": wanted.min_disk,
        "min_ram": wanted.min_ram,
        "protected": wanted.protected,
        "tags": None if wanted.tags is None else _tags(wanted.tags),
    }
    attributes: dict[str, t.Any] = {key: value for key, value in given.items() if value is not None}
    return {**attributes, **_record(wanted, facts), **wanted.properties}


def _tags(given: t.Iterable[str]) -> list[str]:
    return sorted({*given, TAG})


def _record(wanted: Template, facts: SourceFacts) -> dict[str, str]:
    """
    Return the property that lets later runs compare a checksum which the Image service has no hash for.

    It has none of data that came compressed either, if the checksum is that of the compressed file.
    """
    if wanted.checksum is None or (wanted.checksum.algorithm == DEFAULT_ALGORITHM and not facts.compression):
        return {}
    return {SOURCE_CHECKSUM: str(wanted.checksum)}


def _check_formats(wanted: Template, current: Image) -> None:
    for option in ("disk_format", "container_format"):
        declared, found = getattr(wanted, option), getattr(current, option)
        if declared is not None and declared != found:
            raise PlanError(
                f"Image {current.name} ({current.id}) has {option} {found}, which never changes, and {declared} is "
                f"wanted. Correct {option}, or publish the next version, such as {wanted.name.next()}.",
                next_version=str(wanted.name.next()),
            )


def _check_frozen(wanted: Template, current: Image, patch: t.Iterable[PatchOperation]) -> None:
    frozen = [operation for operation in patch if not _is_book_keeping(current, operation)]
    if frozen:
        raise PlanError(
            f"Image {current.name} ({current.id}) is published, and its metadata never changes: "
            f"{describe(current, frozen)} would. "
            f"Publish it as the next version, such as {wanted.name.next()}.",
            next_version=str(wanted.name.next()),
        )


def metadata_drift(wanted: Template, image: Image) -> str:
    """Return in words how the metadata of a published image differs from what is wanted, and is kept."""
    patch = plan_patch(image, _wanted_attributes(wanted, SourceFacts()))
    return describe(image, [operation for operation in patch if not _is_book_keeping(image, operation)])


def _is_book_keeping(current: Image, operation: PatchOperation) -> bool:
    if operation.path == "tags":
        return {*operation.value} ^ current.tags <= {TAG}
    return operation.path in _NEVER_FROZEN


def plan_adoption(name: ImageName, image: Image) -> Plan:
    """Plan what makes an image carry the marks of this collection, whoever made it."""
    wanted = {TEMPLATE: name.template, VERSION: str(name.version), "tags": _tags(image.tags)}
    patch = plan_patch(image, wanted)
    if not patch:
        return Plan(image=image)
    after = patched(image, patch)
    verb = "mark" if image.is_ours else "adopt"
    action = UpdateImage(image.name, f"update {image.name}: {verb} it as a part of the catalogue", image.id, patch)
    return Plan((action,), view(image, wanted), view(after, wanted), after)


def plan_cleanup(name: ImageName, images: t.Collection[Image]) -> Plan:
    """Plan what takes away all that interrupted uploads left of a version, and nothing else."""
    leftovers = resolve(str(name), images).leftovers
    return Plan(tuple(_delete_leftover(image) for image in leftovers))
