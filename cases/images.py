"""Check the images of a case before anything is computed: they exist, stay within the case file's folder, and open.

Paths are relative to the folder of the case file. A path that leaves it, also through a symbolic link, is refused:
a case file must not be able to pull in any file of the machine that reads it.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

from cases.case import Case
from cases.dicom import read_header
from cases.errors import CaseError
from cases.problems import Problem

MAX_PIXELS = 100_000_000  # about three times the largest digital mammogram
_NIFTI_HEADER = 348  # bytes; the header starts with its own size
_NIFTI2_HEADER = 540
_DICOM_MARK = (128, b"DICM")


def check_images(case: Case, folder: Path) -> CaseError | None:
    """Return the error of the first image that cannot be used, None if all can.

    Args:
        case: the case.
        folder: the folder of its case file.
    """
    for number, image in enumerate(case.images):
        try:
            check_image(image_path(image.path, folder))
        except Problem as problem:
            problem.field = f"images.{number}.path"
            return problem.at(0, case.id)
    return None


def image_path(path: str, folder: Path) -> Path:
    """Return the file that a path of a case means.

    Raises:
        Problem: if the path leaves the folder or nothing is there.
    """
    inside = "Put the image into the case file's folder and give its relative path."
    if "://" in path:
        raise Problem("path_escape", "The image is named by a URL.", inside)
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive or PureWindowsPath(path).root:
        raise Problem("path_escape", "The image has an absolute path.", inside)
    home = folder.resolve()
    try:
        target = (home / path).resolve()
        if not target.is_relative_to(home):
            raise Problem("path_escape", "The path of the image leaves the case file's folder.", inside)
        if not target.exists():
            raise Problem("missing_image", "The image does not exist.", inside)
    except (OSError, RuntimeError, ValueError):  # a name too long, a loop of links, a character no file system takes
        raise Problem("missing_image", "The image cannot be reached.", inside) from None
    return target


def check_image(path: Path) -> None:
    """Open an image as far as needed to know that it can be read.

    Raises:
        Problem: if it is no regular file, of an unknown format, damaged, or too large.
    """
    if not path.is_file():
        raise Problem("unreadable_image", "The image is no regular file.", "Name a file.")
    try:
        _checker(path)(path)
    except (OSError, EOFError, SyntaxError, ValueError, struct.error, zlib.error):
        message = "The image cannot be read; it may be damaged or of an unknown format."
        raise Problem("unreadable_image", message, "Give PNG, JPEG, TIFF, DICOM or NIfTI.") from None


def _checker(path: Path) -> Callable[[Path], None]:
    if path.name.lower().endswith((".nii", ".nii.gz")):
        return _check_nifti
    with path.open("rb") as stream:
        start = stream.read(_DICOM_MARK[0] + len(_DICOM_MARK[1]))
    return _check_dicom if start[_DICOM_MARK[0] :] == _DICOM_MARK[1] or path.suffix == ".dcm" else _check_picture


def _check_picture(path: Path) -> None:
    from PIL import Image

    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                message = f"The image has more than {MAX_PIXELS} pixels."
                raise Problem("image_too_large", message, "Give a smaller copy.")
            image.load()
    except Image.DecompressionBombError:
        message = f"The image has more than {MAX_PIXELS} pixels."
        raise Problem("image_too_large", message, "Give a smaller copy.") from None


def _check_dicom(path: Path) -> None:
    read_header(path)


def _check_nifti(path: Path) -> None:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
        header = stream.read(_NIFTI_HEADER)
    sizes = {struct.unpack(order + "i", header[:4])[0] for order in "<>"}
    if len(header) < _NIFTI_HEADER or not sizes & {_NIFTI_HEADER, _NIFTI2_HEADER}:
        raise Problem("unreadable_image", "The file has no NIfTI header.", "Export the volume again.")
