"""Words that are themselves things of a class: "thriller" is a genre, "tenor" a voice, "admiral" a rank.

Such things stand in a text without a capital, inside the phrase that says what something is ("a 1994
comedy horror film", "an Italian operatic tenor"), so no recogniser of names finds them. A relation whose
label or range asks for one of the classes here finds them by their words. The lists are hand-written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ontology.morphology import singular
from ontology.phrases import names_frame, readings
from ontology.schema import DatatypeProperty, Ontology, RelationType

# Underscores join the words of a compound. A star: complete as it stands. A plus: an everyday word too, and a
# genre only before a noun of music ("a country singer"). The others are taken with the noun of a work that
# they stand before ("horror film").
_GENRES = """
    action adventure drama comedy horror thriller crime western fantasy romance musical war spy disaster
    superhero slasher splatter sports biographical historical psychological supernatural experimental epic
    erotic gothic dystopian apocalyptic post-apocalyptic animated animation silent documentary mystery
    detective martial_arts science_fiction sci-fi road heist monster vampire zombie family teen buddy
    propaganda concert surrealist fantastic *film_noir *neo-noir *cyberpunk *steampunk *biopic *docudrama
    *mockumentary *romantic_comedy *black_comedy *dark_comedy *comedy_horror *horror_comedy *comedy_drama
    *comedy-drama *dramedy *tragicomedy *romantic_drama *crime_drama *teen_comedy *satire *parody *farce
    *tragedy *melodrama *slapstick *sitcom *soap_opera *telenovela *anime *manga *hentai *cartoon *noir
    *game_show *talk_show *reality_television *picture_book *graphic_novel *short_story *cookbook *memoir
    *biography *autobiography *novella *anthology *essay *poetry +ode *elegy *sonnet *ballad *fable
    *fairy_tale *folklore *saga *satirical_novel *travel_literature *nature_writing *creative_nonfiction
    *nonfiction *non-fiction *light_novel  *treatise  *annals  *limerick
    *historical_romance *young_adult_fiction *children's_literature *magic_realism *magical_realism
    *opera *operetta *zarzuela *oratorio *cantata *symphony *sonata *concerto *ballet *requiem *madrigal
    *chamber_music +rock *hard_rock *soft_rock *punk_rock *indie_rock *alternative_rock *progressive_rock
    *psychedelic_rock *folk_rock *glam_rock *garage_rock *art_rock *pop_rock *post-rock +pop *synth-pop
    *synthpop *electropop *dance-pop *indie_pop *dream_pop *latin_pop *k-pop *j-pop *power_pop *teen_pop
    *art_pop *britpop +punk *post-punk *pop_punk *hardcore *heavy_metal *death_metal *black_metal
    *thrash_metal *doom_metal *power_metal *nu_metal *metalcore *grunge *new_wave *no_wave *shoegaze +emo
    *jazz *smooth_jazz +swing *bebop *ragtime *dixieland *blues *rhythm_and_blues *r&b +soul *neo_soul *funk
    *disco +house *techno +trance *eurodance *dubstep *drum_and_bass *electronica *electronic_dance_music
    +ambient +industrial *trip_hop *hip_hop *hip-hop +rap *gangsta_rap +trap *reggae *dancehall *ska +dub
    *reggaeton *salsa *bachata *merengue *samba *bossa_nova *tango *flamenco *fado *calypso *soca *zouk
    +country *country_rock *bluegrass +folk *folk_music +gospel *doo-wop *world_music *new_age *chanson
    *schlager *klezmer *polka *waltz +march *afrobeat *highlife *rumba *mambo *bhangra *qawwali
    *platform_game *puzzle_game *role-playing_game *first-person_shooter  *strategy_game
    *fighting_game *racing_game *adventure_game *visual_novel *survival_horror *simulation_game *roguelike
    *still_life   *impressionism *cubism *baroque *surrealism *expressionism
"""
_VOICES = """
    soprano mezzo-soprano contralto alto countertenor tenor baritone bass-baritone bass treble
    coloratura_soprano falsetto
"""
_INSTRUMENTS = """
    piano violin viola cello double_bass bass guitar electric_guitar bass_guitar acoustic_guitar harp lute
    mandolin banjo ukulele sitar zither flute piccolo recorder oboe clarinet bassoon saxophone trumpet
    cornet trombone tuba horn french_horn bugle organ pipe_organ harpsichord clavichord accordion harmonica
    concertina bagpipes drums timpani percussion xylophone marimba vibraphone glockenspiel celesta bell
    cymbal tambourine triangle synthesizer keyboard theremin fiddle koto shamisen erhu pipa oud balalaika
    bouzouki kora djembe tabla orchestra choir chorus string_quartet string_orchestra strings
"""
_RANKS = """
    private lance_corporal corporal sergeant staff_sergeant master_sergeant sergeant_major warrant_officer
    ensign cadet sub-lieutenant second_lieutenant first_lieutenant lieutenant lieutenant_commander captain
    staff_captain major lieutenant_colonel colonel brigadier brigadier_general major_general
    lieutenant_general colonel_general general general_of_the_army field_marshal marshal commander commodore
    rear_admiral vice_admiral counter_admiral admiral fleet_admiral admiral_of_the_fleet commandant
    midshipman petty_officer chief_petty_officer airman seaman squadron_leader wing_commander group_captain
    air_commodore air_marshal flight_lieutenant flying_officer pilot_officer generalissimo
"""
_PLAYING_POSITIONS = """
    goalkeeper goaltender defender full-back fullback centre-back center-back left-back right-back wing-back
    sweeper midfielder defensive_midfielder attacking_midfielder central_midfielder winger forward striker
    centre-forward center_forward point_guard shooting_guard small_forward power_forward center centre
    quarterback running_back wide_receiver tight_end linebacker cornerback safety defensive_end
    offensive_lineman defensive_tackle kicker punter pitcher catcher first_baseman second_baseman
    third_baseman shortstop infielder outfielder left_fielder right_fielder center_fielder
    designated_hitter left_wing right_wing left_winger right_winger defenceman defenseman scrum-half
    fly-half prop hooker lock flanker number_eight setter libero wicket-keeper all-rounder bowler batsman
"""
_SPORTS = """
    football association_football american_football soccer basketball baseball softball cricket rugby
    rugby_union rugby_league tennis table_tennis badminton squash volleyball beach_volleyball handball
    water_polo hockey ice_hockey field_hockey golf boxing wrestling judo karate taekwondo fencing archery
    shooting swimming diving rowing canoeing sailing surfing cycling athletics gymnastics weightlifting
    triathlon skiing snowboarding biathlon figure_skating speed_skating curling bobsleigh luge polo
    motorsport formula_one chess snooker darts lacrosse netball kabaddi sumo mixed_martial_arts
    equestrianism climbing
"""
_LANGUAGES = """
    english french german spanish italian portuguese dutch danish swedish norwegian icelandic finnish
    estonian latvian lithuanian polish czech slovak hungarian romanian bulgarian serbian croatian bosnian
    slovene slovenian macedonian albanian greek turkish russian ukrainian belarusian georgian armenian
    azerbaijani kazakh uzbek persian pashto kurdish arabic hebrew yiddish latin sanskrit hindi urdu bengali
    punjabi gujarati marathi tamil telugu kannada malayalam sinhala nepali tibetan burmese thai lao khmer
    vietnamese malay indonesian javanese tagalog filipino chinese mandarin cantonese japanese korean
    mongolian swahili amharic hausa yoruba igbo zulu xhosa afrikaans somali esperanto interlingua basque
    catalan galician breton welsh irish scottish_gaelic manx cornish frisian luxembourgish occitan maltese
    ancient_greek classical_latin old_english middle_english old_norse coptic aramaic syriac quechua
    nahuatl guarani maori hawaiian samoan canadian_english
"""
_CONSERVATION = """
    extinct extinct_in_the_wild critically_endangered endangered vulnerable near_threatened threatened
    least_concern data_deficient
"""
_CASUALTIES = """
    killed_in_action died_of_wounds wounded_in_action missing_in_action prisoner_of_war
"""
_LISTS = {
    "genre": _GENRES,
    "voice_type": _VOICES,
    "instrument": _INSTRUMENTS,
    "instrumentation": _INSTRUMENTS,
    "rank": _RANKS,
    "playing_position": _PLAYING_POSITIONS,
    "sport": _SPORTS,
    "language": _LANGUAGES,
    "conservation_status": _CONSERVATION,
    "casualty": _CASUALTIES,
}
# Nouns of works that a genre is named with: a horror film, a crime novel.
_CARRIERS = frozenset({"film", "novel", "game"})
_MUSICAL = frozenset(
    """
    song single album band group duo trio music musician singer vocalist artist record track composition act
    producer ballad ep tune star
    """.split()  # noqa: SIM905
)
_LONGEST = 5  # words


class Classes(NamedTuple):
    """The things a relation's tails are, by their words, each with its mark: "*", "+" or none."""

    name: str
    entries: dict[tuple[str, ...], str]


def _read(text: str) -> dict[tuple[str, ...], str]:
    entries: dict[tuple[str, ...], str] = {}
    for item in text.split():
        words = item.lstrip("*+").replace("-", "_").split("_")
        entries[tuple(words)] = item[0] if item[0] in "*+" else ""
    return entries


_CLASSES = {name: Classes(name, _read(text)) for name, text in _LISTS.items()}


def classes_of(relation: RelationType | DatatypeProperty, ontology: Ontology) -> Classes | None:
    """The class a relation's tails belong to, by its label and the names of its range; None for others."""
    labels = [relation.label, *relation.aliases]
    if isinstance(relation, RelationType):
        labels += [ontology.types[key].label for key in relation.range if key in ontology.types]
    for label in labels:
        lower = label.lower()
        if "conservation" in lower:
            return _CLASSES["conservation_status"]
        if "casualty" in lower:
            return _CLASSES["casualty"]
        for reading in readings(label):
            if reading.role not in ("AB", "BA") or not names_frame(label, reading.frame):
                continue
            if reading.frame in _CLASSES and (reading.frame != "rank" or "military" in lower):
                return _CLASSES[reading.frame]
    return None


def find_classes(words: Sequence[str], classes: Classes) -> list[tuple[int, int]]:
    """Where things of the class stand among words in lower case, as half-open ranges; the longest first."""
    found: list[tuple[int, int]] = []
    position = 0
    while position < len(words):
        end = next(_ends(words, position, classes), position)
        if end > position:
            found.append((position, end))
        position = max(end, position + 1)
    return found


def _ends(words: Sequence[str], start: int, classes: Classes) -> Iterator[int]:
    """Ends of the things of the class that begin at `start`, longest first."""
    for length in range(min(_LONGEST, len(words) - start), 0, -1):
        piece = tuple(words[start : start + length])
        mark = classes.entries.get((*piece[:-1], singular(piece[-1])), classes.entries.get(piece))
        end = start + length
        following = singular(words[end]) if end < len(words) else ""
        if mark is None or (mark == "+" and following not in _MUSICAL):
            continue
        if mark or classes.name != "genre":
            yield end
        elif following in _CARRIERS:
            yield end + 1
