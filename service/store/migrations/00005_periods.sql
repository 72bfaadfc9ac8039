-- +goose Up
-- A term has several registration periods, which never overlap. What stood beside the only one moves to a row of its own:
-- version is raised by every change of courses, sections or slots, so that copies know that they are stale; last_id
-- is the greatest id that any such row ever had.
CREATE TABLE catalogue (
  id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  version BIGINT NOT NULL,
  last_id BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

INSERT INTO catalogue (id, version, last_id) SELECT 1, catalogue, last_id FROM registration_period;

CREATE TABLE only_period (
  opens_at  BIGINT NOT NULL PRIMARY KEY,
  closes_at BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

INSERT INTO only_period (opens_at, closes_at) SELECT opens_at, closes_at FROM registration_period WHERE opens_at < closes_at;

DROP TABLE registration_period;

CREATE TABLE registration_period (
  id        BIGINT NOT NULL PRIMARY KEY,
  opens_at  BIGINT NOT NULL,
  closes_at BIGINT NOT NULL,
  CHECK (opens_at < closes_at)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

INSERT INTO registration_period (id, opens_at, closes_at) SELECT 1, opens_at, closes_at FROM only_period;

DROP TABLE only_period;

-- +goose Down
CREATE TABLE only_period (
  opens_at  BIGINT NOT NULL PRIMARY KEY,
  closes_at BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

INSERT INTO only_period (opens_at, closes_at)
  SELECT COALESCE(MAX(opens_at), 0), COALESCE(MAX(closes_at), 0) FROM registration_period;

DROP TABLE registration_period;

CREATE TABLE registration_period (
  id        BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  opens_at  BIGINT NOT NULL,
  closes_at BIGINT NOT NULL,
  catalogue BIGINT NOT NULL,
  last_id   BIGINT NOT NULL DEFAULT 0
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

INSERT INTO registration_period (id, opens_at, closes_at, catalogue, last_id)
  SELECT 1, only_period.opens_at, only_period.closes_at, catalogue.version, catalogue.last_id FROM only_period, catalogue;

DROP TABLE only_period;
DROP TABLE catalogue;
