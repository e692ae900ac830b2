"""What is made of the numbers: a line, a table, the page."""

import re
from dataclasses import replace

import pytest

from bench import imports, page, report
from bench.contenders import BASE, CHAIN
from bench.figures import Figures, Row, line
from bench.imports import by_package
from bench.quantities import QUANTITIES, stores, wires
from bench.quantities.carried import beginning, following
from bench.results import Results
from bench.stage import UPSTREAM
from tests.support.markdown import PAGES, quoted

ROW = Row("some.key", "a quantity", digits=1)
PAGE = PAGES["docs/performance.md"]


@pytest.fixture
def figures() -> Figures:
    figures = Figures()
    for key in (ROW.key, *(row.key for row in report.ROWS)):
        figures.put(key, CHAIN, 30)
        figures.put(key, BASE, 120)
    return figures


@pytest.fixture
def results(figures: Figures) -> Results:
    return Results(
        date="2026-01-02",
        machine="one core",
        versions={CHAIN: ["openai 1"], BASE: ["openai 2"]},
        figures=figures,
        imports={"fastapi": 40.4, "pydantic": 9.6},
    )


def test_a_request_and_a_token_are_fitted_from_answers_of_several_lengths() -> None:
    request, token = line({1: 5.5, 100: 55, 300: 155})
    assert (round(request, 6), round(token, 6)) == (5, 0.5)


def test_a_small_point_counts_as_much_as_a_large_one() -> None:
    request, token = line({1: 1.0, 100: 101, 300: 360})
    assert round(request + token, 1) == 1.0


def test_every_number_has_its_ratio_to_the_handlers(figures: Figures) -> None:
    figures.limit(ROW.key, CHAIN)
    numbers = [report.number(figures, ROW, name) for name in (CHAIN, BASE, UPSTREAM)]
    assert numbers == ["≥ 30.0 (≥ 0.25)", "120.0", report.NOTHING]


def test_a_table_is_the_same_in_a_terminal_and_on_a_page(figures: Figures) -> None:
    lines = report.cells(figures, [ROW, Row("none", "not measured")], [CHAIN, BASE])
    assert report.text(lines).splitlines() == [
        "                    chain  the handler",
        "  a quantity  30.0 (0.25)        120.0",
    ]
    assert report.markdown(lines).splitlines() == [
        "|  | chain | the handler |",
        "|---|---:|---:|",
        "| a quantity | 30.0 (0.25) | 120.0 |",
    ]


def test_variants_are_compared_to_the_chain(results: Results) -> None:
    results.figures.put("paced.token", "no records", 15)
    _, inside = report.tables(results)
    assert inside[0] == ["", CHAIN, "no records"]
    assert inside[-1][1:] == ["30", "15 (0.50)"]


def test_every_wire_is_compared_to_the_native_one(results: Results) -> None:
    for number, wire in enumerate(wires.WIRES, start=10):
        results.figures.put("wires.token", wire.name, number)
    _, token = report.through_wires(results.figures)
    assert token[:3] == ["CPU per token, µs", "10.0", "11.0 (1.10)"]
    compared, variants = report.tables(results)
    assert (compared[0], variants) == (["", CHAIN, BASE], [])
    assert "| CPU per token, µs | 10.0 | 11.0 (1.10) |" in page.parts(results)["wires"]


def test_every_engine_is_compared_to_none(results: Results) -> None:
    for number, name in enumerate([stores.NONE, "memory", "memory, budget"], start=10):
        results.figures.put("stores.token", name, number)
    heading, token = report.with_stores(results.figures)
    assert heading == ["", stores.NONE, "memory", "memory, budget"]
    assert token[1:] == ["10.0", "11.0 (1.10)", "12.0 (1.20)"]
    assert "| 11.0 (1.10) | 12.0 (1.20) |" in page.parts(results)["stores"]


def test_the_page_gets_what_was_measured_and_keeps_the_rest(results: Results) -> None:
    written = page.replaced(PAGE, page.parts(results))
    for shown in (
        "Measured on 2026-01-02: one core.",
        "- chain: openai 1",
        "30 (0.25)",
    ):
        assert shown in written
    assert "| `fastapi` | 40 |\n| `pydantic` | 10 |\n| all | 50 |" in written
    between = re.compile(r"<!-- \w+ -->.*?<!-- end -->", re.DOTALL)
    assert between.sub("", written) == between.sub("", PAGE)
    assert page.replaced(written, page.parts(results)) == written


def test_the_tables_are_of_one_run_or_stay(results: Results) -> None:
    del results.figures.values["paced.token"]
    assert page.parts(results).keys() == {"imports"}
    assert page.parts(replace(results, imports={})) == {}


def test_a_page_without_the_marker_is_an_error(results: Results) -> None:
    with pytest.raises(ValueError, match="<!-- measured -->"):
        page.replaced("# Another page\n", page.parts(results))


def test_the_page_names_every_quantity() -> None:
    assert {*QUANTITIES, "imports"} <= {*quoted(PAGE)}


@pytest.mark.parametrize(
    ("carried", "failed", "left", "expected"),
    [
        (20, None, 2, 30),
        (1, None, 2, 2),
        (900, None, 2, 1000),
        (1000, None, 2, 0),
        (0, 20, 2, 13),
        (0, 1, 2, 0),
        (40, 80, 1, 57),
        (40, 80, -1, 0),
        (10, 11, 1, 0),
    ],
)
def test_the_callers_to_try_next(
    carried: int, failed: int | None, left: int, expected: int
) -> None:
    assert following(carried, failed, left=left) == expected


def test_the_search_begins_below_what_a_core_could_do() -> None:
    begun = [beginning(cost) for cost in (None, 100, 20_000, 1)]
    assert begun == [20, 120, 1, 1000]


def test_what_an_import_costs_is_summed_by_package() -> None:
    listed = """\
import time: self [us] | cumulative | imported package
import time:      1500 |       1500 |   json
import time:       250 |       1750 |     azure.functions.decorators
import time:       250 |       2000 |   azure.functions
import time:      3000 |       3000 |   fastapi.routing
import time:       100 |       5100 | function_app
"""
    assert by_package(listed) == {
        "Python's own": 1.5,
        "azure.functions": 0.5,
        "fastapi": 3.0,
        "function_app": 0.1,
    }


def test_importing_the_app_imports_no_langchain() -> None:
    measured = imports.measure(1)
    assert "azure.functions" in measured
    assert "langchain_core" not in measured
