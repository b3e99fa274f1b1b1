"""Configuration: one YAML file, `--set`, unknown keys refused with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Config, ConfigError, known_keys, load_config

ROOT = Path(__file__).parent.parent.parent


def test_set_overrides_one_key() -> None:
    assert load_config(settings=["routing.review_budget=0.3"]).routing.review_budget == 0.3


def test_an_unknown_key_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"routing\.review_budgt; did you mean routing\.review_budget"):
        load_config(settings=["routing.review_budgt=0.3"])


@pytest.mark.parametrize(
    "setting",
    [
        "routing.review_budget", "=3", "routing.review_budget=2", "plan.x=1", "plan=[", "routing.review_budget=",
        "routing.review_budget=.nan", "images.enabled=true",
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError):
        load_config(settings=[setting])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent"):
        load_config(tmp_path / "absent.yaml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "binary.yaml"):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_config(path)


def test_norway_is_a_region_and_norwegian_a_language() -> None:
    defaults = load_config(settings=["defaults.region=NO", "defaults.languages=[no, en]"]).defaults
    assert (defaults.region, defaults.languages) == ("NO", ("no", "en"))


def test_the_resolved_configuration_reads_back(tmp_path: Path) -> None:
    config = load_config(settings=["classifier.samples=7"])
    (tmp_path / "c.yaml").write_text(config.to_yaml(), encoding="utf-8")
    assert load_config(tmp_path / "c.yaml") == config


def test_speed_settings_do_not_change_the_hash() -> None:
    assert load_config(settings=["runtime.threads=1", "runtime.batch_size=5"]).sha256 == Config().sha256
    assert load_config(settings=["classifier.samples=7"]).sha256 != Config().sha256


@pytest.mark.parametrize("name", ["embedded.yaml", "paper.yaml"])
def test_shipped_configurations_load(name: str) -> None:
    load_config(ROOT / "configs" / name)


def test_embedded_is_the_default() -> None:
    assert load_config(ROOT / "configs" / "embedded.yaml") == Config()


def test_every_key_has_a_description() -> None:
    for key in known_keys():
        if "." in key:
            section, name = key.split(".")
            field = type(getattr(Config(), section)).model_fields[name]
            assert field.description, key
