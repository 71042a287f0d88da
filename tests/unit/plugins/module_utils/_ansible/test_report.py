# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._ansible.report import exit_with, report_errors
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ConflictError, DataError
from ansible_collections.xloud.image.plugins.module_utils._model.plan import DeleteImage, Plan
from ansible_collections.xloud.image.tests.unit.fakes.samples import image


class Ended(Exception):  # noqa: N818
    """The module ended with this result."""


class FakeModule:
    def __init__(self, **params):
        self.params = {"cloud": None, **params}
        self.no_log_values = set()

    def exit_json(self, **result):
        raise Ended(result)

    def fail_json(self, **result):
        raise Ended({"failed": True, **result})


def result_of(module, error):
    with pytest.raises(Ended) as ended, report_errors(module):
        raise error
    return ended.value.args[0]


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (DataError("No."), {"msg": "No.", "actions": []}),
        (ConflictError("No.", 409, actions=[1]), {"msg": "No.", "status": 409, "actions": [1]}),
    ],
)
def test_errors_become_results(error, result):
    assert result_of(FakeModule(), error) == {"failed": True, **result}


@pytest.mark.parametrize(
    ("missing", "library"),
    [("openstack", "openstacksdk"), ("oslo_utils.imageutils", "oslo.utils"), ("keystoneauth1", "keystoneauth1")],
)
def test_a_missing_library_is_called_as_it_is_installed(missing, library):
    result = result_of(FakeModule(), ModuleNotFoundError(f"No module named {missing!r}", name=missing))
    assert f"({library})" in result["msg"]


def test_a_fault_of_ours_is_not_hidden():
    result = result_of(FakeModule(), ZeroDivisionError("odd"))
    assert "a fault of the collection" in result["msg"]
    assert "ZeroDivisionError('odd')" in result["msg"]
    assert result["exception"].endswith("ZeroDivisionError: odd\n")


def test_secrets_are_known_before_anything_can_fail():
    module = FakeModule(source="https://me:hunter2@host/a?sig=x", cloud={"auth": {"password": "s3cret"}})
    result_of(module, DataError("No."))
    assert module.no_log_values == {"hunter2", "sig=x", "s3cret"}


def test_an_address_that_is_none_fails_like_any_other_error():
    with pytest.raises(Ended), report_errors(FakeModule(source="http://[::1/a")):
        raise DataError("No.")


def test_a_result_says_what_was_done():
    plan = Plan((DeleteImage("a", "why", "id"),), {"x": 1}, {"x": 2}, None)
    with pytest.raises(Ended) as ended:
        exit_with(FakeModule(), plan, image(), path="/a")
    assert ended.value.args[0] == {
        "changed": True,
        "image": image().as_result(),
        "actions": [{"action": "delete", "image": "a", "reason": "why"}],
        "diff": {"before": {"x": 1}, "after": {"x": 2}},
        "path": "/a",
    }


def test_nothing_done_is_no_change():
    with pytest.raises(Ended) as ended:
        exit_with(FakeModule(), Plan(), None)
    assert (ended.value.args[0]["changed"], ended.value.args[0]["image"]) == (False, None)
