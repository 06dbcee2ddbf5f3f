"""Bytes of a tokenizer's ids, and which ids may come next while a healed word is written again."""

import gzip
import json
from bisect import bisect_left


def read_bytes(path: str) -> list[bytes]:
    """By id; control tokens have none. `path`: tokenizer.json, plain or gzip."""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf8") as file:
        definition = json.load(file)
    byte_of = bytes_of_characters()
    vocabulary = definition["model"]["vocab"]
    size = 1 + max([*vocabulary.values(), *(token["id"] for token in definition["added_tokens"])])
    found = [b""] * size
    for text, index in vocabulary.items():
        found[index] = bytes(byte_of[character] for character in text)
    return found


def bytes_of_characters() -> dict[str, int]:
    """The printable stand-ins of the 256 bytes in byte-level vocabularies (GPT-2, `bytes_to_unicode`)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(others)}


class WordAgain:
    """Ids that agree with what is left of a word, as the engine's healing allows them."""

    def __init__(self, by_id: list[bytes]):
        self.by_id = by_id
        self.order = sorted((text, index) for index, text in enumerate(by_id) if text)
        self.texts = [text for text, _ in self.order]
        self.id_of = {text: index for text, index in reversed(self.order)}

    def allowed(self, word: bytes, tokens: list[int]) -> list[int] | None:
        """None when the word is written, so that anything may follow."""
        written = b"".join(self.by_id[token] for token in tokens if token >= 0)
        rest = word[len(written) :]
        if not rest:
            return None
        first = bisect_left(self.texts, rest)
        ids = []
        while first < len(self.order) and self.texts[first].startswith(rest):
            ids.append(self.order[first][1])
            first += 1
        return ids + [self.id_of[rest[:size]] for size in range(1, len(rest)) if rest[:size] in self.id_of]
