"""What the text asserts of a term: clinicians' shorthand, lay sentences, lists, and the ways to get it wrong."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.language import assertion_at, find_terms, sentences

P, N, Q, H, F, C = "present", "negated", "possible", "historical", "family", "hypothetical"

SENTENCES = [
    # clinicians' shorthand
    ("no f/c, c/o dysuria", {"f/c": N, "dysuria": P}),
    ("Denies fever, chills, or flank pain.", {"fever": N, "chills": N, "flank pain": N}),
    ("Pt denies CP/SOB, reports wheeze.", {"cp": N, "sob": N, "wheeze": P}),
    ("Denies any fever. Flank pain since yesterday.", {"fever": N, "flank pain": P}),
    ("Presents with fever and flank pain; no vomiting.", {"fever": P, "flank pain": P, "vomiting": N}),
    ("Afebrile, no neck stiffness.", {"afebrile": P, "neck stiffness": N}),
    ("fever: none", {"fever": N}),
    ("Fever: no. Cough: yes.", {"fever": N, "cough": P}),
    ("Fever - absent; rash - present", {"fever": N, "rash": P}),
    ("Fever (-), rash (+)", {"fever": N, "rash": P}),
    ("(-) fever (+) cough", {"fever": N, "cough": P}),
    ("Neg for fever.", {"fever": N}),
    ("ROS negative for fever, cough, dysuria.", {"fever": N, "cough": N, "dysuria": N}),
    ("GI: negative dysphagia, negative nausea, positive vomiting.", {"dysphagia": N, "nausea": N, "vomiting": P}),
    ("Strep test negative, fever since Monday.", {"fever": P}),
    ("Denies difficulty with chest pain, palpitations.", {"chest pain": N, "palpitations": N}),
    ("She has had no recent problems with chest pain.", {"chest pain": N}),
    ("Denies blood in his stools, nausea, vomiting.", {"blood in his stools": N, "vomiting": N}),
    ("No evidence of jaundice.", {"jaundice": N}),
    ("no signs or symptoms of dehydration", {"dehydration": N}),
    ("Without fever but with flank pain.", {"fever": N, "flank pain": P}),
    ("without fever, chills or rigors", {"fever": N, "chills": N, "rigors": N}),
    ("Patient is without rash.", {"rash": N}),
    ("No fever, chills or flank pain.", {"fever": N, "chills": N, "flank pain": N}),
    ("No fever or chills, but severe headache.", {"fever": N, "chills": N, "severe headache": P}),
    ("No cough. Chest pain radiating to the arm.", {"cough": N, "chest pain": P}),
    ("Neither vomiting nor diarrhoea.", {"vomiting": N, "diarrhoea": N}),
    ("PE was ruled out.", {"pe": N}),
    ("Pneumonia has been ruled out.", {"pneumonia": N}),
    ("CT rules out stroke.", {"stroke": N}),
    ("r/o appendicitis", {"appendicitis": Q}),
    ("Cannot rule out appendicitis.", {"appendicitis": Q}),
    ("Appendicitis cannot be excluded.", {"appendicitis": Q}),
    ("Pneumonia not ruled out.", {"pneumonia": Q}),
    ("Possible UTI, fever since Monday.", {"uti": Q, "fever": P}),
    ("?DVT", {"dvt": Q}),
    ("Suspected sepsis.", {"sepsis": Q}),
    ("Findings are consistent with pneumonia.", {"pneumonia": Q}),
    ("Findings are not consistent with pneumonia.", {"pneumonia": N}),
    ("h/o asthma", {"asthma": H}),
    ("History of seizures, none recently.", {"seizures": H}),
    ("Denies history of seizures.", {"seizures": N}),
    ("No history of asthma.", {"asthma": N}),
    ("PMH: asthma, COPD", {"asthma": H, "copd": H}),
    ("3-day history of fever and cough", {"fever": P, "cough": P}),
    ("Two week history of rectal bleeding", {"rectal bleeding": P}),
    ("Presents with a recent history of weight loss.", {"weight loss": P}),
    ("Family history of diabetes.", {"diabetes": F}),
    ("No family history of diabetes.", {"diabetes": F}),
    ("FHx: stroke", {"stroke": F}),
    ("Mother has asthma; patient wheezing.", {"asthma": F, "wheezing": P}),
    ("Mother reports fever and rash.", {"fever": P, "rash": P}),
    ("Mother denies that he has had any rash.", {"rash": N}),
    ("Return if fever, vomiting or worsening pain.", {"fever": C, "vomiting": C}),
    ("Advised to come back if she develops fever or a rash.", {"fever": C, "rash": C}),
    ("Watch for confusion.", {"confusion": C}),
    ("At risk of dehydration.", {"dehydration": C}),
    ("Vaccinated against measles.", {"measles": C}),
    ("Fever resolved.", {"fever": H}),
    ("Her vomiting has now settled.", {"vomiting": H}),
    ("Fever not resolved.", {"fever": P}),
    ("No change in the rash.", {"rash": P}),
    ("No improvement in cough after amoxicillin.", {"cough": P}),
    ("Not only fever but also rash.", {"fever": P, "rash": P}),
    ("Fever not responding to paracetamol.", {"fever": P}),
    ("No relief of chest pain with nitrates.", {"chest pain": P}),
    ("No symptoms except fever.", {"fever": P}),
    ("No symptoms other than dysuria.", {"dysuria": P}),
    ("No severe abdominal pain.", {"severe abdominal pain": N}),
    ("No severe abdominal pain today.", {"abdominal pain": Q}),
    ("no fever, severe flank pain since Monday", {"fever": N, "flank pain": P}),
    ("no fever, flank pain for 3 days", {"fever": N, "flank pain": P}),
    ("no fever, rash is spreading", {"fever": N, "rash": P}),
    ("no fever, no cough, vomiting x 2 days", {"fever": N, "cough": N, "vomiting": P}),
    ("nil fever", {"fever": N}),
    ("Skin is not jaundiced.", {"jaundiced": N}),
    ("She is not breathless, wheezy or confused.", {"breathless": N, "wheezy": N, "confused": N}),
    ("Fever, cough and rash: none.", {"rash": N, "fever": N}),
    ("pain-free, seizure-free since 2019", {"seizure": N}),
    ("Rash - no fever.", {"rash": P, "fever": N}),
    # how patients write
    ("I don't have a fever but my back hurts", {"fever": N, "back hurts": P}),
    ("i dont have fever. i have chills", {"fever": N, "chills": P}),
    ("I haven't had any fever, chills or vomiting.", {"fever": N, "chills": N, "vomiting": N}),
    ("I have not noticed any blood in my stool", {"blood in my stool": N}),
    ("I do not feel well, fever and chills", {"fever": P, "chills": P}),
    ("I don\u2019t feel feverish", {"feverish": N}),
    ("I can't sleep because of the cough", {"cough": P}),
    ("I can't breathe", {"can't breathe": P}),
    ("nothing helps the pain and I can't stop vomiting", {"pain": P, "vomiting": P}),
    ("The tablets did not help the cough", {"cough": P}),
    ("I have not been eating, vomiting all day", {"vomiting": P}),
    ("I am not pregnant", {"pregnant": N}),
    ("I'm not pregnant, my period was last week", {"pregnant": N}),
    ("I might be pregnant", {"pregnant": Q}),
    ("not sure if I am pregnant", {"pregnant": Q}),
    ("I am 12 weeks pregnant", {"pregnant": P}),
    ("I have never had asthma", {"asthma": N}),
    ("I used to have asthma as a child", {"asthma": H}),
    ("my mother has diabetes and I am always thirsty", {"diabetes": F, "thirsty": P}),
    ("Diabetes runs in my family", {"diabetes": F}),
    ("My roommate has chickenpox", {"chickenpox": F}),
    ("My baby has a fever and no rash", {"fever": P, "rash": N}),
    ("I'm worried about a stroke", {"stroke": Q}),
    ("could it be dengue?", {"dengue": Q}),
    ("Fever? No. Cough? Yes.", {"fever": N, "cough": P}),
    ("I get chest pain if I climb stairs", {"chest pain": P}),
    ("if I move I get severe chest pain", {"chest pain": P}),
    ("no pain, no fever, just an itchy rash", {"pain": N, "fever": N, "rash": P}),
    ("no, I have a fever", {"fever": P}),
    ("I no longer have a fever", {"fever": N}),
    ("I don't think I have a fever", {"fever": N}),
    ("no fever and my chest hurts", {"fever": N, "chest hurts": P}),
    ("The rash does not go away and I have no appetite, fever at night", {"rash": P, "fever": P}),
    ("I don't feel like eating, and swallowing is hard.", {"swallowing is hard": P}),
    ("I'm worried about this rash on my skin.", {"rash": P}),
    ("I woke with chest pain, and as the day has gone on, I've been dizzy", {"chest pain": P, "dizzy": P}),
    ("The fever has gone.", {"fever": H}),
    ("I have a fever, a stiff neck and no rash", {"fever": P, "stiff neck": P, "rash": N}),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES, ids=[text for text, _ in SENTENCES])
def test_language_assertion(text: str, expected: dict[str, str]) -> None:
    found = {mention.term: mention.assertion for mention in find_terms(text, tuple(expected))}
    assert found == expected


def test_language_table_is_large_enough() -> None:
    assert len(SENTENCES) >= 80


def test_find_terms_takes_the_longest_and_never_overlaps() -> None:
    found = find_terms("Severe chest pain.", ("pain", "chest pain", "severe chest pain"))
    assert [(m.term, m.start, m.end) for m in found] == [("severe chest pain", 0, 17)]


def test_find_terms_needs_whole_words_in_any_case() -> None:
    assert find_terms("He was rushed in.", ("rush", "sob")) == ()
    assert [m.term for m in find_terms("SOB and Weight-loss", ("sob", "weight loss"))] == ["sob", "weight loss"]


def test_assertion_at_agrees_with_find_terms() -> None:
    for text, expected in SENTENCES:
        for mention in find_terms(text, tuple(expected)):
            assert assertion_at(text, mention.start, mention.end) == mention.assertion


def test_assertion_at_refuses_a_place_outside_the_text() -> None:
    with pytest.raises(ValueError, match="no term"):
        assertion_at("fever", 3, 9)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["fever", "back pain", "can't breathe"]))
def test_find_terms_accepts_any_text(noise: str, term: str) -> None:
    text = f"{noise} {term} {noise}"
    assert any(text[m.start : m.end].lower() == term for m in find_terms(text, (term,)))


@pytest.mark.parametrize(
    "unit",
    ["no fever, ", "fever ", "not ", "no no ", "if ", "(-) ", "a", " ", "\n", "history of ", "fever: none; ", "? "],
)
def test_language_is_linear_in_the_length_of_the_text(unit: str) -> None:
    text = (unit * 100_000)[:100_000] + " fever"
    start = time.perf_counter()
    find_terms(text, ("fever", "chills"))
    assert time.perf_counter() - start < 20  # a quadratic engine needs many minutes


def test_sentences_are_not_fooled() -> None:
    text = "Dr. Osei saw him, e.g. for 5.5 mg b.d. of it. No fever!  Then?\nRash\nno cough"
    assert [text[low:high] for low, high in sentences(text)] == [
        "Dr. Osei saw him, e.g. for 5.5 mg b.d. of it.", "No fever!", "Then?", "Rash", "no cough",
    ]  # fmt: skip


def test_sentences_join_a_wrapped_line() -> None:
    text = "She has had a burning pain when passing urine for the last three\ndays and denies fever."
    assert len(sentences(text)) == 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_sentences_lose_nothing_but_white_space(text: str) -> None:
    spans = sentences(text)
    assert all(low < high for low, high in spans)
    assert "".join(text[low:high] for low, high in spans).split() == text.split() or "".join(
        "".join(text[low:high].split()) for low, high in spans
    ) == "".join(text.split())
