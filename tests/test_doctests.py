"""The examples in the modules' own words are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

APP = Path(__file__).parent.parent / "app"
NAMES = [
    ".".join(path.relative_to(APP.parent).with_suffix("").parts)
    for path in sorted(APP.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
