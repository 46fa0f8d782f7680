"""Quick development scores on gold tokens and gold sentences; `evaluate.py` measures the real pipeline."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from data import Dataset, Labels
from jax_network import Array, Batch, Weights, arc_scores, embed, encode, ner_emissions, rel_scores

from graphrag.models.decoding import best_path

Scores = dict[str, float]


def make_evaluation(labels: Labels, legal: Array) -> dict[str, Callable[[Weights, Dataset], Scores]]:
    """Return one scorer per task; the entry "score" is what training selects by."""

    @jax.jit
    def parse(p: Weights, batch: Batch) -> tuple[Array, ...]:
        mask = batch["mask"]
        h = encode(p, "shared", embed(p, batch["columns"], None, 0), mask, None, 0)
        h = encode(p, "syntax", h, mask, None, 0)
        s, root = arc_scores(p, h, None, 0)
        same = (
            (batch["sentence"][:, :, None] == batch["sentence"][:, None, :])
            & mask[:, None, :]
            & ~jnp.eye(mask.shape[1], dtype=bool)[None]
        )
        best = jnp.argmax(jnp.concatenate([root[:, :, None], jnp.where(same, s, -1e9)], -1), -1)
        is_root, heads = best == 0, jnp.maximum(best - 1, 0)
        rel = jnp.argmax(rel_scores(p, h, heads, is_root, None, 0), -1)
        return (
            best,
            rel,
            jnp.argmax(h @ p["tag.w"] + p["tag.b"], -1),
            jnp.argmax(h @ p["morph.w"] + p["morph.b"], -1),
            (h @ p["start.w"] + p["start.b"])[..., 0] > 0,
        )

    @jax.jit
    def emissions(p: Weights, batch: Batch) -> Array:
        return ner_emissions(p, batch, None, 0)

    punct = labels.deps.index("punct")

    def syntax(p: Weights, dataset: Dataset) -> Scores:
        right = {"uas": 0, "las": 0, "tag": 0, "morph": 0}
        n = n_all = tp = fp = fn = 0
        for batch in dataset.batches(None):
            best, rel, tag, morph, start = (np.asarray(x) for x in parse(p, batch))
            gold = np.where(batch["root"], 0, batch["head"] + 1)
            m = batch["mask"] & (batch["dep"] >= 0) & (batch["dep"] != punct)
            right["uas"] += ((best == gold) & m).sum()
            right["las"] += ((best == gold) & (rel == batch["dep"]) & m).sum()
            n += m.sum()
            m = batch["mask"]
            n_all += m.sum()
            right["tag"] += ((tag == batch["tag"]) & m).sum()
            right["morph"] += ((morph == batch["morph"]) & m).sum()
            g = batch["start"].astype(bool) & m
            tp, fp, fn = tp + (start & g).sum(), fp + (start & m & ~g).sum(), fn + (~start & g).sum()
        las = right["las"] / n
        return {
            "uas": right["uas"] / n,
            "las": las,
            "tag": right["tag"] / n_all,
            "morph": right["morph"] / n_all,
            "sent": 2 * tp / max(2 * tp + fp + fn, 1),
            "score": las,
        }

    def ner(p: Weights, dataset: Dataset) -> Scores:
        transition = np.where(np.asarray(legal), np.asarray(p["ner.transition"]), -1e4)
        tp = fp = fn = 0
        for batch in dataset.batches(None):
            emit = np.asarray(emissions(p, batch))
            for e, g, m in zip(emit, batch["ent"], batch["mask"], strict=True):
                path = np.zeros(len(e), int)
                pieces = np.flatnonzero(np.diff(np.concatenate([[0], m.astype(int), [0]]))).reshape(-1, 2)
                for lo, hi in pieces:
                    path[lo:hi] = best_path(e[lo:hi], transition)
                    got, want = labels.spans(path[lo:hi]), labels.spans(g[lo:hi])
                    unknown = g[lo:hi] < 0
                    got = {s for s in got if not unknown[s[0] : s[1]].any()}
                    tp, fp, fn = tp + len(got & want), fp + len(got - want), fn + len(want - got)
        f = 2 * tp / max(2 * tp + fp + fn, 1)
        return {"ner_p": tp / max(tp + fp, 1), "ner_r": tp / max(tp + fn, 1), "ner_f": f, "score": f}

    return {"syntax": syntax, "ner": ner}
