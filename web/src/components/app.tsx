import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { open } from "../commands/files";
import { listenToFiles } from "../files/incoming";
import { listenToKeys } from "../keys/keyboard";
import { type Studio, StudioContext } from "../state/studio";
import { FileInput } from "./file_input";
import { Filmstrip } from "./filmstrip";
import { Messages } from "./messages";
import { PhotoPanel } from "./photo_panel";
import { PhotoResult } from "./photo_result";
import { ShortcutSheet } from "./shortcut_sheet";
import { SidePanel } from "./side_panel";
import { Stage, type StageHandle } from "./stage";
import { ToolRail } from "./tool_rail";
import { TopBar } from "./top_bar";
import { Transport } from "./transport";

/** Not every browser counts the last ones among its images. */
const PHOTOS = "image/*,.heic,.heif,.avif,.tif,.tiff";

export function App({ studio }: { studio: Studio }) {
  const photo = useRef<HTMLInputElement>(null);
  const project = useRef<HTMLInputElement>(null);
  const stage = useRef<StageHandle | null>(null);
  const isDropping = useSignal(false);
  const ready = useRef((handle: StageHandle) => {
    stage.current = handle;
  }).current;
  useEffect(
    () =>
      listenToKeys(studio, {
        isPointerOnStage: () => stage.current?.isPointerOver() ?? false,
        leaveGesture: () => stage.current?.leaveGesture() ?? false,
        chooseFile: () => project.current?.click(),
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
  const { doc, isPhotoSeen } = studio.store;
  const isDialogOpen = (doc.value?.incoming ?? null) !== null || isPhotoSeen.value;
  return (
    <StudioContext.Provider value={studio}>
      <div class="app">
        <TopBar
          choosePhoto={() => photo.current?.click()}
          chooseProject={() => project.current?.click()}
        />
        <ToolRail />
        <main class="work">
          <Stage onReady={ready} />
          <Transport />
          <Filmstrip />
        </main>
        <SidePanel />
        {!isDialogOpen && <Messages />}
        <ShortcutSheet />
        <PhotoPanel />
        <PhotoResult />
        {isDropping.value && <p class="drop-veil">Drop a photo, or a .tugan project</p>}
        <FileInput input={photo} accept={PHOTOS} testId="photo-file" />
        <FileInput input={project} accept=".tugan" testId="project-file" />
      </div>
    </StudioContext.Provider>
  );
}
