-- Of which part of a cycle those it waits for were reminded, so that they are once.

-- +goose Up
ALTER TABLE cycle ADD COLUMN reminded text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE cycle DROP COLUMN reminded;
