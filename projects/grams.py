"""What is searched for is found within words: text in one form, and its grams, the pairs of neighbouring characters.

On PostgreSQL the grams of each text stand beside it in an index, so that 广州 finds its projects among a million. A
Chinese character alone is a gram, too. Trigrams would not do: the words of names have two characters.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Any

MOST_TERMS = 10
HALF, WHOLE = 1 << 31, 1 << 32

# The same as grams_of, and the grams of single characters beside them.
INSTALL = """
    CREATE FUNCTION projects_grams(searched text) RETURNS integer[]
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql AS $$
    DECLARE
        grams integer[] := '{}';
        before integer := 0;
        code integer;
        letter text;
    BEGIN
        FOREACH letter IN ARRAY string_to_array(searched, NULL) LOOP
            code := ascii(letter);
            IF before > 0 THEN
                grams := grams || ((before << 16) # code);
            END IF;
            IF code > 127 THEN
                grams := grams || code;
            END IF;
            before := code;
        END LOOP;
        RETURN grams;
    END $$;
    ALTER TABLE projects_projectsearch
        ADD COLUMN grams integer[] GENERATED ALWAYS AS (projects_grams(text)) STORED;
    CREATE INDEX project_by_grams ON projects_projectsearch USING gin (grams);
"""


def install(connection: Any) -> None:
    """Make PostgreSQL keep the grams; SQLite, which stands for one bureau, reads the texts themselves."""
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
    return sorted({((one << 16 ^ other) + HALF) % WHOLE - HALF for one, other in pairwise(codes)})
