"""Which language a text is in, by script and by its commonest words. No model, microseconds a text."""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["detect_language"]

_SAMPLE = 4_000  # characters looked at
_SCRIPTS = (  # first code point, last, language or script
    (0x0041, 0x024F, "latin"),
    (0x1E00, 0x1EFF, "latin"),
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0530, 0x058F, "hy"),
    (0x0590, 0x05FF, "he"),
    (0x0600, 0x06FF, "arabic"),
    (0x0750, 0x077F, "arabic"),
    (0x0900, 0x097F, "hi"),
    (0x0980, 0x09FF, "bn"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0E00, 0x0E7F, "th"),
    (0x10A0, 0x10FF, "ka"),
    (0x1100, 0x11FF, "ko"),
    (0x3040, 0x30FF, "kana"),
    (0x3400, 0x4DBF, "han"),
    (0x4E00, 0x9FFF, "han"),
    (0xAC00, 0xD7AF, "ko"),
)
_WORDS = {
    "en": "the of and in to is was for on that with as by it from at his an are be this which "
    "or he has had not "
    "were its their but they have also been who she her after first one two when into will would "
    "there we you i",
    "de": "der die das und ist von den mit für auf dem im des ein eine einer wurde nicht auch "
    "sich als zu er sie "
    "es war bei nach wird einem oder aus sind hat am über zum zur durch",
    "fr": "le la les des et est une un du en dans que qui pour par sur au avec il elle ce son "
    "sa ses aux été ne pas "
    "plus ou sont cette fut l d qu",
    "es": "el la los las de del y en que es un una por con para se su al como más fue lo sus o "
    "este también entre "
    "son ha era desde",
    "it": "il lo la gli le di del della e è un una che per con da nel nella si sono come al dei "
    "delle alla anche suo "
    "sua fu ha ed",
    "pt": "o a os as do da dos das e em no na um uma que é por para com se como foi mais ao "
    "pelo pela são sua seu não",
    "nl": "de het een en van in is op te dat die voor met zijn aan werd door ook als niet bij "
    "naar uit om hij of er",
    "sv": "och i att det som en på är av för med den till var ett har de inte om han från men sig",
    "da": "og i at det som en på er af for med den til var et har de ikke om han fra men blev",
    "pl": "i w z na do się jest nie to że od po jako przez oraz był był była są dla ze roku",
    "tr": "ve bir bu da de için ile olarak olan çok daha en gibi ise kadar sonra tarafından",
    "id": "yang dan di dari untuk pada dengan adalah ini itu oleh dalam tidak sebagai ke",
    "vi": "và của là có các một được trong cho không với những này từ người năm",
    "ro": "și în de la este un o pe care din cu a fost pentru mai sau al ale",
    "cs": "a v na se je že z do s pro byl byla jako od po ve k nebo jeho",
    "fi": "ja on ei se että hän oli joka mutta kun myös sen ovat tai",
    "la": "et in est non ad cum ut qui quae quod ex sed per sunt",
}
_STOP_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_TOKEN = re.compile(r"[^\W\d_]+")


def detect_language(text: str) -> str:
    """ISO 639-1 code of the language a text is mostly in; "und" where that cannot be told.

    Text in Latin script with no known function words counts as English when it is short (a name, a
    heading) and as undetermined otherwise. O(1): only the beginning is looked at.
    """
    sample = text[:_SAMPLE]
    if sample.isascii():
        return _latin(sample)
    scripts: Counter[str] = Counter()
    for character, count in Counter(sample).items():
        if character.isalpha():
            scripts[_script(ord(character))] += count
    if not scripts:
        return "und"
    total = sum(scripts.values())
    # A Hangul syllable or a Han character says as much as two or three letters.
    for dense in ("ko", "han", "kana"):
        scripts[dense] *= 2
    script = min(scripts, key=lambda name: (-scripts[name], name))
    if scripts["kana"] * 5 > scripts["han"] and scripts["kana"] and script in ("kana", "han"):
        return "ja"
    if script == "han":
        return "zh"
    if script == "cyrillic":
        return "uk" if re.search("[іїєґІЇЄҐ]", sample) else "ru"
    if script == "arabic":
        return "fa" if re.search("[پچژگ]", sample) else "ar"
    if script == "latin":
        return _latin(sample) if scripts["latin"] * 2 > total else "und"
    return "und" if script == "other" else script


def _script(code: int) -> str:
    for first, last, name in _SCRIPTS:
        if first <= code <= last:
            return name
    return "other"


def _latin(sample: str) -> str:
    words = _TOKEN.findall(sample.lower())
    if not words:
        return "und"
    counts = Counter(words)
    scores = {
        language: sum(counts[word] for word in counts.keys() & known)
        for language, known in _STOP_WORDS.items()
    }
    best = min(scores, key=lambda language: (-scores[language], language != "en", language))
    if not any(len(word) > 1 for word in counts.keys() & _STOP_WORDS[best]):
        # Names and headings count as English unless their letters do not.
        foreign = len(words) >= 6 and sum(not word.isascii() for word in words) >= 2
        return "en" if len(words) <= 30 and not foreign else "und"
    # English is the language read: another must clearly lead, and not by one homograph ("a", "die").
    distinct = [word for word in counts.keys() & _STOP_WORDS[best] if len(word) > 1]
    if best != "en" and (len(distinct) < 2 or scores[best] < 1.3 * scores["en"] + 1):
        best = "en"
    if best == "en" and len(words) > 30 and scores["en"] * 25 < len(words):
        return "und"
    return best
