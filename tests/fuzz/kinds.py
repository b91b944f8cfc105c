"""Every kind of input, by its name."""

from __future__ import annotations

from tests.fuzz import given, own, results, samples, served, written
from tests.fuzz.kind import Kind
from tests.fuzz.policies import audit_policy, spoil_policy, write_policy

KINDS: dict[str, Kind] = {
    "image": Kind(samples.write_images, given.frames("a.png", "b.jpg"), 140),
    "npy": Kind(samples.write_arrays, given.frames("a.npy#0", "b.npy#0,2"), 120),
    "hdf5": Kind(samples.write_hdf5, given.frames("e.h5#0,3"), 160),
    "video": Kind(samples.write_video, given.frames("c.mp4#0,3", "c.mp4#t=0.2"), 120),
    "rlds": Kind(samples.write_rlds_set, given.frames("set#episode=1&frames=0,2"), 120),
    "lerobot 2": Kind(samples.write_lerobot_images, given.data_set, 220),
    "lerobot 3": Kind(samples.write_lerobot_video, given.data_set, 160, short=60),
    "cases (YAML)": Kind(samples.write_cases, given.cases, 160),
    "word table (YAML)": Kind(samples.write_word_table, given.table_of_words, 100),
    "grid (YAML)": Kind(samples.write_grid, given.grid, 120),
    "examples (CSV)": Kind(samples.write_examples, given.needed, 80),
    "words": Kind(samples.write_words, given.words, 160, short=30),
    "locator": Kind(samples.write_places, written.locator, 120, written.spoil_locator),
    "options": Kind(samples.write_options, written.options, 25, written.spoil_options, short=20),
    "SQL": Kind(own.write_run, written.sql, 60, written.spoil_sql, short=24),
    "weights": Kind(samples.write_weights, given.weights, 140),
    "weights in shards": Kind(samples.write_shards, given.sharded, 60),
    "vlm config": Kind(samples.write_vlm, given.vlm, 40, given.spoil_config),
    "kosmos2 config": Kind(samples.write_kosmos2, given.kosmos2, 40, given.spoil_config),
    "record": Kind(
        own.write_record,
        results.record,
        120,
        results.spoil_record,
        own.sign_record,
        short=60,
    ),
    "record, page": Kind(
        own.write_record,
        results.page,
        8,
        results.spoil_record,
        own.sign_record,
        short=4,
    ),
    "record, figures": Kind(
        own.write_record,
        results.figures,
        8,
        results.spoil_record,
        own.sign_record,
        short=4,
    ),
    "sweep run": Kind(own.write_run, results.sweep, 80, None, own.sign_run, short=18),
    "tap recording": Kind(own.write_tap, results.tap, 100),
    "drive": Kind(own.write_drive, results.drive, 80, short=20),
    "exam": Kind(own.write_exam, results.exam, 40, short=12),
    "tuned": Kind(own.write_tuned, results.tuned, 120, short=40),
    "checkpoints": Kind(
        own.write_checkpoints,
        results.checkpoints,
        60,
        None,
        own.sign_checkpoints,
        short=12,
    ),
    "requests": Kind(served.write_requests, served.ask, 200, served.spoil_request, short=60),
    "delivered (JSON)": Kind(own.write_delivered, results.delivered, 80),
    "history": Kind(own.write_history, results.history, 80),
    "forensics": Kind(samples.write_published, results.forensics, 120, short=24),
    "policy's outputs": Kind(write_policy, audit_policy, 120, spoil_policy, short=50),
    "server answers": Kind(samples.write_answers, results.answers, 160),
}
