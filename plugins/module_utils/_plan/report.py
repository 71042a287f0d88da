# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What C(image_catalog_info) returned of several clouds as one report. Its form is schemas/report.schema.json."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import functools
import itertools
import re
import typing as t
import unicodedata

from ansible_collections.xloud.image.plugins.module_utils._model.image import SUPERSEDED
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
        "retired_in_use",
        "revoked_in_use",
        "still_launched",
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
_SHARE: t.Final = (
    "project_id",
    "project",
    "servers",
    "volumes",
    "last_launched_at",
    "launched_since_deprecation",
)
_NOTICE: t.Final = (
    "template",
    "version",
    "name",
    "id",
    "stage",
    "servers",
    "volumes",
    "deprecated_since",
    "reason",
    "revoked_since",
    "retired_since",
    "retire_on",
    "delete_on",
    "while_used",
    "replaced_by",
    "resources",
)
_UNSAFE_IN_FILES: t.Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_PART: t.Final = 80
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

    def project(self, data: t.Mapping[str, t.Any]) -> str | None:
        """Return what the project of a notice, or of a share of the usage, is called, None where that is not known."""
        name: str | None = data.get("project") or (self.result.get("projects") or {}).get(data["project_id"])
        return name

    @functools.cached_property
    def kinds(self) -> t.Mapping[str, set[str]]:
        """The kinds of its findings by the images that they are about."""
        kinds: dict[str, set[str]] = {}
        for finding in self.result["findings"] if self.is_good else ():
            kinds.setdefault(finding["image"], set()).add(finding["kind"])
        return kinds

    @functools.cached_property
    def rows(self) -> list[Data]:
        """Its versions, one after the other."""
        return [row for template in self.templates.values() for row in template["versions"]]

    @functools.cached_property
    def usages(self) -> t.Mapping[str, t.Any]:
        """Who uses its images, by their ids, None where that was not asked."""
        return {row["id"]: row.get("usage") for row in self.rows}


def readings(results: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[Reading, ...]:
    """Return what came of each cloud, given as C(host), C(name) and C(result), with a name of its own for each."""
    cleaned = map(clean, results)
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
    notices = _notices(clouds, header["as_of"])
    return {
        "format_version": FORMAT_VERSION,
        "header": clean(header),
        "summary": _summary(clouds, templates, findings, shares, notices),
        "clouds": [_cloud(cloud, findings, templates, notices) for cloud in clouds],
        "findings": findings,
        "templates": templates,
        "shares": shares,
        "notices": notices,
        "growth": _growth(row for cloud in clouds for row in cloud.rows),
    }


def clean(value: t.Any) -> t.Any:
    """Return data whose texts are what they look like: others wrote them, and may have meant to mislead."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join(map(_visible, value))
    if isinstance(value, t.Mapping):
        return {clean(key): clean(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(each) for each in value]
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
        "usage": _usage(cloud, row),
        "findings": sorted(cloud.kinds.get(row["name"], ())),
    }


def _usage(cloud: Reading, row: Data) -> Data | None:
    """Return who uses an image, None where that was not asked. What is not known is None."""
    usage = row.get("usage")
    if usage is None:
        return None
    projects = [
        {**{key: share.get(key) for key in _SHARE}, "project": cloud.project(share)} for share in usage["projects"]
    ]
    launched = sum(share["launched_since_deprecation"] or 0 for share in projects)
    is_known = None not in (usage["servers"], usage["volumes"])
    return {
        **{key: usage[key] for key in ("is_used", "servers", "volumes")},
        "launched_since_deprecation": launched if launched or is_known else None,
        "projects": projects,
        "unknown": usage["unknown"],
    }


def spans(row: t.Mapping[str, t.Any]) -> list[Data]:
    """
    Return since and until when a version was in which stage, in their order, as far as it is recorded.

    The last one has no end, and the stage that the version is in. Where it is not recorded since when it is in that
    (C(is_recorded)), it begins with the last day that is.
    """
    days = {"staged": (row.get("created_at") or "")[:10], **{stage: row.get(key) for stage, key in _SINCE.items()}}
    kept: list[tuple[str, str]] = []
    for stage, day in reversed([(stage, day) for stage, day in days.items() if _is_day(day)]):
        # A replica is younger than the day on which its original was published.
        if not kept or day < kept[0][1]:
            kept.insert(0, (stage, day))
    if not kept:
        return []
    ends = [*(day for _stage, day in kept[1:]), None]
    found = [
        {"stage": stage, "since": since, "until": until, "is_recorded": True}
        for (stage, since), until in zip(kept, ends, strict=True)
    ]
    found[-1].update(stage=row["stage"], is_recorded=found[-1]["stage"] == row["stage"])
    return found


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


def _notices(clouds: t.Iterable[Reading], as_of: str) -> list[Data]:
    """Return whom to tell in which cloud, each with the name of a file for it."""
    found = [
        {
            "cloud": cloud.name,
            "as_of": as_of,
            "project_id": notice["project_id"],
            "project": cloud.project(notice),
            "images": [_noticed(cloud, notice["project_id"], image) for image in notice["images"]],
        }
        for cloud in clouds
        if cloud.is_good
        for notice in cloud.result.get("notices") or ()
    ]
    return [{**notice, "file": file} for notice, file in zip(found, _files(found), strict=True)]


def _noticed(cloud: Reading, project_id: str, image: Data) -> Data:
    usage = cloud.usages.get(image["id"]) or {}
    launched = (each for each in usage.get("projects", ()) if each["project_id"] == project_id)
    # A project has none of what could not be counted, as far as anybody knows.
    counts = {kind: image[kind] if usage.get(kind, 0) is not None else None for kind in ("servers", "volumes")}
    return {
        **{key: image.get(key) for key in _NOTICE},
        **counts,
        "launched_since_deprecation": next((each["launched_since_deprecation"] for each in launched), None),
    }


def _files(notices: t.Sequence[Data]) -> list[str]:
    """
    Return a name of a file for each notice: that of its cloud and of its project.

    Where that would be the same of two, also where it is in other letters alone, it has the id of the project as well.
    """
    plain = [_file(notice["cloud"], _safe(notice["project"] or "") or notice["project_id"]) for notice in notices]
    often = collections.Counter(map(str.casefold, plain))
    names = [
        name if often[name.casefold()] == 1 else _file(notice["cloud"], notice["project"] or "", notice["project_id"])
        for name, notice in zip(plain, notices, strict=True)
    ]
    again = collections.Counter(map(str.casefold, names))
    return [
        f"{name}.md" if again[name.casefold()] == 1 else f"{name}-{number}.md" for number, name in enumerate(names, 1)
    ]


def _file(*parts: str) -> str:
    return "-".join(safe for part in parts if (safe := _safe(part)))


def _safe(text: str) -> str:
    """Return what of a text may be part of the name of a file anywhere: nothing where it has no such letter."""
    return _UNSAFE_IN_FILES.sub("-", text)[:_LONGEST_PART].strip(".-")


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


def _cloud(cloud: Reading, findings: t.Iterable[Data], templates: t.Iterable[Data], notices: t.Iterable[Data]) -> Data:
    images = [image for image in _images(templates) if image["cloud"] == cloud.name]
    reasons = {reason for image in images if image["usage"] for reason in image["usage"]["unknown"]}
    used = _used(images, [notice for notice in notices if notice["cloud"] == cloud.name])
    return {
        "name": cloud.name,
        "host": cloud.host,
        "error": cloud.error,
        "templates": len(cloud.templates),
        "images": len(cloud.rows),
        "bytes": sum(row["size"] or 0 for row in cloud.rows),
        "findings": _counts(each["severity"] for each in findings if each["cloud"] == cloud.name),
        "usage": used and {**used, "unknown": sorted(reasons)},
    }


def _images(templates: t.Iterable[Data]) -> t.Iterator[Data]:
    return (image for template in templates for version in template["versions"] for image in version["images"])


def _used(images: t.Iterable[Data], notices: t.Sequence[Data]) -> Data | None:
    """Return what is made of images and of how many of them, None where that was not asked of any."""
    usages = [(image, image["usage"]) for image in images]
    asked = [usage for _image, usage in usages if usage]
    if not asked:
        return None
    in_use = [image for image, usage in usages if usage and usage["is_used"]]
    numbers = {
        kind: {
            kind: _sum(usage[kind] for usage in asked),
            f"{kind}_unknown": sum(usage is None or usage[kind] is None for _image, usage in usages),
        }
        for kind in ("servers", "volumes")
    }
    return {
        **numbers["servers"],
        **numbers["volumes"],
        "images": len(in_use),
        "superseded": sum(image["stage"] in SUPERSEDED or image["revoked_since"] is not None for image in in_use),
        "projects_to_tell": len(notices),
    }


def _sum(numbers: t.Iterable[int | None]) -> int | None:
    """Return the sum of the numbers that are known, None where none is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _summary(
    clouds: t.Sequence[Reading],
    templates: list[Data],
    findings: list[Data],
    shares: list[Data],
    notices: list[Data],
) -> Data:
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
        "usage": _used(_images(templates), notices),
    }


def usage_in_words(usage: t.Mapping[str, t.Any] | None) -> str:
    """Return who uses an image, such as C(2 servers and 1 volume of 2 projects). What is not known is never none."""
    numbers = {kind: usage[f"{kind}s"] if usage else None for kind in ("server", "volume")}
    unknown = [f"{kind}s unknown" for kind, number in numbers.items() if number is None]
    if usage is None or len(unknown) == len(numbers):
        return "unknown"
    found = [count(number, kind) for kind, number in numbers.items() if number]
    if found:
        return ", ".join([f"{' and '.join(found)} of {count(len(usage['projects']), 'project')}", *unknown])
    none = [f"no {kind}s" for kind, number in numbers.items() if number == 0]
    return ", ".join([*none, *unknown]) if unknown else "unused"


def number_in_words(number: int | None, unknown: int) -> str:
    """
    Return how many servers or volumes use images.

    :param number: Of those that are known, None where none is.
    :param unknown: Of how many images they are not known.
    """
    if number is None:
        return "unknown"
    return f"{number} or more" if unknown else str(number)


def count(number: int | None, one: str) -> str:
    """Return a number of things, such as C(2 servers)."""
    return f"{one}s unknown" if number is None else f"{number} {one}{'' if number == 1 else 's'}"


def _counts(words: t.Iterable[str]) -> dict[str, int]:
    return dict(sorted(collections.Counter(words).items()))
