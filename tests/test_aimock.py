"""The app over a mock of OpenAI's API that nobody here wrote."""

from collections.abc import Iterator

import pytest

from tests.support.aimock import ANSWER, Aimock
from tests.support.app_process import AppProcess, text_of


@pytest.fixture(scope="module", params=["azure", "openai"])
def over_aimock(request: pytest.FixtureRequest) -> Iterator[AppProcess]:
    """The app with aimock as its Azure OpenAI, then as its OpenAI-compatible server."""
    with Aimock() as aimock:
        azure = {
            "AZURE_OPENAI_ENDPOINT": aimock.url,
            "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
            "AZURE_OPENAI_API_KEY": "any",
        }
        openai = {"OPENAI_BASE_URL": f"{aimock.url}/v1", "OPENAI_MODEL": "gpt-4o"}
        with AppProcess(azure if request.param == "azure" else openai) as server:
            yield server


def test_an_answer_streams(over_aimock: AppProcess) -> None:
    events = over_aimock.events("hello")
    assert text_of(events) == ANSWER
    assert len(events) > 5
    done = events[-1][1]
    assert done["finish_reason"] == "stop"
    assert done["usage"]["output_tokens"] > 0
    assert "estimated" not in done["usage"]


def test_a_429_is_a_429_with_its_wait(over_aimock: AppProcess) -> None:
    response = over_aimock.chat("please be busy")
    assert response.status_code == 429
    assert response.headers["retry-after"] == "7"
    assert response.json()["error"]["retry_after_ms"] == 7000


def test_a_truncation_is_an_error_and_never_a_clean_end(
    over_aimock: AppProcess,
) -> None:
    events = over_aimock.events("please truncate")
    assert ANSWER.startswith(text_of(events))
    assert events[-2][0] == "error"
    assert events[-1][1]["finish_reason"] == "error"
    assert events[-1][1]["usage"]["estimated"] is True
