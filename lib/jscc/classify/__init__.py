"""Paper 1: classifying images from the syndromes of their bit-planes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "baselines": ["predict", "train_readout"],
        "codes": ["CODES", "banded", "control_codes"],
        "columns": [
            "COLUMNS",
            "N_CLASSES",
            "SIDE",
            "Column",
            "LabelledImages",
            "features",
            "gray_images",
            "luma",
            "pad",
            "paper_code",
            "pruned_code",
            "pruned_features",
            "symbols",
        ],
        "design": [
            "STRUCTURES",
            "Check",
            "TrainingBits",
            "check_bits",
            "graph_of",
            "learn_checks",
            "random_checks",
            "select_checks",
            "tiled_checks",
        ],
        "gru": ["GRUClassifier", "Settings"],
        "recovery": ["KINDS", "ORDER", "BitPrior", "Recovery", "information_content", "known_planes", "recover"],
        "readings": ["MATRICES", "READINGS", "gray_coded", "gray_magnitudes", "open_matrix", "read"],
        "rivals": [
            "byte_gru",
            "compact_cnn",
            "fully_connected",
            "low_frequencies",
            "n_parameters",
            "resnet18",
            "square",
            "train_and_predict",
            "vgg11",
        ],
        "shipped": ["CLASS_NAMES", "ShippedClassifier", "read_picture", "shipped_classifier"],
        "plane_statistics": ["bit_statistics", "context_entropy", "independent_check_entropy"],
    },
)
