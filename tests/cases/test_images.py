"""Images of a case: they exist, stay in the folder of the case file, and open."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import pytest
from PIL import Image

from cases.case import Case, ImageRef
from cases.errors import CaseError
from cases.images import check_images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "cases"
    (home / "sub").mkdir(parents=True)
    for path in (home / "good.png", home / "sub" / "good.jpg", tmp_path / "outside.png"):
        Image.effect_noise((64, 64), 80).save(path)
    (home / "volume.nii").write_bytes(struct.pack("<i", 348) + bytes(344))
    (home / "volume.nii.gz").write_bytes(gzip.compress(struct.pack(">i", 348) + bytes(344)))
    (home / "text.png").write_text("no picture")
    (home / "empty.png").touch()
    (home / "cut.png").write_bytes((home / "good.png").read_bytes()[:60])
    (home / "cut.jpg").write_bytes((home / "sub" / "good.jpg").read_bytes()[:-200])
    (home / "false.dcm").write_text("no dicom")
    (home / "false.nii").write_bytes(bytes(400))
    (home / "link.png").symlink_to(tmp_path / "outside.png")
    (home / "loop.png").symlink_to(home / "loop.png")
    os.mkfifo(home / "pipe.png")
    return home


def outcome(folder: Path, path: str) -> CaseError | None:
    return check_images(Case(id="c-1", images=(ImageRef(path=path),)), folder)


@pytest.mark.parametrize(
    "path", ["good.png", "sub/good.jpg", "sub/../good.png", "./good.png", "volume.nii", "volume.nii.gz"]
)
def test_a_readable_image_passes(folder: Path, path: str) -> None:
    assert outcome(folder, path) is None


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../outside.png", "path_escape"),
        ("sub/../../outside.png", "path_escape"),
        ("/etc/passwd", "path_escape"),
        ("C:\\x.png", "path_escape"),
        ("\\\\host\\x.png", "path_escape"),
        ("https://example.org/x.png", "path_escape"),
        ("link.png", "path_escape"),
        ("loop.png", "missing_image"),
        ("missing.png", "missing_image"),
        ("x" * 400 + ".png", "missing_image"),
        ("sub", "unreadable_image"),
        ("pipe.png", "unreadable_image"),
        ("text.png", "unreadable_image"),
        ("empty.png", "unreadable_image"),
        ("cut.png", "unreadable_image"),
        ("cut.jpg", "unreadable_image"),
        ("false.dcm", "unreadable_image"),
        ("false.nii", "unreadable_image"),
    ],
)
def test_an_unusable_image_is_an_error_of_its_case(folder: Path, path: str, code: str) -> None:
    error = outcome(folder, path)
    assert error is not None
    assert (error.case_id, error.field, error.code) == ("c-1", "images.0.path", code)
    assert path not in f"{error.message} {error.remedy}" or path == "sub"


def test_a_huge_image_is_refused_before_it_is_decoded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cases.images.MAX_PIXELS", 100)
    error = outcome(folder, "good.png")
    assert error is not None
    assert error.code == "image_too_large"
