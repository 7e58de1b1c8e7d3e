"""What commands share: settings, database and engine for a run, progress, and one line of words on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import orjson

from app.settings import Settings
from app.tagging.taxonomy import Taxonomy, load_taxonomy

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from app.database import Database
    from app.search import SearchEngine

REJECTED = 3
"""The exit status of a command that is done, but rejected some records."""


class FacetCommand(click.Command):
    """A command with one repeatable option for each facet of the taxonomy, as data gives them."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return its own options and the facets'."""
        own = super().get_params(ctx)
        facets = [
            click.Option([f"--{facet.id}"], multiple=True, metavar="ID", help=f"{facet.label}: an id; again for OR")
            for facet in taxonomy_of(settings_of(ctx))
        ]
        return [*facets, *own]


def settings_of(ctx: click.Context) -> Settings:
    """Read the settings once for a run of the program."""
    root = ctx.find_root()
    if root.obj is None:
        root.obj = Settings()
    return root.obj  # type: ignore[no-any-return]


def taxonomy_of(settings: Settings) -> Taxonomy:
    """Read the taxonomy that the settings name."""
    return load_taxonomy(settings.taxonomy_dir)


@contextmanager
def open_database(ctx: click.Context) -> Iterator[Database]:
    """Open the database; on SQLite it is created and migrated, on PostgreSQL its schema must be ours."""
    from app.database import Database

    database = Database(settings_of(ctx))
    try:
        database.prepare()
        yield database
    finally:
        database.close()


@contextmanager
def open_engine(ctx: click.Context) -> Iterator[SearchEngine]:
    """Open the search engine."""
    from app.search.engines import open_engine as open_

    engine = open_(settings_of(ctx), taxonomy_of(settings_of(ctx)))
    try:
        yield engine
    finally:
        engine.close()


def print_json(value: Any) -> None:
    """Print one JSON document."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def say(text: str) -> None:
    """Tell whoever looks; standard output stays for the answer."""
    click.echo(f"epsilon: {text}", err=True)


@contextmanager
def counting(label: str) -> Iterator[Callable[[int], None]]:
    """Count on standard error, on a terminal only."""
    total = 0
    is_terminal = sys.stderr.isatty()

    def count(more: int) -> None:
        nonlocal total
        total += more
        if is_terminal and more:
            click.echo(f"\r{total:,} {label}", nl=False, err=True)

    try:
        yield count
    finally:
        if is_terminal and total:
            click.echo("", err=True)


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, float], None]]:
    """Show which part is done and how many records that is, on standard error, on a terminal only."""
    total = 0
    bar: ProgressBar[int] = click.progressbar(
        length=1000, label=label, file=sys.stderr, hidden=not sys.stderr.isatty(), show_eta=True,
        item_show_func=lambda count: f"{count:,} records" if count else "",
    )  # fmt: skip
    with bar:

        def show(more: int, part: float) -> None:
            nonlocal total
            total += more
            bar.update(max(0, int(part * 1000) - bar.pos), total)

        yield show


def bring_index_up_to_date(ctx: click.Context, database: Database) -> None:
    """Bring the index up to date; papers that can't be indexed now are safe, and wait."""
    from app.search import EngineUnavailable
    from app.search.indexer import drain_or_wait

    try:
        with open_engine(ctx) as engine, counting("papers indexed") as progress:
            drain_or_wait(database, engine, say, progress)
    except EngineUnavailable as error:
        say(f"the papers are stored, and wait for the search engine: {error}")
