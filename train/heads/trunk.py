"""The frozen parts of the trunk that heads work with, from the file that `collect.ts` makes of a package (`trunkFile.ts`)."""

from pathlib import Path

import numpy as np
import torch

from tensorFiles import read_tensors


class Trunk:
    def __init__(self, path: Path, shape: dict, draft_ids: np.ndarray):
        self.shape = shape
        self.tensors = read_tensors(path)
        table = self.tensors["head"]
        self._embedding = self.tensors.get("embedding", table)
        self.draft_ids = torch.from_numpy(np.asarray(draft_ids, np.int64))
        self.draft_head = torch.from_numpy(np.asarray(table[draft_ids], np.float32))
        # Index in the draft vocabulary by token id, -1 outside.
        self.index_of = torch.full((table.shape[0],), -1, dtype=torch.int64)
        self.index_of[self.draft_ids] = torch.arange(len(draft_ids))
        self.line_feeds = set(self.tensors["line_feeds"].tolist())

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        unique, inverse = ids.unique(return_inverse=True)
        rows = torch.from_numpy(np.asarray(self._embedding[unique.numpy()], np.float32))
        return rows[inverse]

    def weight(self, name: str) -> torch.Tensor:
        return torch.from_numpy(np.array(self.tensors[name], np.float32))
