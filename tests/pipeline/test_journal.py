"""The journal: whole batches or nothing, one result a case, one schema however old the database."""

from __future__ import annotations

import os
import sqlite3
import uuid
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cases.errors import CaseError
from pipeline.journal import Done, Failed, Journal, ProvenanceChanged, RunIdentity
from pipeline.records import Record, ResultRecord, ReviewItemRecord, migrate, open_database
from tests.pipeline import made_up

IDENTITY = RunIdentity("c" * 64, "a: 1\n", "d" * 64, ({"name": "a.jsonl", "sha256": "e" * 64, "bytes": 3},), "0.1.0")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(tmp_path / "wardround.sqlite")


@pytest.fixture
def journal(engine: Engine) -> Journal:
    journal = Journal(engine, "run-1")
    journal.start(IDENTITY)
    return journal


def done(number: int) -> Done:
    return Done(number, made_up.case(number), made_up.result(f"c-{number:03d}"))


def test_a_failed_insert_says_nothing_of_the_patient(journal: Journal) -> None:
    journal.add([done(1)], [])
    with pytest.raises(IntegrityError) as caught:
        journal.add([done(1)], [])
    assert "made-up complaint" not in str(caught.value)


def test_journal_gives_back_what_was_added_in_the_order_of_the_input(journal: Journal) -> None:
    pairs = made_up.every_shape()
    items = [Done(number, case, result) for number, (case, result) in enumerate(pairs)]
    journal.add(items[6:], [])
    journal.add(items[:6], [])
    assert list(journal.finished()) == items
    assert list(journal.lines()) == [item.result.model_dump_json(by_alias=True) for item in items]
    assert journal.done_ids() == {case.id for case, _ in pairs}


def test_journal_opens_one_review_item_for_each_result_that_needs_a_person(journal: Journal, engine: Engine) -> None:
    pairs = made_up.every_shape()
    journal.add([Done(number, case, result) for number, (case, result) in enumerate(pairs)], [])
    query = select(ResultRecord.case_id).join(ReviewItemRecord)
    ordered = query.order_by(ReviewItemRecord.priority_rank, ReviewItemRecord.doubt.desc())
    with Session(engine) as session:
        queue = list(session.scalars(ordered))
        items = list(session.scalars(select(ReviewItemRecord)))
    assert set(queue) == {case.id for case, result in pairs if result.route == "review"}
    assert queue[:3] == ["c-009", "c-002", "c-003"]  # c-009 was not classified: all doubt
    assert {item.state for item in items} == {"open"}
    assert all(item.opened_at.tzinfo is not None and item.closed_at is None for item in items)


def test_journal_keeps_nothing_of_a_batch_that_fails(journal: Journal) -> None:
    journal.add([done(1)], [])
    error = CaseError(3, "c-003", "age", "out_of_range", "too high", "check it")
    with pytest.raises(IntegrityError):
        journal.add([done(2), done(1)], [Failed(2, error)])
    assert journal.done_ids() == {"c-001"}
    assert journal.failed_positions() == set()
    assert list(journal.errors()) == []


def test_journal_refuses_results_of_another_making(journal: Journal) -> None:
    journal.add([done(1)], [])
    other = made_up.result("c-002", run={**made_up.RUN, "rules": "2099.01"})
    with pytest.raises(ProvenanceChanged, match="c-002 was made with other rules"):
        journal.add([Done(2, made_up.case(2), other)], [])
    assert journal.done_ids() == {"c-001"}


def test_journal_stores_errors_that_name_what_no_database_takes(journal: Journal) -> None:
    journal.add([], [Failed(0, CaseError(1, "x\x00\ud800", "a\x00b", "unknown_key", "m", "r"))])
    (error,) = journal.errors()
    assert (error.line, error.case_id, error.field) == (1, "x\ufffd?", "a\ufffdb")


def test_journal_keeps_runs_apart(engine: Engine, journal: Journal) -> None:
    journal.add([done(1)], [])
    other = Journal(engine, "run-2")
    other.start(IDENTITY)
    other.add([done(1), done(2)], [])
    assert journal.counts() == {"results": 1, "auto": 1, "review": 0, "immediate": 0, "errors": 0}
    assert other.done_ids() == {"c-001", "c-002"}


def test_superseded_run_keeps_its_rows(journal: Journal) -> None:
    journal.add([done(1)], [])
    journal.supersede()
    state = journal.run()
    assert state is not None
    assert state.state == "superseded"
    assert journal.done_ids() == {"c-001"}


def test_open_database_survives_being_killed_and_is_shared_with_readers(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_migrations_make_exactly_the_schema_of_the_records(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Record.metadata) == []


def test_migration_that_is_cut_short_leaves_nothing(tmp_path: Path, engine: Engine) -> None:
    path = tmp_path / "cut.sqlite"
    fresh = open_database(path)
    with fresh.begin() as connection:
        for table in ("alembic_version", "review_items", "errors", "results", "runs"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    with fresh.connect() as connection:
        transaction = connection.begin()
        migrate(connection)
        transaction.rollback()
    with sqlite3.connect(path) as plain:
        assert plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == []
    open_database(path)


@pytest.mark.postgres
def test_journal_works_on_postgresql() -> None:
    """Needs an empty database at WARDROUND_TEST_POSTGRES, e.g. `postgresql+psycopg://me@/test?host=/run/postgresql`."""
    url = os.environ.get("WARDROUND_TEST_POSTGRES")
    if not url:
        pytest.skip("WARDROUND_TEST_POSTGRES is not set")
    engine = open_database(url)
    journal = Journal(engine, uuid.uuid4().hex)
    journal.start(IDENTITY)
    items = [Done(number, case, result) for number, (case, result) in enumerate(made_up.every_shape())]
    journal.add(items, [Failed(99, CaseError(1, "x\x00\ud800", "a", "unknown_key", "m", "r"))])
    with pytest.raises(IntegrityError):
        journal.add(items[:1], [])
    journal.finish()
    assert list(journal.finished()) == items
    assert journal.counts() == {"results": 11, "auto": 2, "review": 9, "immediate": 2, "errors": 1}
    state = journal.run()
    assert state is not None
    assert state.state == "complete"
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Record.metadata) == []
    engine.dispose()
