"""Which test proves which requirement: reads docs/requirements.md and the tests' markers, prints a table."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
_ROW = re.compile(r"^\| ([WRGK]\d+) \| (built|planned) \|", re.MULTILINE)


def stated() -> dict[str, str]:
    """The requirements with their state, in the order of the document."""
    return dict(_ROW.findall((ROOT / "docs" / "requirements.md").read_text("utf-8")))


def proven() -> dict[str, list[str]]:
    """The tests by the requirement they name."""
    tests: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        everywhere = _named_by_module(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                numbers = {number for decorator in node.decorator_list for number in _named(decorator)}
                if node.name.lower().startswith("test"):
                    numbers |= everywhere
                for number in numbers:
                    tests[number].append(f"{path.relative_to(ROOT)}::{node.name}")
    return tests


def _named_by_module(tree: ast.Module) -> set[str]:
    return {
        number
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)
        for each in (node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value])
        for number in _named(each)
    }


def _named(decorator: ast.expr) -> list[str]:
    if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
        return []
    if decorator.func.attr != "requirement":
        return []
    return [arg.value for arg in decorator.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]


def main() -> int:
    """Print the table; fail if something built is proven by nothing."""
    tests = proven()
    missing = []
    for number, state in stated().items():
        names = tests.get(number, [])
        sys.stdout.write(f"{number:4} {state:8} {len(names):3} test{'s' if len(names) != 1 else ' '}  ")
        sys.stdout.write(f"{names[0] if names else '–'}\n")
        if state == "built" and not names:
            missing.append(number)
    if missing:
        sys.stdout.write(f"\nBuilt, but proven by no test: {', '.join(missing)}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
