# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The stores that an image is to be in."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError


def choose_stores(
    named: t.Sequence[str] | None, everywhere: bool, known: t.Collection[str], option: str = "stores"
) -> tuple[str, ...]:
    """
    Return the stores that are meant, each once: all of them, or those that are named.

    :param known: The stores of the cloud that can be written to.
    :raises InputError: One that is named is not among them.
    """
    if everywhere:
        return tuple(sorted(known))
    unknown = sorted({*(named or ())} - {*known})
    if unknown:
        raise InputError(
            option,
            f"the cloud has no store {', '.join(unknown)} that can be written to. It has {', '.join(sorted(known))}.",
        )
    return tuple(dict.fromkeys(named or ()))


def check_stores(stores: t.Sequence[str] | None, everywhere: bool, exact: bool, path: str = "") -> None:
    """
    Make sure that options about stores go together.

    :param path: What comes before the names of the options.
    :raises InputError: They do not.
    """
    if stores is not None and everywhere:
        raise InputError(f"{path}all_stores", "contradicts stores. Give one of them.")
    if stores is not None and not stores:
        raise InputError(f"{path}stores", "names no store. Name one, or leave the option out.")
    if exact and stores is None and not everywhere:
        raise InputError(f"{path}stores_exact", "needs stores, or all_stores: without them no store is wanted.")
