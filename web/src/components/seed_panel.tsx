import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import {
  askGallery,
  MAX_SEED,
  reroll,
  setGalleryLook,
  takeSeed,
  toggleLock,
} from "../commands/start_picture";
import { type Studio, useStudio } from "../state/studio";
import { psiWords } from "../state/words";
import { Icon } from "./icon";
import { PhotoAbout } from "./photo_about";

/** Pictures to start from. */
export function SeedPanel() {
  const studio = useStudio();
  const { store } = studio;
  const gallery = store.gallery.value;
  const classes = store.doc.value?.generator?.classes ?? 0;
  const isReady = gallery !== null && store.hasPicture.value;
  useEffect(() => {
    if (isReady) {
      askGallery(studio);
    }
  }, [studio, isReady]);
  return (
    <section class="panel" aria-labelledby="seeds-title">
      <div class="panel-head">
        <h2 id="seeds-title">Pictures</h2>
        <button
          type="button"
          class="quiet-button"
          data-testid="reroll"
          title="New pictures, but for the locked ones"
          disabled={gallery === null}
          onClick={() => reroll(studio)}
        >
          <Icon name="dice" /> Re-roll
        </button>
      </div>
      <PhotoAbout />
      <ul class="gallery" data-testid="gallery">
        {gallery?.seeds.map((seed) => (
          <Thumbnail key={seed} seed={seed} />
        ))}
      </ul>
      <div class="row">
        <SeedField />
        {classes > 0 && (
          <label class="field">
            <span>Class</span>
            <input
              type="number"
              data-testid="label"
              min={0}
              max={classes - 1}
              value={gallery?.label ?? 0}
              onChange={(event) => {
                setGalleryLook(studio, { label: Number(event.currentTarget.value) });
                askGallery(studio);
              }}
            />
          </label>
        )}
      </div>
      <Truncation />
    </section>
  );
}

function Thumbnail({ seed }: { seed: number }) {
  const studio = useStudio();
  const { store } = studio;
  const address = studio.gallery.addresses.value.get(seed);
  const isLocked = store.gallery.value?.locked.has(seed) ?? false;
  const isCurrent = store.doc.value?.start?.seed === seed;
  return (
    <li class={isLocked ? "thumb locked" : "thumb"}>
      <button
        type="button"
        class={isCurrent ? "thumb-picture current" : "thumb-picture"}
        data-testid={`gallery-seed-${seed}`}
        aria-label={`Start from seed ${seed}`}
        aria-pressed={isCurrent}
        title={`Seed ${seed}`}
        onClick={() => takeSeed(studio, seed)}
      >
        {address !== undefined && <img src={address} alt="" draggable={false} />}
      </button>
      <button
        type="button"
        class="thumb-lock"
        data-testid={`gallery-lock-${seed}`}
        aria-label={`Keep seed ${seed} when re-rolling`}
        aria-pressed={isLocked}
        title={isLocked ? "Locked: stays when re-rolling" : "Lock"}
        onClick={() => toggleLock(studio, seed)}
      >
        <Icon name={isLocked ? "lock" : "unlock"} size={14} />
      </button>
    </li>
  );
}

function SeedField() {
  const studio = useStudio();
  const seed = studio.store.doc.value?.start?.seed ?? null;
  const typed = useSignal<string | null>(null);
  const text = typed.value ?? (seed === null ? "" : String(seed));
  return (
    <form
      class="seed-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isSeed(text)) {
          typed.value = null;
          takeSeed(studio, Number(text));
        }
      }}
    >
      <label class="field">
        <span>Seed</span>
        <input
          type="number"
          data-testid="seed-input"
          min={0}
          max={MAX_SEED}
          step={1}
          inputMode="numeric"
          value={text}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
          onBlur={(event) => {
            if (!isSeed(text)) {
              typed.value = null;
              event.currentTarget.value = seed === null ? "" : String(seed);
            }
          }}
        />
      </label>
      <button type="submit" class="quiet-button" data-testid="seed-go">
        Show
      </button>
    </form>
  );
}

function isSeed(text: string): boolean {
  const wanted = Number(text);
  return text !== "" && Number.isInteger(wanted) && wanted >= 0 && wanted <= MAX_SEED;
}

function Truncation() {
  const studio = useStudio();
  const { gallery, doc } = studio.store;
  const start = doc.value?.start ?? null;
  const psi = gallery.value?.psi ?? 0.7;
  const differs = start !== null && start.seed !== null && Math.abs(start.psi - psi) > 0.004;
  return (
    <div class="truncation">
      <label class="slider">
        <span class="slider-name">
          Variety <span class="number">{psi.toFixed(2)}</span>
        </span>
        <input
          type="range"
          data-testid="psi"
          min={0}
          max={1.2}
          step={0.05}
          value={psi}
          aria-valuetext={`${psi.toFixed(2)}, ${psiWords(psi)}`}
          onInput={(event) => {
            setGalleryLook(studio, { psi: Number(event.currentTarget.value) });
          }}
          onChange={() => askGallery(studio)}
        />
      </label>
      <p class="slider-ends" aria-hidden="true">
        <span>closer to average</span>
        <span>more unusual</span>
      </p>
      {differs && <Apply studio={studio} seed={start.seed ?? 0} />}
    </div>
  );
}

function Apply({ studio, seed }: { studio: Studio; seed: number }) {
  return (
    <button
      type="button"
      class="small-button"
      data-testid="psi-apply"
      onClick={() => takeSeed(studio, seed)}
    >
      Make this picture so, too
    </button>
  );
}
