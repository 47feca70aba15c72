#!/usr/bin/env python3
"""What one run sends from init to finish, and what the public API then gives back: nothing is lost, nothing is hurt."""

import glob
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients  # noqa: E402
from wandb_home import WandbHome, check, equal, run_scenarios  # noqa: E402

EVERYTHING = """
import math, os, sys, time, numpy as np, wandb
run = wandb.init(project="life", id="everything", name="first name", group="g1", job_type="train", tags=["t1", "t2"], notes="some notes",
                 config={"lr": 0.1, "nest": {"a": 1, "b": [1, 2]}, "none": None, "text": "x", "one": 1, "onef": 1.0})
run.define_metric("loss", summary="min")
run.define_metric("acc", summary="max,last,mean")
run.define_metric("val/*", step_metric="epoch")
for i in range(6):
    run.log({"loss": 1 / (i + 1), "acc": i, "epoch": i, "val/q": i * 10, "nested": {"x": i, "y": {"z": 1.5}}, "nan": float("nan"),
             "inf": math.inf, "ninf": -math.inf, "with.dot": 3, "text": "hi", "np": np.float32(0.5), "list": np.arange(3), "big": 1e300, "long": 2**60})
    print("line", i)
    print("to stderr", i, file=sys.stderr)
    sys.stdout.write("p\\r")
    time.sleep(0.2)
print()
run.log({"own": "step"}, step=50)
run.summary["best"] = 5
run.summary.update({"deep": {"q": 1}})
run.config.update({"late": 7})
run.tags = run.tags + ("late",)
run.name = "second name"
run.notes = "new notes"
with open("saved file.txt", "w") as file:
    file.write("saved")
run.save("saved file.txt")
run.alert("title", "text", level=wandb.AlertLevel.WARN, wait_duration=5)
run.finish()
"""


def not_finite(value):
    """JSON has no word for these: the API may give them as W&B does, as texts."""
    return str(float(value))


def everything(home):
    home.script(EVERYTHING)
    run = home.api().run(f"{home.entity}/life/everything")
    equal(
        (run.state, run.name, run.group, run.job_type, run.notes),
        ("finished", "second name", "g1", "train", "new notes"),
        "the run",
    )
    equal(sorted(run.tags), ["late", "t1", "t2"], "tags")
    equal(
        run.config,
        {"lr": 0.1, "nest": {"a": 1, "b": [1, 2]}, "none": None, "text": "x", "one": 1, "onef": 1.0, "late": 7},
        "config",
    )
    summary = run.summary
    equal((dict(summary["loss"]), dict(summary["acc"])), ({"min": 1 / 6}, {"max": 5, "last": 5, "mean": 2.5}), "summaries of defined metrics")
    equal(
        (summary["best"], dict(summary["deep"]), summary["own"], summary["nested"]["y"]["z"]),
        (5, {"q": 1}, "step", 1.5),
        "summary",
    )
    equal([not_finite(summary[key]) for key in ("nan", "inf", "ninf")], ["nan", "inf", "-inf"], "what is not finite, in the summary")
    rows = list(run.scan_history())
    equal([row["_step"] for row in rows], [0, 1, 2, 3, 4, 5, 50], "steps")
    equal([row.get("loss") for row in rows], [1 / (i + 1) for i in range(6)] + [None], "losses")
    equal(
        (
            rows[2]["nested"],
            rows[2]["text"],
            rows[2]["list"],
            rows[2]["with.dot"],
            rows[2]["val/q"],
            rows[2]["big"],
            rows[2]["long"],
        ),
        ({"x": 2, "y": {"z": 1.5}}, "hi", [0, 1, 2], 3, 20, 1e300, 2**60),
        "a row",
    )
    equal([not_finite(rows[0][key]) for key in ("nan", "inf", "ninf")], ["nan", "inf", "-inf"], "what is not finite, in a row")
    equal([row["acc"] for row in run.history(keys=["loss", "acc"], pandas=False)], [0, 1, 2, 3, 4, 5], "sampled history")
    equal(run.lastHistoryStep, 50, "lastHistoryStep")
    logs = [line.content for line in run.console_logs()]
    for i in range(6):
        check(f"line {i}" in logs, f"'line {i}' is not in the console: {logs}")
    check(any(line.level == "error" and "to stderr 3" in line.content for line in run.console_logs()), "stderr lines")
    equal(run.file("saved file.txt").download(root=os.path.join(home.work, "dl"), replace=True).read(), "saved", "the saved file")
    names = {file.name for file in run.files()}
    check(
        {"wandb-metadata.json", "requirements.txt", "config.yaml", "wandb-summary.json", "output.log", "saved file.txt"} <= names,
        f"files {names}",
    )
    check(run.metadata and run.metadata["host"], f"metadata {run.metadata}")
    check(run.history(stream="system", pandas=False), "system metrics")


def media(home):
    """Tables, images, histograms, charts, artifacts: they may not hurt the run, and their files are there."""
    home.script("""
import numpy as np, wandb
run = wandb.init(project="media", id="media")
run.log({"img": wandb.Image(np.zeros((4, 4, 3), dtype=np.uint8)), "loss": 1})
run.log({"table": wandb.Table(columns=["a", "b"], data=[[1, 2]]), "loss": 2})
run.log({"hist": wandb.Histogram([1, 2, 3]), "html": wandb.Html("<b>x</b>"), "HT%3ML ": wandb.Html("<i>y</i>"), "loss": 3})
run.log({"chart": wandb.plot.line(wandb.Table(columns=["x", "y"], data=[[1, 2]]), "x", "y"), "loss": 4})
artifact = wandb.Artifact("things", "dataset")
open("thing.txt", "w").write("thing")
artifact.add_file("thing.txt")
logged = run.log_artifact(artifact)
try:
    logged.wait()
    print("ARTIFACT logged")
except ValueError as error:
    print("ARTIFACT", error)
try:
    run.use_artifact("things:latest")
except Exception as error:
    print("USE", type(error).__name__)
run.log({"loss": 5})
run.finish()
""")
    run = home.api().run(f"{home.entity}/media/media")
    equal((run.state, [row["loss"] for row in run.history(keys=["loss"], pandas=False)]), ("finished", [1, 2, 3, 4, 5]), "the run")
    row = next(row for row in run.scan_history() if "img" in row)
    equal(row["img"]["_type"], "image-file", "the image's row")
    data = home.http(run.file(row["img"]["path"]).url)
    check(data[0] == 200 and data[1].startswith(b"\x89PNG"), f"the image: {data[0]} {data[1][:20]}")
    kinds = {file.name.split("/")[1] for file in run.files() if file.name.startswith("media/")}
    check({"images", "table", "html"} <= kinds, f"media files {kinds}")


def ends(home):
    """How a program ends is what the run's state says."""
    start = 'import os, sys, wandb\nrun = wandb.init(project="ends", id=sys.argv[1])\nrun.log({"a": 1})\n'
    for name, code, last, state in (
        ("normal", 0, "", "finished"),
        ("exit0", 0, "sys.exit(0)", "finished"),
        ("exit3", 3, "sys.exit(3)", "failed"),
        ("raise", 1, "raise ValueError('x')", "failed"),
        ("finish0", 0, "run.finish()", "finished"),
        ("finish7", 0, "run.finish(exit_code=7)", "failed"),
        ("finish0_exit5", 5, "run.finish(); sys.exit(5)", "finished"),
    ):
        home.script(start + last + "\n", name, check_code=code)
        run = home.api().run(f"{home.entity}/ends/{name}")
        equal((run.state, run.summary.get("a")), (state, 1), name)


def resume(home):
    entity = home.entity
    logs = lambda name: [
        (row["_step"], row.get("x")) for row in home.api().run(f"{entity}/resume/{name}").scan_history()
    ]  # noqa: E731
    script = """
import sys, wandb
run = wandb.init(project="resume", id=sys.argv[1], resume=sys.argv[2] if sys.argv[2] != "-" else None, config={sys.argv[3]: 1})
print("RESUMED", run.resumed, run.summary.get("best"), sorted(dict(run.config)))
for x in sys.argv[4:]:
    run.log({"x": int(x)})
print("said", *sys.argv[4:])
run.summary["best"] = max(int(x) for x in sys.argv[4:])
run.finish()
"""
    home.script(script, "r1", "must", "a", "1", check_code=1)
    out = home.script(script, "r1", "allow", "a", "1", "2").stdout
    check("RESUMED False None ['a']" in out, out)
    out = home.script(script, "r1", "allow", "b", "3", "4").stdout
    check("RESUMED True 2 ['a', 'b']" in out, out)
    equal(logs("r1"), [(0, 1), (1, 2), (2, 3), (3, 4)], "history after resume=allow")
    home.script(script, "r1", "must", "b", "5")
    equal(logs("r1")[-1], (4, 5), "history after resume=must")
    home.script(script, "r1", "never", "b", "6", check_code=1)
    run = home.api().run(f"{entity}/resume/r1")
    equal((run.state, run.summary["best"], len(logs("r1"))), ("finished", 5, 5), "after a refused resume")
    console = [line.content for line in run.console_logs()]
    equal(
        [line for line in console if line.startswith("said")], ["said 1 2", "said 3 4", "said 5"], "the console of three sessions"
    )
    home.script(script, "r2", "-", "a", "1", "2")
    home.script(script, "r2", "-", "b", "3")
    equal(sorted(x for _, x in logs("r2")), [1, 2, 3], "the same id again, without resume: appended")
    home.script('import wandb\nrun = wandb.init(project="resume", resume="auto")\nrun.log({"x": 1})\n')
    out = home.script(
        'import wandb\nwandb.init(project="resume", fork_from="r1?_step=1", id="forked").log({"x": 9})\n', check_code=None
    )
    check(out.returncode == 0, out.stdout)
    refused = home.script('import wandb\nwandb.init(project="resume", resume_from="r1?_step=1")\n', check_code=None)
    check(refused.returncode == 0 or "rewind" in refused.stdout.lower(), f"rewind: {refused.stdout}")


def offline(home):
    home.script("""
import wandb
run = wandb.init(project="offline", id="off1", mode="offline", config={"a": 1}, tags=["off"])
for i in range(20):
    run.log({"x": i})
print("an offline line")
run.finish()
""")
    folder = glob.glob(os.path.join(home.work, "wandb/offline-run-*off1"))
    equal(len(folder), 1, "offline folders")
    home.wandb("sync", folder[0])
    run = home.api().run(f"{home.entity}/offline/off1")
    equal((run.state, run.config, run.tags), ("finished", {"a": 1}, ["off"]), "the synced run")
    equal([row["x"] for row in run.scan_history()], list(range(20)), "its history")
    equal([line.content for line in run.console_logs()], ["an offline line"], "its console")


def several(home):
    """Two runs in one process, a shared run with two writers, gzip, code saving, a plain init without any project."""
    home.script("""
import wandb
a = wandb.init(project="several", id="two1", reinit="create_new")
b = wandb.init(project="several", id="two2", reinit="create_new")
for i in range(3):
    a.log({"x": i}); b.log({"x": -i})
a.finish(); b.finish()
gzip = wandb.init(project="several", id="gzip", settings=wandb.Settings(x_file_stream_no_gzip=False))
gzip.log({"x": 1}); gzip.finish()
shared = wandb.init(project="several", id="shared", settings=wandb.Settings(mode="shared", x_primary=True, x_label="w0"))
shared.log({"x": 5}); print("from w0"); shared.finish()
plain = wandb.init()
plain.log({"x": 1})
print("PLAIN", plain.path)
plain.finish()
""")
    api, entity = home.api(), home.entity
    equal([row["x"] for row in api.run(f"{entity}/several/two1").scan_history()], [0, 1, 2], "two1")
    equal([row["x"] for row in api.run(f"{entity}/several/two2").scan_history()], [0, -1, -2], "two2")
    for name in ("gzip", "shared"):
        equal(
            (api.run(f"{entity}/several/{name}").state, api.run(f"{entity}/several/{name}").summary["x"]),
            ("finished", {"gzip": 1, "shared": 5}[name]),
            name,
        )
    equal(len(list(api.runs(f"{entity}/uncategorized"))), 1, "runs of the unnamed project")
    program = home.program(
        "saver.py",
        'import wandb\nrun = wandb.init(project="several", id="code", save_code=True)\nrun.log({"x": 1})\n'
        'run.log_code(".", include_fn=lambda path: path.endswith("saver.py"))\nrun.finish()\n',
    )
    home.end_of(home.start_client([sys.executable, program]), 0, 60, "a script that saves its code")
    names = [file.name for file in api.run(f"{entity}/several/code").files()]
    check("code/saver.py" in names, f"files {names}")


def main():
    version = clients.enter()
    with WandbHome() as home:
        print(f"wandb {version} at {home.url}")
        run_scenarios(home, [resume, everything, media, ends, several, offline])


if __name__ == "__main__":
    main()
