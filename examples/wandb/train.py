#!/usr/bin/env python3
"""A training script as W&B's tutorials have it: it knows nothing of sweepctl.

It fits a straight line to points by gradient descent; only the standard library and wandb are needed.
"""

import random

import wandb


def points(count, noise):
    generator = random.Random(1)
    for _ in range(count):
        x = generator.uniform(-1, 1)
        yield x, 2 * x + 0.5 + generator.gauss(0, noise)


def main():
    run = wandb.init(config={"lr": 0.1, "batch_size": 16, "epochs": 10})
    config = run.config
    slope, offset = 0.0, 0.0
    data = list(points(256, 0.1))
    for epoch in range(config.epochs):
        for start in range(0, len(data), config.batch_size):
            batch = data[start : start + config.batch_size]
            errors = [(slope * x + offset - y, x) for x, y in batch]
            slope -= config.lr * sum(2 * error * x for error, x in errors) / len(batch)
            offset -= config.lr * sum(2 * error for error, _ in errors) / len(batch)
        loss = sum((slope * x + offset - y) ** 2 for x, y in data) / len(data)
        run.log({"epoch": epoch, "loss": loss})
    run.summary["slope"], run.summary["offset"] = slope, offset
    run.finish()


if __name__ == "__main__":
    main()
