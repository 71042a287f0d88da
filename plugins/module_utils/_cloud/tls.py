# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What to do about connections that TLS does not let happen, and the files that it takes."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError

# What the errors of OpenSSL, and the pages of servers, say: the first that matches is it.
_ADVICE: t.Final = (
    (r"certificate has expired", "Have the service's certificate renewed."),
    (r"certificate is not valid for|hostname mismatch", "Check auth_url, and which names the certificate is for."),
    (r"certificate verify failed", "Name the authorities that sign the cloud's certificates in ca_cert."),
    (
        r"certificate[_ ]required|required SSL certificate|handshake[_ ]failure",
        "The service asks for a client certificate: name it in client_cert, and its key in client_key.",
    ),
    (
        r"alert unknown ca|SSL certificate error",
        "The service does not take this client certificate: check client_cert, and who issued it.",
    ),
    (r"PEM lib|KEY_VALUES_MISMATCH", "The files of client_cert and client_key have to be a certificate and its key."),
)


def tls_advice(exc: BaseException) -> str | None:
    """Return what to do about a connection that TLS did not let happen, None for any other reason."""
    page = getattr(getattr(exc, "response", None), "text", "")
    text = f"{exc} {page}"
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, text, re.IGNORECASE)), None)


def check_files(verify: bool | str | None, client: str | t.Sequence[str] | None) -> None:
    """
    Make sure that the files of TLS are there: whoever opens them says no more than that it cannot.

    :param verify: The authorities, where they are a path.
    :param client: The certificate of the client, and its key unless both are in one file.
    :raises InputError: One of them cannot be read.
    """
    files = (client,) if isinstance(client, str) else tuple(client or ())
    named = dict(zip(("client_cert", "client_key"), files, strict=False))
    for option, path in {**named, **({"ca_cert": verify} if isinstance(verify, str) else {})}.items():
        if not os.access(path, os.R_OK):
            raise InputError(option, f"{path} {'cannot be read' if os.path.exists(path) else 'does not exist'}.")
