"""The experiments behind the book's tables and figures, one module per paper.

Each module keeps its experiments in a list named ``EXPERIMENTS``; `registry` collects them.
"""

import importlib
import pkgutil
from collections.abc import Iterable

__all__ = ["registry"]


def registry(modules: Iterable[str] = ()) -> dict:
    """Collect every known experiment.

    Parameters
    ----------
    modules
        Names of further modules with an ``EXPERIMENTS`` list (they must be importable).

    Returns
    -------
    dict[str, jscc.runner.Experiment]
        The experiments by name, in the order of their modules and lists.

    Raises
    ------
    ValueError
        If a named module has no ``EXPERIMENTS`` list, or two experiments have one name.
    """
    own = [f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)]
    found = {}
    for module_name in [*own, *modules]:
        module = importlib.import_module(module_name)
        experiments = getattr(module, "EXPERIMENTS", None)
        if experiments is None:
            if module_name in own:
                continue
            raise ValueError(f"module {module_name} has no list EXPERIMENTS")
        for experiment in experiments:
            known = found.setdefault(experiment.name, experiment)
            if known is not experiment:
                raise ValueError(f"two experiments are named {experiment.name!r}, one is in {module_name}")
    return found
