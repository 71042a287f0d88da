# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The keys of a catalogue document, for the parser, the schema and the reference: what each holds and means."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.checksum import ALGORITHMS, DIGITS
from ansible_collections.xloud.image.plugins.module_utils._model.image import BASE_ATTRIBUTES, LIFECYCLE, VISIBILITIES
from ansible_collections.xloud.image.plugins.module_utils._model.limit import SIZE_PATTERN, is_size
from ansible_collections.xloud.image.plugins.module_utils._model.name import VERSION_PATTERN
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import PRESETS
from ansible_collections.xloud.image.plugins.module_utils._model.signature import (
    DEFAULT_HASH_METHOD,
    HASH_METHODS,
    KEY_TYPES,
)
from ansible_collections.xloud.image.plugins.module_utils._model.source import (
    AUTO,
    DIRECT,
    GLANCE_DIRECT,
    WEB_DOWNLOAD,
)

STAGES: t.Final = ("staged", "published", "deprecated", "hidden", "retired")
ROOT: t.Final = "image_catalog"
DEFAULTS: t.Final = "image_catalog_defaults"

_DURATION: t.Final = re.compile(r"(?P<count>[0-9]{1,5})(?P<unit>[dw]?)")
_DATE: t.Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLACE: t.Final = re.compile(r"(?!.*://).*|[Hh][Tt][Tt][Pp][Ss]?://.*")
_LITERAL: t.Final = "|".join(f"{algorithm}:[0-9a-fA-F]{{{digits}}}" for algorithm, digits in DIGITS.items())
_CHECKSUM: t.Final = re.compile(rf"{_LITERAL}|(?!({'|'.join(ALGORITHMS)})(:|$))({_PLACE.pattern})")


def is_date(value: t.Any) -> bool:
    """Say whether a value is a day, as text such as C(2026-01-31) or as YAML reads one without quotes."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            return False
        return True
    return isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)


def is_duration(value: t.Any) -> bool:
    """Say whether a value is a number of days, or of weeks as in C(4w)."""
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and value >= 0) or (isinstance(value, str) and bool(_DURATION.fullmatch(value)))


def days(value: str | int) -> int:
    """Return the days of a duration, such as C(30d), C(4w) or C(30)."""
    match = _DURATION.fullmatch(str(value))
    return int(match["count"]) * (7 if match["unit"] == "w" else 1) if match else 0


def _is_whole(value: t.Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_texts(value: t.Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_requirements(value: t.Any) -> bool:
    return isinstance(value, dict) and all(each is None or _is_texts(each) for each in value.values())


@dataclasses.dataclass(frozen=True)
class Kind:
    """
    What a value may be: a check, the words for it, and its JSON Schema.

    :param words: As in C(must be ...).
    """

    accepts: t.Callable[[t.Any], bool]
    words: str
    schema: t.Mapping[str, t.Any]


def expression(pattern: re.Pattern[str]) -> str:
    """Return a pattern that a whole text matches as JSON Schema writes it: anchored, and its groups without names."""
    return f"^({re.sub(r'[?]P<[a-z_]+>', '', pattern.pattern)})$"


def _text(pattern: re.Pattern[str]) -> dict[str, t.Any]:
    return {"type": "string", "pattern": expression(pattern)}


_TEXTS_SCHEMA = {"type": "array", "items": {"type": "string"}}
_RESERVED = {"anyOf": [{"enum": sorted({*BASE_ATTRIBUTES, *LIFECYCLE})}, {"pattern": "^(os_glance_|xloud_image_)"}]}
TEXT: t.Final = Kind(lambda value: isinstance(value, str), "text in quotes", {"type": "string"})
WHOLE: t.Final = Kind(_is_whole, "a whole number, 0 or more", {"type": "integer", "minimum": 0})
COUNT: t.Final = Kind(
    lambda value: _is_whole(value) and value > 0, "a whole number, at least 1", {"type": "integer", "minimum": 1}
)
FLAG: t.Final = Kind(lambda value: isinstance(value, bool), "true or false", {"type": "boolean"})
TEXTS: t.Final = Kind(_is_texts, "a list of texts", _TEXTS_SCHEMA)
NAMES: t.Final = Kind(
    lambda value: _is_texts(value) and bool(value),
    "a list of texts, at least one",
    {**_TEXTS_SCHEMA, "minItems": 1},
)
DATE: t.Final = Kind(is_date, 'a day, such as "2027-04-30"', {**_text(_DATE), "format": "date"})
DURATION: t.Final = Kind(
    is_duration,
    "a number of days, such as 30d or 4w",
    {"anyOf": [{"type": "integer", "minimum": 0}, _text(_DURATION)]},
)
SIZE: t.Final = Kind(
    is_size,
    "a size in bytes, or with a unit, such as 100GiB",
    {"anyOf": [{"type": "integer", "minimum": 1}, _text(SIZE_PATTERN)]},
)
# What these three are wrong with, the parser says in words of their own.
VERSION: t.Final = Kind(lambda value: True, "a version in quotes", _text(VERSION_PATTERN))
SOURCE: t.Final = Kind(TEXT.accepts, "a path, or an http or https URL", _text(_PLACE))
CHECKSUM: t.Final = Kind(TEXT.accepts, "a checksum, or the path or URL of a SUMS file", _text(_CHECKSUM))
DICTIONARY: t.Final = Kind(lambda value: isinstance(value, dict), "a dictionary", {"type": "object"})
PROPERTIES: t.Final = Kind(
    DICTIONARY.accepts,
    "a dictionary of texts",
    {
        "type": "object",
        "propertyNames": {"not": _RESERVED},
        "additionalProperties": {"type": ["string", "boolean", "integer", "null"]},
    },
)
REQUIREMENTS: t.Final = Kind(
    _is_requirements,
    "a dictionary of lists of texts",
    {"type": "object", "additionalProperties": {"anyOf": [{"type": "null"}, _TEXTS_SCHEMA]}},
)


def one_of(choices: t.Sequence[str]) -> Kind:
    """Return the kind of a value that is one of a few words."""
    words = f"one of {', '.join(choices)}"
    return Kind(lambda value: isinstance(value, str) and value in choices, words, {"enum": list(choices)})


def some_of(choices: t.Collection[str]) -> Kind:
    """Return the kind of a value that is a list of a few words."""
    schema = {"type": "array", "items": {"enum": sorted(choices)}}
    return Kind(
        lambda value: _is_texts(value) and set(value) <= set(choices), f"a list of {', '.join(sorted(choices))}", schema
    )


@dataclasses.dataclass(frozen=True)
class Key:
    """
    One key of a document.

    :param keys: Those of the dictionary that its value is, if they are known.
    :param default: What holds where the key is not given, in words.
    """

    kind: Kind
    meaning: str
    default: str | None = None
    keys: t.Mapping[str, Key] | None = None


Keys: t.TypeAlias = t.Mapping[str, Key]

RETENTION: t.Final[Keys] = {
    "visible": Key(COUNT, "So many of the newest versions stay listed, the current one among them. Older are hidden."),
    "available": Key(COUNT, "So many of the newest versions stay usable. Older are retired."),
    "stored": Key(COUNT, "So many of the newest versions are kept at all. Older are deleted, a day after retirement."),
    "min_age": Key(DURATION, "Nothing is retired or deleted sooner after it was replaced.", "0d"),
    "while_used": Key(
        one_of(("keep", "hide", "retire")),
        "What is done to a version that would be retired while servers or volumes use it: it stays as listed as it is "
        "(keep), is hidden (hide), or is retired all the same (retire). None is deleted while it is used.",
        "hide",
    ),
}
PROMOTION: t.Final[Keys] = {
    "presets": Key(some_of(PRESETS), "Properties that standards require of an offered image."),
    "required_properties": Key(
        REQUIREMENTS, "Properties that an offered image must have, and the values allowed for each; null for any."
    ),
    "soak": Key(DURATION, "How long a version stays staged before it is published.", "0d"),
    "checksum": Key(FLAG, "Whether a version must declare a checksum to be published.", "false"),
    "require_signature": Key(FLAG, "Whether a version must be signed, and verifiable, to be published.", "false"),
    "trusted_certificates": Key(NAMES, "The certificates that it may be signed with, by their ids.", "any"),
}
SIGNATURE: t.Final[Keys] = {
    "certificate_uuid": Key(TEXT, "The id, in the Key Manager, of the certificate that the signature is verified by."),
    "privatekey_path": Key(TEXT, "The file of the private key to sign with, in PEM. Its passphrase has no place here."),
    "hash_method": Key(one_of(tuple(HASH_METHODS)), "What the signature is made by.", DEFAULT_HASH_METHOD),
    "key_type": Key(one_of(KEY_TYPES), "The type of the key.", "that of the private key or of the certificate"),
}
# A signature that was made elsewhere is one of one image.
OWN_SIGNATURE: t.Final[Keys] = {
    **SIGNATURE,
    "value": Key(TEXT, "A signature that was made elsewhere, in base64, in place of a private key."),
    "path": Key(TEXT, "The file of a signature that was made elsewhere, as it is or in base64."),
}
# What describes an image may stand in the defaults, in a template, and in a version, which wins.
IMAGE: t.Final[Keys] = {
    "properties": Key(PROPERTIES, "Custom properties of the image. One that is null is taken away."),
    "tags": Key(TEXTS, "Tags of the image, beside the collection's own."),
    "min_disk": Key(WHOLE, "The disk that a server needs, in GiB.", "the virtual size of the image"),
    "min_ram": Key(WHOLE, "The memory that a server needs, in MiB.", "0"),
    "max_virtual_size": Key(SIZE, "The disk that data to be brought in may have at most, decompressed.", "no limit"),
    "protected": Key(FLAG, "Whether the image is protected against deletion."),
    "disk_format": Key(TEXT, "The format of the data.", "found from the content"),
    "container_format": Key(TEXT, "The format of the container.", "bare"),
    "import_method": Key(
        one_of((AUTO, DIRECT, GLANCE_DIRECT, WEB_DOWNLOAD)),
        "How data reaches the cloud: sent, sent and imported, or fetched by the cloud from a URL.",
        "auto",
    ),
    "stores": Key(NAMES, "The stores of the cloud that the image is in; more may have it."),
    "all_stores": Key(FLAG, "Whether the image is in all stores of the cloud.", "false"),
    "stores_exact": Key(FLAG, "Whether the image is in no other stores than those.", "false"),
    "signature": Key(DICTIONARY, "How the image is signed.", keys=SIGNATURE),
}
DATES: t.Final[Keys] = {
    "retire_on": Key(DATE, "The announced day from which on the version is retired, the current one too."),
    "delete_on": Key(DATE, "The announced day from which on the version is deleted, a day after retirement at least."),
}
OFFER: t.Final[Keys] = {
    "visibility": Key(one_of(VISIBILITIES[1:]), "What a published version becomes."),
    "members": Key(TEXTS, "The projects that a shared template is shared with, by id; a name needs a role in it."),
    "members_exact": Key(FLAG, "Whether the share is taken away from all other projects.", "false"),
    "retention": Key(DICTIONARY, "How many versions are kept, and how.", keys=RETENTION),
    "promotion": Key(DICTIONARY, "What a version needs to be published. Until then it stays staged.", keys=PROMOTION),
    **DATES,
}
VERSION_KEYS: t.Final[Keys] = {
    **IMAGE,
    "signature": Key(DICTIONARY, "How the image is signed, or its signature.", keys=OWN_SIGNATURE),
    "source": Key(SOURCE, "The data of the image.", "none, which is enough for a version that is in the cloud"),
    "checksum": Key(CHECKSUM, "What the data hashes to: sha256:… or sha512:…, or the SUMS file that says it."),
    "stage": Key(
        one_of(STAGES),
        "The furthest that the version gets (staged), or the least that it is taken back to (deprecated, hidden, "
        "retired). Said in so many words, published brings a retired version back.",
        "published",
    ),
    "reason": Key(TEXT, "Why the version was superseded, retired or revoked, for those who use it."),
    "revoked": Key(FLAG, "Whether the version is taken out of use at once, whatever retention says.", "false"),
    **DATES,
}
SHARED: t.Final[Keys] = {**IMAGE, **OFFER}
TEMPLATE: t.Final[Keys] = {
    **SHARED,
    "description": Key(TEXT, "Becomes the property description."),
    "current": Key(VERSION, "The version that is pinned as the current one, for a rollback.", "the newest published"),
    "versions": Key(DICTIONARY, "The versions by their numbers, in quotes.", keys=VERSION_KEYS),
}
MERGED: t.Final = ("properties", "retention", "promotion", "signature")
