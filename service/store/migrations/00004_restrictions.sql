-- +goose Up
-- Who may enrol: students of one major only, and those from a year of study on; NULL for everybody. There is no foreign key,
-- for the two kinds of database add one to a table in different ways; edits of the catalogue come one after the other and
-- look at major themselves.
ALTER TABLE section ADD COLUMN only_major_id BIGINT NULL;
ALTER TABLE section ADD COLUMN min_year INT NULL;

-- +goose Down
ALTER TABLE section DROP COLUMN min_year;
ALTER TABLE section DROP COLUMN only_major_id;
