"""Surface variation of gold passages: quotes, case, missing full stops, and single names for long ones."""

from __future__ import annotations

import random
from dataclasses import replace

from data import COLUMNS, Passage, bioes, single_names

CURLY = {"'": "’", "n't": "n’t", "'s": "’s", "'m": "’m", "'re": "’re", "'ve": "’ve", "'ll": "’ll", "'d": "’d"}
DASHES = {"--": ("—", "–"), "—": ("--", "–"), "–": ("-", "—")}

LOWER_SHARE = 0.02
UPPER_SHARE = 0.02
QUOTE_SHARE = 0.2
NO_FULL_STOP_SHARE = 0.06
RENAME_SHARE = {
    "ORG": 0.2,
    "PERSON": 0.06,
    "WORK": 0.12,
}  # of names of several words; double at sentence starts
INVENTED_SHARE = 0.4  # of the new names: halves of two others, so that the context has to tell the type

_COMPANIES = """
Apple Amazon Google Microsoft Intel Nvidia Samsung Sony Siemens Bosch Toyota Honda Nissan Ford Tesla
Boeing Airbus Shell Chevron Pfizer Novartis Roche Bayer Nestlé Danone Unilever Heineken Ikea Spotify
Netflix Adobe Oracle Cisco Dell Lenovo Huawei Xiaomi Alibaba Tencent Baidu Twitter Uber Airbnb Visa
Mastercard PayPal Target Walmart Costco Gap Nike Adidas Puma Zara Philips Ericsson Nokia Volvo
Scania Maersk Lufthansa Delta Ryanair Barclays Santander Allianz Axa Generali Total Eni Gazprom
Petrobras Vale Rio Tata Infosys Reliance Subaru Mazda Suzuki Yamaha Casio Canon Nikon Fujitsu
Hitachi Toshiba Panasonic Sharp Pioneer Kia Hyundai Mars Kellogg Starbucks Subway Wendy Pepsi Fox
Universal Paramount Disney Pixar Marvel Activision Valve Sega
"""


class Augmenter:
    """Draws the variations; one seeded generator makes a training run repeatable."""

    def __init__(self, generator: random.Random, passages: list[Passage]) -> None:
        self.random = generator
        self.names = single_names(passages)
        self.names["ORG"] = self.names["ORG"] + _COMPANIES.split() * 2

    def vary(self, passage: Passage) -> Passage:
        """Return `passage` itself where no variation was drawn, else a changed copy."""
        draw = self.random.random
        if passage.has_entities and not passage.has_tree:
            passage = self._rename(passage)
        if draw() < QUOTE_SHARE:
            passage = self._typography(passage)
        if draw() < NO_FULL_STOP_SHARE:
            passage = _without_full_stop(passage)
        case = draw()
        if case < LOWER_SHARE:
            return replace(passage, words=[word.lower() for word in passage.words])
        if case < LOWER_SHARE + UPPER_SHARE:
            return replace(passage, words=[word.upper() for word in passage.words])
        return passage

    def _typography(self, passage: Passage) -> Passage:
        """Curly quotes and other dashes, as typeset text has them."""
        words, opened = list(passage.words), False
        for index, word in enumerate(words):
            if word in ('"', "``", "''"):
                words[index] = "”" if opened else "“"
                opened = not opened
            elif word in CURLY:
                words[index] = CURLY[word]
            elif word in DASHES and passage.spaces[index]:
                words[index] = self.random.choice(DASHES[word])
        return replace(passage, words=words)

    def _rename(self, passage: Passage) -> Passage:
        """Put a single name in the place of some names of several words (passages without a tree)."""
        keep, words, ents = [True] * len(passage.words), list(passage.words), list(passage.ents)
        spaces = list(passage.spaces)
        begin = 0
        for index, tag in enumerate(bioes(passage.ents)):
            begin = index if tag[:1] == "B" else begin
            label = tag[2:]
            if tag[:1] != "E" or label not in self.names:
                continue
            if self.random.random() < (2 if passage.starts[begin] else 1) * RENAME_SHARE[label]:
                words[begin], ents[begin] = self._name(label), f"B-{label}"
                spaces[begin] = spaces[index]
                keep[begin + 1 : index + 1] = [False] * (index - begin)
        if all(keep):
            return passage
        return _selected(replace(passage, words=words, ents=ents, spaces=spaces), keep)

    def _name(self, label: str) -> str:
        name = self.random.choice(self.names[label])
        if self.random.random() >= INVENTED_SHARE:
            return name
        other = self.random.choice(self.names[label])
        return name[: (len(name) + 1) // 2] + other[len(other) // 2 :].lower()


def _without_full_stop(passage: Passage) -> Passage:
    last = len(passage.words) - 1
    if last < 3 or passage.words[last] != "." or last in passage.heads[:last]:
        return passage
    return _selected(passage, [True] * last + [False])


def _selected(passage: Passage, keep: list[bool]) -> Passage:
    """Drop tokens nobody hangs on."""
    kept = [index for index, stays in enumerate(keep) if stays]
    moved = {old: new for new, old in enumerate(kept)}
    columns = {name: [getattr(passage, name)[index] for index in kept] for name in COLUMNS}
    columns["heads"] = [moved.get(passage.heads[index], moved[index]) for index in kept]
    return Passage(**columns)
