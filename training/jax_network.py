"""The network in JAX, for training: the arithmetic of `graphrag/models/network.py`, with dropout and losses.

Arrays are (batch, token, ...); several passages share a row with a masked gap between them, which resets the
recurrence and gives the windows the same zeros as the ends of a text.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from data import Labels

from graphrag.models.features import CASINGS, FEATURES
from graphrag.models.network import DISTANCES

ROWS = [200, 1200, 4000, 200, 800, 3000, 4000, 1200]  # of the hashed tables, FEATURES[1:-1]
WORD_WIDTH, FEATURE_WIDTH = 128, 48
ARC_WIDTH, RELATION_WIDTH, ENTITY_WIDTH = 160, 64, 128

Array = Any
Weights = dict[str, Array]
Batch = dict[str, Array]


def initial(
    rng: np.random.Generator, labels: Labels, words: int, width: int, hidden: int, depth: dict[str, int]
) -> dict[str, np.ndarray]:
    """Draw the weights a training run starts from; `depth` gives the layers of each part of the encoder."""

    def matrix(n_in: int, n_out: int, scale: float = 1.0) -> np.ndarray:
        return (rng.standard_normal((n_in, n_out)) * scale / np.sqrt(n_in)).astype(np.float32)

    def linear(prefix: str, n_in: int, n_out: int, scale: float = 1.0) -> None:
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
    arc, rel = ARC_WIDTH, RELATION_WIDTH
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
    linear("ner.hidden", width, ENTITY_WIDTH)
    linear("ner", ENTITY_WIDTH, len(labels.ents), 0.5)
    p["ner.transition"] = np.zeros((len(labels.ents), len(labels.ents)), np.float32)
    return p


def gelu(x: Array) -> Array:
    return jax.nn.gelu(x, approximate=True)


def norm(x: Array, scale: Array) -> Array:
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-6) * scale


def drop(key: Array, x: Array, rate: float) -> Array:
    """Variational dropout: one mask per row of the batch."""
    if key is None or rate == 0:
        return x
    keep = jax.random.bernoulli(key, 1 - rate, (x.shape[0], 1, x.shape[2]))
    return jnp.where(keep, x / (1 - rate), 0)


def keys(key: Array, n: int) -> list[Array]:
    return [None] * n if key is None else list(jax.random.split(key, n))


def embed(p: Weights, columns: Array, key: Array, rate: float) -> Array:
    parts = [p[f"embed.{name}"][columns[:, :, i]] for i, name in enumerate(FEATURES)]
    k = keys(key, 2)
    x = drop(k[0], jnp.concatenate(parts, -1), rate * 0.5)
    a, b = jnp.split(x @ p["mix.w"] + p["mix.b"], 2, -1)
    return drop(k[1], jnp.maximum(a, b), rate)


def recur(z: Array, f: Array) -> Array:
    """h_t = f_t h_(t-1) + (1 - f_t) z_t over axis 1 (QRNN with forget pooling)."""

    def step(h: Array, zf: tuple[Array, Array]) -> tuple[Array, Array]:
        z_t, f_t = zf
        h = f_t * h + z_t
        return h, h

    zt = jnp.swapaxes((1 - f) * z, 0, 1)
    _, hs = jax.lax.scan(step, jnp.zeros_like(zt[0]), (zt, jnp.swapaxes(f, 0, 1)), unroll=8)
    return jnp.swapaxes(hs, 0, 1)


def encode(p: Weights, part: str, x: Array, mask: Array, key: Array, rate: float) -> Array:
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


def arc_scores(p: Weights, h: Array, key: Array, rate: float) -> tuple[Array, Array]:
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


def rel_scores(p: Weights, h: Array, heads: Array, is_root: Array, key: Array, rate: float) -> Array:
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


def cross_entropy(logits: Array, gold: Array, weight: Array) -> Array:
    loss = -jnp.take_along_axis(jax.nn.log_softmax(logits), jnp.maximum(gold, 0)[..., None], -1)[..., 0]
    return (loss * weight * (gold >= 0)).sum() / jnp.maximum((weight * (gold >= 0)).sum(), 1)


def syntax_loss(p: Weights, batch: Batch, key: Array, rate: float) -> Array:
    """Arcs and labels at full weight; tags, features and sentence starts at half."""
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


def crf_forward(emit: Array, transition: Array, allowed: Array, mask: Array) -> Array:
    """Log sum over the label paths inside `allowed`; padding ends and restarts a chain at no cost."""
    emit = jnp.where(allowed, emit, -1e4)
    emit = jnp.where(mask[..., None], emit, jnp.where(jnp.arange(emit.shape[-1]) == 0, 0.0, -1e4))

    def step(a: Array, e: Array) -> tuple[Array, None]:
        a = jax.nn.logsumexp(a[:, :, None] + transition[None], 1) + e
        return a, None

    a, _ = jax.lax.scan(step, emit[:, 0], jnp.swapaxes(emit[:, 1:], 0, 1), unroll=4)
    return jax.nn.logsumexp(a, -1)


def ner_emissions(p: Weights, batch: Batch, key: Array, rate: float) -> Array:
    k = keys(key, 5)
    mask = batch["mask"]
    h = encode(p, "shared", embed(p, batch["columns"], k[0], rate), mask, k[1], rate)
    h = drop(k[3], encode(p, "entity", h, mask, k[2], rate), rate)
    hidden = drop(k[4], gelu(h @ p["ner.hidden.w"] + p["ner.hidden.b"]), rate)
    return hidden @ p["ner.w"] + p["ner.b"]


def ner_loss(p: Weights, batch: Batch, key: Array, rate: float, legal: Array) -> Array:
    """Negative log likelihood of the annotated labels; unannotated tokens may take any label."""
    emit = ner_emissions(p, batch, key, rate)
    transition = jnp.where(legal, p["ner.transition"], -1e4)
    gold = batch["ent"]
    n = emit.shape[-1]
    allowed = (gold[..., None] < 0) | (gold[..., None] == jnp.arange(n))
    everything = jnp.ones_like(allowed)
    z = crf_forward(emit, transition, everything, batch["mask"])
    g = crf_forward(emit, transition, allowed, batch["mask"])
    return (z - g).sum() / jnp.maximum(batch["mask"].sum(), 1)
