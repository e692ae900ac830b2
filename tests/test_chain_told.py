"""What a chain says of itself: what it takes, and whether threads outlive it."""

from tests.support.app_process import AppProcess


def test_threads_do_not_outlive_a_process_by_default() -> None:
    with AppProcess({}) as server:
        assert server.client.get("/api/chains").json()["threads"] is False


def test_a_chain_says_what_it_takes() -> None:
    chains = "known=tests.support.said_chains:translate"
    with AppProcess({"CHAINS": chains, "CHAT_CHAIN": "known"}) as server:
        server.warm()
        assert server.client.get("/api/chains/known").json() == {
            "name": "known",
            "description": "Translates.",
            "input_schema": {
                "type": "object",
                "properties": {
                    "language": {"type": "string"},
                    "question": {"type": "string"},
                },
                "required": ["language"],
                "additionalProperties": False,
            },
            "takes": [],
        }
        unknown = server.client.get("/api/chains/nope")
        assert unknown.status_code == 404
        assert "known" in unknown.json()["error"]["message"]
        missing = server.client.get("/api/chains/chat").json()["error"]
        assert missing["code"] == "not_configured"
