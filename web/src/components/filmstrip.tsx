import { useEffect, useRef } from "preact/hooks";
import { goTo } from "../commands/drag";
import { type StripEntry, strip } from "../state/history_tree";
import { useStudio } from "../state/studio";
import { Icon } from "./icon";

/** Every state there has been; a click goes there, and what is done then branches off. */
export function Filmstrip() {
  const { store } = useStudio();
  const doc = store.doc.value;
  const list = useRef<HTMLOListElement>(null);
  const current = doc?.current ?? -1;
  useEffect(() => {
    const box = list.current;
    const card = box?.querySelector<HTMLElement>(`[data-entry="${current}"]`);
    if (box && card) {
      box.scrollTo({ left: card.offsetLeft - box.clientWidth / 2 + card.clientWidth / 2 });
    }
  }, [current, doc?.history.length]);
  return (
    <section class="filmstrip" aria-label="History">
      <ol class="strip" ref={list} data-testid="filmstrip">
        {strip(doc?.history ?? [], current).map((one) => (
          <Card key={one.entry.id} one={one} />
        ))}
      </ol>
    </section>
  );
}

function Card({ one }: { one: StripEntry }) {
  const studio = useStudio();
  const { entry, number, branchesFrom } = one;
  const address = studio.history.addresses.value.get(entry.id);
  const branch = branchesFrom === null ? "" : `, branches from ${branchesFrom}`;
  const look = `${one.isCurrent ? " current" : ""}${one.isBefore ? "" : " aside"}`;
  return (
    <li
      class={branchesFrom === null ? "card-slot" : "card-slot branch"}
      data-entry={entry.id}
      data-branch={branchesFrom !== null}
    >
      {branchesFrom !== null && (
        <span class="branch-mark" title={`Branches from ${branchesFrom}`} aria-hidden="true">
          <Icon name="branch" size={16} />
          {branchesFrom}
        </span>
      )}
      <button
        type="button"
        class={`card${look}`}
        data-testid={`history-${entry.id}`}
        aria-label={`${number}: ${entry.text}${branch}`}
        aria-current={one.isCurrent ? "step" : undefined}
        title={`${entry.text}${branch}`}
        onClick={() => goTo(studio, entry.id)}
      >
        {address === undefined ? (
          <span class="card-blank" aria-hidden="true">
            {entry.text}
          </span>
        ) : (
          <>
            <img src={address} alt="" draggable={false} />
            <span class="card-text" aria-hidden="true">
              {entry.text}
            </span>
          </>
        )}
      </button>
    </li>
  );
}
