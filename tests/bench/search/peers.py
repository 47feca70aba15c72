#!/usr/bin/env python3
"""How far other optimisers get on the problems of search_bench.

    peers.py SEARCH_BENCH quality OUT METHOD,... PROBLEM,... PARALLEL BUDGET SEED0 SEED1
    peers.py SEARCH_BENCH time OUT METHOD,... [LARGEST_N]

The same experiment as `search_bench quality`, the same columns; what OUT has already is not run again,
so it can be interrupted. Methods: tpe, tpe_mv, gp, cmaes (Optuna), wandb (its `sweeps` engine), hebo, smac
(random forest), smac_gp, ax (on BoTorch). All of them in one thread.
"""

import csv
import heapq
import json
import os
import random
import statistics
import subprocess
import sys
import time
import warnings

warnings.filterwarnings("ignore")
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

CHECKPOINTS = (10, 20, 25, 50, 75, 100, 150, 200, 500, 1000)


class Problem:
    """A problem, asked of search_bench so that there is one definition of each."""

    def __init__(self, program, name, seed):
        self._process = subprocess.Popen(
            [program, "problem", name, str(seed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        described = json.loads(self._process.stdout.readline())
        self.space, self.optimum = described["space"], described["optimum"]

    def evaluate(self, values):
        """(truth, observed, failed)"""
        self._process.stdin.write(json.dumps(values) + "\n")
        self._process.stdin.flush()
        truth, observed, failed = self._process.stdout.readline().split()
        return float(truth), float(observed), failed == "1"

    def close(self):
        self._process.stdin.close()
        self._process.wait()


class Optuna:
    def __init__(self, space, seed, parallel, kind, budget):
        import optuna

        self._optuna = optuna
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        samplers = optuna.samplers
        if kind == "gp":
            import torch

            torch.set_num_threads(1)
            sampler = samplers.GPSampler(seed=seed)
        elif kind == "cmaes":
            sampler = samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
        else:
            sampler = samplers.TPESampler(seed=seed, multivariate=kind == "tpe_mv", constant_liar=parallel > 1)
        self._study = optuna.create_study(sampler=sampler)
        self._space = {p["name"]: self._distribution(p) for p in space}

    def _distribution(self, parameter):
        kinds = self._optuna.distributions
        if parameter["kind"] == "category":
            return kinds.CategoricalDistribution(parameter["values"])
        kind = kinds.IntDistribution if parameter["kind"] == "int" else kinds.FloatDistribution
        return kind(parameter["low"], parameter["high"], log=parameter["log"])

    def ask(self):
        trial = self._study.ask(self._space)
        return trial, [trial.params[name] for name in self._space]

    def tell(self, trial, values, observed):
        if observed is None:
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(trial, observed)

    def fill(self, points, observed):
        create = self._optuna.trial.create_trial
        self._study.add_trials([
            create(params=dict(zip(self._space, values)), distributions=self._space, value=y)
            for values, y in zip(points, observed)
        ])


class Wandb:
    """W&B's engine, driven as its local controller drives it."""

    def __init__(self, space, seed, parallel, kind, budget):
        import numpy
        import sweeps

        random.seed(seed)
        numpy.random.seed(seed)
        self._sweeps, self._names, self._runs = sweeps, [p["name"] for p in space], []
        self._config = {
            "method": "bayes",
            "metric": {"name": "loss", "goal": "minimize"},
            "parameters": {p["name"]: self._parameter(p) for p in space},
        }

    @staticmethod
    def _parameter(parameter):
        if parameter["kind"] == "category":
            return {"values": parameter["values"]}
        bounds = {"min": parameter["low"], "max": parameter["high"]}
        if parameter["kind"] == "int" and parameter["log"]:
            return {"distribution": "q_log_uniform_values", "q": 1, **bounds}
        if parameter["kind"] == "int":
            return {"distribution": "int_uniform", **bounds}
        return {"distribution": "log_uniform_values" if parameter["log"] else "uniform", **bounds}

    def ask(self):
        run = self._sweeps.next_run(self._config, self._runs)
        run.state = "running"
        self._runs.append(run)
        values = [run.config[name]["value"] for name in self._names]
        return run, [value.item() if hasattr(value, "item") else value for value in values]

    def tell(self, run, values, observed):
        run.state = "failed" if observed is None else "finished"
        if observed is not None:
            run.summary_metrics = {"loss": observed}

    def fill(self, points, observed):
        for values, y in zip(points, observed):
            config = {name: {"value": value} for name, value in zip(self._names, values)}
            run = self._sweeps.SweepRun(config=config, state="finished", summary_metrics={"loss": y})
            self._runs.append(run)


class Hebo:
    def __init__(self, space, seed, parallel, kind, budget):
        import numpy
        import torch
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO

        self._compare_by_hash()
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        numpy.random.seed(seed)
        random.seed(seed)
        self._numpy, self._space = numpy, space
        self._optimizer = HEBO(DesignSpace().parse([self._parameter(p) for p in space]))

    @staticmethod
    def _compare_by_hash():
        """Its genetic search compares dictionaries pair by pair, two thirds of its time; a set finds the same ones."""
        from pymoo.core.mixed import MixedVariableDuplicateElimination

        def duplicates(self, population, other, is_duplicate):
            names = sorted(population[0].X) if len(population) else []

            def key(individual):
                return tuple(individual.X[name] for name in names)

            seen = set() if other is None else {key(individual) for individual in other}
            for i in reversed(range(len(population))):
                is_duplicate[i] = key(population[i]) in seen
                if other is None:
                    seen.add(key(population[i]))
            return is_duplicate

        MixedVariableDuplicateElimination._do = duplicates

    @staticmethod
    def _parameter(parameter):
        if parameter["kind"] == "category":
            return {"name": parameter["name"], "type": "cat", "categories": parameter["values"]}
        kind = {
            ("int", False): "int", ("int", True): "pow_int", ("float", False): "num", ("float", True): "pow",
        }[parameter["kind"], parameter["log"]]
        made = {"name": parameter["name"], "type": kind, "lb": parameter["low"], "ub": parameter["high"]}
        return made | ({"base": 10} if parameter["log"] else {})

    def ask(self):
        table = self._optimizer.suggest(n_suggestions=1)
        row = table.iloc[0]
        convert = {"category": lambda v: v, "int": int, "float": float}
        return table, [convert[p["kind"]](row[p["name"]]) for p in self._space]

    def tell(self, table, values, observed):
        if observed is not None:
            self._optimizer.observe(table, self._numpy.array([[observed]]))


class Smac:
    def __init__(self, space, seed, parallel, kind, budget):
        import logging
        import tempfile
        from pathlib import Path

        from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace
        from ConfigSpace import UniformFloatHyperparameter, UniformIntegerHyperparameter
        from smac import BlackBoxFacade, HyperparameterOptimizationFacade, Scenario
        from smac.runhistory import TrialInfo, TrialValue

        logging.disable(logging.CRITICAL)
        self._info, self._value, self._names, self._seed = TrialInfo, TrialValue, [p["name"] for p in space], seed
        numbers = {"int": UniformIntegerHyperparameter, "float": UniformFloatHyperparameter}
        known = ConfigurationSpace(seed=seed)
        for p in space:
            if p["kind"] == "category":
                known.add(CategoricalHyperparameter(p["name"], p["values"]))
            else:
                known.add(numbers[p["kind"]](p["name"], p["low"], p["high"], log=p["log"]))
        # How long its initial design is follows from how many trials there will be.
        self._directory = tempfile.TemporaryDirectory(prefix="smac-")
        scenario = Scenario(known, deterministic=True, n_trials=budget, seed=seed,
                            output_directory=Path(self._directory.name))
        facade = BlackBoxFacade if kind == "smac_gp" else HyperparameterOptimizationFacade
        self._smac = facade(scenario, lambda config, seed=0: 0.0, overwrite=True)

    def ask(self):
        info = self._smac.ask()
        return info, [info.config[name].item() if hasattr(info.config[name], "item") else info.config[name]
                      for name in self._names]

    def tell(self, info, values, observed):
        if observed is not None:
            self._smac.tell(info, self._value(cost=observed))


class Ax:
    """Ax as its documentation begins, which drives BoTorch."""

    def __init__(self, space, seed, parallel, kind, budget):
        import logging

        import torch
        from ax.api.client import Client
        from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

        logging.disable(logging.CRITICAL)
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self._space = space
        self._client = Client(random_seed=seed)
        self._client.configure_experiment([
            # By their places: it takes no lists of mixed types.
            ChoiceParameterConfig(name=p["name"], parameter_type="str", is_ordered=False,
                                  values=[str(i) for i in range(len(p["values"]))])
            if p["kind"] == "category" else
            RangeParameterConfig(name=p["name"], bounds=(p["low"], p["high"]), parameter_type=p["kind"],
                                 scaling="log" if p["log"] else "linear")
            for p in space
        ])
        self._client.configure_optimization(objective="-loss")
        self._client.configure_generation_strategy(initialization_random_seed=seed)

    def ask(self):
        (index, chosen), = self._client.get_next_trials(max_trials=1).items()
        return index, [p["values"][int(chosen[p["name"]])] if p["kind"] == "category" else chosen[p["name"]]
                       for p in self._space]

    def tell(self, index, values, observed):
        if observed is None:
            self._client.mark_trial_failed(index)
        else:
            self._client.complete_trial(index, raw_data={"loss": observed})

    def fill(self, points, observed):
        for values, y in zip(points, observed):
            chosen = {p["name"]: str(p["values"].index(v)) if p["kind"] == "category" else v
                      for p, v in zip(self._space, values)}
            self.tell(self._client.attach_trial(chosen), values, y)


def make(method, space, seed, parallel, budget):
    kinds = {"wandb": Wandb, "hebo": Hebo, "smac": Smac, "smac_gp": Smac, "ax": Ax}
    return kinds.get(method, Optuna)(space, seed, parallel, method, budget)


def cpu_s():
    return time.process_time()


def experiment(program, method, name, parallel, budget, seed):
    """Rows (n, value, best, cpu_ms): see experiment.hpp."""
    problem = Problem(program, name, seed)
    optimizer = make(method, problem.space, seed, parallel, budget)
    durations = random.Random(1000 + seed)
    flying, now, asked, cpu, rows = [], 0.0, 0, 0.0, []
    best_seen = value = best = float("inf")
    for done in range(1, budget + 1):
        while len(flying) < parallel and asked < budget:
            before = cpu_s()
            key, values = optimizer.ask()
            cpu += cpu_s() - before
            heapq.heappush(flying, (now + 0.5 + durations.random(), asked, key, values))
            asked += 1
        now, _, key, values = heapq.heappop(flying)
        truth, observed, failed = problem.evaluate(values)
        before = cpu_s()
        optimizer.tell(key, values, None if failed else observed)
        cpu += cpu_s() - before
        if not failed:
            best = min(best, truth)
            if observed < best_seen:
                best_seen, value = observed, truth
        if done in CHECKPOINTS or done == budget:
            rows.append((done, value, best, 1e3 * cpu / done))
    problem.close()
    return rows


def quality(program, out, methods, problems, parallel, budget, seed0, seed1):
    parallel, budget = int(parallel), int(budget)
    have = set()
    if os.path.exists(out):
        with open(out, encoding="utf-8") as file:
            have = {(r["problem"], r["method"], r["par"], r["seed"]) for r in csv.DictReader(file)
                    if int(r["n"]) >= budget}
    new = not os.path.exists(out)
    with open(out, "a", encoding="utf-8") as file:
        if new:
            file.write("problem,method,par,seed,n,val,best_true,cpu_ms\n")
        for seed in range(int(seed0), int(seed1)):
            for name in problems.split(","):
                for method in methods.split(","):
                    if (name, method, str(parallel), str(seed)) in have:
                        continue
                    for n, value, best, cpu in experiment(program, method, name, parallel, budget, seed):
                        file.write(f"{name},{method},{parallel},{seed},{n},{value:.8g},{best:.8g},{cpu:.4g}\n")
                    file.flush()


def timing(program, out, methods, largest="10000"):
    """CPU time of single suggestions after n random runs; each is told back, as in a sweep."""
    have = set()
    if os.path.exists(out):
        with open(out, encoding="utf-8") as file:
            have = {(r["method"], r["d"], r["n"]) for r in csv.DictReader(file)}
    new = not os.path.exists(out)
    with open(out, "a", encoding="utf-8") as file:
        if new:
            file.write("method,d,n,cpu_ms_median,cpu_ms_mean,call_ms_max,reps\n")
        for method in methods.split(","):
            for name, d in (("levy2", 2), ("levy6", 6), ("levy20", 20)):
                for n in (10, 100, 1000, 10000, 100000):
                    if n > int(largest) or (method, str(d), str(n)) in have:
                        continue
                    problem, dice = Problem(program, name, 1), random.Random(3)
                    optimizer = make(method, problem.space, 1, 1, n + 5)
                    if not hasattr(optimizer, "fill"):
                        print(f"{method} takes no history: not timed", file=sys.stderr)
                        return
                    points = [[p["low"] + dice.random() * (p["high"] - p["low"]) for p in problem.space]
                              for _ in range(n)]
                    optimizer.fill(points, [problem.evaluate(v)[1] for v in points])
                    took = []
                    while len(took) < 5 and sum(took) < 20e3:
                        before = cpu_s()
                        key, values = optimizer.ask()
                        took.append(1e3 * (cpu_s() - before))
                        optimizer.tell(key, values, problem.evaluate(values)[1])
                    problem.close()
                    file.write(f"{method},{d},{n},{statistics.median(took):.3f},{statistics.mean(took):.3f},"
                               f"{max(took):.3f},{len(took)}\n")
                    file.flush()
                    if statistics.median(took) > 20e3:
                        break


def main():
    program, what, *rest = sys.argv[1:]
    {"quality": quality, "time": timing}[what](program, *rest)


if __name__ == "__main__":
    main()
