"""Data sets: found, fetched once, checked to the last byte, and never unpickled.

A set is looked for as ``$JSCC_DATA/<name>.npz``, then in the cache (``$JSCC_CACHE``, or the user's own);
failing both, its official files are downloaded, checked against the sums in ``data/datasets.toml`` and
turned once into the same npz in the cache. Single pictures go the same way as ``images/<name>.png``. What a
file must hold, to the last byte of every array, is written in ``data/datasets.toml`` too, and is checked at
every load: a truncated, altered or wrong file raises `DataCorrupt`, which names it, and is never passed over
in silence. What cannot be read, written or fetched raises `DataUnavailable`.

With ``JSCC_OFFLINE=1`` nothing is ever downloaded.

An archive is never unpacked onto the disk: its members are read one by one into memory, after their
names, kinds and sizes have been checked.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "archives": ["MAX_MEMBER_BYTES", "read_tar", "read_zip"],
        "catalogue": [
            "CATALOGUE",
            "ArraySpec",
            "Copy",
            "DataSet",
            "Picture",
            "RemoteFile",
            "image_names",
            "info",
            "names",
        ],
        "fetch": [
            "ATTEMPTS",
            "LEAST_BYTES_PER_S",
            "TIMEOUT_S",
            "UNREACHABLE_S",
            "convert_celeba",
        ],
        "formats": ["area_average", "parse_amat", "parse_idx"],
        "loading": [
            "Exactness",
            "available",
            "exactness",
            "fingerprint",
            "here",
            "image",
            "load",
            "loaded",
            "random_bits",
            "report",
            "state",
        ],
        "places": ["cache_dir"],
        "trouble": ["DataCorrupt", "DataUnavailable"],
    },
)
