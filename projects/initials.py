"""The initials by which a Chinese name is typed in a hurry: 广州科学城 is found as gzkxc."""

from __future__ import annotations

import unicodedata
from functools import cache

from projects.grams import plain

FIRST_CHINESE = 0x3400
LONGEST = 4  # characters of a word whose syllables are read otherwise than alone: 重庆, 银行, 长治久安


def initials_of(name: str) -> str:
    """The first letters of the syllables; letters and digits stay. Nothing for a name without a Chinese character."""
    text = plain(name)
    if all(ord(letter) < FIRST_CHINESE for letter in text):
        return ""
    letters, words, beginnings = _readings()
    found = [letters.get(letter, letter if letter.isalnum() else "") for letter in text]
    for start, letter in enumerate(text):
        if letter in beginnings:
            for end in range(start + 2, min(start + LONGEST, len(text)) + 1):
                if read := words.get(text[start:end]):
                    found[start:end] = read
    return "".join(found)


@cache
def _readings() -> tuple[dict[str, str], dict[str, str], set[str]]:
    """Each character's initial, the words in which they are others, and the characters with which those begin.

    From pypinyin's dictionaries, which are read when the first name is: they take half a second and 60 MB. Its own
    reading of a text divides that into words first and takes thirty times as long as this.
    """
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

    letters = {chr(code): _initial(readings) for code, readings in PINYIN_DICT.items()}
    words = {}
    for word, syllables in PHRASES_DICT.items():
        if 2 <= len(word) == len(syllables) <= LONGEST:
            read = "".join(_initial(syllable[0]) for syllable in syllables)
            if read != "".join(letters.get(letter, "") for letter in word):
                words[word] = read
    return letters, words, {word[0] for word in words}


def _initial(readings: str) -> str:
    """The first letter of the first reading, without its tone."""
    return unicodedata.normalize("NFD", readings)[0]
