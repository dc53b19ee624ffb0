import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Messages } from "./messages";

interface ModalProps {
  isOpen: boolean;
  /** Id of its heading, which takes the focus where nothing else has it. */
  titleId: string;
  testId: string;
  look: string;
  /** When it changes, what had the focus may be gone. */
  stage?: string | undefined;
  /** Esc, or the back button of a phone. */
  onLeave: () => void;
  children: ComponentChildren;
}

/**
 * A dialog that is open for as long as it is said to be, whatever the browser does at Esc.
 * Messages are in it: all that is outside lies under it and cannot be pressed.
 */
export function Modal({ isOpen, titleId, testId, look, stage, onLeave, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element === null) {
      return;
    }
    if (isOpen && !element.open) {
      open(element, titleId);
    } else if (!isOpen && element.open) {
      element.close();
    }
  }, [isOpen, titleId]);
  useEffect(() => {
    const element = dialog.current;
    const focused = document.activeElement;
    if (element?.open && (focused === document.body || focused === element)) {
      document.getElementById(titleId)?.focus();
    }
  }, [stage, titleId]);
  return (
    <dialog
      ref={dialog}
      class={`sheet ${look}`}
      aria-labelledby={titleId}
      data-testid={testId}
      data-stage={stage}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.preventDefault();
          event.stopPropagation();
          if (!event.repeat) {
            onLeave();
          }
        }
      }}
      onCancel={(event) => {
        event.preventDefault();
        onLeave();
      }}
      onClose={(event) => {
        if (isOpen) {
          open(event.currentTarget, titleId);
        }
      }}
    >
      {isOpen && (
        <>
          {children}
          <Messages />
        </>
      )}
    </dialog>
  );
}

function open(dialog: HTMLDialogElement, titleId: string): void {
  dialog.showModal();
  document.getElementById(titleId)?.focus();
}
