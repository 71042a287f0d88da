# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what follows from the sources: the schema of the catalogue document, and parts of the documentation."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import yaml

from ansible_collections.xloud.image.plugins.module_utils._model import document
from ansible_collections.xloud.image.plugins.module_utils._model.catalog import parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.image import RECORDED, Image
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import PRESETS
from ansible_collections.xloud.image.plugins.module_utils._model.run import CatalogPlan, Facts, Read, WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._model.schema import json_schema
from ansible_collections.xloud.image.plugins.module_utils._model.source import SourceFacts
from ansible_collections.xloud.image.plugins.module_utils._plan.catalog import plan_catalog

SCHEMA = Path("schemas/catalog.schema.json")
PAGES = Path("docs/docsite/rst")
PICTURE = Path("docs/docsite/images/lifecycle.svg")
PRIVILEGES = Path("tests/integration/privileges.yml")
CONSUMERS = Path("tests/integration/consumer_views.yml")
LAUNCHING = Path("tests/integration/consumers/launching.yml")

BLOCK = re.compile(
    r"^(?P<begin>\.\. begin generated: (?P<name>[a-z0-9 -]+)\n).*?^(?P<end>\.\. end generated\n)",
    re.MULTILINE | re.DOTALL,
)
Row = Sequence[str]

# The example of the guide to the lifecycle: when each version is released.
RELEASES = {"1.0": "2026-01-12", "1.1": "2026-02-16", "1.2": "2026-03-02", "1.3": "2026-03-09", "1.4": "2026-04-13"}
RETENTION = {"visible": 2, "available": 3, "stored": 4, "min_age": "30d"}


def generated(root: Path) -> dict[Path, str]:
    """What the files that are generated, or have generated parts, should hold."""
    pages = {path: path.read_text() for path in sorted((root / PAGES).glob("*.rst"))}
    blocks = _blocks(root)
    schema = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    return {root / SCHEMA: schema, **{path: filled(page, blocks) for path, page in pages.items()}}


def filled(page: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """A page with its generated parts as they should be."""
    return BLOCK.sub(lambda match: f"{match['begin']}\n{blocks[match['name']]()}\n{match['end']}", page)


def _blocks(root: Path) -> dict[str, Callable[[], str]]:
    shared = {**document.IMAGE, **document.DATES}
    tables = {
        "image": document.IMAGE,
        "dates": document.DATES,
        "offer": _without(document.OFFER, shared),
        "template": _without(document.TEMPLATE, document.SHARED),
        "version": _without(document.VERSION_KEYS, shared),
        "retention": document.RETENTION,
        "promotion": document.PROMOTION,
    }
    return {
        "places": places,
        "timeline": timeline,
        "picture": partial(picture, root / PICTURE),
        "people": partial(people, root / PRIVILEGES),
        "privileges": partial(privileges, root / PRIVILEGES),
        "access rules": partial(access_rules, root / PRIVILEGES),
        "stages to consumers": partial(stages_to_consumers, root / CONSUMERS),
        **{f"consumer {name}": partial(consumer, root / CONSUMERS, name) for name in _consumers(root / CONSUMERS)},
        "launching": partial(launching, root / LAUNCHING),
        "recorded": recorded,
        **{f"keys of {name}": partial(keys_table, keys) for name, keys in tables.items()},
        **{f"preset {name}": partial(preset_table, name) for name in PRESETS},
    }


def _without(keys: document.Keys, others: document.Keys) -> document.Keys:
    return {name: key for name, key in keys.items() if name not in others}


def table(header: Row, rows: Iterable[Row], widths: str = "auto") -> str:
    """A table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (header, *rows):
        lines += [f"   {'*' if not index else ' '} - {cell}".rstrip() for index, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def literal(text: str) -> str:
    return f"``{text}``"


def _marked(text: str) -> str:
    """Text of a file in YAML, in which one backtick marks what is literal."""
    return text.replace("`", "``")


def keys_table(keys: document.Keys) -> str:
    rows = ((literal(name), key.kind.words, key.meaning, key.default or "") for name, key in keys.items())
    return table(("Key", "What it holds", "Meaning", "Default"), rows, "20 25 35 20")


def places() -> str:
    """Which key may stand where."""
    stands = (document.SHARED, document.TEMPLATE, document.VERSION_KEYS)
    names = {name: None for keys in (document.TEMPLATE, document.VERSION_KEYS) for name in keys}
    rows = ((literal(name), *("yes" if name in keys else "" for keys in stands)) for name in names)
    return table(("Key", "Defaults", "Template", "Version"), rows)


def preset_table(name: str) -> str:
    rows = ((literal(each.name), ", ".join(each.allowed) or each.form or "anything") for each in PRESETS[name])
    return table(("Property", "What it must hold"), rows)


def picture(path: Path) -> str:
    """A drawing within the page itself: a site takes no other files from a collection, and its colours fit the page."""
    drawing = re.sub(r"<\?xml.*?\?>\n|<!--.*?-->\n", "", path.read_text(), flags=re.DOTALL)
    return ".. raw:: html\n\n" + "".join(f"   {line}\n" for line in drawing.splitlines() if line.strip())


def people(path: Path) -> str:
    """Whose credentials the table of privileges speaks of."""
    return table(("Who", "What they have"), yaml.safe_load(path.read_text())["people"].items(), "20 80")


def privileges(path: Path) -> str:
    """What each operation takes, and who can do it."""
    document = yaml.safe_load(path.read_text())
    rows = (
        (
            _marked(row["operation"]),
            ", ".join(map(literal, row["policies"])),
            *("yes" if row[person] is True else "no" for person in document["people"]),
        )
        for row in document["operations"]
    )
    widths = " ".join(["30", "30", *("8" for _person in document["people"])])
    return table(("Operation", "Policies", *document["people"]), rows, widths)


def access_rules(path: Path) -> str:
    """Which requests of an application credential suffice for which playbooks."""
    needed: dict[str, list[str]] = {}
    for row in yaml.safe_load(path.read_text())["access_rules"]:
        names = [*row["playbooks"], *(["the lookup current"] if row.get("lookup") else [])]
        known = needed.setdefault("\n".join(row["rules"]), [])
        known += [name for name in names if name not in known]
    rows = ((", ".join(names), "; ".join(map(literal, rules.split("\n")))) for rules, names in needed.items())
    return table(("For", "Rules: service, method and path"), rows, "30 70")


def _consumers(path: Path) -> list[str]:
    return list(yaml.safe_load(path.read_text())["tables"])


def consumer(path: Path, name: str) -> str:
    """How long the questions of one consumer find a version."""
    document = yaml.safe_load(path.read_text())
    offers = document["offers"]
    rows = (
        (
            ", ".join(map(_question, row["ask"])) + (_marked(f" ({row['means']})") if "means" in row else ""),
            *map(row.get, offers),
        )
        for row in document["tables"][name]
    )
    return table(("Question", *offers.values()), rows, "40 15 15 15 15")


def _question(ask: str | Mapping[str, str | bool]) -> str:
    """A question as its consumer writes it."""
    if isinstance(ask, str):
        return literal(ask)
    return " and ".join(literal(f"{key} = {_in_hcl(value)}") for key, value in ask.items()) or "no argument"


def _in_hcl(value: str | bool) -> str:
    return "true" if isinstance(value, bool) else value if value.isupper() else f'"{value}"'


def stages_to_consumers(path: Path) -> str:
    """What finds a version in each of its stages; offers that nothing tells apart there share a row."""
    document = yaml.safe_load(path.read_text())
    questions = [row for rows in document["tables"].values() for row in rows if "overview" in row]
    rows = []
    for stage in document["stages"]:
        alike: dict[Row, list[str]] = {}
        for offer, words in document["offers"].items():
            cells = tuple("yes" if stage in document["terms"][row[offer]] else "" for row in questions)
            alike.setdefault(cells, []).append(words)
        offers = (("; ".join(words) if len(alike) > 1 else "any", cells) for cells, words in alike.items())
        rows += [(stage, words, *cells) for words, cells in offers]
    header = ("Stage", "Offered as", *(_marked(row["overview"]) for row in questions))
    return table(header, rows, " ".join(["12", "18", *("10" for _question in questions)]))


def launching(path: Path) -> str:
    """What comes of launching from a version in each of its stages; stages that nothing tells apart share a row."""
    document = yaml.safe_load(path.read_text())
    columns = document["columns"]
    alike: dict[Row, list[str]] = {}
    for stage, cells in document["stages"].items():
        row = tuple(_outcome(cells[column], document["outcomes"]) if column in cells else "" for column in columns)
        alike.setdefault(row, []).append(stage)
    rows = ((", ".join(stages), *cells) for cells, stages in alike.items())
    return table(("Stage", *columns.values()), rows, " ".join(["14", *("14" for _column in columns)]))


def _outcome(cell: str, outcomes: Container[str]) -> str:
    return cell if cell in outcomes else literal(cell)


def recorded() -> str:
    """The properties that the collection writes onto images by itself."""
    return ", ".join(map(literal, sorted(RECORDED))) + "\n"


def timeline() -> str:
    """What becomes of the versions of a template, as the planners have it."""
    rows = []
    for day, stages in _days():
        news = [f"v{version} is released" for version, released in RELEASES.items() if released == day]
        rows.append((day, ", ".join(news) or "a nightly run", *(stages.get(version, "") for version in RELEASES)))
    kept = ", ".join(f"{key}: {value}" for key, value in RETENTION.items())
    example = f".. code-block:: yaml\n\n   retention: {{{kept}}}\n\n"
    return example + table(("Day", "What happens", *(f"v{version}" for version in RELEASES)), rows)


def _days() -> Iterator[tuple[str, dict[str, str]]]:
    """Run the catalogue every night, and tell of the days on which anything changes."""
    images: dict[str, tuple[Image, ...]] = {}
    first, last = (datetime.date.fromisoformat(min(RELEASES.values())), datetime.date(2026, 12, 31))
    for number in range((last - first).days):
        day = (first + datetime.timedelta(number)).isoformat()
        plan = _plan(day, images)
        if plan.changed:
            images = {
                version.name: (dataclasses.replace(version.image, id=version.name),)
                for version in plan.versions
                if version.image
            }
            yield day, {version.version: version.stage for version in plan.versions if version.stage != "absent"}


def _plan(day: str, images: Mapping[str, tuple[Image, ...]]) -> CatalogPlan:
    versions = {version: {"source": version} for version, released in RELEASES.items() if released <= day}
    template = {"visibility": "community", "retention": RETENTION, "versions": versions}
    wanted = WantedCatalog(parse_catalog({"ubuntu-24.04-base": template}, {}, "/"), day)
    read = Read(facts=SourceFacts(size=1, disk_format="raw", virtual_size=1))
    reads = {str(version.name): read for each in wanted.templates for version in each.versions}
    return plan_catalog(wanted, Facts(images, reads))


def main(root: Path) -> None:
    for path, content in generated(root).items():
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text() != content:
            print(f"writing {path.relative_to(root)}")
            path.write_text(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
