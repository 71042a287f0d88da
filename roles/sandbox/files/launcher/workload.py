# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Become one of the services of servers and volumes: ``workload.py DIRECTORY SERVICE``."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import NoReturn

from layout import HOST, Layout


def main(root: str, service: str) -> None:
    layout = Layout(Path(root))
    software = layout.software(service)
    # Only now: what a process is started with is seen from outside.
    os.environ.update(layout.environment(service))
    sys.argv = [service, *layout.arguments(service)]
    if software.application:
        serve(layout, service)
    else:
        importlib.import_module(software.program).main()


def serve(layout: Layout, service: str) -> NoReturn:
    # Not above: what the other programs are made of must be the first to choose its kind of threads.
    from access_log import AccessLog
    from server import make_server

    program = importlib.import_module(layout.software(service).application)
    application = AccessLog(program.application, layout.log(f"{service}-access"))
    # The port is opened once the service is loaded, which tells the launcher so.
    make_server(HOST, layout.port(service), application).serve_forever()
    raise AssertionError("not reached")


if __name__ == "__main__":
    main(*sys.argv[1:])
