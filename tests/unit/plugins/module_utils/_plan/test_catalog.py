# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which stage each version of a catalogue belongs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import STAGES, parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._plan.catalog import as_loop, place

NAME = "ubuntu-24.04-base"


def template(stages, **settings):
    versions = {f"1.{number}": {"stage": stage} for number, stage in enumerate(stages)}
    return parse_catalog({NAME: {"visibility": "shared", "versions": versions, **settings}}, {}, "")[0]


def placed(stages, **settings):
    return [(str(each.version.name.version), each.stage) for each in place(template(stages, **settings))]


@pytest.mark.parametrize(
    ("stages", "settings", "expected"),
    [
        (["published"], {}, [("1.0", "published")]),
        (["published"] * 3, {}, [("1.2", "published"), ("1.1", "deprecated"), ("1.0", "deprecated")]),
        (
            ["published"] * 3,
            {"retention": {"visible": 2}},
            [("1.2", "published"), ("1.1", "deprecated"), ("1.0", "hidden")],
        ),
        (["published"] * 2, {"retention": {"visible": 1}}, [("1.1", "published"), ("1.0", "hidden")]),
        (["published", "staged"], {}, [("1.0", "published"), ("1.1", "staged")]),
        (["staged"], {}, [("1.0", "staged")]),
        (["retired", "published"], {}, [("1.1", "published"), ("1.0", "retired")]),
        (["published"] * 2, {"current": "1.0"}, [("1.0", "published"), ("1.1", "deprecated")]),
        (
            ["published"] * 3,
            {"current": "1.0", "retention": {"visible": 2}},
            [("1.0", "published"), ("1.2", "deprecated"), ("1.1", "hidden")],
        ),
    ],
)
def test_stages(stages, settings, expected):
    assert placed(stages, **settings) == expected


def test_what_is_superseded_names_the_current_version():
    found = {
        str(each.version.name.version): each.replaced_by
        for each in place(template(["retired", *["published"] * 2, "staged"]))
    }
    assert found == {"1.0": f"{NAME}-v1.2", "1.1": f"{NAME}-v1.2", "1.2": None, "1.3": None}


@given(st.lists(st.sampled_from(STAGES), min_size=1, max_size=8), st.integers(1, 9))
def test_whatever_the_document_says(stages, visible):
    found = place(template(stages, retention={"visible": visible}))
    assert len(found) == len(stages)
    current = [each for each in found if each.stage == "published"]
    assert len(current) == min(1, stages.count("published"))
    assert sum(each.stage in ("published", "deprecated") for each in found) <= visible
    assert all(
        each.replaced_by == str(current[0].version.name) for each in found if each.stage in ("deprecated", "hidden")
    )


def test_rows_for_tasks():
    (row,) = as_loop([template(["published"], members=["team-a"], min_ram=512)])
    assert row == {
        "min_ram": 512,
        "name": f"{NAME}-v1.0",
        "template": NAME,
        "version": "1.0",
        "source": None,
        "checksum": None,
        "stage": "published",
        "visibility": "shared",
        "members": ["team-a"],
        "members_exact": False,
        "replaced_by": None,
        "reason": None,
    }
