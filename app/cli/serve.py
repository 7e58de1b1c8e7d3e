"""``epsilon serve``, ``migrate`` and ``worker``."""

from __future__ import annotations

import click

from app.cli.context import open_database, open_engine, settings_of


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="processes; on a server only")
@click.pass_context
def serve(ctx: click.Context, /, host: str, port: int, workers: int) -> None:
    """Run the web server."""
    from app.main import serve

    serve(settings_of(ctx), host, port, workers)


@click.command()
@click.pass_context
def migrate(ctx: click.Context, /) -> None:
    """Bring the database to this version."""
    from app.database import Database

    database = Database(settings_of(ctx))
    try:
        database.migrate()
    finally:
        database.close()


@click.command()
@click.option("--once", is_flag=True, help="end when nothing is left to do")
@click.pass_context
def worker(ctx: click.Context, /, once: bool) -> None:
    """Load what lies in the inbox folder, ask arXiv saved queries, and keep the index up to date."""
    from app.tagging.tagger import load_tagger
    from app.worker import work

    settings = settings_of(ctx)
    with open_database(ctx) as database, open_engine(ctx) as engine:
        work(database, engine, load_tagger(settings.taxonomy_dir), settings, once=once)
