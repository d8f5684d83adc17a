"""What is searched for is found within words: text in one form, and its grams, the pairs of neighbouring characters.

On PostgreSQL the grams of each text stand beside it in an index, so that 广州 finds its projects among a million. A
Chinese character alone is a gram, too. Trigrams would not do for Chinese, whose words have two characters; of Latin
letters and digits, of which there are few, three in a row are a gram as well: any two digits stand in most codes.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Any

MOST_TERMS = 10
TELLING = 3  # different triples: few texts have all of them, so what else the term has is looked for in the text itself
HALF, WHOLE = 1 << 31, 1 << 32

# The same as grams_of, and beside them the grams that shorter terms look for: single characters, pairs within triples.
INSTALL = """
    DROP INDEX IF EXISTS project_by_grams;
    ALTER TABLE projects_projectsearch DROP COLUMN IF EXISTS grams;
    CREATE OR REPLACE FUNCTION projects_grams(searched text) RETURNS integer[]
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql AS $$
    DECLARE
        grams integer[] := '{}';
        earlier integer := 0;
        before integer := 0;
        code integer;
        letter text;
        latin integer := 0;
    BEGIN
        FOREACH letter IN ARRAY string_to_array(searched, NULL) LOOP
            code := ascii(letter);
            latin := CASE WHEN code BETWEEN 48 AND 57 OR code BETWEEN 97 AND 122 THEN latin + 1 ELSE 0 END;
            IF before > 0 THEN
                grams := grams || ((before << 16) # code);
            END IF;
            IF latin > 2 THEN
                grams := grams || -((earlier << 16) # (before << 8) # code);
            END IF;
            IF code > 127 THEN
                grams := grams || code;
            END IF;
            earlier := before;
            before := code;
        END LOOP;
        RETURN grams;
    END $$;
    ALTER TABLE projects_projectsearch
        ADD COLUMN grams integer[] GENERATED ALWAYS AS (projects_grams(text)) STORED;
    CREATE INDEX project_by_grams ON projects_projectsearch USING gin (grams);
"""


def install(connection: Any) -> None:
    """Make PostgreSQL keep the grams as told here; SQLite, which stands for one bureau, reads the texts themselves."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(INSTALL)


def plain(text: str) -> str:
    """Text in the form in which it is compared: without differences of case, width or composition."""
    return unicodedata.normalize("NFKC", text).casefold()


def terms_of(text: str) -> list[str]:
    """The words that are searched for."""
    return plain(text).split()


def grams_of(term: str) -> list[int]:
    """The grams that a text has in which the term occurs; none for a single letter or digit."""
    codes = [ord(letter) for letter in term]
    if len(codes) == 1:
        return [code for code in codes if code > 127]
    triples = [place for place in range(len(codes) - 2) if all(map(_is_latin, codes[place : place + 3]))]
    covered = {place + step for place in triples for step in (0, 1)}
    grams = {-(codes[place] << 16 ^ codes[place + 1] << 8 ^ codes[place + 2]) for place in triples}
    if len(grams) >= TELLING:
        return sorted(grams)
    for place, (one, other) in enumerate(pairwise(codes)):
        if place not in covered:
            grams.add(((one << 16 ^ other) + HALF) % WHOLE - HALF)
    return sorted(grams)


def _is_latin(code: int) -> bool:
    """Whether it is a digit or a letter from a to z."""
    return 48 <= code <= 57 or 97 <= code <= 122
