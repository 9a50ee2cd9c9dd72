-- The tool: one table that people edit, and a journal by which it tells what happened since any point.
BEGIN;
CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- AUTOINCREMENT: an id is never given twice
    kind TEXT NOT NULL CHECK (kind IN ('campaign', 'stage')),
    campaign INTEGER REFERENCES item (id) ON DELETE SET NULL,
    sync_id TEXT UNIQUE,
    name TEXT NOT NULL CHECK (length(name) <= 255),
    status TEXT,
    subject TEXT,
    tags TEXT, -- a JSON list
    due TEXT -- a day
);
CREATE TABLE journal (at INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL, kind TEXT NOT NULL);
CREATE TRIGGER made AFTER INSERT ON item BEGIN INSERT INTO journal (id, kind) VALUES (new.id, new.kind); END;
CREATE TRIGGER changed AFTER UPDATE ON item BEGIN INSERT INTO journal (id, kind) VALUES (new.id, new.kind); END;
CREATE TRIGGER gone AFTER DELETE ON item BEGIN INSERT INTO journal (id, kind) VALUES (old.id, old.kind); END;
COMMIT;
