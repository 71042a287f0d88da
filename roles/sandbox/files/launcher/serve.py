# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the services of a sandbox, each in a process of its own, until one of them ends or this launcher is told to stop.

Half a cloud is none: when a service ends, the others are ended too, and the state says which one it was.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import sys
import threading
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from access_log import AccessLog
from instance import Instance, ServiceEndedError, State
from layout import HOST, Layout, keep_log
from ports import bind
from probe import Probe
from server import make_server
from sqlite_mode import queue_transactions

LISTEN_QUEUE = 1024
PATIENCE = 120


class Launcher:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._instance = Instance(layout)
        self._state = State()
        self._children: dict[int, str] = {}

    def run(self) -> None:
        # The lock lives as long as a process has it open: it is never given back by hand.
        self._lock = self._instance.hold()
        # So does the writing end of this pipe, here alone: its closing tells the services that the launcher was killed.
        self._lifeline, self._writing_end = os.pipe()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            ports = [self._layout.port(service) for service in self._layout.services]
            self._record(phase="starting", digest=self._layout.digest(), ports=ports)
            self._start_services()
            self._warm_up()
            self._record(phase="ready")
            raise self._ended_service(os.wait())
        except (ServiceEndedError, OSError) as error:
            self._record(phase="failed", service=getattr(error, "service", ""), reason=str(error))
            raise
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.killpg(0, signal.SIGTERM)

    def _record(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        self._instance.record(self._state)

    def _start_services(self) -> None:
        sockets = {service: listen(self._layout.port(service)) for service in self._layout.services}
        for service in self._layout.services:
            pid = os.fork()
            if not pid:
                os.close(self._writing_end)
                serve(service, self._layout, sockets, self._lifeline)
            self._children[pid] = service
        # The services alone keep their sockets, so that a request to one that ended fails at once.
        for bound in sockets.values():
            bound.close()
        self._record(pids={"launcher": os.getpid(), **{name: pid for pid, name in self._children.items()}})

    def _warm_up(self) -> None:
        try:
            Probe(self._layout, PATIENCE).run()
        except OSError:
            self._raise_if_service_ended()
            raise

    def _raise_if_service_ended(self) -> None:
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            ended = os.waitpid(-1, os.WNOHANG)
            if ended[0]:
                raise self._ended_service(ended)
            time.sleep(0.05)

    def _ended_service(self, ended: tuple[int, int]) -> ServiceEndedError:
        pid, status = ended
        return ServiceEndedError(self._children.pop(pid), os.waitstatus_to_exitcode(status))


def listen(port: int) -> socket.socket:
    bound = bind(port)
    bound.listen(LISTEN_QUEUE)
    return bound


def serve(service: str, layout: Layout, sockets: dict[str, socket.socket], lifeline: int) -> NoReturn:
    """Become a service; never return to the code of the launcher."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        threading.Thread(target=end_with, args=[lifeline], daemon=True).start()
        write_output_to(layout.log(service))
        for name, bound in sockets.items():
            if name != service:
                bound.close()
        prepare_environment(service, layout)
        queue_transactions()
        program = importlib.import_module(layout.software(service).application)
        forget = layout.software(service).forget
        if forget:
            signal.signal(signal.SIGHUP, lambda *_: importlib.import_module(forget).forget())
        application = AccessLog(program.application, layout.log(f"{service}-access"))
        bound = sockets[service]
        make_server(HOST, layout.port(service), application, bound.fileno()).serve_forever()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def end_with(lifeline: int) -> NoReturn:
    os.read(lifeline, 1)
    os._exit(1)


def write_output_to(log: Path) -> None:
    """Start a fresh log."""
    keep_log(log)
    opened = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(opened, sys.stdout.fileno())
    os.dup2(opened, sys.stderr.fileno())


def prepare_environment(service: str, layout: Layout) -> None:
    os.environ.update(layout.environment(service))
    # Keystone reads the command line where it finds no uWSGI.
    sys.argv[1:] = []


if __name__ == "__main__":
    Launcher(Layout(Path(sys.argv[1]))).run()
