"""The shape of the code, as docs/architecture.md draws it: who may import whom, no cycles, modules that stay pure."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ANYWHERE = {"settings", "paper", "identifiers", "venues", "tagging.taxonomy"}

MAY_IMPORT = {
    "settings": set(),
    "venues": set(),
    "paper": set(),
    "identifiers": set(),
    "models": set(),
    "database": {"models"},
    "catalogue": {"models", "database"},
    "sources": set(),
    "tagging": set(),
    "ingest": {"sources", "tagging", "catalogue", "database", "models"},
    "search": set(),
    "search.indexer": {"search", "catalogue", "database", "models"},
    "web": {"search", "catalogue", "database"},
}
"""By the longest name that fits; a package's modules may always import each other. The entry points may import all."""

ENTRY_POINTS = {"cli", "main", "worker", "backup", "evaluation"}

PURE = [
    "paper", "identifiers", "venues", "sources", "tagging.tagger", "tagging.taxonomy", "search.query", "search.text",
    "search.tree", "ingest.normalise", "ingest.merge",
]  # fmt: skip
IMPURE = {"sqlalchemy", "sqlmodel", "httpx", "time", "socket", "urllib.request", "subprocess", "random"}


def _modules() -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / "app").rglob("*.py")):
        parts = path.relative_to(ROOT / "app").with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()


def _imports(path: Path, *, at_import_time: bool = False) -> set[str]:
    """Return the full names that a module imports; those inside functions too, unless ``at_import_time``."""
    names = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = [n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)]
    typing_only = [
        n for i in ast.walk(tree) if isinstance(i, ast.If) and "TYPE_CHECKING" in ast.dump(i.test) for n in ast.walk(i)
    ]
    left_out = {id(n) for n in (inside + typing_only if at_import_time else [])}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _own(path: Path, **options: bool) -> set[str]:
    """Return the catalogue's modules that a module imports, without ``app.``."""
    names = {name.removeprefix("app.") for name in _imports(path, **options) if name.startswith("app.")}
    return {name for name in names if name in MODULES}


def _rule(name: str) -> str | None:
    return max((rule for rule in MAY_IMPORT if name == rule or name.startswith(rule + ".")), key=len, default=None)


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[0] not in ENTRY_POINTS | {""}])
def test_imports_follow_the_flow(name: str) -> None:
    rule = _rule(name)
    assert rule is not None, f"app/{name} is not in docs/architecture.md's picture"
    package = name.split(".")[0]
    for imported in _own(MODULES[name]):
        same = imported.split(".")[0] == package and _rule(imported) in {rule, package}
        allowed = any(imported == a or imported.startswith(a + ".") for a in MAY_IMPORT[rule] | ANYWHERE)
        assert same or allowed, f"app/{name} imports app/{imported}"


def test_nothing_imports_in_a_circle() -> None:
    graph = {name: _own(path, at_import_time=True) - {name} for name, path in MODULES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_have_no_session_clock_or_network(name: str) -> None:
    paths = [path for module, path in MODULES.items() if module == name or module.startswith(name + ".")]
    assert paths
    for path in paths:
        imported = _imports(path)
        assert not {i for i in imported for bad in IMPURE if i == bad or i.startswith(bad + ".")}, path
        calls = {n.attr for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Attribute)}
        assert not calls & {"now", "utcnow", "today"}, path


def test_no_module_has_two_jobs() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length > 350} == {}


def test_no_code_names_a_facet_of_the_taxonomy() -> None:
    """The facets are data: their ids and keys occur in no string of the code, nor in a template."""
    from app.tagging.taxonomy import load_taxonomy

    words = {word for facet in load_taxonomy() for word in (facet.id, facet.key)} - {"data"}
    for name, path in MODULES.items():
        strings = {n.value for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Constant)}
        assert not strings & words, name
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in words if f'"{word}"' in text or f"/{word}/" in text], path


def test_the_top_level_is_the_design_card() -> None:
    own = {
        "pyproject.toml", "app", "templates", "static", "migrations", "tests", "docker-compose.yml", "README.md",
        "Makefile", "Dockerfile", ".ci", "docs", "benchmarks", "CHANGELOG.md",
    }  # fmt: skip
    for path in ROOT.iterdir():
        is_lock = path.suffix == ".lock"
        assert path.name in own or is_lock or path.name.startswith(".") or path.name == "data", path.name
