"""Tool calls are told apart, and can be answered, whatever their server leaves out."""

import pytest

from runs.tool_calls import CallIndexes

Piece = dict[str, object]
PARIS, LONDON = '{"city":"Paris"}', '{"city":"London"}'


def piece(
    arguments: object = None, name: str | None = "weather", **more: object
) -> Piece:
    function = {"name": name, "arguments": arguments}
    return {"type": "function", "function": function, **more}


def calls(*pieces: Piece) -> list[tuple[str, str]]:
    """The id and the arguments of each call that *pieces* make, put together as
    LangChain does; all have the same name."""
    indexes, ids, texts = CallIndexes(), dict[object, str](), dict[object, str]()
    names = dict[object, str]()
    for given in pieces:
        [numbered] = indexes.number([given])
        function, index = numbered["function"], numbered["index"]
        assert isinstance(function, dict)
        ids[index] = ids.get(index) or str(numbered["id"])
        assert numbered.get("id") in (None, "", ids[index])
        texts[index] = texts.get(index, "") + (function["arguments"] or "")
        names[index] = names.get(index, "") + (function.get("name") or "")
    assert set(names.values()) == {"weather"}
    return list(zip(ids.values(), texts.values(), strict=True))


@pytest.mark.parametrize("call_id", [None, ""])
@pytest.mark.parametrize("indexes", [(0, 1), (0, 0), (None, None)])
def test_calls_without_an_id_get_one_each(
    call_id: str | None, indexes: tuple[int | None, int | None]
) -> None:
    first, second = indexes
    [(one, paris), (other, london)] = calls(
        piece(PARIS, id=call_id, index=first), piece(LONDON, id=call_id, index=second)
    )
    assert (paris, london) == (PARIS, LONDON)
    assert one.startswith("call_")
    assert other.startswith("call_")
    assert one != other


@pytest.mark.parametrize("name", [None, "", "weather"])
def test_pieces_of_a_call_without_an_id_are_one(name: str | None) -> None:
    begun = piece('{"city":', index=0)
    [(call_id, arguments)] = calls(begun, piece('{"name":"Paris"}}', name, index=0))
    assert (call_id[:5], arguments) == ("call_", '{"city":{"name":"Paris"}}')


def test_an_id_that_comes_late_does_not_change_the_one_that_was_shown() -> None:
    [(call_id, arguments)] = calls(piece(index=0), piece(PARIS, None, id="a", index=0))
    assert (len(call_id), arguments) == (37, PARIS)


def test_a_name_may_come_in_pieces_and_an_id_with_each() -> None:
    first, last = piece(None, "weat", id="a", index=0), piece(PARIS, "her", id="a")
    assert calls(first, {**last, "index": 0}) == [("a", PARIS)]


def test_a_number_may_be_an_id_and_repeated() -> None:
    assert calls(piece(id=7, index=0), piece(PARIS, id=7, index=0))[0][1] == PARIS
    assert calls(piece(PARIS, id=7, index=0)) == [("7", PARIS)]


def test_arguments_that_are_no_text_become_json() -> None:
    assert calls(piece({"city": "Paris"}, id="a")) == [("a", '{"city": "Paris"}')]
