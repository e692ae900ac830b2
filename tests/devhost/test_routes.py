import pytest

from devhost.errors import StartError
from devhost.routes import RouteTable, RouteTemplate


def table(*templates: str) -> RouteTable[str]:
    """Routes of any method, which end at their own templates."""
    return RouteTable(
        (RouteTemplate(each), frozenset[str](), each) for each in templates
    )


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("api/chat", "/api/chat", {}),
        ("/api/chat/", "/api/chat", {}),
        ("api/chat", "/API/Chat", {}),
        ("API/chat", "/api/CHAT", {}),
        ("api/chat", "/api/chat/", {}),
        ("api/chat", "/api/ch%61t", {}),
        ("api/chat", "/api", None),
        ("api/chat", "/api/chat/x", None),
        ("api/chat", "/api//chat", None),
        ("api/chat", "/api/chat\n", None),
        ("", "/", {}),
        ("", "/x", None),
        ("{ignored:maxlength(0)?}", "/", {}),
        ("{ignored:maxlength(0)?}", "/x", None),
        ("a/{x}", "/a/B%20c", {"x": "B c"}),
        ("a/{x}", "/a/%C3%A9", {"x": "é"}),
        ("a/{x}", "/a/b%2Fc", {"x": "b/c"}),
        ("a/{x}", "/a/b%0Ac", {"x": "b\nc"}),
        ("a/{x}", "/a", None),
        ("a/{x}", "/a/", None),
        ("a/{x}/b", "/a/1/b", {"x": "1"}),
        ("a/{x}/b/{y}", "/a/1/B/2", {"x": "1", "y": "2"}),
        ("{*rest}", "/", {}),
        ("a/{*rest}", "/a", {}),
        ("a/{*rest}", "/b", None),
        ("a/{*rest}", "/a/b//c%20d", {"rest": "b//c d"}),
    ],
)
def test_template_matches_path(
    template: str, path: str, values: dict[str, str] | None
) -> None:
    found = table(template).match("GET", path.encode())
    assert (found and found[1]) == values


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a/{x:int}", "this host cannot read '{x:int}'"),
        ("a/{x?}", "this host cannot read '{x?}'"),
        ("a/{x=1}", "this host cannot read '{x=1}'"),
        ("a/{x}.{y}", "this host cannot read '{x}.{y}'"),
        ("a/{**x}", "this host cannot read '{**x}'"),
        ("a/{x", "this host cannot read '{x'"),
        ("a/{}", "this host cannot read '{}'"),
        ("a?b", "this host cannot read 'a?b'"),
        ("{*rest}/a", "only its end may be the rest of a path"),
    ],
)
def test_unreadable_template_is_refused_by_name(template: str, message: str) -> None:
    with pytest.raises(StartError) as caught:
        RouteTemplate(template)
    assert str(caught.value).startswith(f"route {template!r}: {message}")


@pytest.mark.parametrize(
    ("path", "winner"),
    [
        ("/chat/openai", "chat/openai"),
        ("/chat/x", "chat/{name}"),
        ("/chat/x/y", "{*all}"),
        ("/chat", "chat"),
        ("/", "{*all}"),
    ],
)
def test_most_specific_template_wins(path: str, winner: str) -> None:
    routes = table("{*all}", "chat/{name}", "chat/openai", "chat")
    assert (routes.match("GET", path.encode()) or ("",))[0] == winner


def test_other_method_falls_through_to_the_next_template() -> None:
    routes = RouteTable(
        [
            (RouteTemplate("a/b"), frozenset({"POST"}), "literal"),
            (RouteTemplate("a/{x}"), frozenset({"GET"}), "parameter"),
        ]
    )
    assert routes.match("POST", b"/a/b") == ("literal", {})
    assert routes.match("GET", b"/a/b") == ("parameter", {"x": "b"})
    assert routes.match("PUT", b"/a/b") is None
