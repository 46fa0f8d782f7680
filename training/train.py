"""Train the network of `en_kg_sm` on CPU with JAX and write its weights.

    python training/train.py DATA_FOLDER OUT_FOLDER [--minutes 40] [--seed 1]

The weights of the best epoch so far (moving average, scored on the development parts) are always in
OUT_FOLDER, so a run may be stopped at any time; `training/pack.py` turns them into the shipped folder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from pathlib import Path

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import sys

sys.path.insert(0, str(Path(__file__).parent.parent))

import jax
import jax.numpy as jnp
import numpy as np
import optax
from augmentation import Augmenter
from data import Dataset, Labels, build_vocabulary, load_passages

from graphrag.models.features import CASINGS, FEATURES, Featurizer

ROW = 128  # tokens of one packed row
ROWS = [200, 1200, 4000, 200, 800, 3000, 4000, 1200]  # of the hashed tables, FEATURES[1:-1]
WORD_WIDTH, FEATURE_WIDTH = 128, 48
DISTANCES = 33  # buckets of head - dependent on each side


def initial(
    rng: np.random.Generator, labels: Labels, words: int, width: int, hidden: int, depth: dict[str, int]
):
    def matrix(n_in: int, n_out: int, scale: float = 1.0):
        return (rng.standard_normal((n_in, n_out)) * scale / np.sqrt(n_in)).astype(np.float32)

    def linear(prefix: str, n_in: int, n_out: int, scale: float = 1.0):
        p[f"{prefix}.w"] = matrix(n_in, n_out, scale)
        p[f"{prefix}.b"] = np.zeros(n_out, np.float32)

    p: dict[str, np.ndarray] = {}
    p["embed.word"] = (rng.standard_normal((words + 1, WORD_WIDTH)) * 0.1).astype(np.float32)
    for name, rows in zip(FEATURES[1:], [*ROWS, CASINGS], strict=True):
        p[f"embed.{name}"] = (rng.standard_normal((rows, FEATURE_WIDTH)) * 0.1).astype(np.float32)
    linear("mix", WORD_WIDTH + FEATURE_WIDTH * (len(FEATURES) - 1), 2 * width)
    for part, layers in depth.items():
        for layer in range(layers):
            p[f"{part}.{layer}.norm"] = np.ones(width, np.float32)
            linear(f"{part}.{layer}.in", 3 * width, 4 * hidden)
            p[f"{part}.{layer}.in.b"][2 * hidden :] = np.repeat(
                rng.uniform(0, 2.5, hidden), 2
            )  # forget gates
            linear(f"{part}.{layer}.out", 2 * hidden, width, 0.7)
        p[f"{part}.norm"] = np.ones(width, np.float32)
    linear("tag", width, len(labels.tags), 0.5)
    linear("morph", width, len(labels.morphs), 0.5)
    linear("start", width, 1, 0.5)
    arc, rel = 160, 96
    linear("arc.dep", width, arc)
    linear("arc.head", width, arc)
    p["arc.bilinear"] = matrix(arc, arc, 0.5)
    p["arc.headbias"] = np.zeros(arc, np.float32)
    p["arc.root"] = np.zeros(arc, np.float32)
    p["arc.rootbias"] = np.zeros(1, np.float32)
    p["arc.distance"] = np.zeros((2 * DISTANCES + 1, arc), np.float32)
    p["arc.distancebias"] = np.zeros(2 * DISTANCES + 1, np.float32)
    linear("rel.dep", width, rel)
    linear("rel.head", width, rel)
    p["rel.bilinear"] = (rng.standard_normal((rel, len(labels.deps) * rel)) * 0.3 / rel).astype(np.float32)
    linear("rel.both", 2 * rel, len(labels.deps), 0.5)
    p["rel.rootvector"] = np.zeros(rel, np.float32)
    linear("ner.hidden", width, 128)
    linear("ner", 128, len(labels.ents), 0.5)
    p["ner.transition"] = np.zeros((len(labels.ents), len(labels.ents)), np.float32)
    return p


def gelu(x):
    return jax.nn.gelu(x, approximate=True)


def norm(x, scale):
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-6) * scale


def drop(key, x, rate):
    """Variational dropout: one mask per row of the batch."""
    if key is None or rate == 0:
        return x
    keep = jax.random.bernoulli(key, 1 - rate, (x.shape[0], 1, x.shape[2]))
    return jnp.where(keep, x / (1 - rate), 0)


def keys(key, n):
    return [None] * n if key is None else list(jax.random.split(key, n))


def embed(p, columns, key, rate):
    parts = [p[f"embed.{name}"][columns[:, :, i]] for i, name in enumerate(FEATURES)]
    k = keys(key, 2)
    x = drop(k[0], jnp.concatenate(parts, -1), rate * 0.5)
    a, b = jnp.split(x @ p["mix.w"] + p["mix.b"], 2, -1)
    return drop(k[1], jnp.maximum(a, b), rate)


def recur(z, f):
    """h_t = f_t h_(t-1) + (1 - f_t) z_t over axis 1 (QRNN with forget pooling)."""

    def step(h, zf):
        z_t, f_t = zf
        h = f_t * h + z_t
        return h, h

    zt = jnp.swapaxes((1 - f) * z, 0, 1)
    _, hs = jax.lax.scan(step, jnp.zeros_like(zt[0]), (zt, jnp.swapaxes(f, 0, 1)), unroll=8)
    return jnp.swapaxes(hs, 0, 1)


def encode(p, part, x, mask, key, rate):
    layer = 0
    m = mask[:, :, None].astype(x.dtype)
    while f"{part}.{layer}.in.w" in p:
        k = keys(key, 3)
        key = k[0]
        u = norm(x, p[f"{part}.{layer}.norm"]) * m
        window = jnp.concatenate(
            [jnp.pad(u, ((0, 0), (1, 0), (0, 0)))[:, :-1], u, jnp.pad(u, ((0, 0), (0, 1), (0, 0)))[:, 1:]], -1
        )
        g = window @ p[f"{part}.{layer}.in.w"] + p[f"{part}.{layer}.in.b"]
        hidden = g.shape[-1] // 4
        z, f = jnp.tanh(g[..., : 2 * hidden]) * m, jax.nn.sigmoid(g[..., 2 * hidden :]) * m
        zf, zb, ff, fb = z[..., :hidden], z[..., hidden:], f[..., :hidden], f[..., hidden:]
        h = recur(jnp.concatenate([zf, zb[:, ::-1]], -1), jnp.concatenate([ff, fb[:, ::-1]], -1))
        h = jnp.concatenate([h[..., :hidden], h[:, ::-1, hidden:]], -1)
        x = x + drop(
            k[2], drop(k[1], h, rate) @ p[f"{part}.{layer}.out.w"] + p[f"{part}.{layer}.out.b"], rate * 0.5
        )
        layer += 1
    return norm(x, p[f"{part}.norm"]) * m


def arc_scores(p, h, key, rate):
    k = keys(key, 2)
    d = drop(k[0], gelu(h @ p["arc.dep.w"] + p["arc.dep.b"]), rate)
    e = drop(k[1], gelu(h @ p["arc.head.w"] + p["arc.head.b"]), rate)
    s = jnp.einsum("bid,bjd->bij", d @ p["arc.bilinear"], e) / np.sqrt(d.shape[-1])
    s = s + (e @ p["arc.headbias"])[:, None, :]
    t = h.shape[1]
    offset = jnp.clip(jnp.arange(t)[None, :] - jnp.arange(t)[:, None], -DISTANCES, DISTANCES) + DISTANCES
    by_distance = d @ p["arc.distance"].T + p["arc.distancebias"]  # (b, i, distances)
    s = s + jnp.take_along_axis(by_distance, jnp.broadcast_to(offset[None], (h.shape[0], t, t)), -1)
    root = d @ p["arc.root"] + p["arc.rootbias"]
    return s, root


def rel_scores(p, h, heads, is_root, key, rate):
    k = keys(key, 2)
    d = drop(k[0], gelu(h @ p["rel.dep.w"] + p["rel.dep.b"]), rate)
    e = drop(k[1], gelu(h @ p["rel.head.w"] + p["rel.head.b"]), rate)
    e = jnp.take_along_axis(e, heads[:, :, None], 1)
    e = jnp.where(is_root[:, :, None], p["rel.rootvector"], e)
    b, t, r = d.shape
    left = (d @ p["rel.bilinear"]).reshape(b, t, -1, r)
    return (
        jnp.einsum("btlr,btr->btl", left, e) + jnp.concatenate([d, e], -1) @ p["rel.both.w"] + p["rel.both.b"]
    )


def cross_entropy(logits, gold, weight):
    loss = -jnp.take_along_axis(jax.nn.log_softmax(logits), jnp.maximum(gold, 0)[..., None], -1)[..., 0]
    return (loss * weight * (gold >= 0)).sum() / jnp.maximum((weight * (gold >= 0)).sum(), 1)


def syntax_loss(p, batch, key, rate):
    k = keys(key, 6)
    mask = batch["mask"]
    h = encode(p, "shared", embed(p, batch["columns"], k[0], rate), mask, k[1], rate)
    h = encode(p, "syntax", h, mask, k[2], rate)
    hd = drop(k[3], h, rate)
    m = mask.astype(jnp.float32)
    loss_tag = cross_entropy(hd @ p["tag.w"] + p["tag.b"], batch["tag"], m)
    loss_morph = cross_entropy(hd @ p["morph.w"] + p["morph.b"], batch["morph"], m)
    start = (hd @ p["start.w"] + p["start.b"])[..., 0]
    loss_start = (
        optax.sigmoid_binary_cross_entropy(start, batch["start"].astype(jnp.float32)) * m
    ).sum() / m.sum()
    s, root = arc_scores(p, h, k[4], rate)
    same = (
        (batch["sentence"][:, :, None] == batch["sentence"][:, None, :]) & mask[:, None, :] & mask[:, :, None]
    )
    same = same & ~jnp.eye(mask.shape[1], dtype=bool)[None]
    s = jnp.where(same, s, -1e9)
    logits = jnp.concatenate([root[:, :, None], s], -1)
    gold = jnp.where(batch["root"], 0, batch["head"] + 1)
    loss_arc = cross_entropy(logits, gold, m)
    rel = rel_scores(p, h, batch["head"], batch["root"], k[5], rate)
    loss_rel = cross_entropy(rel, batch["dep"], m)
    return loss_arc + loss_rel + 0.5 * loss_tag + 0.5 * loss_morph + 0.5 * loss_start


def crf_forward(emit, transition, allowed, mask):
    """Log sum over the label paths inside `allowed`; padding ends and restarts a chain at no cost."""
    emit = jnp.where(allowed, emit, -1e4)
    emit = jnp.where(mask[..., None], emit, jnp.where(jnp.arange(emit.shape[-1]) == 0, 0.0, -1e4))

    def step(a, e):
        a = jax.nn.logsumexp(a[:, :, None] + transition[None], 1) + e
        return a, None

    a, _ = jax.lax.scan(step, emit[:, 0], jnp.swapaxes(emit[:, 1:], 0, 1), unroll=4)
    return jax.nn.logsumexp(a, -1)


def ner_emissions(p, batch, key, rate):
    k = keys(key, 5)
    mask = batch["mask"]
    h = encode(p, "shared", embed(p, batch["columns"], k[0], rate), mask, k[1], rate)
    h = drop(k[3], encode(p, "entity", h, mask, k[2], rate), rate)
    hidden = drop(k[4], gelu(h @ p["ner.hidden.w"] + p["ner.hidden.b"]), rate)
    return hidden @ p["ner.w"] + p["ner.b"]


def ner_loss(p, batch, key, rate, legal):
    emit = ner_emissions(p, batch, key, rate)
    transition = jnp.where(legal, p["ner.transition"], -1e4)
    gold = batch["ent"]
    n = emit.shape[-1]
    allowed = (gold[..., None] < 0) | (gold[..., None] == jnp.arange(n))
    everything = jnp.ones_like(allowed)
    z = crf_forward(emit, transition, everything, batch["mask"])
    g = crf_forward(emit, transition, allowed, batch["mask"])
    return (z - g).sum() / jnp.maximum(batch["mask"].sum(), 1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=40.0, help="CPU minutes to train for")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--depth", default="1,2,2", help="layers shared, syntax only, entities only")
    parser.add_argument("--batch-rows", type=int, default=16)
    parser.add_argument("--rate", type=float, default=0.0025)
    parser.add_argument("--dropout", type=float, default=0.25)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--tasks", default="syntax,ner")
    parser.add_argument("--limit", type=int, default=0)
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
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
    (a.out / "labels.json").write_text(json.dumps(labels.to_json()), encoding="utf-8")
    (a.out / "vocabulary.json").write_text(
        json.dumps(
            dict(index=list(vocabulary.index), casing=list(vocabulary.casing), rows=list(vocabulary.rows)),
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
        "ner": Dataset([x for x in dev if x.has_entities], labels, featurizer, None, ROW, 16, None),
    }
    tasks = a.tasks.split(",")
    steps_per_epoch = sum(data[t].estimated_batches() for t in tasks)
    total = a.epochs * steps_per_epoch
    print(
        f"params {sum(v.size for v in params.values()):,} words {len(vocabulary.index)} steps/epoch {steps_per_epoch} load {time.process_time() - began:.0f}s",
        flush=True,
    )
    warmup = min(300, total // 10)
    schedule = optax.join_schedules(
        [optax.linear_schedule(0, a.rate, warmup), optax.cosine_decay_schedule(a.rate, total - warmup, 0.02)],
        [warmup],
    )
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0), optax.adamw(schedule, b1=0.9, b2=0.98, weight_decay=0.002)
    )
    state = optimizer.init(params)

    def make(loss_function):
        def update(params, average, state, batch, key, decay):
            loss, grads = jax.value_and_grad(loss_function)(params, batch, key)
            changes, state = optimizer.update(grads, state, params)
            params = optax.apply_updates(params, changes)
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
                params, average, state, streams[task].pop(), sub, decay
            )
            losses[task].append(float(loss))
            if step % 100 == 0:
                recent = {t: round(float(np.mean(losses[t][-40:])), 3) for t in tasks if losses[t]}
                print(f"  step {step} cpu {(time.process_time() - began) / 60:.2f}min {recent}", flush=True)
            if a.limit and step >= a.limit:
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
        if spent > a.minutes or (a.limit and step >= a.limit):
            break


def make_evaluation(labels: Labels, legal):
    """Quick development scores on gold tokens and gold sentences; `evaluate.py` measures the real pipeline."""

    @jax.jit
    def parse(p, batch):
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
    def emissions(p, batch):
        return ner_emissions(p, batch, None, 0)

    punct = labels.deps.index("punct")

    def syntax(p, dataset):
        right = dict(uas=0, las=0, tag=0, morph=0)
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

    def ner(p, dataset):
        transition = np.where(np.asarray(legal), np.asarray(p["ner.transition"]), -1e4)
        tp = fp = fn = 0
        for batch in dataset.batches(None):
            emit = np.asarray(emissions(p, batch))
            for e, g, m in zip(emit, batch["ent"], batch["mask"], strict=True):
                path = np.zeros(len(e), int)
                pieces = np.flatnonzero(np.diff(np.concatenate([[0], m.astype(int), [0]]))).reshape(-1, 2)
                for lo, hi in pieces:
                    path[lo:hi] = viterbi(e[lo:hi], transition)
                    got, want = labels.spans(path[lo:hi]), labels.spans(g[lo:hi])
                    unknown = g[lo:hi] < 0
                    got = {s for s in got if not unknown[s[0] : s[1]].any()}
                    tp, fp, fn = tp + len(got & want), fp + len(got - want), fn + len(want - got)
        f = 2 * tp / max(2 * tp + fp + fn, 1)
        return {"ner_p": tp / max(tp + fp, 1), "ner_r": tp / max(tp + fn, 1), "ner_f": f, "score": f}

    return {"syntax": syntax, "ner": ner}


def viterbi(emit, transition):
    back = []
    a = emit[0]
    for e in emit[1:]:
        s = a[:, None] + transition
        back.append(s.argmax(0))
        a = s.max(0) + e
    path = [int(a.argmax())]
    for b in reversed(back):
        path.append(int(b[path[-1]]))
    return np.array(path[::-1])


if __name__ == "__main__":
    main()
