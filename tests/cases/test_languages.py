"""A text that is not English is noticed, whatever its case claims; English in every style is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cases.languages import UNKNOWN, likely_other_language

VIGNETTES = Path(__file__).parent.parent / "safety" / "fixtures"
OTHER_LANGUAGES = Path(__file__).parent / "fixtures" / "other_languages.jsonl"

SHORTHAND = [
    "",
    "??? ... !!",
    "67M c/o CP rad to L arm, diaphoretic, PMH DM2 HTN",
    "68M SOBOE x2/52, ex-smoker, no CP",
    "pt c/o dysuria, freq, urg; afeb; BP 120/80; HR 80; UA LE+ nit+",
    "Na 128 K 5.9 Cr 340 Ur 32 pH 7.1 HCO3 9",
    "82F collapse, maroon + black stool, BP 70/40, HR 110 on bisoprolol, Hb 54, GCS 13.",
    "bilat LL varicosities GSV, haemosiderin, lipodermatosclerosis, no ulcer",
    "mum dia, dad htn, bro asthma",
    "HAEMORRHOIDS PROLAPSE GRADE II, BLEEDING PER RECTUM, NO PAIN, CONSTIPATION",
]
DRUGS_AND_PLACES = [
    "Rx amoxicillin, paracetamol, salbutamol, omeprazole, metformin, ramipril, atorvastatin",
    "DHx: levothyroxine bisoprolol apixaban furosemide spironolactone tamsulosin finasteride allopurinol",
    "Ayurvedic triphala churna, isabgol, haritaki, ashwagandha, giloy, tulsi kadha daily",
    "São Paulo, Rio de Janeiro, Belo Horizonte travel; fever, myalgia, rash",
    "Dr Schmidt-Müller, Universitätsklinikum Heidelberg: neck pain, arm numbness",
    "patient Juan Carlos Fernandez de la Cruz, 45, from Guadalajara, sore throat",
]
LATIN_AND_PIDGIN = [
    "Tinea corporis, herpes zoster, verruca vulgaris, acne vulgaris, molluscum contagiosum, lichen planus",
    "pruritus ani et vulvae, tinea cruris, pityriasis versicolor, no fever",
    "I dey feel pain for my belle since yesterday, body dey hot and I no fit chop anything",
    "Abeg doctor my pikin dey cough well well for night, him chest dey make noise, body dey hot",
    "Ma heid's gowpin an ma wame's sair, cannae keep onythin doon since yestreen",
    "abuela says it's empacho, belly sore, no fever, 4yo",
    "38.5 °C, 120 µmol, β-blocker stopped, ↑ HR",
]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("de", "Ich habe seit drei Tagen starke Schmerzen beim Wasserlassen und kein Fieber."),
        ("fr", "J'ai une douleur dans la poitrine depuis deux jours avec des nausées, je ne dors pas."),
        ("es", "Tengo dolor en el pecho desde hace dos dias y me cuesta respirar cuando camino con mi perro."),
        ("it", "Ho un forte dolore alla schiena da tre giorni, non riesco a dormire e sono molto stanco."),
        ("nl", "Ik heb sinds drie dagen pijn bij het plassen en geen koorts, maar ook niet goed geslapen."),
        ("pl", "Od trzech dni boli mnie gardło, mam katar i kaszel, temperatura 37,4."),
        ("hi", "doctor sahab peshab mein jalan ho rahi hai do din se"),
        ("vi", "be bi sot 2 ngay nay, ho va so mui nhieu"),
        ("ja", "頭痛がします"),
    ],
)
def test_another_language_is_noticed(code: str, text: str) -> None:
    assert likely_other_language(text) == code


def test_nearly_every_text_in_another_language_is_noticed() -> None:
    cases = [json.loads(line) for line in OTHER_LANGUAGES.read_text(encoding="utf-8").splitlines()]
    missed = [case["language"] for case in cases if likely_other_language(case["text"]) is None]
    assert len({case["language"] for case in cases}) >= 25
    assert len(missed) <= 0.05 * len(cases), missed


def test_a_script_that_no_model_knows_is_another_language() -> None:
    assert likely_other_language("ᎠᏆᏓᏅᏖᏗ ᎤᏲᎢ") == UNKNOWN


def test_a_text_half_in_another_language_is_noticed() -> None:
    assert likely_other_language("Since yesterday I have fever und mein Hals tut sehr weh, ich kann nicht schlucken")


def test_no_english_vignette_is_taken_for_another_language() -> None:
    texts = [json.loads(line)["text"] for path in VIGNETTES.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert len(texts) > 200
    assert [text for text in texts if likely_other_language(text)] == []


@pytest.mark.parametrize("text", [*SHORTHAND, *DRUGS_AND_PLACES, *LATIN_AND_PIDGIN])
def test_english_in_disguise_is_no_other_language(text: str) -> None:
    assert likely_other_language(text) is None


def test_the_model_is_not_loaded_at_import() -> None:
    code = "import sys, cases.languages; sys.exit('py3langid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
