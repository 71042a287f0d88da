# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the databases of Nova to the current schema: ``nova_schema.py --config-file NOVA.CONF``.

Repeating it is harmless. In one process, which is a third of the time that the commands of nova-manage would take.
"""

from __future__ import annotations

import sys

# Reads the command line for the kind of threads, and before anything else of Nova.
from nova.cmd import manage  # isort: skip
from nova import config, context, objects

# Filled in from the configuration each time, so that a moved directory or another port does no harm.
TRANSPORT = "{scheme}://{username}:{password}@{hostname}:{port}/"
CELL = "{scheme}://{username}@{hostname}/nova?{query}"
CELL0 = "{scheme}://{username}@{hostname}/nova_cell0?{query}"


def main() -> None:
    config.parse_args(["nova-manage", *sys.argv[1:]])
    objects.register_all()
    manage.ApiDbCommands().sync()
    cells = manage.CellV2Commands()
    cells.map_cell0(database_connection=CELL0)
    manage.DbCommands().sync()
    if not has_cell():
        cells.create_cell(name="cell1", transport_url=TRANSPORT, database_connection=CELL)


def has_cell() -> bool:
    mappings = objects.CellMappingList.get_all(context.get_admin_context())
    return any(not mapping.is_cell0() for mapping in mappings)


if __name__ == "__main__":
    main()
