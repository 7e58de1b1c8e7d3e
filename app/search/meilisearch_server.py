"""A Meilisearch server as we use it: JSON in and out, tasks waited for, one clear line where it fails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx2
import orjson
from meilisearch_python_sdk import Client
from meilisearch_python_sdk.errors import MeilisearchError

from app.search import EngineUnavailable

TIMEOUT = 30
"""Seconds for an answer; writes are queued and answered at once."""
LONGEST_TASK = 3_600_000
"""Milliseconds until a task that doesn't end counts as failed."""


class NoIndex(EngineUnavailable):
    """The server doesn't have the index."""


class Server:
    """One pooled client for all threads of the process; its connections come back by themselves."""

    def __init__(self, url: str, key: str) -> None:
        """Name a server; nothing is sent yet."""
        self._url = url
        # a compressed answer comes in chunks that wait in the socket
        headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
        self._client = Client(url, key or None, timeout=TIMEOUT, custom_headers=headers)

    def says(self, what: str, index: str = "") -> str:
        """Return a line about the server, and an index of it."""
        return f"Meilisearch at {self._url} {what}" + (f" (index {index})" if index else "")

    def get(self, path: str) -> Any:
        """Return the answer to a GET."""
        return self._send("GET", path)

    def post(self, path: str, body: Any) -> Any:
        """Return the answer to a POST."""
        return self._send("POST", path, body)

    def patch(self, path: str, body: Any) -> Any:
        """Return the answer to a PATCH."""
        return self._send("PATCH", path, body)

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else orjson.dumps(body, default=dict)
        try:
            response = self._client.http_client.request(method, path, content=content)
        except httpx2.TimeoutException as error:
            raise EngineUnavailable(self.says("doesn't answer in time: see how it does")) from error
        except (httpx2.HTTPError, OSError) as error:
            reason = f"can't be reached: start it, or set EPSILON_SEARCH_URL ({error})"
            raise EngineUnavailable(self.says(reason)) from error
        if response.is_success:
            return orjson.loads(response.content)
        return self._refused(response)

    def _refused(self, response: httpx2.Response) -> Any:
        try:
            problem = orjson.loads(response.content)
            code, message = problem["code"], problem["message"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            code, message = "", f"answered {response.status_code}"
        if code == "index_not_found":
            raise NoIndex(self.says(f"has no such index yet: run 'epsilon index rebuild' ({message})"))
        if response.status_code in {401, 403}:
            raise EngineUnavailable(self.says(f"refuses the key: set EPSILON_SEARCH_KEY ({message})"))
        raise EngineUnavailable(self.says(f"can't do this: {message}"))

    def wait(self, tasks: Iterable[int], fine: str = "") -> None:
        """Return when all tasks are done; the code of an error that doesn't matter may be given.

        Raises:
            EngineUnavailable: one failed, or the server went away.
        """
        for task in tasks:
            try:
                done = self._client.wait_for_task(task, timeout_in_ms=LONGEST_TASK, interval_in_ms=20)
            except (MeilisearchError, httpx2.HTTPError) as error:
                raise EngineUnavailable(self.says(f"went away during a task: {error}")) from error
            problem = done.error or {}
            if done.status != "succeeded" and problem.get("code") != fine:
                raise EngineUnavailable(self.says(f"failed a task: {problem.get('message', done.status)}"))

    def drop(self, index: str) -> None:
        """Delete an index where it is there; a server that is gone keeps it."""
        try:
            self._send("DELETE", f"/indexes/{index}")
        except EngineUnavailable:
            return

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
