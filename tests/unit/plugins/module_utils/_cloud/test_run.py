# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many steps: in order where they must be, side by side where they may be, and what failures leave out."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.run import run_steps
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    BusyError,
    CloudError,
    InUseError,
    PlanError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    CreateImage,
    DeleteImage,
    PatchOperation,
    Plan,
    Step,
    UpdateImage,
)
from ansible_collections.xloud.image.plugins.module_utils._model.run import Outcome
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, Upload
from ansible_collections.xloud.image.tests.unit.fakes.samples import DATA, image

PATIENCE = 10


@dataclass
class Script:
    """
    An applier that does what it is told, and remembers when it began and ended what.

    :param errors: What comes of the steps on some images.
    :param meeting: Steps go on only once so many of them have begun.
    """

    errors: dict[str, BaseException] = field(default_factory=dict)
    meeting: threading.Barrier | None = None
    log: list[str] = field(default_factory=list)
    given: dict[str, object] = field(default_factory=dict)
    busy: int = 0
    busiest: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def attempt(self, plan, image):
        name = plan.before["step"]
        with self.lock:
            self.log.append(f"begin {name}")
            self.given[name] = image
            self.busy += 1
            self.busiest = max(self.busy, self.busiest)
        if self.meeting:
            self.meeting.wait(PATIENCE)
        with self.lock:
            self.log.append(f"end {name}")
            self.busy -= 1
        error = self.errors.get(name)
        if error is not None and not isinstance(error, Exception):
            raise error
        return Outcome(made(name), error=error)


def made(name):
    return image(id=f"made by {name}")


def step(name, *needs, late=False):
    key = f"{name} (stage)" if late else name
    return Step(name, Plan(before={"step": key}), needs, late)


def run(script, *steps, workers=2):
    return run_steps(script, steps, workers)


# Order


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_a_step_begins_when_all_that_it_needs_have_ended(workers):
    script = Script()
    run(script, step("d", "b", "c"), step("b", "a"), step("c", "a"), step("a"), workers=workers)
    order = {line: position for position, line in enumerate(script.log)}
    for later, earlier in [("b", "a"), ("c", "a"), ("d", "b"), ("d", "c")]:
        assert order[f"end {earlier}"] < order[f"begin {later}"]


def test_one_worker_takes_one_step_after_the_other_in_their_order():
    script = Script()
    run(script, step("a"), step("b"), step("c"), workers=1)
    assert script.log == ["begin a", "end a", "begin b", "end b", "begin c", "end c"]


def test_steps_run_side_by_side():
    script = Script(meeting=threading.Barrier(3))
    assert set(run(script, step("a"), step("b"), step("c"), workers=3)) == {"a", "b", "c"}


def test_no_more_run_at_a_time_than_there_are_workers():
    script = Script(meeting=threading.Barrier(2))
    run(script, *(step(str(number)) for number in range(6)), workers=2)
    assert script.busiest == 2


def test_what_waits_for_one_does_not_hold_up_another():
    script = Script(meeting=threading.Barrier(2))
    run(script, step("a"), step("after a", "a"), step("b"), step("after b", "b"), workers=2)
    assert [line for line in script.log if line.startswith("begin")][:2] == ["begin a", "begin b"]


def test_what_is_not_to_be_done_is_not_waited_for():
    script = Script()
    assert list(run(script, step("a", "nothing"))) == ["a"]


def test_nothing_to_do():
    assert run(Script()) == {}


# What a step hands on


def test_a_late_step_gets_the_image_that_was_made():
    script = Script()
    outcomes = run(script, step("a"), step("b", "a"), step("a", "a", late=True))
    assert script.given == {"a": None, "b": None, "a (stage)": made("a")}
    assert outcomes["a (stage)"].image == made("a (stage)")


def test_a_late_step_alone_knows_its_image_itself():
    script = Script()
    run(script, step("a", "a", late=True))
    assert script.given == {"a (stage)": None}


# Failures


def test_a_failure_leaves_out_what_needs_it_and_nothing_else():
    script = Script({"a": CloudError("No room.")})
    outcomes = run(script, step("a"), step("b", "a"), step("c", "b"), step("d"), step("e", "d"), step("f", "d", "b"))
    assert {key for key, outcome in outcomes.items() if outcome.error} == {"a", "b", "c", "f"}
    assert outcomes["a"].error is script.errors["a"]
    assert outcomes["b"].error.message == "It is left as it is, since a failed. The next run completes it."
    assert isinstance(outcomes["c"].error, PlanError)
    assert set(script.given) == {"a", "d", "e"}


def test_what_could_not_be_deleted_is_no_failure_but_nothing_goes_on_from_it():
    script = Script({"a": InUseError("It is in use.", 409)})
    outcomes = run(script, step("a"), step("b", "a"), step("c"))
    assert isinstance(outcomes["a"].error, InUseError)
    assert (outcomes["b"].error is None, outcomes["c"].error) == (False, None)


def test_what_waits_for_another_run_is_no_failure_either():
    script = Script({"a": BusyError("Another run is at it.")})
    outcomes = run(script, step("a"), step("b", "a"), step("c", "b"), step("d"))
    assert [type(outcomes[key].error) for key in "abcd"] == [BusyError, BusyError, BusyError, type(None)]
    assert outcomes["b"].error.message == (
        "It is left as it is, since a is left to another run. The next run completes it."
    )


def test_every_step_has_an_outcome():
    steps = [step(str(number), str(number - 1)) for number in range(20)]
    outcomes = run(Script({"7": CloudError("No.")}), *steps, workers=3)
    assert {int(key) for key, outcome in outcomes.items() if outcome.error} == set(range(7, 20))
    assert len(outcomes) == 20


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_an_interruption_ends_the_run(error):
    script = Script({"a": error})
    with pytest.raises(type(error)):
        run(script, step("a"), step("b", "a"), step("c"), workers=1)
    assert "begin b" not in script.log


# Over a cloud


def test_images_are_made_and_changed_side_by_side(cloud, glance, tmp_path):
    (tmp_path / "a.raw").write_bytes(DATA)
    body = {"visibility": "private", "disk_format": "raw", "container_format": "bare", "tags": []}
    upload = Upload(Source(str(tmp_path / "a.raw")), None, 4, "auto")
    publish = UpdateImage("x", "publish it", "", (PatchOperation("replace", "visibility", "community"),))
    steps = [
        Step(f"{number}", Plan((CreateImage("x", "create it", {"name": f"{number}", **body}, upload), publish)))
        for number in range(8)
    ]
    outcomes = run_steps(Applier(cloud.session()), steps, 4)
    assert {outcome.error for outcome in outcomes.values()} == {None}
    assert {image["name"]: image["visibility"] for image in glance.images.values()} == {
        str(number): "community" for number in range(8)
    }
    assert all(outcomes[image["name"]].image.id == image["id"] for image in glance.images.values())


def test_an_image_in_use_is_as_it_was(cloud, glance):
    image_id = glance.add("x", status="deactivated")
    glance.in_use = {image_id}
    delete = DeleteImage("x", "delete it", image_id, status="deactivated")
    outcome = run_steps(Applier(cloud.session()), [Step("x", Plan((delete,)))], 1)["x"]
    assert isinstance(outcome.error, InUseError)
    assert outcome.taken == ()
    assert "is in use and was left as it is" in outcome.error.message
    assert glance.images[image_id]["status"] == "deactivated"
