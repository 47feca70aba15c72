#!/usr/bin/python3
"""Trains a softmax classifier that survives being taken off its machine.

After each epoch the state of the training is saved. On SIGTERM, what a batch system sends before it
takes the machine away, the program finishes its epoch, says that it is being preempted and exits
non-zero. The run is queued again; its next attempt finds the checkpoint and goes on from there.

So that this can be watched without a batch system, the first attempt sends itself the SIGTERM at
epoch --preempt_at.
"""

import argparse
import gzip
import json
import os
import signal
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../digits/digits.csv.gz")
# One directory for all attempts of a run. By hand, without a sweep: one in the current directory.
DIRECTORY = os.environ.get("SWEEPCTL_RUN_DIR", "checkpoint-by-hand")
CHECKPOINT = os.path.join(DIRECTORY, "checkpoint.npz")


def load_digits():
    with gzip.open(DATA, "rt") as lines:
        table = np.loadtxt(lines, delimiter=",")
    return table[:, :64] / 16.0, table[:, 64].astype(np.int64)


def save(epoch, weights):
    """Replaces the checkpoint in one step: whoever is killed meanwhile leaves the old one intact."""
    os.makedirs(DIRECTORY, exist_ok=True)
    unfinished = CHECKPOINT + ".unfinished"
    with open(unfinished, "wb") as file:
        np.savez(file, epoch=epoch, weights=weights)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, CHECKPOINT)


def restore(shape):
    """The epoch reached so far and the weights; epoch 0 when there is no checkpoint."""
    try:
        with np.load(CHECKPOINT) as state:
            return int(state["epoch"]), state["weights"]
    except FileNotFoundError:
        return 0, np.zeros(shape)


def log(metrics):
    path = os.environ.get("SWEEPCTL_METRICS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(metrics) + "\n")
    print(json.dumps(metrics), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learning_rate", type=float, default=0.5)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--preempt_at", type=int, default=15, help="0: never")
    arguments = parser.parse_args()
    attempt = int(os.environ.get("SWEEPCTL_ATTEMPT", "1"))

    preempted = False

    def on_terminate(signum, frame):
        nonlocal preempted
        preempted = True

    signal.signal(signal.SIGTERM, on_terminate)

    images, digits = load_digits()
    reached, weights = restore((images.shape[1], 10))
    print(f"attempt {attempt} begins after epoch {reached}", flush=True)
    wanted = np.eye(10)[digits]
    for epoch in range(reached + 1, arguments.epochs + 1):
        logits = images @ weights
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        loss = -np.log(np.maximum(probabilities[wanted == 1], 1e-12)).mean()
        weights = weights - arguments.learning_rate * images.T @ (probabilities - wanted) / len(images)
        save(epoch, weights)
        log({"epoch": epoch, "attempt": attempt, "loss": float(loss)})
        if attempt == 1 and epoch == arguments.preempt_at:
            os.kill(os.getpid(), signal.SIGTERM)
        if preempted:
            # The same as `sweepctl log --preempting`. With it, a non-zero exit means "queue me
            # again"; without it, the run would be Failed.
            log({"_preempting": True})
            print(f"preempted after epoch {epoch}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
