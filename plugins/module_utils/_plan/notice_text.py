# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What a project is told of the images that it uses and that will not stay, as text that can be sent to it."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._plan.report import clean, count
from ansible_collections.xloud.image.plugins.module_utils._plan.summary import escaped

Data: t.TypeAlias = t.Mapping[str, t.Any]
# The servers and volumes of an image that are listed one by one.
ROWS: t.Final = 50
_LEAD: t.Final = (
    "Servers that run keep running, and can be stopped, started and rebooted, whatever becomes of their image. Volumes "
    "stay as they are. Once an image is retired, no server and no volume can be made of it, and a server that was made "
    "of it cannot be rebuilt from it. Moving or resizing such a server may fail too."
)
# Neither may end code, and the others would be markup where somebody takes the text for HTML or for a template.
_UNFIT: t.Final = re.compile(r"[`|<>{}]|\\$")
# What a document says becomes of an image that is due to go and in use.
_WHILE_USED: t.Final = {
    "keep": ", but not while it is in use",
    "hide": ", and is only hidden while it is in use",
    "retire": ", also while it is in use",
}
_KINDS: t.Final = ("server", "volume")
_COLUMNS: t.Final = ("Kind", "Name", "Id", "Made on", "Attached to server")
_DAY: t.Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def as_markdown(notice: Data, *, cloud: str | None = None, as_of: str | None = None, rows: int = ROWS) -> str:
    """
    Return a notice as Markdown that reads well as it is, too.

    Names of projects, servers and volumes are written by others: they stand as code, which is neither markup nor a
    link nor a mention, and what could end the code is written as its number.

    :param cloud: What the cloud is called. What the notice says of it unless given.
    :param as_of: The day that dates are compared with. What the notice says of it unless given.
    :param rows: The servers and volumes of an image that are listed. Of the others, the number is.
    """
    given = {"cloud": cloud or notice.get("cloud"), "as_of": as_of or notice.get("as_of")}
    told = clean({**notice, **given})
    where, day = told["cloud"], told["as_of"]
    project = f"{code(told['project'])} ({code(told['project_id'])})" if told["project"] else code(told["project_id"])
    place = f" in {escaped(where)}" if where else ""
    when = f"As of {escaped(day)}, project" if day else "Project"
    images = f"{count(len(told['images']), 'image')}{place} that {'is' if len(told['images']) == 1 else 'are'}"
    parts = [
        f"# Images that {code(told['project'] or told['project_id'])} uses{place}",
        f"{when} {project} uses {images} going out of use. {_LEAD}",
    ]
    for image in told["images"]:
        parts += _image(image, day, rows)
    return "\n\n".join(parts) + "\n"


def outlook(image: Data, as_of: str | None = None) -> list[str]:
    """Return what an image is and what becomes of it when, each as a sentence."""
    days = [_due(image, key, verb, as_of) for key, verb in (("retire_on", "retired"), ("delete_on", "deleted"))]
    due = [sentence for sentence in days if sentence]
    if not due and image["stage"] != "retired":
        due = ["No day is set on which it is retired."]
    return [_state(image), *due]


def _state(image: Data) -> str:
    reason = f": {image['reason']}" if image["reason"] else ""
    if image["revoked_since"]:
        return f"It was revoked on {image['revoked_since']}{reason}. Replace what was made of it."
    if image["stage"] == "retired":
        return f"{_since('retired', image['retired_since'])}{reason}."
    if image["stage"] in ("deprecated", "hidden"):
        listed = " It is not listed any more." if image["stage"] == "hidden" else ""
        return f"{_since('deprecated', image['deprecated_since'])}{reason}.{listed}"
    return f"It is {image['stage']}."


def _since(state: str, day: str | None) -> str:
    return f"It was {state} on {day}" if day else f"It is {state}"


def _due(image: Data, key: str, verb: str, as_of: str | None) -> str | None:
    """Return when something is done to an image, None where it is done already or no day is set."""
    day = image.get(key)
    if not day or not _DAY.fullmatch(day) or (image["stage"] == "retired" and key == "retire_on"):
        return None
    while_used = image.get("while_used")
    if while_used and (key == "delete_on" or (while_used == "hide" and image["stage"] == "hidden")):
        # Whatever a document says, nothing is deleted while it is in use. And more than hidden it cannot be.
        while_used = "keep"
    if as_of and day <= as_of:
        when = "once nobody uses it" if while_used in ("keep", "hide") else "at any time"
        return f"It was due to be {verb} on {day}, and may be {verb} {when}."
    return f"It is due to be {verb} on {day}{_WHILE_USED.get(while_used or '', '')}."


def _image(image: Data, as_of: str | None, rows: int) -> t.Iterator[str]:
    yield f"## {escaped(image['name'])}"
    yield " ".join(escaped(sentence) for sentence in outlook(image, as_of))
    successor = image["replaced_by"]
    if successor:
        also = _due({**successor, "stage": ""}, "retire_on", "retired", as_of)
        yield f"Use {code(successor['name'])} instead. Its id is {code(successor['id'])}.{f' {also}' if also else ''}"
    else:
        yield "There is no other version that you could use instead yet."
    listed = image["resources"][:rows]
    yield f"Of this image, whose id is {code(image['id'])}, you have {_counted(image)}{':' if listed else '.'}"
    if listed:
        lines = [_COLUMNS, ("---",) * len(_COLUMNS), *map(_row, listed)]
        yield "\n".join(f"| {' | '.join(line)} |" for line in lines)
    left = len(image["resources"]) - len(listed)
    if left:
        yield f"and {left} more."
    if unknown := [f"{kind}s" for kind in _KINDS if image[f"{kind}s"] is None]:
        yield f"Your {' and '.join(unknown)} of it could not be counted: there may be some."


def _counted(image: Data) -> str:
    return " and ".join(count(image[f"{kind}s"], kind) for kind in _KINDS if image[f"{kind}s"])


def _row(resource: Data) -> tuple[str, ...]:
    return (
        escaped(resource["kind"]),
        code(resource["name"]),
        code(resource["id"]),
        escaped((resource["created_at"] or "-")[:10]),
        code(resource["server_id"]),
    )


def code(text: str | None) -> str:
    """Return a text as code, which stands for itself in Markdown, also in a table; a dash for none."""
    words = _UNFIT.sub(lambda match: f"\\u{ord(match[0]):04x}", (text or "").strip())
    return f"`{words}`" if words else "-"
