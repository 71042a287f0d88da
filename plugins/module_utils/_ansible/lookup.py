# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The options of the lookup C(current), and what they ask for."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import check_day
from ansible_collections.xloud.image.plugins.module_utils._model.current import WantedCurrent
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.name import check_template


def wanted_current(terms: t.Iterable[t.Any], options: t.Mapping[str, t.Any]) -> list[WantedCurrent]:
    """
    Return what the options ask for, one for each term, but for the owner, which only a cloud knows by name.

    :raises InputError: An option does not hold what it should.
    """
    visibility, as_of = options["visibility"], options["as_of"] or None
    check_day("as_of", as_of)
    return [WantedCurrent(check_template(term, "_terms"), visibility, as_of=as_of) for term in terms]


def check_known(given: t.Iterable[str], definitions: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
    """
    Make sure that the plugin has all options that are given: Ansible leaves those aside that it has not.

    :param definitions: The options that the plugin documents, by their names.
    :raises InputError: It does not have one.
    """
    known = {*definitions, *(alias for each in definitions.values() for alias in each.get("aliases", ()))}
    for option in sorted(set(given) - known):
        raise InputError(
            option, f"is no option of this lookup. It has {', '.join(sorted(set(definitions) - {'_terms'}))}."
        )
