#!/usr/bin/env python3
"""`wandb.Api()`: filters, order, pages that stay right while rows change, histories, files, sweeps, projects, and writes."""

import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
from wandb_home import WandbHome, check, equal, run_scenarios  # noqa: E402

# Runs r0..r11 in one process: loss falls with lr, the odd ones fail.
MANY = """
import wandb
for i in range(12):
    run = wandb.init(project="many", id=f"r{i}", name=f"shown {i}", group=f"g{i % 3}", job_type="train" if i < 6 else "eval",
                     tags=["even"] if i % 2 == 0 else ["odd", "prime"] if i in (3, 5, 7, 11) else None, reinit="finish_previous",
                     config={"lr": i / 10, "opt": {"name": "sgd" if i < 4 else "adam"}, "with.dot": i, "flag": i % 2 == 0, "text": f"t{i}"})
    run.log({"loss": 10.0 - i, "acc/top1": i, "nested": {"q": i}})
    if i == 9:
        run.log({"loss": float("nan")})
    run.finish(exit_code=i % 2)
"""


def ids(runs):
    return [run.id for run in runs]


def numbers(runs):
    return [int(run.id[1:]) for run in runs]


class Many:
    """What filters and orders must find, worked out here from the same twelve runs."""

    FILTERS = {
        "all": ({}, lambda i: True),
        "state": ({"state": "finished"}, lambda i: i % 2 == 0),
        "states": ({"state": {"$in": ["failed", "crashed"]}}, lambda i: i % 2 == 1),
        "not state": ({"state": {"$ne": "failed"}}, lambda i: i % 2 == 0),
        "config": ({"config.lr": 0.5}, lambda i: i == 5),
        "config value": ({"config.lr.value": {"$gt": 0.8}}, lambda i: i > 8),
        "config range": ({"config.lr": {"$gte": 0.2, "$lt": 0.5}}, lambda i: 2 <= i < 5),
        "config nested": ({"config.opt.value.name": "sgd"}, lambda i: i < 4),
        "config nested plain": ({"config.opt.name": "adam"}, lambda i: i >= 4),
        "config dotted": ({"config.with.dot": {"$lte": 1}}, lambda i: i <= 1),
        "config bool": ({"config.flag": True}, lambda i: i % 2 == 0),
        "config in": ({"config.text": {"$in": ["t1", "t7"]}}, lambda i: i in (1, 7)),
        "config nin": ({"config.text": {"$nin": ["t1", "t7"]}}, lambda i: i not in (1, 7)),
        "config regex": ({"config.text": {"$regex": "^t1[01]$"}}, lambda i: i in (10, 11)),
        "summary": ({"summary_metrics.loss": {"$lt": 3}}, lambda i: i > 7 and i != 9),
        "summary slash": ({"summary_metrics.acc/top1": {"$gte": 10}}, lambda i: i >= 10),
        "summary nested": ({"summary_metrics.nested.q": 4}, lambda i: i == 4),
        "exists": ({"summary_metrics.loss": {"$exists": True}}, lambda i: True),
        "missing": ({"summary_metrics.nothing": {"$exists": False}}, lambda i: True),
        "keys": ({"keys_info.keys.loss": {"$exists": True}}, lambda i: True),
        "display name": ({"display_name": "shown 3"}, lambda i: i == 3),
        "displayName": ({"displayName": {"$regex": "shown 1."}}, lambda i: i >= 10),
        "name": ({"name": "r2"}, lambda i: i == 2),
        "names": ({"$or": [{"name": "r2"}, {"name": "r5"}]}, lambda i: i in (2, 5)),
        "group": ({"group": "g1"}, lambda i: i % 3 == 1),
        "job type": ({"jobType": "eval"}, lambda i: i >= 6),
        "job_type": ({"job_type": "eval"}, lambda i: i >= 6),
        "tag": ({"tags": "prime"}, lambda i: i in (3, 5, 7, 11)),
        "tags": ({"tags": {"$in": ["even", "prime"]}}, lambda i: i % 2 == 0 or i in (3, 5, 7, 11)),
        "no tags": ({"tags": None}, lambda i: i in (1, 9)),
        "not tag": ({"$or": [{"tags": None}, {"tags": {"$ne": "even"}}]}, lambda i: i % 2 == 1),
        "and or": (
            {"$and": [{"state": "finished"}, {"$or": [{"group": "g0"}, {"config.lr": 0.2}]}]},
            lambda i: i % 2 == 0 and (i % 3 == 0 or i == 2),
        ),
        "nor": ({"$nor": [{"state": "finished"}, {"group": "g1"}]}, lambda i: i % 2 == 1 and i % 3 != 1),
        "not": ({"config.lr": {"$not": {"$gt": 0.3}}}, lambda i: i <= 3),
        "created": ({"created_at": {"$gt": "2020-01-01T00:00:00"}}, lambda i: True),
        "createdAt": ({"createdAt": {"$lt": "2020-01-01T00:00:00Z"}}, lambda i: False),
        "sweep": ({"sweep": "nosuch"}, lambda i: False),
    }
    ORDERS = {
        None: list(range(12)),
        "+created_at": list(range(12)),
        "-created_at": list(range(11, -1, -1)),
        "created_at": list(range(12)),
        "+config.lr.value": list(range(12)),
        "-config.lr": list(range(11, -1, -1)),
        "-summary_metrics.acc/top1": list(range(11, -1, -1)),
        "+summary_metrics.nested.q": list(range(12)),
    }


def filters_and_order(home):
    api, path = home.api(), f"{home.entity}/many"
    problems = []
    for name, (query, wanted) in Many.FILTERS.items():
        try:
            got = numbers(api.runs(path, filters=query))
            if got != [i for i in range(12) if wanted(i)] or len(api.runs(path, filters=query)) != len(got):
                problems.append(f"{name} {query}: {got}")
        except Exception as error:
            problems.append(f"{name} {query}: {error}")
    for order, wanted in Many.ORDERS.items():
        got = numbers(home.api().runs(path, order=order) if order else home.api().runs(path))
        if got != wanted:
            problems.append(f"order {order}: {got}")
    # NaN is no number: last, whichever way.
    for order in ("+summary_metrics.loss", "-summary_metrics.loss"):
        got = numbers(api.runs(path, order=order, per_page=5))
        rest = [i for i in range(12) if i != 9]
        if got != (rest[::-1] if order[0] == "+" else rest) + [9]:
            problems.append(f"order {order}: {got}")
    got = sorted(numbers(api.runs(path, order="+config.no.such")))
    if got != list(range(12)):
        problems.append(f"order by what no run has: {got}")
    for bad in ({"$bad": 1}, {"config.lr": {"$bad": 1}}, {"config.text": {"$regex": "("}}):
        try:
            got = list(home.api().runs(path, filters=bad))
            problems.append(f"{bad} is no error: {got}")
        except Exception as error:
            if "busy" in str(error) or len(str(error)) < 5:
                problems.append(f"{bad}: no clear word: {error!r}")
    check(not problems, "\n".join(problems))


def listing(home):
    """The seed's snippet, lazy and full, and what a run's object says."""
    api, path = home.api(), f"{home.entity}/many"
    equal(
        [(run.name, run.state) for run in api.runs(path=path)],
        [(f"shown {i}", "failed" if i % 2 else "finished") for i in range(12)],
        "the snippet",
    )
    equal([run.config["lr"] for run in api.runs(path, lazy=False, per_page=5)], [i / 10 for i in range(12)], "not lazy")
    runs = home.api().runs(path, per_page=4)
    equal((len(runs), runs[11].id), (12, "r11"), "length and index")
    runs.upgrade_to_full()
    equal(runs[3].summary["loss"], 7.0, "upgraded")
    run = api.run(f"{path}/r3")
    equal(
        (run.id, run.name, run.state, run.group, run.job_type, run.tags, run.entity, run.project, run.sweep, run.user is not None),
        ("r3", "shown 3", "failed", "g0", "train", ["odd", "prime"], home.entity, "many", None, True),
        "a run",
    )
    equal(run.path, [home.entity, "many", "r3"], "its path")
    check(run.url == f"{home.url}/{home.entity}/many/runs/r3", f"its URL {run.url}")
    check(run.created_at.endswith("Z") and run.heartbeat_at, f"times {run.created_at} {run.heartbeat_at}")
    equal(run.load(force=True)["state"], "failed", "loaded again")
    history = home.api().runs(path, filters={"name": {"$in": ["r1", "r2"]}}).histories(keys=["loss"])
    equal([(row["run_id"], row["loss"]) for row in history], [("r1", 9.0), ("r2", 8.0)], "histories")
    for wrong in (f"{path}/nosuch", f"{home.entity}/nosuch/r1"):
        try:
            api.run(wrong)
            raise AssertionError(f"{wrong} was found")
        except Exception as error:
            check("Could not find run" in str(error), f"{wrong}: {error}")
    try:
        list(api.runs(f"{home.entity}/nosuch"))
        raise AssertionError("a project that is not there was found")
    except ValueError as error:
        check("Could not find project" in str(error), str(error))


def pages(home):
    """Paging while runs come and go: no run that was there all the time is missed or comes twice."""
    home.script(
        "import wandb\nfor i in range(30):\n    run = wandb.init(project='pages', id=f'p{i}', reinit='finish_previous', "
        "settings=wandb.Settings(x_disable_stats=True, x_disable_meta=True, console='off'))\n    run.log({'x': i % 7}); run.finish()\n",
        timeout=120,
    )
    path = f"{home.entity}/pages"
    for order in ("+created_at", "-created_at", "+summary_metrics.x", "-summary_metrics.x"):
        seen, made = [], 0
        for count, run in enumerate(home.api().runs(path, order=order, per_page=4)):
            seen.append(run.id)
            if count % 4 == 1:
                home.api().create_run(run_id=f"new{order[1]}{order[0] == '+'}{made}", project="pages", entity=home.entity)
                made += 1
            if count % 8 == 3 and len(seen) > 2:
                home.api().run(f"{path}/{seen[-2]}").delete()  # One that was already given.
        old = [name for name in seen if name.startswith("p")]
        there = {run.id for run in home.api().runs(path, per_page=100) if run.id.startswith("p")}
        equal(len(set(seen)), len(seen), f"{order}: given twice")
        check(there <= set(old), f"{order}: missed {there - set(old)}")
    everything = numbers_of_pages(home, path)
    equal(everything, len(home.api().runs(path)), "all pages against the count")


def numbers_of_pages(home, path):
    return sum(1 for _ in home.api().runs(path, per_page=3))


def histories(home):
    home.script("""
import wandb
run = wandb.init(project="history", id="long")
for i in range(2500):
    row = {"x": i}
    if i % 10 == 0:
        row["rare"] = i / 10
    if i == 1234:
        row["nan"] = float("nan")
    run.log(row)
run.finish()
""")
    run = home.api().run(f"{home.entity}/history/long")
    equal([row["x"] for row in run.scan_history()], list(range(2500)), "the whole history")
    equal([row["rare"] for row in run.scan_history(keys=["rare"])], [i / 1 for i in range(250)], "rows that have a key")
    equal(
        [row["x"] for row in run.scan_history(keys=["x"], min_step=100, max_step=110, page_size=3)],
        list(range(100, 110)),
        "a range",
    )
    sampled = run.history(samples=100, pandas=False)
    steps = [row["_step"] for row in sampled]
    check(
        len(steps) <= 100 and len(steps) > 50 and steps == sorted(steps) and steps[0] < 50 and steps[-1] > 2400,
        f"samples {len(steps)} {steps[:3]} {steps[-3:]}",
    )
    keyed = run.history(keys=["x"], samples=50, pandas=False)
    check(0 < len(keyed) <= 50 and set(keyed[0]) == {"_step", "x"}, f"sampled by key {len(keyed)} {keyed[:1]}")
    equal(
        [row["rare"] for row in run.history(keys=["rare"], x_axis="x", samples=1000, pandas=False)],
        [float(i) for i in range(250)],
        "another axis",
    )
    row = [row for row in run.scan_history(min_step=1234, max_step=1235)][0]
    check(row["x"] == 1234 and math.isnan(float(row["nan"])), f"NaN {row}")
    equal((run.lastHistoryStep, run.history_keys["lastStep"]), (2499, 2499), "lastHistoryStep")
    check({"x", "rare"} <= set(run.history_keys["keys"]), f"keys {list(run.history_keys['keys'])}")


def files(home):
    home.script(
        'import wandb, os\nrun = wandb.init(project="files", id="f")\nos.makedirs("sub", exist_ok=True)\n'
        'for name in ("a.json", "b.txt", "sub/ü %41 c.txt"):\n    open(name, "w").write(name)\n    run.save(name)\nrun.log({"x": 1})\nrun.finish()\n'
    )
    run = home.api().run(f"{home.entity}/files/f")
    names = [file.name for file in run.files()]
    check({"a.json", "b.txt", "sub/ü %41 c.txt"} <= set(names), f"files {names}")
    equal(sorted(file.name for file in run.files(per_page=2)), sorted(names), "by pages of two")
    equal(len(run.files()), len(names), "fileCount")
    equal(
        sorted(file.name for file in run.files(pattern="%.json")),
        sorted(name for name in names if name.endswith(".json")),
        "a pattern",
    )
    equal([file.name for file in run.files(names=["b.txt"])], ["b.txt"], "by name")
    for name in ("a.json", "sub/ü %41 c.txt"):
        file = run.file(name)
        equal(
            (file.size, file.download(root=os.path.join(home.work, "dl-files"), replace=True).read()),
            (len(name.encode()), name),
            name,
        )
    home.program("up.txt", "uploaded")
    cwd = os.getcwd()
    os.chdir(home.work)
    try:
        equal(run.upload_file("up.txt").size, 8, "upload_file")
    finally:
        os.chdir(cwd)
    equal(home.api().run(f"{home.entity}/files/f").state, "finished", "an upload does not wake the run")
    run.file("up.txt").delete()
    equal(list(run.files(names=["up.txt"])), [], "a deleted file")
    equal(home.http(run.file("b.txt").url, key="z" * 40)[0] in (401, 403), True, "a file with a wrong key")
    check(list(run.console_logs()) is not None, "console of a run that printed nothing")


def console(home):
    home.script(
        'import sys, wandb\nrun = wandb.init(project="console", id="c")\nfor i in range(250):\n    print("line", i)\n'
        'print("bad", file=sys.stderr)\nrun.finish()\n'
    )
    run = home.api().run(f"{home.entity}/console/c")
    lines = list(run.console_logs(per_page=40))
    equal([line.number for line in lines], list(range(len(lines))), "numbers")
    equal([line.content for line in lines if line.content.startswith("line")], [f"line {i}" for i in range(250)], "lines")
    equal([(line.level, line.content) for line in lines if "bad" in line.content], [("error", "bad")], "stderr")
    equal([line.content for line in run.console_logs(last=3)], [line.content for line in lines][-3:], "the tail")
    check(lines[0].timestamp is not None and lines[0].timestamp.tzinfo is not None, f"a time {lines[0]}")


def writes(home):
    home.script(
        'import wandb\nrun = wandb.init(project="writes", id="w", config={"lr": 0.1}, tags=["one"])\nrun.log({"x": 1})\nrun.finish()\n'
    )
    path = f"{home.entity}/writes/w"
    run = home.api().run(path)
    run.config["added"] = 5
    run.tags.append("two")
    run.notes, run.name, run.group = "by api", "new name", "g2"
    run.update()
    run.summary.update({"new": 3})
    run = home.api().run(path)
    equal(
        (run.config, sorted(run.tags), run.notes, run.name, run.group, run.state),
        ({"lr": 0.1, "added": 5}, ["one", "two"], "by api", "new name", "g2", "finished"),
        "after update",
    )
    equal((run.summary["new"], run.summary["x"]), (3, 1), "the summary")
    del run.summary["new"]
    run.summary.update()
    check("new" not in home.api().run(path).summary.keys(), "a deleted summary key")
    run.stop()
    equal(home.api().run(path).state, "finished", "stop of an ended run")
    created = home.api().create_run(run_id="made", project="writes", entity=home.entity)
    equal((created.id, home.api().run(f"{home.entity}/writes/made").state), ("made", "running"), "create_run")
    created.delete()
    home.api().run(path).delete(delete_artifacts=True)
    equal(len(home.api().runs(f"{home.entity}/writes")), 0, "runs after delete")
    api = home.api()
    api.create_project("empty", home.entity)
    equal(list(api.runs(f"{home.entity}/empty")), [], "runs of an empty project")
    check("empty" in [project.name for project in api.projects(home.entity, per_page=2)], "projects by pages of two")
    project = api.project("writes", home.entity)
    check(project.id and project.url.endswith("/writes/workspace"), f"project {project.id} {project.url}")
    equal(
        (str(api.from_path(f"{home.entity}/writes")).startswith("<Project"), api.viewer.entity),
        (True, home.entity),
        "from_path and viewer",
    )


def sweeps(home):
    home.program("tiny.py", "import wandb\nrun = wandb.init()\nrun.log({'loss': 3 - run.config['i']})\n")
    path = home.sweep(
        "swept",
        "program: tiny.py\nname: tiny\ndescription: said\nmethod: grid\nmetric: {name: loss, goal: minimize}\nparameters: {i: {values: [1, 2]}}\n",
    )
    for _ in range(2):
        home.sweep("swept", "program: x\nmethod: random\nparameters: {i: {min: 1, max: 9}}\n")
    home.end_of(home.start_wandb("agent", path), 0, 90, "the agent")
    api = home.api()
    sweep = api.sweep(path)
    equal(
        (sweep.name, sweep.state, sweep.expected_run_count, sweep.order, sweep.id),
        ("tiny", "FINISHED", 2, "+summary_metrics.loss", path.split("/")[-1]),
        "a sweep",
    )
    equal([run.state for run in sweep.runs], ["finished"] * 2, "its runs")
    equal((sweep.best_run().config["i"], sweep.best_run(order="loss").config["i"]), (2, 1), "best runs")
    agents = sweep.agents()
    equal((len(agents), len(list(agents[0].runs(per_page=1)))), (1, 2), "agents and their runs")
    equal(sweep.agent(agents[0].name).id, agents[0].id, "an agent by name")
    run = list(sweep.runs)[0]
    equal((run.sweep_name, run.sweep.id), (sweep.id, sweep.id), "the sweep of a run")
    equal([run.sweep.id for run in home.api().runs(f"{home.entity}/swept", include_sweeps=True)], [sweep.id] * 2, "include_sweeps")
    equal(len(list(api.project("swept", home.entity).sweeps(per_page=2))), 3, "sweeps of the project, by pages")
    equal(len(api.project("swept", home.entity).sweeps()), 3, "totalSweeps")
    equal(len(api.runs(f"{home.entity}/swept", filters={"sweep": sweep.id})), 2, "runs by sweep")
    other = api.sweep(
        f"{home.entity}/swept/" + [each.id for each in api.project("swept", home.entity).sweeps() if each.id != sweep.id][0]
    )
    equal((other.best_run(), other.order, other.expected_run_count), (None, None, None), "a sweep without runs and metric")
    try:
        api.sweep(f"{home.entity}/swept/nosuchid")
        raise AssertionError("an unknown sweep was found")
    except Exception as error:
        check("Could not find sweep" in str(error), str(error))
    try:
        name = other.enqueue_run({"i": {"value": 5}}, display_name="by hand")
        check(
            name and [(run.name, run.state) for run in home.api().sweep("/".join(other.path)).runs] == [("by hand", "pending")],
            f"enqueued {name}",
        )
    except Exception as error:
        check(type(error).__name__ == "UnsupportedError", f"enqueue_run: {error!r}")


def not_offered(home):
    """Artifacts, reports, launch, registry, automations: errors that say what is missing, quickly, and nothing dies."""
    api, entity = home.api(), home.entity
    for name, ask in {
        "artifact": lambda: api.artifact(f"{entity}/many/x:latest"),
        "artifact types": lambda: list(api.artifact_types("many")),
        "reports": lambda: list(api.reports(f"{entity}/many")),
        "queue": lambda: api.run_queue(entity, "q").id,
        "registries": lambda: list(api.registries()),
        "automations": lambda: list(api.automations()),
        "logged artifacts": lambda: list(api.run(f"{entity}/many/r1").logged_artifacts()),
        "team": lambda: api.team(entity),
    }.items():
        try:
            ask()
        except Exception as error:
            check("busy" not in str(error) and "HTTP 5" not in str(error) and str(error), f"{name}: {error!r}")
    equal(api.artifact_exists(f"{entity}/many/x:latest"), False, "artifact_exists")
    equal(len(home.api().runs(f"{entity}/many")), 12, "runs after all these errors")


def wrong_key(home):
    status, answer = home.graphql('{ viewer { id } project(name: "many") { runCount } }', key="z" * 40)
    check(status == 401 and "data" not in answer or not answer.get("data"), f"{status} {answer}")
    done = home.script(
        f'import wandb\nwandb.Api().runs("{home.entity}/many")[0]\n', check_code=None, env={"WANDB_API_KEY": "z" * 40}
    )
    check(done.returncode != 0 and "r0" not in done.stdout, done.stdout)


def main():
    version = clients.enter()
    with WandbHome() as home:
        print(f"wandb {version} at {home.url}")
        home.script(MANY)
        run_scenarios(
            home, [pages, sweeps, histories, listing, filters_and_order, files, console, writes, not_offered, wrong_key], parallel=3
        )


if __name__ == "__main__":
    main()
