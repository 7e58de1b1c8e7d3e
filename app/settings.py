"""The settings, read once from the environment (and a ``.env`` file); every name begins with ``EPSILON_``."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator can set. An empty variable counts as unset."""

    model_config = SettingsConfigDict(
        env_prefix="EPSILON_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Field(Path("data"), description="SQLite file, embedded index, inbox, backups")
    database_url: str = Field("", description="sqlite:///… or postgresql://…; else a SQLite file in the data folder")
    search_url: str = Field("", description="http(s)://… of a Meilisearch server; else an index in the data folder")
    search_key: str = Field("", description="the Meilisearch server's API key", repr=False)
    search_index: str = Field("papers", description="index name (prefix): several catalogues can share a server")
    base_url: str = Field("", description="public address for links that leave the site; else the request's")
    trusted_proxies: str = Field("", description="addresses whose forwarded headers are believed, comma-separated")
    contact: str = Field("", description="mail address that arXiv is told when it is asked for papers")
    arxiv_queries: str = Field("", description="queries that the worker asks arXiv regularly, parted by semicolons")
    arxiv_interval: float = Field(24, gt=0, description="hours between two times that the worker asks a query")
    arxiv_url: str = Field("https://export.arxiv.org/api/query", description="address of arXiv's API, or of a mirror")
    taxonomy_dir: Path = Field(
        Path(__file__).parent / "tagging", description="folder of taxonomy.yaml and rules/; else the catalogue's own"
    )

    @property
    def database(self) -> str:
        """The database's address, the default one included."""
        return self.database_url or f"sqlite:///{self.data_dir / 'epsilon.db'}"

    @property
    def search(self) -> str:
        """The engine's address; a path names the folder of the embedded index."""
        return self.search_url or str(self.data_dir / "index")
