"""The landmark experiment, drag by drag."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from tugan.bench.face_pairs import DrawnFace, FacePair, draw_pair
from tugan.bench.landmark_metrics import landmark_problem, run_job
from tugan.bench.landmark_task import Job, LandmarkTask, jobs_of
from tugan.bench.methods import Method
from tugan.bench.record import JobRecord
from tugan.bench.run_folder import RunFolder
from tugan.bench.thumbnails import picture_name, source_name, target_name, thumbnail
from tugan.bench.timed_drag import warm_up
from tugan.generators.protocol import Generator
from tugan.perceptual.faces import FaceFinder
from tugan.render.image_file import write_image


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """What the experiment is done with."""

    generator: Generator
    faces: FaceFinder
    methods: tuple[Method, ...]

    def method(self, name: str) -> Method:
        """The one of this name."""
        return next(one for one in self.methods if one.name == name)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A drag has been finished and written."""

    done: int
    """Of all drags, those of earlier runs included."""
    total: int
    record: JobRecord


def run_landmarks(
    task: LandmarkTask, equipment: Equipment, folder: RunFolder
) -> Iterator[Progress]:
    """Do what is not in the folder yet; to stop consuming it is to stop, and nothing is lost.

    :class:`BenchError` if the generator draws no faces.
    """
    finished = {record.job for record in folder.records()}
    jobs = list(jobs_of(task, tuple(method.name for method in equipment.methods)))
    missing = [job for job in jobs if job not in finished]
    done = len(jobs) - len(missing)
    cold = True
    for index, of_pair in groupby(missing, key=lambda job: job.pair):
        pair = draw_pair(equipment.generator, equipment.faces, task, index=index)
        _keep_faces(folder, pair)
        if cold:
            _warm_up(task, equipment, pair)
            cold = False
        for job in of_pair:
            done += 1
            record = _do(job, task, equipment, folder, pair)
            yield Progress(done=done, total=len(jobs), record=record)


def _do(
    job: Job, task: LandmarkTask, equipment: Equipment, folder: RunFolder, pair: FacePair
) -> JobRecord:
    measured = run_job(
        job,
        generator=equipment.generator,
        faces=equipment.faces,
        pair=pair,
        method=equipment.method(job.method),
        mask=task.mask,
    )
    if measured.picture is not None:
        write_image(folder.picture(picture_name(job)), thumbnail(measured.picture))
    folder.append(measured.record)
    return measured.record


def _keep_faces(folder: RunFolder, pair: FacePair) -> None:
    faces: tuple[tuple[str, DrawnFace], ...] = (
        (source_name(pair.index), pair.source),
        (target_name(pair.index), pair.target),
    )
    for name, face in faces:
        write_image(folder.picture(name), thumbnail(face.picture))


def _warm_up(task: LandmarkTask, equipment: Equipment, pair: FacePair) -> None:
    problem = landmark_problem(equipment.generator, pair, points=task.points[0], mask=task.mask)
    for method in equipment.methods:
        try:
            warm_up(problem, method.solver)
        except Exception:  # noqa: BLE001 - it will meet its error again, and record it
            continue
