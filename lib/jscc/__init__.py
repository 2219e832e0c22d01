"""Coding beyond separation: source codes, channel codes and tasks that meet.

The library behind the book. Rooms are laid on floors: shared ground (`bitplanes`, `channels`,
`information`, `tanner`, `datasets`, `plotting`), one room for each code family, the papers'
systems made of them, and the experiments that fill the book's tables. A room imports only
from floors below its own.
"""

from jscc import _compiled as _compiled

__version__ = "0.1.0"
