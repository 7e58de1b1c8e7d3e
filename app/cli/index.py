"""``epsilon index``: drain, rebuild, check."""

from __future__ import annotations

import click

from app.cli.context import counting, open_database, open_engine, say


@click.group()
def index() -> None:
    """The search index: bring it up to date, build it anew, compare it with the database."""


@index.command()
@click.pass_context
def drain(ctx: click.Context, /) -> None:
    """Bring the index up to date, and mend what differs."""
    from app.search.indexer import drain_or_wait, mend

    with open_database(ctx) as database, open_engine(ctx) as engine, counting("papers indexed") as progress:
        count = drain_or_wait(database, engine, say, progress)
        if mend(database, engine):
            count += drain_or_wait(database, engine, say, progress)
    click.echo(f"{count} papers indexed")


@index.command()
@click.pass_context
def rebuild(ctx: click.Context, /) -> None:
    """Build the index anew; searches see the old one until it is whole."""
    from app.search.indexer import drain_or_wait, rebuild_or_wait

    with open_database(ctx) as database, open_engine(ctx) as engine, counting("papers indexed") as progress:
        count = rebuild_or_wait(database, engine, say, progress)
        drain_or_wait(database, engine, say)
    click.echo(f"{count} papers indexed")


@index.command()
@click.pass_context
def check(ctx: click.Context, /) -> None:
    """Compare database and index by revision; status 1 where they differ."""
    from app.search import indexer

    with open_database(ctx) as database, open_engine(ctx) as engine:
        if engine.needs_rebuild():
            click.echo("the index is missing or another version built it: run 'epsilon index rebuild'")
            ctx.exit(1)
        found = indexer.check(database, engine)
    for name in ("missing", "stale", "extra"):
        ids = getattr(found, name)
        if ids:
            click.echo(f"{len(ids)} {name}: {', '.join(ids[:10])}{' …' if len(ids) > 10 else ''}")
    if found:
        click.echo("database and index differ: run 'epsilon index drain'")
        ctx.exit(1)
    click.echo("database and index hold the same revisions")
