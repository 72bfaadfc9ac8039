-- +goose Up
-- Instants are milliseconds since the Unix epoch, 0 where there is none. What stands between /*! and */ is read by
-- MySQL and MariaDB only: keys are compared byte by byte there, as SQLite does anyway.

CREATE TABLE staff (
  login         VARCHAR(64)  NOT NULL PRIMARY KEY,
  name          VARCHAR(100) NOT NULL,
  password_hash VARCHAR(255) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE major (
  id      BIGINT       NOT NULL PRIMARY KEY,
  name    VARCHAR(100) NOT NULL UNIQUE,
  name_en VARCHAR(100) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE professor (
  id       BIGINT       NOT NULL PRIMARY KEY,
  name     VARCHAR(100) NOT NULL,
  name_en  VARCHAR(100) NOT NULL,
  major_id BIGINT       NULL,
  FOREIGN KEY (major_id) REFERENCES major (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- cancellations counts the student's rows in cancellation, so that the many who never cancelled cost no look there.
CREATE TABLE student (
  id            BIGINT       NOT NULL PRIMARY KEY,
  name          VARCHAR(100) NOT NULL,
  name_en       VARCHAR(100) NOT NULL,
  major_id      BIGINT       NOT NULL,
  study_year    INT          NOT NULL CHECK (study_year >= 1),
  max_credits   INT          NOT NULL CHECK (max_credits >= 0),
  password_hash VARCHAR(255) NOT NULL,
  cancellations INT          NOT NULL DEFAULT 0,
  FOREIGN KEY (major_id) REFERENCES major (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- A course without a major belongs to the liberal arts.
CREATE TABLE course (
  id       BIGINT       NOT NULL PRIMARY KEY,
  code     VARCHAR(16)  NOT NULL UNIQUE,
  name     VARCHAR(200) NOT NULL,
  name_en  VARCHAR(200) NOT NULL,
  major_id BIGINT       NULL,
  credits  INT          NOT NULL CHECK (credits >= 0),
  FOREIGN KEY (major_id) REFERENCES major (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE section (
  id           BIGINT NOT NULL PRIMARY KEY,
  course_id    BIGINT NOT NULL,
  professor_id BIGINT NOT NULL,
  capacity     INT    NOT NULL,
  taken        INT    NOT NULL DEFAULT 0,
  CHECK (taken BETWEEN 0 AND capacity),
  FOREIGN KEY (course_id) REFERENCES course (id),
  FOREIGN KEY (professor_id) REFERENCES professor (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE section_slot (
  section_id BIGINT NOT NULL,
  weekday    INT    NOT NULL CHECK (weekday BETWEEN 1 AND 7),
  period     INT    NOT NULL CHECK (period >= 1),
  PRIMARY KEY (section_id, weekday, period),
  FOREIGN KEY (section_id) REFERENCES section (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- The two tables of the stampede have no foreign keys and no second index: the ledger holds the rows of the student and
-- of the section locked whenever it writes here. An idempotency key is its student's own.
CREATE TABLE enrollment (
  student_id  BIGINT      NOT NULL,
  section_id  BIGINT      NOT NULL,
  enroll_key  VARCHAR(64) NOT NULL,
  enrolled_at BIGINT      NOT NULL,
  PRIMARY KEY (student_id, section_id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE cancellation (
  student_id   BIGINT      NOT NULL,
  cancel_key   VARCHAR(64) NOT NULL,
  section_id   BIGINT      NOT NULL,
  enroll_key   VARCHAR(64) NOT NULL,
  enrolled_at  BIGINT      NOT NULL,
  cancelled_at BIGINT      NOT NULL,
  PRIMARY KEY (student_id, cancel_key)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- One row. catalogue is raised by every change of courses, sections or slots, so that copies know that they are stale.
CREATE TABLE registration_period (
  id        BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  opens_at  BIGINT NOT NULL,
  closes_at BIGINT NOT NULL,
  catalogue BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

INSERT INTO registration_period (id, opens_at, closes_at, catalogue) VALUES (1, 0, 0, 0);

-- +goose Down
DROP TABLE registration_period;
DROP TABLE cancellation;
DROP TABLE enrollment;
DROP TABLE section_slot;
DROP TABLE section;
DROP TABLE course;
DROP TABLE student;
DROP TABLE professor;
DROP TABLE major;
DROP TABLE staff;
