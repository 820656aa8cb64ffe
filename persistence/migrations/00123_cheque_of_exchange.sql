-- The cheque that an exchange settled, for whoever is told of the exchange.

-- +goose Up
CREATE INDEX time_cheque_exchange_idx ON time_cheque (community_id, exchange_id) WHERE exchange_id IS NOT NULL;

-- +goose Down
DROP INDEX time_cheque_exchange_idx;
