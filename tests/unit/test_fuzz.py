# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Whatever strangers say: all that comes of it is a value, or an error of our own.

A bounded number of the same examples each time. C(make fuzz) drives the same properties with random ones.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from functools import cache
from pathlib import Path
from unittest import mock

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._data import web
from ansible_collections.xloud.image.plugins.module_utils._data.bundle import read_bundles
from ansible_collections.xloud.image.plugins.module_utils._data.compression import Decompressed
from ansible_collections.xloud.image.plugins.module_utils._data.documents import read_documents, read_plan
from ansible_collections.xloud.image.plugins.module_utils._data.files import target_path
from ansible_collections.xloud.image.plugins.module_utils._data.inspection import Inspection, inspect
from ansible_collections.xloud.image.plugins.module_utils._data.local import read_text
from ansible_collections.xloud.image.plugins.module_utils._data.sums import read_sums
from ansible_collections.xloud.image.plugins.module_utils._model.catalog import compose, parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import DIGITS, Checksum, find_in_sums
from ansible_collections.xloud.image.plugins.module_utils._model.document import DEFAULTS, ROOT, TEMPLATE, VERSION_KEYS
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.limit import parse_size
from ansible_collections.xloud.image.plugins.module_utils._model.name import (
    ImageName,
    TemplateName,
    Version,
    is_newer,
    parse_name_or_version,
)
from ansible_collections.xloud.image.plugins.module_utils._model.replica import Original, WantedReplica
from ansible_collections.xloud.image.plugins.module_utils._model.sidecar import parse_sidecar
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source
from ansible_collections.xloud.image.tests.unit.fakes.corpus import LEGITIMATE, MIB, Bench, zst

fuzz = settings(suppress_health_check=list(HealthCheck))

# What a stranger may write: any text, and what is nearly right.
ODD = st.text(max_size=40) | st.sampled_from(
    ["", "..", "../..", "/", "a/b", ".hidden", "\0", "a\0b", "\ud800", "²", "٣"]
)
NAMELIKE = st.from_regex(r"[a-z0-9.v-]{0,30}", fullmatch=True) | st.sampled_from(
    ["ubuntu-24.04-base-v1.2", "ubuntu-24.04-base", "1.10", "ubuntu-24.04-base-v1.2\n", "ubuntu-24.04-base-v٣.2"]
)
DIGEST = st.from_regex(r"[0-9a-fA-F]{64}|[0-9a-f]{128}|[0-9a-f]{0,130}", fullmatch=True)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | ODD | NAMELIKE | st.dates()
ANYTHING = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD | NAMELIKE | st.integers(), inner, max_size=4),
)


def survives(call, *args):
    """Return what a call returns, None where it refuses."""
    try:
        return call(*args)
    except ImageError:
        return None


def mutations(data):
    """What becomes of data in which some bytes are others, or that is cut off, or goes on."""
    near = st.integers(0, min(len(data), 4096)) | st.integers(0, len(data))
    patches = st.lists(st.tuples(near, st.binary(min_size=1, max_size=9)), max_size=6)
    return st.builds(_mutated, st.just(data), patches, st.none() | st.integers(0, len(data)), st.binary(max_size=600))


def _mutated(data, patches, end, tail):
    changed = bytearray(data)
    for offset, patch in patches:
        changed[offset : offset + len(patch)] = patch
    return bytes(changed[:end]) + tail


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


# Names and numbers


@fuzz
@given(ODD | NAMELIKE | ANYTHING, ODD | NAMELIKE)
def test_names(text, other):
    for parse in (ImageName.parse, TemplateName.parse, Version.parse, parse_name_or_version):
        found = survives(parse, text)
        if found is not None:
            assert str(found) == text
            assert text.isascii()
            assert os.path.basename(text) == text
            assert not text.startswith(".")
    survives(is_newer, text, other)


@fuzz
@given(ODD | st.from_regex(r"[0-9]{0,20}(\.[0-9]{0,5})?( ?[a-zA-Z]{0,4})?", fullmatch=True) | st.integers() | ANYTHING)
def test_sizes(value):
    size = survives(parse_size, value)
    assert size is None or size > 0


# Documents

KEYS = st.sampled_from(sorted({*TEMPLATE, *VERSION_KEYS, "visible", "min_age", "presets", "soak"}))
NESTED = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | NAMELIKE, inner, max_size=5)
)
VERSIONS = st.dictionaries(
    st.sampled_from(["1.0", "1.1", "2.0", "x"]) | ODD, st.dictionaries(KEYS, NESTED) | NESTED, max_size=3
)
TEMPLATES = st.dictionaries(
    st.sampled_from(["ubuntu-24.04-base", "rocky-9-nginx"]) | ODD | NAMELIKE,
    st.builds(lambda keys, versions: {**keys, "versions": versions}, st.dictionaries(KEYS, NESTED), VERSIONS) | NESTED,
    max_size=3,
)


@fuzz
@given(TEMPLATES | NESTED, st.dictionaries(KEYS, NESTED) | NESTED, NESTED)
def test_catalogues(document, defaults, more):
    catalog, merged = compose([{ROOT: document, DEFAULTS: defaults}, {ROOT: more, DEFAULTS: more}])
    for found in ((document, defaults), (catalog, merged)):
        survives(parse_catalog, *found, "/images")


YAML = st.lists(
    st.sampled_from(
        [
            "image_catalog",
            ":",
            " ",
            "\n",
            "  ",
            "- ",
            "[",
            "]",
            "{",
            "}",
            '"',
            "'",
            "&a ",
            "*a",
            "<<",
            "!!int ",
            "!!bool ",
            "!!timestamp ",
            "!!binary ",
            "!!set ",
            "!!omap ",
            "!!float ",
            "!!python/name:os.system ",
            "? ",
            "|",
            ">",
            "---",
            "%YAML 1.2",
            "2026-13-45",
            "2026-01-01",
            "0x",
            "1_0",
            "~",
            "=",
            "#",
            "\t",
            "ubuntu-24.04-base",
            "1e999",
            "\0",
        ]
    )
    | ODD,
    max_size=30,
).map("".join)


@fuzz
@given(YAML.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=200))
@example(b"image_catalog: !!int ''")
@example(b"image_catalog: !!bool x")
@example(b"image_catalog: !!timestamp x")
@example(b"image_catalog: " + b"[" * 5000)
@example(b"image_catalog: &a [*a]")
@example(b"a: &a [x, x]\nb: &b [*a, *a]\nimage_catalog: {ubuntu-24.04-base: *b}")
def test_yaml(data):
    with folder() as path:
        file = path / "catalog.yml"
        file.write_bytes(data)
        for document in survives(read_documents, [str(file)]) or ():
            survives(parse_catalog, *compose([document]), str(path))


@fuzz
@given(st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value, default=str).encode()))
@example(b"[" * 100_000)
@example(b'{"format_version": 1' + b"1" * 5000 + b"}")
def test_plans(data):
    with folder() as path:
        file = path / "plan.json"
        file.write_bytes(data)
        survives(read_plan, str(file))


# SUMS

SUMS_LINE = st.builds("{}{}{}".format, DIGEST, st.sampled_from(["  ", " *", "\t", " "]), ODD | NAMELIKE) | st.builds(
    "{}({}) = {}".format, st.sampled_from(["SHA256 ", "SHA512 ", "MD5 "]), ODD | NAMELIKE, DIGEST
)


@fuzz
@given(st.lists(SUMS_LINE | ODD, max_size=8).map("\n".join), ODD | NAMELIKE)
def test_sums(text, filename):
    found = survives(find_in_sums, text, filename, "SHA256SUMS")
    assert found is None or len(found.digest) == DIGITS[found.algorithm]
    survives(Checksum.parse, text)
    with folder() as path:
        file = path / "SHA256SUMS"
        file.write_text(text, "utf-8", "replace")
        assert all(len(digest) == 64 for digest in read_sums(str(file)).values())


# Sidecars

IMAGE = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("ubuntu-24.04-base-v1.2") | ODD | ANYTHING,
        "disk_format": st.just("raw") | ANYTHING,
        "container_format": st.just("bare") | ANYTHING,
        "min_disk": st.integers(0, 9) | ANYTHING,
        "min_ram": st.integers(0, 9) | ANYTHING,
        "protected": st.booleans() | ANYTHING,
        "tags": st.just([]) | ANYTHING,
        "properties": st.just({"xloud_image_template": "ubuntu-24.04-base", "xloud_image_version": "1.2"}) | ANYTHING,
        "os_hash_algo": st.sampled_from(["sha512", "md5", "x", None]) | ANYTHING,
        "os_hash_value": DIGEST | ANYTHING,
        "status": st.sampled_from(["active", "queued"]) | ANYTHING,
        "visibility": st.sampled_from(["private", "shared"]) | ANYTHING,
        "hidden": ANYTHING,
        "size": st.just(4) | ANYTHING,
        "virtual_size": ANYTHING,
        "id": ANYTHING,
    },
)
WHOLE = {
    "name": "ubuntu-24.04-base-v1.2",
    "disk_format": "raw",
    "container_format": "bare",
    "min_disk": 0,
    "min_ram": 0,
}
WHOLE |= {"protected": False, "tags": [], "properties": {}, "os_hash_algo": None, "os_hash_value": None}
SIDECARS = st.fixed_dictionaries(
    {"format_version": st.just(1) | ANYTHING, "image": IMAGE.map(lambda image: {**WHOLE, **image}) | IMAGE | ANYTHING},
    optional={
        "members": st.lists(st.fixed_dictionaries({"project_id": ODD, "status": ODD})) | ANYTHING,
        "file": st.fixed_dictionaries({}, optional={"disk_format": st.just("qcow2") | ANYTHING}) | ANYTHING,
    },
)


@fuzz
@given(SIDECARS | ANYTHING, st.lists(SUMS_LINE | ODD, max_size=3).map("\n".join))
@example({"format_version": 1, "image": {**WHOLE, "name": "../../etc/passwd"}}, "")
def test_sidecars(document, sums):
    text = json.dumps(document, default=str)
    survives(parse_sidecar, text)
    with folder() as path:
        (path / "disk.raw").write_bytes(b"disk")
        (path / "disk.raw.json").write_text(text)
        (path / "SHA256SUMS").write_text(sums, "utf-8", "replace")
        for original in survives(read_bundles, str(path), WantedReplica()) or ():
            if isinstance(original, Original):
                assert original.source == Source(str(path / "disk.raw"))


@fuzz
@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda data: data.decode("latin-1")))
@example("[" * 100_000)
@example('{"format_version": 1, "image": {"min_disk": ' + "1" * 5000 + "}}")
def test_sidecars_of_any_text(text):
    survives(parse_sidecar, text)


# Places


@fuzz
@given(ODD | st.builds("{}{}".format, st.sampled_from(["http://", "https://", "ftp://", "HTTP://", "://"]), ODD))
@example("http://[")
@example("http://host:x/")
@example("http://host/%2e%2e%2f..")
def test_sources(text):
    source = survives(Source.parse, text)
    if source is not None:
        assert "/" not in source.filename
        assert isinstance(str(source), str)
        assert isinstance(source.secrets, frozenset)


@fuzz
@given(ODD | NAMELIKE)
@example("a\0b")
@example("..")
@example("x" * 5000)
def test_files_stay_in_their_folder(filename):
    with folder() as path:
        survives(read_text, f"{path}/{filename}", "source")
        survives(read_documents, [f"{path}/{filename}"])
        found = survives(target_path, str(path), filename)
        assert found is None or os.path.dirname(os.path.realpath(found)) == os.path.realpath(path)


# The web


class Stranger:
    """A server that answers every connection with the bytes that it is told, and hangs up."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/disk.raw"
        self.answers = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _address = self._listener.accept()
            with contextlib.suppress(OSError), connection:
                connection.recv(65536)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)


@cache
def stranger():
    return Stranger()


NUMBER = st.integers(-1, 20).map(str) | st.sampled_from(
    ["", "*", "²", "0x5", "1" * 5000, "5, 5", "99999999999", "1e3", " 5"]
)
HEADERS = st.lists(
    st.builds("Content-Length: {}".format, NUMBER)
    | st.builds("Content-Range: bytes {}-{}/{}".format, NUMBER, NUMBER, NUMBER)
    | st.builds("Retry-After: {}".format, NUMBER)
    | st.builds("{}: {}".format, st.sampled_from(["ETag", "Last-Modified", "Transfer-Encoding", "X"]), ODD)
    | st.sampled_from(
        ["Transfer-Encoding: chunked", "Content-Encoding: gzip", "Location: http://[", "Location: ftp://x"]
    )
    | st.sampled_from(
        ["Location: //", "Location: http://127.0.0.1:99999/", 'ETag: "a"', 'ETag: W/"a"', "Connection: close"]
    ),
    max_size=5,
)


def _answer(status, headers, body):
    lines = [f"HTTP/1.1 {status} X", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + body


STATUS = st.sampled_from(["200", "206", "416", "204", "301", "404", "503", "429", "999", "-1", "20", "x"])
ANSWERS = st.lists(
    st.builds(_answer, STATUS, HEADERS, st.binary(max_size=12)) | st.binary(max_size=60), min_size=1, max_size=4
)


def fetch(answers):
    server = stranger()
    server.answers = list(answers)
    with mock.patch.object(web.time, "sleep"), web.open_url(Source(server.url)) as download:
        count = 0
        while block := download.read(4):
            count += len(block)
            assert count <= 100_000
        assert download.size is None or count <= download.size


@fuzz
@given(ANSWERS)
@example([b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nab"])
@example(
    [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na", b"HTTP/1.1 206 X\r\nContent-Range: bytes 1-3/" + b"9" * 5000]
)
@example([b"HTTP/1.1 302 X\r\nLocation: http://[\r\n\r\n"])
def test_answers_of_servers(answers):
    survives(fetch, answers)


# Images


@cache
def samples():
    """Right images of every format, which are quick to make and to be changed."""
    program = shutil.which("qemu-img")
    assert program
    packed = {case.make for case in LEGITIMATE if case.name.endswith((".gz", ".bz2", ".xz", ".zst"))}
    with folder() as path:
        bench = Bench(path, lambda *args: subprocess.run([program, *map(str, args)], check=True, capture_output=True))
        made = [make(bench) for make in dict.fromkeys(case.make for case in LEGITIMATE) if make not in packed]
    return [data for data in made if len(data) <= 3 * MIB]


def inspect_stream(data, steps):
    inspection = Inspection("data", None)
    position = 0
    while position < len(data):
        step = steps[position % len(steps)]
        inspection.add(data[position : position + step])
        position += step
    return inspection.end()


@fuzz
@given(st.data())
def test_images(data):
    image = data.draw(mutations(data.draw(st.sampled_from(samples()))))
    in_file = survives(inspect, io.BytesIO(image), "data", len(image))
    in_stream = survives(inspect_stream, image, data.draw(st.sampled_from([[65536], [300_000], [7, 70_000]])))
    if in_file:
        assert in_stream, "a stream is refused for no more than a file is"
        assert in_stream.disk_format == in_file.disk_format


PACKERS = {"gz": lambda data: gzip.compress(data, mtime=0), "bz2": bz2.compress, "xz": lzma.compress, "zst": zst}
PACKED = [(name, pack(bytes(50_000) + b"end")) for name, pack in PACKERS.items()]


@fuzz
@given(st.sampled_from(PACKED).flatmap(lambda sample: st.tuples(st.just(sample[0]), mutations(sample[1]))))
def test_compressed_data(sample):
    def read():
        stream = Decompressed(io.BytesIO(packed), compression, "data")
        count = 0
        while block := stream.read(65536):
            assert len(block) <= 65536
            count += len(block)
            if count > 64 * MIB:
                return

    compression, packed = sample
    survives(read)
