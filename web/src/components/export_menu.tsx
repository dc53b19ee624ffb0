import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { exportAnimation, exportPhoto, exportPicture } from "../commands/files";
import { useStudio } from "../state/studio";
import { Icon } from "./icon";

/** Pictures, animations and whole photographs, with the points drawn in or without. */
export function ExportMenu() {
  const studio = useStudio();
  const { welcome, job, doc } = studio.store;
  const isOpen = useSignal(false);
  const withPoints = useSignal(false);
  const withMark = useSignal(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) {
        isOpen.value = false;
      }
    };
    const onEscape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && isOpen.value) {
        event.stopPropagation();
        isOpen.value = false;
        button.current?.focus();
      }
    };
    document.addEventListener("keydown", onEscape);
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("keydown", onEscape);
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [isOpen]);
  // WebP is a picture and a film.
  const filmId = (format: string) =>
    welcome.value?.exports.includes(format) ? `export-film-${format}` : `export-${format}`;
  const pick = (work: () => Promise<void>) => {
    isOpen.value = false;
    button.current?.focus();
    void work();
  };
  const item = (format: string, testId: string, work: () => Promise<void>) => (
    <button
      type="button"
      class="format"
      key={format}
      data-testid={testId}
      onClick={() => pick(work)}
    >
      {format.toUpperCase()}
    </button>
  );
  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        class="quiet-button"
        ref={button}
        data-testid="export"
        aria-label="Export"
        aria-expanded={isOpen.value}
        aria-controls="export-menu"
        disabled={doc.value?.generator == null || job.value !== null}
        onClick={() => {
          isOpen.value = !isOpen.value;
        }}
      >
        <Icon name="export" />
        <span class="wide-only">Export</span>
      </button>
      <fieldset class="menu-panel" id="export-menu" hidden={!isOpen.value} aria-label="Export">
        {doc.value?.photo != null && (
          <>
            <h2 class="menu-title">The whole photograph</h2>
            <div class="formats">
              {welcome.value?.photo_exports.map((format) =>
                item(format, `export-photo-${format}`, () =>
                  exportPhoto(studio, format, withMark.value),
                ),
              )}
            </div>
            <Check
              testId="export-mark"
              isOn={withMark}
              words="With a visible mark that it is edited"
            />
            <hr class="menu-rule" />
          </>
        )}
        <h2 class="menu-title">Picture</h2>
        <div class="formats">
          {welcome.value?.exports.map((format) =>
            item(format, `export-${format}`, () => exportPicture(studio, format, withPoints.value)),
          )}
        </div>
        <h2 class="menu-title">The drag as a film</h2>
        <div class="formats">
          {welcome.value?.formats.map((format) =>
            item(format, filmId(format), () => exportAnimation(studio, format, withPoints.value)),
          )}
        </div>
        <Check testId="export-points" isOn={withPoints} words="Draw the points in" />
      </fieldset>
    </div>
  );
}

function Check(props: { testId: string; isOn: Signal<boolean>; words: string }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        data-testid={props.testId}
        checked={props.isOn.value}
        onChange={(event) => {
          props.isOn.value = event.currentTarget.checked;
        }}
      />
      {props.words}
    </label>
  );
}
