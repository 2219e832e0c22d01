"""A machine without any data, and a home for the tiny sets."""

import pytest

from jscc.datasets import catalogue, fetch
from tiny_datasets import Server, catalogue_text


@pytest.fixture
def server():
    server = Server()
    yield server
    server.resume.set()
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def house(tmp_path, monkeypatch, server):
    """A machine with nothing on it but the tiny catalogue, whose home is the local server."""
    path = tmp_path / "datasets.toml"
    path.write_text(catalogue_text([server.url]))
    monkeypatch.setattr(catalogue, "CATALOGUE", path)
    # The server may have the port of another test's, which did not answer and is not asked again for a minute.
    monkeypatch.setattr(fetch, "_unreachable", {})
    monkeypatch.setenv("JSCC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("JSCC_DATA", raising=False)
    monkeypatch.delenv("JSCC_OFFLINE", raising=False)
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    return tmp_path
