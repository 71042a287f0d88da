# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._ansible.arguments import (
    CONNECTION,
    connection_options,
    secrets_of,
)

UNSET = dict.fromkeys(CONNECTION)


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({}, {"cloud": None}),
        ({"cloud": ""}, {"cloud": None}),
        ({"cloud": "mycloud"}, {"cloud": "mycloud"}),
        ({"cloud": {"auth": {}}}, {"cloud": {"auth": {}}}),
        ({"validate_certs": False, "ca_cert": "/ca"}, {"cloud": None, "verify": False, "cacert": "/ca"}),
        ({"client_cert": "/c", "client_key": "/k"}, {"cloud": None, "cert": "/c", "key": "/k"}),
        (
            {"auth": {"a": "b"}, "auth_type": "password", "region_name": "R", "interface": "admin", "api_timeout": 0},
            {
                "cloud": None,
                "auth": {"a": "b"},
                "auth_type": "password",
                "region_name": "R",
                "interface": "admin",
                "api_timeout": 0,
            },
        ),
        ({"timeout": 60}, {"cloud": None}),
    ],
)
def test_options_by_the_names_of_the_sdk(given, options):
    assert connection_options({**UNSET, **given}) == options


@pytest.mark.parametrize(
    ("given", "secrets"),
    [
        ({}, set()),
        ({"cloud": "mycloud"}, set()),
        ({"cloud": {"auth": {"password": "a", "username": "me"}}}, {"a"}),
        ({"cloud": {"auth": {"application_credential_secret": "a"}, "token": "b"}}, {"a", "b"}),
        ({"cloud": {"auth": {"passcode": "a", "password": ""}}}, {"a"}),
        ({"cloud": {"deep": [{"auth": {"password": "a"}}]}}, {"a"}),
        ({"cloud": {"password": None, "token": 5}}, set()),
        ({"member_clouds": {"team-a": {"auth": {"password": "a"}}, "team-b": "cloud-b"}}, {"a"}),
        ({"source": "https://me:a@host/x?b=c"}, {"a", "b=c"}),
        ({"checksum": "https://host/SUMS?sig=d"}, {"sig=d"}),
        ({"source": "/images/a", "checksum": "sha256:00"}, set()),
        ({"catalog": {"t": {"versions": {"1.0": {"source": "https://me:a@host/x?b=c"}}}}}, {"a", "b=c"}),
        ({"image_catalog": {"t": {"versions": {"1.0": {"checksum": "https://host/SUMS?sig=d"}}}}}, {"sig=d"}),
    ],
)
def test_secrets(given, secrets):
    assert secrets_of({**UNSET, **given}) == secrets


def test_a_secret_is_known_without_the_new_line_at_its_end():
    assert secrets_of({**UNSET, "auth": {"token": "hunter2\n"}}) == {"hunter2\n", "hunter2"}


def test_credentials_are_not_logged():
    assert CONNECTION["auth"]["no_log"]
