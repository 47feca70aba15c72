#!/usr/bin/python3
"""Trains a small neural network on 1,797 real images of handwritten digits.

The parameters arrive as W&B passes them: train.py --learning_rate=0.1 --hidden=64 ...
Each epoch appends one JSON line to the file that $SWEEPCTL_METRICS names. Without the variable
nothing is written, so the program also runs by hand. Needs numpy and nothing else.
"""

import argparse
import gzip
import json
import os
import sys
import time

# Several runs share the machine: matrices of this size lose time when each run starts its own
# crowd of BLAS threads. Must be set before numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "digits.csv.gz")
CLASSES = 10
VALIDATION_IMAGES = 450


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learning_rate", type=float, default=0.05)
    parser.add_argument("--optimizer", choices=["sgd", "momentum", "adam"], default="momentum")
    parser.add_argument("--hidden", type=int, default=64, help="units in each hidden layer")
    parser.add_argument("--layers", type=int, choices=[1, 2], default=1, help="hidden layers")
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--dropout", type=float, default=0.0, help="share of hidden units left out")
    parser.add_argument("--weight_decay", type=float, default=0.0)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.hidden < 1 or arguments.batch_size < 1 or arguments.epochs < 1:
        parser.error("--hidden, --batch_size and --epochs must be at least 1")
    if not 0.0 <= arguments.dropout < 1.0:
        parser.error("--dropout must be at least 0 and below 1")
    return arguments


def load_digits():
    """Images as rows of 64 pixels in [0, 1], and their digits: first training, then validation."""
    with gzip.open(DATA, "rt") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.float32)
    # The split is the same for all runs, whatever their seed: they are compared on the same images.
    order = np.random.default_rng(0).permutation(len(table))
    pixels, digits = table[order, :64] / 16.0, table[order, 64].astype(np.int64)
    cut = len(table) - VALIDATION_IMAGES
    return (pixels[:cut], digits[:cut]), (pixels[cut:], digits[cut:])


class Network:
    """Fully connected layers with ReLU between them, and a softmax at the end."""

    def __init__(self, sizes, rng):
        self.weights = [
            (rng.standard_normal((fan_in, fan_out)) * np.sqrt(2.0 / fan_in)).astype(np.float32)
            for fan_in, fan_out in zip(sizes, sizes[1:])
        ]
        self.biases = [np.zeros(size, dtype=np.float32) for size in sizes[1:]]

    def parameters(self):
        return self.weights + self.biases

    def forward(self, images, dropout=0.0, rng=None):
        """The class probabilities, and what backward() needs: each layer's input and its mask."""
        inputs, masks, layer = [images], [], images
        for weight, bias in zip(self.weights[:-1], self.biases[:-1]):
            layer = layer @ weight + bias
            mask = (layer > 0).astype(np.float32)
            if dropout > 0.0:
                mask *= (rng.random(layer.shape) >= dropout) / np.float32(1.0 - dropout)
            layer = layer * mask
            inputs.append(layer)
            masks.append(mask)
        logits = layer @ self.weights[-1] + self.biases[-1]
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True), (inputs, masks)

    def backward(self, probabilities, digits, trace):
        """Gradients of the mean cross-entropy, in the order of parameters()."""
        inputs, masks = trace
        error = probabilities.copy()
        error[np.arange(len(digits)), digits] -= 1.0
        error /= len(digits)
        weight_gradients, bias_gradients = [], []
        for index in reversed(range(len(self.weights))):
            weight_gradients.insert(0, inputs[index].T @ error)
            bias_gradients.insert(0, error.sum(axis=0))
            if index > 0:
                error = (error @ self.weights[index].T) * masks[index - 1]
        return weight_gradients + bias_gradients


class Optimizer:
    """Plain SGD, SGD with momentum, or Adam; weight decay is decoupled from the gradient."""

    def __init__(self, kind, learning_rate, weight_decay, network):
        self.kind, self.learning_rate, self.weight_decay = kind, learning_rate, weight_decay
        self.network, self.steps = network, 0
        self.velocity = [np.zeros_like(parameter) for parameter in network.parameters()]
        self.squares = [np.zeros_like(parameter) for parameter in network.parameters()]

    def step(self, gradients):
        self.steps += 1
        if self.weight_decay > 0.0:
            for weight in self.network.weights:  # Biases are not decayed.
                weight *= 1.0 - self.learning_rate * self.weight_decay
        for index, (parameter, gradient) in enumerate(zip(self.network.parameters(), gradients)):
            if self.kind == "sgd":
                parameter -= self.learning_rate * gradient
            elif self.kind == "momentum":
                self.velocity[index] = 0.9 * self.velocity[index] + gradient
                parameter -= self.learning_rate * self.velocity[index]
            else:
                self.velocity[index] = 0.9 * self.velocity[index] + 0.1 * gradient
                self.squares[index] = 0.999 * self.squares[index] + 0.001 * gradient**2
                mean = self.velocity[index] / (1.0 - 0.9**self.steps)
                spread = np.sqrt(self.squares[index] / (1.0 - 0.999**self.steps))
                parameter -= self.learning_rate * mean / (spread + 1e-8)


def evaluate(network, images, digits):
    probabilities, _ = network.forward(images)
    chosen = probabilities[np.arange(len(digits)), digits]
    loss = float(-np.log(np.maximum(chosen, 1e-12)).mean())
    return loss, float((probabilities.argmax(axis=1) == digits).mean())


def log(metrics):
    path = os.environ.get("SWEEPCTL_METRICS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(metrics) + "\n")
    print(" ".join(f"{name}={value:.6g}" for name, value in metrics.items()), flush=True)


def main():
    arguments = parse_arguments()
    (images, digits), (held_images, held_digits) = load_digits()
    rng = np.random.default_rng(arguments.seed)
    sizes = [images.shape[1]] + [arguments.hidden] * arguments.layers + [CLASSES]
    network = Network(sizes, rng)
    optimizer = Optimizer(
        arguments.optimizer, arguments.learning_rate, arguments.weight_decay, network
    )

    began = time.monotonic()
    for epoch in range(1, arguments.epochs + 1):
        order = rng.permutation(len(images))
        for start in range(0, len(order), arguments.batch_size):
            batch = order[start : start + arguments.batch_size]
            probabilities, trace = network.forward(images[batch], arguments.dropout, rng)
            optimizer.step(network.backward(probabilities, digits[batch], trace))

        loss, accuracy = evaluate(network, images, digits)
        val_loss, val_accuracy = evaluate(network, held_images, held_digits)
        if not np.isfinite(loss):
            print(f"loss is {loss} after epoch {epoch}: the training diverged", file=sys.stderr)
            return 1
        log(
            {
                "epoch": epoch,
                "loss": loss,
                "accuracy": accuracy,
                "val_loss": val_loss,
                "val_accuracy": val_accuracy,
                "seconds": round(time.monotonic() - began, 3),
            }
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
