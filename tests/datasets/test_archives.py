"""Archives: nothing leads out of them, nothing swells, nothing damaged passes."""

import tarfile
import zipfile

import pytest

from jscc import datasets
from jscc.datasets import DataCorrupt, archives
from tiny_datasets import RNG, files_in, tar_bytes, zip_bytes

EVIL = ["/etc/evil", "../evil", "a/../../evil", "C:/evil", "C:\\evil", "..\\evil", "\\evil", "\\\\host\\evil"]


@pytest.mark.parametrize("name", EVIL)
def test_members_that_climb_out_are_refused(name, tmp_path):
    for path, raw, read in (
        (tmp_path / "a.zip", zip_bytes({"good": b"1", name: b"2"}), datasets.read_zip),
        (tmp_path / "a.tar.gz", tar_bytes({"good": b"1", name: b"2"}), datasets.read_tar),
    ):
        path.write_bytes(raw)
        with pytest.raises(DataCorrupt, match="leads out"):
            list(read(path, lambda name: True))
        with pytest.raises(DataCorrupt, match="leads out"):
            list(read(path, lambda name: False))
    assert files_in(tmp_path) == ["a.tar.gz", "a.zip"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar_are_refused(kind, tmp_path):
    member = tarfile.TarInfo("inside")
    member.type, member.linkname = kind, "elsewhere"
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(member)
    with pytest.raises(DataCorrupt, match="link or a device"):
        list(datasets.read_tar(path, lambda name: True))


def test_links_in_a_zip_are_refused(tmp_path):
    member = zipfile.ZipInfo("inside")
    member.external_attr = 0o120777 << 16
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "elsewhere")
    with pytest.raises(DataCorrupt, match="link or a device"):
        list(datasets.read_zip(path, lambda name: True))


def test_swollen_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 1000)
    for size in (1000, 1001):
        content = {"big": bytes(size)}
        (tmp_path / "a.zip").write_bytes(zip_bytes(content))
        (tmp_path / "a.tar.gz").write_bytes(tar_bytes(content))
        for path, read in (
            (tmp_path / "a.zip", datasets.read_zip),
            (tmp_path / "a.tar.gz", datasets.read_tar),
        ):
            if size == 1000:
                assert list(read(path, lambda name: True)) == [("big", bytes(1000))]
            else:
                with pytest.raises(DataCorrupt, match="1001 bytes"):
                    list(read(path, lambda name: True))


def test_damaged_archives_are_named(tmp_path):
    content = {"a": RNG.bytes(5000), "b": RNG.bytes(5000)}
    for path, raw, read in (
        (tmp_path / "a.zip", zip_bytes(content), datasets.read_zip),
        (tmp_path / "a.tar.gz", tar_bytes(content), datasets.read_tar),
    ):
        flipped = raw[:3000] + bytes([raw[3000] ^ 255]) + raw[3001:]
        for damaged in (b"", b"no archive at all", raw[:4000], flipped):
            path.write_bytes(damaged)
            with pytest.raises(DataCorrupt, match=path.name.replace(".", r"\.")):
                # A flipped bit in a .tar.gz shows at its end, where the checksum is.
                got = dict(read(path, lambda name: True))
                assert got != content
