"""Drives a policy: every seed under every condition, then the exchanges, kept line by line."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from pydantic import ValidationError

from heedmap.auditing.measures.distance import ActionMetric
from heedmap.data.gates.documents import first_misfit
from heedmap.data.images import thumbnail
from heedmap.data.pixels import Frame
from heedmap.errors import InputError
from heedmap.ladder.messages import say
from heedmap.monitor.driving.driver import Asked, Driver
from heedmap.monitor.driving.environment import Each, Environment, Maker, one_by_one
from heedmap.monitor.driving.folder import DriveFolder
from heedmap.monitor.driving.live import Done, Live, drive_side_by_side, said
from heedmap.monitor.driving.steer import distances_of, steer
from heedmap.monitor.driving.video import check_can_write, write_video
from heedmap.report.driving.result import (
    Condition,
    Drive,
    Episode,
    Moment,
    Run,
    Settings,
    Steered,
    Strip,
)

MOST_FRAMES = 2_000
"""Of a video."""
MOST_MOMENTS = 12
"""Of a strip."""
MOST_LETTERS = 500
"""Of an action: a hand has many joints."""
MOST_PASSED_OVER = 1_000
"""Seeds in a row without an episode, after which no more is looked for."""
Progress = Callable[[str, int, int], None]


@dataclass(eq=False)
class Film:
    """The first episode under one condition, for video and strip."""

    frames: list[Frame] = field(default_factory=list)
    steps: list[tuple[Done, str]] = field(default_factory=list)

    def note(self, done: Done, action: str) -> None:
        """Called at each step."""
        if len(self.steps) < MOST_FRAMES:
            self.frames.append(done.view.observation.pixels)
            self.steps.append((done, action))

    def end_after(self, steps: int) -> None:
        """Leave out what comes after the last goal: a robot that stands there."""
        del self.steps[steps:], self.frames[steps + 1 :]


def settings_of(
    driver: Driver,
    maker: Maker,
    policy: str,
    environment: str,
    options: dict[str, str],
    conditions: Sequence[Condition],
    max_steps: int | None,
    exchange_every: int,
) -> Settings:
    """What all episodes share; a condition that the environment has no words for is left out.

    Raises InputError where there is no episode, or no wrong instruction to exchange.
    """
    one = maker()
    try:
        if not any(one.begin(seed) for seed in range(MOST_PASSED_OVER)):
            raise InputError(
                "The environment '{environment}' gives no episode for any seed.",
                environment=environment,
            )
        texts = one.look().texts
        known: list[Condition] = [each for each in conditions if each in texts]
        if exchange_every or "wrong" in conditions:
            said(one.look(), "wrong")
        return Settings(
            policy=policy,
            environment=environment,
            options=options,
            conditions=tuple(known),
            max_steps=max_steps or one.max_steps,
            exchange_every=exchange_every,
            keeps_state=driver.keeps_state,
            unit="raw units" if driver.policy.action_names is None else "bits",
            judges_other=one.judges_other,
        )
    except ValidationError as error:
        raise InputError(
            "The drive's settings cannot be kept ({why}); give shorter options.",
            why=first_misfit(error),
        ) from error
    finally:
        one.close()


@dataclass(eq=False)
class Drives:
    """One policy in one kind of environment."""

    driver: Driver
    settings: Settings
    maker: Maker
    folder: DriveFolder
    each: Each = one_by_one
    """How several environments are asked."""

    def run(self, episodes: int, first_seed: int, on_progress: Progress | None = None) -> Drive:
        """Drive the seeds from the first on until there are so many episodes; all that is kept.

        Raises RecordError where the folder was begun with other settings or cannot be written,
        PolicyError and InputError as policy and environment do.
        """
        check_can_write()
        with self.folder.writing():
            kept = self.folder.begin(self.settings)
            lines = {each.seed: each for each in self.folder.lines()}
            environments = [self.maker() for _ in range(self.driver.parallel)]
            try:
                for batch in self._batches(environments, lines, episodes, first_seed):
                    for episode in self._driven(batch, environments, is_first=not kept.episodes):
                        lines[episode.seed] = episode
                    kept = Drive.of(self.settings, list(lines.values()))
                    if on_progress is not None:
                        on_progress(say("driving_progress"), len(kept.episodes), episodes)
            finally:
                for environment in environments:
                    environment.close()
            return self.folder.read()

    def _batches(
        self,
        environments: Sequence[Environment],
        lines: dict[int, Episode],
        episodes: int,
        first_seed: int,
    ) -> Iterator[list[int]]:
        """Seeds that give episodes and were not driven; those that give none are noted at once."""
        found, batch, passed_over = 0, list[int](), 0
        for seed, line in self._looked_up(environments, lines, first_seed):
            has_episode = line is None or bool(line.runs)
            found, passed_over = found + has_episode, 0 if has_episode else passed_over + 1
            if line is None:
                batch.append(seed)
            elif seed not in lines:
                self.folder.append([line])
            is_last = found == episodes or passed_over == MOST_PASSED_OVER
            if len(batch) == self.driver.parallel or (is_last and batch):
                yield batch
                batch = []
            if is_last:
                return

    def _looked_up(
        self, environments: Sequence[Environment], lines: dict[int, Episode], first_seed: int
    ) -> Iterator[tuple[int, Episode | None]]:
        """Seeds in order, each with its line: None where it has an episode yet to be driven.

        Several are looked up at once.
        """
        for first in count(first_seed, len(environments)):
            seeds = range(first, first + len(environments))
            new = [seed for seed in seeds if seed not in lines]
            begun = self.each(
                lambda one: one[0].begin(one[1]), list(zip(environments, new, strict=False))
            )
            gives = dict(zip(new, begun, strict=True))
            for seed in seeds:
                line = None if gives.get(seed) else Episode(seed=seed, runs={})
                yield seed, lines.get(seed, line)

    def _driven(
        self, seeds: list[int], environments: Sequence[Environment], *, is_first: bool
    ) -> list[Episode]:
        """The batch under every condition; the first seed of a folder is filmed."""
        runs: dict[int, dict[Condition, Run]] = {seed: {} for seed in seeds}
        strips: list[Strip] = []
        for condition in self.settings.conditions:
            begun = list(zip(environments, seeds, strict=False))
            self.each(lambda one: one[0].begin(one[1]), begun)
            lives = [Live(one, condition, self.settings.max_steps) for one, _ in begun]
            film = Film()
            if is_first:
                lives[0].on_acted = film.note
            drive_side_by_side(self.driver, lives, self.each)
            for seed, live in zip(seeds, lives, strict=True):
                runs[seed][condition] = live.run()
            if film.steps:
                film.frames.append(lives[0].environment.look().observation.pixels)
                film.end_after(max(lives[0].reached.values(), default=len(film.steps)))
                write_video(self.folder.path / f"{condition}.mp4", film.frames)
                strips.append(self._strip(condition, film, runs[seeds[0]][condition]))
        if strips:
            self.folder.write_strips(strips)
        steered: Sequence[Steered | None] = [None] * len(seeds)
        if self.settings.exchange_every:
            steered = steer(
                *(self.driver, self.metric, environments, seeds),
                every=self.settings.exchange_every,
                max_steps=self.settings.max_steps,
                each=self.each,
            )
        found = [
            Episode(seed=seed, runs=runs[seed], steered=each)
            for seed, each in zip(seeds, steered, strict=True)
        ]
        self.folder.append(found)
        return found

    @property
    def metric(self) -> ActionMetric:
        """Of two actions."""
        if self.settings.unit == "bits":
            return ActionMetric.discrete()
        return ActionMetric.in_own_units(1)

    def _strip(self, condition: Condition, film: Film, run: Run) -> Strip:
        """A few moments, evenly spread, each with the distance to the other instruction's action.

        That is the wrong one, or under the wrong one the right one.
        """
        count = min(MOST_MOMENTS, len(film.steps))
        places = [round(k * (len(film.steps) - 1) / max(1, count - 1)) for k in range(count)]
        against: Condition = "right" if condition == "wrong" else "wrong"
        moments = []
        for place in places:
            done, action = film.steps[place]
            distance = None
            if against in done.view.texts:
                text = said(done.view, against)
                asked = Asked(done.asked.observation, text, done.asked.before)
                other = self.driver.scores([asked])
                distance = distances_of(self.metric, done.scores[None], other).item()
            moments.append(
                Moment(
                    step=place,
                    action=action[:MOST_LETTERS],
                    distance=distance,
                    jpeg=b64encode(thumbnail(done.view.observation.pixels)).decode(),
                )
            )
        return Strip(
            condition=condition,
            text=run.text,
            target_step=run.target_step,
            other_step=run.other_step,
            moments=tuple(moments),
        )
