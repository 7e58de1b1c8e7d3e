"""The command line: thin entry points that call one module each and say in one line what went wrong.

Exit status: 0 done; 1 failed; 2 wrong use; 3 done, but some records were rejected.
"""

from __future__ import annotations

import sys

import click

from app.cli.backup import backup, restore
from app.cli.index import index
from app.cli.ingest import ingest, merge, rejects, split, tag, withdraw
from app.cli.search import evaluate, search, stats
from app.cli.serve import migrate, serve, worker
from app.tagging.taxonomy import TaxonomyError


@click.group()
@click.version_option(package_name="epsilon")
def cli() -> None:
    """A searchable catalogue of privacy-ML papers."""


for _command in (
    serve, migrate, worker, ingest, rejects, index, search, tag, stats, merge, split, withdraw, backup, restore,
    evaluate,
):  # fmt: skip
    cli.add_command(_command)


def main() -> None:
    """Run a command; a failure that a person can mend is one line and status 1, never a trace."""
    try:
        status = cli.main(prog_name="epsilon", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        status = exit_.exit_code
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except click.Abort:
        status = 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        status = 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"epsilon: {where}{error.strerror or error}", err=True)
        status = 1
    except _failures() as error:
        click.echo(f"epsilon: {error}", err=True)
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _failures() -> tuple[type[Exception], ...]:
    """Return what a person can mend; looked up only when something failed, since the modules load slowly."""
    from app.backup import BackupError
    from app.database import DatabaseUnavailable
    from app.ingest.arxiv_api import ArxivUnavailable
    from app.ingest.curate import CurateError
    from app.search import EngineUnavailable

    return (ArxivUnavailable, BackupError, CurateError, DatabaseUnavailable, EngineUnavailable, TaxonomyError)
