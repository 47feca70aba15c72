#!/usr/bin/python3
"""Plays back a training that really took place, as if it trained.

The table holds 512 trainings of AlexNet on ImageNet, each with its hyper-parameters, its validation
accuracy after each epoch, and how long each epoch took. The parameters given choose the training
that was nearest to them; its curve is logged epoch by epoch, with pauses as long as the epochs were,
--speed times shorter. So a sweep with early stopping, on real learning curves, takes seconds.
"""

import argparse
import csv
import gzip
import json
import math
import os
import sys
import time

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "alexnet.csv.gz")

# Each parameter with the scale on which it was drawn for the table, and the range there.
PARAMETERS = {
    "batch_size": (math.log2, 128, 1024),
    "epochs": (float, 20, 100),
    "label_smoothing": (float, 0, 0.5),
    "lr": (math.log10, 0.005, 50),
    "lr_peak_epoch": (float, 0, 80),
    "momentum": (float, 0.7, 1),
    "weight_decay": (math.log10, 1e-6, 1e-3),
}


def load_table():
    with gzip.open(TABLE, "rt", newline="", encoding="ascii") as lines:
        return list(csv.DictReader(lines))


def place(name, value):
    """Where a value lies in its parameter's range, about 0 to 1."""
    scale, low, high = PARAMETERS[name]
    return (scale(value) - scale(low)) / (scale(high) - scale(low))


def nearest(table, wanted):
    """The row whose parameters differ least from those that are given."""
    def distance(row):
        return sum((place(name, float(row[name])) - place(name, value)) ** 2 for name, value in wanted.items())

    return min(table, key=distance)


def log(metrics):
    path = os.environ.get("SWEEPCTL_METRICS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(metrics) + "\n")
    print(json.dumps(metrics), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--row", type=int, help="play back this row, from 1, whatever its parameters")
    parser.add_argument("--speed", type=float, default=3600, help="this many seconds pass in one; 3600 unless given")
    for name in PARAMETERS:
        parser.add_argument("--" + name, type=float)
    arguments = parser.parse_args()

    table = load_table()
    wanted = {name: value for name in PARAMETERS if (value := getattr(arguments, name)) is not None}
    if arguments.row is not None and not 1 <= arguments.row <= len(table):
        parser.error(f"there are rows from 1 to {len(table)}, not {arguments.row}")
    row = table[arguments.row - 1] if arguments.row is not None else nearest(table, wanted)
    played = {name: float(row[name]) for name in PARAMETERS}
    print("plays back", json.dumps(played), flush=True)

    hours = 0.0
    for epoch, (seconds, accuracy) in enumerate(zip(row["seconds"].split(), row["val_top1"].split()), 1):
        time.sleep(float(seconds) / arguments.speed)
        hours += float(seconds) / 3600
        log({"epoch": epoch, "hours": round(hours, 3), "val_top1": float(accuracy)})
    if len(row["val_top1"].split()) < int(row["epochs"]):
        print("here its loss became NaN", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
