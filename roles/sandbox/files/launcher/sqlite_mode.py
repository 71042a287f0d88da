# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make SQLite queue concurrent transactions instead of refusing them.

oslo.db opens a transaction with a deferred BEGIN. One that reads first and writes later cannot wait for another writer:
SQLite answers "database is locked" at once, whatever the timeout. With the write lock taken at BEGIN the busy timeout
works, and with the write-ahead log reading goes on beside writing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

PRAGMAS = ("busy_timeout=60000", "journal_mode=WAL")


def queue_transactions() -> None:
    """Do so in every engine that this process will make."""
    event.listen(Engine, "connect", _set_pragmas)
    event.listen(Engine, "before_cursor_execute", _begin_immediate, retval=True)


def _set_pragmas(connection: Any, _record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(
    connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _executemany: bool
) -> tuple[str, Any]:
    if statement == "BEGIN" and connection.dialect.name == "sqlite":
        statement = "BEGIN IMMEDIATE"
    return statement, parameters
