# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
A cloud with servers and volumes, the teams that use it, and the team that keeps its images.

OS_CLIENT_CONFIG_FILE names the clouds.yaml of a sandbox that runs Nova and Cinder too.
"""

from __future__ import annotations

import contextlib
import json
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Cloud
from credentials import application_credential

from consumers.people import Catalogue, Team

SECURITY = Path(__file__).parents[3] / "docs/docsite/rst/security.rst"


@pytest.fixture(scope="session")
def usage_rules() -> list[dict[str, str]]:
    """The access rules of credentials that ask who uses an image, as the documentation gives them."""
    block = re.search(r":caption: usage-rules\.json\n\n(.+?)\n(?=\S)", SECURITY.read_text(), re.DOTALL)
    assert block
    return json.loads(textwrap.dedent(block[1]))


@pytest.fixture(scope="session")
def usage_cloud(admin: Cloud, clouds: dict[str, Any], usage_rules: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """Such credentials of an administrator."""
    settings = {"roles": [{"name": "admin"}], "access_rules": usage_rules}
    with application_credential(admin, clouds["sandbox-admin"], **settings) as cloud:
        yield cloud


@pytest.fixture
def team_of(tmp_path: Path) -> Iterator[Callable[[str], Team]]:
    """The team of a cloud, whose servers and volumes are gone after the test."""
    with contextlib.ExitStack() as stack:

        def make(cloud: str) -> Team:
            team = Team(cloud, tmp_path)
            stack.callback(team.leave)
            return team

        yield make


@pytest.fixture
def team(name: str, team_of: Callable[[str], Team]) -> Team:
    """A team that starts servers. It is gone before the images are."""
    return team_of("sandbox-team-a")


@pytest.fixture
def other_team(name: str, team_of: Callable[[str], Team]) -> Team:
    return team_of("sandbox-team-b")


@pytest.fixture
def catalogue(template: str, tmp_path: Path, operator: Cloud, usage_cloud: dict[str, Any]) -> Catalogue:
    """One template, kept by a member of a project, for whom other credentials ask who uses what."""
    return Catalogue(template, tmp_path, operator, xloud_image_cloud="sandbox-operator", image_usage_cloud=usage_cloud)
