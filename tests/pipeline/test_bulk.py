"""Tables in, tables out: every row is answered where it stood, and a table that cannot be read is refused whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.bulk import answer_table

NEEDED = (("rxcui_a", "name_a"), ("rxcui_b", "name_b"))


def answered(folder: Path, text: str) -> str:
    (folder / "in.csv").write_text(text, encoding="utf-8")

    def answer(row: Mapping[str, str]) -> dict[str, str]:
        return {"said": f"{row['name_a']} with {row['name_b']}"}

    answer_table(folder / "in.csv", folder / "out.csv", needed=NEEDED, answers=("said",), answer=answer)
    return (folder / "out.csv").read_text(encoding="utf-8")


def test_rows_keep_their_order_and_their_columns(tmp_path: Path) -> None:
    text = 'id,name_a,name_b,note\n7,x,y,"one, two"\n\n3,x,x,"said ""no"""\n'
    assert answered(tmp_path, text) == (
        'id,name_a,name_b,note,said\n7,x,y,"one, two",x with y\n3,x,x,"said ""no""",x with x\n'.replace("\n", "\r\n")
    ).replace("\r\n", "\n")


def test_a_byte_order_mark_and_spaces_in_the_header_do_no_harm(tmp_path: Path) -> None:
    assert answered(tmp_path, "\ufeffname_a, name_b\nx,y\n").startswith("name_a,name_b,said")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no column rxcui_a or name_a"),
        ("name_a,b\nx,y\n", "no column rxcui_b or name_b; it has name_a, b"),
        ("name_a,name_b,name_a\nx,y,z\n", "name_a twice"),
        ("name_a,name_b,said\nx,y,z\n", "said already"),
        ("name_a,name_b\nx,y\nx\n", "row 3 has 1 cells"),
    ],
)
def test_a_table_that_is_wrong_is_refused_and_nothing_written(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        answered(tmp_path, text)
    assert not (tmp_path / "out.csv").exists()
