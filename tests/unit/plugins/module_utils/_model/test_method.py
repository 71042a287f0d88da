# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.method import (
    check_method,
    choose_methods,
    needs_offer,
    preferred_methods,
)
from ansible_collections.xloud.image.plugins.module_utils._model.source import CloudSource, Source, Upload
from ansible_collections.xloud.image.tests.unit.fakes.samples import checksum

FILE, URL = Source("/images/a.raw"), Source("https://host/a.raw")
ELSEWHERE = CloudSource("cloud x", "a", "id-1")
SHA256, SHA512 = checksum("sha256"), checksum("sha512")
TWO = ("main", "archive")


def upload(source, method="auto", declared=None, stores=(), compression=None):
    return Upload(source, declared, None, method, stores, compression=compression)


@pytest.mark.parametrize(
    ("wanted", "neighbour", "ways"),
    [
        (upload(FILE), False, ("direct",)),
        (upload(FILE, stores=("main",)), False, ("direct",)),
        (upload(FILE, stores=TWO), False, ("glance-direct", "direct")),
        (upload(URL), False, ("direct",)),
        (upload(URL, "web-download"), False, ("web-download",)),
        (upload(URL, declared=SHA512), False, ("web-download", "direct")),
        (upload(Source("https://me:hunter2@host/a.raw"), declared=SHA512), False, ("direct",)),
        (upload(Source("https://host/a.raw?sig=x"), declared=SHA512), False, ("direct",)),
        (upload(Source("https://host/a.raw?sig=x"), "web-download"), False, ("web-download",)),
        (upload(URL, declared=SHA256), False, ("direct",)),
        (upload(URL, compression="xz"), False, ("direct",)),
        (upload(URL, stores=TWO), False, ("glance-direct", "direct")),
        (upload(URL, declared=SHA512, stores=TWO), False, ("web-download", "glance-direct", "direct")),
        (upload(ELSEWHERE), False, ("direct",)),
        (upload(ELSEWHERE, declared=SHA512), True, ("glance-download", "direct")),
        (upload(ELSEWHERE, declared=SHA256), True, ("direct",)),
        (upload(URL, "glance-direct"), False, ("glance-direct",)),
        (upload(ELSEWHERE, "glance-download"), False, ("glance-download",)),
    ],
)
def test_the_best_way_comes_first(wanted, neighbour, ways):
    assert preferred_methods(wanted, neighbour=neighbour) == ways
    assert needs_offer(ways) is (ways != ("direct",))


@pytest.mark.parametrize(
    ("preferred", "offered", "chosen"),
    [
        (("direct",), (), ("direct",)),
        (("web-download", "direct"), (), ("direct",)),
        (("web-download", "direct"), ("web-download",), ("web-download", "direct")),
        (("glance-direct", "direct"), ("glance-direct",), ("glance-direct",)),
        (("glance-direct", "direct"), ("copy-image",), ("direct",)),
        (("web-download", "glance-direct", "direct"), ("glance-direct",), ("glance-direct",)),
        (("glance-download",), ("glance-download",), ("glance-download",)),
    ],
)
def test_what_is_offered_is_taken_and_data_is_sent_by_one_way_alone(preferred, offered, chosen):
    assert choose_methods(preferred, offered, "cloud x") == chosen


@pytest.mark.parametrize(("offered", "words"), [((), "none"), (("b", "a"), "a, b")])
def test_what_is_not_offered_is_an_error(offered, words):
    with pytest.raises(CloudError, match=rf"cloud x does not offer .*glance-direct \(it offers: {words}\)"):
        choose_methods(("glance-direct",), offered, "cloud x")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (upload(FILE, "web-download"), "web-download takes a URL, and /images/a.raw is none"),
        (upload(ELSEWHERE, "web-download"), "web-download takes a URL, and a of cloud x is none"),
        (upload(URL, "web-download", SHA256), "web-download cannot be verified by sha256:"),
        (upload(URL, "web-download", compression="gz"), "brings data in as it is, and .* is compressed with gz"),
        (upload(FILE, "glance-download"), "glance-download takes an image of another region"),
        (upload(ELSEWHERE, "glance-download", SHA256), "glance-download cannot be verified by sha256:"),
    ],
)
def test_a_source_cannot_take_every_way(wanted, message):
    with pytest.raises(InputError, match=f"import_method: .*{message}"):
        check_method(wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        upload(FILE),
        upload(FILE, "glance-direct", SHA256),
        upload(URL, "web-download", SHA512),
        upload(URL, "direct", SHA256, compression="gz"),
        upload(ELSEWHERE, "glance-download", SHA512),
    ],
)
def test_other_ways_are_open(wanted):
    check_method(wanted)
