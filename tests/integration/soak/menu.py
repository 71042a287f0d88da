# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong, and with which requests."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

from fault_proxy import Fault

ALWAYS = 99


@dataclasses.dataclass(frozen=True)
class Operation:
    """
    A kind of request.

    :param service: Which proxy it goes through.
    """

    name: str
    service: str
    method: str
    path: str


def _operations(*rows: tuple[str, str, str, str]) -> dict[str, Operation]:
    return {row[0]: Operation(*row) for row in rows}


OPERATIONS = _operations(
    ("discovery", "identity", "GET", r"/v3/?$"),
    ("authentication", "identity", "POST", r"/auth/tokens$"),
    ("listing", "image", "GET", r"/images$"),
    ("record", "image", "GET", r"/images/[^/]+$"),
    ("creation", "image", "POST", r"/images$"),
    ("upload", "image", "PUT", r"/(file|stage)$"),
    ("import", "image", "POST", r"/import$"),
    ("task", "image", "GET", r"/tasks$"),
    ("change", "image", "PATCH", r"/images/[^/]+$"),
    ("members", "image", "GET", r"/members$"),
    ("share", "image", "POST", r"/members$"),
    ("unshare", "image", "DELETE", r"/members/"),
    ("state", "image", "POST", r"/actions/"),
    ("deletion", "image", "DELETE", r"/images/[^/]+$"),
    ("download", "image", "GET", r"/file$"),
    ("source", "web", "GET", r"."),
)
ANSWERED = "authentication listing record creation task change members share".split()
WRITES = "creation upload import change share unshare state deletion".split()
DATA = "upload download source".split()
ANY = tuple(OPERATIONS)


@dataclasses.dataclass(frozen=True)
class Kind:
    """
    A fault that the proxy makes: a row of the report.

    :param weight: How often, beside the others, it is tried.
    """

    title: str
    operations: tuple[str, ...]
    settings: dict[str, Any]
    weight: int = 2
    choices: dict[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)

    def make(self, rng: random.Random, operation: Operation, count: int, size: int) -> Fault:
        """
        Return the fault as it happens to one of so many requests.

        :param size: About so many bytes are in a body of data.
        """
        settings = dict(self.settings)
        for key, choices in self.choices.items():
            settings[key] = rng.choice(choices)
        if settings.get("moment", "body") in ("body", "answer"):
            settings["at"] = rng.randrange(1, size if operation.name in DATA else 120)
        settings.setdefault("times", rng.choice((1, 1, 1, 1, ALWAYS)))
        return Fault(method=operation.method, path=operation.path, skip=rng.randrange(count), **settings)


BEFORE, AFTER, BODY, ANSWER = ({"moment": each} for each in ("before", "after", "body", "answer"))
KINDS = (
    Kind("Connection reset before the service sees the request", ANY, {"kind": "reset", **BEFORE}),
    Kind("Connection reset once the service has done it", ANY, {"kind": "reset", **AFTER}, 5),
    Kind("Connection reset in the middle of the data", (*DATA,), {"kind": "reset", **BODY}),
    Kind("No answer, and nothing done", ANY, {"kind": "stall", **BEFORE, "times": 1}, 1),
    Kind("No answer, though the service has done it", ANY, {"kind": "stall", **AFTER, "times": 1}, 2),
    Kind("Data that stops flowing", (*DATA,), {"kind": "stall", **BODY, "times": 1}, 1),
    Kind("500, 502 or 504", ANY, {"kind": "error", **BEFORE}, 2, {"status": (500, 502, 504)}),
    Kind(
        "502 or 504, though the service has done it", (*WRITES,), {"kind": "error", **AFTER}, 3, {"status": (502, 504)}
    ),
    Kind("429 or 503 with Retry-After", ANY, {"kind": "error", **BEFORE, "retry_after": 1}, 2, {"status": (429, 503)}),
    Kind("401, the token has expired", (*ANY[2:-1],), {"kind": "expire", **BODY, "times": 1}, 3),
    Kind("401, whatever the token", (*ANY[:-1],), {"kind": "error", **BEFORE, "status": 401}, 1),
    Kind("409", (*WRITES,), {"kind": "error", **BEFORE, "status": 409}),
    Kind("413, a quota is reached", ("creation", "upload", "share"), {"kind": "error", **BEFORE, "status": 413}),
    Kind("Data that ends early", (*DATA,), {"kind": "truncate", **BODY}),
    Kind("Data with a byte changed", (*DATA,), {"kind": "corrupt", **BODY}),
    Kind("Answer that ends early", (*ANSWERED,), {"kind": "truncate", **ANSWER}),
    Kind("Answer of which half is missing", (*ANSWERED,), {"kind": "shorten"}),
    Kind("Answer with a byte changed", (*ANSWERED,), {"kind": "corrupt", **ANSWER}),
    Kind("A page in the place of the answer", ANY, {"kind": "garbage", **BEFORE}),
    Kind("A page in the place of the answer, though done", (*WRITES,), {"kind": "garbage", **AFTER}),
    Kind("Redirect to another place", (*ANY[:-1],), {"kind": "redirect", **BEFORE}, 1),
    Kind("Request that arrives twice", (*WRITES,), {"kind": "twice"}),
    Kind("Slow network", ANY, {"kind": "slow", "times": 9999}, 1),
)
# What happens to processes and disks, at a request.
KILLED_MODULE = "SIGKILL of a module"
KILLED_PLAYBOOK = "SIGKILL of ansible-playbook"
KILLED_GLANCE = "SIGKILL of Glance"
FULL_DISK = "Full disk"
FILE_LIMIT = "Disk that takes no more in the middle of a file"
TITLES = (*(kind.title for kind in KINDS), KILLED_MODULE, KILLED_PLAYBOOK, KILLED_GLANCE, FULL_DISK, FILE_LIMIT)


def killing(rng: random.Random, operation: Operation, count: int, size: int, kill: Callable[[], None]) -> Fault:
    """Return a fault that kills somebody before a request, in the middle of its data, or once it is done."""
    moment: Any = rng.choice(("before", "after", "after", *(["body"] * 2 if operation.name in DATA else [])))
    skip = rng.randrange(count)
    return Fault(
        "reset",
        operation.method,
        operation.path,
        at=rng.randrange(1, size),
        skip=skip,
        moment=moment,
        then=kill,
    )


def choose(rng: random.Random, available: dict[str, int]) -> tuple[Kind, Operation]:
    """
    Return a kind and an operation that it concerns.

    :param available: About so many requests of each operation will be sent.
    """
    kinds = [kind for kind in KINDS if set(kind.operations) & available.keys()]
    kind = rng.choices(kinds, [kind.weight for kind in kinds])[0]
    return kind, choose_operation(rng, available, kind.operations)


def choose_operation(rng: random.Random, available: dict[str, int], operations: tuple[str, ...] = ANY) -> Operation:
    """Return one of the operations: sooner one of those that change something."""
    names = [name for name in operations if name in available]
    return OPERATIONS[rng.choices(names, [4 if name in (*WRITES, *DATA) else 1 for name in names])[0]]
