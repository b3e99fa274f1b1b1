"""Reading DICOM: a file becomes a case with one image, and nothing that names the patient gets out."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from cases.case import Case
from cases.dicom import read_dicom
from cases.errors import CaseError


def write(path: Path, **attributes: Any) -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["wardround"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    header.SOPClassUID = meta.MediaStorageSOPClassUID
    header.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    header.Modality = "CR"
    header.Rows = header.Columns = 8
    header.BitsAllocated = header.BitsStored = 8
    header.HighBit, header.PixelRepresentation, header.SamplesPerPixel = 7, 0, 1
    header.PhotometricInterpretation = "MONOCHROME2"
    header.PixelData = bytes(64)
    header.PatientName = "Doe^Jane"
    header.PatientID = "MRN-778899"
    for name, value in attributes.items():
        setattr(header, name, value)
    header.save_as(path)
    return path


def the_case(path: Path) -> Case:
    case = read_dicom(path)
    assert isinstance(case, Case), case
    return case


def test_attributes_become_fields(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.dcm",
        PatientAge="018M", PatientSex="F", PatientWeight="11.5", PatientSize="0.8", StudyDescription="Chest",
        AdditionalPatientHistory="Cough for two weeks.", Allergies="Penicillin", PregnancyStatus=1,
    )  # fmt: skip
    case = the_case(path)
    assert case.text == "Chest. Cough for two weeks."
    assert (case.patient.age, case.patient.sex, case.patient.weight_kg, case.patient.height_cm) == (
        1.5,
        "female",
        11.5,
        80,
    )
    assert case.patient.pregnant is False
    assert case.allergies is not None
    assert case.allergies[0].name == "Penicillin"
    assert (case.images[0].path, case.images[0].modality) == ("a.dcm", "CR")


def test_the_age_is_counted_where_it_is_not_given(tmp_path: Path) -> None:
    case = the_case(write(tmp_path / "a.dcm", PatientBirthDate="19800101", StudyDate="20200101"))
    assert case.patient.age == pytest.approx(40, abs=0.01)


def test_zero_means_not_entered(tmp_path: Path) -> None:
    case = the_case(write(tmp_path / "a.dcm", PatientWeight="0", PatientSize="0", PatientAge="000Y"))
    assert (case.patient.weight_kg, case.patient.height_cm, case.patient.age) == (None, None, None)


def test_name_and_number_stay_inside(tmp_path: Path) -> None:
    written = the_case(write(tmp_path / "a.dcm")).model_dump_json()
    assert "Doe" not in written
    assert "778899" not in written


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"Modality": "SR"}, "no_image"),
        ({"PixelData": bytes(10)}, "unreadable_image"),
        ({"PatientWeight": "900"}, "out_of_range"),
        ({"PatientBirthDate": "20300101", "StudyDate": "20200101"}, "out_of_range"),
    ],
)
def test_an_unusable_file_is_an_error(tmp_path: Path, attributes: dict[str, Any], code: str) -> None:
    error = read_dicom(write(tmp_path / "a.dcm", **attributes))
    assert isinstance(error, CaseError)
    assert error.code == code


def test_damage_anywhere_is_an_error_or_a_case(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.dcm", PatientAge="034Y", PatientWeight="70").read_bytes()
    draw = random.Random(5)
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(draw.choice((1, 4, 20))):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        path = tmp_path / "b.dcm"
        path.write_bytes(damaged[: draw.randrange(len(damaged))] if draw.random() < 0.2 else damaged)
        assert isinstance(read_dicom(path), Case | CaseError)
