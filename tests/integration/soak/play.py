# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of modules: each in a process of its own, which can be killed, or in a whole ansible-playbook."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import io
import json
import multiprocessing
import os
import resource
import signal
import sys
import traceback
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

MODULES = ("image_catalog", "image_export", "image_replica")
PACKAGE = "ansible_collections.xloud.image.plugins.modules"
# A run that takes longer has no end.
PATIENCE = 90


@dataclasses.dataclass(frozen=True)
class Outcome:
    """
    What came of a run.

    :param result: What the module returned, None where it did not come to that.
    :param crash: The traceback of one that ended without a result, or words for it.
    """

    result: dict[str, Any] | None
    output: str
    crash: str = ""
    killed: bool = False

    @property
    def is_ok(self) -> bool:
        return self.result is not None and not self.result.get("failed")

    @property
    def message(self) -> str:
        return str((self.result or {}).get("msg", self.crash))


class Run:
    """A module that runs in a process of its own, forked from one that has imported everything."""

    def __init__(
        self, module: str, args: dict[str, Any], env: dict[str, str], *, file_limit: int | None = None
    ) -> None:
        context = _prepared_context()
        self._ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_play, args=[theirs, module, args, env, file_limit], daemon=True)
        self._process.start()
        self._killed = False
        theirs.close()

    def kill(self) -> None:
        if self._process.pid:
            self._killed = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    def wait(self) -> Outcome:
        message: tuple[str, str, str] | None = None
        try:
            if self._ours.poll(PATIENCE):
                with contextlib.suppress(EOFError):
                    message = self._ours.recv()
            elif not self._killed:
                self.kill()
                return Outcome(None, "", f"it has not ended after {PATIENCE} seconds")
        finally:
            self._process.join(PATIENCE)
        if message is None:
            return Outcome(None, "", "" if self._killed else "it ended without a word", self._killed)
        printed, errors, crash = message
        try:
            return Outcome(json.loads(printed), printed + errors, crash, self._killed)
        except ValueError:
            return Outcome(None, printed + errors, crash or "it printed no result", self._killed)


@functools.cache
def _prepared_context() -> ForkServerContext:
    """Return what forks processes from one that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["soak.preload"])
    # It looks for what it preloads where any Python does, and says nothing if that is not there.
    kept = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    try:
        forkserver.ensure_running()
    finally:
        if kept is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = kept
    return context


def _play(pipe: Connection, module: str, args: dict[str, Any], env: dict[str, str], file_limit: int | None) -> None:
    from ansible.module_utils import basic

    from ansible_collections.xloud.image.plugins.module_utils._cloud import claims
    from ansible_collections.xloud.image.plugins.module_utils._data import web
    from ansible_collections.xloud.image.plugins.module_utils._model import upload

    os.environ.update(env)
    sys.dont_write_bytecode = True
    # How long a server of the web may give no sign of life is no option of a module.
    web.READ_SECONDS = 3
    # Nobody else is at work, and what is sent is small: nobody has to wait for minutes for a sign of life.
    claims.LEASE_SECONDS = upload.LEASE_SECONDS = 5.0
    claims._PAUSE_SECONDS = 0.5
    if file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    settings = {"_ansible_check_mode": args.pop("check_mode", False), "_ansible_diff": True, **args}
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": settings}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    printed, errors, crash = io.StringIO(), io.StringIO(), ""
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors):
        try:
            importlib.import_module(f"{PACKAGE}.{module}").main()
        except SystemExit:
            pass
        except BaseException:
            crash = traceback.format_exc()
    pipe.send((printed.getvalue(), errors.getvalue(), crash))
    pipe.close()
    os._exit(0)


def environment(folder: Path) -> dict[str, str]:
    """What keeps the temporary files and the caches of a run in a folder, where they can be looked for."""
    for name in ("tmp", "cache"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {"TMPDIR": str(folder / "tmp"), "XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder)}
