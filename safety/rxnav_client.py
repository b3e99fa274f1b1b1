"""Ask RxNav over the network: paced, repeated when it is busy, and remembered for a day.

NLM allows 20 requests a second from one address and answers 403 above that, so 403 means "slower", not "forbidden".
It asks clients to keep answers for 12 to 24 hours. Whatever is no answer raises `Unavailable`.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from safety.resolver import Unavailable

if TYPE_CHECKING:
    import httpx

PER_SECOND = 20  # requests from one address
ATTEMPTS = 5
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0  # seconds between attempts, doubled each time
KEPT = 24 * 3600.0  # seconds an answer is kept
TIMEOUT = 10.0  # seconds
SLOWER, NOT_FOUND = (403, 429), 404
NO_VERSION = ""
SCHEMA = """
CREATE TABLE IF NOT EXISTS response (
    url TEXT NOT NULL, version TEXT NOT NULL, at REAL NOT NULL, body TEXT NOT NULL, PRIMARY KEY (url, version)
)
"""

_log = logging.getLogger(__name__)


class _Busy(Exception):
    """The service asks to come back later."""


class Pace:
    """Space calls evenly, at most so many a second.

    Args:
        per_second: calls a second.
        clock: seconds that never run backwards.
        sleep: waits so many seconds.
    """

    def __init__(self, per_second: float, *, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._gap = 1.0 / per_second
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._lock = Lock()

    def wait(self) -> None:
        """Return when the next call may be made."""
        with self._lock:
            now = self._clock()
            at = max(now, self._next)
            self._next = at + self._gap
        if at > now:
            self._sleep(at - now)


class ResponseCache:
    """Answers by URL and RxNorm version, in one SQLite file.

    Args:
        path: the file; it is made where it is missing.
        now: seconds since 1970.
    """

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._database.execute(SCHEMA)
            self._database.execute("DELETE FROM response WHERE at < ?", (now() - KEPT,))
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(
                f"the cache {path} cannot be opened ({error}). Remove it, or set WARDROUND_CACHE."
            ) from error

    def get(self, url: str, version: str) -> dict[str, Any] | None:
        """Return an answer that is not older than a day."""
        query = "SELECT body FROM response WHERE url = ? AND version = ? AND at > ?"
        rows = self._execute(query, url, version, self._now() - KEPT)
        return dict(json.loads(rows[0][0])) if rows else None

    def put(self, url: str, version: str, body: dict[str, Any]) -> None:
        """Keep an answer."""
        query = "INSERT OR REPLACE INTO response VALUES (?, ?, ?, ?)"
        self._execute(query, url, version, self._now(), json.dumps(body))

    def _execute(self, query: str, *values: str | float) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise Unavailable(f"the cache of RxNav's answers failed: {error}") from error


class RxNavClient:
    """RxNav's answers as plain JSON objects.

    Args:
        base_url: where the service is, e.g. `https://rxnav.nlm.nih.gov/REST`.
        cache: file of answers.
        transport: how requests are sent; httpx's own without it.
        clock: seconds that never run backwards, for the pace.
        sleep: waits so many seconds.
        now: seconds since 1970, for the age of answers.
    """

    def __init__(
        self,
        base_url: str,
        *,
        cache: Path,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        import httpx

        self._base = base_url.rstrip("/")
        self._http = httpx.Client(transport=transport, timeout=TIMEOUT, headers={"Accept": "application/json"})
        self._cache = ResponseCache(cache, now=now)
        self._pace = Pace(PER_SECOND, clock=clock, sleep=sleep)
        self._sleep = sleep

    def version(self) -> str:
        """Return the RxNorm version that the service holds; it is asked once a day.

        Raises:
            Unavailable: if the service could not answer.
        """
        version = self._get("version.json", {}, NO_VERSION).get("version")
        if not isinstance(version, str) or not version:
            raise Unavailable(f"{self._base} does not say which RxNorm it holds. Check safety.rxnav_url.")
        return version

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Return the answer to a call; empty where the service does not know what was asked for.

        Raises:
            Unavailable: if the service could not answer.
        """
        return self._get(path, params, self.version())

    def _get(self, path: str, params: dict[str, str], version: str) -> dict[str, Any]:
        request = self._http.build_request("GET", f"{self._base}/{path}", params=params or None)
        kept = self._cache.get(str(request.url), version)
        if kept is not None:
            return kept
        body = self._ask(request, missing_ok=version != NO_VERSION)
        self._cache.put(str(request.url), version, body)
        if version == NO_VERSION:
            _log.info("RxNav holds RxNorm %s", body.get("version"))
        return body

    def _ask(self, request: httpx.Request, *, missing_ok: bool) -> dict[str, Any]:
        from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

        retrying = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT),
            retry=retry_if_exception_type(_Busy),
            sleep=self._sleep,
        )
        try:
            return retrying(self._send, request, missing_ok=missing_ok)
        except RetryError as error:
            raise Unavailable(f"{self._base} was asked {ATTEMPTS} times and is still busy. Try again later.") from error

    def _send(self, request: httpx.Request, *, missing_ok: bool) -> dict[str, Any]:
        import httpx

        self._pace.wait()
        try:
            response = self._http.send(request)
        except httpx.HTTPError as error:
            raise Unavailable(f"{self._base} could not be reached ({type(error).__name__}).") from error
        if response.status_code in SLOWER or response.is_server_error:
            raise _Busy
        if response.status_code == NOT_FOUND and missing_ok:
            return {}
        if not response.is_success:
            raise Unavailable(f"{self._base} answered {response.status_code}. Check safety.rxnav_url.")
        return _object(response.text, self._base)


def _object(text: str, base: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise Unavailable(f"{base} answered something that is not JSON. Check safety.rxnav_url.") from error
    if not isinstance(body, dict):
        raise Unavailable(f"{base} answered something that is not a JSON object. Check safety.rxnav_url.")
    return body
