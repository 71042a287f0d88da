# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in the collection is told where people look for it: README, changelog, site."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text()
PLAYBOOKS = sorted(path.stem for path in CHECKOUT.glob("playbooks/*.yml"))
MODULES = sorted(path.stem for path in CHECKOUT.glob("plugins/modules/*.py"))
PLUGINS = sorted(path.stem for kind in ("filter", "lookup", "test") for path in CHECKOUT.glob(f"plugins/{kind}/*.py"))
ROLES = sorted(path.name for path in CHECKOUT.glob("roles/*"))


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text()) or {}


def told_playbooks() -> set[str]:
    """The playbooks that the changelog names, or will: antsibull-changelog finds all else, but not these."""
    releases = read(CHECKOUT / "changelogs/changelog.yaml")["releases"].values()
    told = [each for release in releases for each in release.get("objects", {}).get("playbook", [])]
    for fragment in CHECKOUT.glob("changelogs/fragments/*.yml"):
        told += read(fragment).get("add object.playbook", [])
    return {each["name"] for each in told}


@pytest.mark.parametrize("name", [*PLAYBOOKS, *MODULES])
def test_the_readme_names_every_playbook_and_module(name):
    assert f"`xloud.image.{name}`" in README


@pytest.mark.parametrize("name", PLUGINS)
def test_the_readme_names_every_plugin(name):
    assert f"`{name}`" in README or f"`xloud.image.{name}`" in README


@pytest.mark.parametrize("name", ROLES)
def test_the_readme_names_every_role(name):
    assert f"role `{name}`" in README


def test_the_changelog_names_every_playbook():
    assert set(PLAYBOOKS) - told_playbooks() == set()


def test_the_site_has_every_page_once():
    sections = read(CHECKOUT / "docs/docsite/extra-docs.yml")["sections"]
    pages = [page for section in sections for page in section["toctree"]]
    assert sorted(pages) == sorted(path.stem for path in CHECKOUT.glob("docs/docsite/rst/*.rst"))
