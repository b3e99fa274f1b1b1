"""Draw the two images of `examples/`: a phantom as PNG and as DICOM. Nobody's body is in them.

    python -m scripts.make_example_images --out examples/images

Both show a soft ellipse with two darker fields, so that a viewer shows something; the same bytes come out every time.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

SIZE = 128
Picture = npt.NDArray[np.uint8]
_COMPUTED_RADIOGRAPHY = UID("1.2.840.10008.5.1.4.1.1.1")
_INSTANCE = UID("2.25.207126352091740293771539126041107432")  # drawn once, so that the case keeps its id


def phantom() -> Picture:
    """Return the picture as (rows, columns) of bytes."""
    rows, columns = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    body = np.clip(1.2 - (columns / 0.85) ** 2 - (rows / 0.95) ** 2, 0, 1)
    fields = sum(np.exp(-(((columns - side) / 0.22) ** 2 + (rows / 0.5) ** 2) * 2) for side in (-0.35, 0.35))
    return cast(Picture, (255 * np.clip(body - 0.7 * fields, 0, 1)).astype(np.uint8))


def write_dicom(path: Path) -> None:
    """Write the phantom as a computed radiograph of nobody."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = _COMPUTED_RADIOGRAPHY
    meta.MediaStorageSOPInstanceUID = _INSTANCE
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    image.SOPClassUID, image.SOPInstanceUID = _COMPUTED_RADIOGRAPHY, _INSTANCE
    image.Modality, image.StudyDescription = "CR", "Chest phantom"
    image.AdditionalPatientHistory = "Cough with yellow sputum and fever for four days"
    image.PatientID, image.PatientAge, image.PatientSex = "phantom", "047Y", "M"
    image.Rows = image.Columns = SIZE
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation, image.SamplesPerPixel = 7, 0, 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.PixelData = phantom().tobytes()
    image.save_as(path)


def main() -> None:
    """Parse the command line and write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("examples/images"))
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(phantom()).save(folder / "phantom.png", optimize=True)
    write_dicom(folder / "phantom.dcm")


if __name__ == "__main__":
    main()
