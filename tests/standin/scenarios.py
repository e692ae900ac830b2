"""Every scenario by its name."""

import os
import random
from collections.abc import Iterator
from dataclasses import replace

from tests.standin import answers, arguments, faults, obliging, replies, strange
from tests.standin.answers import Call, Scenario
from tests.standin.directive import Directive, InvalidDirective
from tests.standin.steps import Step

SCENARIOS: dict[str, Scenario] = {
    "answer": answers.answer,
    "length": answers.finished("length"),
    "unknown_finish": answers.finished("galactic"),
    "filtered": answers.finished("content_filter"),
    "tools": answers.tools,
    "refusal": answers.refusal,
    "reasoning": answers.reasoning,
    "async_filter": answers.async_filter,
    "async_block": answers.async_block,
    "block_after_stop": answers.block_after_stop,
    "prompt_filtered": faults.instead(replies.PROMPT_FILTERED),
    "context_length": faults.instead(replies.CONTEXT_LENGTH),
    "bad_param": faults.instead(replies.unsupported_parameter("temperature")),
    "unauthorized": faults.instead(replies.UNAUTHORIZED),
    "forbidden": faults.instead(replies.FORBIDDEN),
    "not_found": faults.instead(replies.DEPLOYMENT_NOT_FOUND),
    "rate_limited": faults.rate_limited,
    "quota": faults.quota,
    "picky": faults.picky,
    "responses_only": faults.responses_only,
    "server_error": faults.server_error,
    "error_event": faults.error_event,
    "cut": answers.said,
    "drop": faults.drop,
    "drop_before": faults.drop_before,
    "drop_headers": faults.drop_headers,
    "stall": faults.stall,
    "slow_first": faults.slow_first,
    "silent": faults.silent,
    "malformed": faults.malformed,
    "utf8_split": answers.utf8_split,
    "big": answers.big,
    "crlf": answers.answer,
    "nothing": faults.nothing,
    "odd_headers": faults.odd_headers,
    "unsendable_headers": faults.unsendable_headers,
    "no_stream_options": faults.no_stream_options,
    "refusing": faults.refusing,
    "forbidding": faults.forbidding,
    "limited": faults.limited,
    "usage_null": faults.usage_null,
    "odd_usage": answers.odd_usage,
    "echo": answers.echo,
    "obliging": obliging.obliging,
    **arguments.SCENARIOS,
    **strange.SCENARIOS,
}


# Answers whose text is another one are not among them: what is asked for is looked for.
CHAOTIC = (
    *["answer"] * 40,
    *("length", "unknown_finish", "filtered", "prompt_filtered", "context_length"),
    *("bad_param", "rate_limited", "server_error", "error_event", "cut", "drop"),
    *("drop_before", "drop_headers", "stall", "slow_first", "silent", "malformed"),
    *("no_stream_options", "refusing", "forbidding", "usage_null", "odd_usage"),
    *("odd_headers", "unsendable_headers", "nothing"),
    *("bad_escape", "raw_code", "brackets", "deep", "too_long_call", "many_calls"),
)
# A backend that says so is not asked again for a minute.
REFUSING, REFUSES = ("unauthorized", "forbidden", "not_found"), 0.01


def chaos(call: Call) -> Iterator[Step]:
    """Any of these; the same prompt is another matter to another stand-in."""
    chance = random.Random(f"{os.getpid()} {call.request.messages[-1]}")
    among = REFUSING if chance.random() < REFUSES else CHAOTIC
    return SCENARIOS[chance.choice(among)](call)


SCENARIOS["chaos"] = chaos


def check(name: str) -> None:
    """Refuse a *name* that is not there."""
    if name not in SCENARIOS:
        raise InvalidDirective(f"{name!r} is none of {', '.join(SCENARIOS)}")


def steps(call: Call, *, seen: int) -> Iterator[Step]:
    """The answer to *call*.

    A plain one after `times` requests of its tag, and from deployments not in `only`.
    """
    if not call.directive.is_for(call.deployment):
        return answers.answer(replace(call, directive=Directive()))
    exhausted = seen > call.directive.number("times", seen)
    return SCENARIOS["answer" if exhausted else call.directive.name](call)
