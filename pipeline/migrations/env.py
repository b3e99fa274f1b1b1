"""How Alembic reaches the database: always through the connection that `pipeline.records.migrate` hands in."""

from __future__ import annotations

from alembic import context

from pipeline.records import Record

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Record.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
