# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What a run will do: actions, each with its reason, and the state before and after."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Project
from ansible_collections.xloud.image.plugins.module_utils._model.signature import Signer, Verification
from ansible_collections.xloud.image.plugins.module_utils._model.source import Upload


@dataclasses.dataclass(frozen=True)
class PatchOperation:
    """One operation of a JSON Patch as the Image API takes it: add, replace or remove one top-level path."""

    op: t.Literal["add", "replace", "remove"]
    path: str
    value: t.Any = None

    def as_json(self) -> dict[str, t.Any]:
        """Return the operation as it is sent (RFC 6902)."""
        body = {"op": self.op, "path": "/" + self.path.replace("~", "~0").replace("/", "~1")}
        return body if self.op == "remove" else {**body, "value": self.value}


@dataclasses.dataclass(frozen=True)
class Action:
    """
    One step that changes something.

    :param image: The name of the image that the step is about.
    :param reason: Why, in words a person would use.
    :param always: The step gives something back, and is taken even if one before it failed.
    """

    verb: t.ClassVar[str]
    image: str
    reason: str
    always: bool = dataclasses.field(default=False, kw_only=True)

    def as_result(self) -> dict[str, str]:
        """Return the action as modules return it."""
        return {"action": self.verb, "image": self.image, "reason": self.reason}


@dataclasses.dataclass(frozen=True)
class CreateImage(Action):
    """Create an image record, give it its data and verify what arrived; else delete the record again."""

    verb = "create"
    body: t.Mapping[str, t.Any]
    upload: Upload


class ProtectCreated(Action):
    """Protect the image that was created just now. Protected from the start, it could not be deleted on a failure."""

    verb = "update"


@dataclasses.dataclass(frozen=True)
class ImageAction(Action):
    """A step on an image that is there; its id is empty if a step before creates it."""

    image_id: str


@dataclasses.dataclass(frozen=True)
class UpdateImage(ImageAction):
    """Change attributes and properties with one JSON Patch."""

    verb = "update"
    patch: tuple[PatchOperation, ...]


@dataclasses.dataclass(frozen=True)
class SignImage(ImageAction):
    """
    Sign the data that an image has.

    :param digest: What the data hashes to by the hash method of the signer.
    """

    verb = "sign"
    signer: Signer
    digest: str


@dataclasses.dataclass(frozen=True)
class DeleteImage(ImageAction):
    """
    Delete an image and its data.

    :param status: The status to give back if the store says that the image is in use.
    :param stage: The stage that it still has to be in, None for any.
    :param is_unfinished: It still has to be without data.
    """

    verb = "delete"
    status: str = "active"
    stage: str | None = None
    is_unfinished: bool = False


class DeleteReplaced(DeleteImage):
    """Delete a staged image whose replacement is complete. If it was published meanwhile, delete the replacement."""


@dataclasses.dataclass(frozen=True)
class TakeOver(ImageAction):
    """
    Delete what may be an upload on its way, once it is certain that none is.

    :param seen: When the upload gave its last sign of life.
    """

    verb = "delete"
    seen: str | None


class DeactivateImage(ImageAction):
    """Stop new uses of an image's data."""

    verb = "deactivate"


class ReactivateImage(ImageAction):
    """Allow uses of an image's data again."""

    verb = "reactivate"


@dataclasses.dataclass(frozen=True)
class AddMember(ImageAction):
    """Share an image with a project."""

    verb = "add_member"
    project: Project


@dataclasses.dataclass(frozen=True)
class RemoveMember(ImageAction):
    """Take an image's share away from a project."""

    verb = "remove_member"
    project: Project


class ForgetMembers(ImageAction):
    """Remove all members that an image has, which the Image service shows of a shared image alone."""

    verb = "forget_members"


@dataclasses.dataclass(frozen=True)
class SetMemberStatus(ImageAction):
    """Answer a share on behalf of a project, with the credentials of that project."""

    verb = "set_member_status"
    project: Project
    status: str


@dataclasses.dataclass(frozen=True)
class CopyToStores(ImageAction):
    """Have the Image service copy an image's data to more of its stores."""

    verb = "copy_to_stores"
    stores: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class DropFromStore(ImageAction):
    """Delete the copy of an image's data that one store has."""

    verb = "drop_from_store"
    store: str


@dataclasses.dataclass(frozen=True)
class ExportData(ImageAction):
    """
    Bring an image's data into a file.

    :param size: The bytes that the data has in the cloud.
    :param digest: What the data must hash to under C(algorithm).
    :param disk_format: The format of the data in the cloud.
    :param format: The format to convert the file to, None to leave it as it is.
    :param compress: Compress a qcow2 file that is converted to.
    :param frozen: The image is deactivated for the time of the export, and reactivated afterwards.
    :param verification: What the signature of the data is verified by, if it is to be.
    """

    verb = "export"
    path: str
    size: int
    algorithm: str
    digest: str
    disk_format: str | None = None
    format: str | None = None
    compress: bool = False
    frozen: bool = False
    verification: Verification | None = None


@dataclasses.dataclass(frozen=True)
class WriteSidecar(ImageAction):
    """Write the metadata of an image beside its data."""

    verb = "write_sidecar"
    path: str
    content: str


@dataclasses.dataclass(frozen=True)
class RecordSums(ImageAction):
    """Enter the SHA-256 of files of a folder, by their paths, into its SHA256SUMS, and leave other lines alone."""

    verb = "record_sums"
    path: str
    files: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Plan:
    """
    The actions that lead from what is there to what is wanted, in their order.

    C(before) and C(after) hold the managed keys alone: they are what C(--diff) shows.
    C(image) is the image as it will be, None where there will be none; an image still to be created has an empty id.
    """

    actions: tuple[Action, ...] = ()
    before: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    after: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    image: Image | None = None

    @property
    def changed(self) -> bool:
        """Whether anything has to be done."""
        return bool(self.actions)


@dataclasses.dataclass(frozen=True)
class Step:
    """
    A plan for one image as a part of a larger one.

    :param name: The name of the image.
    :param needs: The keys of the steps that have to be done before; if one of them fails, this one is left out.
    :param late: The step follows another one on the same image.
    """

    name: str
    plan: Plan
    needs: tuple[str, ...] = ()
    late: bool = False

    @property
    def key(self) -> str:
        """What other steps call this one."""
        return f"{self.name} (stage)" if self.late else self.name
