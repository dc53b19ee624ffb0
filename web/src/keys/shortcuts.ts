/** Which key does what: the table that the key handler and the shortcut sheet both read. */

export type Tool = "select" | "points" | "brush" | "eraser" | "hand";

export type Action =
  | { do: "tool"; tool: Tool }
  | { do: "start" | "leave" | "undo" | "redo" | "fit" | "actual-size" | "zoom-in" | "zoom-out" }
  | { do: "live" | "delete" | "compare" | "pan" | "shortcuts" | "save" | "open" }
  | { do: "brush"; factor: number };

export interface Keystroke {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

export interface Situation {
  /** The focus is in something one types into or moves by arrows. */
  inField: boolean;
  /** That is text, which has an undo of its own. */
  inText: boolean;
  /** The focus is on a control that Space or Enter works. */
  onControl: boolean;
  /** The pointer is over the picture and the keyboard is not being used to get about. */
  handOnStage: boolean;
  /** A dialog is open: it has the keyboard. */
  inDialog: boolean;
}

const TOOLS: Readonly<Record<string, Tool>> = {
  v: "select",
  p: "points",
  b: "brush",
  e: "eraser",
  h: "hand",
};

export function actionOf(key: Keystroke, where: Situation): Action | null {
  if (where.inDialog || key.altKey) {
    return null;
  }
  if (key.ctrlKey || key.metaKey) {
    return withControl(key, where);
  }
  if (key.key === "Escape") {
    return { do: "leave" };
  }
  if (where.inField) {
    return null;
  }
  if (key.key === "Tab") {
    return where.handOnStage && !key.shiftKey ? { do: "compare" } : null;
  }
  if (key.code === "Space") {
    return where.handOnStage || !where.onControl ? { do: "pan" } : null;
  }
  return plain(key);
}

function withControl(key: Keystroke, where: Situation): Action | null {
  const letter = key.key.toLowerCase();
  if (letter === "enter") {
    return { do: "start" };
  }
  if (letter === "s" && !key.shiftKey) {
    return { do: "save" };
  }
  if (letter === "o" && !key.shiftKey) {
    return { do: "open" };
  }
  if (letter === "z" && !where.inText) {
    return { do: key.shiftKey ? "redo" : "undo" };
  }
  if (letter === "y" && !where.inText) {
    return { do: "redo" };
  }
  return null;
}

function plain(key: Keystroke): Action | null {
  const tool = TOOLS[key.key.toLowerCase()];
  if (tool !== undefined) {
    return { do: "tool", tool };
  }
  switch (key.key) {
    case "0":
      return { do: "fit" };
    case "1":
      return { do: "actual-size" };
    case "+":
    case "=":
      return { do: "zoom-in" };
    case "-":
      return { do: "zoom-out" };
    case "[":
      return { do: "brush", factor: 1 / 1.2 };
    case "]":
      return { do: "brush", factor: 1.2 };
    case "l":
    case "L":
      return { do: "live" };
    case "\\":
      return { do: "compare" };
    case "?":
      return { do: "shortcuts" };
    case "Delete":
    case "Backspace":
      return { do: "delete" };
    default:
      return null;
  }
}

/** For the sheet: what, and the keys. */
export const SHEET: readonly { title: string; rows: readonly [string, readonly string[]][] }[] = [
  {
    title: "Tools",
    rows: [
      ["Points: press and pull, or click twice", ["P"]],
      ["Select and move", ["V"]],
      ["Brush: what may change", ["B"]],
      ["Keep: what must stay", ["E"]],
      ["Brush smaller, larger", ["[", "]"]],
      ["Hand", ["H"]],
      ["Live on or off: the picture follows a pull", ["L"]],
    ],
  },
  {
    title: "Look",
    rows: [
      ["Zoom at the pointer", ["Wheel"]],
      ["Pan", ["Space", "drag"]],
      ["Fit, or 100%", ["0", "1"]],
      ["Show the original while held", ["Tab", "\\"]],
    ],
  },
  {
    title: "Drag",
    rows: [
      ["Start", ["Ctrl", "Enter"]],
      ["Stop, or leave what you are in", ["Esc"]],
      ["Undo", ["Ctrl", "Z"]],
      ["Redo", ["Ctrl", "Shift", "Z"]],
      ["Move the selected end by 1 px", ["Arrows"]],
      ["Move it by 10 px", ["Shift", "Arrows"]],
      ["Remove the selected point", ["Delete"]],
    ],
  },
  {
    title: "Files",
    rows: [
      ["Save the project", ["Ctrl", "S"]],
      ["Open a project", ["Ctrl", "O"]],
      ["Open a photo that was copied", ["Ctrl", "V"]],
      ["These keys", ["?"]],
    ],
  },
];
