# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What a run over a catalogue does, or would do, in the forms that reviewers and other tools read."""

from __future__ import annotations

import collections
import difflib
import json
import re
import typing as t

Result: t.TypeAlias = t.Mapping[str, t.Any]
# Of what several clouds are told, GitHub shows 1 MiB for each step.
LIMIT: t.Final = 200_000
_KINDS: t.Final = ("create", "update", "delete")
# What Markdown and HTML make nothing of, wherever it stands.
_UNPLAIN: t.Final = re.compile(r"[^\w .,:;()/%+=?'\"→…-]|(?<![^\W_])_|_(?![^\W_])")
_UNPLAIN_JSON: t.Final = re.compile("[`\u007f-\u009f\u2028-\u202e\u2066-\u2069]")
_FIGURES: t.Final = ("B", "KiB", "MiB", "GiB", "TiB")


def counts(result: Result) -> dict[str, int]:
    """
    Return how many images a run creates, updates and deletes, as Terraform counts them.

    A staged image that is replaced counts as created and as deleted.
    """
    found = collections.Counter(kind for change in result.get("plan", ()) for kind in _kinds(change))
    return {kind: found[kind] for kind in _KINDS}


def _kinds(change: Result) -> list[str]:
    verbs = {action["action"] for action in change["actions"]}
    return [kind for kind in ("create", "delete") if kind in verbs] or ["update"]


def image_ids(current: t.Mapping[str, Result], unknown: str | None = None) -> dict[str, str]:
    """
    Return the ids of the current versions by the names of their templates.

    :param unknown: What stands for an id that is not known yet; such templates are left out unless it is given.
    """
    ids = {template: version["id"] or unknown for template, version in sorted(current.items())}
    return {template: each for template, each in ids.items() if each}


def as_markdown(result: Result, title: str, *, check: bool = False, limit: int = LIMIT) -> str:
    """
    Return what a run does as Markdown that GitHub and GitLab show, failures and findings first.

    Nothing that comes from a cloud can change its structure. What has no room is left out, and the text says so.

    :param check: The run changes nothing, as in check mode.
    :param limit: The characters that it may have.
    """
    page = _Page(limit)
    page.add(f"## {escaped(title)}\n\n{_lead(result, check)}\n")
    failures = result.get("failures", ())
    page.table("Failures", ("Image", "What is wrong"), [(each["image"], each["message"]) for each in failures])
    unlisted = [each["image"] for each in result.get("findings", ()) if each["kind"] == "unlisted"]
    findings = [each for each in result.get("findings", ()) if each["kind"] != "unlisted"]
    rows = [(each["kind"], each["image"], each["message"]) for each in findings]
    if unlisted:
        rows.append(
            ("unlisted", f"{len(unlisted)} image(s)", f"in the cloud and in no document: {', '.join(unlisted)}")
        )
    page.table("Findings", ("Kind", "Image", "What to know"), rows)
    versions = {row["name"]: row for row in result.get("versions", ())}
    changes = [_change_row(change, versions.get(change["name"], {}), check) for change in result.get("plan", ())]
    page.table("Changes", ("Image", "Action", "Stage", "Size", "Why"), changes)
    page.details([(change["name"], _difference(change)) for change in result.get("plan", ())])
    return page.text


def _lead(result: Result, check: bool) -> str:
    if "plan" not in result:
        return f"**Failed.** {escaped(str(result.get('msg', 'Nobody knows why.')))}"
    found = counts(result)
    failures = result.get("failures", ())
    verbs = ("to create", "to update", "to delete") if check or failures else ("created", "updated", "deleted")
    told = ", ".join(f"{found[kind]} {verb}" for kind, verb in zip(_KINDS, verbs, strict=True))
    lead = f"{told}, of {len(result.get('versions', ()))} versions." if any(found.values()) else "Nothing to change."
    if failures:
        return f"**{len(failures)} failed.** {lead}"
    return f"**Failed.** {escaped(str(result['msg']))}\n\n{lead}" if result.get("failed") else f"**{lead}**"


def _change_row(change: Result, row: Result, check: bool) -> tuple[str, ...]:
    stage = change["stage"]
    planned, done = len(change["actions"]), len(row.get("actions", ()))
    left = "" if check or done >= planned else " (not done)" if not done else " (not all done)"
    return (
        change["name"],
        " and ".join(_kinds(change)) + left,
        f"{stage['before'] or 'new'} → {stage['after']}" if stage["before"] != stage["after"] else stage["after"],
        _size(row.get("size")),
        "\n".join(action["reason"] for action in change["actions"]),
    )


def _size(size: int | None) -> str:
    if size is None:
        return ""
    power = min((max(size, 1).bit_length() - 1) // 10, len(_FIGURES) - 1)
    return f"{size / 1024**power:.1f} {_FIGURES[power]}" if power else f"{size} B"


def _difference(change: Result) -> str:
    """Return the lines of before and after as a diff. No character of it ends the block that it stands in."""
    before, after = (_lines(change[key]) for key in ("before", "after"))
    # The first three lines name the files and the place.
    lines = difflib.unified_diff(before, after, n=len(before), lineterm="")
    return "\n".join([*lines][3:])


def _lines(value: t.Any) -> list[str]:
    if not value:
        return []
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    # It says control characters as escapes, and may say any character so.
    return _UNPLAIN_JSON.sub(_as_json_escape, text).split("\n")


def _as_json_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def escaped(text: str) -> str:
    """Return a text as one line that Markdown shows in these words, whatever is in it."""
    lines = [" ".join(line.split()) for line in str(text).splitlines()]
    return "<br>".join(_UNPLAIN.sub(_as_entity, line) for line in lines if line)


def _as_entity(match: re.Match[str]) -> str:
    character = match[0]
    if character == "@":
        # Somebody of that name would be told of the page, entity or not.
        return "&#64;&#8203;"
    return f"&#{ord(character)};" if character.isprintable() else " "


class _Page:
    """Markdown that grows as far as it may."""

    _REST: t.Final = "\n… and {} more, for which there is no room here. The plan file has all of it.\n"

    def __init__(self, limit: int) -> None:
        self.text = ""
        self._room = limit - 4 * len(self._REST)

    def add(self, block: str) -> bool:
        """Add a block, or say that there is no room for it."""
        if len(self.text) + len(block) > self._room:
            return False
        self.text += block
        return True

    def table(self, heading: str, columns: t.Sequence[str], rows: t.Sequence[t.Sequence[str]]) -> None:
        """Add a table under a heading, if it has rows."""
        if rows:
            lines = [" | ".join(columns), " | ".join("---" for _column in columns)]
            head = "".join(f"| {line} |\n" for line in lines)
            self._fill(f"\n### {heading}\n\n{head}", [f"| {' | '.join(map(escaped, row))} |\n" for row in rows])

    def details(self, parts: t.Sequence[tuple[str, str]]) -> None:
        """Add texts that are shown on demand, each under its name."""
        blocks = [
            f"\n<details><summary>{escaped(name)}</summary>\n\n```diff\n{text}\n```\n\n</details>\n"
            for name, text in parts
        ]
        if blocks:
            self._fill("\n### Before and after\n", blocks)

    def _fill(self, head: str, blocks: t.Sequence[str]) -> None:
        added = self.add(head)
        count = next((index for index, block in enumerate(blocks) if not (added and self.add(block))), len(blocks))
        if count < len(blocks):
            self.text += self._REST.format(len(blocks) - count)
