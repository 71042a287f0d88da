# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.stores import check_stores, choose_stores

KNOWN = ("main", "archive")


@pytest.mark.parametrize(
    ("named", "everywhere", "chosen"),
    [
        (["archive"], False, ("archive",)),
        (["main", "archive", "main"], False, ("main", "archive")),
        (None, True, ("archive", "main")),
    ],
)
def test_each_store_is_chosen_once(named, everywhere, chosen):
    assert choose_stores(named, everywhere, KNOWN) == chosen


def test_a_store_that_is_not_there():
    with pytest.raises(InputError, match="x.stores: the cloud has no store a, b .* It has archive, main"):
        choose_stores(["main", "b", "a"], False, KNOWN, "x.stores")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((["main"], True, False), "x.all_stores: contradicts stores"),
        (([], False, False), "x.stores: names no store"),
        ((None, False, True), "x.stores_exact: needs stores"),
    ],
)
def test_what_does_not_go_together(given, message):
    with pytest.raises(InputError, match=message):
        check_stores(*given, "x.")


@pytest.mark.parametrize("given", [(None, False, False), (["main"], False, True), (None, True, True)])
def test_what_goes_together(given):
    check_stores(*given)
