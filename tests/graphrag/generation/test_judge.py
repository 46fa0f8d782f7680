from collections.abc import Callable

import pytest

from graphrag.engine import GraphRAG
from graphrag.generation.chat import ChatAnswerer
from graphrag.generation.judge import Judge, agreement
from graphrag.llm import Gate

MakeGate = Callable[[str], Gate]


def test_a_right_answer_is_right_in_both_orders(firms: GraphRAG, gate_to: MakeGate) -> None:
    gate = gate_to("honest")
    question = "Who founded Acme?"
    answer = ChatAnswerer(gate, firms.view).answer(question, firms.search(question))
    judge = Judge(gate)
    right, wrong = judge.judge_all([(question, answer, "Ada Stone"), (question, answer, "Cy Marsh")])
    assert (right.correct, right.faithful, right.consistent) == (1.0, 1.0, True)
    assert wrong.correct == 0.0
    assert judge.judge(question, answer, None).correct is None


def test_a_judge_that_always_prefers_the_first_side_decides_nothing(gate_to: MakeGate) -> None:
    assert Judge(gate_to("honest")).compare("Who?", "Ada", "Cy") == 0.5


def test_an_unreadable_judge_gives_no_verdict(firms: GraphRAG, gate_to: MakeGate) -> None:
    question = "Who founded Acme?"
    answer = ChatAnswerer(gate_to("honest"), firms.view).answer(question, firms.search(question))
    judgement = Judge(gate_to("mumbling")).judge(question, answer, "Ada Stone")
    assert (judgement.correct, judgement.faithful, judgement.consistent) == (None, None, False)


def test_agreement_is_cohens_kappa() -> None:
    # A worked example: 20 both yes, 15 both no, 5 and 10 apart: share 0.7, kappa 0.4.
    judged = [1.0] * 20 + [1.0] * 5 + [0.0] * 10 + [0.0] * 15
    measured = [1.0] * 20 + [0.0] * 5 + [1.0] * 10 + [0.0] * 15
    found = agreement(judged, measured)
    assert found.questions == 50
    assert found.share == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)
    assert agreement([], []).questions == 0
    assert agreement([1.0], [1.0]).kappa == 1.0
