# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Takes the actions of a plan, one after the other."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.claims import claimed, take_over
from ansible_collections.xloud.image.plugins.module_utils._cloud.download import export
from ansible_collections.xloud.image.plugins.module_utils._cloud.images import Images
from ansible_collections.xloud.image.plugins.module_utils._cloud.members import Members
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._cloud.signing import signature_patch, signed_before
from ansible_collections.xloud.image.plugins.module_utils._cloud.stores import Stores
from ansible_collections.xloud.image.plugins.module_utils._cloud.upload import fill
from ansible_collections.xloud.image.plugins.module_utils._data.files import replacing
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Progress
from ansible_collections.xloud.image.plugins.module_utils._data.sums import record_sums
from ansible_collections.xloud.image.plugins.module_utils._data.uploads import forget
from ansible_collections.xloud.image.plugins.module_utils._model import plan as actions
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    BusyError,
    ConflictError,
    ImageError,
    NotFoundError,
    PlacementError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import SIGNATURE, Image
from ansible_collections.xloud.image.plugins.module_utils._model.run import Outcome
from ansible_collections.xloud.image.plugins.module_utils._model.upload import busy, made_meanwhile


@dataclasses.dataclass
class Applier:
    """
    Applies plans to a cloud.

    :param session: The conversation with the cloud.
    :param consumers: Conversations on behalf of other projects, by project id, for the answers to shares.
    :param timeout: How long, in seconds, the cloud may take to fetch data itself.
    :param origins: Conversations with the clouds that data comes from, by what a C(CloudSource) calls them.
    :param progress: Is told how far transfers are.
    """

    session: Session
    consumers: t.Mapping[str, Session] = dataclasses.field(default_factory=dict)
    timeout: int = 3600
    origins: t.Mapping[str, Session] = dataclasses.field(default_factory=dict)
    progress: Progress = dataclasses.field(default_factory=Progress)

    def apply(self, plan: actions.Plan) -> Image | None:
        """
        Take the actions of a plan and return the image as it then is.

        If one fails, only those that give something back are still taken.

        :raises ImageError: An action failed. Its C(actions) are those that were taken before.
        """
        outcome = self.attempt(plan)
        if outcome.error:
            raise outcome.error
        return outcome.image

    def attempt(self, plan: actions.Plan, image: Image | None = None) -> Outcome:
        """
        Take the actions of a plan and return how far that went.

        :param image: The image, where it was created after the plan was made.
        """
        image = image or plan.image
        taken: list[actions.Action] = []
        for position, action in enumerate(plan.actions):
            try:
                image = self._take(action, image)
            except BaseException as exc:
                failures = self._give_back(plan.actions[position + 1 :])
                if isinstance(exc, ImageError):
                    return Outcome(image, tuple(taken), _explained(exc, taken, failures))
                raise
            taken.append(action)
        return Outcome(image, tuple(taken))

    def _give_back(self, remaining: t.Iterable[actions.Action]) -> list[str]:
        failures = []
        for action in remaining:
            if action.always:
                try:
                    self._take(action, None)
                except ConflictError:
                    continue  # The step that this one undoes had not been taken.
                except ImageError as exc:
                    failures.append(f"{action.reason} failed too: {exc.message}")
        return failures

    def _take(self, action: actions.Action, image: Image | None) -> Image | None:
        """Take one action and return the image as it is afterwards."""
        if isinstance(action, actions.ImageAction) and not action.image_id and image:
            action = dataclasses.replace(action, image_id=image.id)
        return _STEPS[type(action)](self, action, image)

    def _create(self, action: actions.CreateImage, _image: Image | None) -> Image:
        images = Images(self.session)
        body = {**action.body, **signed_before(action.upload)}
        # The Image service asks for the certificate in the name of the caller, which needs credentials of a user.
        late = body.pop(SIGNATURE, None) if self.session.is_delegated else None
        with claimed(images, body) as record:
            try:
                return fill(self.session, record, action.upload, self.timeout, self.origins, self.progress, late)
            except PlacementError:
                raise
            except BaseException:
                # The next run deletes the record if this cannot.
                with contextlib.suppress(ImageError):
                    images.delete(record.id)
                raise

    def _protect(self, _action: actions.ProtectCreated, image: Image | None) -> Image | None:
        patch = [actions.PatchOperation("replace", "protected", True)]
        return image and Images(self.session).patch(image.id, patch)

    def _update(self, action: actions.UpdateImage, _image: Image | None) -> Image:
        return Images(self.session).patch(action.image_id, action.patch)

    def _sign(self, action: actions.SignImage, _image: Image | None) -> Image:
        return Images(self.session).patch(action.image_id, signature_patch(action.signer, action.digest))

    def _delete(self, action: actions.DeleteImage, image: Image | None) -> Image | None:
        images = Images(self.session)
        if action.stage:
            with contextlib.suppress(NotFoundError):
                _check_unchanged(action, images.get(action.image_id))
        try:
            images.delete(action.image_id)
            forget(action.image_id)
        except ConflictError:
            # A store that refuses to delete may have left the image usable again.
            if action.status == "deactivated" and images.get(action.image_id).status == "active":
                images.deactivate(action.image_id)
            raise
        return None if image and image.id == action.image_id else image

    def _delete_replaced(self, action: actions.DeleteReplaced, image: Image | None) -> Image | None:
        try:
            return self._delete(action, image)
        except BusyError:
            if image:
                self._discard(image)
            raise

    def _discard(self, image: Image) -> None:
        images = Images(self.session)
        if image.protected:
            images.patch(image.id, [actions.PatchOperation("replace", "protected", False)])
        images.delete(image.id)

    def _take_over(self, action: actions.TakeOver, image: Image | None) -> Image | None:
        take_over(Images(self.session), action.image_id, action.seen)
        return image

    def _copy_to_stores(self, action: actions.CopyToStores, _image: Image | None) -> Image:
        image = Images(self.session).get(action.image_id)
        for store in action.stores:
            image = Stores(self.session).copy(image, store, self.timeout, self.progress)
        return image

    def _drop_from_store(self, action: actions.DropFromStore, _image: Image | None) -> Image:
        return Stores(self.session).drop(action.image_id, action.store)

    def _deactivate(self, action: actions.DeactivateImage, image: Image | None) -> Image | None:
        Images(self.session).deactivate(action.image_id)
        return image and dataclasses.replace(image, status="deactivated")

    def _reactivate(self, action: actions.ReactivateImage, image: Image | None) -> Image | None:
        Images(self.session).reactivate(action.image_id)
        return image and dataclasses.replace(image, status="active")

    def _forget_members(self, action: actions.ForgetMembers, image: Image | None) -> Image | None:
        members = Members(self.session)
        for member in members.list(Images(self.session).get(action.image_id)):
            members.remove(action.image_id, member.project_id)
        return image

    def _add_member(self, action: actions.AddMember, image: Image | None) -> Image | None:
        Members(self.session).add(action.image_id, action.project.id)
        return image

    def _remove_member(self, action: actions.RemoveMember, image: Image | None) -> Image | None:
        Members(self.session).remove(action.image_id, action.project.id)
        return image

    def _set_member_status(self, action: actions.SetMemberStatus, image: Image | None) -> Image | None:
        session = self.consumers.get(action.project.id, self.session)
        Members(session).set_status(action.image_id, action.project.id, action.status)
        return image

    def _export(self, action: actions.ExportData, image: Image | None) -> Image | None:
        export(self.session, action, self.progress)
        return image

    def _write_sidecar(self, action: actions.WriteSidecar, image: Image | None) -> Image | None:
        content = action.content.encode()
        with replacing(action.path, len(content), wait=True) as handle:
            handle.write(content)
        return image

    def _record_sums(self, action: actions.RecordSums, image: Image | None) -> Image | None:
        record_sums(action.path, action.files)
        return image


_STEPS: t.Final[dict[type[actions.Action], t.Callable[[Applier, t.Any, Image | None], Image | None]]] = {
    actions.CreateImage: Applier._create,
    actions.ProtectCreated: Applier._protect,
    actions.UpdateImage: Applier._update,
    actions.SignImage: Applier._sign,
    actions.DeleteImage: Applier._delete,
    actions.DeleteReplaced: Applier._delete_replaced,
    actions.TakeOver: Applier._take_over,
    actions.CopyToStores: Applier._copy_to_stores,
    actions.DropFromStore: Applier._drop_from_store,
    actions.DeactivateImage: Applier._deactivate,
    actions.ReactivateImage: Applier._reactivate,
    actions.ForgetMembers: Applier._forget_members,
    actions.AddMember: Applier._add_member,
    actions.RemoveMember: Applier._remove_member,
    actions.SetMemberStatus: Applier._set_member_status,
    actions.ExportData: Applier._export,
    actions.WriteSidecar: Applier._write_sidecar,
    actions.RecordSums: Applier._record_sums,
}


def _check_unchanged(action: actions.DeleteImage, image: Image) -> None:
    """Make sure that an image still is what was to be deleted: a deletion cannot be taken back."""
    if action.is_unfinished and not image.is_unfinished:
        raise made_meanwhile(image)
    if image.is_being_made:
        raise busy(image)
    if image.stage != action.stage:
        raise BusyError(
            f"Image {image.name} ({image.id}) is {image.stage} since another run changed it, and was {action.stage} "
            "when its deletion was planned. It is kept: run the task again.",
            image_id=image.id,
        )


def _explained(exc: ImageError, taken: t.Sequence[actions.Action], failures: t.Sequence[str]) -> ImageError:
    exc.details["actions"] = [action.as_result() for action in taken]
    if taken:
        exc.message += f" Done before: {'; '.join(action.reason for action in taken)}."
    if failures:
        exc.message += f" {' '.join(failures)} Run the task again to give it back."
    return exc
