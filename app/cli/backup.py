"""``epsilon backup`` and ``restore``."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.context import counting, open_database, open_engine, say


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def backup(ctx: click.Context, /, file: Path) -> None:
    """Write the whole database into a portable file, while everything runs."""
    from app.backup import backup

    with open_database(ctx) as database:
        backup(database, file)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def restore(ctx: click.Context, /, file: Path) -> None:
    """Fill an empty database from a backup, and rebuild the index."""
    from app.backup import restore
    from app.search.indexer import rebuild_or_wait

    with open_database(ctx) as database:
        restore(database, file)
        with open_engine(ctx) as engine, counting("papers indexed") as progress:
            rebuild_or_wait(database, engine, say, progress)
