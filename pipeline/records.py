"""The database: what was run, what came out of it, and what waits for a person.

    runs          one row a run: its inputs, its configuration, how far it is
    results       one row a case, with the case as it came in and the line of `results.jsonl` as it goes out
    errors        one row for each case that could not be read
    review_items  one row for each result that a person must look at

The schema is made by the migrations beside this file, never by `create_all`, so that an older database is carried
along. SQLite is the default; any PostgreSQL URL works.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import JSON, DateTime, Engine, ForeignKey, Index, String, Text, UniqueConstraint, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from cases.case import Priority

MIGRATIONS = Path(__file__).parent / "migrations"
PRIORITY_RANK: dict[Priority, int] = {"immediate": 0, "urgent": 1, "routine": 2}
_BUSY_SECONDS = 30  # how long a writer waits for another one, e.g. the review queue, before it gives up


class UtcTime(TypeDecorator[dt.datetime]):
    """A moment in UTC; SQLite forgets time zones, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """Refuse a moment without a time zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment in the database needs a time zone")
        return None if value is None else value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """Give the moment its time zone back."""
        return value.replace(tzinfo=dt.UTC) if value is not None and value.tzinfo is None else value


def now() -> dt.datetime:
    """The present moment, in UTC."""
    return dt.datetime.now(dt.UTC)


class Record(DeclarativeBase):
    """A row of the database."""


class RunRecord(Record):
    """One run: `state` is `running`, `complete`, or `superseded` once `--force` has started another in its place."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default="running")
    version: Mapped[str] = mapped_column(String(64))
    config_hash: Mapped[str] = mapped_column(String(64))
    config_text: Mapped[str] = mapped_column(Text)
    inputs_hash: Mapped[str] = mapped_column(String(64))
    inputs: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    provenance: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), default=None)
    started_at: Mapped[dt.datetime] = mapped_column(UtcTime, default=now)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UtcTime, default=None)


class ResultRecord(Record):
    """One result. `position` is its place among everything that was read, `document` its line of `results.jsonl`."""

    __tablename__ = "results"
    __table_args__ = (
        UniqueConstraint("run_id", "case_id", name="uq_results_run_case"),
        Index("ix_results_run_position", "run_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    case_id: Mapped[str] = mapped_column(String(200))
    position: Mapped[int]
    route: Mapped[str] = mapped_column(String(16))
    priority: Mapped[str] = mapped_column(String(16))
    case_document: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    review_item: Mapped[ReviewItemRecord | None] = relationship(back_populates="result", cascade="all, delete-orphan")


class ErrorRecord(Record):
    """One case that could not be read: its line of `errors.jsonl`, at its place among everything that was read."""

    __tablename__ = "errors"
    __table_args__ = (UniqueConstraint("run_id", "position", name="uq_errors_run_position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    position: Mapped[int]
    line: Mapped[int]
    case_id: Mapped[str | None] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(String(100))
    message: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str] = mapped_column(Text)


class ReviewItemRecord(Record):
    """A result that waits for a person, or that a person has closed.

    The queue is ordered by `priority_rank`, then by falling `doubt`: what is least sure is seen first.
    """

    __tablename__ = "review_items"
    __table_args__ = (Index("ix_review_items_queue", "state", "priority_rank", "doubt"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("results.id", ondelete="CASCADE"), unique=True)
    state: Mapped[str] = mapped_column(String(16), default="open")
    priority: Mapped[str] = mapped_column(String(16))
    priority_rank: Mapped[int]
    doubt: Mapped[float]
    reasons: Mapped[list[str]] = mapped_column(JSON)
    reviewers: Mapped[list[str]] = mapped_column(JSON)
    opened_at: Mapped[dt.datetime] = mapped_column(UtcTime, default=now)
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcTime, default=None)
    result: Mapped[ResultRecord] = relationship(back_populates="review_item")


def open_database(database: str | Path) -> Engine:
    """Open a database and bring its schema up to date.

    Args:
        database: the path of an SQLite file, or a URL such as `postgresql+psycopg://user@host/name`.

    Example:
        >>> import tempfile
        >>> engine = open_database(Path(tempfile.mkdtemp()) / "wardround.sqlite")
        >>> engine.dialect.name
        'sqlite'
    """
    text = str(database)
    url = make_url(text if "://" in text else f"sqlite:///{Path(text).resolve()}")
    sqlite = url.get_backend_name() == "sqlite"
    # Without hide_parameters a failed insert would print the patient's text.
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS} if sqlite else {})
    if sqlite:
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    with engine.begin() as connection:
        migrate(connection)
    return engine


def migrate(connection: Connection, revision: str = "head") -> None:
    """Carry the schema to a revision inside the connection's transaction: all of it or, if killed, none of it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _on_sqlite_connect(connection: Any, _: Any) -> None:
    # The driver would begin transactions by itself, and not before DDL: a kill could leave half a schema.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _on_sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
