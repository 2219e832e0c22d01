"""Run the notebooks of the book again, in place.

``python tools/refresh.py`` takes every notebook of the table of contents; paths given as arguments take
only those.  A notebook is written only if all of its cells ran, and in a form that differs from the stored
one only where what it shows differs: cell ids stay, times and widget state are not stored.  Players are
asked for their static form (``JSCC_STATIC=1``), the one that the built page shows.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent
CELL_TIMEOUT_S = 900
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT_OUTPUT_METADATA = {"image/png", "image/jpeg", "image/svg+xml"}


def notebooks_of_the_book() -> list[Path]:
    """The notebooks of ``_toc.yml``, in reading order."""
    pages = [ROOT / f"{name}.ipynb" for name in parse_toc_yaml(ROOT / "_toc.yml")]
    return [page for page in pages if page.exists()]


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Drop from an executed notebook what changes without its content changing."""
    kept = {key: value for key, value in notebook.metadata.items() if key not in ("widgets", "kernelspec")}
    notebook.metadata = NotebookNode(kept | {"kernelspec": KERNEL, "language_info": {"name": "python"}})
    for cell in notebook.cells:
        for key in ("execution", "collapsed", "scrolled", "jupyter", "pycharm"):
            cell.metadata.pop(key, None)
        outputs: list[NotebookNode] = []
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = {k: v for k, v in output.metadata.items() if k in KEPT_OUTPUT_METADATA}
            # One stream split in two, or not, is a matter of timing.
            previous = outputs[-1] if outputs else {}
            if output.output_type == "stream" and previous.get("name") == output.name:
                previous["text"] += output.text
            else:
                outputs.append(output)
        if "outputs" in cell:
            cell.outputs = outputs
    return notebook


def refresh(path: Path) -> bool:
    """Execute one notebook where it lies and store it; return whether its file changed."""
    stored = path.read_text(encoding="utf8")
    notebook = nbformat.reads(stored, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
    )
    client.execute()
    fresh = nbformat.writes(tidy(notebook), version=4) + "\n"
    if fresh == stored:
        return False
    partial = path.with_suffix(".partial")
    partial.write_text(fresh, encoding="utf8")
    os.replace(partial, path)
    return True


def main(arguments: list[str]) -> int:
    """Refresh the notebooks named, or all; the exit status says whether every one ran."""
    os.environ["JSCC_STATIC"] = "1"
    os.environ.setdefault("PYTHONHASHSEED", "0")
    failed = 0
    for path in [Path(name).resolve() for name in arguments] or notebooks_of_the_book():
        try:
            changed = refresh(path)
        except CellExecutionError as error:
            print(f"{path.relative_to(ROOT)}: not written, a cell failed\n{error}", file=sys.stderr)
            failed += 1
        else:
            print(f"{path.relative_to(ROOT)}: {'written' if changed else 'unchanged'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
