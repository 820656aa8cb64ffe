-- Which release of which app uses which part of the contract, by day, so that
-- "who still uses this field?" is a query. Nobody's person or community is in it.

-- +goose Up
CREATE TABLE field_usage (
  field   text NOT NULL,
  day     date NOT NULL,
  client  text NOT NULL,
  release text NOT NULL,
  uses    bigint NOT NULL,
  PRIMARY KEY (field, day, client, release)
);
CREATE INDEX field_usage_day_idx ON field_usage (day);
GRANT SELECT, INSERT, UPDATE, DELETE ON field_usage TO hora_server;

-- +goose Down
DROP TABLE field_usage;
