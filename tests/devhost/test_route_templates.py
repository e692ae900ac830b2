import pytest

from devhost.errors import StartError
from devhost.routes import Route, Routes, Template


def match(template: str, path: str) -> dict[str, str] | None:
    found = Routes([Route(Template(template), frozenset(), None)]).match(
        "GET", path.encode()
    )
    return found and found[1]


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("api/chat", "/api/chat", {}),
        ("api/chat", "/API/Chat", {}),
        ("api/chat", "/api/chat/", {}),
        ("api/chat", "/api/ch%61t", {}),
        ("api/chat", "/api", None),
        ("api/chat", "/api/chat/x", None),
        ("api/chat", "/api//chat", None),
        ("api/chat", "/api/chat\n", None),
        ("", "/", {}),
        ("", "/x", None),
        ("a/{x}", "/a/B%20c", {"x": "B c"}),
        ("a/{x}", "/a/%C3%A9", {"x": "é"}),
        ("a/{x}", "/a/b%2Fc", {"x": "b/c"}),
        ("a/{x}", "/a", None),
        ("a/{x}", "/a/", None),
        ("a/{x}/b", "/a/1/b", {"x": "1"}),
        ("a/{x?}", "/a", {}),
        ("a/{x?}", "/a/1", {"x": "1"}),
        ("a/{x:int?}", "/a/b", None),
        ("{*rest}", "/", {}),
        ("a/{*rest}", "/a", {}),
        ("a/{*rest}", "/a/b/c%20d", {"rest": "b/c d"}),
        ("a/{**rest}", "/a/b//c", {"rest": "b//c"}),
        ("files/{name}.{ext}", "/files/a.tar.gz", {"name": "a.tar", "ext": "gz"}),
        ("v{version:int}/x", "/v2/x", {"version": "2"}),
        ("v{version:int}/x", "/vx/x", None),
    ],
)
def test_template_matches_path(
    template: str, path: str, values: dict[str, str] | None
) -> None:
    assert match(template, path) == values


@pytest.mark.parametrize(
    ("constraint", "accepted", "refused"),
    [
        ("int", ["0", "-7", "2147483647"], ["x", "1.5", "2147483648", "9" * 5000, "٣"]),
        ("long", ["2147483648", "-9223372036854775808"], ["9223372036854775808"]),
        ("alpha", ["abc", "ABC"], ["a1", "é"]),
        ("bool", ["true", "False"], ["1", "yes"]),
        (
            "guid",
            ["0f8fad5b-d9cb-469f-a165-70867728950e", "0" * 32],
            ["0f8fad5b", "g" * 32],
        ),
        ("decimal", ["1", "-1.5"], ["1e3", "x"]),
        ("double", ["1", "1e3", ".5"], ["x", "e3"]),
        ("float", ["1.5"], [""]),
        ("length(3)", ["abc"], ["ab", "abcd"]),
        ("length(2,3)", ["ab", "abc"], ["a", "abcd"]),
        ("minlength(2)", ["ab"], ["a"]),
        ("maxlength(2)", ["ab"], ["abc"]),
        ("min(18)", ["18", "19"], ["17", "x"]),
        ("max(18)", ["18", "-1"], ["19"]),
        ("range(1,5)", ["1", "5"], ["0", "6"]),
        ("int:min(1)", ["1"], ["0", "x"]),
    ],
)
def test_constraint_decides(
    constraint: str, accepted: list[str], refused: list[str]
) -> None:
    template = f"a/{{x:{constraint}}}"
    assert all(match(template, f"/a/{value}") == {"x": value} for value in accepted)
    assert not any(match(template, f"/a/{value}") for value in refused)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a/{x:regex(^b$)}", "unsupported route constraint 'regex"),
        ("a/{x:datetime}", "unsupported route constraint 'datetime'"),
        ("a/{x:int(3)}", "unsupported route constraint"),
        ("a/{x:length}", "unsupported route constraint"),
        ("a/{x:min(b)}", "unsupported route constraint"),
        ("a/{x", "cannot read '{x'"),
        ("a/{}", "cannot read {}"),
        ("a/{x=1}", "cannot read {x=1}"),
        ("a/{x}{y}", "needs something between"),
        ("a/{x}/{X}", "a parameter appears twice"),
        ("{*rest}/a", "only the last segment"),
        ("{x?}/a", "only the last segment"),
        ("a.{x?}", "must be a whole segment"),
    ],
)
def test_unreadable_template_is_refused_by_name(template: str, message: str) -> None:
    with pytest.raises(StartError) as caught:
        Template(template)
    assert str(caught.value).startswith(f"route {template!r}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "winner"),
    [
        ("/chat/openai", "chat/openai"),
        ("/chat/7", "chat/{n:int}"),
        ("/chat/x", "chat/{name}"),
        ("/chat/x/y", "{*all}"),
        ("/chat", "chat"),
        ("/", "{*all}"),
    ],
)
def test_most_specific_template_wins(path: str, winner: str) -> None:
    templates = [
        "{*all}",
        "chat/{name}",
        "chat/{n:int}",
        "chat/openai",
        "chat/{a?}",
        "chat",
    ]
    routes = Routes(Route(Template(t), frozenset(), t) for t in templates)
    found = routes.match("GET", path.encode())
    assert found is not None
    assert found[0] == winner


def test_other_method_falls_through_to_the_next_template() -> None:
    routes = Routes(
        [
            Route(Template("a/b"), frozenset({"POST"}), "literal"),
            Route(Template("a/{x}"), frozenset({"GET"}), "parameter"),
        ]
    )
    assert routes.match("POST", b"/a/b") == ("literal", {})
    assert routes.match("GET", b"/a/b") == ("parameter", {"x": "b"})
    assert routes.match("PUT", b"/a/b") is None
