"""The documents name what there is: commands, settings, files."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from app.cli import cli
from app.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_targets_that_a_document_names_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    code = re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)
    for line in (line.strip() for block in code for line in block.splitlines()):
        for name in re.findall(r"(?:^|bin/|worker |exec )epsilon ([a-z]+)", line):
            assert name in cli.commands, f"{path.name}: epsilon {name}"
        for target in re.findall(r"^make ([a-z-]+)", line):
            assert target in _targets(), f"{path.name}: make {target}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_a_document_links_exist(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_readme_names_every_setting_and_no_other() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(EPSILON_[A-Z_]+)`", text))
    assert named == {f"EPSILON_{name.upper()}" for name in Settings.model_fields}


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150


def test_every_command_says_what_it_does() -> None:
    for name, command in cli.commands.items():
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name not in {
                "year_from",
                "year_to",
                "sort",
                "as_json",
            }:
                assert parameter.help or parameter.name in {"host", "port"}, (name, parameter.name)


def test_compose_and_docker_pin_their_versions() -> None:
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "Dockerfile").read_text()
    images = re.findall(r"^\s*(?:image:|FROM) (\S+)", text, re.MULTILINE)
    assert images
    for image in images:
        assert re.search(r":v?\d+\.\d+", image), image
