"""Chooses the tokens that heads may draft: the most frequent ones of the corpus and of what the trunk writes.

    python train/heads/draftVocabulary.py --collection train --held-out heldOut --counts counts --size 32768

Reads <root>/heads/<collection> and <root>/heads/<counts>.safetensors; writes <root>/heads/<out>.safetensors with `ids` I32 (size),
ascending, and `frequency` F32 (size), and prints which share of the trunk's own choices each size would cover.
"""

import argparse

import numpy as np

from collection import Collection
from headsFolder import heads_root, trunk_file
from tensorFiles import read_tensors, write_tensors

# What the trunk writes is what is drafted: one of its tokens counts as much as this share of the corpus's tokens would.
GENERATED_SHARE = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", default="train")
    parser.add_argument("--held-out", default="heldOut")
    parser.add_argument("--counts", default="counts")
    parser.add_argument("--size", type=int, default=32768)
    parser.add_argument("--out", default="draftVocabulary")
    options = parser.parse_args()
    root = heads_root()
    collection, held_out = (Collection(root / name) for name in (options.collection, options.held_out))
    always = np.unique(read_tensors(trunk_file(collection.description))["always_drafted"])
    size = collection.description["shape"]["vocabulary"]
    corpus = np.asarray(read_tensors(root / f"{options.counts}.safetensors")["tokens"], np.float64)
    generated = np.bincount(choices(collection), minlength=size).astype(np.float64)
    frequency = corpus / max(1.0, corpus.sum())
    # Little generated text says little about rare tokens; it counts in full from a million tokens on.
    share = GENERATED_SHARE * min(1.0, generated.sum() / 1e6)
    frequency = (1 - share) * frequency + share * generated / max(1.0, generated.sum())
    if len(always) > options.size:
        raise SystemExit(f"--size {options.size} has no room for the {len(always)} ids that must be in it")
    # Tokens that never came up are not drafted, and ties go to the lower id.
    ranked = np.argsort(-frequency, kind="stable")
    ranked = np.concatenate([always, ranked[(frequency[ranked] > 0) & ~np.isin(ranked, always)]])
    ids = np.sort(ranked[: options.size]).astype(np.int32)
    out = root / f"{options.out}.safetensors"
    write_tensors(out, {"ids": ids, "frequency": frequency[ids].astype(np.float32)})
    print(f"{out}: {len(ids)} tokens, {len(always)} of them always, {int((frequency > 0).sum())} came up")
    for count in sorted({8192, 16384, 32768, 65536, options.size}):
        known = np.zeros(size, bool)
        known[ranked[:count]] = True
        print(f"  {count}: corpus {corpus[known].sum() / max(1.0, corpus.sum()):.4f}, "
              f"generated {covered(known, collection):.4f}, held-out {covered(known, held_out):.4f}")


def choices(collection: Collection) -> np.ndarray:
    return np.concatenate([sequence.top_ids[:, 0] for sequence in collection.sequences])


def covered(known: np.ndarray, collection: Collection) -> float:
    return float(known[choices(collection)].mean())


if __name__ == "__main__":
    main()
