# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS in front of the sandbox, and of files: nginx, with certificates of an authority that nobody knows."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import ipaddress
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PATIENCE = 60
DAY = datetime.timedelta(days=1)
# All that nginx would write elsewhere stays in its folder. What it proxies it keeps nowhere, so that large bodies pass.
CONFIGURATION = """
daemon off;
# The workers of a master would be another user, who may not read these folders.
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Accept-Encoding "";
    # Services tell their own addresses in what they answer.
    sub_filter_types application/json;
    sub_filter_once off;
{filters}
{servers}
}}
"""
SERVER = """
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate.path};
        ssl_certificate_key {certificate.key};
        {settings}
        location / {{ {content} }}
    }}
"""


@dataclasses.dataclass(frozen=True)
class Certificate:
    """A certificate and its key, in files."""

    path: Path
    key: Path


class Authority:
    """An authority that issues certificates for this machine, and for clients."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        today = datetime.datetime.now(datetime.UTC)
        draft = self._draft(self._name, self._key, today - 2 * DAY, today + DAY)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        draft = draft.add_extension(usage, critical=True)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(draft.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def issue(self, name: str, *, expired: bool = False) -> Certificate:
        """Return a certificate of this machine."""
        key = ec.generate_private_key(ec.SECP256R1())
        today = datetime.datetime.now(datetime.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        draft = self._draft(subject, key, today - 2 * DAY, today + (-DAY if expired else DAY))
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        draft = draft.add_extension(address, critical=False).add_extension(identifier, critical=False)
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        made.path.write_bytes(draft.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        made.key.touch(mode=0o600)
        made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return made

    def _draft(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        begin: datetime.datetime,
        end: datetime.datetime,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )


@dataclasses.dataclass(frozen=True)
class Front:
    """
    A server that speaks TLS.

    :param behind: The URL that it passes requests on to, or the folder whose files it gives.
    :param clients: The authority that has to have issued the certificates of clients, None where they need none.
    """

    behind: str
    certificate: Certificate
    clients: Authority | None = None

    def configuration(self, port: int) -> str:
        proxied = self.behind.startswith("http")
        settings = f"ssl_verify_client on; ssl_client_certificate {self.clients.path};" if self.clients else ""
        content = f"proxy_pass {self.behind};" if proxied else f"root {self.behind};"
        return SERVER.format(port=port, certificate=self.certificate, settings=settings, content=content)


@contextlib.contextmanager
def terminating(folder: Path, fronts: dict[str, Front]) -> Iterator[dict[str, str]]:
    """Run nginx, and give the URL of each front."""
    folder.mkdir()
    ports = dict(zip(fronts, free_ports(len(fronts)), strict=True))
    urls = {name: f"https://127.0.0.1:{port}" for name, port in ports.items()}
    proxied = [(front.behind, urls[name]) for name, front in fronts.items() if front.behind.startswith("http")]
    configuration = folder / "nginx.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            filters="\n".join(f"    sub_filter '{behind}' '{url}';" for behind, url in proxied),
            servers="".join(front.configuration(ports[name]) for name, front in fronts.items()),
        )
    )
    command = ["nginx", "-p", folder, "-e", folder / "error.log", "-c", configuration]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        for port in ports.values():
            wait_for(port, process)
        yield urls
    finally:
        process.terminate()
        process.wait(PATIENCE)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        listeners = [held.enter_context(socket.socket()) for _number in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, "nginx ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < deadline
