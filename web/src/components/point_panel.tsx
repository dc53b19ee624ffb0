import { addPointInView, clearPoints, removePoint, takeBetterPlace } from "../commands/points";
import { useStudio } from "../state/studio";
import { place } from "../state/words";
import type { PointView } from "../wire/messages";
import { Icon } from "./icon";

export function PointPanel() {
  const studio = useStudio();
  const points = studio.store.list.value;
  const hasPicture = studio.store.picture.value !== null;
  return (
    <section class="panel" aria-labelledby="points-title">
      <div class="panel-head">
        <h2 id="points-title">
          Points <span class="count">{points.length > 0 ? points.length : ""}</span>
        </h2>
        <div class="group">
          <button
            type="button"
            class="quiet-button"
            data-testid="point-add"
            title="Add a point in the middle of the view"
            disabled={!hasPicture}
            onClick={() => addPointInView(studio)}
          >
            <Icon name="plus" /> Add
          </button>
          <button
            type="button"
            class="quiet-button"
            data-testid="points-clear"
            disabled={points.length === 0}
            onClick={() => clearPoints(studio)}
          >
            Clear all
          </button>
        </div>
      </div>
      {points.length === 0 ? (
        <p class="empty">Press on the picture, drag, and let go.</p>
      ) : (
        <ol class="point-list" data-testid="point-list">
          {points.map((point, index) => (
            <Row key={point.id} point={point} number={index + 1} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Row({ point, number }: { point: PointView; number: number }) {
  const studio = useStudio();
  const { store } = studio;
  const advice = store.advice.value.get(point.id);
  const isSelected = store.selected.value?.id === point.id;
  return (
    <li class={isSelected ? "point-row selected" : "point-row"}>
      <div class="point-line">
        <span class="point-number">{number}</span>
        <span class="point-places">
          <span class="key-disc" aria-hidden="true" />
          <span class="for-listeners">from</span> {place(point.handle)}
          {point.goal === null ? (
            <span class="muted">holds still</span>
          ) : (
            <>
              <span class="key-diamond" aria-hidden="true" />
              <span class="for-listeners">to</span> {place(point.goal)}
            </>
          )}
        </span>
        <button
          type="button"
          class="icon-button small"
          data-testid={`point-remove-${point.id}`}
          aria-label={`Remove point ${number}`}
          title="Remove (Delete)"
          onClick={() => removePoint(studio, point.id)}
        >
          <Icon name="close" size={16} />
        </button>
      </div>
      {point.lost && (
        <p class="point-note" data-testid={`point-lost-${point.id}`}>
          Lost: it was not found again, so its place is a guess. Move the handle, or pull less far.
        </p>
      )}
      {advice !== undefined && (
        <div class="point-note">
          <p>{advice.text}</p>
          {advice.better !== null && (
            <button
              type="button"
              class="small-button"
              data-testid={`point-better-${point.id}`}
              onClick={() => takeBetterPlace(studio, point.id, advice.better ?? point.handle)}
            >
              Use the better place
            </button>
          )}
        </div>
      )}
    </li>
  );
}
