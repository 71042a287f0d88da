# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say why a sandbox cannot be here, before anything is changed; else print what is here already, as JSON.

Runs on whatever Python it is given, so it keeps to old syntax and stands alone.
"""

import argparse
import fcntl
import importlib.util
import json
import os
import re
import shutil
import socket
import sys

# What the files of the services of images, and of those of servers and volumes, begin with.
INSTANCES = ("", "workloads-")
MARKER = ".xloud-image-sandbox"
OLDEST_PYTHON = (3, 11)
NEEDED_MODULES = ("ensurepip", "venv")
# What no virtual environment holds, by package: a command of it, where that is if not in PATH, and what needs it.
PROGRAMS = {
    "mariadb-server-core": ("mariadbd", "/usr/sbin", ("compute", "block_storage")),
    "rabbitmq-server": ("rabbitmq-server", "/usr/lib/rabbitmq/bin", ("compute", "block_storage")),
    "qemu-utils": ("qemu-img", "/usr/bin", ("block_storage",)),
}
# The longest name that a socket may have is 107 bytes.
LONGEST_DIRECTORY = 107 - len("/run/database.sock")
PROTECTED_OPERATIONS = ("create", "read", "update", "delete")


def check_python():
    if sys.version_info < OLDEST_PYTHON:
        yield "sandbox_python: {0} is Python {1}, but Keystone and Glance need {2} or newer".format(
            sys.executable, sys.version.split()[0], ".".join(map(str, OLDEST_PYTHON))
        )
        return
    for module in NEEDED_MODULES:
        if importlib.util.find_spec(module) is None:
            yield "sandbox_python: {0} lacks the module {1} (of python3-venv, on Debian and Ubuntu)".format(
                sys.executable, module
            )


def check_directory(variable, path):
    if os.path.lexists(path) and not os.path.isdir(path):
        yield "{0}: {1} is no directory".format(variable, path)
    elif os.path.isdir(path) and os.listdir(path) and not os.path.exists(os.path.join(path, MARKER)):
        yield "{0}: {1} holds something else than a sandbox (no {2} in it); choose another directory".format(
            variable, path, MARKER
        )


def check_port(variable, port, own):
    if port in own:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            yield "{0}: port {1} of 127.0.0.1 cannot be used ({2}); end what uses it, or choose another port".format(
                variable, port, os.strerror(error.errno)
            )


def check_programs(services):
    missing = {}
    for package, (command, folder, needed_by) in sorted(PROGRAMS.items()):
        asked_by = [service for service in needed_by if service in services]
        if asked_by and not shutil.which(command, path=os.pathsep.join([folder, os.environ.get("PATH", "")])):
            missing[package] = " and ".join(asked_by)
    for package, service in sorted(missing.items()):
        yield "sandbox_services: {0} needs the package {1}".format(service, package)
    if missing:
        yield "On Debian and Ubuntu: apt-get install --no-install-recommends {0}".format(" ".join(sorted(missing)))
    if "rabbitmq-server" in missing:
        yield "Before that, so that it starts no RabbitMQ itself: systemctl mask rabbitmq-server.service epmd.socket"


def check_socket(directory):
    if len(os.fsencode(directory)) > LONGEST_DIRECTORY:
        yield "sandbox_directory: compute and block_storage need a path of at most {0} bytes".format(LONGEST_DIRECTORY)
    if "+" in directory or "&" in directory:
        # It stands in the URL of the database.
        yield "sandbox_directory: compute and block_storage need a path without + and &"


def check_protections(protections):
    if not isinstance(protections, dict):
        yield "sandbox_property_protections: needs a dictionary with a pattern for each key"
        return
    for pattern, roles in protections.items():
        for fault in list(faults_of_pattern(pattern)) + list(faults_of_roles(roles)):
            yield "sandbox_property_protections: {0}: {1}".format(pattern, fault)


def faults_of_pattern(pattern):
    if not re.match(r"\S+$", pattern):
        yield "a pattern has no blanks in it and is not empty"
    elif pattern == "DEFAULT" or pattern.startswith("os_glance"):
        yield "Glance keeps this name to itself"
    try:
        re.compile(pattern)
    except re.error as error:
        yield "no regular expression ({0})".format(error)


def faults_of_roles(roles):
    if not isinstance(roles, dict) or not roles or not set(roles) <= set(PROTECTED_OPERATIONS):
        yield "needs a dictionary with some of {0}".format(", ".join(PROTECTED_OPERATIONS))
        return
    for operation, names in sorted(roles.items()):
        if not isinstance(names, list) or not all(re.match(r"[A-Za-z0-9][\w.-]*$", str(name)) for name in names):
            yield "{0} needs a list of the names of roles, or an empty one for nobody".format(operation)


def is_running(directory, instance):
    """Whether a process of the sandbox lives: while one does, it holds a lock."""
    try:
        with open(os.path.join(directory, "run", instance + "lock")) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def own_ports(directory, instance):
    try:
        with open(os.path.join(directory, "run", instance + "state.json")) as state:
            return json.load(state)["ports"]
    except OSError:
        return []


def installed(path):
    """What the role noted in a directory of its own when that was complete."""
    try:
        with open(os.path.join(path, MARKER)) as marker:
            return marker.read()
    except OSError:
        return ""


def installed_venv(path):
    """Nothing also where the Python that the virtual environment was made with is gone."""
    return installed(path) if os.access(os.path.join(path, "bin", "python"), os.X_OK) else ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", required=True)
    parser.add_argument("--venv", required=True)
    parser.add_argument("--port", action="append", default=[], metavar="VARIABLE=PORT")
    parser.add_argument("--services", default="", metavar="NAME,NAME")
    parser.add_argument("--property-protections", type=json.loads, default={}, metavar="JSON")
    options = parser.parse_args()
    running = [instance for instance in INSTANCES if is_running(options.directory, instance)]
    own = [port for instance in running for port in own_ports(options.directory, instance)]
    services = options.services.split(",")
    faults = list(check_directory("sandbox_directory", options.directory))
    if options.port:
        faults += check_python()
        faults += check_directory("sandbox_venv", options.venv)
    for variable, port in (port.split("=") for port in options.port):
        faults += check_port(variable, int(port), own)
    faults += check_programs(services)
    if "compute" in services or "block_storage" in services:
        faults += check_directory("sandbox_venv", options.venv + "-compute")
        faults += check_socket(options.directory)
    faults += check_protections(options.property_protections)
    if faults:
        sys.exit("\n".join(faults))
    found = {
        "running": bool(running),
        "python": "{0}.{1}".format(*sys.version_info),
        "launcher": installed(options.directory),
        "venv": installed_venv(options.venv),
        "workloads_venv": installed_venv(options.venv + "-compute"),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
