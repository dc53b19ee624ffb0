import { useStudio } from "../state/studio";
import type { RecoveryView } from "../wire/messages";
import { Icon } from "./icon";

/** Work that an earlier run saved; beside the picture, not over it. */
export function Recovery() {
  const { store } = useStudio();
  const works = [...(store.welcome.value?.recoverable ?? [])];
  works.sort((a, b) => b.saved_at - a.saved_at);
  const [newest, ...older] = works;
  if (newest === undefined || store.isRecoveryDismissed.value) {
    return null;
  }
  return (
    <section class="recovery" aria-labelledby="recovery-title" data-testid="recovery">
      <div class="panel-head">
        <h2 id="recovery-title">Earlier work was saved</h2>
        <button
          type="button"
          class="icon-button small"
          data-testid="recovery-close"
          aria-label="Not now"
          onClick={() => {
            store.isRecoveryDismissed.value = true;
          }}
        >
          <Icon name="close" size={16} />
        </button>
      </div>
      <Work work={newest} />
      {older.length > 0 && (
        <details class="older">
          <summary data-testid="recovery-older">{older.length} older</summary>
          {older.map((work) => (
            <Work key={work.session} work={work} />
          ))}
        </details>
      )}
    </section>
  );
}

function Work({ work }: { work: RecoveryView }) {
  const studio = useStudio();
  return (
    <div class="work-saved">
      <p>
        {work.text}
        <span class="muted saved-at">{savedAt(work.saved_at)}</span>
      </p>
      <div class="group">
        <button
          type="button"
          class="small-button"
          data-testid={`recover-${work.session}`}
          onClick={() => {
            studio.store.isRecoveryDismissed.value = true;
            studio.ask({ type: "recover", session: work.session });
          }}
        >
          Go on where you were
        </button>
        <button
          type="button"
          class="quiet-button"
          data-testid={`discard-${work.session}`}
          onClick={() => studio.discard(work.session)}
        >
          Discard
        </button>
      </div>
    </div>
  );
}

function savedAt(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString(undefined, {
    dateStyle: "medium",
    timeStyle: "short",
  });
}
