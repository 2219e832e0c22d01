"""Neural joint source-channel codes, the separate codes that they are to beat, and what both are tried with."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "adaptive": ["MixedNoise", "PrefixNecst", "prefix"],
        "decoding": ["Decoder"],
        "downstream": ["CLASSIFIERS", "UnguardedQDA", "classifier", "constant_bits", "predicted"],
        "image_files": ["OperatingPoints", "fewest_bits", "operating_points", "payload_bits"],
        "labels": ["binarized_mnist_labels", "find_gray"],
        "linear": ["LinearCode", "good_code"],
        "model": [
            "SETTINGS",
            "Necst",
            "Settings",
            "celeba_networks",
            "cifar_networks",
            "network",
            "perceptrons",
            "svhn_networks",
        ],
        "vae": ["CodedAutoencoder"],
        "reader": ["DigitReader", "train_reader"],
        "sampling": [
            "Strip",
            "chain_steps",
            "flip_first",
            "flip_path",
            "interpolate",
            "markov_chain",
            "strip",
        ],
        "webp_frame": ["FrameSettings", "frame_settings"],
        "shipped": [
            "READER",
            "SHIPPED_NOISES",
            "model_of",
            "shipped_model",
            "shipped_reader",
            "weights_name",
            "weights_of",
        ],
        "separate": ["ChannelOptimisedCode", "SeparateCode", "VectorQuantiser"],
        "objectives": [
            "OBJECTIVES",
            "Objective",
            "divergence_from_uniform",
            "divergence_slope",
            "pair_terms",
            "sample_terms",
        ],
    },
)
