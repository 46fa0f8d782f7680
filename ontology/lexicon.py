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
# A name of any kind may have been mislabelled; such a reading needs a relation that is stated very plainly.
STRETCH = 0.25
NAME_KINDS = (
    "PERSON",
    "ORG",
    "LOC",
    "WORK",
    "PRODUCT",
    "EVENT",
    "NORP",
    "DATE",
    "NUMBER",
    "MONEY",
    "PERCENT",
)
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
_COMPATIBILITY = {
    "PERSON": "CHARACTER:0.9 WORK:0.35 TAXON:0.3 AWARD:0.3",
    "ORG": "FACILITY:0.8 WORK:0.5 PRODUCT:0.6 AWARD:0.5 EVENT:0.4 LOC:0.3 NORP:0.4 CONCEPT:0.3 ASTRO:0.3",
    "LOC": "FACILITY:0.8 ASTRO:0.6 ORG:0.35 NORP:0.3 WORK:0.3",
    "FACILITY": "LOC:0.8 ORG:0.7 WORK:0.4 PRODUCT:0.3",
    "WORK": "PRODUCT:0.95 CHARACTER:0.6 EVENT:0.5 AWARD:0.5 CONCEPT:0.3 ORG:0.4",
    "PRODUCT": "WORK:0.8 ORG:0.4 CONCEPT:0.5 EVENT:0.3 ASTRO:0.5 TAXON:0.5 FACILITY:0.4 AWARD:0.3",
    "EVENT": "WORK:0.5 AWARD:0.6 CONCEPT:0.5 ORG:0.3",
    "NORP": "LANGUAGE:0.9 CONCEPT:0.6 ORG:0.35 TAXON:0.3",
    "LANGUAGE": "NORP:0.7 CONCEPT:0.4",
    "AWARD": "EVENT:0.4 WORK:0.3",
    "CHARACTER": "PERSON:0.6 WORK:0.3",
    "TAXON": "CONCEPT:0.5",
    "ASTRO": "LOC:0.6",
    "ROLE": "CONCEPT:0.6",
    "CONCEPT": "ROLE:0.6 PRODUCT:0.5 LANGUAGE:0.4 EVENT:0.4 TAXON:0.4",
    "DATE": "NUMBER:0.4",
    "NUMBER": "MONEY:0.5 PERCENT:0.5 DATE:0.4",
    "MONEY": "NUMBER:0.8",
    "PERCENT": "NUMBER:0.8",
}
COMPATIBILITY = {
    kind: {kind: 1.0}
    | {other: float(score) for other, _, score in (cell.partition(":") for cell in row.split())}
    for kind, row in _COMPATIBILITY.items()
}

# Underscores join the words of a compound.
_KIND_NOUNS = {
    "PERSON": """
        person people human man woman individual child boy girl adult author writer novelist poet playwright
        dramatist screenwriter lyricist journalist columnist biographer historian essayist translator editor
        composer songwriter musician singer rapper pianist guitarist drummer violinist conductor performer
        artist painter sculptor illustrator photographer cartoonist animator architect designer director
        filmmaker producer cinematographer actor actress star comedian dancer choreographer model presenter
        host broadcaster scientist physicist chemist biologist mathematician astronomer geologist botanist
        zoologist economist philosopher psychologist sociologist linguist anthropologist archaeologist
        engineer inventor programmer researcher scholar professor academic teacher lecturer educator student
        pupil politician statesman president minister senator congressman governor mayor chancellor premier
        diplomat ambassador lawyer attorney judge jurist activist revolutionary soldier officer general
        admiral commander captain marshal colonel lieutenant sergeant pilot aviator astronaut cosmonaut
        sailor explorer missionary priest bishop pope cardinal rabbi imam monk nun saint theologian king
        queen emperor empress prince princess duke duchess count countess earl baron baroness lord lady
        knight noble nobleman monarch ruler sultan shah tsar pharaoh businessman businesswoman entrepreneur
        executive chairman chairwoman chairperson chief ceo cfo founder cofounder manager owner investor
        banker merchant trader industrialist philanthropist footballer player athlete swimmer runner cyclist
        boxer wrestler golfer cricketer coach trainer referee driver racer jockey doctor physician surgeon
        nurse dentist psychiatrist farmer chef cook fisherman criminal murderer victim spy agent spouse
        husband wife father mother parent son daughter brother sister sibling uncle aunt nephew niece cousin
        grandfather grandmother grandson granddaughter relative ancestor descendant friend partner employee
        worker member leader head successor predecessor contestant winner champion hero citizen resident
        inhabitant personnel crew laureate recipient patron developer creator maker publisher blogger
        youtuber critic curator librarian nobelist tenor soprano baritone mezzo-soprano contralto
        countertenor chanteuse bassist cellist flautist organist saxophonist trumpeter percussionist harpist
        keyboardist vocalist frontman bandleader impresario magician acrobat skier skater gymnast sprinter
        rower fencer archer sumo judoka goalkeeper midfielder defender striker quarterback pitcher batsman
        bowler umpire mountaineer climber surfer snowboarder rider horseman breeder naturalist ecologist
        ornithologist entomologist paleontologist palaeontologist meteorologist oceanographer cartographer
        geographer statistician logician cryptographer virologist immunologist neuroscientist pharmacologist
        pathologist cardiologist oncologist gynecologist pediatrician veterinarian midwife pharmacist
        theorist reformer suffragist abolitionist feminist environmentalist humanitarian whistleblower
        lobbyist strategist consultant accountant auditor broker financier magnate tycoon heir heiress
        secretary clerk archivist registrar treasurer ombudsman prosecutor magistrate barrister solicitor
        notary detective policeman policewoman sheriff ranger guard bodyguard assassin terrorist guerrilla
        rebel pirate smuggler gangster mobster outlaw slave servant maid nanny butler gardener carpenter
        blacksmith tailor weaver potter baker brewer butcher miner hunter shepherd peasant shopkeeper
        innkeeper printer bookseller engraver goldsmith silversmith watchmaker clockmaker luthier
        shipbuilder builder contractor mechanic technician operator courier attendant stewardess mystic
        prophet guru shaman abbot abbess archbishop deacon preacher evangelist pastor rector vicar chaplain
        martyr apostle disciple warlord chieftain khan shogun samurai maharaja viceroy regent consort
        margrave landgrave elector marquess marquis viscount baronet squire courtier statesperson legislator
        lawmaker councillor councilman alderman delegate commissioner envoy consul attaché
    """,
    "ORG": """
        organization organisation company corporation firm business enterprise startup conglomerate group
        agency institution institute association society foundation charity union federation league club
        team squad band orchestra choir ensemble duo trio quartet party government ministry department
        bureau office authority commission committee council parliament senate congress assembly court army
        navy force regiment battalion brigade division corps unit squadron fleet militia police university
        college school academy seminary hospital clinic church bank insurer broker fund exchange retailer
        chain store supermarket manufacturer automaker carmaker maker brewery winery distillery airline
        railway carrier operator publisher newspaper broadcaster network station channel studio label
        imprint distributor subsidiary affiliate parent_company employer provider supplier vendor contractor
        consortium alliance cartel coalition cooperative partnership guild order brotherhood congregation
        denomination laboratory lab think-tank observatory cabinet faction movement administration developer
        industry military franchise troupe
    """,
    "LOC": """
        place location city town village municipality settlement hamlet suburb borough district county
        province state region territory country nation kingdom empire republic colony commune prefecture
        canton parish ward neighborhood neighbourhood area zone continent island archipelago peninsula
        mountain hill peak volcano range valley canyon desert plain plateau forest jungle river stream creek
        tributary watercourse lake sea ocean bay gulf strait channel lagoon reservoir basin wetland swamp
        marsh glacier coast beach cape reef waterfall spring cave park reserve habitat site landmark capital
        metropolis port harbor harbour street road avenue square feature landform body geography birthplace
        hometown ecoregion watershed
    """,
    "FACILITY": """
        building structure facility house castle palace fortress fort tower bridge dam tunnel airport
        station stadium arena theater theatre museum gallery library hall cathedral church temple mosque
        monastery abbey shrine synagogue monument memorial cemetery prison hotel restaurant factory plant
        mill mine refinery observatory hospital skyscraper mansion villa venue campus base shipyard
        lighthouse canal highway motorway railway line route zoo garden laboratory power_station spaceport
        pier market mall
    """,
    "WORK": """
        work film movie picture documentary series sitcom show programme program episode season soap drama
        comedy thriller western book novel novella story poem play essay memoir autobiography biography
        anthology trilogy saga comic manga anime cartoon magazine journal newspaper periodical article paper
        publication album song single track soundtrack ep record recording composition symphony opera
        concerto sonata ballet musical hymn anthem aria piece painting portrait sculpture statue fresco
        mural photograph drawing artwork installation video game videogame podcast blog website encyclopedia
        dictionary manuscript text script screenplay report treaty law act bill constitution agreement
        thesis literature art music franchise adaptation remake sequel prequel volume edition dataset
        chapter discography document manifesto speech letter standard specification
    """,
    "PRODUCT": """
        programming_language hardware computer_program operating_system product brand device phone
        smartphone computer laptop console tablet chip processor software application app system platform
        tool service car automobile vehicle truck motorcycle bus train locomotive tram bicycle tank aircraft
        airplane plane helicopter jet bomber fighter drone rocket missile spacecraft satellite probe shuttle
        telescope ship boat submarine vessel yacht frigate destroyer cruiser carrier weapon gun rifle pistol
        cannon equipment machine engine instrument robot drug medicine vaccine drink beer wine food dish
        beverage cheese material toy camera watch framework library protocol model format technology
        cryptocurrency currency keyboard guitar piano
    """,
    "EVENT": """
        event battle war conflict siege invasion campaign operation revolution rebellion uprising revolt
        coup massacre attack bombing assassination accident crash disaster earthquake hurricane flood
        eruption fire election referendum conference summit congress convention festival fair exhibition
        expo ceremony tournament championship cup competition contest race match game olympics olympiad
        season concert tour mission expedition voyage spaceflight flight launch trial scandal crisis
        epidemic pandemic strike protest wedding funeral coronation round final grand_prix marathon rally
        derby merger acquisition
    """,
    "AWARD": """
        award prize medal honor honour trophy oscar emmy grammy decoration title fellowship scholarship
        nomination
    """,
    "LANGUAGE": """
        language dialect tongue script creole pidgin alphabet
    """,
    "NORP": """
        nationality people ethnicity tribe clan ethnic_group religion faith ideology caste demonym
        population people_group religious_group social_group
    """,
    "CHARACTER": """
        character superhero villain protagonist antagonist deity god goddess creature monster
    """,
    "TAXON": """
        taxon species genus family plant animal bird fish insect mammal reptile amphibian dinosaur breed
        tree flower fungus bacterium virus organism subspecies cultivar fossil dog cat horse
    """,
    "ASTRO": """
        planet star galaxy asteroid comet constellation nebula moon exoplanet cluster supernova quasar
        pulsar meteorite crater celestial dwarf
    """,
    "ROLE": """
        occupation profession job position role rank title office post career vocation degree specialty
        specialization
    """,
    "CONCEPT": """
        genre subgenre style movement field discipline subject topic theory concept idea law method
        algorithm technique tradition custom heritage culture cuisine dance sport religion philosophy
        doctrine science mathematics theorem disease syndrome disorder symptom condition gene protein enzyme
        molecule compound element mineral substance chemical classification category class type kind status
        level phase process task problem metric architecture voice instrument color colour shape mechanism
        keyword term theme belief practice tactic history musicology psychology economics unit symbol
        ingredient synonym configuration sector crime cause hobby holiday jazz rock pop blues folk punk
        metal reggae ska soul funk disco techno hip-hop rap electronica ambient swing bebop fiction
        nonfiction fantasy horror romance satire parody tragedy farce melodrama noir mystery adventure
        thriller comedy drama western documentary sitcom opera operetta musical cartoon anime manga
        biography memoir
    """,
    "DATE": """
        date year day month time period era century decade datetime timestamp
    """,
    "NUMBER": """
        number amount quantity count population size length height width depth area mass weight speed
        temperature elevation capacity distance volume duration rate percentage score code identifier id
        isbn issn
    """,
    "MONEY": """
        money price cost revenue income profit budget gross salary asset debt capital turnover
    """,
}

# Heads of types that most names with a coarse label belong to.
_COMMON = """
    person human individual people agent actor being organization organisation company institution
    business corporation firm university team party location place region area territory city town
    country state settlement feature entity thing object work film movie book novel song album
    publication article artwork product artifact device event nationality language
"""
COMMON_HEADS = frozenset(_COMMON.split())

# Last words (before a preposition) of names that say what the thing is: "Ashby Prize for Poetry".
_NAME_HEADS = {
    "AWARD": "award awards prize medal trophy oscar grammy emmy",
    "ORG": "university college school academy institute company corporation inc ltd gmbh party club",
    "EVENT": "battle siege war championship championships olympics festival election",
    "LOC": "river lake mountain mountains island islands valley bay county province",
    "FACILITY": "museum airport stadium cathedral bridge dam library hospital",
}
NAME_HEADS = {word: kind for kind, words in _NAME_HEADS.items() for word in words.split()}

# Nouns for people that do not tell what they do.
_NO_ROLES = """
    " person people human man woman individual child boy girl adult kid baby spouse husband wife father
    mother parent son daughter brother sister sibling uncle aunt nephew niece cousin grandfather
    grandmother grandson granddaughter relative ancestor descendant friend partner member citizen
    resident inhabitant native national winner recipient laureate contestant participant victim survivor
    hero star namesake twin heir heiress widow widower bride patient
"""
NO_ROLES = frozenset(_NO_ROLES.split())

# Names a schema is likely to give to the type that stands for a whole kind, most usual first.
_KIND_TYPE_NAMES = {
    "PERSON": "person, human, human being, people, individual, agent, actor, entity, thing",
    "ORG": (
        "organization, organisation, org, institution, company, corporation, business, agent, entity, thing"
    ),
    "LOC": (
        "location, place, geographical feature, geographic location, geographic region, "
        "geographic entity, geographical entity, spatial entity, region, area, territory, "
        "settlement, entity, thing"
    ),
    "FACILITY": (
        "facility, building, structure, architectural structure, landmark, location, place, entity, thing"
    ),
    "WORK": "work, creative work, work of art, artwork, intellectual work, media, publication, entity, thing",
    "PRODUCT": "product, artifact, artefact, device, good, technology, object, entity, thing",
    "EVENT": "event, occurrence, happening, activity, entity, thing",
    "NORP": "nationality, ethnic group, ethnicity, people, group, demonym, religion",
    "LANGUAGE": "language, human language, natural language, concept",
    "AWARD": "award, prize, honor, honour, recognition",
    "CHARACTER": "fictional character, character, fictional entity",
    "TAXON": "taxon, species, organism, living thing, concept",
    "ASTRO": "celestial body, celestial bodies, astronomical object, astronomical body, celestial object",
    "ROLE": "occupation, profession, role, position, job, concept",
    "CONCEPT": "concept, topic, subject, term, idea, abstract entity",
    "DATE": "date, calendar date, time, time period, period, temporal entity, year",
    "NUMBER": "number, quantity, amount",
    "MONEY": "money, amount of money, monetary amount, amount, quantity",
    "PERCENT": "percentage, percent, quantity, number",
}
KIND_TYPE_NAMES = {kind: tuple(names.split(", ")) for kind, names in _KIND_TYPE_NAMES.items()}


def _noun_kinds() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for kind, nouns in _KIND_NOUNS.items():
        for noun in nouns.split():
            word = noun.replace("_", " ")
            table[word] = (*table.get(word, ()), kind)
    return table


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
    "direct": _frame(
        verbs="direct, helm, co-direct",
        agents="director, film director, codirector, filmmaker",
        events="direction",
    ),
    "produce": _frame(
        verbs="produce, co-produce, executive produce",
        agents=(
            "producer, record producer, film producer, executive producer, production company, "
            "production studio, producing company, film production company"
        ),
        events="production",
        near="manufacture,create",
    ),
    "write": _frame(
        verbs="write, co-write, pen, author, script",
        agents="writer, author, screenwriter, scriptwriter, novelist, playwright, cowriter, scenarist",
        events="writing, authorship",
        near="create",
    ),
    "screenplay": _frame(
        verbs="adapt for the screen",
        agents="screenplay by, screenwriter, scriptwriter, scenarist",
        events="screenplay",
        near="write",
    ),
    "compose": _frame(
        verbs="compose, score",
        agents="composer, music composer, film score composer, music by",
        patients="composition",
        events="composition, music, score",
        near="write,create",
    ),
    "lyrics": _frame(
        verbs="write the lyrics of, write the lyrics for, write lyrics for, pen the lyrics of",
        agents="lyricist, lyrics by, words by, lyric writer, librettist, songwriter",
        events="lyrics",
        back="have lyrics by, feature lyrics by",
        near="write",
    ),
    "perform": _frame(
        verbs="perform, record, sing, play",
        agents="performer, artist, singer, musician, recording artist, vocalist, band",
        events="performance",
        near="cast",
    ),
    "cast": _frame(
        verbs=(
            "star in, act in, appear in, perform in, play in, co-star in, play a role in, feature in, "
            "play the lead in, have a role in"
        ),
        agents="star, actor, actress, cast member, cast, starring, lead actor, leading actor",
        back="star, feature, co-star, cast, starring",
    ),
    "voice": _frame(verbs="voice", agents="voice actor, voice, voice artist"),
    "portray": _frame(verbs="portray, play, play the role of", agents="portrayer, performer of"),
    "edit": _frame(
        verbs="edit",
        agents="editor, film editor, editor-in-chief, editor in chief, chief editor",
        events="editing",
    ),
    "photograph": _frame(
        verbs="photograph, shoot, film",
        agents="cinematographer, director of photography, photographer",
        events="photography, cinematography",
    ),
    "illustrate": _frame(verbs="illustrate", agents="illustrator, cover artist", events="illustration"),
    "translate": _frame(verbs="translate", agents="translator", events="translation"),
    "publish": _frame(
        verbs="publish, issue, put out",
        agents="publisher, publishing house",
        patients="publication",
        events="publication, issue",
        near="release",
    ),
    "release": _frame(
        verbs="release, premiere, launch, air, debut, broadcast, open, distribute, roll out",
        agents=(
            "distributor, record label, label, broadcaster, network, original broadcaster, original network"
        ),
        events="release, premiere, airing, broadcast, launch, debut",
        near="publish,perform",
    ),
    "label": _frame(
        verbs="sign",
        agents="record label, label, music label",
        back="release on, release through, release via, sign to, sign with, record for",
    ),
    "distribute": _frame(verbs="distribute", agents="distributor", events="distribution", near="release"),
    "create": _frame(
        verbs="create, make, devise, conceive, originate, do",
        agents="creator, maker, originator",
        patients="creation, notable work",
        events="creation",
        near="develop,design,invent,write",
    ),
    "design": _frame(
        verbs="design, architect",
        agents="designer, architect, fashion designer",
        events="design",
        near="create",
    ),
    "build": _frame(
        verbs="build, construct, erect",
        agents="builder, constructor, main building contractor, contractor",
        events="construction, building",
    ),
    "develop": _frame(
        verbs="develop, engineer, co-develop",
        agents="developer, software developer, game developer",
        events="development",
        near="release,create,design",
    ),
    "invent": _frame(
        verbs="invent, pioneer, patent",
        agents="inventor, discoverer or inventor",
        patients="invention",
        events="invention",
        near="create,discover,develop",
    ),
    "discover": _frame(
        verbs="discover, find, identify, first describe",
        agents="discoverer, discoverer or inventor",
        patients="discovery",
        events="discovery",
        near="invent",
    ),
    "manufacture": _frame(
        verbs="manufacture, produce, make, assemble, build",
        agents="manufacturer, maker, producer, builder, vehicle manufacturer, constructor",
        patients="product",
        events="manufacture, manufacturing",
        near="produce,develop",
    ),
    "sell": _frame(
        verbs="sell, market, offer, retail",
        agents="seller, vendor, retailer",
        patients="product",
        events="sale",
    ),
    "announce": _frame(
        verbs="announce, unveil, introduce, reveal, present",
        agents="presenter",
        events="announcement, unveiling, introduction",
        near="release",
    ),
    "base_on": _frame(
        back="base on, adapt from, be an adaptation of, inspire by, derive from, loosely base on",
        agents=(
            "based on, source, basis, inspiration, source material, inspired by, derivative of, original work"
        ),
    ),
    "characters": _frame(
        verbs="appear in, feature in",
        agents="character, main character, protagonist, characters, fictional character",
        back="feature, follow, tell the story of",
        near="portray",
    ),
    "subject": _frame(
        agents="subject, main subject, topic, theme, depicts, about, subject matter",
        back=(
            "be about, deal with, focus on, concern, depict, describe, tell about, discuss, cover, "
            "explore, portray"
        ),
    ),
    "setting": _frame(
        agents="setting, narrative location, set in, place of action",
        back="set in, take place in, be set in, take place on",
    ),
    "dedicate": _frame(
        agents="dedicatee, dedicated to, namesake",
        events="dedication",
        back="dedicate to, consecrate to",
    ),
    "named_after": _frame(
        agents="namesake, named after, eponym",
        back="name after, name for, name in honor of, name in honour of, call after, eponymous of",
    ),
    # Companies and bodies
    "found": _frame(
        verbs=(
            "found, establish, co-found, set up, start, create, form, incorporate, organize, organise, launch"
        ),
        agents="founder, cofounder, co-founder, founding member, founded by",
        events="foundation, founding, inception, establishment, formation, creation, incorporation",
    ),
    "acquire": _frame(
        verbs="acquire, buy, purchase, take over, buy out",
        agents="acquirer, buyer, purchaser",
        patients="acquisition",
        events="acquisition, purchase, takeover",
        near="own",
    ),
    "merge": _frame(
        verbs="merge with, merge into, combine with, amalgamate with",
        events="merger, amalgamation",
    ),
    "own": _frame(
        verbs="own, control, hold",
        agents=(
            "owner, parent company, holding company, proprietor, owned by, parent organization, "
            "parent organisation, shareholder"
        ),
        patients="subsidiary, property, holding, has subsidiary, unit, owner of",
        events="ownership",
        back="belong to, be a subsidiary of",
        near="acquire",
    ),
    "operate": _frame(
        verbs="operate, run, manage, administer",
        agents="operator, manager, maintained by",
        events="operation",
    ),
    "invest": _frame(
        verbs="invest in, back, fund, finance",
        agents="investor, backer, funder, sponsor",
        patients="investment",
        events="investment",
    ),
    "sponsor": _frame(verbs="sponsor, fund", agents="sponsor, patron", events="sponsorship", near="invest"),
    "lead": _frame(
        verbs="lead, head, chair, run, preside over, captain, govern, direct, be in charge of",
        agents=(
            "leader, head, chief executive officer, ceo, chief executive, chairman, chairperson, chair, "
            "president, director, manager, head of government, head of state, executive, mayor, governor, "
            "prime minister, director or manager, chairwoman, captain, boss"
        ),
        events="leadership",
    ),
    "ceo": _frame(
        verbs="be the ceo of, run",
        agents="ceo, chief executive officer, chief executive, director or manager, managing director",
        near="lead",
    ),
    "chair": _frame(verbs="chair", agents="chairman, chairperson, chairwoman, chair", near="lead"),
    "president": _frame(verbs="preside over", agents="president, head of state", near="lead"),
    "command": _frame(
        verbs="command, lead",
        agents="commander, commanding officer, commander in chief, commanded by",
        patients="command",
        events="command",
        near="lead",
    ),
    "coach": _frame(
        verbs="coach, manage, train",
        agents="coach, head coach, manager, trainer",
        events="coaching",
    ),
    "employ": _frame(
        verbs="employ, hire, recruit",
        agents="employer, workplace",
        patients="employee, staff, staff member, worker, personnel",
        events="employment",
        back="work for, work at, be employed by, join, be employed at, serve at, work with, teach at",
    ),
    "member": _frame(
        verbs="belong to, be a member of, join, enter, be part of, play for, be active in",
        agents="member, team member, group member, member of, band member, has member",
        patients="member of, affiliation, team, group, party, membership, member of sports team, sports team",
        events="membership",
        back="consist of, comprise, include",
        theme="A",
    ),
    "party": _frame(
        verbs="belong to, represent, stand for, run for, join",
        agents="party member",
        patients="political party, party, member of political party",
        near="member",
    ),
    "team": _frame(
        verbs="play for, sign for, join, appear for, be on loan at",
        agents="player",
        patients="team, club, member of sports team, sports team",
        near="member",
    ),
    "headquarters": _frame(
        verbs="base in, headquarter in, have headquarters in, have head office in, be based in",
        patients=(
            "headquarters, headquarters location, head office, seat, base, location of headquarters, "
            "home base"
        ),
        near="located",
    ),
    "industry": _frame(
        verbs="operate in, be active in, work in, specialize in, specialise in",
        patients="industry, sector, line of business, field",
    ),
    "partner": _frame(
        verbs="partner with, cooperate with, collaborate with, work with, team up with",
        agents="partner, collaborator",
        patients="partner, collaborator",
        events="partnership, collaboration",
    ),
    "compete": _frame(
        verbs="compete with, rival, compete against",
        agents="competitor, rival",
        patients="competitor, rival",
        events="competition",
    ),
    "revenue": _frame(
        verbs="report revenue of, earn, generate, make, gross, take in",
        patients="revenue, gross, box office, turnover, total revenue, income",
    ),
    "cost": _frame(verbs="cost, have a budget of", patients="cost, budget, price, production cost"),
    # Life
    "birth": _frame(
        verbs=(
            "be born in, be born on, be born at, be bear in, be bear on, born in, born on, born at, born, "
            "come from, hail from, be born"
        ),
        events="birth",
        theme="A",
    ),
    "death": _frame(
        verbs="die in, die on, die at, die, pass away in, pass away on, be kill in, be kill on, succumb in",
        events="death",
        theme="A",
    ),
    "burial": _frame(
        verbs="bury in, bury at, inter in, inter at, be laid to rest in",
        patients="burial place, place of burial, resting place",
        events="burial",
        theme="A",
    ),
    "cause_death": _frame(verbs="die of, die from, succumb to, be killed by", patients="cause of death"),
    "residence": _frame(
        verbs="live in, reside in, settle in, dwell in, move to, live at, make one's home in, relocate to",
        agents="resident, inhabitant",
        patients="residence, home, place of residence, hometown, home town",
        events="residence",
        theme="A",
    ),
    "spouse": _frame(
        verbs="marry, wed, be married to, married to, get married to, remarry, tie the knot with",
        agents="spouse, wife, husband, consort, partner, bride, widow, widower",
        patients="spouse, wife, husband, consort",
        events="marriage, wedding",
        theme="A",
    ),
    "divorce": _frame(
        verbs="divorce, separate from",
        agents="ex-wife, ex-husband, former wife, former husband",
        events="divorce",
        theme="A",
        near="spouse",
    ),
    "partner_life": _frame(
        verbs="date, be in a relationship with, live with",
        agents="partner, unmarried partner, girlfriend, boyfriend, fiancé, fiancée",
        patients="partner",
        near="spouse",
    ),
    "parent": _frame(
        verbs=(
            "father, mother, be the parent of, beget, have a child, have a son, have a daughter, "
            "give birth to, adopt"
        ),
        agents="parent, father, mother, biological parent",
        patients="child, son, daughter, children, kid, offspring, heir",
        back="be born to, be the child of, born to, descend from",
    ),
    "father": _frame(
        verbs="father, sire",
        agents="father, dad",
        patients="child, son, daughter, children",
        near="parent",
    ),
    "mother": _frame(
        verbs="mother, give birth to",
        agents="mother, mum, mom",
        patients="child, son, daughter, children",
        near="parent",
    ),
    "sibling": _frame(
        verbs="be siblings with",
        agents=(
            "sibling, brother, sister, half-brother, half-sister, twin, twin brother, twin sister, "
            "elder brother, younger brother, older brother, younger sister, elder sister, older sister"
        ),
        patients="sibling, brother, sister",
    ),
    "relative": _frame(
        verbs="be related to",
        agents=(
            "relative, uncle, aunt, nephew, niece, cousin, grandfather, grandmother, grandson, "
            "granddaughter, grandparent, grandchild, father-in-law, mother-in-law, brother-in-law, "
            "sister-in-law"
        ),
        patients="relative",
    ),
    "educate": _frame(
        verbs=(
            "study at, attend, be educated at, graduate from, educate at, train at, enroll at, "
            "earn a degree from, receive a degree from, study in, earn a phd from, matriculate at, "
            "be an alumnus of, educate in"
        ),
        agents="student, alumnus, alumna, pupil, graduate, alumni",
        patients="alma mater, school, university, college, educated at, education",
        events="education, schooling",
        theme="A",
    ),
    "degree": _frame(
        verbs="earn, hold, receive, obtain, complete",
        patients="degree, academic degree, diploma, qualification",
    ),
    "teach": _frame(
        verbs="teach, mentor, tutor, supervise, advise, instruct",
        agents=(
            "teacher, mentor, tutor, doctoral advisor, doctoral adviser, supervisor, professor, adviser, "
            "advisor"
        ),
        patients="student, pupil, doctoral student, disciple, protégé",
        events="teaching",
        back="study under, learn from, study with, train under, be a student of",
    ),
    "influence": _frame(
        verbs="influence, inspire",
        agents="influence, influenced by, inspiration",
        events="influence",
        back="influence by, draw inspiration from",
    ),
    "nationality": _frame(
        verbs="be from, be a citizen of, hold citizenship of, hold the citizenship of",
        agents="citizen, national",
        patients="nationality, citizenship, country of citizenship, country, citizen of",
        near="country_of_origin",
    ),
    "ethnicity": _frame(
        verbs="be of descent, belong to",
        patients="ethnicity, ethnic group, ethnic origin, people, ancestry",
    ),
    "religion": _frame(
        verbs="practice, practise, convert to, adhere to, follow, believe in",
        agents="follower, adherent",
        patients="religion, faith, denomination, religious affiliation",
    ),
    "occupation": _frame(
        verbs="work as, be a, serve as, make a living as, be active as, become",
        patients="occupation, profession, job, career, vocation, employment, trade",
    ),
    "position": _frame(
        verbs=(
            "hold the position of, hold the office of, serve as, hold the post of, be appointed, "
            "be elected, become, be named, be elected as, be appointed as, work as"
        ),
        agents="office holder, holder, incumbent, officeholder",
        patients="position, office, position held, title, post, role, public office",
    ),
    "rank": _frame(
        verbs=(
            "be promoted to, attain the rank of, reach the rank of, hold the rank of, rise to the rank of, "
            "retire as, retire with the rank of, reach, rise to, attain"
        ),
        patients="rank, military rank, title",
    ),
    "branch": _frame(
        verbs=(
            "serve in, serve with, join, fight in, fight for, fight with, enlist in, be commissioned in, "
            "be in"
        ),
        patients="military branch, branch, service branch, military unit, allegiance",
    ),
    "fight": _frame(
        verbs="fight in, participate in, take part in, serve during, serve in",
        agents="combatant, belligerent, participant",
        patients="conflict, war, battle",
        near="participate",
    ),
    "field": _frame(
        verbs="specialize in, specialise in, study, research, work in, work on",
        patients="field of work, field, research field, area of expertise, discipline, specialty",
        near="industry",
    ),
    "language": _frame(
        verbs="speak, write in, be written in, be in, publish in, sing in",
        agents="speaker",
        patients=(
            "language, native language, mother tongue, original language, language of work or name, "
            "spoken language, languages spoken, official language, language of work, "
            "languages spoken written or signed, language spoken"
        ),
    ),
    "instrument": _frame(verbs="play", agents="player", patients="instrument, musical instrument"),
    "instrumentation": _frame(
        verbs="write for, compose for, score for, arrange for, be for, call for",
        patients="instrumentation, scoring, orchestration",
        near="instrument",
    ),
    "voice_type": _frame(patients="voice type, voice, vocal range"),
    "notable_work": _frame(
        verbs="be known for, be famous for, be best known for, be noted for",
        patients="notable work, known for, masterpiece, famous work",
        near="create",
    ),
    "award": _frame(
        verbs=(
            "win, receive, be inducted into, be awarded, earn, be awarded with, be honored with, "
            "be honoured with, be presented with, award, award with, honor with, get, be the recipient of, "
            "take home, honour with"
        ),
        agents="winner, recipient, laureate, medalist, awardee",
        patients="award, award received, prize, honor, honour, award won, medal, awards",
        theme="A",
        near="nominate",
    ),
    "confer": _frame(
        verbs="award, give, present, grant, confer, bestow",
        agents="conferrer, conferred by, awarding body, presenter",
        near="sponsor",
    ),
    "nominate": _frame(
        verbs=(
            "be nominated for, nominate for, earn a nomination for, receive a nomination for, be up for, "
            "be shortlisted for, be a finalist for"
        ),
        agents="nominee",
        patients="nomination, nominated for, award nomination",
        events="nomination",
        theme="A",
        near="award",
    ),
    # Place
    "located": _frame(
        verbs=(
            "locate in, locate within, lie in, be in, situate in, sit in, stand in, be located in, "
            "be situated in, locate at, situate at, locate on, be found in, be at, lie on, locate near, "
            "find in, lie within, situate on, sit on, stand on"
        ),
        patients=(
            "location, place, located in, located in the administrative territorial entity, country, "
            "state, region, situated in, site, territory, city, county, province, district, "
            "administrative territorial entity, locale"
        ),
        events="location",
        back="contain, include, be home to, house, host",
        theme="A",
    ),
    "country_of_origin": _frame(
        verbs="originate in, come from, originate from, be from, produce in, hail from, make in, form in",
        patients="country of origin, origin, country, location of formation, place of origin, home country",
        events="origin",
        theme="A",
        near="located,nationality",
    ),
    "capital": _frame(
        verbs="be the capital of, be capital of, serve as the capital of",
        agents="capital, capital city",
    ),
    "border": _frame(
        verbs=(
            "border, neighbor, neighbour, adjoin, be bordered by, share a border with, abut, be adjacent to"
        ),
        agents="neighbor, neighbour",
        patients="neighbor, neighbour, border, shares border with, adjacent to",
        events="border",
    ),
    "flow": _frame(
        verbs=(
            "flow into, empty into, drain into, discharge into, join, feed, flow to, be a tributary of, "
            "reach, debouch into"
        ),
        agents="tributary, inflow, affluent",
        patients="mouth, mouth of the watercourse, outflow, river mouth, estuary",
    ),
    "rise_at": _frame(
        verbs=(
            "rise in, originate in, begin in, spring from, rise at, have its source in, start in, rise on, "
            "flow from, drain"
        ),
        patients="source, origin of the watercourse, origin, headwaters, river source",
    ),
    "basin": _frame(
        verbs="drain, belong to",
        patients="drainage basin, basin, watershed, catchment, catchment area",
        near="flow",
    ),
    "range": _frame(
        verbs="lie in, be in, belong to, be part of, be a mountain in, be a peak in, locate in",
        patients="mountain range, range, mountain chain, massif",
        near="part",
    ),
    "part": _frame(
        verbs=(
            "be part of, belong to, form part of, be included in, be a component of, appear on, be in, "
            "be from, be the track on, be taken from, feature on, be included on, be released on, "
            "be recorded for, be featured on, be the single from, be the song from, be track on, "
            "be issued on"
        ),
        agents=(
            "part, component, track, element, has part, section, chapter, tracklist, tracks, song, "
            "contents, constituent"
        ),
        patients="part of, whole, album, collection",
        back=(
            "consist of, comprise, include, contain, be composed of, be made up of, feature, have, "
            "be divided into"
        ),
        near="member",
    ),
    "series": _frame(
        verbs="belong to, be part of",
        agents="episode, installment, instalment, entry, volume",
        patients="series, part of the series, franchise, season, trilogy",
        near="part",
    ),
    "succeed": _frame(
        verbs="succeed, replace, follow, supersede, come after",
        agents="successor, sequel, followed by, replaced by, succeeded by, next, follow-up",
        patients="predecessor, follows, replaces, preceded by, prequel, previous",
        events="succession",
        back="precede",
    ),
    "instance": _frame(verbs="be a, be an, be", patients="instance of, type, kind, class, category"),
    "genre": _frame(
        verbs="be a, be, belong to",
        patients="genre, music genre, literary genre, film genre, style",
        near="instance",
    ),
    "participate": _frame(
        verbs=(
            "participate in, take part in, compete in, enter, be involved in, attend, fly on, race in, "
            "play in, fly aboard"
        ),
        agents="participant, participating team, competitor, attendee, crew member, contestant, combatant",
        patients="participant in, event, competition, mission, astronaut mission",
        events="participation",
        theme="A",
    ),
    "occur": _frame(
        verbs=(
            "take place in, occur in, happen in, be held in, be held on, hold in, hold on, take place on, "
            "occur on, take place at, happen on, host in"
        ),
        patients="venue, location, place",
        events="event, point in time, date, time, year",
        theme="A",
        near="located",
    ),
    "host": _frame(verbs="host", agents="host, organizer, organiser, presenter, host city, moderator"),
    "start": _frame(
        verbs="begin, start, open, commence, begin in, start in, begin on, start on, open in, open on",
        events="start, beginning, opening, commencement, inauguration, start time, inception",
        theme="A",
        near="occur,found",
    ),
    "end": _frame(
        verbs=(
            "end, finish, conclude, close, end in, end on, close in, close on, dissolve, abolish, disband, "
            "shut down, cease"
        ),
        events="end, ending, closure, dissolution, conclusion, abolition, end time, closing, disbandment",
        theme="A",
    ),
    "land": _frame(
        verbs="land in, land on, touch down in, splash down in, land at, splash down",
        patients="location of landing, landing site",
        events="landing",
        theme="A",
    ),
    "dock": _frame(
        verbs="dock with, undock from, dock, undock, dock to",
        events="docking, undocking",
        theme="A",
    ),
    "launch_craft": _frame(
        verbs="launch",
        agents="launch contractor, launched by",
        events="launch",
        near="release",
    ),
    "dam": _frame(
        verbs="impound, create, form, dam, hold back",
        patients="reservoir, reservoir created, impoundment",
        near="create",
    ),
    "population": _frame(
        verbs="have a population of, be home to",
        patients="population, number of inhabitants, inhabitants, population size",
    ),
    "area": _frame(
        verbs="cover, span, cover an area of, have an area of, extend over",
        patients="area, surface area, size",
    ),
    "height": _frame(
        verbs="be tall, rise to, stand, reach, be high, reach a height of",
        patients="height, elevation, elevation above sea level, altitude",
    ),
    "length": _frame(verbs="be long, run for, last", patients="length, duration, running time"),
    "currency": _frame(verbs="use", patients="currency, money, legal tender"),
    "official_language": _frame(
        verbs="speak, have as its official language",
        patients="official language, language used, language",
        near="language",
    ),
    "twin": _frame(
        verbs="be twinned with, twin with",
        patients="twin town, sister city, twinned administrative body",
    ),
    "parent_taxon": _frame(
        verbs=(
            "belong to, be a species of, be in, be classified in, be a genus of, be a member of, "
            "be in the family, be of the family"
        ),
        agents="species, genus",
        patients="parent taxon, family, genus, order, class, phylum, kingdom, taxon",
    ),
    "native": _frame(
        verbs=(
            "be native to, be endemic to, live in, inhabit, be found in, occur in, be indigenous to, "
            "be found off, grow in"
        ),
        patients="habitat, native to, endemic to, indigenous to, native range",
        near="located",
    ),
    "status": _frame(
        verbs=(
            "be listed as, be classified as, be considered, list as, be rated as, be assessed as, classify as"
        ),
        patients="conservation status, status, iucn conservation status, classification",
    ),
    "also_known_as": _frame(
        verbs=(
            "be known as, be called, be also known as, be nicknamed, know as, call, nickname, refer to as, "
            "be commonly known as"
        ),
        patients=(
            "alias, alternative name, common name, synonym, nickname, pseudonym, also known as, "
            "taxon common name, taxon synonym, stage name, other name"
        ),
    ),
    "treat": _frame(
        verbs="treat, cure, heal",
        agents="treatment, therapy, drug, medication, cure, drug used for treatment",
        patients="medical condition treated, indication",
        events="treatment",
    ),
    "cause": _frame(
        verbs="cause, lead to, result in, trigger, provoke",
        agents="cause, has cause, reason, trigger",
        patients="effect, has effect, consequence, result",
    ),
    "use": _frame(
        verbs="use, employ, utilize, utilise, adopt, rely on",
        agents="user, used by",
        patients="use, uses, used for, purpose",
        events="usage",
    ),
    "support": _frame(
        verbs="support, endorse, back",
        agents="supporter, backer",
        events="support, endorsement",
    ),
    "oppose": _frame(
        verbs="oppose, fight against, fight, criticize, reject",
        agents="opponent, enemy",
        patients="opponent",
        events="opposition",
    ),
    "defeat": _frame(
        verbs="defeat, beat, overcome, conquer, vanquish",
        agents="winner, victor",
        patients="loser",
        events="defeat, victory",
    ),
    "kill": _frame(
        verbs="kill, murder, assassinate, shoot, execute, slay",
        agents="killer, murderer, assassin, killed by",
        patients="victim",
        events="murder, assassination, killing",
    ),
    "sue": _frame(
        verbs="sue, file a lawsuit against, take to court",
        agents="plaintiff, claimant",
        patients="defendant",
        events="lawsuit, suit",
    ),
    "sign": _frame(
        verbs="sign, ratify",
        agents="signatory, signer",
        events="signing, signature, ratification",
    ),
    "cite": _frame(
        verbs="cite, reference, quote",
        patients="cites work, citation, reference",
        events="citation",
    ),
    "approve": _frame(
        verbs="approve, authorize, authorise, pass, adopt",
        agents="approved by",
        events="approval, adoption",
    ),
    "ally": _frame(verbs="ally with", agents="ally", patients="ally", events="alliance"),
    "visit": _frame(
        verbs="visit, travel to, tour, go to",
        agents="visitor",
        patients="destination",
        events="visit, trip",
    ),
    "conserve": _frame(
        verbs=(
            "keep in, hold in, house in, be kept in, be held in, be on display in, display at, "
            "be on display at, hold by, exhibit at"
        ),
        patients="collection, museum, repository",
        near="located",
    ),
    "designate": _frame(
        verbs="designate as, list as, recognize as, recognise as, classify as",
        agents="designated by",
        patients="designation, heritage designation",
        near="status",
    ),
    "terrorist": _frame(
        verbs=(
            "be designated as terrorist by, designate as a terrorist organization by, "
            "list as a terrorist organization by, designate a terrorist organization by, "
            "consider a terrorist organization by"
        ),
        patients="designated as terrorist by, terrorist designation",
    ),
    # Sport
    "league": _frame(
        verbs="play in, compete in, be a member of",
        patients="league, division, competition, conference, sports league",
        near="member,participate",
    ),
    "sport": _frame(
        verbs="play, compete in, practice, practise",
        patients="sport, sports discipline, sports discipline competed in, game",
    ),
    "playing_position": _frame(
        verbs="play as, play at, play",
        patients="position played on team, playing position, position, speciality",
        near="position",
    ),
    "captain": _frame(verbs="captain, skipper", agents="captain, team captain, skipper", near="lead"),
    "venue": _frame(
        verbs=(
            "play at, play home games at, play home matches at, play its home games at, "
            "play their home games at, play their home matches at"
        ),
        back="be home to, host, house",
        agents="occupant, tenant, home team",
        patients="home venue, stadium, home stadium, ground, arena, home ground, home field",
        near="located,occur",
    ),
    "win_event": _frame(
        verbs="win, be crowned at, take",
        agents="winner, champion, victor, title holder",
        patients="victory, title",
        near="award,participate",
    ),
    "season": _frame(
        verbs="compete during, play in",
        patients="season, sports season, sports season of league or competition, edition",
        near="part",
    ),
    "draft": _frame(verbs="draft, select, pick", agents="drafted by", patients="draft pick", events="draft"),
    # Politics and law
    "candidate": _frame(
        verbs="win, run for, stand for, contest, be a candidate for, be a candidate in, run in, stand in",
        agents="candidate, nominee, successful candidate, contender",
        patients="office contested, candidacy, candidacy in election",
        events="candidacy",
        near="participate",
    ),
    "elect": _frame(
        verbs="elect, vote for",
        agents="electorate",
        patients="successful candidate, winner, elected official",
        events="election",
    ),
    "district": _frame(
        verbs="represent, serve, sit for, be elected from, be elected in",
        agents="representative, member of parliament, senator, mp",
        patients="electoral district, constituency, seat, district",
    ),
    "jurisdiction": _frame(
        verbs="govern, rule, have jurisdiction over, apply in, apply to",
        agents="governing body, legislature, legislative body, government, court",
        patients="jurisdiction, applies to jurisdiction",
        near="lead",
    ),
    "legislature": _frame(verbs="be the legislature of", agents="legislature, parliament, legislative body"),
    "appoint": _frame(
        verbs="appoint, name, designate",
        agents="appointed by, appointer",
        patients="appointee",
        events="appointment",
    ),
    "reign": _frame(
        verbs="rule, reign over, govern, be king of, be queen of",
        agents="ruler, monarch, king, queen, emperor, sovereign",
        patients="realm, dominion",
        events="reign, rule",
        theme="A",
        near="lead",
    ),
    "noble_family": _frame(
        verbs="belong to, descend from",
        patients="family, noble family, dynasty, house, royal house",
        near="member",
    ),
    "legislate": _frame(verbs="enact, pass, repeal, amend", agents="legislated by", events="enactment"),
    "convict": _frame(
        verbs="be convicted of, be found guilty of, be charged with, be accused of, be sentenced for",
        patients="conviction, convicted of, charge, crime",
        events="conviction",
    ),
    # Computing and technology
    "platform": _frame(
        verbs=(
            "run on, be available on, be available for, be released for, release for, release on, support, "
            "work on"
        ),
        patients="platform, operating system, os, computing platform, console",
        near="use",
    ),
    "programming_language": _frame(
        verbs=(
            "be written in, be implemented in, be programmed in, be coded in, write in, implement in, "
            "program in"
        ),
        patients="programming language, programmed in, implementation language, written in",
        near="use",
    ),
    "license": _frame(
        verbs=(
            "be licensed under, be released under, be available under, license under, distribute under, "
            "be distributed under, release under"
        ),
        agents="licensor",
        patients="license, licence, copyright license, software license, copyright licence",
        events="licensing",
    ),
    "file_format": _frame(
        verbs="read, write, open, save, support",
        patients="file format, readable file format, writable file format, file extension, format",
        near="use",
    ),
    "engine": _frame(
        verbs="use, run on, be built on, be powered by, power by",
        patients="engine, software engine, game engine, powerplant, powered by, engine type",
        near="use",
    ),
    "processor": _frame(
        verbs="use, feature, be powered by, contain",
        patients="cpu, processor, central processing unit, gpu, chipset, chip",
        near="part,use",
    ),
    "input_device": _frame(
        verbs="be played with, be controlled with",
        patients="input device, input method",
        near="use",
    ),
    "media_type": _frame(
        verbs="be distributed on, be released on, store on",
        patients="media type, distribution format, storage medium, distribution",
    ),
    "game_mode": _frame(verbs="support, feature", patients="game mode, mode"),
    "successor_version": _frame(
        patients="latest version, version, stable version, software version identifier",
        events="version",
    ),
    "website": _frame(patients="website, official website, url, home page, homepage"),
    "code": _frame(
        patients=(
            "code, identifier, id, iata code, icao code, isbn, issn, oclc number, "
            "icao location identifier, abbreviation, acronym, short name"
        ),
    ),
    # Buildings, transport, matter
    "architect": _frame(
        verbs="design, architect, plan",
        agents="architect, designer, structural engineer",
        events="architecture",
        near="design,build",
    ),
    "architectural_style": _frame(
        verbs="be built in style, exemplify",
        patients="architectural style, style, architecture",
        near="genre",
    ),
    "floor_count": _frame(
        verbs="have floors",
        patients="floor count, number of floors, floors, stories, storeys",
    ),
    "floor_area": _frame(patients="floor area, floor space", near="area"),
    "material": _frame(
        verbs=(
            "be made of, be made from, be built of, be composed of, consist of, be constructed from, "
            "be built from, construct of, build of, make of, make from"
        ),
        patients=(
            "material, made from material, construction material, building material, main ingredient, "
            "ingredient, ingredients"
        ),
        near="part",
    ),
    "runway": _frame(patients="runway, runway length, runway name, 1st runway length feet"),
    "serve_city": _frame(
        verbs="serve",
        agents="airport",
        patients="city served, serves, city, place served by transport hub, serving",
        near="located",
    ),
    "connect": _frame(
        verbs="connect, link, join",
        patients="connects with, terminus, connecting line, adjacent station, destination",
        events="connection",
    ),
    "cross": _frame(
        verbs="cross, span, carry over, pass over, bridge",
        agents="crossing, bridge",
        patients="crosses, obstacle",
        events="crossing",
    ),
    "owner_operator": _frame(patients="operating organisation, operating organization", near="operate"),
    "vehicle_class": _frame(
        verbs="be a type of",
        patients="class, vehicle class, body style, model, ship class, vessel class",
        near="instance",
    ),
    "armament": _frame(
        verbs="carry, be armed with, arm with",
        patients="armament, weapon, weaponry",
        near="use",
    ),
    "crew": _frame(
        verbs="crew, fly on, fly aboard, serve aboard, serve on",
        agents=(
            "crew, crew member, crew members, pilot, commander, backup or reserve team or crew, "
            "backup pilot, backup crew"
        ),
        patients="mission, ship, vessel",
        near="participate",
    ),
    "orbit": _frame(
        verbs="orbit, revolve around, circle",
        agents="satellite, moon, child astronomical body",
        patients="parent astronomical body, parent body, orbits, orbital focus",
        events="orbit",
    ),
    "constellation": _frame(verbs="lie in, be located in, be in", patients="constellation", near="located"),
    "dish_region": _frame(
        verbs="come from, originate in, originate from, be from, be popular in",
        patients="region, cuisine, region of origin, country",
        near="country_of_origin",
    ),
    "course": _frame(verbs="be served as, serve as", patients="course, meal"),
    # Knowledge and institutions
    "affiliation": _frame(
        verbs=(
            "be affiliated with, affiliate with, belong to, be associated with, associate with, be linked to"
        ),
        patients=(
            "affiliation, affiliated with, affiliations, associated with, university, "
            "associated band/associated musical artist, associated musical artist"
        ),
        near="member,employ",
    ),
    "doctoral": _frame(
        verbs="supervise, advise",
        agents="doctoral advisor, thesis advisor, phd advisor, doctoral adviser",
        patients="doctoral student, phd student",
        near="teach",
    ),
    "propose": _frame(
        verbs="propose, suggest, formulate, introduce, put forward, prove",
        agents="proponent, proposer",
        patients="theory",
        events="proposal, formulation",
        near="create,discover",
    ),
    "dean": _frame(
        verbs="head, lead",
        agents="dean, rector, chancellor, principal, headmaster, provost, vice-chancellor, vice chancellor",
        near="lead",
    ),
    "student_count": _frame(
        verbs="enroll, have an enrollment of, have students",
        patients=(
            "number of students, student count, enrollment, students count, "
            "number of undergraduate students, number of postgraduate students"
        ),
    ),
    "staff_count": _frame(
        verbs="employ, have a staff of",
        patients="number of employees, employees, academic staff size, staff count",
    ),
    "motto": _frame(patients="motto, slogan, tagline"),
    "nickname": _frame(
        verbs="be nicknamed, nickname, be known as",
        patients="nickname, nicknames",
        near="also_known_as",
    ),
    "stock_exchange": _frame(
        verbs="be listed on, list on, trade on, be traded on",
        patients="stock exchange, exchange, listed on",
    ),
    "product": _frame(
        verbs="make, produce, sell, offer, provide, supply, manufacture",
        agents="manufacturer, provider",
        patients=(
            "product, products, product or material produced, services, service, products and services, "
            "offering"
        ),
        near="manufacture",
    ),
    "key_person": _frame(
        verbs="be a key person at",
        agents="key person, key people, chief executive officer, board member, executive",
        near="lead,member",
    ),
    "leader_name": _frame(
        verbs="lead, govern, be mayor of, be leader of",
        agents="leader name, leader, mayor, governor",
        near="lead",
    ),
    "leader_title": _frame(patients="leader title, office", near="position"),
    "time_zone": _frame(verbs="be in, observe", patients="time zone, timezone"),
    "patron_saint": _frame(agents="patron saint, patron"),
    "active_years": _frame(verbs="be active from, be active in", events="activity, active years", theme="A"),
    "background": _frame(patients="background", near="occupation"),
    "training": _frame(
        verbs="train at, train in",
        patients="training, trained at",
        events="training",
        near="educate",
    ),
    "demonym": _frame(verbs="be called", patients="demonym", near="also_known_as"),
    "species": _frame(verbs="be a, belong to", patients="species, breed", near="instance"),
    "symptom": _frame(verbs="be characterized by, present with, include", patients="symptom, symptoms, sign"),
    "prevent": _frame(verbs="prevent, protect against", agents="prevention", events="prevention"),
    "infect": _frame(
        verbs="infect, attack",
        agents="pathogen, parasite",
        patients="host",
        events="infection",
    ),
    "eat": _frame(
        verbs="eat, feed on, prey on, consume",
        agents="predator",
        patients="prey, diet, main food source, food",
    ),
    "opponent_match": _frame(
        verbs="play against, face, beat",
        agents="opponent",
        patients="opponent",
        near="oppose",
    ),
    "measure": _frame(verbs="measure", patients="measures, quantity measured", events="measurement"),
    "commemorate": _frame(
        verbs="commemorate, honor, honour, celebrate",
        agents="memorial, monument",
        patients="commemorates, honoree",
        events="commemoration",
    ),
    "celebrate": _frame(
        verbs="celebrate, observe, mark",
        agents="celebrant",
        patients="holiday, festival",
        events="celebration",
    ),
    "contribute": _frame(
        verbs="contribute to, work on",
        agents="contributor, contributor to the creative work or subject",
        patients="contribution",
        events="contribution",
        near="create",
    ),
    "comment": _frame(
        verbs="say, state, comment on, tell",
        agents="spokesperson, spokesman, spokeswoman",
        events="statement",
    ),
}

# Frames told with verbs that tell much else ("supports", "writes"): a schema means them only by their noun.
_NAMED_FRAMES = """
    file_format platform engine processor input_device media_type game_mode license programming_language
    product species genre series course measure instrumentation instrument rank height area length
    population position occupation instance religion ethnicity basin range league sport playing_position
    season branch degree award status also_known_as nickname demonym native vehicle_class
"""
NAMED_FRAMES = frozenset(_NAMED_FRAMES.split())

# Frames whose B is an amount.
VALUE_FRAMES = frozenset(
    {
        "revenue", "cost", "population", "area", "height", "length", "floor_count", "floor_area",
        "student_count", "staff_count", "runway",
    }
)  # fmt: skip

# Who is meant by "a novel by", "an album by": the frame in which a work of this name has its maker.
_MAKERS = {
    "write": """
        book novel novella story poem play essay article paper memoir autobiography biography trilogy comic
        manga screenplay script text letter thesis work
    """,
    "perform": "song album single ep track record recording hit ballad mixtape performance cover",
    "compose": """
        symphony opera concerto sonata ballet composition piece anthem hymn cantata oratorio aria quartet
    """,
    "direct": "film movie documentary short drama comedy thriller western",
    "create": """
        painting portrait sculpture statue drawing series show sitcom artwork work invention fresco mural
        sketch
    """,
    "develop": "game videogame software app application program",
    "design": "design building aircraft car",
    "publish": "magazine newspaper journal",
}
MAKER_FRAMES = {frame: tuple(works.split()) for frame, works in _MAKERS.items()}
