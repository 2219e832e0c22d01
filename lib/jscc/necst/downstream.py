"""The classifiers of paper 4, Table 1, as scikit-learn has them: what can be read off the codes.

Settings are those of section B.6, all others the library's. The text of section 6.2 names seven of its eight; the
table's eighth is naive Bayes.

Of quadratic discriminant analysis there are three. Where a bit is the same in all images of a class, the class's
covariance is singular. ``QDA`` is the library's, which refuses that today. ``QDA_unguarded`` does what the library did
when the paper was written: it warned, and went on to divide by variances that are 0 or a rounding error.
``QDA_regularised`` adds a hundredth of the identity to 99 hundredths of each covariance.
"""

from __future__ import annotations

import warnings

import numpy as np

__all__ = ["CLASSIFIERS", "UnguardedQDA", "classifier", "constant_bits", "predicted"]

CLASSIFIERS = ("KNN", "DT", "RF", "MLP", "AdaB", "NB", "QDA", "QDA_unguarded", "QDA_regularised", "SVM")


def classifier(name: str, seed: int = 0):
    """An untrained classifier of Table 1.

    Parameters
    ----------
    name : str
        One of `CLASSIFIERS`.
    seed : int
        Of those that draw: trees, forest, perceptron and AdaBoost.

    Returns
    -------
    sklearn.base.ClassifierMixin

    Examples
    --------
    >>> classifier("KNN")
    KNeighborsClassifier(n_neighbors=3)
    """
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
    from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    makers = {
        "KNN": lambda: KNeighborsClassifier(n_neighbors=3),
        "DT": lambda: DecisionTreeClassifier(max_depth=5, random_state=seed),
        "RF": lambda: RandomForestClassifier(max_depth=5, n_estimators=10, max_features=1, random_state=seed),
        "MLP": lambda: MLPClassifier(alpha=1, random_state=seed),
        "AdaB": lambda: AdaBoostClassifier(random_state=seed),
        "NB": GaussianNB,
        "QDA": QuadraticDiscriminantAnalysis,
        "QDA_unguarded": UnguardedQDA,
        "QDA_regularised": lambda: QuadraticDiscriminantAnalysis(reg_param=0.01),
        "SVM": lambda: SVC(kernel="linear", C=0.025),
    }
    if name not in makers:
        raise ValueError(f"name={name!r} given, one of {', '.join(CLASSIFIERS)} is expected")
    return makers[name]()


def predicted(name: str, bits: np.ndarray, labels: np.ndarray, *tests: np.ndarray, seed: int = 0) -> list | None:
    """Train on codes, and name the class of others.

    Parameters
    ----------
    name, seed
        As of `classifier`.
    bits : ndarray of 0 and 1, shape (N, m)
    labels : ndarray of int, shape (N,)
    *tests : ndarray of 0 and 1, shape (n, m)

    Returns
    -------
    list of ndarray of int, shape (n,), or None
        For each of `tests`. None where a class's covariance is singular and the classifier refuses it.
    """
    from sklearn.exceptions import ConvergenceWarning

    chosen = classifier(name, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the perceptron, after the library's 200 epochs
        try:
            chosen.fit(bits.astype(float), labels)
        except np.linalg.LinAlgError:
            return None
    return [chosen.predict(test.astype(float)) for test in tests]


class UnguardedQDA:
    """Quadratic discriminant analysis that divides by whatever variance there is, as scikit-learn did in 2018.

    A variance of 0 gives scores of infinity or of no number; the first class with one of the latter is chosen.
    """

    def fit(self, rows: np.ndarray, labels: np.ndarray) -> UnguardedQDA:
        """Estimate mean and covariance of each class, from rows (N, m) and labels (N,)."""
        self.classes_, counts = np.unique(labels, return_counts=True)
        self.priors_ = counts / len(labels)
        self.means_, self.scalings_, self.rotations_ = [], [], []
        for label in self.classes_:
            members = rows[labels == label]
            mean = members.mean(axis=0)
            _, singular, turned = np.linalg.svd(members - mean, full_matrices=False)
            self.means_.append(mean)
            self.scalings_.append(singular**2 / (len(members) - 1))
            self.rotations_.append(turned.T)
        return self

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """The class of greatest score of each row (n, m)."""
        scores = np.empty((len(rows), len(self.classes_)))
        with np.errstate(all="ignore"):
            for place, (mean, scaling, rotation) in enumerate(
                zip(self.means_, self.scalings_, self.rotations_, strict=True)
            ):
                squares = (((rows - mean) @ (rotation / np.sqrt(scaling))) ** 2).sum(axis=1)
                scores[:, place] = np.log(self.priors_[place]) - (squares + np.log(scaling).sum()) / 2
        return self.classes_[scores.argmax(axis=1)]


def constant_bits(bits: np.ndarray, labels: np.ndarray) -> int:
    """How many pairs of a class and a bit there are in which the bit is the same in all images of the class.

    Examples
    --------
    >>> constant_bits(np.array([[0, 1], [0, 0], [1, 1]]), np.array([5, 5, 6]))
    3
    """
    return sum(
        int((bits[labels == label] == bits[labels == label][0]).all(axis=0).sum()) for label in np.unique(labels)
    )
