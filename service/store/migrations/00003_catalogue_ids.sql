-- +goose Up
-- The greatest id that any row of the catalogue had when it was made or removed: an id is never given twice, or the seat
-- that a student asks for by an old one would be another's.
ALTER TABLE registration_period ADD COLUMN last_id BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE registration_period DROP COLUMN last_id;
