# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    CloudError,
    ForbiddenError,
    InputError,
    connection_cause,
)


def test_an_input_error_names_the_option():
    error = InputError("source", "it is missing.", path="/x")
    assert error.message == str(error) == "source: it is missing."
    assert error.details == {"option": "source", "path": "/x"}


def test_a_cloud_error_tells_its_status():
    assert ForbiddenError("No.", 403).details == {"status": 403}
    assert CloudError("No answer.").details == {}


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "Unable to establish connection to http://h/: HTTPConnectionPool(host='h', port=80): Max retries exceeded "
            "with url: / (Caused by NewConnectionError('<x>: Failed to establish: [Errno 111] Connection refused'))",
            "Connection refused",
        ),
        (
            "x (Caused by NameResolutionError(\"Failed to resolve 'h' ([Errno -2] Name or service not known)\"))",
            "Name or service not known",
        ),
        (
            "x SSLError(1, '[SSL: X] certificate verify failed: self-signed certificate (_ssl.c:1006)')",
            "certificate verify failed: self-signed certificate",
        ),
        ("something else", "something else"),
    ],
    ids=["refused", "name", "certificate", "other"],
)
def test_the_cause_of_a_lost_connection_is_told_without_its_wrapping(text, cause):
    assert connection_cause(OSError(text)) == cause


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "HTTPSConnectionPool(host='store', port=443): Max retries exceeded with url: /disk?Signature=hunter2 (odd)",
            "HTTPSConnectionPool(host='store', port=443): Max retries exceeded with url: /disk?*** (odd)",
        ),
        ("No connection adapters for 'ftp://me:hunter2@host/a?b'", "No connection adapters for 'ftp://***@host/a?***'"),
    ],
)
def test_where_a_redirect_leads_to_is_not_shown(text, shown):
    assert connection_cause(OSError(text)) == shown
