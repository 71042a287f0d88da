# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stages of the tests. Each guards against the ways in which its tools succeed without having tested anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from sandbox import Sandbox
from stage import Stage
from workspace import CHECKOUT, COLLECTION, PYTHON, WORK, awx_collection, pythons, requirements, virtual_environment

SANDBOX = Sandbox(
    "test-sandbox",
    sandbox_second_region="RegionTwo",
    sandbox_services=["identity", "image", "key_manager"],
    sandbox_property_protections={
        "^protected_": {"create": ["admin"], "update": ["admin"], "delete": ["admin"]},
        "^frozen_": {"update": [], "delete": []},
    },
)
# One for the stages that run beside those, of the same software.
USERS_SANDBOX = Sandbox(
    "users-sandbox",
    sandbox_venv=str(WORK / "venvs" / SANDBOX.directory.name),
    sandbox_second_region="RegionTwo",
    sandbox_services=["identity", "image", "key_manager"],
)
# One with servers and volumes.
CONSUMERS_SANDBOX = Sandbox(
    "consumers-sandbox",
    sandbox_services=["identity", "image", "key_manager", "compute", "block_storage"],
)
# What plays whole stories of users, by commands of theirs.
STORIES = tuple(f"test_{name}.py" for name in ("awx", "awx_definitions", "examples", "gitops", "migration", "report"))
# Those of consumers in which the cloud changes for everybody.
ALONE = ("test_outage.py", "test_regions.py", "test_signatures_at_launch.py")
# One that is killed now and then.
SOAK_SANDBOX = Sandbox("soak-sandbox", sandbox_second_region="RegionTwo")
SOAK_SECONDS = 1800
PYTEST_LIMIT = 3600
# What an artifact is made of. Anything else at its top is there by mistake.
ARTIFACT = {
    *("FILES.json", "MANIFEST.json", "LICENSE", "LICENSES", "MAINTAINERS", "REUSE.toml", "requirements.txt"),
    *("CHANGELOG.md", "CHANGELOG.rst", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"),
    *("changelogs", "docs", "examples", "meta", "playbooks", "plugins", "roles", "schemas", "tests"),
}
ARTIFACT_BYTES = 1_000_000
# Whose schema each file for another tool has to meet: one that check-jsonschema brings, or one of ours.
SCHEMAS = {
    "--builtin-schema vendor.github-workflows": (".github/workflows/*.yml", "examples/gitops/.github/workflows/*.yml"),
    "--builtin-schema vendor.github-issue-forms": (".github/ISSUE_TEMPLATE/*_*.yml",),
    "--builtin-schema vendor.github-issue-config": (".github/ISSUE_TEMPLATE/config.yml",),
    "--builtin-schema vendor.dependabot": (".github/dependabot.yml",),
    "--builtin-schema vendor.gitlab-ci": ("examples/gitops/.gitlab-ci.yml",),
    "--schemafile schemas/catalog.schema.json": ("examples/gitops/catalog/*/*.yml",),
}
PYTEST = ("-m", "pytest", "-q", "--ansible-unit-inject-only", "-p", "no:cacheprovider")


def static(stage: Stage) -> None:
    """formatters, linters, types, licences"""
    stage.check("ruff check", "ruff", "check", "--no-cache", ".")
    stage.check("ruff format", "ruff", "format", "--check", "--diff", "--no-cache", ".")
    stage.check("yamllint", "yamllint", "--strict", ".")
    stage.check("codespell", "codespell")
    stage.check("reuse", "reuse", "lint")
    stage.check("shellcheck", "shellcheck", ".ci/run", "tests/tools/run")
    stage.check("antsibull-changelog", "antsibull-changelog", "lint")
    stage.check("pre-commit", "pre-commit", "validate-config")
    for schema, patterns in SCHEMAS.items():
        files = [path for pattern in patterns for path in sorted(stage.collection.glob(pattern))]
        stage.check(schema.split()[-1], "check-jsonschema", *schema.split(), *files)
    mypy = ("mypy", "--config-file", stage.collection / "mypy.ini", "--cache-dir")
    stage.check("mypy", *mypy, WORK / "mypy/plugins", COLLECTION / "plugins/module_utils", cwd=stage.tree)
    stage.check("mypy of the tools", *mypy, WORK / "mypy/tools", ".", cwd=stage.collection / "tests/tools")
    stage.check("ansible-lint", "ansible-lint", "--offline", "--profile", "production")


def sanity(stage: Stage) -> None:
    """ansible-test sanity, on every Python found, of the ansible-core that CORE names or else of the newest"""
    prepare_ansible_test(stage)
    paths = [*other_core(), stage.env["PATH"], *(str(python.parent) for python in pythons().values())]
    command = ("ansible-test", "sanity", "--local", "--junit", "--color", "no")
    result = stage.run(*command, env={"PATH": os.pathsep.join(paths)})
    stage.record_reports("", result.succeeded, sorted((stage.collection / "tests/output/junit").glob("*.xml")))


def units(stage: Stage) -> None:
    """tests that need nothing outside their process"""
    run_pytest(stage, "", stage.tools / "python", *(asked_for() or ["tests/unit"]))


def integration(stage: Stage) -> None:
    """modules against the Keystone, Glance and Barbican of a sandbox"""
    prepare_ansible_test(stage)
    settings = {"sandbox_clouds_file": str(SANDBOX.clouds_file)}
    (stage.collection / "tests/integration").mkdir(parents=True, exist_ok=True)
    (stage.collection / "tests/integration/integration_config.yml").write_text(json.dumps(settings))
    folders = sorted(stage.collection.glob("tests/integration/targets/*/"))
    targets = [folder.name for folder in folders if not folder.name.startswith("setup_")]
    found = sorted(stage.collection.glob("tests/integration/test_*.py"))
    modules: list[str | Path] = [module for module in found if module.name not in STORIES]
    stage.record("has targets and test modules", bool(targets and modules))
    if asked := asked_for():
        targets = [Path(each).name for each in asked if Path(each).parent.name == "targets"]
        modules = [each for each in asked if Path(each).name not in targets]
    for target in targets:
        stage.check(target, "ansible-test", "integration", "--local", "--color", "no", target)
    if modules:
        run_pytest(stage, "", stage.tools / "python", *modules, env=awx_environment())


def examples(stage: Stage) -> None:
    """every example of the documentation, and what users copy: AWX, Git, migration, reports"""
    modules = asked_for() or [f"tests/integration/{module}" for module in STORIES]
    run_pytest(stage, "", stage.tools / "python", *modules, env=awx_environment())


def consumers(stage: Stage) -> None:
    """servers and volumes, from the first version of an image to the last day of its data, on a real Nova and Cinder"""
    env = {"SANDBOX_VARIABLES": json.dumps(CONSUMERS_SANDBOX.variables())}
    found = sorted(stage.collection.glob("tests/integration/consumers/test_*.py"))
    modules: list[str | Path] = [*(asked_for() or found)]
    together = [module for module in modules if Path(str(module).partition("::")[0]).name not in ALONE]
    alone = [module for module in modules if module not in together]
    stage.record("has stories", bool(asked_for() or (together and len(alone) == len(ALONE))))
    # What a story takes is mostly the start of Ansible.
    if together:
        run_pytest(stage, "together", stage.tools / "python", "--numprocesses", "2", *together, env=env)
    if alone:
        run_pytest(stage, "alone", stage.tools / "python", *alone, env=env)


def soak(stage: Stage) -> None:
    """random catalogues and hundreds of random faults, for as long as SOAK_SECONDS says"""
    limit = float(os.environ.get("SOAK_SECONDS") or SOAK_SECONDS)
    page = [os.environ["SOAK_PAGE"]] if os.environ.get("SOAK_PAGE") else []
    command: list[str | Path] = [stage.tools / "python", "-m", "soak", WORK / "logs", *page]
    result = stage.run(
        *command,
        cwd=stage.collection / "tests/integration",
        env={"PYTHONPATH": str(stage.tree), "SOAK_SECONDS": str(limit)},
        # The last catalogue is put away.
        limit=limit + 300,
    )
    stage.record("nothing is lost, doubled, left half, over-shared or untrue", result.succeeded)


def matrix(stage: Stage) -> None:
    """unit tests and a smoke test with the oldest and the newest of what is supported"""
    found = pythons()
    eldest = min(found)
    newest = ["ansible-core", *(re.split("[>=]", line)[0] for line in requirements("requirements.txt"))]
    runs = {f"newest-3.{minor}": (found[minor], newest) for minor in sorted({eldest, max(found)})}
    if eldest <= 12:
        runs["oldest"] = (found[eldest], floors())
    else:
        stage.skip("oldest: needs Python 3.11 or 3.12")
    for name, (python, wanted) in runs.items():
        testing = ["pytest", "pytest-ansible", "pytest-xdist", "hypothesis", "jsonschema", "zstandard"]
        tools = virtual_environment(name, python, [*wanted, *testing])
        path = {"PATH": os.pathsep.join([str(tools), stage.env["PATH"]])}
        run_pytest(stage, name, tools / "python", "tests/unit", env=path)
        smoke = stage.collection / "tests/integration/smoke.yml"
        if smoke.exists():
            stage.record(f"{name} smoke", stage.run(tools / "ansible-playbook", smoke, env=path).succeeded)
        else:
            stage.skip(f"{name} smoke: there is no {smoke.name}")


def molecule(stage: Stage) -> None:
    """roles and playbooks as a user runs them, with idempotence"""
    variables = stage.collection / "extensions/molecule/inventory/group_vars/all/sandbox.json"
    variables.write_text(json.dumps(USERS_SANDBOX.variables()))
    # Without an inventory, for example outside the collection's root, every play is skipped and Molecule succeeds.
    strict = {"ANSIBLE_HOST_PATTERN_MISMATCH": "error"}
    for scenario in sorted(path.parent.name for path in stage.collection.glob("extensions/molecule/*/molecule.yml")):
        if scenario != "default":
            command = ("molecule", "test", "--scenario-name", scenario, "--destroy", "never")
            stage.record(scenario, stage.run(*command, env=strict).succeeded)


def docs(stage: Stage) -> None:
    """documentation of the plugins and roles, and the site made of it"""
    command = ("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "all", ".")
    stage.check("antsibull-docs", *command)
    site = WORK / "site"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(mode=0o700)
    init = ("antsibull-docs", "sphinx-init", "--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir")
    if stage.run(*init, site, "xloud.image").succeeded:
        stage.run(sys.executable, CHECKOUT / "tests/tools/stub_inventory.py", site / "ansible.inv")
        with (site / "conf.py").open("a") as configuration:
            configuration.write("intersphinx_mapping = {'ansible': ('https://docs.ansible.com/', '../ansible.inv')}\n")
    stage.check("site", site / "build.sh", cwd=site)


def galaxy(stage: Stage) -> None:
    """the artifact: built, imported as Galaxy does, installed"""
    build, installed = WORK / "build", WORK / "installed"
    for directory in (build, installed):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
    stage.check("build", "ansible-galaxy", "collection", "build", "--output-path", build)
    artifact = next(build.glob("*.tar.gz"), build / "missing.tar.gz")
    listed = stage.run("tar", "--list", "--file", artifact).output.split()
    stray = {path.split("/")[0] for path in listed} - ARTIFACT
    stray |= {path for path in listed if path.startswith("tests/") and path not in ("tests/", "tests/config.yml")}
    if stray:
        stage.say(f"not expected in the artifact: {', '.join(sorted(stray))}\n")
    stage.record("artifact is clean and small", bool(listed) and not stray and artifact.stat().st_size < ARTIFACT_BYTES)

    configuration = build / "importer.cfg"
    configuration.write_text("[galaxy-importer]\nRUN_ANSIBLE_TEST = False\nCHECK_REQUIRED_TAGS = True\n")
    command = (stage.tools / "python", "-m", "galaxy_importer.main", artifact)
    imported = stage.run(*command, cwd=build, env={"GALAXY_IMPORTER_CONFIG": str(configuration)})
    # It exits with 0 whatever it finds. It also looks for the collection's own playbooks in a path that does not exist;
    # those are checked below.
    complaint = re.search(
        r"^(WARNING|ERROR)(?!.* Failed to find xloud\.image\.\w+ playbook)", imported.output, re.MULTILINE
    )
    stage.record("galaxy-importer", imported.succeeded and not complaint)

    install = ("ansible-galaxy", "collection", "install", artifact, "--offline", "--force", "--collections-path")
    stage.check("install", *install, installed)
    playbooks = [f"xloud.image.{path.stem}" for path in stage.collection.glob("playbooks/*.yml")]
    check = ("ansible-playbook", "--syntax-check", *sorted(playbooks))
    stage.record("playbooks", stage.run(*check, cwd=build, env={"ANSIBLE_COLLECTIONS_PATH": str(installed)}).succeeded)
    found = stage.run("ansible-builder", "introspect", "--sanitize", installed)
    complete = all(line in found.output for line in requirements("requirements.txt"))
    stage.record("execution environment", found.succeeded and complete)


STAGES: dict[str, Callable[[Stage], None]] = {
    run.__name__: run for run in (static, units, sanity, docs, galaxy, integration, matrix, examples, molecule)
}
# What takes too long for every change.
LONG_STAGES: dict[str, Callable[[Stage], None]] = {"consumers": consumers, "soak": soak}
ON_SANDBOX = ("integration", "matrix")
ON_USERS_SANDBOX = ("examples", "molecule")


def run_pytest(stage: Stage, title: str, python: Path, *tests: str | Path, env: dict[str, str] | None = None) -> None:
    report = WORK / "logs" / f"{stage.name}{title}.xml"
    report.unlink(missing_ok=True)
    result = stage.run(python, *PYTEST, "--durations=15", f"--junit-xml={report}", *tests, env=env, limit=PYTEST_LIMIT)
    stage.record_reports(title, result.succeeded, [report] if report.exists() else [])


def awx_environment() -> dict[str, str]:
    """Where the tests find the modules that define things in AWX."""
    return {"AWX_COLLECTIONS_PATH": str(awx_collection())}


def asked_for() -> list[str]:
    """The tests that TESTS names, for whoever works on them: files and folders, as pytest takes them."""
    return os.environ.get("TESTS", "").split()


def other_core() -> list[str]:
    """The folder with the commands of the ansible-core that CORE names, such as 2.16."""
    version = os.environ.get("CORE")
    if not version:
        return []
    wanted = [f"ansible-core=={version}.*", *requirements("requirements.txt")]
    return [str(virtual_environment(f"core-{version}", PYTHON, wanted))]


def prepare_ansible_test(stage: Stage) -> None:
    """Save ansible-test a download, and see that it finds our files."""
    cache = Path.home() / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in ("23_1_2", "24_2", "25_2"):
        stand_in = cache / f"get_pip_{version}.py"
        if not stand_in.exists():
            shutil.copyfile(CHECKOUT / "tests/tools/get_pip.py", stand_in)
    listed = stage.run("git", "ls-files").output.split()
    found = stage.run("ansible-test", "env", "--list-files").output.split()
    if not set(listed) <= set(found):
        stage.record("ansible-test finds all files", False)


def floors() -> list[str]:
    """The oldest releases that the collection supports, as it states them."""
    core = re.search(r'requires_ansible: ">=(\d+\.\d+)', (CHECKOUT / "meta/runtime.yml").read_text())
    assert core
    return [f"ansible-core=={core[1]}.*", *(line.replace(">=", "==") for line in requirements("requirements.txt"))]
