# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The properties of tests/unit/test_fuzz.py with random examples, guided by the code that they reach, for a while."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

from stage import Stage
from workspace import PYTHON, WORK, provide, requirements, virtual_environment

# One that takes longer hangs, and one that takes more is not bounded.
SECONDS_OF_AN_EXAMPLE = 30
MEGABYTES = 1024


def tools() -> Path:
    """The bin folder of what fuzzing takes, which the other stages do not need."""
    wanted = ["atheris", "ansible-core==2.19.*", "hypothesis", "zstandard", *requirements("requirements.txt")]
    return virtual_environment("fuzz", PYTHON, wanted)


def fuzz(stage: Stage) -> None:
    """every property for its share of FUZZ_SECONDS, from FUZZ_SEED"""
    seconds = int(os.environ.get("FUZZ_SECONDS") or 300)
    seed = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(1, 2**31))
    provide("qemu-img", "qemu-utils")
    stage.say(f"\nFUZZ_SECONDS={seconds} FUZZ_SEED={seed}\n")
    python = {"PYTHONPATH": str(stage.tree), "PYTHONDONTWRITEBYTECODE": "1"}
    drive = (stage.tools / "python", stage.collection / "tests/fuzz/drive.py")
    names = re.findall(r"^test_\w+$", stage.run(*drive, env=python).output, re.MULTILINE)
    total = 0
    for name in names:
        corpus = WORK / "fuzz" / name
        corpus.mkdir(parents=True, exist_ok=True)
        limits = (f"-max_total_time={max(1, seconds // len(names))}", f"-seed={seed}")
        guards = (f"-timeout={SECONDS_OF_AN_EXAMPLE}", f"-rss_limit_mb={MEGABYTES}", f"-artifact_prefix={corpus}.")
        result = stage.run(*drive, name, *limits, *guards, corpus, env=python)
        done = re.search(r"^Done (\d+) runs", result.output, re.MULTILINE)
        total += int(done[1]) if done else 0
        stage.record(name, result.succeeded and done is not None)
    print(f"fuzz: {total} examples, FUZZ_SECONDS={seconds} FUZZ_SEED={seed}", flush=True)
