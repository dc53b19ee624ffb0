import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { open } from "../commands/files";
import { listenToFiles } from "../files/incoming";
import { listenToKeys } from "../keys/keyboard";
import { type Studio, StudioContext } from "../state/studio";
import { Filmstrip } from "./filmstrip";
import { Messages } from "./messages";
import { ShortcutSheet } from "./shortcut_sheet";
import { SidePanel } from "./side_panel";
import { Stage, type StageHandle } from "./stage";
import { ToolRail } from "./tool_rail";
import { TopBar } from "./top_bar";
import { Transport } from "./transport";

export function App({ studio }: { studio: Studio }) {
  const file = useRef<HTMLInputElement>(null);
  const stage = useRef<StageHandle | null>(null);
  const isDropping = useSignal(false);
  const ready = useRef((handle: StageHandle) => {
    stage.current = handle;
  }).current;
  const chooseFile = () => file.current?.click();
  useEffect(
    () =>
      listenToKeys(studio, {
        isPointerOnStage: () => stage.current?.isPointerOver() ?? false,
        leaveGesture: () => stage.current?.leaveGesture() ?? false,
        chooseFile: () => file.current?.click(),
      }),
    [studio],
  );
  useEffect(
    () =>
      listenToFiles({
        onFile: (arrived) => void open(studio, arrived),
        onOver: (over) => {
          isDropping.value = over;
        },
      }),
    [studio, isDropping],
  );
  return (
    <StudioContext.Provider value={studio}>
      <div class="app">
        <TopBar chooseFile={chooseFile} />
        <ToolRail />
        <main class="work">
          <Stage onReady={ready} />
          <Transport />
          <Filmstrip />
        </main>
        <SidePanel />
        <Messages />
        <ShortcutSheet />
        {isDropping.value && <p class="drop-veil">Drop a .tugan project to open it</p>}
        <input
          ref={file}
          type="file"
          class="for-listeners"
          tabIndex={-1}
          aria-hidden="true"
          accept=".tugan"
          data-testid="project-file"
          onChange={(event) => {
            const chosen = event.currentTarget.files?.[0];
            // The same file may be chosen again.
            if (chosen !== undefined) {
              void open(studio, chosen);
            }
            event.currentTarget.value = "";
          }}
        />
      </div>
    </StudioContext.Provider>
  );
}
