"""Derive the drug tables from independent public tables, so that no code is ever typed by hand.

An RxCUI enters `drugs.csv` only where at least two witnesses name it for the ingredient and none contradicts:

    the published name-to-code lists gathered in `verified_rxcui_candidates.csv` (each counts once)
    the BioPortal export of RxNorm (the concept whose label is the ingredient's name)
    LabeledIn's drugs (the concept whose name is the ingredient's name)
    the RxCUI-UNII map (the code is a substance that FDA registers)
    further public tables, one row a witness in `rxcui_evidence.csv`

An ingredient that RxNorm calls by another word is also looked for under that word (`rxnorm_labels.csv`, kind `same`).

The ATC codes are those of `atc.csv`, looked up by hand in the index of the WHO Collaborating Centre.

`names.csv.gz` holds every further name, salt, brand and combination that the export knows, so that a drug without
rules is *known, no rules*, never *safe*. `clinical_drugs.csv.gz` maps the codes of prescribable drugs and packs to
ingredients where the export and the prescribable graph give the code the same ingredients; `other_codes.csv.gz` the
codes of salts, brands and combinations (`other_codes.py`).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import Path

from cases.vocabulary.displays import brand_of, ingredients_of
from cases.vocabulary.other_codes import Named, disputed, labelled, settled
from cases.vocabulary.stems import bears_stem

FIELD_LIMIT = 10_000_000
CLINICAL_TYPES = ("T200", "T203")
SUBSTANCE_TYPES = ("T121", "T195")  # pharmacologic substances and antibiotics
NEEDED_WITNESSES = 2
BRAND_MAJORITY = 0.8
NOT_MEDICINES = frozenset(
    {"extract", "pollen", "vaccine", "vaccine,", "allergenic", "antigen", "virus", "antiserum", "mold"}
)
SALTS = frozenset(
    """
    acetate acetonide anhydrous axetil benzathine besylate bisulfate bitartrate bromide butyrate calcium camsylate
    carbonate chloride cilexetil citrate cypionate decanoate dihydrate dihydrochloride dimesylate dipropionate
    disodium disoproxil enanthate estolate ethylsuccinate fumarate furoate gluconate hcl hemihydrate hippurate
    hyclate hydrobromide hydrochloride lactate lactobionate magnesium maleate malate medoxomil mesylate mofetil
    monohydrate mononitrate monosodium napsylate nitrate oxalate palmitate pamoate phosphate pivoxil potassium
    procaine propionate proxetil sesquihydrate sodium stearate succinate sulfate tannate tartrate tosylate
    trihydrate trometamol tromethamine valerate xinafoate zinc arginine erbumine lysine meglumine dipivoxil
    etexilate hydrate monophosphate diphosphate triphosphate bicarbonate strontium free base micronized
    aceponate aspartate bovine carbonyl diacetate dimeglumine dipotassium enacarbil epolamine fosamil gluceptate
    hexacetonide isethionate liposomal liposome mandelate mucate orotate pegol polistirex polygalacturonate porcine
    probutate propanediol resin saccharate terephthalate (usp) hemifumarate hemisulfate hydrogen ditartrate edisylate
    embonate esylate ethanolate hydroiodide iodide lauroxil methylsulfate monolaurate nicotinate propylene glycolate
    salicylate triacetate undecanoate xylate
    """.split()  # noqa: SIM905 - a list of 80 words reads better as text
)


@dataclass
class Export:
    """The BioPortal export, read once: codes by label, and what the labels of clinical drugs say."""

    codes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    components: Counter[str] = field(default_factory=Counter)
    brands: dict[str, Counter[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(Counter))
    clinical: dict[str, str] = field(default_factory=dict)
    substances: set[str] = field(default_factory=set)


def read_export(path: Path) -> Export:
    """Read `RXNORM.csv.gz`."""
    csv.field_size_limit(FIELD_LIMIT)
    export = Export()
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            _take(export, row)
    return export


def _take(export: Export, row: dict[str, str]) -> None:
    code, label = row["Class ID"].rsplit("/", 1)[-1], row["Preferred Label"]
    if not any(kind in row["Semantic Types"] for kind in CLINICAL_TYPES):
        for term in (label, *row["Synonyms"].split("|")):
            export.codes[" ".join(term.lower().split())].add(code)
            if any(kind in row["Semantic Types"] for kind in SUBSTANCE_TYPES):
                export.substances.add(" ".join(term.lower().split()))
        return
    export.clinical[code] = label
    if " MG" not in label.upper() and " UNT" not in label.upper():
        return
    names = ingredients_of(label)
    export.components.update(names)
    brand = brand_of(label)
    if brand and names:
        export.brands[brand.lower()][tuple(sorted(names))] += 1


@dataclass(frozen=True)
class Witnesses:
    """What speaks for a code: who proposes one for a name, and which codes FDA registers as substances."""

    proposed: Mapping[str, Mapping[str, frozenset[str]]]  # name -> code -> tables
    labels: Mapping[str, tuple[str, ...]]  # what RxNorm calls the same ingredient
    units: frozenset[str]

    def of(self, name: str) -> dict[str, set[str]]:
        """Return, for every code proposed for an ingredient, the tables that name it.

        A label must be the name itself, or where no table knows the name, another word for the same ingredient.
        """
        names = (name,) if "bioportal2015" in self._tables(name) else (name, *self.labels.get(name, ()))
        found: dict[str, set[str]] = defaultdict(set)
        for each in names:
            for code, tables in self.proposed.get(each, {}).items():
                found[code] |= tables
        for code in found:
            if code in self.units:
                found[code].add("rxcui_unii")
        return found

    def _tables(self, name: str) -> set[str]:
        return {table for tables in self.proposed.get(name, {}).values() for table in tables}


def read_witnesses(evidence: Path, folder: Path, export: Export) -> Witnesses:
    """Gather every witness."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name, code, table in (*_listed(evidence), *_recorded(folder)):
        found[name][code].add(table)
    for label, codes in export.codes.items():
        for code in codes:
            found[label][code].add("bioportal2015")
    proposed = {name: {code: frozenset(all_) for code, all_ in codes.items()} for name, codes in found.items()}
    return Witnesses(proposed, _same_labels(folder), frozenset(_units(evidence)))


def _listed(evidence: Path) -> Iterator[tuple[str, str, str]]:
    for row in _rows(evidence / "knowledge/verified_rxcui_candidates.csv"):
        for part in row["evidence"].split(";"):
            table, _, code = part.partition("=")
            if code:
                yield row["name"], code, table
    with (evidence / "data/indications/labeledin_indications.tsv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            yield row["rxnorm_name"].lower(), row["rxnorm_id"], "labeledin2015"


def _recorded(folder: Path) -> Iterator[tuple[str, str, str]]:
    for row in _rows(folder / "rxcui_evidence.csv"):
        yield row["name"], row["rxcui"], row["witness"]


def _same_labels(folder: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in _rows(folder / "rxnorm_labels.csv"):
        if row["kind"] == "same":
            found[row["name"]].append(row["rxnorm_label"].lower())
    return {name: tuple(labels) for name, labels in found.items()}


def agreed_code(found: dict[str, set[str]]) -> tuple[str | None, tuple[str, ...]]:
    """Return the one code that two witnesses name and none contradicts, with its witnesses."""
    if len(found) != 1:
        return None, ()
    ((code, tables),) = found.items()
    return (code, tuple(sorted(tables))) if len(tables) >= NEEDED_WITNESSES else (None, tuple(sorted(tables)))


def base_of(term: str, bases: Mapping[str, str]) -> str | None:
    """Roll a salt up to its ingredient: drop salt words from the end while the rest is known.

    Example:
        >>> base_of("metoprolol succinate", {"metoprolol": "metoprolol"})
        'metoprolol'
    """
    words = term.replace(",", " ").split()
    while words:
        if " ".join(words) in bases:
            return " ".join(words)
        if words[-1] not in SALTS:
            return None
        words.pop()
    return None


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table under a temporary name, then rename it; `.gz` is compressed without a time stamp."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    data = text.getvalue().encode("utf-8")
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(gzip.compress(data, 9, mtime=0) if path.suffix == ".gz" else data)
    temporary.replace(path)


def build(evidence: Path, folder: Path) -> Counter[str]:
    """Rewrite the codes of `drugs.csv` and the derived tables in `folder`.

    Args:
        evidence: folder with `knowledge/` and `data/rxnorm/`, the witnesses.
        folder: the vocabulary; the names in its `drugs.csv`, and `atc.csv`, `rxnorm_labels.csv` (names that RxNorm
            spells differently), `rxcui_evidence.csv` (further witnesses), `not_in_text.txt` (forms that are ordinary
            words) are its input.

    Returns:
        How many rows each table got.
    """
    export = read_export(evidence / "data/rxnorm/RXNORM.csv.gz")
    known = read_witnesses(evidence, folder, export)
    curated = _curated(evidence, folder, known)
    write_csv(folder / "drugs.csv", ("name", "rxcui", "atc", "aware", "evidence"), curated)
    ingredients = _ingredients(folder, export, [row[0] for row in curated])
    named = list(_names(export, ingredients, _units(evidence), _lines(folder / "not_in_text.txt")))
    write_csv(folder / "names.csv.gz", ("term", "kind", "names", "rxcui", "in_text"), named)
    graph = _graph(evidence)
    drugs = list(_clinical(graph, export, ingredients))
    write_csv(folder / "clinical_drugs.csv.gz", ("rxcui", "names"), drugs)
    brands = _brands_of(graph, ingredients)
    others = labelled(named, export.codes, known.units, brands, {names for _, names in drugs})
    doubtful = disputed({row[0]: known.of(row[0]) for row in curated}, NEEDED_WITNESSES)
    own = {row[1] for row in curated} | {row[3] for row in named}
    rest = settled((*others, *doubtful), own)
    write_csv(folder / "other_codes.csv.gz", ("rxcui", "kind", "names"), rest)
    coded = sum(1 for row in curated if row[1])
    tables: dict[str, Sized] = {"drugs": curated, "names": named, "clinical drugs": drugs, "other codes": rest}
    return Counter({"coded": coded} | {table: len(rows) for table, rows in tables.items()})


def _curated(evidence: Path, folder: Path, known: Witnesses) -> list[tuple[str, str, str, str, str]]:
    aware = _aware(evidence / "knowledge/who_aware_2023.csv")
    atc = {row["name"]: row["atc"] for row in _rows(folder / "atc.csv")}
    out = []
    for name in sorted({row["name"] for row in _rows(folder / "drugs.csv")}):
        code, tables = agreed_code(known.of(name))
        out.append((name, code or "", atc.get(name, ""), aware.get(name, ""), ";".join(tables)))
    return out


def _aware(path: Path) -> dict[str, str]:
    """The category by our name; `Watch` where the oral and the injected form of one name differ."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in _rows(path):
        name = AWARE_NAMES.get(_plain(row["antibiotic"]), _plain(row["antibiotic"]))
        found[name].add(row["category"].strip())
    return {name: next(iter(categories)) if len(categories) == 1 else "Watch" for name, categories in found.items()}


def _plain(antibiotic: str) -> str:
    for ending in ("_oral", "_iv", " (oral)", " (iv)", "-oral", "-iv"):
        antibiotic = antibiotic.lower().removesuffix(ending)
    return antibiotic.replace("-", " ").strip()


AWARE_NAMES = {
    "amoxicillin/clavulanic acid": "clavulanate",
    "ampicillin/sulbactam": "sulbactam",
    "piperacillin/tazobactam": "tazobactam",
    "imipenem/cilastatin": "imipenem",
    "meropenem/vaborbactam": "vaborbactam",
    "ceftazidime/avibactam": "avibactam",
    "cefalexin": "cephalexin",
    "phenoxymethylpenicillin": "penicillin v",
    "benzylpenicillin": "penicillin g",
    "rifampicin": "rifampin",
    "sulfamethoxazole/trimethoprim": "sulfamethoxazole",
    "ceftaroline fosamil": "ceftaroline",
}


def _ingredients(folder: Path, export: Export, curated: list[str]) -> dict[str, str]:
    """Every label that is an ingredient, mapped to the name it goes by."""
    brands = set(export.brands)
    names = {term: term for term in export.components if term in export.codes and _is_medicine(term, brands)}
    names |= {name: name for name in curated}
    names |= _labels(folder)
    kept = {*curated, *_labels(folder)}
    for term in sorted(names, key=len):
        base = None if term in kept else base_of(" ".join(term.split()[:-1]), names)
        if base and term.split()[-1] in SALTS:
            names[term] = names[base]
    return names


def _is_medicine(term: str, brands: set[str]) -> bool:
    return term not in brands and not NOT_MEDICINES & set(term.split()) and not term[0].isdigit()


def _resolve(names: Sequence[str], ingredients: dict[str, str]) -> tuple[str, ...] | None:
    found = []
    for name in names:
        base = base_of(name, ingredients)
        if base is None:
            return None
        found.append(ingredients[base])
    return tuple(sorted(set(found)))


def _names(export: Export, ingredients: dict[str, str], units: set[str], ordinary: set[str]) -> Iterator[Named]:
    seen: set[str] = set()
    for term, name in sorted(ingredients.items()):
        codes = export.codes.get(term, set())
        code = next(iter(codes)) if len(codes) == 1 and codes <= units and term == name else ""
        seen.add(term)
        yield term, "ingredient" if term == name else "salt", name, code, str(int(term not in ordinary))
    for brand, counts in sorted(export.brands.items()):
        if brand not in seen:
            yield _brand_row(brand, counts, ingredients, ordinary)
            seen.add(brand)
    for term in sorted(export.codes):
        names = _resolve(term.split(" / "), ingredients) if " / " in term else None
        if names and term not in seen:
            yield term, "combination", ";".join(names), "", "1"
    for term in sorted(export.substances - seen):
        base = base_of(term, ingredients)
        if base or bears_stem(term):
            name = ingredients[base] if base else term
            yield term, "salt" if base else "ingredient", name, "", str(int(term not in ordinary))


def _brand_row(
    brand: str, counts: Counter[tuple[str, ...]], ingredients: dict[str, str], ordinary: Collection[str]
) -> Named:
    resolved: Counter[tuple[str, ...]] = Counter()
    for names, count in counts.items():
        found = _resolve(names, ingredients)
        if found:
            resolved[found] += count
    in_text = str(int(brand not in ordinary))
    if not resolved:
        return brand, "ambiguous", "", "", in_text
    names, count = resolved.most_common(1)[0]
    if count < BRAND_MAJORITY * sum(counts.values()):
        return brand, "ambiguous", "", "", in_text
    return brand, "brand", ";".join(names), "", in_text


def _graph(evidence: Path) -> dict[str, str]:
    """The labels of the prescribable clinical drugs and packs, by code."""
    text = (evidence / "data/rxnorm/prescribable_graph.json").read_text(encoding="utf-8")
    labels: dict[str, str] = json.loads(text)["cuiToName"]
    return labels


def _brands_of(graph: Mapping[str, str], ingredients: dict[str, str]) -> dict[str, str]:
    """What the prescribable clinical drugs of a brand hold."""
    counts: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for label in graph.values():
        brand, names = brand_of(label), ingredients_of(label)
        if brand and names:
            counts[brand.lower()][tuple(sorted(names))] += 1
    return {brand: _brand_row(brand, found, ingredients, ())[2] for brand, found in counts.items()}


def _clinical(graph: Mapping[str, str], export: Export, ingredients: dict[str, str]) -> Iterator[tuple[str, str]]:
    for code, label in sorted(graph.items(), key=lambda item: int(item[0])):
        here = _resolve(ingredients_of(label), ingredients)
        there = _resolve(ingredients_of(export.clinical.get(code, "")), ingredients)
        if here and here == there:
            yield code, ";".join(here)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _labels(folder: Path) -> dict[str, str]:
    """What RxNorm calls an ingredient that goes by another name here: label to name."""
    return {row["rxnorm_label"].lower(): row["name"] for row in _rows(folder / "rxnorm_labels.csv")}


def _lines(path: Path) -> set[str]:
    lines = (line.partition("#")[0].strip().lower() for line in path.read_text(encoding="utf-8").splitlines())
    return {line for line in lines if line}


def _units(evidence: Path) -> set[str]:
    with (evidence / "data/rxnorm/rxcui-unii-map.tsv").open(encoding="utf-8") as file:
        return {line.split("\t")[0] for line in file}
