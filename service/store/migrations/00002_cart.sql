-- +goose Up
-- What students mean to enrol in. There are no foreign keys: writing here must not wait for the ledger's locks on students
-- and sections. Rows of sections that are gone are never read.
CREATE TABLE cart (
  student_id BIGINT NOT NULL,
  section_id BIGINT NOT NULL,
  added_at   BIGINT NOT NULL,
  PRIMARY KEY (student_id, section_id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- +goose Down
DROP TABLE cart;
