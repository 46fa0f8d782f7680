"""The switches of search, with the defaults that measurement chose (see docs/retrieval.md)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How passages and the graph around them are searched and weighed.

    A path starts at a passage and goes on to others through the entities they name. Its score is the
    sum of: how well its first passage is anchored in the question, how much of the question's words
    the path as a whole covers, how strong its links are, how near its last passage is in meaning,
    and a price per hop.

    Attributes:
        hops: Links followed from a first passage; 0 ranks single passages only.
        graph_hops: Relations walked from the anchors, and from what the passages found name, to collect
            the graph around a question.
        seeds: First passages that paths start from.
        beam: Paths that are followed further after each hop.
        bridges: Links from passages to entities that are followed per hop.
        hub_cap: An entity in more passages is a hub: it leads only to those that plain search found.
        anchor_cap: The same for an entity that the question names.
        graph_hub_cap: Neighbours followed from one entity when collecting the graph.
        graph_width: Entities walked on from in each hop, those with most mass.
        graph_size: Entities collected, those with most mass.
        damping: Chance of walking on rather than restarting, in personalized PageRank.
        chunk_restart: Share of that restarting at the passages found, beside the anchors' share of 1.
        first_stage: Passages taken from keyword and vector search each.
        sentence_level: Sentences in the average passage from which on keyword and vector search also
            rank passages by their best sentence.
        start: Weight of the anchors in a first passage.
        coverage: Weight of the share of the question's words that a path covers.
        link: Weight of a link.
        meaning: Weight of a passage's nearness to the question in vector space.
        last_meaning: The same for each further passage, to what the question says besides names.
        prior: Weight of a passage's rank in keyword and vector search.
        mention: What a passage that only mentions an anchor is worth, beside one that is about it.
        mention_of_known: Factor on that where some passage is about the anchor.
        lead: What a passage is worth that is about an entity by its first words, not by its title.
        reach_mention: What a link is worth that leads to a passage mentioning the entity.
        floor: What a link is worth whose sentence shares nothing with the question.
        sentence_words: Weight of shared words in judging a link's sentence.
        sentence_meaning: Weight of nearness in vector space there.
        specificity: Exponent on an entity's rarity in a link.
        hop_cost: Price of the first hop.
        later_hop_cost: Price of each further hop.
        diversity: Price of starting again where paths shown above started, where the question names
            several things.
        lone_diversity: The same where it names one thing, or nothing known.
        follow: Price of each further passage of a path, when passages are put in order.
        likeness: Similarity from which another word counts as the question's word; 1 for none.
        like_weight: What such a word is worth beside the word itself.
        cue_weight: The same for a word that the ontology gives for a relation the question names.
        relation: Bonus of a link along a relation the question asks for.
        relation_sentence: Bonus of a link whose sentence states such a relation of something else.
    """

    hops: int = 1
    graph_hops: int = 3
    seeds: int = 16
    beam: int = 24
    bridges: int = 96
    hub_cap: int = 64
    anchor_cap: int = 512
    graph_hub_cap: int = 64
    graph_width: int = 32
    graph_size: int = 300
    damping: float = 0.85
    chunk_restart: float = 0.5
    first_stage: int = 100
    sentence_level: float = 5.0
    start: float = 1.0
    coverage: float = 0.45
    link: float = 1.1
    meaning: float = 0.0
    last_meaning: float = 0.4
    prior: float = 0.05
    mention: float = 0.35
    mention_of_known: float = 0.65
    lead: float = 0.85
    reach_mention: float = 0.65
    floor: float = 0.35
    sentence_words: float = 0.7
    sentence_meaning: float = 1.0
    specificity: float = 0.95
    hop_cost: float = 0.85
    later_hop_cost: float = 1.3
    diversity: float = 0.25
    lone_diversity: float = 0.1
    follow: float = 0.1
    likeness: float = 0.45
    like_weight: float = 0.95
    cue_weight: float = 0.6
    relation: float = 0.25
    relation_sentence: float = 0.15
