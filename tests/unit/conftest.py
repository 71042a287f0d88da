# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil
import subprocess

import hypothesis
import pytest

# Collections can be imported only after this file is.
hypothesis.settings.register_profile("suite", max_examples=60, deadline=None, database=None, derandomize=True)
hypothesis.settings.load_profile("suite")

PERSONAL = ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "OS_CLIENT_CONFIG_FILE", "OS_CLOUD"]
PERSONAL += ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path_factory):
    """Keep the caches, the clouds and the proxies of whoever runs the tests out of them."""
    home = tmp_path_factory.mktemp("home")
    for name in PERSONAL:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def cloud():
    from ansible_collections.xloud.image.tests.unit.fakes.cloud import FakeCloud

    return FakeCloud()


@pytest.fixture
def glance(cloud):
    return cloud.glance


@pytest.fixture
def session(cloud):
    return cloud.session()


@pytest.fixture(scope="session")
def web_server():
    from ansible_collections.xloud.image.tests.unit.fakes.web import serve

    with serve() as web:
        yield web


@pytest.fixture
def web(web_server):
    web_server.pages.clear()
    web_server.asked.clear()
    return web_server


@pytest.fixture(scope="session")
def qemu_img():
    """Run qemu-img with these arguments."""
    program = shutil.which("qemu-img")
    if program is None:
        pytest.fail("qemu-img is needed to make images to test with. Install it (Debian: qemu-utils).")

    def run(*arguments):
        subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)

    return run
