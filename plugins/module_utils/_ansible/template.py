# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options of C(image_template), and what they ask for."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import (
    CONNECTION,
    PROGRESS,
    USAGE,
    connection_options,
)
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.image import TEMPLATE, VERSION, is_custom_property
from ansible_collections.xloud.image.plugins.module_utils._model.limit import parse_size
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName, Version, check_template
from ansible_collections.xloud.image.plugins.module_utils._model.reference import Reference
from ansible_collections.xloud.image.plugins.module_utils._model.signature import (
    DEFAULT_HASH_METHOD,
    HASH_METHODS,
    KEY_TYPES,
    SIGNATURE_PROPERTIES,
    parse_signing,
)
from ansible_collections.xloud.image.plugins.module_utils._model.source import IMPORT_METHODS, CloudSource, Source
from ansible_collections.xloud.image.plugins.module_utils._model.stores import check_stores
from ansible_collections.xloud.image.plugins.module_utils._model.template import Template, check_properties

DISK_FORMATS: t.Final = ("aki", "ami", "ari", "iso", "ploop", "qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk")
CONTAINER_FORMATS: t.Final = ("aki", "ami", "ari", "bare", "compressed", "docker", "ova", "ovf")
SOURCE_KEYS: t.Final = ("cloud", "region_name", "image", "owner")

_SIGNATURE: t.Final[dict[str, dict[str, t.Any]]] = {
    "certificate_uuid": {"type": "str", "required": True},
    "privatekey_path": {"type": "path"},
    "privatekey_passphrase": {"type": "str", "no_log": True},
    "value": {"type": "str"},
    "path": {"type": "path"},
    "hash_method": {"type": "str", "choices": list(HASH_METHODS), "default": DEFAULT_HASH_METHOD},
    "key_type": {"type": "str", "choices": list(KEY_TYPES)},
}

SPECIFICATION: t.Final[dict[str, t.Any]] = {
    "argument_spec": {
        **CONNECTION,
        **PROGRESS,
        "name": {"type": "str"},
        "template": {"type": "str"},
        "version": {"type": "raw"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "source": {"type": "raw"},
        "sidecar": {"type": "path"},
        "checksum": {"type": "str"},
        "import_method": {"type": "str", "choices": list(IMPORT_METHODS), "default": "auto"},
        "stores": {"type": "list", "elements": "str"},
        "all_stores": {"type": "bool", "default": False},
        "stores_exact": {"type": "bool", "default": False},
        "disk_format": {"type": "str", "choices": list(DISK_FORMATS)},
        "container_format": {"type": "str", "choices": list(CONTAINER_FORMATS)},
        "min_disk": {"type": "int"},
        "min_ram": {"type": "int"},
        "max_virtual_size": {"type": "str"},
        "properties": {"type": "dict"},
        "tags": {"type": "list", "elements": "str"},
        "protected": {"type": "bool"},
        "signature": {"type": "dict", "options": _SIGNATURE},
        "owner": {"type": "str"},
        "replace": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        **USAGE,
    },
    "mutually_exclusive": [("name", "template")],
    "required_together": [("template", "version")],
    "required_one_of": [("name", "template", "sidecar")],
    "supports_check_mode": True,
}


def wanted_source(params: t.Mapping[str, t.Any]) -> Source | Reference | None:
    """
    Return what the options name as source, if anything: a path, a URL, or an image of a cloud.

    :raises InputError: It is of a kind that is not supported.
    """
    source = params["source"]
    if not source:
        return None
    if isinstance(source, t.Mapping):
        return _reference(params, source)
    if not isinstance(source, str):
        raise InputError("source", "must be a path, a URL, or a dictionary that names an image of a cloud.")
    return Source.parse(source)


def _reference(params: t.Mapping[str, t.Any], source: t.Mapping[str, t.Any]) -> Reference:
    unknown = sorted(map(str, source.keys() - {*SOURCE_KEYS}))
    if unknown:
        raise InputError(f"source.{unknown[0]}", f"is not known. Known are {', '.join(SOURCE_KEYS)}.")
    if not source.get("image"):
        raise InputError("source.image", "is missing. Name the image, or give its id.")
    # Another region of the same cloud need not say everything again.
    options = {"cloud": source["cloud"]} if source.get("cloud") else connection_options(params)
    if source.get("region_name"):
        options["region_name"] = source["region_name"]
    return Reference(options, str(source["image"]), source.get("owner"))


def wanted_template(
    params: t.Mapping[str, t.Any],
    source: Source | CloudSource | None,
    checksum: Checksum | None,
    sidecar: t.Mapping[str, t.Any] | None,
    described: t.Mapping[str, t.Any] | None = None,
) -> Template:
    """
    Return the version of a template that the options ask for, but for the stores, which the cloud has to know.

    :param sidecar: The image of a sidecar: what the options leave unset is taken from it.
    :param described: What the source says of itself, as far as the sidecar does not.
    :raises InputError: An option does not hold what it should.
    """
    _check_numbers(params)
    check_stores(params["stores"], params["all_stores"], params["stores_exact"])
    _check_signature(params)
    base = {**(described or {}), **(sidecar or {})}
    given = {**base, **{key: value for key, value in params.items() if value is not None}}
    tags = given.get("tags")
    signature = parse_signing(params["signature"])
    own = {TEMPLATE, VERSION, *(SIGNATURE_PROPERTIES if signature else ())}
    properties = {k: v for k, v in base.get("properties", {}).items() if is_custom_property(k) and k not in own}
    return Template(
        name=_name(params, base),
        source=source,
        checksum=checksum or _sidecar_checksum(base),
        import_method=params["import_method"],
        disk_format=given.get("disk_format"),
        container_format=given.get("container_format"),
        min_disk=given.get("min_disk"),
        min_ram=given.get("min_ram"),
        protected=given.get("protected"),
        tags=None if tags is None else frozenset(tags),
        properties={**properties, **check_properties(params["properties"] or {})},
        replace=params["replace"],
        stores_exact=params["stores_exact"],
        signature=signature,
        max_virtual_size=parse_size(params["max_virtual_size"]),
    )


def _name(params: t.Mapping[str, t.Any], sidecar: t.Mapping[str, t.Any]) -> ImageName:
    if params["template"]:
        return ImageName(check_template(params["template"]), Version.parse(params["version"]))
    return ImageName.parse(params["name"] or sidecar["name"])


def _sidecar_checksum(sidecar: t.Mapping[str, t.Any]) -> Checksum | None:
    algorithm, digest = sidecar.get("os_hash_algo"), sidecar.get("os_hash_value")
    return Checksum.parse(f"{algorithm}:{digest}", "sidecar") if algorithm and digest else None


def _check_numbers(params: t.Mapping[str, t.Any]) -> None:
    for option in ("min_disk", "min_ram"):
        if params[option] is not None and params[option] < 0:
            raise InputError(option, f"{params[option]} is negative.")


def _check_signature(params: t.Mapping[str, t.Any]) -> None:
    doubled = sorted({*SIGNATURE_PROPERTIES} & {*(params["properties"] or {})}) if params["signature"] else []
    if doubled:
        raise InputError(f"properties.{doubled[0]}", "is what the option signature sets. Leave one of them out.")
