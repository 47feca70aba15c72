#!/usr/bin/python3
"""Tells threes from eights with logistic regression, in plain Python.

A group of nested parameters arrives as one argument that holds a Python dict:
    train.py "--model={'bias': True, 'l2': 0.001}" "--optimizer={'learning_rate': 0.1, 'momentum': 0.9}"
"""

import argparse
import ast
import gzip
import json
import math
import os
import random
import sys

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../digits/digits.csv.gz")


def group(text):
    value = ast.literal_eval(text)
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"'{text}' is not a group of parameters")
    return value


def load_threes_and_eights():
    examples = []
    with gzip.open(DATA, "rt") as lines:
        for line in lines:
            *pixels, digit = map(int, line.split(","))
            if digit in (3, 8):
                examples.append(([pixel / 16.0 for pixel in pixels], 1.0 if digit == 8 else 0.0))
    random.Random(0).shuffle(examples)  # The same split for every run.
    return examples[:270], examples[270:]


def probability_of_eight(weights, bias, pixels):
    score = bias + sum(weight * pixel for weight, pixel in zip(weights, pixels))
    score = max(-30.0, min(30.0, score))
    return 1.0 / (1.0 + math.exp(-score))


def measure(weights, bias, examples):
    loss, right = 0.0, 0
    for pixels, label in examples:
        eight = probability_of_eight(weights, bias, pixels)
        loss -= math.log(eight if label else 1.0 - eight)
        right += (eight > 0.5) == bool(label)
    return loss / len(examples), right / len(examples)


def log(metrics):
    path = os.environ.get("SWEEPCTL_METRICS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(metrics) + "\n")
    print(json.dumps(metrics), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=group, required=True)
    parser.add_argument("--optimizer", type=group, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    model, optimizer = arguments.model, arguments.optimizer

    training, held_out = load_threes_and_eights()
    weights, bias = [0.0] * 64, 0.0
    velocity, bias_velocity = [0.0] * 64, 0.0
    for epoch in range(1, arguments.epochs + 1):
        for pixels, label in training:
            error = probability_of_eight(weights, bias, pixels) - label
            for index, pixel in enumerate(pixels):
                slope = error * pixel + model["l2"] * weights[index]
                velocity[index] = optimizer["momentum"] * velocity[index] + slope
                weights[index] -= optimizer["learning_rate"] * velocity[index]
            if model["bias"]:
                bias_velocity = optimizer["momentum"] * bias_velocity + error
                bias -= optimizer["learning_rate"] * bias_velocity
        loss, accuracy = measure(weights, bias, held_out)
        log({"epoch": epoch, "val": {"loss": loss, "accuracy": accuracy}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
