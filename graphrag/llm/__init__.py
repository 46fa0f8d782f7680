"""The one gate to a language model.

Everything that asks a model asks through `Gate`: bounded calls in flight, bounded retries, one pause
for all when the server is busy, a budget that holds, and a ledger that never pays twice.
"""

from graphrag.llm.admission import Limits, Usage
from graphrag.llm.client import CallError, ChatClient, OpenAIClient
from graphrag.llm.clock import Clock
from graphrag.llm.gate import Gate
from graphrag.llm.ledger import ResponseLedger
from graphrag.llm.messages import Message, OutputSchema, Reply, Request, Sampling, schema_of
from graphrag.llm.parsing import AnswerError, Parsed, parse_answer
from graphrag.llm.pricing import Estimate, Price, approximate_tokens, price_of
from graphrag.llm.secret import Secret

__all__ = [
    "AnswerError",
    "CallError",
    "ChatClient",
    "Clock",
    "Estimate",
    "Gate",
    "Limits",
    "Message",
    "OpenAIClient",
    "OutputSchema",
    "Parsed",
    "Price",
    "Reply",
    "Request",
    "ResponseLedger",
    "Sampling",
    "Secret",
    "Usage",
    "approximate_tokens",
    "parse_answer",
    "price_of",
    "schema_of",
]
