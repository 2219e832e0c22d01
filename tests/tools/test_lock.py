"""The lock files get the hashes of every file of a pinned version, and of no other."""

import hashlib
from types import SimpleNamespace

import pytest
from packaging.version import Version

from support import tool

lock = tool("lock")


def link(name: str, sha256: str | None, path=None):
    """A file as pip's finder lists it."""
    return SimpleNamespace(
        filename=name, hash_name=sha256 and "sha256", hash=sha256, is_file=path is not None, file_path=path
    )


def finder(**files):
    """What an index holds: for each package, versions and links."""
    items = {
        name: [SimpleNamespace(version=Version(version), link=item) for version, item in versions]
        for name, versions in files.items()
    }
    return SimpleNamespace(find_all_candidates=lambda name: items.get(name, []))


A, B, C, D = (digit * 64 for digit in "abcd")


def test_all_files_of_the_version_and_local_builds_of_it_are_named(tmp_path):
    (tmp_path / "here.whl").write_bytes(b"a build of this machine")
    here = hashlib.sha256(b"a build of this machine").hexdigest()
    index = finder(
        torch=[
            ("2.1", link("torch-2.1-linux.whl", B)),
            ("2.1", link("torch-2.1-mac.whl", A)),
            ("2.1+cpu", link("torch-2.1+cpu.whl", None, tmp_path / "here.whl")),
            ("2.2", link("torch-2.2-linux.whl", C)),
        ]
    )
    text = lock.with_hashes("# pins\n-c other.lock\ntorch==2.1\n", index)
    expected = " \\\n".join(["torch==2.1", *(f"    --hash=sha256:{value}" for value in sorted([A, B, here]))])
    assert text == f"# pins\n-c other.lock\n{expected}\n"
    assert lock.with_hashes(text, index) == text


def test_a_hash_that_only_another_machine_knows_is_kept_while_the_version_is():
    text = lock.with_hashes("six==1.0\n", finder(six=[("1.0", link("a", A)), ("1.0", link("b", D))]))
    elsewhere = finder(six=[("1.0", link("a", A)), ("1.1", link("c", C))])
    assert lock.with_hashes(text, elsewhere) == text
    changed = lock.with_hashes(text.replace("1.0", "1.1"), elsewhere)
    assert changed == f"six==1.1 \\\n    --hash=sha256:{C}\n"


@pytest.mark.parametrize("files", [{}, {"six": [("1.1", link("a", A))]}, {"six": [("1.0", link("a", None))]}])
def test_a_pin_without_a_hash_is_an_error(files):
    with pytest.raises(RuntimeError, match="six|a"):
        lock.with_hashes("six==1.0\n", finder(**files))
