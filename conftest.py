"""Read before tests/conftest.py, and so before heedmap is imported.

Shapes are checked at every call of a function whose module writes shapes; plain types are left
to pyright. (Checked everywhere, an audit takes four times as long, and nothing more is seen.)
"""

from pathlib import Path

from jaxtyping import install_import_hook

_SOURCE = Path(__file__).parent / "src"

_INNERMOST = {
    "heedmap.tracing.capture.cuts",
    "heedmap.tracing.capture.inputs",
    "heedmap.tracing.capture.trace",
    "heedmap.tracing.shared_prefix.layers_running",
}
"""Run at every operator or layer; a check there costs more than all that is tested."""


def modules_with_shapes() -> list[str]:
    """Modules of heedmap that write shapes, or use those of `heedmap.types`."""
    files = sorted((_SOURCE / "heedmap").rglob("*.py"))
    shaped = [
        ".".join(file.relative_to(_SOURCE).with_suffix("").parts)
        for file in files
        if any(word in file.read_text(encoding="utf-8") for word in ("jaxtyping", "heedmap.types"))
    ]
    return [name for name in shaped if name not in _INNERMOST]


install_import_hook(modules_with_shapes(), "beartype.beartype")
