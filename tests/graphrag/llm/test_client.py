import email.utils
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphrag.llm import CallError, Message, OpenAIClient, OutputSchema, Request, Sampling, Secret
from graphrag.llm.client import Trouble, retry_after
from graphrag.testing.server import ScriptedServer

SCHEMA = OutputSchema(
    "s", "1", '{"type":"object","properties":{},"required":[],"additionalProperties":false}'
)
ECHO = "graphrag.testing.scripts:echo"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedServer]:
    with ScriptedServer(
        tmp_path_factory.mktemp("server"), script="tests.graphrag.llm.scripts:picky"
    ) as running:
        yield running


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[OpenAIClient]:
    server.plan(always="")
    made = OpenAIClient("m", key=Secret("sk-1"), base_url=server.url)
    yield made
    made.close()


def request(text: str = "hello", *, schema: OutputSchema | None = None, **sampling: object) -> Request:
    return Request("t", (Message("user", text),), Sampling(**sampling), schema)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:20 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 20.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "date": "Wed, 21 Oct 2015 07:29:00 GMT"}, 0.0),
        ({}, None),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_without_a_servers_clock_is_read_against_ours() -> None:
    assert retry_after({"retry-after": email.utils.formatdate(1000, usegmt=True)}, now=940.0) == 60.0


def test_an_answer_comes_with_its_cost(client: OpenAIClient) -> None:
    reply = client.complete(request("one two three"), seconds=10)
    assert reply.text == "one two three"
    assert (reply.prompt_tokens, reply.completion_tokens, reply.served_by) == (4, 4, "m")


def test_the_key_and_the_parameters_are_sent(client: OpenAIClient, server: ScriptedServer) -> None:
    client.complete(
        request(schema=SCHEMA, temperature=0.3, top_p=0.9, top_k=7, max_tokens=11, seed=5), seconds=10
    )
    body = server.bodies()[-1]
    assert (body["temperature"], body["top_p"], body["top_k"], body["max_tokens"], body["seed"]) == (
        0.3,
        0.9,
        7,
        11,
        5,
    )
    assert body["response_format"]["json_schema"]["strict"] is True


def test_a_parameter_that_is_refused_by_name_is_left_out_from_then_on(
    server: ScriptedServer, client: OpenAIClient, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(server.requests())
    assert client.complete(request("no temperature"), seconds=10).text == "no temperature"
    assert client.complete(request("no temperature"), seconds=10).text == "no temperature"
    assert len(server.requests()) - before == 3
    assert 'does not take the parameter "temperature"' in caplog.text


def test_newer_models_get_their_own_name_for_max_tokens(server: ScriptedServer, client: OpenAIClient) -> None:
    assert client.complete(request("no max_tokens"), seconds=10).text == "no max_tokens"
    assert server.bodies()[-1]["max_completion_tokens"] == 2048
    assert "max_tokens" not in server.bodies()[-1]


def test_a_server_without_schemas_is_asked_for_plain_json(
    server: ScriptedServer, client: OpenAIClient
) -> None:
    client.complete(request("no json_schema", schema=SCHEMA), seconds=10)
    assert server.bodies()[-1]["response_format"] == {"type": "json_object"}
    client.complete(request("no response_format", schema=SCHEMA), seconds=10)
    assert "response_format" not in server.bodies()[-1]


def test_a_mode_the_user_chose_is_kept(server: ScriptedServer) -> None:
    fixed = OpenAIClient("m", key=Secret("k"), base_url=server.url, structured="json_schema")
    with pytest.raises(CallError) as caught:
        fixed.complete(request("no json_schema", schema=SCHEMA), seconds=10)
    assert caught.value.trouble is Trouble.BAD_REQUEST
    fixed.close()


def test_a_lone_surrogate_does_not_stop_the_call(client: OpenAIClient) -> None:
    assert client.complete(request("a\ud800b"), seconds=10).text == "a?b"


def test_azure_is_asked_at_its_own_address(server: ScriptedServer) -> None:
    azure = OpenAIClient(
        "my-deployment", key=Secret("k"), base_url=server.url.removesuffix("/v1"), api_version="2024-10-21"
    )
    assert azure.complete(request("hi"), seconds=10).text == "hi"
    assert (
        server.requests()[-1].path
        == "/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21"
    )
    azure.close()


def test_nobody_listening_is_trouble_that_costs_nothing(tmp_path: Path) -> None:
    absent = OpenAIClient("m", key=Secret("k"), base_url="http://127.0.0.1:9/v1")
    with pytest.raises(CallError, match=r"connection to http://127\.0\.0\.1:9/v1 failed") as caught:
        absent.complete(request(), seconds=5)
    assert caught.value.trouble is Trouble.TRANSIENT
    assert not caught.value.sent
    absent.close()


def test_embeddings_come_in_order(client: OpenAIClient) -> None:
    vectors, tokens = client.embed(["a b", "c", "a b"], seconds=10)
    assert vectors[0] == vectors[2] != vectors[1]
    assert tokens == 8


def test_a_stream_ends_with_the_whole(client: OpenAIClient) -> None:
    *pieces, whole = client.stream(request("one two three"), seconds=10)
    assert pieces == ["one", " two", " three"]
    assert not isinstance(whole, str)
    assert (whole.text, whole.prompt_tokens) == ("one two three", 4)


def test_a_broken_stream_is_trouble(server: ScriptedServer, client: OpenAIClient) -> None:
    server.plan(always="500")
    with pytest.raises(CallError):
        list(client.stream(request("x"), seconds=10))


def test_the_provider_is_the_host_so_a_port_may_change() -> None:
    def provider(base_url: str) -> str:
        return OpenAIClient("m", key=Secret(""), base_url=base_url).provider

    assert provider("http://127.0.0.1:8000/v1") == provider("http://127.0.0.1:9000/v1") == "127.0.0.1"
    assert provider("") == "api.openai.com"
    assert OpenAIClient("m", key=Secret(""), provider="lab").provider == "lab"
