"""Trains an acoustic model from files of make-corpus.js; needs Python 3 with numpy, nothing else, and a few minutes.

    python3 train.py <language> <model.phones> <corpus> [<corpus> ...]

Each phone of each utterance gets another length, level, tilt and place of its formants, so that the network learns what
stays when throats and engines differ. The result lacks a calibration: run calibrate.js on it.
"""
import json
import sys
import numpy as np

BANDS = 24
CONTEXT = np.array([-12, -9, -6, -4, -2, 0, 2, 4, 6, 9, 12])  # as in phone-model.ts
AVERAGE_WEIGHT = 60.0
SPEECH_WITHIN = 6.0
HIDDEN = {"en": (448, 192), "cmn": (256, 128), "yue": (256, 128)}
EPOCHS = {"en": 4, "cmn": 5, "yue": 5}

# espeak-ng's names of English sounds, accents merged, r-coloured vowels and the like split in two.
ALIASES = {
    "en": {
        "r": ["ɹ"], "ʍ": ["w"], "əʊ": ["oʊ"], "o": ["oʊ"], "ʉ": ["u"], "ʌʉ": ["aʊ"], "əɪ": ["aɪ"], "ᵻ": ["ɪ"],
        "ɐ": ["ə"], "a:": ["ɑ"], "a": ["æ"], "e": ["eɪ"], "eə": ["ɛ", "ə"], "ɛə": ["ɛ", "ə"], "n̩": ["n"],
        "ʲ": ["j"], "ʔ": ["t"], "ɛɹ": ["ɛ", "ɹ"], "ɪɹ": ["ɪ", "ɹ"], "ʊɹ": ["ʊ", "ɹ"], "ʉɹ": ["ʊ", "ɹ"],
        "aɪɚ": ["aɪ", "ɜ"], "aɪə": ["aɪ", "ə"], "ɒ": ["ɑ"], "ʌɹ": ["ɜ"], "əɹ": ["ɜ"], "ɚ": ["ɜ"],
        "ɑɹ": ["ɑ", "ɹ"], "ɔɹ": ["ɔ", "ɹ"], "əl": ["ə", "l"], "iə": ["i", "ə"], "ʊə": ["ʊ", "ə"], "ɾ": ["d"],
    },
    "cmn": {},
    "yue": {},
}


def load(path):
    raw = open(path, "rb").read()
    end = raw.index(b"\n")
    header = json.loads(raw[:end])
    n, at = header["frames"], end + 1
    mel = np.frombuffer(raw, np.float32, n * BANDS, at).reshape(n, BANDS)
    at += n * BANDS * 4
    labels = np.frombuffer(raw, np.uint8, n, at)
    lengths = np.frombuffer(raw[at + n:], np.uint32, header["utterances"])
    return header["phones"], mel, labels, lengths


def spans(labels):
    edges = np.concatenate([[0], np.flatnonzero(np.diff(labels)) + 1, [len(labels)]])
    return zip(edges[:-1], edges[1:])


BANDS_AXIS = np.arange(BANDS)
SHAPES = np.stack([np.cos(np.pi * q * (BANDS_AXIS + 0.5) / BANDS) for q in range(6)]).astype(np.float32)
SHAPE_SIZES = np.array([0.9, 0.9, 0.6, 0.45, 0.35, 0.3], np.float32)


def smooth(values):
    sums = np.cumsum(np.concatenate([np.repeat(values[:1], 3, 0), values, np.repeat(values[-1:], 2, 0)]), 0)
    return (sums[5:] - sums[:-5]) / 5


def vary(mel, labels, silence, rng):
    """Another length, colour and formant place per phone, another sharpness per utterance."""
    tempo = np.exp(rng.normal(0, 0.15))
    colour = rng.normal(0, 1, 6) * SHAPE_SIZES * 0.3
    place = rng.normal(0, 0.5)
    rows, kinds, colours, places = [], [], [], []
    for begin, end in spans(labels):
        length = end - begin
        if labels[begin] == silence:
            count, own = length, np.zeros(6)
        else:
            count = max(2, int(round(length * tempo * np.exp(rng.normal(0, 0.15)))))
            own = colour + rng.normal(0, 1, 6) * SHAPE_SIZES * 0.36
        rows.append(np.linspace(begin, end - 1, count))
        kinds.append(np.full(count, labels[begin]))
        colours.append(np.repeat((own @ SHAPES)[None], count, 0))
        places.append(np.full((count, 1), place + rng.normal(0, 0.45)))
    row = np.concatenate(rows)
    low = np.floor(row).astype(int)
    part = (row - low)[:, None]
    x = mel[low] * (1 - part) + mel[np.minimum(low + 1, len(mel) - 1)] * part
    at = np.clip(BANDS_AXIS[None] + smooth(np.concatenate(places)), 0, BANDS - 1.001)
    band, part = at.astype(int), at - at.astype(int)
    line = np.arange(len(x))[:, None]
    x = x[line, band] * (1 - part) + x[line, band + 1] * part
    blur = rng.choice([-0.12, 0, 0.1, 0.2, 0.28])
    wide = np.pad(x, ((0, 0), (1, 1)), mode="edge")
    x = x * (1 - 2 * blur) + blur * (wide[:, 2:] + wide[:, :-2])
    return (x + smooth(np.concatenate(colours))).astype(np.float32), np.concatenate(kinds)


def without_average(mel, average):
    loud = mel.mean(1)
    speech = loud > loud.max() - SPEECH_WITHIN
    own, level, n = mel[speech].mean(0), mel[speech].mean(), speech.sum()
    return mel - (n * own + AVERAGE_WEIGHT * (average + level)) / (n + AVERAGE_WEIGHT)


def build(paths, aliases, rng):
    phones, utterances = ["sil"], []
    for path in paths:
        names, mel, labels, lengths = load(path)
        halves = []
        for name in names:
            sounds = aliases.get(name, [name])
            for sound in sounds:
                if sound not in phones:
                    phones.append(sound)
            halves.append((phones.index(sounds[0]), phones.index(sounds[-1])))
        at = 0
        for length in lengths:
            old = labels[at:at + length]
            new = np.empty(length, np.int64)
            for begin, end in spans(old):
                middle = (begin + end + 1) // 2
                new[begin:middle], new[middle:end] = halves[old[begin]]
            utterances.append((mel[at:at + length], new))
            at += length
    speech = np.concatenate([mel[labels != 0] for mel, labels in utterances])
    average = speech.mean(0) - speech.mean()
    inputs, targets, neighbours, at = [], [], [], 0
    for mel, labels in utterances:
        x, y = vary(mel, labels, 0, rng)
        inputs.append(without_average(x, average).astype(np.float32))
        targets.append(y)
        neighbours.append(np.clip(np.arange(len(y))[:, None] + CONTEXT[None], 0, len(y) - 1) + at)
        at += len(y)
    return phones, average, np.concatenate(inputs), np.concatenate(targets), np.concatenate(neighbours)


def fit(x, targets, neighbours, phones, hidden, epochs, rng, batch=512, dropped=0.15, rate=2e-3, held=20000):
    sizes = [BANDS * len(CONTEXT), *hidden, phones]
    weights = [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in zip(sizes, sizes[1:])]
    values = weights + [np.zeros(b, np.float32) for b in sizes[1:]]
    first = [np.zeros_like(v) for v in values]
    second = [np.zeros_like(v) for v in values]
    w0, w1, w2, b0, b1, b2 = values
    steps, step = epochs * ((len(x) - held) // batch), 0
    for epoch in range(epochs):
        order = rng.permutation(len(x) - held)
        for begin in range(0, len(order) - batch, batch):
            chosen = order[begin:begin + batch]
            inputs = x[neighbours[chosen]]
            if rng.random() < 0.4:  # SpecAugment: a few bands are missing
                width = rng.integers(1, 5)
                band = rng.integers(0, BANDS - width)
                inputs[:, :, band:band + width] = 0
            inputs = inputs.reshape(batch, -1)
            h0 = np.maximum(inputs @ w0 + b0, 0)
            kept = (rng.random(h0.shape, dtype=np.float32) > dropped) / np.float32(1 - dropped)
            h0 *= kept
            h1 = np.maximum(h0 @ w1 + b1, 0)
            z = h1 @ w2 + b2
            g = np.exp(z - z.max(1, keepdims=True))
            g /= g.sum(1, keepdims=True)
            g[np.arange(batch), targets[chosen]] -= 1
            g /= batch
            g1 = (g @ w2.T) * (h1 > 0)
            g0 = (g1 @ w1.T) * (h0 > 0) * kept
            gradients = [inputs.T @ g0, h0.T @ g1, h1.T @ g, g0.sum(0), g1.sum(0), g.sum(0)]
            speed = rate * 0.5 * (1 + np.cos(np.pi * step / steps))
            step += 1
            for v, m, s, d in zip(values, first, second, gradients):
                m += 0.1 * (d - m)
                s += 0.001 * (d * d - s)
                v -= speed / (1 - 0.9**step) * m / (np.sqrt(s / (1 - 0.999**step)) + 1e-8)
        z = x[neighbours[len(order):]].reshape(len(x) - len(order), -1)
        z = np.maximum(np.maximum(z @ w0 + b0, 0) @ w1 + b1, 0) @ w2 + b2
        right = (z.argmax(1) == targets[len(order):]).mean()
        print(f"epoch {epoch + 1}: {right:.3f} of held-out frames right", file=sys.stderr, flush=True)
    return [(w0, b0), (w1, b1), (w2, b2)]


def pack(path, language, phones, average, frequencies, layers):
    nothing = {"weights": [0.0] * 9, "means": [0.0] * 9, "scales": [1.0] * 9, "bias": 0.0}
    header = {
        "version": 1,
        "phones": phones,
        "sizes": [layers[0][0].shape[0]] + [w.shape[1] for w, _ in layers],
        "aliases": ALIASES[language],
        "calibration": nothing,
    }
    with open(path, "wb") as file:
        file.write((json.dumps(header, ensure_ascii=False) + "\n").encode())
        file.write(average.astype("<f4").tobytes())
        file.write(frequencies.astype("<f4").tobytes())
        for w, b in layers:
            scale = np.abs(w).max(0) / 127 + 1e-12
            file.write(b.astype("<f4").tobytes())
            file.write(scale.astype("<f4").tobytes())
            file.write(np.round(w / scale).astype(np.int8).tobytes())


if __name__ == "__main__":
    language, model, *corpora = sys.argv[1:]
    rng = np.random.default_rng(1)
    phones, average, x, targets, neighbours = build(corpora, ALIASES[language], rng)
    size = float(x.std())
    layers = fit((x / size).astype(np.float32), targets, neighbours, len(phones), HIDDEN[language], EPOCHS[language], rng)
    layers[0] = (layers[0][0] / size, layers[0][1])
    frequencies = np.bincount(targets, minlength=len(phones)) / len(targets)
    pack(model, language, phones, average, frequencies, layers)
