"""The few lines of docs/langgraph.md print an answer."""

from tests.docs.test_sdk_example import run
from tests.support.app_process import AppProcess
from tests.support.markdown import only


def test_the_pages_example_prints_the_answer(offline: AppProcess) -> None:
    assert "chains/haiku.py" in run(only("py", "docs/langgraph.md"), offline)
