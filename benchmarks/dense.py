"""A dense country made by set-based SQL: what the service would have recorded, only faster. PostgreSQL alone.

3,000 districts in 31 provinces, 40 quarters (2016Q1 to 2025Q4), 30 sectors, about 2.5 milestones a project, nearly
every amount known; one project in ten had its amounts corrected later. The same for the same number. That it is right
is proved by the audit, which recomputes it from the milestones, and against `projects.ledger.entries_of` (tests).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

PROVINCES, CITIES, DISTRICTS = 31, 341, 2627  # with the country itself 3,000 nodes
SECTORS = 30
TABLES = ("projects_project", "projects_projectsearch", "projects_milestone", "projects_ledgerentry")
AMOUNTS = "investment, expected_output, expected_revenue"


def fill(url: str, projects: int) -> None:
    """Fill a migrated, empty database; the cells are left to `rebuild_totals`."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SET session_replication_role = replica"
        )  # no trigger: the rows are right by their making
        connection.execute("SET work_mem = '256MB'")
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET jit = off")
        for statement in (*PLACES, RANDOM):
            connection.execute(statement.encode())
        with without_indexes(connection):
            for statement in (PROJECTS, SEARCHED, STEPS, MILESTONES, ENTRIES, CORRECTED, DERIVED):
                connection.execute(statement.encode(), {"projects": projects})
        for statement in CLEAN:
            connection.execute(statement.encode())
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


@contextmanager
def without_indexes(connection: psycopg.Connection) -> Iterator[None]:
    """Load first, index afterwards; keys and other constraints stay."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint)",
        [list(TABLES)],
    ).fetchall()
    for name, _definition in found:
        connection.execute(f'DROP INDEX "{name}"'.encode())
    yield
    for _name, definition in found:
        connection.execute(definition.encode())


PLACES = (
    f"""
    INSERT INTO projects_district (id, code, name, name_en, level, path, parent_id)
    WITH city AS (
        SELECT n, (n - 1) % {PROVINCES} + 1 AS province, (n - 1) / {PROVINCES} + 1 AS number
        FROM generate_series(1, {CITIES}) n
    ), part AS (
        SELECT n, (n - 1) % {CITIES} + 1 AS city, (n - 1) / {CITIES} + 1 AS number
        FROM generate_series(1, {DISTRICTS}) n
    ), coded AS (
        SELECT 1 AS id, '100000' AS code, 'country' AS level, NULL::bigint AS parent_id, '100000/' AS path
        UNION ALL
        SELECT 1 + n, (10 + n) || '0000', 'province', 1, '100000/' || (10 + n) || '0000/'
        FROM generate_series(1, {PROVINCES}) n
        UNION ALL
        SELECT 1 + {PROVINCES} + n, c, 'city', 1 + province, '100000/' || (10 + province) || '0000/' || c || '/'
        FROM city, LATERAL (SELECT (10 + province) || lpad(number::text, 2, '0') || '00' AS c) coded
        UNION ALL
        SELECT 1 + {PROVINCES} + {CITIES} + part.n, d, 'district', 1 + {PROVINCES} + city.n,
            '100000/' || (10 + province) || '0000/' || above || '00/' || d || '/'
        FROM part JOIN city ON city.n = part.city,
            LATERAL (SELECT (10 + province) || lpad(city.number::text, 2, '0') AS above) c,
            LATERAL (SELECT above || lpad(part.number::text, 2, '0') AS d) coded
    )
    SELECT id, code, 'District ' || code, '', level, path, parent_id FROM coded
    """,
    "INSERT INTO projects_sectorscheme (id, code, name, name_en) VALUES (1, 'dense', '产业', '')",
    f"""
    INSERT INTO projects_sector (id, code, name, name_en, scheme_id)
    SELECT n, 'sector-' || n, '产业' || n, '', 1 FROM generate_series(1, {SECTORS}) n
    """,
    "SELECT setval(pg_get_serial_sequence('projects_district', 'id'), 3000)",
    "SELECT setval(pg_get_serial_sequence('projects_sector', 'id'), 30)",
    "SELECT setval(pg_get_serial_sequence('projects_sectorscheme', 'id'), 1)",
)

# A number from 0 to 1 for a project and a purpose, always the same.
RANDOM = """
    CREATE FUNCTION bench_dice(project bigint, purpose int) RETURNS double precision IMMUTABLE LANGUAGE sql
    RETURN (hashint8extended(project, purpose) & 1048575) / 1048576.0
"""

PROJECTS = f"""
    INSERT INTO projects_project (
        id, version, created_at, updated_at, code, approval_code, name, name_en, district_id, sector_id, project_type,
        ownership, phase, total_investment, investment_estimated, expected_output, expected_revenue, currency, remark,
        source, exclusion_reason, void_reason, stage, suspended, confidential
    )
    SELECT
        n, 1, signed + interval '10 days', signed + interval '10 days', 'P' || lpad(n::text, 8, '0'), '',
        '项目' || n, '', {1 + PROVINCES + CITIES} + 1 + floor(bench_dice(n, 1) * {DISTRICTS})::int,
        nullif(floor(bench_dice(n, 2) * {SECTORS + 1})::int, 0),
        (ARRAY['industrial', 'manufacturing', 'services', 'infrastructure', 'other'])
            [1 + floor(bench_dice(n, 3) * 5)::int],
        (ARRAY['state', 'private', 'foreign', ''])[1 + floor(bench_dice(n, 4) * 4)::int],
        '', CASE WHEN bench_dice(n, 5) < 0.97 THEN floor(power(10, 7 + 3.5 * bench_dice(n, 6)))::bigint END, false,
        CASE WHEN bench_dice(n, 7) < 0.6 THEN floor(power(10, 7 + 3.5 * bench_dice(n, 8)))::bigint END,
        CASE WHEN bench_dice(n, 9) < 0.4 THEN floor(power(10, 7 + 3.5 * bench_dice(n, 10)))::bigint END,
        '', '', 'dense', CASE WHEN bench_dice(n, 11) < 0.02 THEN 'relocation' ELSE '' END, '', '', false, false
    FROM generate_series(1, %(projects)s) n,
        LATERAL (SELECT date '2016-01-01' + floor(bench_dice(n, 12) * 3653)::int AS signed) dated
"""

# The texts by which they are found, with the initials of their names; none has an investor.
SEARCHED = """
    INSERT INTO projects_projectsearch (project_id, text, core)
    SELECT id, lower(code || ' ' || name || ' xm' || id), CASE WHEN id > 9 THEN id::text ELSE '' END
    FROM projects_project
"""

# Every step that happened, with the day on which it did; one in thirty has no known date.
STEPS = """
    CREATE TEMPORARY TABLE step AS
    WITH days AS (
        SELECT id, signed, signed - 20 - floor(bench_dice(id, 20) * 200)::int AS negotiating,
            signed + floor(bench_dice(id, 21) * 400)::int AS started,
            signed + 400 + floor(bench_dice(id, 22) * 500)::int AS completed,
            signed + 900 + floor(bench_dice(id, 23) * 200)::int AS in_production,
            signed + 1100 + floor(bench_dice(id, 24) * 300)::int AS at_capacity
        FROM projects_project, LATERAL (SELECT date '2016-01-01' + floor(bench_dice(id, 12) * 3653)::int AS signed) d
    )
    SELECT id AS project_id, kind, number, day, bench_dice(id * 16 + number, 30) < 0.033 AS undated
    FROM days, LATERAL (VALUES
        ('negotiating', 1, negotiating, bench_dice(id, 40) < 0.1 AND negotiating >= '2016-01-01'),
        ('signed', 2, signed, true),
        ('registered', 0, signed, bench_dice(id, 41) < 0.1),
        ('started', 3, started, bench_dice(id, 42) < 0.72),
        ('suspended', 0, started + 30, bench_dice(id, 43) < 0.02),
        ('resumed', 0, started + 200, bench_dice(id, 43) < 0.01),
        ('completed', 4, completed, bench_dice(id, 42) < 0.48),
        ('in_production', 5, in_production, bench_dice(id, 42) < 0.3),
        ('at_capacity', 6, at_capacity, bench_dice(id, 42) < 0.15),
        ('terminated', 7, signed + 1500, bench_dice(id, 44) < 0.03)
    ) steps (kind, number, day, reached)
    WHERE reached AND day <= '2025-12-31'
"""

MILESTONES = """
    INSERT INTO projects_milestone (
        id, version, created_at, updated_at, kind, happened_on, precision, planned_first_on, planned_on, reason, note,
        project_id
    )
    SELECT row_number() OVER (), 1, day + interval '10 days', day + interval '10 days', kind,
        CASE WHEN NOT undated THEN day END, CASE WHEN undated THEN 'unknown' ELSE 'day' END,
        CASE WHEN kind IN ('started', 'completed') THEN day - 15 END,
        CASE WHEN kind IN ('started', 'completed') THEN day - 15 END,
        CASE WHEN kind IN ('suspended', 'terminated') THEN 'other' ELSE '' END, '', project_id
    FROM step ORDER BY project_id
"""

# The current entries: a stage is left in the quarter of the next dated one, a stop at its end.
ENTRIES = f"""
    INSERT INTO projects_ledgerentry (
        project_id, milestone_id, kind, quarter, left_quarter, district_id, sector_id, project_type, ownership,
        happened_on, precision, planned_first_on, {AMOUNTS}, recorded_at, cause, closing_cause
    )
    WITH dated AS (
        SELECT m.*, number, to_char(m.happened_on, 'YYYY"Q"Q') AS quarter
        FROM projects_milestone m JOIN step USING (project_id, kind)
    ), followed AS (
        SELECT *,
            lead(quarter) OVER (PARTITION BY project_id, number > 0 AND quarter IS NOT NULL ORDER BY number)
                AS following,
            least(
                max(quarter) FILTER (WHERE kind = 'resumed') OVER of_project,
                max(quarter) FILTER (WHERE kind = 'terminated') OVER of_project
            ) AS stop_ends
        FROM dated WINDOW of_project AS (PARTITION BY project_id)
    )
    SELECT p.id, m.id, kind, quarter,
        CASE WHEN quarter IS NULL THEN NULL WHEN kind = 'suspended' THEN stop_ends WHEN number > 0 THEN following END,
        p.district_id, p.sector_id, p.project_type, p.ownership, m.happened_on, m.precision, m.planned_first_on,
        p.total_investment, p.expected_output, p.expected_revenue, m.created_at, 'reported', ''
    FROM followed m JOIN projects_project p ON p.id = m.project_id
    WHERE p.exclusion_reason = '' ORDER BY p.id
"""

# One project in ten was recorded with another amount first and corrected within the last two years.
CORRECTED = f"""
    WITH corrected AS (
        SELECT *, greatest(recorded_at + interval '1 day',
            timestamptz '2024-01-01 00:00+08' + bench_dice(project_id, 51) * interval '730 days') AS at
        FROM projects_ledgerentry WHERE bench_dice(project_id, 50) < 0.1 AND investment IS NOT NULL
    ), before AS (
        INSERT INTO projects_ledgerentry (
            project_id, milestone_id, kind, quarter, left_quarter, district_id, sector_id, project_type, ownership,
            happened_on, precision, planned_first_on, {AMOUNTS}, recorded_at, cause, superseded_at, closing_cause
        )
        SELECT project_id, milestone_id, kind, quarter, left_quarter, district_id, sector_id, project_type, ownership,
            happened_on, precision, planned_first_on, investment * 9 / 10 - 1, expected_output, expected_revenue,
            recorded_at, cause, at, 'amount_corrected'
        FROM corrected
    )
    UPDATE projects_ledgerentry entry SET recorded_at = at, cause = 'amount_corrected'
    FROM corrected WHERE entry.id = corrected.id
"""

DERIVED = """
    UPDATE projects_project p SET
        stage = coalesce(found.stage, ''), suspended = found.suspended, signed_on = found.signed,
        started_on = found.started, completed_on = found.completed, in_production_on = found.in_production,
        planned_start_on = found.planned_start, planned_completion_on = found.planned_completion
    FROM (
        SELECT s.project_id, (array_agg(s.kind ORDER BY number DESC) FILTER (WHERE number > 0))[1] AS stage,
            bool_or(s.kind = 'suspended') AND NOT bool_or(s.kind IN ('resumed', 'terminated')) AS suspended,
            max(happened_on) FILTER (WHERE s.kind = 'signed') AS signed,
            max(happened_on) FILTER (WHERE s.kind = 'started') AS started,
            max(happened_on) FILTER (WHERE s.kind = 'completed') AS completed,
            max(happened_on) FILTER (WHERE s.kind = 'in_production') AS in_production,
            max(planned_on) FILTER (WHERE s.kind = 'started') AS planned_start,
            max(planned_on) FILTER (WHERE s.kind = 'completed') AS planned_completion
        FROM step s JOIN projects_milestone m USING (project_id, kind) GROUP BY s.project_id
    ) found WHERE found.project_id = p.id
"""

CLEAN = (
    "SELECT setval(pg_get_serial_sequence('projects_project', 'id'), (SELECT max(id) FROM projects_project))",
    "SELECT setval(pg_get_serial_sequence('projects_milestone', 'id'), (SELECT max(id) FROM projects_milestone))",
    "DROP FUNCTION bench_dice",
    "DROP TABLE step",
)

if __name__ == "__main__":
    fill(os.environ["DATABASE_URL"], int(sys.argv[1]))
