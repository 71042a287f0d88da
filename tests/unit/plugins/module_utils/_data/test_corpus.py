# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every file of the corpus, from the disk and from the web, up to where it would be sent."""

from __future__ import annotations

import re

import pytest

from ansible_collections.xloud.image.plugins.module_utils._data.source import open_upload, read_facts
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.limit import parse_size
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source
from ansible_collections.xloud.image.plugins.module_utils._model.template import Template
from ansible_collections.xloud.image.plugins.module_utils._plan.template import plan_template, source_need
from ansible_collections.xloud.image.tests.unit.fakes.corpus import HOSTILE, LEGITIMATE, Bench

NAME = ImageName.parse("ubuntu-24.04-base-v1.0")


@pytest.fixture
def bench(tmp_path, qemu_img):
    return Bench(tmp_path, qemu_img)


def plan(source, case):
    """Plan the image as the module does, and return its creation."""
    options = {**case.options, "max_virtual_size": parse_size(case.options.get("max_virtual_size"))}
    wanted = Template(NAME, source=source, import_method="direct", **options)
    facts = read_facts(source, source_need(wanted, ()), keep=wanted.keep)
    return plan_template(wanted, (), facts).actions[0]


def send(upload):
    """Return what reaches the cloud, and the error that stops it."""
    sent = 0
    try:
        with open_upload(upload, {"sha512"}) as stream:
            for block in stream:
                sent += len(block)
    except ImageError as exc:
        return sent, exc
    return sent, None


def by_name(cases):
    return [pytest.param(case, id=str(case)) for case in cases]


def test_the_corpus_is_large():
    assert len(HOSTILE) >= 60
    assert len({case.title for case in HOSTILE}) == len(HOSTILE)
    assert len({case.title for case in LEGITIMATE}) == len(LEGITIMATE)


@pytest.mark.parametrize("case", by_name(HOSTILE))
def test_a_hostile_file_is_refused(case, bench):
    path = bench.make(case)
    with pytest.raises(ImageError) as error:
        plan(Source(str(path)), case)
    assert re.search(case.refused, error.value.message), error.value.message


@pytest.mark.parametrize("case", by_name(HOSTILE))
def test_a_hostile_file_from_the_web_never_arrives_whole(case, bench, web):
    data = bench.make(case).read_bytes()
    source = Source(web.put(f"/{case.name}", data))
    try:
        sent, error = send(plan(source, case).upload)
    except ImageError as exc:
        sent, error = 0, exc
    assert error is not None, f"{sent} bytes were sent"
    assert re.search(case.refused, error.message), error.message


@pytest.mark.parametrize("case", by_name(LEGITIMATE))
@pytest.mark.parametrize("place", ["disk", "web"])
def test_a_legitimate_file_passes(case, place, bench, web):
    path = bench.make(case)
    source = Source(str(path) if place == "disk" else web.put(f"/{case.name}", path.read_bytes()))
    create = plan(source, case)
    assert create.body["disk_format"] == case.disk_format
    sent, error = send(create.upload)
    assert error is None
    assert sent >= path.stat().st_size or create.upload.compression
