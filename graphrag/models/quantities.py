"""Numbers, money, shares and measures, by rule: `doc.spans["quantities"]`.

They are values rather than things, so they stay out of `doc.ents`: a graph wants "EUR 40 million" as the
value of a property, not as a node that every other forty million is merged with.
"""

from __future__ import annotations

import re

from spacy.language import Language
from spacy.tokens import Doc, Span, Token

KEY = "quantities"
LABELS = ("MONEY", "NUMBER", "PERCENT", "QUANTITY")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_CURRENCY_SIGNS = _words("$ € £ ¥ ₩ ₹ US$ A$ C$ CA$ NZ$ HK$ S$ R$ EUR USD GBP JPY CHF KRW CNY RMB INR")
_CURRENCIES = _words(
    "dollar dollars euro euros pound pounds yen won yuan renminbi franc francs rupee rupees ruble rubles "
    "rouble roubles peso pesos krona kronor krone kroner cent cents usd eur gbp jpy "
    "chf krw cny rmb inr"
)
_SCALES = _words("hundred thousand million billion trillion m bn tn k dozen")
_PERCENT = _words("% percent per-cent pct ‰")
_UNITS = _words(
    "mm cm m km metre metres meter meters kilometre kilometres kilometer kilometers "
    "mile miles inch inches foot feet "
    "ft yard yards g kg gram grams kilogram kilograms tonne tonnes ton tons pound pounds lb lbs ounce ounces "
    "hectare hectares acre acres litre litres liter liters ml gallon gallons watt watts kw mw gw kwh mwh "
    "volt volts hz khz mhz ghz byte bytes kb mb gb tb degree degrees °c °f knot knots mph km/h "
    "km² km2 m² m2"
)
_NUMERAL = re.compile(r"[+-]?\d[\d,.\u00a0 ]*\d%?|\d%?|[.]\d+")


@Language.component("graphrag_quantities", requires=["token.tag", "doc.ents"], assigns=["doc.spans"])
def quantities(doc: Doc) -> Doc:
    """Set `doc.spans["quantities"]`; numbers inside entities (dates, titles) are left alone."""
    found: list[Span] = []
    index = 0
    while index < len(doc):
        token = doc[index]
        if token.ent_iob in (1, 3) or not _is_number(token):
            index += 1
            continue
        end = index + 1
        while end < len(doc) and doc[end].ent_iob not in (1, 3) and _continues(doc, end):
            end += 1
        found.append(_span(doc, index, end))
        index = max(end, found[-1].end)
    doc.spans[KEY] = found
    return doc


def _is_number(token: Token) -> bool:
    return bool(_NUMERAL.fullmatch(token.text)) or (token.tag_ == "CD" and token.like_num)


def _continues(doc: Doc, index: int) -> bool:
    return _is_number(doc[index]) or (doc[index].lower_ in _SCALES and doc[index - 1].whitespace_ != "")


def _span(doc: Doc, begin: int, end: int) -> Span:
    before = doc[begin - 1] if begin else None
    after = doc[end].lower_ if end < len(doc) else ""
    following = doc[end + 1].lower_ if end + 1 < len(doc) else ""
    if before is not None and before.text in _CURRENCY_SIGNS:
        return Span(doc, begin - 1, end, label="MONEY")
    if after in _PERCENT or doc[end - 1].text.endswith("%"):
        return Span(doc, begin, end + (after in _PERCENT), label="PERCENT")
    if after == "per" and following == "cent":
        return Span(doc, begin, end + 2, label="PERCENT")
    if after == "square" and following in _UNITS:
        return Span(doc, begin, end + 2, label="QUANTITY")
    if after in _UNITS and not (after in _CURRENCIES and following == "sterling"):
        return Span(doc, begin, end + 1, label="QUANTITY")
    if after in _CURRENCIES or after in ("€", "£", "$"):
        return Span(doc, begin, end + 1, label="MONEY")
    return Span(doc, begin, end, label="NUMBER")
