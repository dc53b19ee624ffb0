import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { fitView } from "../commands/view";
import type { Xy } from "../geometry/view";
import { StageHand } from "../gestures/stage_hand";
import { useStudio } from "../state/studio";
import { phaseWords, pictureWords } from "../state/words";
import { FrameKind } from "../wire/messages";
import { BrushCursor } from "./brush_cursor";
import { BrushOptions } from "./brush_options";
import { FirstHint } from "./first_hint";
import { PointsLayer } from "./points_layer";
import { SeePhoto } from "./see_photo";
import { StageHint } from "./stage_hint";
import { ZoomControls } from "./zoom_controls";

export interface StageHandle {
  leaveGesture(): boolean;
  isPointerOver(): boolean;
}

function kindWords(kind: FrameKind | null): string | undefined {
  return kind === null ? undefined : FrameKind[kind].toLowerCase();
}

/** The picture, the mask over it, and the points over both. */
export function Stage({ onReady }: { onReady: (handle: StageHandle) => void }) {
  const studio = useStudio();
  const { store } = studio;
  const stage = useRef<HTMLDivElement>(null);
  const image = useRef<HTMLCanvasElement>(null);
  const mask = useRef<HTMLCanvasElement>(null);
  const pointer = useSignal<Xy | null>(null);
  const picture = store.picture.value;

  useEffect(() => {
    const element = stage.current;
    if (element === null) {
      return;
    }
    const hand = new StageHand(studio, element);
    onReady({ leaveGesture: () => hand.leave(), isPointerOver: () => pointer.peek() !== null });
    return hand.listen();
  }, [studio, onReady, pointer]);

  useEffect(() => {
    const element = stage.current;
    if (element === null) {
      return;
    }
    const watch = new ResizeObserver(() => {
      store.stage.value = { width: element.clientWidth, height: element.clientHeight };
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, [store]);

  // The window or the model has another size.
  useSignalEffect(() => {
    const size = store.picture.value;
    const { width } = store.stage.value;
    if (size !== null && width > 0 && store.isFitted.peek()) {
      fitView(studio);
    }
  });

  useLayoutEffect(() => {
    studio.player.attach(image.current);
    studio.mask.attach(mask.current);
    fitView(studio);
  }, [studio, picture?.width, picture?.height]);

  const { zoom, left, top } = store.view.value;
  const place = {
    transform: `translate(${left}px, ${top}px) scale(${zoom})`,
    imageRendering: zoom >= 4 ? "pixelated" : "auto",
  } as const;
  const busy = phaseWords(store.phase.value, store.doc.value?.generator?.name ?? null);
  const cursor = store.panning.value ? "hand" : store.tool.value;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a drawing surface.
    <div
      class={`stage cursor-${cursor}`}
      ref={stage}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the keys for zoom and compare.
      tabIndex={0}
      role="group"
      aria-label="Picture with its points"
      aria-busy={busy !== null}
      data-testid="canvas-stage"
      data-phase={store.phase.value}
      data-revision={store.doc.value?.revision ?? -1}
      data-resting-revision={store.restingRevision.value}
      data-frames={store.framesDrawn.value}
      data-shown={kindWords(store.shownKind.value)}
      data-zoom={zoom}
      data-left={left}
      data-top={top}
      data-comparing={store.comparing.value}
      data-mask={store.hasMask.value}
      onPointerMove={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        pointer.value = [event.clientX - box.left, event.clientY - box.top];
        document.documentElement.removeAttribute("data-getting-about");
      }}
      onPointerLeave={() => {
        pointer.value = null;
      }}
    >
      {picture !== null && (
        <>
          <canvas
            ref={image}
            class="layer picture"
            width={picture.width}
            height={picture.height}
            style={place}
            role="img"
            aria-label={pictureWords(
              store.doc.value?.generator ?? null,
              store.doc.value?.start?.seed ?? null,
              store.doc.value?.photo ?? null,
            )}
          />
          <canvas
            ref={mask}
            class={store.comparing.value ? "layer veiled" : "layer"}
            width={picture.width}
            height={picture.height}
            style={place}
            aria-hidden="true"
          />
        </>
      )}
      <PointsLayer />
      <BrushCursor at={pointer} />
      {store.comparing.value && <p class="stage-tag">Original</p>}
      {busy !== null && (
        <p class={store.hasPicture.value ? "stage-busy" : "stage-busy first"}>
          <span class="spinner" aria-hidden="true" />
          {busy}
        </p>
      )}
      <BrushOptions />
      <StageHint />
      <FirstHint />
      <SeePhoto />
      <ZoomControls />
    </div>
  );
}
