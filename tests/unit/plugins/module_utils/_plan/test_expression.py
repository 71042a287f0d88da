# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Expressions of Jinja, as far as files tell what they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._model.conversion import Opaque
from ansible_collections.xloud.image.plugins.module_utils._plan.expression import COMPUTED, OMITTED, resolve

SECRET = Opaque("encrypted")
VARIABLES = {
    "name": "Ubuntu",
    "count": 2,
    "flag": True,
    "nothing": "",
    "item": {"name": "a", "with": {"dash-ed": "b"}, "list": ["x", "y"], "bare": None},
    "folder": "/images/{{ name }}",
    "again": "{{ folder }}",
    "loop": "{{ loop }}",
    "secret": SECRET,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        (5, 5),
        ("{{ name }}", "Ubuntu"),
        ("{{name}}", "Ubuntu"),
        ("{{- count -}}", 2),
        ("{{ flag }}", True),
        ("{{ item.name }}", "a"),
        ("{{ item['name'] }}", "a"),
        ('{{ item["with"]["dash-ed"] }}', "b"),
        ("{{ item.list[1] }}", "y"),
        ("{{ again }}/u.img", "/images/Ubuntu/u.img"),
        ("{{ name }}-{{ count }}", "Ubuntu-2"),
        ("{{ count | int }}", 2),
        ("{{ item.none | default(omit) }}", OMITTED),
        ("{{ item.none|default( omit , true ) }}", OMITTED),
        ("{{ item.none | default('x') }}", "x"),
        ("{{ item.none | default(5) | int }}", 5),
        ("{{ item.none | default(false) }}", False),
        ("{{ item.none | default([]) }}", []),
        ("{{ item.name | default('x') }}", "a"),
        ("{{ nothing | default('x') }}", ""),
        ("{{ nothing | default('x', true) }}", "x"),
        ("{{ omit }}", OMITTED),
        ("{{ item.with | dict2items }}", [{"key": "dash-ed", "value": "b"}]),
        (["{{ name }}", "{{ omit }}"], ["Ubuntu"]),
        ({"a": "{{ name }}", "b": "{{ omit }}"}, {"a": "Ubuntu"}),
        ("{{ secret }}", SECRET),
        ("a {{ secret }}", SECRET),
        ("{{ secret.part }}", SECRET),
        ("{{ secret | default('x') }}", SECRET),
    ],
)
def test_what_can_be_told(text, value):
    found = resolve(text, VARIABLES)
    assert found is value if value is OMITTED else found == value


@pytest.mark.parametrize(
    "text",
    [
        "{{ unknown }}",
        "{{ unknown | default('x') }}",
        "{{ item.none }}",
        "{{ name | upper }}",
        "{{ name + 'x' }}",
        "{{ lookup('env', 'HOME') }}",
        "{{ name if flag else count }}",
        "{% if flag %}a{% endif %}",
        "{{ name }}{% if flag %}a{% endif %}",
        "{{ name }} {{ unclosed",
        "{{ 'a}}b' }}",
        "{{ item }} as text",
        "{{ flag }} as text",
        "{{ loop }}",
        "{# nothing #}",
    ],
)
def test_what_cannot(text):
    assert resolve(text, VARIABLES) == COMPUTED


@given(st.text(alphabet="{}%# |.'[]()abname_item01", max_size=40))
def test_nothing_that_is_left_holds_an_expression(text):
    found = resolve(text, VARIABLES)
    assert not isinstance(found, str) or "{{" not in found or "{{" in "".join(map(str, VARIABLES.values()))
