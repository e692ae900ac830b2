"""LangChain's standard tests of chat models, whose model is the chain `chat`."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.clients.environments import SCRIPTS
from tests.clients.python_scripts import execute
from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("langchain_tests")

# They fetch pictures from elsewhere, or need a model that hears, reads PDF, or is
# Anthropic's; one measures.
LEFT_OUT = {
    "test_anthropic_inputs",
    "test_audio_inputs",
    "test_image_inputs",
    "test_image_tool_message",
    "test_pdf_inputs",
    "test_pdf_tool_message",
    "test_stream_time",
}


@pytest.mark.tries("stream", "tools", "form")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("model", ["chat", "gpt-4o"])
def test_the_standard_suite_passes(
    obliging: AppProcess, model: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.xml"
    suite = str(SCRIPTS / "chat_model_suite.py")
    options = ["-p", "no:cacheprovider", "--noconftest", "--asyncio-mode=auto"]
    for what in ("test", "fixture"):  # LangChain keeps connections over tests.
        options += ["-o", f"asyncio_default_{what}_loop_scope=session"]
    options += ["-c", "/dev/null", "--rootdir", str(tmp_path), f"--junitxml={report}"]
    execute(
        "langchain_tests",
        *("-m", "pytest", *options, suite),
        seconds=110,
        CHAT_URL=f"{obliging.url}/openai/v1",
        CHAT_MODEL=model,
    )
    cases = list(ElementTree.parse(report).iter("testcase"))
    skipped = {
        case.attrib["name"] for case in cases if case.find("skipped") is not None
    }
    assert skipped == LEFT_OUT
    assert len(cases) - len(skipped) >= 43
