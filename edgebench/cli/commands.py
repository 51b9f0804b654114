"""The table of commands: short line, examples, exit codes, files; tests/test_about.py parses the examples."""

from __future__ import annotations

from edgebench.cli.about import About

RECORDS = {"results/runs/DEVICE/ID.json": "a record a cell"}
COMMANDS = {
    "train": About(
        "Train a focus regressor; goes on where it was stopped.",
        {
            "edgebench train mine --data data/training": "a regressor as wide as the reduced one, for 20 epochs",
            "edgebench train small --data data/training --alpha 0.25 --epochs 5": "a narrow one, soon done",
        },
        files={
            "models/NAME/": "model.keras, card.json, calibration.npz, history.png",
            ".cache/": "preprocessed patches",
        },
    ),
    "sweep": About(
        "Train many models from one file, here or on a cluster.",
        {
            "edgebench sweep models/zoo.toml --plan": "the cells, and how far each is",
            "edgebench sweep models/zoo.toml": "train what is missing",
        },
        failed="a model was not trained; the others were",
    ),
    "prune": About(
        "Fewer channels at a model's end, the same answers.",
        {"edgebench prune reduced small --channels 64 --data data/training": "64 channels, the head fitted anew"},
    ),
    "convert": About(
        "A model to TFLite, ONNX and OpenVINO, each checked.",
        {
            "edgebench convert": "the shipped model, to every target",
            "edgebench convert reduced --to tflite-int8 --to onnx-float32": "two targets",
            "edgebench convert mine.keras --to all --calibration patches.npz": "a model of your own",
        },
        failed="a target was refused; the others were made",
        machine="folder; of each artifact its sidecar, and whether it was converted now; the refused, and why",
        files={"models/NAME/TARGET.tflite, .onnx, .xml": "the artifact", "models/NAME/TARGET.json": "its sidecar"},
    ),
    "quantise": About(
        "The smallest, fastest int8 that stays within a margin.",
        {
            "edgebench quantise reduced --data data/training --max-increase 0.02um --search": "keeps layers in float",
            "edgebench quantise reduced --data data/training --max-size 0.4x": "no larger than 0.4 of float32",
        },
        found="no artifact is shown to stay within the margin",
        machine="artifact and recipe kept, margin, every candidate with its increase, test, bytes and latency",
    ),
    "explain": About(
        "Which layer lost the accuracy, and what to keep in float.",
        {"edgebench explain reduced/tflite-int8 --data data/training": "rank the layers, prove the remedy"},
        machine="the whole, each layer's share, the proof, the recipe that follows",
    ),
    "inspect": About(
        "What an artifact is made of, and what really runs.",
        {
            "edgebench inspect reduced/tflite-int8": "operators by precision, size, provenance",
            "edgebench inspect reduced/tflite-int8 --profile --json": "time by operator, for machines",
        },
        machine="file, model, operators as executed, sidecar; with --profile the times",
    ),
    "run": About(
        "Measure error, time and memory; goes on where it was stopped.",
        {
            "edgebench run --quick": "a first look at the shipped model on this machine",
            "edgebench run --suite table7": "every configuration of the paper's table",
            "edgebench run --suite table7 --plan": "what that would measure, and how long it takes",
            "edgebench run reduced/tflite-int8 --device raspberrypi --host pi@board": "on a board, over SSH",
            "edgebench run model.onnx --threads 2 --images 100 --json": "a file, for machines",
        },
        found="a gate of the suite failed, and failed again when its cells were measured a second time",
        machine="of each cell what it is, every number with its interval, verdicts; gates. With --plan the plan",
        files={**RECORDS, "results/unfinished/": "what a stopped call has measured", "benchmarks/NAME.toml": "a suite"},
    ),
    "evaluate": About(
        "A model's errors on the test sets; the paper's Tables 1-6.",
        {
            "edgebench evaluate reduced --data data/simulated": "one model, every test image",
            "edgebench evaluate reduced/tflite-int8 --stacks 4": "an artifact, a quick look",
            "edgebench evaluate --method all": "classical autofocus, for comparison",
        },
        machine="of each evaluation its record, and by split and aggregate the score with its interval",
        files={"results/evaluations/ID.json": "a record an evaluation", "results/reports/": "tables-1-6.md and plots"},
    ),
    "report": About(
        "Tables and pictures from the records alone.",
        {
            "edgebench report": "everything, into results/reports",
            "edgebench report --check": "is what is there up to date?",
            "edgebench report table7 --format latex --out paper": "one page, for a manuscript",
        },
        machine="the files written, how many records, whether any is of simulated slides",
        failed="--check: a page is missing or out of date",
        files={"results/reports/": "the pages, and index.html", "README.md, docs/*.md": "regions, if there are any"},
    ),
    "recommend": About(
        "Which model, precision and runtime to take, and why.",
        {
            "edgebench recommend --max-error 0.43um --max-latency 10ms --max-memory 100MB": "under three limits",
            "edgebench recommend --max-size 1MB --prefer speed --json": "the fastest below 1 MB, for machines",
        },
        found="nothing is proven to meet the limits",
        machine="the choice, the reason, runners-up, open, refused and why; time to focus and fields an hour",
    ),
    "check": About(
        "Does a record hold what its figures need?",
        {"edgebench check results/runs/local/reduced_tflite-int8_litert_b8_t1_59d7ece1.json": "one record"},
        found="something speaks against a number",
        machine="of each record what it is, every number with its interval, verdicts",
    ),
    "compare": About(
        "Two records, or two devices, side by side.",
        {
            "edgebench compare results/runs/local/before.json results/runs/local/after.json": "is the second worse?",
            "edgebench compare --sets before/results results": "every cell of two results folders",
            "edgebench compare --device local pi4": "how far two devices' answers are apart",
            "edgebench compare --device local pi4 reduced/tflite-int8 --layers": "in which layer they part",
        },
        found="something is shown to be worse; with --device 0, whatever is found",
        machine="both records with every number, ratios, differences of errors, what is worse; with --device each pair",
    ),
    "history": About(
        "One cell over time.",
        {
            "edgebench history local/reduced_tflite-int8_litert_b8_t1": "every record of it in results",
            "edgebench history reduced_tflite-int8 before/results results --json": "of two folders, for machines",
        },
        found="the newest is shown to be worse than the one before it",
        machine="each record, oldest first, and what changed from the one before",
    ),
    "predict": About(
        "Two images in, the move that focuses out.",
        {"edgebench predict --lower a.jpg --upper b.jpg --model reduced": "how far, which way, how sure"},
        machine="distance, direction, scatter of the tiles, warnings, the model and what it was trained on",
    ),
    "selftest": About(
        "The instrument itself, measured with what is known.",
        {
            "edgebench selftest --quick --only clock": "the clock, in a few seconds",
            "edgebench selftest --report": "write docs/selftest.md from the record",
        },
        found="a goal is not reached",
        machine="every finding with its goal",
        files={"results/selftest/local.json": "the record"},
    ),
    "data simulate": About(
        "A data set like the published one.",
        {
            "edgebench data simulate data/simulated": "both test sets: 49 stacks",
            "edgebench data simulate tiny --stacks 1": "one stack of each test set",
        },
        machine="name, seed, hash, counting rule, counts by split",
    ),
    "data check": About(
        "Is a data set whole?",
        {
            "edgebench data check data/simulated": "decode every image",
            "edgebench data check data/simulated --fast --json": "one image a stack, for machines",
        },
        failed="something is wrong with the data",
        machine="findings; name, hash, counting rule, counts by split",
    ),
    "data list": About(
        "Its stacks.", {"edgebench data list data/simulated --split test-1": "a row a stack"}, machine="a row a stack"
    ),
    "data show": About(
        "A contact sheet of a stack.",
        {"edgebench data show data/simulated --stack s16_l1 --out sheet.png": "planes, differences, network input"},
    ),
    "devices list": About(
        "Names that --device takes.", {"edgebench devices list": "ours and your own"}, machine="names and meanings"
    ),
    "devices show": About(
        "What a device is.",
        {"edgebench devices show local": "processor, memory, versions"},
        machine="the facts, as a record has them",
    ),
    "devices state": About(
        "What may disturb it now.",
        {"edgebench devices state local": "temperature, governor, load"},
        machine="the state, as a record has it",
    ),
    "devices doctor": About(
        "Which runtimes it has, or could have.",
        {
            "edgebench devices doctor local": "this machine",
            "edgebench devices doctor raspberrypi --host pi@board": "a board",
        },
        found="no runtime can be measured with",
        machine="a line a runtime, and whether it is good",
    ),
    "devices calibrate": About(
        "The fit behind estimates, made again.",
        {"edgebench devices calibrate": "compare it with the shipped one"},
        found="the shipped fit is another one",
    ),
}
ENVIRONMENT = {
    "XDG_CONFIG_HOME": "where edgebench/edgebench.toml with your devices is looked for; ~/.config if not set",
    "XDG_CACHE_HOME": "where emulated boards are kept; ~/.cache if not set",
    "EDGEBENCH_DEBIAN": "mirror of Debian that emulated boards are made of, on a host that is no Debian",
    "NO_COLOR": "no colour in a terminal",
    "COLUMNS": "width of help and tables in a terminal",
}
FILES = {
    "edgebench.toml": "devices of your own, [device.NAME]; here, or in ~/.config/edgebench",
    "models/": "regressors, a folder each; --models names another",
    "results/": "records and reports; --results names another",
    "data/simulated": "the data set where --data names none",
}
