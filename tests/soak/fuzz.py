"""Malformed requests by the thousand: `python -m tests.soak fuzz`."""

import asyncio
from time import monotonic

from tests.conftest import azure
from tests.fuzz.fuzz_inputs import generate
from tests.fuzz.fuzz_run import SETTINGS, run
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

EACH = 2500
WITH_A_MODEL = {1: True, 2: True, 3: True, 4: True, 5: False}
"""By the seed, whether the app that gets its inputs has a model."""


def main() -> int:
    """Print what was tried and what came back; 1 where something was wrong."""
    failed = 0
    for seed, model in WITH_A_MODEL.items():
        began = monotonic()
        with StandIn(quiet=True) as standin:
            settings = azure(standin, **SETTINGS) if model else SETTINGS
            with AppProcess(settings) as server:
                server.warm()
                report = asyncio.run(run(server, generate(seed, EACH)))
        tried, kinds = sum(report.tried.values()), len(report.tried)
        seconds = round(monotonic() - began)
        print(f"seed {seed}: {tried} inputs of {kinds} kinds, {seconds} s")
        print("  answers", dict(sorted(report.statuses.items())))
        print("  unexpected", len(report.unexpected), flush=True)
        for line in report.unexpected[:20]:
            print("   ", line[:500])
        failed |= bool(report.unexpected)
    return failed
