import { changeMethod, setModel, setSolver, usualMethod } from "../commands/start_picture";
import { type Studio, useStudio } from "../state/studio";
import { modelWords } from "../state/words";
import type { GeneratorView, MethodChoice } from "../wire/messages";

/** With what, and how, it is dragged. */
export function MethodPanel() {
  const studio = useStudio();
  const { doc, welcome, phase } = studio.store;
  const generator = doc.value?.generator ?? null;
  const method = doc.value?.method ?? null;
  return (
    <section class="panel" aria-labelledby="method-title">
      <div class="panel-head">
        <h2 id="method-title">How</h2>
      </div>
      <label class="field wide">
        <span>Model</span>
        <select
          data-testid="model-menu"
          value={generator?.name ?? ""}
          disabled={generator === null || phase.value !== "idle"}
          onChange={(event) => setModel(studio, event.currentTarget.value)}
        >
          {welcome.value?.models.map((model) => (
            <option key={model.name} value={model.name}>
              {modelWords(model)}
            </option>
          ))}
        </select>
      </label>
      {generator !== null && (
        <p class="field-note">
          {generator.width_px} × {generator.height_px} px · licence {generator.licence}
          {generator.notes !== "" && <span class="notes">{generator.notes}</span>}
        </p>
      )}
      {method !== null && (
        <>
          <label class="field wide">
            <span>Way of dragging</span>
            <select
              data-testid="solver-menu"
              value={method.solver}
              onChange={(event) =>
                setSolver(studio, event.currentTarget.value as MethodChoice["solver"])
              }
            >
              <option value="newton">Newton: fast</option>
              <option value="adam">Adam: as in the paper</option>
            </select>
          </label>
          {generator !== null && <Advanced studio={studio} method={method} generator={generator} />}
        </>
      )}
    </section>
  );
}

function Advanced({
  studio,
  method,
  generator,
}: {
  studio: Studio;
  method: MethodChoice;
  generator: GeneratorView;
}) {
  const most = studio.store.welcome.value?.limits.max_steps ?? 1000;
  return (
    <details class="advanced">
      <summary data-testid="advanced">Advanced</summary>
      <label class="field wide">
        <span>What may move</span>
        <select
          data-testid="space-menu"
          value={method.space}
          onChange={(event) =>
            changeMethod(studio, { space: event.currentTarget.value as MethodChoice["space"] })
          }
        >
          <option value="w">W: all style rows together</option>
          <option value="w+">W+: each style row by itself</option>
        </select>
      </label>
      <div class="row">
        <Whole
          name="Style rows"
          testId="rows"
          value={method.rows}
          most={generator.rows}
          onChange={(rows) => changeMethod(studio, { rows })}
        />
        <label class="field">
          <span>Features</span>
          <select
            data-testid="feature-menu"
            value={String(method.feature_px)}
            onChange={(event) =>
              changeMethod(studio, { feature_px: Number(event.currentTarget.value) })
            }
          >
            {generator.blocks_px.map((block) => (
              <option key={block} value={String(block)}>
                {block} px
              </option>
            ))}
          </select>
        </label>
        <Whole
          name="Most steps"
          testId="max-steps"
          value={method.max_steps}
          most={most}
          onChange={(max_steps) => changeMethod(studio, { max_steps })}
        />
      </div>
      <button
        type="button"
        class="small-button"
        data-testid="method-reset"
        onClick={() => usualMethod(studio)}
      >
        Back to what suits this model
      </button>
    </details>
  );
}

function Whole(props: {
  name: string;
  testId: string;
  value: number;
  most: number;
  onChange: (value: number) => void;
}) {
  return (
    <label class="field">
      <span>{props.name}</span>
      <input
        type="number"
        data-testid={props.testId}
        min={1}
        max={props.most}
        step={1}
        value={props.value}
        onChange={(event) => {
          const wanted = Number(event.currentTarget.value);
          if (Number.isInteger(wanted) && wanted >= 1 && wanted <= props.most) {
            props.onChange(wanted);
          } else {
            event.currentTarget.value = String(props.value);
          }
        }}
      />
    </label>
  );
}
