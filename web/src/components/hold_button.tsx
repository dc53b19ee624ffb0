import type { ComponentChildren } from "preact";

interface HoldButtonProps {
  testId: string;
  label: string;
  title?: string;
  isOn: boolean;
  disabled?: boolean;
  look: string;
  onChange: (on: boolean) => void;
  children: ComponentChildren;
}

/** On for as long as it is held, by pointer or by key; where neither can be held, a press switches. */
export function HoldButton(props: HoldButtonProps) {
  const { isOn, onChange } = props;
  const isHoldKey = (event: KeyboardEvent) => event.key === " " || event.key === "Enter";
  return (
    <button
      type="button"
      class={props.look}
      data-testid={props.testId}
      aria-label={props.label}
      aria-pressed={isOn}
      title={props.title}
      disabled={props.disabled}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        onChange(true);
      }}
      onPointerUp={() => onChange(false)}
      onPointerCancel={() => onChange(false)}
      onBlur={() => onChange(false)}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (isHoldKey(event)) {
          event.preventDefault();
          event.stopPropagation();
          onChange(true);
        }
      }}
      onKeyUp={(event) => {
        if (isHoldKey(event)) {
          event.preventDefault();
          onChange(false);
        }
      }}
      onClick={(event) => {
        // A screen reader's click comes without a pointer or a key.
        if (event.detail === 0) {
          onChange(!isOn);
        }
      }}
    >
      {props.children}
    </button>
  );
}
