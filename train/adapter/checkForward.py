"""Compares the forward pass with the independent reference in test/fixtures/model (scripts/fixtures/referenceLogits.py).

    python train/adapter/checkForward.py MODEL.gguf
"""

import argparse
import json
from pathlib import Path

import torch

from qwen2 import PackedGroup, Qwen2

FIXTURE = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "model" / "reference-qwen2.5-coder-0.5b.json"
TOLERANCE = 2e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="GGUF file that the fixture was made from")
    options = parser.parse_args()
    reference = json.loads(FIXTURE.read_text("utf8"))
    model = Qwen2(options.model)
    worst = 0.0
    for prompt in reference["prompts"]:
        count = len(prompt["ids"])
        rows = torch.tensor([row["row"] for row in prompt["rows"]])
        empty = torch.zeros(0)
        group = PackedGroup(
            ids=torch.tensor(prompt["ids"]),
            positions=torch.arange(count),
            branch=torch.full((count,), -1),
            mask=torch.ones(count, count, dtype=torch.bool).tril(),
            loss_rows=rows,
            targets=empty,
            weights=empty,
            sample_of_target=empty,
        )
        with torch.no_grad():
            logits = model.logits(group, None)
        for index, row in enumerate(prompt["rows"]):
            sampled = logits[index, reference["sampledIds"]] - torch.tensor(row["sampledLogits"])
            top = logits[index, row["topIds"]] - torch.tensor(row["topLogits"])
            worst = max(worst, sampled.abs().max().item(), top.abs().max().item())
        print(f"{prompt['name']}: largest difference so far {worst:.5f}")
    if worst > TOLERANCE:
        raise SystemExit(f"the forward pass differs from the reference by {worst:.4f}, more than {TOLERANCE}")


if __name__ == "__main__":
    main()
