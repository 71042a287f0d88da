# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What C(image_catalog_info) returned of several clouds as one report. Its form is schemas/report.schema.json."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import itertools
import typing as t
import unicodedata

from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName

Data: t.TypeAlias = dict[str, t.Any]

FORMAT_VERSION: t.Final = 1
# What may be as it is, and what a person is to know of all the same. Everything else is wrong.
NOTICES: t.Final = frozenset(
    [
        "behind",
        "busy",
        "exporting",
        "gate",
        "in_use",
        "unaccepted",
        "unfinished",
        "unlisted",
        "unmarked",
        "unprotected",
        "unsigned",
    ]
)
# The properties that say when a version came into a stage. When it was hidden is recorded nowhere.
_SINCE: t.Final = {"published": "published_since", "deprecated": "deprecated_since", "retired": "retired_since"}
_IMAGE: t.Final = (
    "id",
    "stage",
    "status",
    "visibility",
    "protected",
    "disk_format",
    "size",
    "os_hash_algo",
    "os_hash_value",
    "created_at",
    "published_since",
    "deprecated_since",
    "deprecated_reason",
    "replaced_by",
    "retired_since",
    "revoked_since",
    "retire_on",
    "delete_on",
)
# No cloud of OpenStack is older.
_FIRST_DAY: t.Final = datetime.date(2010, 1, 1)
_ANSWERS: t.Final = ("pending", "rejected", "accepted")
# Neither may stand in XML, and Unicode has no letters for them.
_NONCHARACTERS: t.Final = "\ufffe\uffff"


@dataclasses.dataclass(frozen=True)
class Reading:
    """
    What came of reading one cloud.

    :param host: The host of the inventory that stands for it.
    :param name: What people call it. No two readings have the same.
    :param result: The result of C(image_catalog_info), good or bad, empty where there is none.
    """

    host: str
    name: str
    result: t.Mapping[str, t.Any]

    @property
    def is_good(self) -> bool:
        """Whether the cloud could be read."""
        return "templates" in self.result and not self.result.get("failed")

    @property
    def error(self) -> str | None:
        """Why it could not be read, in words, None where it could."""
        if self.is_good:
            return None
        return str(self.result.get("msg") or "nothing was read: the run ended on its host before that")

    @property
    def templates(self) -> t.Mapping[str, t.Any]:
        """The templates of the cloud, none where it could not be read."""
        found: t.Mapping[str, t.Any] = self.result["templates"] if self.is_good else {}
        return found

    @property
    def rows(self) -> list[Data]:
        """Its versions, one after the other."""
        return [row for template in self.templates.values() for row in template["versions"]]


def readings(results: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[Reading, ...]:
    """Return what came of each cloud, given as C(host), C(name) and C(result), with a name of its own for each."""
    cleaned = map(_clean, results)
    given = [(str(each["host"]), str(each.get("name") or each["host"]), each.get("result") or {}) for each in cleaned]
    often = collections.Counter(name for _host, name, _result in given)
    return tuple(
        Reading(host, name if often[name] == 1 else f"{name} ({host})", result) for host, name, result in given
    )


def report(clouds: t.Sequence[Reading], header: t.Mapping[str, t.Any]) -> Data:
    """
    Return the report of clouds, which are as they come.

    :param header: C(title), C(generated_at), C(as_of) and C(run), which is what ran it, None for a person.
    """
    templates = [_template(name, clouds) for name in sorted({name for cloud in clouds for name in cloud.templates})]
    findings = _findings(clouds, templates)
    shares = _shares(clouds)
    return {
        "format_version": FORMAT_VERSION,
        "header": _clean(header),
        "summary": _summary(clouds, templates, findings, shares),
        "clouds": [_cloud(cloud, findings) for cloud in clouds],
        "findings": findings,
        "templates": templates,
        "shares": shares,
        "growth": _growth(row for cloud in clouds for row in cloud.rows),
    }


def _clean(value: t.Any) -> t.Any:
    """Return data whose texts are what they look like: others wrote them, and may have meant to mislead."""
    if isinstance(value, str):
        return "".join(map(_visible, value))
    if isinstance(value, t.Mapping):
        return {_clean(key): _clean(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(each) for each in value]
    return value


def _visible(character: str) -> str:
    """Return a character, and in place of one that controls how others are shown, its number."""
    if character in "\t\n\r":
        return " "
    if character in _NONCHARACTERS or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return f"\\u{ord(character):04x}"
    return character


def _template(name: str, clouds: t.Sequence[Reading]) -> Data:
    found = [
        (cloud, row)
        for cloud in clouds
        for row in (cloud.templates[name]["versions"] if name in cloud.templates else ())
    ]
    current = [_current(name, cloud) for cloud in clouds if cloud.is_good]
    names = sorted({row["name"] for _cloud, row in found}, key=lambda each: ImageName.parse(each).version, reverse=True)
    return {
        "name": name,
        "bytes": sum(row["size"] or 0 for _cloud, row in found),
        "is_same": len({each["version"] for each in current}) <= 1,
        "current": current,
        "versions": [_version(each, [pair for pair in found if pair[1]["name"] == each], clouds) for each in names],
    }


def _current(template: str, cloud: Reading) -> Data:
    current = cloud.templates.get(template, {}).get("current") or {}
    return {"cloud": cloud.name, **{key: current.get(key) for key in ("version", "name", "id")}}


def _version(name: str, found: t.Sequence[tuple[Reading, Data]], clouds: t.Iterable[Reading]) -> Data:
    there = {cloud.name for cloud, _row in found}
    return {
        "version": str(ImageName.parse(name).version),
        "name": name,
        "missing_in": [cloud.name for cloud in clouds if cloud.is_good and cloud.name not in there],
        "images": [_image(cloud, row) for cloud, row in found],
    }


def _image(cloud: Reading, row: Data) -> Data:
    current = cloud.templates[row["template"]]["current"] or {}
    return {
        "cloud": cloud.name,
        **{key: row.get(key) for key in _IMAGE},
        "is_current": row["id"] == current.get("id"),
        "spans": spans(row),
        "findings": sorted({each["kind"] for each in cloud.result["findings"] if each["image"] == row["name"]}),
    }


def spans(row: t.Mapping[str, t.Any]) -> list[dict[str, str | None]]:
    """
    Return since and until when a version was in which stage, in their order, as far as it is recorded.

    The last one has no end, and the stage that the version is in. It begins with the last day that is recorded.
    """
    days = {"staged": (row.get("created_at") or "")[:10], **{stage: row.get(key) for stage, key in _SINCE.items()}}
    kept: list[tuple[str, str]] = []
    for stage, day in reversed([(stage, day) for stage, day in days.items() if _is_day(day)]):
        # A replica is younger than the day on which its original was published.
        if not kept or day < kept[0][1]:
            kept.insert(0, (stage, day))
    if not kept:
        return []
    kept[-1] = (row["stage"], kept[-1][1])
    ends = [*(day for _stage, day in kept[1:]), None]
    return [{"stage": stage, "since": since, "until": until} for (stage, since), until in zip(kept, ends, strict=True)]


def _is_day(text: t.Any) -> t.TypeGuard[str]:
    """Say whether a property is a day in the life of an image: whoever may change it writes what they like."""
    try:
        return len(text or "") == 10 and datetime.date.fromisoformat(text) >= _FIRST_DAY
    except ValueError:
        return False


def _findings(clouds: t.Sequence[Reading], templates: t.Sequence[Data]) -> list[Data]:
    """Return the findings of all clouds, what is wrong first, and with them those that only several clouds show."""
    found = [
        _finding(cloud.name, finding["kind"], finding["image"], finding["message"])
        for cloud in clouds
        if cloud.is_good
        for finding in cloud.result["findings"]
    ]
    unread = [_finding(cloud.name, "unreachable", None, cloud.error) for cloud in clouds if not cloud.is_good]
    across = itertools.chain.from_iterable((*_behind(each), *_other_content(each)) for each in templates)
    return sorted((*unread, *found, *across), key=lambda each: each["severity"] != "error")


def _finding(cloud: str, kind: str, image: str | None, message: str | None) -> Data:
    severity = "notice" if kind in NOTICES else "error"
    return {"severity": severity, "kind": kind, "cloud": cloud, "image": image, "message": message}


def _behind(template: Data) -> t.Iterator[Data]:
    """Yield the clouds whose current version is older than that of another one."""
    there = [each for each in template["current"] if each["version"]]
    newest = max(there, key=lambda each: ImageName.parse(each["name"]).version, default=None)
    for each in there:
        if newest and each["version"] != newest["version"]:
            words = f"its current version is {each['version']}, and {newest['version']} is that of {newest['cloud']}"
            yield _finding(each["cloud"], "behind", template["name"], words)


def _other_content(template: Data) -> t.Iterator[Data]:
    """Yield the versions whose data is not that of the first cloud that has them."""
    for version in template["versions"]:
        hashed = [each for each in version["images"] if each["os_hash_value"]]
        for each in hashed[1:]:
            first = hashed[0]
            same_kind = each["os_hash_algo"] == first["os_hash_algo"]
            if same_kind and each["os_hash_value"] != first["os_hash_value"]:
                words = f"its content is another one than in {first['cloud']}: a version is the same everywhere"
                yield _finding(each["cloud"], "content", version["name"], words)


def _shares(clouds: t.Iterable[Reading]) -> list[Data]:
    """Return which project shares what and what it answered, those that have not accepted first."""
    found = [
        {
            "cloud": cloud.name,
            "project_id": member["project_id"],
            "project": (cloud.result.get("projects") or {}).get(member["project_id"]),
            "template": row["template"],
            "image": row["name"],
            "stage": row["stage"],
            "status": member["status"],
        }
        for cloud in clouds
        for row in cloud.rows
        for member in row["members"] or ()
    ]
    return sorted(found, key=lambda each: (_ANSWERS.index(each["status"]), each["cloud"], each["project_id"]))


def _growth(rows: t.Iterable[Data]) -> list[Data]:
    """Return how many images and bytes came in each month, and how many there were, of those that are still there."""
    by_month: dict[str, list[int]] = {}
    for row in rows:
        if row["created_at"]:
            by_month.setdefault(row["created_at"][:7], []).append(row["size"] or 0)
    growth: list[Data] = []
    images = stored = 0
    for month in _months(by_month):
        sizes = by_month.get(month, [])
        images, stored = images + len(sizes), stored + sum(sizes)
        one = {"month": month, "images": len(sizes), "bytes": sum(sizes)}
        growth.append({**one, "total_images": images, "total_bytes": stored})
    return growth


def _months(months: t.Collection[str]) -> t.Iterator[str]:
    """Yield every month from the first to the last of some, as C(2026-01)."""
    if not months:
        return
    first, last = ((int(month[:4]) * 12 + int(month[5:]) - 1) for month in (min(months), max(months)))
    for number in range(first, last + 1):
        yield f"{number // 12:04d}-{number % 12 + 1:02d}"


def _cloud(cloud: Reading, findings: t.Iterable[Data]) -> Data:
    return {
        "name": cloud.name,
        "host": cloud.host,
        "error": cloud.error,
        "templates": len(cloud.templates),
        "images": len(cloud.rows),
        "bytes": sum(row["size"] or 0 for row in cloud.rows),
        "findings": _counts(each["severity"] for each in findings if each["cloud"] == cloud.name),
    }


def _summary(clouds: t.Sequence[Reading], templates: list[Data], findings: list[Data], shares: list[Data]) -> Data:
    rows = [row for cloud in clouds for row in cloud.rows]
    return {
        "clouds": len(clouds),
        "unreachable": sum(not cloud.is_good for cloud in clouds),
        "templates": len(templates),
        "versions": sum(len(template["versions"]) for template in templates),
        "images": len(rows),
        "bytes": sum(row["size"] or 0 for row in rows),
        "stages": _counts(row["stage"] for row in rows),
        "findings": _counts(each["severity"] for each in findings),
        "shares": _counts(each["status"] for each in shares),
    }


def _counts(words: t.Iterable[str]) -> dict[str, int]:
    return dict(sorted(collections.Counter(words).items()))
