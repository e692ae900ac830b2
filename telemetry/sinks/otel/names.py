"""OpenTelemetry's names for generative AI, each once: a renaming is one line.

The conventions are still in development; these are the names of v1.41. Announced
changes: `gen_ai.client.token.usage` becomes counters under `gen_ai.client.inference`,
and `cache_creation`, which OpenAI's API does not count, `cache_write`.
See: https://github.com/open-telemetry/semantic-conventions-genai
"""

from dataclasses import dataclass

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
WORKFLOW = "gen_ai.workflow.name"
REQUEST_MODEL = "gen_ai.request.model"
STREAM = "gen_ai.request.stream"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"
TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105 -- a name, no password
SERVER, PORT = "server.address", "server.port"
ERROR = "error.type"
INVOCATION = "faas.invocation_id"
CALLER = "enduser.id"
END_USER = "user.id"
CONVERSATION = "gen_ai.conversation.id"

# This project's own.
RUN = "langchain_stream.run.id"
REQUEST = "langchain_stream.request.id"
STATUS = "langchain_stream.status"
DIALECT = "langchain_stream.dialect"
REGION = "langchain_stream.region"
FIRST_TOKEN = "langchain_stream.time_to_first_token"  # noqa: S105 -- a name, too
ESTIMATED = "langchain_stream.usage.estimated"
KEY = "langchain_stream.key"
CURRENCY = "langchain_stream.currency"
SINK = "langchain_stream.sink"

PARAMETERS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_output_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "n": "gen_ai.request.choice.count",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}
"""OpenAI's names, as in records, to those of the conventions."""

PROVIDERS = {
    "azure": "azure.ai.openai",
    "amazon_bedrock": "aws.bedrock",
    "google_genai": "gcp.gemini",
    "google_vertexai": "gcp.vertex_ai",
    "mistralai": "mistral_ai",
    "xai": "x_ai",
}
"""LangChain's names to those of the conventions, if these differ."""

INVOKE = "invoke_workflow"
CANCELLED = "cancelled"
LEFT = ("CancelledError", "GeneratorExit")
"""Errors of model calls that were stopped because their run was over."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A histogram, if it has *buckets*; else a counter or a gauge."""

    name: str
    unit: str
    description: str
    buckets: tuple[float, ...] = ()


_SECONDS = tuple(0.01 * 2**power for power in range(14))
_TOKENS = tuple(float(4**power) for power in range(14))

DURATION = Instrument(
    "gen_ai.client.operation.duration", "s", "GenAI operation duration.", _SECONDS
)
TIME_TO_FIRST_CHUNK = Instrument(
    "gen_ai.client.operation.time_to_first_chunk",
    "s",
    "Time to receive the first chunk.",
    _SECONDS,
)
TIME_PER_CHUNK = Instrument(
    "gen_ai.client.operation.time_per_output_chunk",
    "s",
    "Mean time per output chunk of a call, after its first one.",
    _SECONDS,
)
TOKENS = Instrument(
    "gen_ai.client.token.usage",
    "{token}",
    "Number of input and output tokens used.",
    _TOKENS,
)
WORKFLOW_DURATION = Instrument(
    "gen_ai.workflow.duration", "s", "Duration of a workflow.", _SECONDS
)
TIME_TO_FIRST_TOKEN = Instrument(
    FIRST_TOKEN,
    "s",
    "Time from a request to the first token its caller sees.",
    _SECONDS,
)
FAILOVERS = Instrument(
    "langchain_stream.failovers",
    "{attempt}",
    "Attempts at a backend that failed, after which another one was asked.",
)
ERRORS = Instrument("langchain_stream.errors", "{run}", "Runs that failed.")
TOKENS_USED = Instrument(
    "langchain_stream.tokens",
    "{token}",
    "Tokens of all model calls, estimated ones included.",
)
COST = Instrument("langchain_stream.cost", "{currency}", "What the tokens cost.")
COUNTERS = (FAILOVERS, ERRORS, TOKENS_USED, COST)

OPEN_STREAMS = Instrument(
    "langchain_stream.open_streams", "{stream}", "Answers that are open."
)
RESTING = Instrument(
    "langchain_stream.backend.resting",
    "s",
    "For how long a backend will not be asked; 0 if it is.",
)
BACKLOG = Instrument(
    "langchain_stream.journal.backlog",
    "By",
    "Records in the journal that a sink has not taken.",
)
LAG = Instrument(
    "langchain_stream.event_loop.lag",
    "s",
    "The longest time since the last export that the event loop was late.",
)
GAUGES = (OPEN_STREAMS, RESTING, BACKLOG, LAG)
HISTOGRAMS = (
    *(DURATION, TIME_TO_FIRST_CHUNK, TIME_PER_CHUNK, TOKENS),
    *(WORKFLOW_DURATION, TIME_TO_FIRST_TOKEN),
)
