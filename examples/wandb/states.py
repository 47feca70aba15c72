#!/usr/bin/env python3
"""Prints the name and state of all runs of a project, as with W&B's own server.

eval "$(sweepctl wandb-env)"
./states.py [PROJECT [FILTER]]       such as: ./states.py tutorial '{"state": "finished", "config.lr": {"$gt": 0.01}}'
"""

import json
import sys

import wandb

project = sys.argv[1] if len(sys.argv) > 1 else "tutorial"
filters = json.loads(sys.argv[2]) if len(sys.argv) > 2 else None

api = wandb.Api()
for run in api.runs(path=f"{api.default_entity}/{project}", filters=filters):
    print(run.name, run.state)
