"""What `import safety.screen` costs: half a second at most, and nothing that it does not need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MOST_SECONDS = 0.5
HEAVY = ("torch", "transformers", "numpy", "pandas", "langchain", "langchain_core")
IMPORT = f"""
import sys, time
start = time.process_time()
import safety.screen
print(time.process_time() - start)
print([name for name in {HEAVY} if name in sys.modules])
"""
AT_ONCE = """
import threading
from cases.case import Case, Plan
start, failed = threading.Barrier(16), []

def read() -> None:
    start.wait()
    try:
        case = Case.model_validate_json('{"id": "c", "text": "x", "patient": {"age": 3}, "medications": ["aspirin"]}')
        assert case.medications[0].name == "aspirin"
        Plan.model_validate_json(Plan().model_dump_json())
    except Exception as error:
        failed.append(error)

threads = [threading.Thread(target=read) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(failed)
"""


def _python(code: str, cache: Path) -> list[str]:
    """Run code in a fresh interpreter that keeps compiled modules in `cache`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(cache)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pycache")
    _python("import safety.screen", folder)
    return folder


def test_the_screen_imports_within_half_a_second_of_processor_time(cache: Path) -> None:
    assert min(float(_python(IMPORT, cache)[0]) for _ in range(3)) <= MOST_SECONDS


def test_the_screen_imports_nothing_heavy(cache: Path) -> None:
    assert _python(IMPORT, cache)[1] == "[]"


def test_threads_that_read_the_first_cases_at_once_do_not_disturb_each_other(cache: Path) -> None:
    assert _python(AT_ONCE, cache) == ["[]"]
