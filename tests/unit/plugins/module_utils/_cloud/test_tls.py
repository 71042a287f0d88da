# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.xloud.image.plugins.module_utils._cloud.tls import check_files, tls_advice
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError


class AnsweredError(Exception):
    """An error with the page of a server."""

    response = SimpleNamespace(text="<center>No required SSL certificate was sent</center>")


@pytest.mark.parametrize(
    ("exc", "advice"),
    [
        (OSError("certificate verify failed: certificate has expired (_ssl.c:1)"), "certificate renewed"),
        (OSError("certificate verify failed: IP address mismatch, certificate is not valid for 'x'"), "Check auth_url"),
        (OSError("certificate verify failed: self-signed certificate"), "in ca_cert"),
        (OSError("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert"), "name it in client_cert"),
        (AnsweredError("Bad Request"), "name it in client_cert"),
        (OSError("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca"), "does not take this client certificate"),
        (OSError("[SSL] PEM lib (_ssl.c:1)"), "a certificate and its key"),
    ],
)
def test_advice(exc, advice):
    assert advice in tls_advice(exc)


def test_what_is_not_of_tls_comes_without_advice():
    assert tls_advice(OSError("Connection refused")) is None


@pytest.mark.parametrize(
    ("verify", "client", "message"),
    [
        ("/nowhere/ca", None, "ca_cert: /nowhere/ca does not exist"),
        (True, "/nowhere/both", "client_cert: /nowhere/both does not exist"),
        (True, ("/dev/null", "/nowhere/key"), "client_key: /nowhere/key does not exist"),
    ],
)
def test_files_that_are_not_there(verify, client, message):
    with pytest.raises(InputError, match=message):
        check_files(verify, client)


@pytest.mark.parametrize(("verify", "client"), [(True, None), (False, None), ("/dev/null", ("/dev/null", "/dev/null"))])
def test_files_that_are_there(verify, client):
    check_files(verify, client)
