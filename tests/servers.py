"""Real servers for tests: a PostgreSQL from the machine's binaries and a Meilisearch from the PATH, on loopback."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg


class Missing(Exception):
    """The machine doesn't have the program; the message says which."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(ready: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Return when ``ready()`` is true; a connection that fails counts as not yet."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if ready():
                return
        except (OSError, httpx.HTTPError, psycopg.Error):
            pass
        time.sleep(0.05)
    raise TimeoutError(f"{what} is not there after {seconds:.0f} s")


def _program(name: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)]))
    if found is None:
        raise Missing(f"no {name} on this machine")
    return found


@dataclass
class Postgres:
    """A PostgreSQL cluster in ``folder``; run as another user where we are root, since it refuses to be root."""

    folder: Path
    port: int = field(default_factory=free_port)
    user: str | None = None

    def create(self) -> None:
        """Make the cluster."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self.user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self.folder, self.user)
            for parent in self.folder.parents:  # pytest's folders are closed to others
                if parent.stat().st_uid == 0 and parent != Path("/") and not parent.stat().st_mode & 0o001:
                    parent.chmod(parent.stat().st_mode | 0o011)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "epsilon", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -k '' -h 127.0.0.1 -c fsync=off -c max_connections=60"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", "start")

    def stop(self) -> None:
        """Stop it at once, breaking its connections."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, database: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql://epsilon@127.0.0.1:{self.port}/{database}"

    def _run(self, name: str, *arguments: str) -> None:
        command = [_program(name), *arguments]
        identity = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}
        output = subprocess.PIPE if name == "initdb" else subprocess.DEVNULL  # a server would keep the pipe open
        done = subprocess.run(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, text=True,
            check=False, **identity,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{name} failed: {done.stdout}")


@dataclass
class Meilisearch:
    """A Meilisearch server with its files in ``folder``."""

    folder: Path
    port: int = field(default_factory=free_port)
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        program = _program("meilisearch")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [program, "--no-analytics", "--http-addr", f"127.0.0.1:{self.port}", "--master-key", self.key,
             "--db-path", str(self.folder / "data"), "--dump-dir", str(self.folder / "dumps"), "--log-level", "WARN"],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(lambda: httpx.get(f"{self.url}/health").status_code == 200, "Meilisearch")

    def stop(self) -> None:
        """End it and wait for the end."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None
