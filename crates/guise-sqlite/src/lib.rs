//! The embedded store: SQLite behind a group-committing writer.
