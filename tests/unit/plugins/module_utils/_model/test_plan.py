# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.plan import DeleteImage, PatchOperation, Plan


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        (PatchOperation("add", "a", "1"), {"op": "add", "path": "/a", "value": "1"}),
        (PatchOperation("replace", "tags", []), {"op": "replace", "path": "/tags", "value": []}),
        (PatchOperation("remove", "a"), {"op": "remove", "path": "/a"}),
        (PatchOperation("remove", "a/b~c"), {"op": "remove", "path": "/a~1b~0c"}),
    ],
)
def test_operations_as_they_are_sent(operation, body):
    assert operation.as_json() == body


def test_a_plan_changes_something_if_it_has_actions():
    action = DeleteImage("name", "why", "id")
    assert not Plan().changed
    assert Plan((action,)).changed
    assert action.as_result() == {"action": "delete", "image": "name", "reason": "why"}
