import { useMemo } from "preact/hooks";
import { addGoal, Nudges, removePoint } from "../commands/points";
import type { End } from "../geometry/hit";
import { toStage, type Xy } from "../geometry/view";
import { useStudio } from "../state/studio";
import { place } from "../state/words";
import type { PointView } from "../wire/messages";

const ARROWS: Readonly<Record<string, Xy>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Handles are discs, goals diamonds, with a line between; both can be focused and moved. */
export function PointsLayer() {
  const { store } = useStudio();
  const { width, height } = store.stage.value;
  if (store.picture.value === null) {
    return null;
  }
  const points = store.list.value;
  const faded =
    store.comparing.value || store.tool.value === "brush" || store.tool.value === "eraser";
  return (
    // biome-ignore lint/a11y/useSemanticElements: an SVG has no fieldset.
    <svg
      class={faded ? "points faded" : "points"}
      width={width}
      height={height}
      role="group"
      aria-label="Points"
    >
      <desc id="point-help">
        Arrow keys move it by 1 pixel, with Shift by 10. Delete removes the point.
      </desc>
      {points.map((point) => (
        <Line key={point.id} point={point} />
      ))}
      <LiveLine />
      {points.map((point, index) => (
        <EndMark key={`h${point.id}`} point={point} end="handle" number={index + 1} />
      ))}
      {points.map((point, index) =>
        point.goal === null ? null : (
          <EndMark key={`g${point.id}`} point={point} end="goal" number={index + 1} />
        ),
      )}
    </svg>
  );
}

function Line({ point }: { point: PointView }) {
  const { store } = useStudio();
  if (point.goal === null) {
    return null;
  }
  const from = toStage(store.view.value, point.handle);
  const to = toStage(store.view.value, point.goal);
  const ends = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
  return (
    <g class="tow" aria-hidden="true">
      <line class="tow-under" {...ends} />
      <line class={point.lost ? "tow-line lost" : "tow-line"} {...ends} />
    </g>
  );
}

function LiveLine() {
  const { store } = useStudio();
  const hold = store.liveHold.value;
  if (hold === null) {
    return null;
  }
  const held = store.progress.value?.points.find((point) => point.id === -1);
  const from = toStage(store.view.value, held?.handle ?? hold.at);
  const to = toStage(store.view.value, hold.to);
  const ends = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
  return (
    <g class="live-hold" aria-hidden="true">
      <line class="tow-under" {...ends} />
      <line class="tow-line" {...ends} />
      <circle class="disc" cx={from[0]} cy={from[1]} r="7" />
      <circle class="ring" cx={to[0]} cy={to[1]} r="15" />
    </g>
  );
}

function EndMark({ point, end, number }: { point: PointView; end: End; number: number }) {
  const studio = useStudio();
  const { store } = studio;
  const nudges = useMemo(() => new Nudges(studio), [studio]);
  const xy = end === "handle" ? point.handle : point.goal;
  if (xy === null) {
    return null;
  }
  const [x, y] = toStage(store.view.value, xy);
  const isSelected = store.selected.value?.id === point.id;
  const isThis = isSelected && store.selected.value?.end === end;
  const isLost = point.lost && end === "handle";
  const name = end === "handle" ? "Handle" : "Goal";
  const label = `${name} ${number} at ${place(xy)}${isLost ? ", lost: the place is a guess" : ""}`;
  const keys = (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key];
    if (arrow !== undefined) {
      const far = event.shiftKey ? 10 : 1;
      nudges.nudge({ id: point.id, end }, [arrow[0] * far, arrow[1] * far], event.timeStamp);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      removePoint(studio, point.id);
    } else if (event.key === "Enter" && point.goal === null && !event.ctrlKey && !event.metaKey) {
      addGoal(studio, point.id);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an SVG has no button.
    <g
      class={`end ${end}${isThis ? " selected" : ""}${isLost ? " lost" : ""}`}
      transform={`translate(${x} ${y})`}
      role="button"
      tabIndex={0}
      aria-label={label}
      aria-describedby="point-help"
      aria-pressed={isThis}
      data-testid={`point-${end}-${point.id}`}
      data-x={xy[0]}
      data-y={xy[1]}
      onFocus={() => {
        store.selected.value = { id: point.id, end };
      }}
      onKeyDown={keys}
    >
      <circle class="hit" r="14" />
      {end === "handle" ? (
        <circle class="disc" r="7.5" />
      ) : (
        <path class="diamond" d="M0 -9.5L9.5 0 0 9.5-9.5 0z" />
      )}
      {isLost && <text class="mark-text">?</text>}
      {store.list.value.length > 1 && !isLost && <text class="mark-text">{number}</text>}
    </g>
  );
}
