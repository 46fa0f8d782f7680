"""General English behind the alignment: what kind of thing a noun names, and which words tell one relation.

Two tables. `NOUN_KINDS` says that a "novelist" is a person and a "brewery" an organization. `FRAMES` groups
the verb, the doer noun, the done-to noun and the event noun of one happening (direct, director, direction),
so a schema that says "director" is recognised in a text that says "directed by". Both are hand-written from
general knowledge of the language; words they lack are handled by the rules in `morphology.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

# The kinds an entity can be at the coarsest grain. The first line are labels name recognisers give;
# the second exist only in schemas.
NAME_KINDS = ("PERSON", "ORG", "LOC", "WORK", "PRODUCT", "EVENT", "NORP", "DATE", "NUMBER", "MONEY", "PERCENT")
SCHEMA_KINDS = ("FACILITY", "LANGUAGE", "AWARD", "CHARACTER", "TAXON", "ASTRO", "ROLE", "CONCEPT")
VALUE_LABELS = frozenset({"DATE", "NUMBER", "MONEY", "PERCENT"})

# Labels of widespread name recognisers, folded to the kinds above.
LABEL_SYNONYMS = {
    "PER": "PERSON",
    "PEOPLE": "PERSON",
    "HUMAN": "PERSON",
    "ORGANIZATION": "ORG",
    "ORGANISATION": "ORG",
    "COMPANY": "ORG",
    "CORPORATION": "ORG",
    "GPE": "LOC",
    "LOCATION": "LOC",
    "PLACE": "LOC",
    "FAC": "FACILITY",
    "WORK_OF_ART": "WORK",
    "CREATIVE_WORK": "WORK",
    "LAW": "WORK",
    "TIME": "DATE",
    "CARDINAL": "NUMBER",
    "ORDINAL": "NUMBER",
    "QUANTITY": "NUMBER",
    "NATIONALITY": "NORP",
    "MISCELLANEOUS": "MISC",
    "OTHER": "MISC",
    "ENTITY": "MISC",
    "THING": "MISC",
}

# How well a name with this label can turn out to be of this kind, between 0 and 1. Recognisers confuse
# titles, products and events all the time and people with titles sometimes; they seldom confuse a person
# with a place, and never a date with either. What is not listed is 0.
COMPATIBILITY: dict[str, dict[str, float]] = {
    "PERSON": {"PERSON": 1.0, "CHARACTER": 0.9, "WORK": 0.35, "ORG": 0.3, "TAXON": 0.3, "AWARD": 0.3},
    "ORG": {"ORG": 1.0, "FACILITY": 0.8, "WORK": 0.5, "PRODUCT": 0.6, "AWARD": 0.5, "EVENT": 0.4, "LOC": 0.3,
            "NORP": 0.4, "CONCEPT": 0.4, "ASTRO": 0.3},
    "LOC": {"LOC": 1.0, "FACILITY": 0.8, "ASTRO": 0.6, "ORG": 0.35, "NORP": 0.3, "WORK": 0.3},
    "FACILITY": {"FACILITY": 1.0, "LOC": 0.8, "ORG": 0.7, "WORK": 0.4, "PRODUCT": 0.3},
    "WORK": {"WORK": 1.0, "PRODUCT": 0.7, "CHARACTER": 0.6, "EVENT": 0.5, "AWARD": 0.5, "CONCEPT": 0.5, "ORG": 0.4},
    "PRODUCT": {"PRODUCT": 1.0, "WORK": 0.8, "ORG": 0.4, "CONCEPT": 0.5, "EVENT": 0.3, "ASTRO": 0.5, "TAXON": 0.5,
                "FACILITY": 0.4, "AWARD": 0.3},
    "EVENT": {"EVENT": 1.0, "WORK": 0.5, "AWARD": 0.6, "CONCEPT": 0.5, "ORG": 0.3},
    "NORP": {"NORP": 1.0, "LANGUAGE": 0.9, "CONCEPT": 0.7, "LOC": 0.4, "ORG": 0.4, "TAXON": 0.3},
    "LANGUAGE": {"LANGUAGE": 1.0, "NORP": 0.7, "CONCEPT": 0.4},
    "AWARD": {"AWARD": 1.0, "EVENT": 0.4, "WORK": 0.3},
    "CHARACTER": {"CHARACTER": 1.0, "PERSON": 0.6, "WORK": 0.3},
    "TAXON": {"TAXON": 1.0, "CONCEPT": 0.5},
    "ASTRO": {"ASTRO": 1.0, "LOC": 0.6},
    "ROLE": {"ROLE": 1.0, "CONCEPT": 0.6},
    "CONCEPT": {"CONCEPT": 1.0, "ROLE": 0.6, "PRODUCT": 0.5, "LANGUAGE": 0.4, "EVENT": 0.4, "TAXON": 0.4},
    "DATE": {"DATE": 1.0, "NUMBER": 0.4, "WORK": 0.3},
    "NUMBER": {"NUMBER": 1.0, "MONEY": 0.5, "PERCENT": 0.5, "DATE": 0.4},
    "MONEY": {"MONEY": 1.0, "NUMBER": 0.8},
    "PERCENT": {"PERCENT": 1.0, "NUMBER": 0.8},
}  # fmt: skip

_KIND_NOUNS = {
    "PERSON": """person people human man woman individual child boy girl adult author writer novelist poet playwright
        dramatist screenwriter lyricist journalist columnist biographer historian essayist translator editor composer
        songwriter musician singer rapper pianist guitarist drummer violinist conductor performer artist painter sculptor
        illustrator photographer cartoonist animator architect designer director filmmaker producer cinematographer actor
        actress star comedian dancer choreographer model presenter host broadcaster scientist physicist chemist biologist
        mathematician astronomer geologist botanist zoologist economist philosopher psychologist sociologist linguist
        anthropologist archaeologist engineer inventor programmer researcher scholar professor academic teacher lecturer
        educator student pupil politician statesman president minister senator congressman governor mayor chancellor premier
        diplomat ambassador lawyer attorney judge jurist activist revolutionary soldier officer general admiral commander
        captain marshal colonel lieutenant sergeant pilot aviator astronaut cosmonaut sailor explorer missionary priest
        bishop pope cardinal rabbi imam monk nun saint theologian king queen emperor empress prince princess duke duchess
        count countess earl baron baroness lord lady knight noble nobleman monarch ruler sultan shah tsar pharaoh
        businessman businesswoman entrepreneur executive chairman chairwoman chairperson chief ceo cfo founder cofounder
        manager owner investor banker merchant trader industrialist philanthropist footballer player athlete swimmer runner
        cyclist boxer wrestler golfer cricketer coach trainer referee driver racer jockey doctor physician surgeon nurse
        dentist psychiatrist farmer chef cook fisherman criminal murderer victim spy agent spouse husband wife father mother
        parent son daughter brother sister sibling uncle aunt nephew niece cousin grandfather grandmother grandson
        granddaughter relative ancestor descendant friend partner employee worker member leader head successor predecessor
        contestant winner champion hero citizen resident inhabitant personnel crew laureate recipient patron
        developer creator maker publisher_person blogger youtuber critic curator librarian nobelist""",
    "ORG": """organization organisation company corporation firm business enterprise startup conglomerate group agency
        institution institute association society foundation charity union federation league club team squad band orchestra
        choir ensemble duo trio quartet party government ministry department bureau office authority commission committee
        council parliament senate congress assembly court army navy force regiment battalion brigade division corps unit
        squadron fleet militia police university college school academy seminary hospital clinic church_organization bank
        insurer broker fund exchange retailer chain store supermarket manufacturer automaker carmaker maker brewery winery
        distillery airline railway_company carrier operator publisher newspaper_company broadcaster_company network station
        channel studio label imprint distributor subsidiary affiliate division parent_company employer provider supplier
        vendor contractor consortium alliance cartel coalition cooperative partnership guild order brotherhood congregation
        denomination laboratory lab think-tank observatory_org cabinet faction movement administration developer_company
        industry military franchise troupe""",
    "LOC": """place location city town village municipality settlement hamlet suburb borough district county province
        state region territory country nation kingdom empire republic colony commune prefecture canton parish ward
        neighborhood neighbourhood area zone continent island archipelago peninsula mountain hill peak volcano range valley
        canyon desert plain plateau forest jungle river stream creek tributary watercourse lake sea ocean bay gulf strait
        channel_water lagoon reservoir basin wetland swamp marsh glacier coast beach cape reef waterfall spring cave
        park reserve habitat site landmark capital metropolis port harbor harbour street road avenue square
        feature landform body geography birthplace hometown ecoregion watershed""",
    "FACILITY": """building structure facility house castle palace fortress fort tower bridge dam tunnel airport station_building
        stadium arena theater theatre museum gallery library hall cathedral church temple mosque monastery abbey shrine
        synagogue monument memorial cemetery prison hotel restaurant factory plant mill mine refinery observatory hospital_building
        skyscraper mansion villa venue campus base shipyard lighthouse canal highway motorway railway line route zoo garden
        laboratory_building power_station spaceport pier market mall""",
    "WORK": """work film movie picture documentary series sitcom show programme program episode season soap drama comedy
        thriller western book novel novella story poem play essay memoir autobiography biography anthology trilogy saga comic
        manga anime cartoon magazine journal newspaper periodical article paper publication album song single track soundtrack
        ep record recording composition symphony opera concerto sonata ballet musical hymn anthem aria piece painting portrait
        sculpture statue fresco mural photograph drawing artwork installation video game videogame podcast blog website
        encyclopedia dictionary manuscript text script screenplay report treaty law act bill constitution agreement thesis
        literature art music franchise_work adaptation remake sequel prequel volume edition dataset chapter discography
        document manifesto speech letter standard specification""",
    "PRODUCT": """product brand device phone smartphone computer laptop console tablet chip processor software application
        app system platform tool service car automobile vehicle truck motorcycle bus train locomotive tram bicycle tank
        aircraft airplane plane helicopter jet bomber fighter drone rocket missile spacecraft satellite probe shuttle
        telescope ship boat submarine vessel yacht frigate destroyer cruiser carrier_ship weapon gun rifle pistol cannon
        equipment machine engine instrument robot drug medicine vaccine drink beer wine food dish beverage cheese material
        toy camera watch framework library_software protocol model_product format technology cryptocurrency currency
        keyboard guitar piano""",
    "EVENT": """event battle war conflict siege invasion campaign operation revolution rebellion uprising revolt coup massacre
        attack bombing assassination accident crash disaster earthquake hurricane flood eruption fire election referendum
        conference summit congress_event convention festival fair exhibition expo ceremony tournament championship cup
        competition contest race match_event game_event olympics olympiad season_event concert tour mission expedition voyage
        spaceflight flight launch trial scandal crisis epidemic pandemic strike protest wedding funeral coronation round
        final grand_prix marathon rally derby merger acquisition""",
    "AWARD": """award prize medal honor honour trophy oscar emmy grammy decoration title_award fellowship scholarship
        nomination""",
    "LANGUAGE": "language dialect tongue script_language creole pidgin alphabet",
    "NORP": """nationality people_group ethnicity tribe clan ethnic_group religion faith ideology caste demonym
        population_group""",
    "CHARACTER": "character superhero villain protagonist antagonist deity god goddess creature monster",
    "TAXON": """taxon species genus family_taxon plant_taxon animal bird fish insect mammal reptile amphibian dinosaur breed tree
        flower fungus bacterium virus organism subspecies cultivar fossil dog cat horse""",
    "ASTRO": """planet star_body galaxy asteroid comet constellation nebula moon exoplanet cluster supernova quasar pulsar
        meteorite crater celestial dwarf""",
    "ROLE": """occupation profession job position role rank title_role office_role post career vocation degree
        specialty specialization""",
    "CONCEPT": """genre subgenre style movement_art field discipline subject topic theory concept idea law_science method
        algorithm technique tradition custom heritage culture cuisine dance sport religion_concept philosophy doctrine
        science mathematics theorem disease syndrome disorder symptom condition gene protein enzyme molecule compound
        element mineral substance chemical classification category class type kind status level phase process
        task problem metric architecture_style voice instrument_class color colour shape mechanism keyword term theme
        belief practice tactic history musicology psychology economics unit_concept symbol ingredient synonym
        configuration sector crime cause hobby holiday""",
    "DATE": "date year day month time period era century decade datetime timestamp",
    "NUMBER": """number amount quantity count population size length height width depth area_number mass weight speed
        temperature elevation capacity distance volume_number duration rate percentage score code identifier id isbn issn""",
    "MONEY": "money price cost revenue income profit budget gross salary asset debt capital_money turnover",
}  # fmt: skip

# Names a schema is likely to give to the type that stands for a whole kind, most usual first.
KIND_TYPE_NAMES: dict[str, tuple[str, ...]] = {
    "PERSON": ("person", "human", "human being", "people", "individual", "agent", "actor", "entity", "thing"),
    "ORG": ("organization", "organisation", "org", "institution", "company", "corporation", "business", "agent", "entity", "thing"),
    "LOC": ("location", "place", "geographical feature", "geographic location", "geographic region", "geographic entity",
            "geographical entity", "spatial entity", "region", "area", "territory", "settlement", "entity", "thing"),
    "FACILITY": ("facility", "building", "structure", "architectural structure", "landmark", "location", "place", "entity", "thing"),
    "WORK": ("work", "creative work", "work of art", "artwork", "intellectual work", "media", "publication", "entity", "thing"),
    "PRODUCT": ("product", "artifact", "artefact", "device", "good", "technology", "object", "entity", "thing"),
    "EVENT": ("event", "occurrence", "happening", "activity", "entity", "thing"),
    "NORP": ("nationality", "ethnic group", "ethnicity", "people", "group", "demonym", "religion", "country"),
    "LANGUAGE": ("language", "human language", "natural language", "concept"),
    "AWARD": ("award", "prize", "honor", "honour", "recognition"),
    "CHARACTER": ("fictional character", "character", "fictional entity"),
    "TAXON": ("taxon", "species", "organism", "living thing", "concept"),
    "ASTRO": ("celestial body", "celestial bodies", "astronomical object", "astronomical body", "celestial object"),
    "ROLE": ("occupation", "profession", "role", "position", "job", "concept"),
    "CONCEPT": ("concept", "topic", "subject", "term", "idea", "abstract entity"),
    "DATE": ("date", "calendar date", "time", "time period", "period", "temporal entity", "year"),
    "NUMBER": ("number", "quantity", "amount"),
    "MONEY": ("money", "amount of money", "monetary amount", "amount", "quantity"),
    "PERCENT": ("percentage", "percent", "quantity", "number"),
}  # fmt: skip


def _noun_kinds() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for kind, nouns in _KIND_NOUNS.items():
        for noun in nouns.split():
            word = noun.split("_")[0] if "_" in noun and noun not in _COMPOUNDS else noun.replace("_", " ")
            if kind not in table.get(word, ()):
                table[word] = (*table.get(word, ()), kind)
    return table


# An underscore in the table marks a second sense of the word before it, except in these real compounds.
_COMPOUNDS = frozenset({"grand_prix", "power_station", "ethnic_group", "parent_company"})

NOUN_KINDS = _noun_kinds()


@dataclass(frozen=True, slots=True)
class Frame:
    """One kind of happening or tie and the words for it; A is the doer or holder, B what it is done to.

    Attributes:
        verbs: Verbs (lemma, particle and preposition included) that run from A to B: "A founds B".
        back_verbs: Verbs that run from B to A without a passive: "B stars A".
        agents: Nouns for A as seen from B: "A is the founder of B".
        patients: Nouns for B as seen from A: "B is a child of A".
        events: Nouns for the happening itself, as in "date of birth".
        theme: Which of A and B dates and places of the happening are told of.
        near: Frames that are told with the same words loosely; matched at a lower score.
    """

    verbs: tuple[str, ...] = ()
    back_verbs: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    theme: str = "B"
    near: tuple[str, ...] = ()


def _frame(
    verbs: str = "",
    agents: str = "",
    patients: str = "",
    events: str = "",
    *,
    back: str = "",
    theme: str = "B",
    near: str = "",
) -> Frame:
    def split(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())

    return Frame(split(verbs), split(back), split(agents), split(patients), split(events), theme, split(near))


FRAMES: dict[str, Frame] = {
    # Making and works
    "direct": _frame("direct, helm, co-direct", "director, film director, codirector, filmmaker", "", "direction"),
    "produce": _frame("produce, co-produce, executive produce", "producer, record producer, film producer, executive producer, "
        "production company, production studio, producing company, film production company", "", "production", near="manufacture,create"),
    "write": _frame("write, co-write, pen, author, script", "writer, author, screenwriter, scriptwriter, novelist, playwright, "
        "cowriter, scenarist", "", "writing, authorship", near="create"),
    "screenplay": _frame("adapt for the screen", "screenplay by, screenwriter, scriptwriter, scenarist", "", "screenplay", near="write"),
    "compose": _frame("compose, score", "composer, music composer, film score composer", "composition", "composition", near="write,create"),
    "lyrics": _frame("write the lyrics of, write the lyrics for, write lyrics for, pen the lyrics of", "lyricist, lyrics by, lyric writer, "
        "librettist, songwriter", "", "lyrics", back="have lyrics by, feature lyrics by", near="write"),
    "perform": _frame("perform, record, sing, play, release", "performer, artist, singer, musician, recording artist, vocalist, band", "", "performance",
        near="cast"),
    "cast": _frame("star in, act in, appear in, perform in, play in, co-star in, play a role in, feature in, play the lead in, have a role in",
        "star, actor, actress, cast member, cast, starring, lead actor, leading actor", "", "", back="star, feature, co-star, cast, starring"),
    "voice": _frame("voice", "voice actor, voice, voice artist"),
    "portray": _frame("portray, play, play the role of", "portrayer, performer of"),
    "edit": _frame("edit", "editor, film editor", "", "editing"),
    "photograph": _frame("photograph, shoot, film", "cinematographer, director of photography, photographer", "", "photography, cinematography"),
    "illustrate": _frame("illustrate", "illustrator, cover artist", "", "illustration"),
    "translate": _frame("translate", "translator", "", "translation"),
    "publish": _frame("publish, issue, put out", "publisher, publishing house", "publication", "publication, issue", near="release"),
    "release": _frame("release, premiere, launch, air, debut, broadcast, open, distribute, roll out",
        "distributor, record label, label, broadcaster, network, original broadcaster, original network", "", "release, premiere, airing, broadcast, launch, debut",
        near="publish,produce"),
    "label": _frame("sign", "record label, label, music label", "", "", back="release on, release through, release via, sign to, sign with, record for"),
    "distribute": _frame("distribute", "distributor", "", "distribution", near="release"),
    "create": _frame("create, make, devise, conceive, originate, do", "creator, maker, originator", "creation, notable work", "creation",
        near="develop,design,invent,write"),
    "design": _frame("design, architect", "designer, architect, fashion designer", "", "design", near="create"),
    "build": _frame("build, construct, erect", "builder, constructor, main building contractor, contractor", "", "construction, building"),
    "develop": _frame("develop, engineer, co-develop", "developer, software developer, game developer", "", "development", near="create,design"),
    "invent": _frame("invent, pioneer, patent", "inventor, discoverer or inventor", "invention", "invention", near="create,discover,develop"),
    "discover": _frame("discover, find, identify, first describe", "discoverer, discoverer or inventor", "discovery", "discovery", near="invent"),
    "manufacture": _frame("manufacture, produce, make, assemble, build", "manufacturer, maker, producer, builder, vehicle manufacturer, constructor",
        "product", "manufacture, manufacturing", near="produce,develop"),
    "sell": _frame("sell, market, offer, retail", "seller, vendor, retailer", "product", "sale"),
    "announce": _frame("announce, unveil, introduce, reveal, present", "presenter", "", "announcement, unveiling, introduction", near="release"),
    "base_on": _frame(back="base on, adapt from, be an adaptation of, inspire by, derive from, loosely base on", agents="based on, source, basis, "
        "inspiration, source material, inspired by, derivative of, original work"),
    "characters": _frame("appear in, feature in", "character, main character, protagonist, characters, fictional character", "", "", back="feature, follow, "
        "tell the story of", near="portray"),
    "subject": _frame("", "subject, main subject, topic, theme, depicts, about, subject matter", "", "", back="be about, deal with, focus on, concern, depict, "
        "describe, tell about, discuss, cover, explore, portray"),
    "setting": _frame("", "setting, narrative location, set in, place of action", "", "", back="set in, take place in, be set in, take place on"),
    "dedicate": _frame("", "dedicatee, dedicated to, namesake", "", "dedication", back="dedicate to, consecrate to"),
    "named_after": _frame("", "namesake, named after, eponym", "", "", back="name after, name for, name in honor of, name in honour of, call after, eponymous of"),
    # Companies and bodies
    "found": _frame("found, establish, co-found, set up, start, create, form, incorporate, organize, organise, launch", "founder, cofounder, "
        "co-founder, founding member, founded by", "", "foundation, founding, inception, establishment, formation, creation, incorporation"),
    "acquire": _frame("acquire, buy, purchase, take over, buy out", "acquirer, buyer, purchaser", "acquisition", "acquisition, purchase, takeover", near="own"),
    "merge": _frame("merge with, merge into, combine with, amalgamate with", "", "", "merger, amalgamation"),
    "own": _frame("own, control, hold", "owner, parent company, holding company, proprietor, owned by, parent organization, parent organisation, shareholder",
        "subsidiary, property, holding, has subsidiary, unit, owner of", "ownership", back="belong to, be a subsidiary of", near="acquire"),
    "operate": _frame("operate, run, manage, administer", "operator, manager, maintained by", "", "operation"),
    "invest": _frame("invest in, back, fund, finance", "investor, backer, funder, sponsor", "investment", "investment", theme="B"),
    "sponsor": _frame("sponsor, fund", "sponsor, patron", "", "sponsorship", near="invest"),
    "lead": _frame("lead, head, chair, run, preside over, captain, govern, direct, be in charge of", "leader, head, chief executive officer, ceo, chief executive, "
        "chairman, chairperson, chair, president, director, manager, head of government, head of state, executive, mayor, governor, prime minister, "
        "director or manager, chairwoman, captain, boss", "", "leadership"),
    "ceo": _frame("be the ceo of, run", "ceo, chief executive officer, chief executive, director or manager, managing director", near="lead"),
    "chair": _frame("chair", "chairman, chairperson, chairwoman, chair", near="lead"),
    "president": _frame("preside over", "president, head of state", near="lead"),
    "command": _frame("command, lead", "commander, commanding officer, commander in chief, commanded by", "command", "command", near="lead"),
    "coach": _frame("coach, manage, train", "coach, head coach, manager, trainer", "", "coaching"),
    "employ": _frame("employ, hire, recruit", "employer, workplace", "employee, staff, staff member, worker, personnel", "employment", theme="B",
        back="work for, work at, be employed by, join, be employed at, serve at, work with, teach at"),
    "member": _frame("belong to, be a member of, join, enter, be part of, play for, be active in", "member, team member, group member, member of, band member, has member",
        "member of, affiliation, team, group, party, membership, member of sports team, sports team", "membership",
        back="consist of, comprise, include", theme="A"),
    "party": _frame("belong to, represent, stand for, run for, join", "party member", "political party, party, member of political party", "", near="member"),
    "team": _frame("play for, sign for, sign with, join, appear for, be on loan at", "player", "team, club, member of sports team, sports team", "", near="member"),
    "headquarters": _frame("base in, headquarter in, have headquarters in, have head office in, be based in", "", "headquarters, headquarters location, "
        "head office, seat, base, location of headquarters, home base", "", near="located"),
    "industry": _frame("operate in, be active in, work in, specialize in, specialise in", "", "industry, sector, line of business, field", ""),
    "partner": _frame("partner with, cooperate with, collaborate with, work with, team up with", "partner, collaborator", "partner, collaborator", "partnership, collaboration"),
    "compete": _frame("compete with, rival, compete against", "competitor, rival", "competitor, rival", "competition"),
    "revenue": _frame("report revenue of, earn, generate, make, gross, take in", "", "revenue, gross, box office, turnover, total revenue, income", ""),
    "cost": _frame("cost, have a budget of", "", "cost, budget, price, production cost", "", back=""),
    # Life
    "birth": _frame("be born in, be born on, be born at, be bear in, be bear on, born in, born on, born at, born, come from, hail from, be born", "", "", "birth", theme="A"),
    "death": _frame("die in, die on, die at, die, pass away in, pass away on, be kill in, be kill on, succumb in", "", "", "death", theme="A"),
    "burial": _frame("bury in, bury at, inter in, inter at, be laid to rest in", "", "burial place, place of burial, resting place", "burial", theme="A"),
    "cause_death": _frame("die of, die from, succumb to, be killed by", "", "cause of death", ""),
    "residence": _frame("live in, reside in, settle in, dwell in, move to, live at, make one's home in, relocate to", "resident, inhabitant", "residence, home, "
        "place of residence, hometown, home town", "residence", theme="A"),
    "spouse": _frame("marry, wed, be married to, married to, get married to, remarry, tie the knot with", "spouse, wife, husband, consort, partner, bride, widow, widower",
        "spouse, wife, husband, consort", "marriage, wedding", theme="A"),
    "divorce": _frame("divorce, separate from", "ex-wife, ex-husband, former wife, former husband", "", "divorce", theme="A", near="spouse"),
    "partner_life": _frame("date, be in a relationship with, live with", "partner, unmarried partner, girlfriend, boyfriend, fiancé, fiancée", "partner", "", near="spouse"),
    "parent": _frame("father, mother, be the parent of, beget, have a child, have a son, have a daughter, give birth to, adopt", "parent, father, mother, biological parent",
        "child, son, daughter, children, kid, offspring, heir", "", back="be born to, be the child of, born to, descend from"),
    "father": _frame("father, sire", "father, dad", "child, son, daughter, children", "", near="parent"),
    "mother": _frame("mother, give birth to", "mother, mum, mom", "child, son, daughter, children", "", near="parent"),
    "sibling": _frame("be siblings with", "sibling, brother, sister, half-brother, half-sister, twin, twin brother, twin sister, elder brother, younger brother, "
        "older brother, younger sister, elder sister, older sister", "sibling, brother, sister", ""),
    "relative": _frame("be related to", "relative, uncle, aunt, nephew, niece, cousin, grandfather, grandmother, grandson, granddaughter, grandparent, grandchild, "
        "father-in-law, mother-in-law, brother-in-law, sister-in-law", "relative", ""),
    "educate": _frame("study at, attend, be educated at, graduate from, educate at, train at, enroll at, earn a degree from, receive a degree from, study in, earn a phd from, "
        "matriculate at, be an alumnus of, educate in", "student, alumnus, alumna, pupil, graduate, alumni", "alma mater, school, university, college, educated at, education", "education, schooling",
        theme="A"),
    "degree": _frame("earn, hold, receive, obtain, complete", "", "degree, academic degree, diploma, qualification", ""),
    "teach": _frame("teach, mentor, tutor, supervise, advise, instruct", "teacher, mentor, tutor, doctoral advisor, doctoral adviser, supervisor, professor, adviser, advisor",
        "student, pupil, doctoral student, disciple, protégé", "teaching", back="study under, learn from, study with, train under, be a student of"),
    "influence": _frame("influence, inspire", "influence, influenced by, inspiration", "", "influence", back="influence by, draw inspiration from"),
    "nationality": _frame("be a citizen of, hold citizenship of, hold the citizenship of", "citizen, national", "nationality, citizenship, country of citizenship, "
        "country, citizen of", "", near="country_of_origin"),
    "ethnicity": _frame("be of descent, belong to", "", "ethnicity, ethnic group, ethnic origin, people, ancestry", "", near="nationality"),
    "religion": _frame("practice, practise, convert to, adhere to, follow, believe in", "follower, adherent", "religion, faith, denomination, religious affiliation", ""),
    "occupation": _frame("work as, be a, serve as, make a living as, be active as, become", "", "occupation, profession, job, career, vocation, employment, trade", ""),
    "position": _frame("hold the position of, hold the office of, serve as, hold the post of, be appointed, be elected, become, be named, be elected as, be appointed as, work as",
        "office holder, holder, incumbent, officeholder", "position, office, position held, title, post, role, public office", ""),
    "rank": _frame("be promoted to, attain the rank of, reach the rank of, hold the rank of, rise to the rank of, retire as, retire with the rank of, reach, rise to, attain", "", "rank, military rank, title", ""),
    "branch": _frame("serve in, serve with, join, fight in, fight for, fight with, enlist in, be commissioned in, be in", "", "military branch, branch, service branch, military unit, allegiance", ""),
    "fight": _frame("fight in, participate in, take part in, serve during, serve in", "combatant, belligerent, participant", "conflict, war, battle", "", near="participate"),
    "field": _frame("specialize in, specialise in, study, research, work in, work on", "", "field of work, field, research field, area of expertise, discipline, specialty", "",
        near="industry"),
    "language": _frame("speak, write in, be written in, be in, publish in, sing in", "speaker", "language, native language, mother tongue, original language, language of work or name, spoken language, "
        "languages spoken, official language, language of work, languages spoken written or signed, language spoken", ""),
    "instrument": _frame("play", "player", "instrument, instrumentation, musical instrument", ""),
    "voice_type": _frame("", "", "voice type, voice, vocal range", ""),
    "notable_work": _frame("be known for, be famous for, be best known for, be noted for", "", "notable work, known for, masterpiece, famous work", "", near="create"),
    "award": _frame("win, receive, be awarded, earn, be awarded with, be honored with, be honoured with, be presented with, award, award with, honor with, get, be the recipient of, take home, honour with",
        "winner, recipient, laureate, medalist, awardee", "award, award received, prize, honor, honour, award won, medal, awards", "", theme="A", near="nominate"),
    "confer": _frame("award, give, present, grant, confer, bestow", "conferrer, conferred by, awarding body, presenter", "", "", near="sponsor"),
    "nominate": _frame("be nominated for, nominate for, earn a nomination for, receive a nomination for, be up for, be shortlisted for, be a finalist for", "nominee",
        "nomination, nominated for, award nomination", "nomination", theme="A", near="award"),
    # Place
    "located": _frame("locate in, lie in, be in, situate in, sit in, stand in, be located in, be situated in, locate at, situate at, locate on, be found in, be at, lie on, locate near, find in, "
        "lie within, situate on, sit on, stand on", "", "location, place, located in, located in the administrative territorial entity, country, state, "
        "region, situated in, site, territory, city, county, province, district, administrative territorial entity, locale", "location", back="contain, include, "
        "be home to, house, host", theme="A"),
    "country_of_origin": _frame("originate in, come from, originate from, be from, produce in, hail from, make in, form in", "", "country of origin, origin, country, location of formation, place of origin, home country", "origin",
        theme="A", near="located,nationality"),
    "capital": _frame("be the capital of, be capital of, serve as the capital of", "capital, capital city", "", "", back=""),
    "border": _frame("border, neighbor, neighbour, adjoin, be bordered by, share a border with, abut, be adjacent to", "neighbor, neighbour", "neighbor, neighbour, border, shares border with, adjacent to", "border"),
    "flow": _frame("flow into, empty into, drain into, discharge into, join, feed, flow to, be a tributary of, reach, debouch into", "tributary, inflow, affluent", "mouth, mouth of the watercourse, outflow, "
        "river mouth, estuary", "", back=""),
    "rise_at": _frame("rise in, originate in, begin in, spring from, rise at, have its source in, start in, rise on, flow from, drain", "", "source, origin of the watercourse, origin, headwaters, river source", ""),
    "basin": _frame("drain, belong to", "", "drainage basin, basin, watershed, catchment, catchment area", "", near="flow"),
    "range": _frame("lie in, be in, belong to, be part of, be a mountain in, be a peak in, locate in", "", "mountain range, range, mountain chain, massif", "", near="part"),
    "part": _frame("be part of, belong to, form part of, be included in, be a component of, appear on, be in, be from, be the track on, be taken from, feature on", "part, component, track, element, has part, section, chapter, "
        "tracklist, tracks, song, contents, constituent", "part of, whole, album, collection", "", back="consist of, comprise, include, contain, be composed of, be made up of, feature, have, be divided into", near="member"),
    "series": _frame("belong to, be part of", "episode, installment, instalment, entry, volume", "series, part of the series, franchise, season, trilogy", "", near="part"),
    "succeed": _frame("succeed, replace, follow, supersede, come after", "successor, sequel, followed by, replaced by, succeeded by, next, follow-up", "predecessor, follows, replaces, preceded by, prequel, previous", "succession",
        back="precede"),
    "instance": _frame("be a, be an, be", "", "instance of, type, kind, class, category", ""),
    "genre": _frame("be a, be, belong to", "", "genre, music genre, literary genre, film genre, style", "", near="instance"),
    "participate": _frame("participate in, take part in, compete in, enter, be involved in, attend, fly on, race in, play in, fly aboard", "participant, participating team, competitor, attendee, crew member, contestant, combatant", "participant in, event, competition, mission, astronaut mission", "participation",
        theme="A"),
    "occur": _frame("take place in, occur in, happen in, be held in, be held on, hold in, hold on, take place on, occur on, take place at, happen on, host in", "", "venue, location, place", "event", theme="A", near="located"),
    "host": _frame("host", "host, organizer, organiser, presenter, host city, moderator", "", ""),
    "start": _frame("begin, start, open, commence, begin in, start in, begin on, start on, open in, open on", "", "", "start, beginning, opening, commencement, inauguration, start time, inception", theme="A", near="occur,found"),
    "end": _frame("end, finish, conclude, close, end in, end on, close in, close on, dissolve, abolish, disband, shut down, cease", "", "", "end, ending, closure, dissolution, conclusion, abolition, end time, closing, disbandment", theme="A"),
    "land": _frame("land in, land on, touch down in, splash down in, land at, splash down", "", "location of landing, landing site", "landing", theme="A"),
    "dock": _frame("dock with, undock from, dock, undock, dock to", "", "", "docking, undocking", theme="A"),
    "launch_craft": _frame("launch", "launch contractor, launched by", "", "launch", near="release"),
    "dam": _frame("impound, create, form, dam, hold back", "", "reservoir, reservoir created, impoundment", "", near="create"),
    "population": _frame("have a population of, be home to", "", "population, number of inhabitants, inhabitants, population size", ""),
    "area": _frame("cover, span, cover an area of, have an area of, extend over", "", "area, surface area, size", ""),
    "height": _frame("be tall, rise to, stand, reach, be high, reach a height of", "", "height, elevation, elevation above sea level, altitude", ""),
    "length": _frame("be long, run for, last", "", "length, duration, running time", ""),
    "currency": _frame("use", "", "currency, money, legal tender", ""),
    "official_language": _frame("speak, have as its official language", "", "official language, language used, language", "", near="language"),
    "twin": _frame("be twinned with, twin with", "", "twin town, sister city, twinned administrative body", ""),
    "parent_taxon": _frame("belong to, be a species of, be in, be classified in, be a genus of, be a member of, be in the family, be of the family", "species, genus", "parent taxon, family, genus, order, class, phylum, kingdom, taxon", ""),
    "native": _frame("be native to, be endemic to, live in, inhabit, be found in, occur in, be indigenous to, be found off, grow in", "", "habitat, native to, endemic to, indigenous to, native range", "", near="located"),
    "status": _frame("be listed as, be classified as, be considered, list as, be rated as, be assessed as, classify as", "", "conservation status, status, iucn conservation status, classification", ""),
    "also_known_as": _frame("be known as, be called, be also known as, be nicknamed, know as, call, nickname, refer to as, be commonly known as", "", "alias, alternative name, common name, synonym, nickname, pseudonym, also known as, taxon common name, taxon synonym, stage name, other name", ""),
    "treat": _frame("treat, cure, heal", "treatment, therapy, drug, medication, cure, drug used for treatment", "medical condition treated, indication", "treatment"),
    "cause": _frame("cause, lead to, result in, trigger, provoke", "cause, has cause, reason, trigger", "effect, has effect, consequence, result", ""),
    "use": _frame("use, employ, utilize, utilise, adopt, rely on", "user, used by", "use, uses, used for, purpose", "usage"),
    "support": _frame("support, endorse, back", "supporter, backer", "", "support, endorsement"),
    "oppose": _frame("oppose, fight against, fight, criticize, reject", "opponent, enemy", "opponent", "opposition"),
    "defeat": _frame("defeat, beat, overcome, conquer, vanquish", "winner, victor", "loser", "defeat, victory"),
    "kill": _frame("kill, murder, assassinate, shoot, execute, slay", "killer, murderer, assassin, killed by", "victim", "murder, assassination, killing"),
    "sue": _frame("sue, file a lawsuit against, take to court", "plaintiff, claimant", "defendant", "lawsuit, suit"),
    "sign": _frame("sign, ratify", "signatory, signer", "", "signing, signature, ratification"),
    "cite": _frame("cite, reference, quote", "", "cites work, citation, reference", "citation"),
    "approve": _frame("approve, authorize, authorise, pass, adopt", "approved by", "", "approval, adoption"),
    "ally": _frame("ally with", "ally", "ally", "alliance"),
    "visit": _frame("visit, travel to, tour, go to", "visitor", "destination", "visit, trip"),
    "conserve": _frame("keep in, hold in, house in, be kept in, be held in, be on display in, display at, be on display at, hold by, exhibit at", "", "collection, museum, repository", "", near="located"),
    "designate": _frame("designate as, list as, recognize as, recognise as, classify as", "designated by", "designation, heritage designation", "", near="status"),
    "terrorist": _frame("be designated as terrorist by, designate as a terrorist organization by, list as a terrorist organization by, "
        "designate a terrorist organization by, consider a terrorist organization by", "", "designated as terrorist by, terrorist designation", ""),
}  # fmt: skip
