"""A text of many pieces is kept in few strings."""

from runs.pieces import TOGETHER, Pieces


def test_pieces_are_joined_and_their_text_stays() -> None:
    pieces = Pieces()
    said = [f"tok{number} " for number in range(3 * TOGETHER + 5)]
    for text in said:
        pieces.append(text)
    assert "".join(pieces) == "".join(said)
    assert len(pieces) == 3 + 5
    pieces.clear()
    for text in said[:TOGETHER]:
        pieces.append(text)
    assert pieces == ["".join(said[:TOGETHER])]
