import { useEffect, useRef } from "preact/hooks";
import { SHEET } from "../keys/shortcuts";
import { useStudio } from "../state/studio";
import { Icon } from "./icon";

export function ShortcutSheet() {
  const { areShortcutsOpen } = useStudio().store;
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = areShortcutsOpen.value;
  useEffect(() => {
    const element = dialog.current;
    if (isOpen && element !== null && !element.open) {
      element.showModal();
    } else if (!isOpen && element?.open) {
      element.close();
    }
  }, [isOpen]);
  const close = () => {
    areShortcutsOpen.value = false;
  };
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="keys-title"
      data-testid="shortcut-sheet"
      onClose={close}
      onPointerDown={(event) => {
        if (event.target === dialog.current) {
          close();
        }
      }}
    >
      <div class="sheet-body">
        <div class="panel-head">
          <h2 id="keys-title">Keys</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={close}>
            <Icon name="close" />
          </button>
        </div>
        <div class="sheet-columns">
          {SHEET.map((part) => (
            <section key={part.title}>
              <h3>{part.title}</h3>
              <dl>
                {part.rows.map(([what, keys]) => (
                  <div class="sheet-row" key={what}>
                    <dt>{what}</dt>
                    <dd>
                      {keys.map((key) => (
                        <kbd key={key}>{key}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </div>
    </dialog>
  );
}
