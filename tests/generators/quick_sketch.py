"""What moves of a model repaint, told so roughly that it takes no time."""

from tugan.generators.protocol import PretrainedGenerator, RepaintingSketch
from tugan.generators.repainting import sketch_repainting
from tugan.generators.repainting_store import cache_path, save_repainting_of


def quick_sketch(generator: PretrainedGenerator) -> RepaintingSketch:
    """Of one picture and two probes."""
    *_, last = sketch_repainting(generator, pictures=1, probes=2)
    assert isinstance(last, RepaintingSketch)
    return last


def keep_sketch(generator: PretrainedGenerator, sketch: RepaintingSketch) -> None:
    """In the cache folder that is named now, as if it had been computed at length."""
    save_repainting_of(generator, sketch, cache_path(generator))
