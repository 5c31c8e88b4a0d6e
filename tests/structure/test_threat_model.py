from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text("utf-8")


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    nodes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    named = {node.name for node in ast.walk(tree) if isinstance(node, nodes)}
    return named | {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = re.findall(r"^- `(tests/[\w/]+\.py)::(\w+)`$", PAGE, flags=re.MULTILINE)
    missing = [
        f"{path}::{name}" for path, name in named if not (ROOT / path).exists() or name not in names_in(ROOT / path)
    ]
    assert named
    assert missing == []


def test_every_threat_has_an_answer() -> None:
    threats = re.split(r"^### ", PAGE.partition("## Threats and answers")[2].partition("\n## ")[0], flags=re.MULTILINE)
    unanswered = [threat.partition("\n")[0] for threat in threats[1:] if "- `tests/" not in threat]
    assert unanswered == []
