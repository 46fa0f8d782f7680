"""Train the network of `en_kg_sm` on CPU with JAX and write its weights.

    python training/train.py DATA_FOLDER OUT_FOLDER [--minutes 40] [--seed 1]

The weights of the best epoch so far (moving average, scored on the development parts) are always in
OUT_FOLDER, so a run may be stopped at any time; `training/pack.py` turns them into the shipped folder.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np
import optax
from augmentation import Augmenter
from data import Dataset, Labels, build_vocabulary, load_passages
from jax_network import ROWS, initial, ner_loss, syntax_loss
from scoring import make_evaluation

from graphrag.models.features import Featurizer

ROW = 128  # tokens of one packed row


def main() -> None:
    """Train until the epochs or the minutes are over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=1e9, help="wall-clock minutes to finish in")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--depth", default="1,2,2", help="layers shared, syntax only, entities only")
    parser.add_argument("--batch-rows", type=int, default=16)
    parser.add_argument("--rate", type=float, default=0.0025)
    parser.add_argument("--dropout", type=float, default=0.25)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--tasks", default="syntax,ner")
    parser.add_argument("--start", type=Path, help="continue from the weights of an earlier run")
    parser.add_argument("--limit", type=int, default=0)
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    started = time.monotonic()

    def minutes() -> float:
        return (time.monotonic() - started) / 60

    train, dev = load_passages(a.data, "train"), load_passages(a.data, "dev")
    vocabulary, counts = build_vocabulary(train, ROWS)
    labels = Labels.collect(train)
    legal = jnp.asarray(labels.legal())
    featurizer = Featurizer(vocabulary)
    shared, syntax, entity = (int(n) for n in a.depth.split(","))
    rng = np.random.default_rng(a.seed)
    depth = {"shared": shared, "syntax": syntax, "entity": entity}
    params = {
        k: jnp.asarray(v)
        for k, v in initial(rng, labels, len(vocabulary.index), a.width, a.hidden, depth).items()
    }
    if a.start is not None:
        with np.load(a.start / "weights.npz", allow_pickle=False) as arrays:
            same = {k: arrays[k] for k in arrays.files if k in params and arrays[k].shape == params[k].shape}
        params.update({k: jnp.asarray(v) for k, v in same.items()})
        print("new:", sorted(set(params) - set(same)), flush=True)
    (a.out / "labels.json").write_text(json.dumps(labels.to_json()), encoding="utf-8")
    (a.out / "vocabulary.json").write_text(
        json.dumps(
            {"index": list(vocabulary.index), "casing": list(vocabulary.casing), "rows": ROWS},
            ensure_ascii=False,
        ),
        encoding="utf-8",
    )
    augmenter = Augmenter(random.Random(a.seed), train)
    data = {
        "syntax": Dataset(
            [x for x in train if x.has_tree], labels, featurizer, counts, ROW, a.batch_rows, augmenter
        ),
        "ner": Dataset(
            [x for x in train if x.has_entities], labels, featurizer, counts, ROW, a.batch_rows, augmenter
        ),
    }
    held = {
        "syntax": Dataset([x for x in dev if x.has_tree], labels, featurizer, None, ROW, 16, None),
        "ner": Dataset(
            [x for x in dev if x.has_entities and not x.only_names], labels, featurizer, None, ROW, 16, None
        ),
    }
    tasks = a.tasks.split(",")
    steps_per_epoch = sum(data[t].estimated_batches() for t in tasks)
    total = a.epochs * steps_per_epoch
    size = sum(value.size for value in params.values())
    print(f"{size:,} weights, {len(vocabulary.index)} words, {steps_per_epoch} steps an epoch", flush=True)
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0), optax.scale_by_adam(b1=0.9, b2=0.98), optax.add_decayed_weights(0.002)
    )
    state = optimizer.init(params)

    def rate_at(step: int, spent: float) -> float:
        """Warm up, then a cosine down to 2 %; the time budget pulls it down where steps are slow."""
        progress = min(1.0, max(step / total, spent / a.minutes))
        return a.rate * min(1.0, step / 300) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))

    def make(loss_function):
        def update(params, average, state, batch, key, decay, rate):
            loss, grads = jax.value_and_grad(loss_function)(params, batch, key)
            changes, state = optimizer.update(grads, state, params)
            params = jax.tree.map(lambda x, y: x - rate * y, params, changes)
            average = jax.tree.map(lambda x, y: decay * x + (1 - decay) * y, average, params)
            return params, average, state, loss

        return jax.jit(update, donate_argnums=(0, 1, 2))

    update = {
        "syntax": make(lambda p, b, k: syntax_loss(p, b, k, a.dropout)),
        "ner": make(lambda p, b, k: ner_loss(p, b, k, a.dropout, legal)),
    }
    evaluate = make_evaluation(labels, legal)
    average = jax.tree.map(jnp.copy, params)
    key = jax.random.PRNGKey(a.seed)
    order = np.random.default_rng(a.seed)
    best: dict[str, float] = {}
    step = 0
    for epoch in range(a.epochs):
        streams = {t: data[t].batches(order) for t in tasks}
        queue = [t for t in tasks for _ in range(len(streams[t]))]
        order.shuffle(queue)
        losses = {t: [] for t in tasks}
        for task in queue:
            key, sub = jax.random.split(key)
            step += 1
            decay = min(0.998, (1 + step) / (10 + step))
            params, average, state, loss = update[task](
                params, average, state, streams[task].pop(), sub, decay, rate_at(step, minutes())
            )
            losses[task].append(float(loss))
            if step % 100 == 0:
                recent = {t: round(float(np.mean(losses[t][-40:])), 3) for t in tasks if losses[t]}
                print(f"  step {step} cpu {(time.process_time() - began) / 60:.2f}min {recent}", flush=True)
            if minutes() > a.minutes or (a.limit and step >= a.limit):
                break
        scores = {t: evaluate[t](average, held[t]) for t in tasks}
        report = {
            **{t: round(float(np.mean(losses[t])), 4) for t in tasks},
            **{k: round(v, 4) for s in scores.values() for k, v in s.items()},
        }
        spent = (time.process_time() - began) / 60
        print(f"epoch {epoch + 1} step {step} cpu {spent:.1f}min {json.dumps(report)}", flush=True)
        quality = sum(s["score"] for s in scores.values())
        if quality > best.get("quality", -1):
            best["quality"] = quality
            temporary = a.out / "weights.tmp.npz"
            np.savez(temporary, **{k: np.asarray(v) for k, v in average.items()})
            temporary.replace(a.out / "weights.npz")
        if minutes() > a.minutes or (a.limit and step >= a.limit):
            break


if __name__ == "__main__":
    main()
