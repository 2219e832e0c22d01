"""Paper 2: the experiments of the chapter on lossy compression with codes over GF(q)."""

from jscc.experiments.lossy import beyond, exact, figures, rates, rivals
from jscc.experiments.lossy.views import coder_times, in_db, keeps_conditions, over_codes, over_words, with_gaps

__all__ = ["EXPERIMENTS", "coder_times", "in_db", "keeps_conditions", "over_codes", "over_words", "with_gaps"]

EXPERIMENTS = [
    *figures.EXPERIMENTS,
    *rates.EXPERIMENTS,
    *beyond.EXPERIMENTS,
    *exact.EXPERIMENTS,
    *rivals.EXPERIMENTS,
]
