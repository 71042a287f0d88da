# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a role documents and what it does by default are the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).parents[2] / "roles"
NAMES = sorted(path.name for path in ROLES.glob("*"))


def load(path: Path) -> dict:
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}


def options_of(role: str) -> dict[str, dict]:
    """The options of every entry point of a role."""
    entry_points = load(ROLES / role / "meta/argument_specs.yml")["argument_specs"]
    return {name: option for entry in entry_points.values() for name, option in entry["options"].items()}


def test_the_promised_roles_are_there():
    assert set(NAMES) >= {"catalog", "export", "replication", "report", "sandbox", "sharing"}


@pytest.mark.parametrize("role", NAMES)
def test_documented_defaults_are_the_defaults(role):
    documented = {name: option["default"] for name, option in options_of(role).items() if "default" in option}
    assert documented == load(ROLES / role / "defaults/main.yml")


@pytest.mark.parametrize("role", NAMES)
def test_options_are_typed_and_described(role):
    incomplete = [name for name, option in options_of(role).items() if not {"type", "description"} <= set(option)]
    assert options_of(role)
    assert incomplete == []


@pytest.mark.parametrize("role", NAMES)
def test_required_options_have_no_default(role):
    assert [name for name, option in options_of(role).items() if option.get("required") and "default" in option] == []


@pytest.mark.parametrize("role", NAMES)
def test_variables_begin_with_the_name_of_the_role(role):
    assert [name for name in options_of(role) if not name.startswith(f"{role}_")] == []
    internal = load(ROLES / role / "vars/main.yml")
    assert [name for name in internal if not name.startswith((f"{role}_", f"__{role}_"))] == []


@pytest.mark.parametrize("role", NAMES)
def test_role_has_a_readme(role):
    assert (ROLES / role / "README.md").is_file()
