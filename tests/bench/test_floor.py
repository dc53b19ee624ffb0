from collections.abc import Iterator

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tugan.bench.cost_model import synthesis_cost
from tugan.bench.floor import Floor, MachineRates, floor_of
from tugan.bench.floor_parts import JPEG_QUALITY, Part, picture_parts, point_parts
from tugan.bench.floor_rates import measure_rates
from tugan.bench.floor_record import BlockNote, FloorRecord, PartTime, measure_floor
from tugan.bench.floor_tables import blocks_table, parts_table, rates_table
from tugan.bench.layer_cost import Cost
from tugan.bench.stopwatch import LEAST_RUNS, MOST_RUNS, median_s
from tugan.bench.wording import number
from tugan.dragging.problem import DragProblem
from tugan.generators.preview_fit import fit_preview_head
from tugan.generators.protocol import Generator, PretrainedGenerator, sample_z
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.toy import ToyGenerator
from tugan.studio import encoding

CPU = torch.device("cpu")
RATES = MachineRates(
    matrix=100.0, dense=200.0, depthwise=10.0, copy_gb=20.0,
    measured=(("product", 100.0), ("convolution", 200.0), ("small", 15.0), ("large", 20.0)),
)  # fmt: skip
NO_CONVS = RATES.model_copy(update={"dense": None, "depthwise": None})


def problem_on(generator: Generator, points: int = 3) -> DragProblem:
    info = generator.info
    handles_xy = torch.tensor([[0.5, 0.5], [0.4, 0.3], [0.6, 0.4]])[:points] * min(info.size_hw)
    return DragProblem(
        generator=generator,
        ws=generator.map(sample_z(0, z_dim=info.z_dim)),
        handles_xy=handles_xy,
        targets_xy=handles_xy + 3,
    )


def test_each_kind_of_arithmetic_at_its_rate() -> None:
    cost = Cost(pointwise=10**9, dense=10**9, depthwise=10**8, weights=10**6, activations=10**7)
    floor = floor_of(cost, RATES)
    assert floor.arithmetic_s == pytest.approx(0.02 + 0.01 + 0.02)
    assert floor.memory_s == pytest.approx(4 * 11e6 / 20e9)
    assert floor.seconds == floor.arithmetic_s
    assert floor_of(Cost(activations=10**8), RATES).seconds == pytest.approx(0.02)


def test_a_dense_convolution_is_a_matrix_product_too() -> None:
    slow = RATES.model_copy(update={"dense": 1.0})
    assert floor_of(Cost(dense=10**9), slow).seconds == pytest.approx(0.02)


def test_a_rate_that_is_not_known_is_not_guessed() -> None:
    assert floor_of(Cost(pointwise=5), NO_CONVS).arithmetic_s > 0
    with pytest.raises(ValueError, match="depthwise convolutions, and their rate"):
        floor_of(Cost(depthwise=5), NO_CONVS)


def test_rates_are_measured_in_the_models_shapes() -> None:
    config = StyleGan2Config(channels=(4, 4, 3), z_dim=8, w_dim=8, mapping_widths=(8,))
    rates = measure_rates(synthesis_cost(config), until_px=8, device=CPU)
    names = [what for what, _ in rates.measured]
    # those up to 8 px, then those of all
    assert names[1:-2] == [
        "3 x 3 dense convolution, 4 to 4 channels, 8 x 8 cells",
        "3 x 3 dense convolution, 3 to 3 channels, 16 x 16 cells",
        "4 x 4 depthwise convolution, 4 channels, 9 x 9 cells",
        "4 x 4 depthwise convolution, 3 channels, 17 x 17 cells",
    ]
    assert all(rate > 0 for _, rate in rates.measured)
    assert rates.dense == max(rate for what, rate in rates.measured if "dense" in what)
    assert rates.copy_gb == max(rate for what, rate in rates.measured if "copy" in what)


def test_heavy_convolutions_are_measured_on_smaller_maps() -> None:
    config = StyleGan2Config(channels=(512,) * 6, z_dim=8, w_dim=8, mapping_widths=(8,))
    shapes = [
        what for what, _ in measure_rates(synthesis_cost(config), until_px=4, device=CPU).measured
    ]
    assert "3 x 3 dense convolution, 512 to 512 channels, 4 x 4 cells" in shapes
    assert "3 x 3 dense convolution, 512 to 512 channels, 16 x 16 cells" in shapes


def test_without_a_model_there_is_no_rate_of_convolutions() -> None:
    rates = measure_rates(None, until_px=8, device=CPU)
    assert (rates.dense, rates.depthwise) == (None, None)
    assert len(rates.measured) == 3


@pytest.fixture(scope="module")
def parts(stylegan2_128: PretrainedGenerator) -> list[Part]:
    problem = problem_on(stylegan2_128)
    until_px = stylegan2_128.info.hints.feature_px
    head = fit_preview_head(stylegan2_128, until_px=until_px, samples=3)
    found: Iterator[Part] = picture_parts(stylegan2_128, problem.ws, until_px=until_px, head=head)
    return [*found, *point_parts(problem, until_px=until_px)]


def test_the_parts_do_what_they_are_said_to_cost(parts: list[Part]) -> None:
    multiplied = 0
    for part in parts:
        if part.cost is None or not part.cost.multiply_adds:
            continue
        multiplied += 1
        with FlopCounterMode(display=False) as counter:
            part.action()
        expected = part.cost.multiply_adds
        if part.name == "newton: solution":
            # torch does not count a matrix times a vector: two of 6 equations, 6 rows of 512
            expected -= 2 * 6 * 6 * 512
        # the pictures of the blocks on the way are a small part
        assert counter.get_total_flops() / 2 == pytest.approx(expected, rel=0.05), part.name
    assert multiplied == 8


def test_every_part_of_a_step_is_there(parts: list[Part]) -> None:
    assert [(part.name, part.points) for part in parts] == [
        ("synthesis to 128 px", None),
        ("adam: the same, for a gradient", None),
        ("adam: backward to the latent", None),
        ("the whole picture", None),
        ("picture to 8 bits", None),
        ("preview from the features", None),
        ("JPEG of the preview, 128 x 128", None),
        ("adam: tracking and loss", 3),
        ("adam: a whole step", 3),
        ("newton: tracking", 3),
        ("newton: derivatives on windows", 3),
        ("newton: solution", 3),
    ]
    costs = {part.name: part.cost for part in parts}
    # 3 x 128 x 128 floats are read, and as many bytes written
    assert costs["picture to 8 bits"] == Cost(activations=3 * 128 * 128 * 5 // 4)
    assert costs["adam: tracking and loss"] == Cost(activations=32 * 128 * 128)


def test_jpegs_are_those_of_the_studio() -> None:
    assert encoding.JPEG_QUALITY == JPEG_QUALITY


def test_a_generator_of_another_family_has_times_and_no_floors() -> None:
    toy = ToyGenerator()
    found = measure_floor(problem_on(toy), points=(1, 3))
    floors = {part.name: part.floor for part in found.parts}
    assert floors["synthesis to 32 px"] is None
    assert floors["newton: derivatives on the whole map"] is None
    assert floors["newton: solution"] is not None
    assert [part.points for part in found.parts if part.name == "newton: tracking"] == [1, 3]
    assert all(part.seconds > 0 for part in found.parts)
    assert found.blocks == ()
    with pytest.raises(ValueError, match="has 3 points"):
        measure_floor(problem_on(toy), points=(1, 4))
    # as it is kept in results.jsonl
    assert FloorRecord.model_validate_json(found.model_dump_json()) == found


def test_the_tables_show_measured_beside_floor() -> None:
    cost = synthesis_cost(
        StyleGan2Config(channels=(256, 128), z_dim=8, w_dim=8, mapping_widths=(8,))
    )
    record = FloorRecord(
        rates=RATES,
        blocks=tuple(BlockNote.of(block) for block in cost.blocks),
        parts=(
            PartTime(
                name="synthesis", points=None, seconds=0.05,
                floor=Floor(arithmetic_s=0.02, memory_s=0.004),
            ),
            PartTime(name="JPEG", points=1, seconds=0.001, floor=None),
        ),
    )  # fmt: skip
    dash = "–"  # noqa: RUF001
    assert parts_table(record).rows == (
        ("synthesis", "", "50.00", "20.00", "2.5 x", "20.00", "4.00"),
        ("JPEG", "1 point", "1.00", dash, dash, dash, dash),
    )
    first, second = blocks_table(record).rows
    # 9 x 256 x 256 x 16, a style of 256 and 256 x 256 energies; 3 x 256 x 16 to draw
    assert first[:3] == ("4 px", "9.5", "9.5")
    assert first[5] == "0.0"
    assert second[2] == number(cost.forward(8).multiply_adds / 1e6, 1)
    assert second[4] == number(cost.blocks[1].features.backward.bytes / 1e6, 1)
    assert rates_table(record).rows == (
        ("product", "GFLOP/s", "100.0"),
        ("convolution", "GFLOP/s", "200.0"),
        ("small", "GB/s", "15.0"),
        ("large", "GB/s", "20.0"),
    )


def test_a_median_is_of_at_least_three_runs_after_one_that_is_not_timed() -> None:
    runs: list[int] = []
    assert median_s(lambda: runs.append(1), device=CPU) > 0
    assert len(runs) == 1 + MOST_RUNS
    assert LEAST_RUNS >= 3
