# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An Image service in memory, which refuses what the real one refuses."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.xloud.image.tests.unit.fakes.keys import HASHES, verifies

READ_ONLY = {"checksum", "created_at", "file", "id", "schema", "self", "size", "status", "stores", "updated_at"} | {
    "virtual_size",
    "os_hash_algo",
    "os_hash_value",
}
BASE = READ_ONLY | {
    "name",
    "visibility",
    "os_hidden",
    "protected",
    "owner",
    "tags",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
}
FILTERS = {"name", "tag", "owner", "os_hidden", "visibility", "member_status", "marker", "limit"}
PATCH_TYPE = "application/openstack-images-v2.1-json-patch"
PREFIX = "/image"


class RefusalError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Caller:
    """Whose token a request carries."""

    project_id: str
    roles: frozenset[str]
    delegated: bool = False

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles

    @property
    def may_write(self) -> bool:
        return bool(self.roles & {"admin", "member"})


@dataclass(frozen=True)
class Answer:
    """What the service says: a status and a JSON document or bytes."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FakeImageService:
    """
    The state of an Image service, and the rules by which requests change it.

    C(keys) is the Key Manager with the certificates that it verifies images by. C(date) is what its clock shows.
    C(stores) are its stores, the default one first; without any it has one, which it does not name. C(regions) are
    other services that it can fetch from.

    Attributes that are no state make it misbehave: C(corrupt) spoils data that arrives, C(broken) are stores that
    take none, C(forgets) are paths that a PATCH accepts and does not keep, C(in_use) are ids that the store would not
    delete.
    """

    keys: Any = None
    page_size: int = 1000
    date: str | None = "Sun, 01 Feb 2026 00:00:00 GMT"
    hash_algorithm: str = "sha512"
    import_methods: tuple[str, ...] = ("glance-direct", "web-download")
    stores: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    regions: dict[str, FakeImageService] = field(default_factory=dict)
    web: dict[str, bytes] = field(default_factory=dict)
    polls: int = 2
    corrupt: bool = False
    ranges: bool = True
    broken: set[str] = field(default_factory=set)
    forgets: set[str] = field(default_factory=set)
    in_use: set[str] = field(default_factory=set)
    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    data: dict[str, bytes] = field(default_factory=dict)
    received: dict[str, bytes] = field(default_factory=dict)
    staged: dict[str, bytes] = field(default_factory=dict)
    members: dict[str, dict[str, str]] = field(default_factory=dict)
    tasks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, name: str, data: bytes | None = b"data", **attributes: Any) -> str:
        """Put an image there, as if it had always been, and return its id."""
        image_id = attributes.pop("id", None) or str(uuid.uuid4())
        members = attributes.pop("members", {})
        self.images[image_id] = {
            "id": image_id,
            "name": name,
            "status": "queued",
            "visibility": "private",
            "os_hidden": False,
            "protected": False,
            "owner": "p-own",
            "tags": [],
            "disk_format": "raw",
            "container_format": "bare",
            "min_disk": 0,
            "min_ram": 0,
            "size": None,
            "virtual_size": None,
            "checksum": None,
            "os_hash_algo": None,
            "os_hash_value": None,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "file": f"/v2/images/{image_id}/file",
            "schema": "/v2/schemas/image",
            "self": f"/v2/images/{image_id}",
        }
        if data is not None:
            self._store(image_id, data, self.stores[:1])
        self.images[image_id].update(attributes)
        self.members[image_id] = dict(members)
        return image_id

    def handle(
        self, caller: Caller, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any
    ) -> Answer:
        """Answer a request; C(body) is its bytes, or something that gives them."""
        for route_method, pattern, handler in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == route_method:
                return handler(self, caller, *match.groups(), query=query, headers=headers, body=body)
        raise RefusalError(404, f"no route {method} {path}")

    # Images

    def _create(self, caller: Caller, *, body: Any, **_: Any) -> Answer:
        if not caller.may_write:
            raise denied("add_image")
        given = json.loads(body)
        image_id = given.pop("id", None)
        if image_id is not None and not re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", image_id):
            raise RefusalError(400, f"Provided object does not match schema 'image': {image_id!r} is no id.")
        if given.get("owner", caller.project_id) != caller.project_id and not caller.is_admin:
            raise RefusalError(403, f"You are not permitted to create images owned by '{given['owner']}'.")
        for key, value in given.items():
            self._check_value(caller, key, value)
        if image_id in self.images or image_id in self.deleted:
            raise RefusalError(409, f"Image ID {image_id} already exists!")
        visibility = given.pop("visibility", "shared")
        own = {"id": image_id, "owner": caller.project_id, "visibility": visibility}
        image_id = self.add(given.pop("name", None), None, **{**own, **given})
        return Answer(201, self.images[image_id])

    def _list(self, caller: Caller, *, query: Mapping[str, str], **_: Any) -> Answer:
        found = [image for image in self.images.values() if self._is_listed(caller, image, query)]
        ids = [image["id"] for image in found]
        start = ids.index(query["marker"]) + 1 if "marker" in query else 0
        end = start + min(self.page_size, int(query.get("limit", "25")))
        document: dict[str, Any] = {"images": found[start:end]}
        if end < len(found):
            rest = "&".join(f"{key}={value}" for key, value in query.items() if key != "marker")
            document["next"] = f"/v2/images?marker={ids[end - 1]}&{rest}"
        return Answer(200, document)

    def _is_listed(self, caller: Caller, image: Mapping[str, Any], query: Mapping[str, str]) -> bool:
        operator, colon, name = query.get("name", "").partition(":")
        names = name.split(",") if operator == "in" and colon else [name if colon else operator]
        if colon and operator not in ("eq", "in"):
            raise RefusalError(400, f"Unable to filter by unknown operator '{operator}'.")
        wanted = query.get("visibility")
        if wanted and wanted not in ("all", "private", "shared", "community", "public"):
            raise RefusalError(400, f"Invalid visibility value: {wanted}")
        filters = (
            "name" not in query or image["name"] in names,
            "tag" not in query or query["tag"] in image["tags"],
            all(image.get(key) == value for key, value in query.items() if key not in FILTERS),
            "owner" not in query or image["owner"] == query["owner"],
            image["os_hidden"] is (query.get("os_hidden") == "true"),
            wanted in (None, "all", image["visibility"]),
        )
        return all(filters) and self._is_in_view(caller, image, wanted, query.get("member_status", "accepted"))

    def _is_in_view(self, caller: Caller, image: Mapping[str, Any], wanted: str | None, status: str) -> bool:
        if image["owner"] == caller.project_id or image["visibility"] == "public":
            return True
        if image["visibility"] == "community":
            return wanted in ("all", "community")
        if caller.is_admin:
            return True
        answer = self.members[image["id"]].get(caller.project_id) if image["visibility"] == "shared" else None
        return answer is not None and status in ("all", answer)

    def _show(self, caller: Caller, image_id: str, **_: Any) -> Answer:
        return Answer(200, self._visible(caller, image_id))

    def _visible(self, caller: Caller, image_id: str) -> dict[str, Any]:
        image = self.images.get(image_id)
        if image and (
            caller.is_admin
            or image["owner"] == caller.project_id
            or image["visibility"] in ("public", "community")
            or (image["visibility"] == "shared" and caller.project_id in self.members[image_id])
        ):
            return image
        raise RefusalError(404, f"No image found with ID {image_id}")

    def _writable(self, caller: Caller, image_id: str, policy: str) -> dict[str, Any]:
        image = self._visible(caller, image_id)
        if not caller.may_write or (image["owner"] != caller.project_id and not caller.is_admin):
            raise denied(policy)
        return image

    def _patch(self, caller: Caller, image_id: str, *, headers: Mapping[str, str], body: Any, **_: Any) -> Answer:
        if headers.get("Content-Type") != PATCH_TYPE:
            raise RefusalError(415, "Unsupported Content-Type")
        image = self._writable(caller, image_id, "modify_image")
        changed = dict(image)
        for operation in json.loads(body):
            self._apply(caller, changed, operation)
        for path in self.forgets:
            changed[path] = image.get(path)
        changed["updated_at"] = "2026-01-02T00:00:00Z"
        self.images[image_id] = changed
        return Answer(200, changed)

    def _apply(self, caller: Caller, image: dict[str, Any], operation: Mapping[str, Any]) -> None:
        op, path = operation["op"], operation["path"].removeprefix("/").replace("~1", "/").replace("~0", "~")
        if op not in ("add", "replace", "remove"):
            raise RefusalError(400, f"Operations must be one of add, replace, remove, not {op}.")
        if op != "add" and path not in image:
            raise RefusalError(409, f"Property {path} does not exist.")
        if op == "remove":
            if path in BASE:
                raise RefusalError(403, f"Property {path} may not be removed.")
            del image[path]
            return
        if path in ("disk_format", "container_format") and image["status"] != "queued":
            raise RefusalError(403, f"Attribute '{path}' is read-only.")
        if path == "owner" and not caller.is_admin:
            raise denied("set_owner")
        self._check_value(caller, path, operation["value"])
        image[path] = sorted(set(operation["value"])) if path == "tags" else operation["value"]

    def _check_value(self, caller: Caller, path: str, value: Any) -> None:
        if path in READ_ONLY or path.startswith("os_glance_"):
            raise RefusalError(403, f"Attribute '{path}' is read-only.")
        if path == "visibility" and value == "public" and not caller.is_admin:
            raise denied("publicize_image")
        if path not in BASE and not isinstance(value, str):
            raise RefusalError(400, f"{value!r} is not of type 'string'")

    def _delete(self, caller: Caller, image_id: str, **_: Any) -> Answer:
        image = self._writable(caller, image_id, "delete_image")
        if image["protected"]:
            raise RefusalError(403, f"Image {image_id} is protected and cannot be deleted.")
        if image_id in self.in_use:
            raise RefusalError(409, f"Image {image_id} could not be deleted because it is in use.")
        del self.images[image_id]
        self.deleted.add(image_id)
        return Answer(204)

    def _deactivate(self, caller: Caller, image_id: str, **_: Any) -> Answer:
        return self._set_status(caller, image_id, "deactivate", "deactivated")

    def _reactivate(self, caller: Caller, image_id: str, **_: Any) -> Answer:
        return self._set_status(caller, image_id, "reactivate", "active")

    def _set_status(self, caller: Caller, image_id: str, verb: str, status: str) -> Answer:
        image = self._writable(caller, image_id, verb)
        if image["status"] not in ("active", "deactivated"):
            raise RefusalError(403, f"Not allowed to {verb} image in status '{image['status']}'")
        self.images[image_id] = {**image, "status": status}
        return Answer(204)

    # Data

    def _upload(self, caller: Caller, image_id: str, *, headers: Mapping[str, str], body: Any, **_: Any) -> Answer:
        image = self._receivable(caller, image_id, headers, "saving")
        store = headers.get("X-Image-Meta-Store")
        if store and store not in self.stores:
            raise RefusalError(400, f"Store for identifier {store} not found")
        if store in self.read_only:
            raise RefusalError(410, f"Error in store configuration. Adding images to store {store} is disabled.")
        data = self._receive(image, headers, body)
        self._verify(caller, image_id, data)
        into = [store] if store else list(self.stores[:1])
        if self.broken & {*into}:
            raise RefusalError(
                500, "The server has either erred or is incapable of performing the requested operation."
            )
        self._store(image_id, data, into)
        return Answer(204)

    def _stage(self, caller: Caller, image_id: str, *, headers: Mapping[str, str], body: Any, **_: Any) -> Answer:
        if "glance-direct" not in self.import_methods:
            raise RefusalError(404, "The resource could not be found.")
        image = self._receivable(caller, image_id, headers, "uploading")
        self.staged[image_id] = self._receive(image, headers, body)
        image.update(status="uploading", size=len(self.staged[image_id]))
        return Answer(204)

    def _receivable(self, caller: Caller, image_id: str, headers: Mapping[str, str], status: str) -> dict[str, Any]:
        image = self._writable(caller, image_id, "upload_image")
        if headers.get("Content-Type") != "application/octet-stream":
            raise RefusalError(415, "Unsupported Content-Type")
        if image["status"] != "queued":
            raise RefusalError(409, f"Image status transition from {image['status']} to {status} is not allowed")
        if not image["disk_format"] or not image["container_format"]:
            raise RefusalError(400, "Properties disk_format, container_format must be set prior to saving data.")
        return image

    def _receive(self, image: Mapping[str, Any], headers: Mapping[str, str], body: Any) -> bytes:
        image_id = image["id"]
        self.received[image_id] = b""
        for block in [body] if isinstance(body, bytes) else body or ():
            self.received[image_id] += block
        count = len(self.received[image_id])
        length, announced = headers.get("Content-Length"), headers.get("X-OpenStack-Image-Size", "0")
        if length is not None and int(length) != count:
            raise ConnectionResetError("the client announced other data than it sent")
        if int(announced) not in (0, count):
            raise RefusalError(400, f"Size mismatch: expected {announced} bytes, got {count} bytes")
        return self.received[image_id]

    def _verify(self, caller: Caller, image_id: str, data: bytes) -> None:
        """Verify the signature of an image that has all of one; else nothing is verified."""
        image = self.images[image_id]
        names = ("img_signature", "img_signature_hash_method", "img_signature_key_type")
        certificate = image.get("img_signature_certificate_uuid")
        if certificate is None or not all(name in image for name in names):
            return
        signature, hash_method, key_type = (image[name] for name in names)
        secret = self.keys.secrets.get(certificate)
        reason = None
        if hash_method not in HASHES:
            reason = f"Invalid signature hash method: {hash_method}"
        elif secret is None:
            reason = f"Certificate not found with ID: {certificate}"
        elif secret.project_id != caller.project_id or caller.delegated:
            reason = f"Unable to retrieve certificate with ID: {certificate}"
        elif not verifies(secret.payload, key_type, hash_method, signature, data):
            reason = f"Signature verification failed for image {image_id}: Signature verification failed"
        if reason:
            raise RefusalError(400, f"{reason}.")

    def _store(self, image_id: str, data: bytes, stores: Iterable[str] = ()) -> None:
        kept = data[:-1] + b"!" if self.corrupt else data
        self.data[image_id] = kept
        if self.stores:
            self.images[image_id]["stores"] = ",".join(stores)
        self.images[image_id].update(
            status="active",
            size=len(kept),
            virtual_size=len(kept),
            checksum=hashlib.md5(kept).hexdigest(),
            os_hash_algo=self.hash_algorithm,
            os_hash_value=hashlib.new(self.hash_algorithm, kept).hexdigest(),
        )

    def _download(self, caller: Caller, image_id: str, *, headers: Mapping[str, str], **_: Any) -> Answer:
        image = self._visible(caller, image_id)
        if image["status"] == "deactivated" and not caller.is_admin:
            raise RefusalError(403, "The requested image has been deactivated. Image data download is forbidden.")
        if image_id not in self.data:
            return Answer(204)
        data = self.data[image_id]
        if "Range" not in headers or not self.ranges:
            return Answer(200, data)
        begin = int(headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if begin >= len(data):
            raise RefusalError(416, "Requested range not satisfiable")
        return Answer(206, data[begin:], {"Content-Range": f"bytes {begin}-{len(data) - 1}/{len(data)}"})

    def _import_info(self, _caller: Caller, **_: Any) -> Answer:
        return Answer(200, {"import-methods": {"type": "array", "value": list(self.import_methods)}})

    def _store_info(self, _caller: Caller, **_: Any) -> Answer:
        if not self.stores:
            raise RefusalError(404, "Multi backend is not supported at this site.")
        entries = [{"id": store, **({"read-only": "true"} if store in self.read_only else {})} for store in self.stores]
        return Answer(200, {"stores": [{**entries[0], "default": "true"}, *entries[1:]]})

    def _import(self, caller: Caller, image_id: str, *, body: Any, **_: Any) -> Answer:
        document = json.loads(body)
        method, stores = document["method"], document.get("stores", list(self.stores[:1]))
        image = self._visible(caller, image_id)
        self._check_import(caller, image, method, stores)
        request_id, task_id = f"req-{uuid.uuid4()}", str(uuid.uuid4())
        task = {"id": task_id, "request_id": request_id, "status": "pending", "message": "", "polls": self.polls}
        task |= {"created_at": str(len(self.tasks.get(image_id, []))), "project": caller.project_id, "caller": caller}
        task |= {"method": method, "stores": stores, "must": document.get("all_stores_must_succeed", True)}
        self.tasks.setdefault(image_id, []).append(task)
        image["os_glance_import_task"] = task_id
        if method["name"] != "copy-image":
            image["status"] = "importing"
        return Answer(202, {"x-openstack-request-id": request_id})

    def _check_import(
        self, caller: Caller, image: Mapping[str, Any], method: Mapping[str, Any], stores: Sequence[str]
    ) -> None:
        name, status = method["name"], image["status"]
        if name not in self.import_methods:
            raise RefusalError(400, f"Unknown import method name '{name}'.")
        if name == "copy-image" and not caller.is_admin:
            raise denied("copy_image")
        self._writable(caller, image["id"], "modify_image")
        if image.get("os_glance_import_task"):
            raise RefusalError(409, "Image has active task")
        for store in stores:
            if store not in self.stores:
                raise RefusalError(409, f"Store for identifier {store} not found")
            if name == "copy-image" and store in image["stores"].split(","):
                raise RefusalError(400, f"Image is already present at store '{store}'")
        refusal = self._refusal(image["id"], status, method)
        if refusal:
            raise refusal

    def _refusal(self, image_id: str, status: str, method: Mapping[str, Any]) -> RefusalError | None:
        name = method["name"]
        if name == "copy-image":
            active = status == "active"
            return None if active else RefusalError(409, "Only images with status active can be targeted for copying")
        if status == "active":
            return RefusalError(409, "Image with status active cannot be target for import")
        if name == "glance-direct":
            staged = image_id in self.staged
            return None if staged else RefusalError(409, f"Image needs to be staged before '{name}' method can be used")
        if status != "queued":
            return RefusalError(409, f"Image needs to be in 'queued' state to use '{name}' method")
        if name == "glance-download" and not {"glance_region", "glance_image_id"} <= method.keys():
            return RefusalError(400, "glance_region and glance_image_id are required")
        return None

    def _list_tasks(self, caller: Caller, image_id: str, **_: Any) -> Answer:
        self._visible(caller, image_id)
        own = [task for task in self.tasks.get(image_id, []) if task["project"] == caller.project_id]
        for task in self.tasks.get(image_id, []):
            task["polls"] -= 1
            if task["polls"] == 1:
                task.update(status="processing", message="Copied 0 MiB")
            if task["polls"] == 0:
                self._run_task(image_id, task)
        return Answer(200, {"tasks": [{key: task[key] for key in task if key != "caller"} for task in own]})

    def _run_task(self, image_id: str, task: dict[str, Any]) -> None:
        image, name = self.images[image_id], task["method"]["name"]
        image.pop("os_glance_import_task")
        data = self._imported(image_id, task["method"])
        try:
            self._verify(task["caller"], image_id, data or b"")
        except RefusalError:
            data = None
        failed = [
            store for store in task["stores"] if store in self.broken or (data is None and name == "web-download")
        ]
        taken = [store for store in task["stores"] if store not in self.broken]
        image["os_glance_failed_import"] = ",".join(failed)
        if data is None or (failed and (task["must"] or not taken)):
            staged = "importing" if task["must"] else "queued"
            image["status"] = {"copy-image": "active", "glance-direct": staged}.get(name, "queued")
            task.update(status="failure", message="Task failed due to Internal Error")
            return
        if name == "copy-image":
            image["stores"] = ",".join([*image["stores"].split(","), *taken])
        else:
            self._store(image_id, data, taken)
        task.update(status="success", message="Copied 0 MiB")

    def _imported(self, image_id: str, method: Mapping[str, Any]) -> bytes | None:
        if method["name"] == "glance-download":
            region = self.regions.get(method["glance_region"], FakeImageService())
            source = region.images.get(method["glance_image_id"], {"status": "deleted"})
            if source["status"] != "active":
                return None
            taken_over = {key: value for key, value in source.items() if re.match("hw_|os_distro|.*_format", key)}
            self.images[image_id].update(taken_over)
            return region.data[method["glance_image_id"]]
        sources = {"web-download": self.web.get(method.get("uri", "")), "glance-direct": self.staged.get(image_id)}
        return sources.get(method["name"], self.data.get(image_id))

    def _drop(self, caller: Caller, store: str, image_id: str, **_: Any) -> Answer:
        image = self._visible(caller, image_id)
        if not caller.is_admin:
            raise denied("delete_image_location")
        stores = image.get("stores", "").split(",")
        if store not in self.stores:
            raise RefusalError(409, f"Store for identifier {store} not found")
        if len(stores) == 1:
            raise RefusalError(403, "Cannot delete image data from the only store containing it.")
        if store not in stores:
            raise RefusalError(404, f"Image {image_id} is not stored on store {store}.")
        image["stores"] = ",".join(each for each in stores if each != store)
        return Answer(204)

    # Members

    def _shared(self, caller: Caller, image_id: str) -> dict[str, str]:
        if self._visible(caller, image_id)["visibility"] != "shared":
            raise RefusalError(403, "Only shared images have members.")
        return self.members[image_id]

    def _list_members(self, caller: Caller, image_id: str, **_: Any) -> Answer:
        members = self._shared(caller, image_id)
        everything = caller.is_admin or self.images[image_id]["owner"] == caller.project_id
        shown = [as_member(image_id, *each) for each in members.items() if everything or each[0] == caller.project_id]
        return Answer(200, {"members": shown})

    def _show_member(self, caller: Caller, image_id: str, project_id: str, **_: Any) -> Answer:
        return Answer(200, as_member(image_id, project_id, self._member(caller, image_id, project_id)))

    def _member(self, caller: Caller, image_id: str, project_id: str) -> str:
        members = self._shared(caller, image_id)
        may_see = caller.is_admin or caller.project_id in (self.images[image_id]["owner"], project_id)
        if project_id not in members or not may_see:
            raise RefusalError(404, f"{project_id} not found in the member list of the image {image_id}.")
        return members[project_id]

    def _add_member(self, caller: Caller, image_id: str, *, body: Any, **_: Any) -> Answer:
        image = self._writable(caller, image_id, "add_member")
        if image["visibility"] != "shared":
            raise RefusalError(403, f"Not allowed to create members for image {image_id}.")
        project_id = json.loads(body)["member"]
        if project_id in self.members[image_id]:
            raise RefusalError(409, f"Member {project_id} is duplicated for image {image_id}")
        self.members[image_id][project_id] = "pending"
        return Answer(200, as_member(image_id, project_id, "pending"))

    def _answer(self, caller: Caller, image_id: str, project_id: str, *, body: Any, **_: Any) -> Answer:
        self._member(caller, image_id, project_id)
        if not caller.is_admin and (caller.project_id != project_id or not caller.may_write):
            raise denied("modify_member")
        self.members[image_id][project_id] = json.loads(body)["status"]
        return Answer(200, as_member(image_id, project_id, self.members[image_id][project_id]))

    def _remove_member(self, caller: Caller, image_id: str, project_id: str, **_: Any) -> Answer:
        self._member(caller, image_id, project_id)
        self._writable(caller, image_id, "delete_member")
        del self.members[image_id][project_id]
        return Answer(204)


def denied(policy: str) -> RefusalError:
    return RefusalError(403, f"You are not authorized to complete {policy} action.")


def as_member(image_id: str, project_id: str, status: str) -> dict[str, str]:
    return {"image_id": image_id, "member_id": project_id, "status": status, "schema": "/v2/schemas/member"}


IMAGE = r"/images/([^/]+)"
MEMBER = rf"{IMAGE}/members/([^/]+)"
ROUTES = [
    ("GET", r"/info/import", FakeImageService._import_info),
    ("GET", r"/info/stores", FakeImageService._store_info),
    ("DELETE", r"/stores/([^/]+)/([^/]+)", FakeImageService._drop),
    ("GET", r"/images", FakeImageService._list),
    ("POST", r"/images", FakeImageService._create),
    ("GET", IMAGE, FakeImageService._show),
    ("PATCH", IMAGE, FakeImageService._patch),
    ("DELETE", IMAGE, FakeImageService._delete),
    ("GET", rf"{IMAGE}/file", FakeImageService._download),
    ("PUT", rf"{IMAGE}/file", FakeImageService._upload),
    ("PUT", rf"{IMAGE}/stage", FakeImageService._stage),
    ("POST", rf"{IMAGE}/import", FakeImageService._import),
    ("GET", rf"{IMAGE}/tasks", FakeImageService._list_tasks),
    ("POST", rf"{IMAGE}/actions/deactivate", FakeImageService._deactivate),
    ("POST", rf"{IMAGE}/actions/reactivate", FakeImageService._reactivate),
    ("GET", rf"{IMAGE}/members", FakeImageService._list_members),
    ("POST", rf"{IMAGE}/members", FakeImageService._add_member),
    ("GET", MEMBER, FakeImageService._show_member),
    ("PUT", MEMBER, FakeImageService._answer),
    ("DELETE", MEMBER, FakeImageService._remove_member),
]
