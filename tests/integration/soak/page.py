# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the documentation that says what withstands what."""

from __future__ import annotations

import os
from pathlib import Path

from soak.report import Report
from soak.verdict import WRONGS

PAGE = """\
.. Copyright (c) 2026 Xloud contributors
   SPDX-License-Identifier: GPL-3.0-or-later

.. _ansible_collections.xloud.image.docsite.faults:

When something goes wrong
=========================

Networks break, tokens expire, services crash and disks fill up while a catalogue is brought up to date. This page says
what holds then, and what came of {count} faults that were tried.

What is guaranteed
------------------

Whatever goes wrong while a task runs:

- **The next run completes it.** It brings the cloud to what the document says, and the run after that changes nothing.
  Nothing has to be cleaned up by hand. Where it cannot know whether a record without data is another run's, it waits
  for up to three minutes, as :ref:`the page on two runs <ansible_collections.xloud.image.docsite.concurrency>` says.
- **Nothing is lost.** An image that the document keeps stays, under its id and with its data. A version leaves the
  lists only once the version that takes its place is on offer, unless it is revoked.
- **Nothing is offered that is not verified.** A version stays private until the Image service has the bytes of its
  source, by their hash. What a URL should give, its checksum alone tells: declare one.
- **Nobody sees more than the document says.** At every moment, an image is shared with those that it was shared with
  before and with those that the document names.
- **Ok means ok.** A task that does not fail leaves the cloud as the document says. A task that fails says what failed
  and what to do, and prints no traceback.
- **What stays behind is found again.** A record without its data is deleted by the next run, as is an image whose
  replacement is complete. An image that is frozen since an export was killed is given back, and an export goes on where
  it stopped. Of a task that was killed nothing else stays but the folder that Ansible unpacked the module into.

How it was measured
-------------------

``make soak`` plays random catalogues on a real Keystone and two real Glances. From simulated day to simulated day
versions are released, staged, replaced, promoted, pinned, revoked and shared, from files and from the web, compressed
and not, by every import method. Now and then images are exported, or replicated into the second region.

In each round one fault happens, drawn from a seed. It happens at a request of the Image service, of the Identity
service or of a web server that has the sources: before the service sees the request, in the middle of its data or of
its answer, or once the service has done it and nothing but the answer is lost. Most happen once, and a fifth each time.
Processes are killed with SIGKILL: the module, ``ansible-playbook`` with all that it started, and Glance, which is
started again on the data that it left.

After each fault the cloud is read past the collection, and compared with a model that knows the document and the words
of :ref:`the guide to the lifecycle <ansible_collections.xloud.image.docsite.lifecycle>`, and nothing of the
collection's code: at once, since some things must not be at any time; after the next run, which nothing goes wrong
with; and after the one that follows.

The table counts the faults that were tried, and of how many it is true that:

{columns}

{machine}

{table}
"""


def write_page(path: Path, report: Report, seed: str, seconds: float) -> None:
    """Write what is guaranteed, how that was measured, and the table."""
    machine = (
        f"{len(report.trials)} faults in {seconds / 60:.0f} minutes on {os.cpu_count()} processors, of seed {seed}:"
    )
    text = PAGE.format(count=len(report.trials), columns=meanings(), machine=machine, table=report.as_rst())
    path.write_text(text)


def meanings() -> str:
    """Return what the columns count."""
    named = {
        "Withstood": "The task went well all the same",
        "Said so": "The task failed, and said why",
        "Killed": "The task could say nothing any more",
        "Converged": "The next run brought the cloud to what the document says, and the one after it changed nothing",
        "Lost": WRONGS["lost"],
        "Doubled": WRONGS["doubled"],
        "Half left": WRONGS["half"],
        "Frozen": WRONGS["frozen"],
        "Over-shared": WRONGS["overshared"],
        "Unverified": WRONGS["unverified"],
        "Ok over failure": WRONGS["untrue"],
        "Traceback": WRONGS["crashed"],
        "Secret told": WRONGS["told"],
    }
    return "\n".join(f"- {column}: {words[0].lower()}{words[1:]}." for column, words in named.items())
