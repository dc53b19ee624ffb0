/** Draws pictures as they arrive, and the original while it is asked for. */

import { imageBlob, type WireFrame } from "../wire/frames";
import { FrameKind } from "../wire/messages";
import { arrive, NO_ARRIVALS, taken } from "./arrivals";

export interface PlayerEvents {
  /** Drawn, or skipped for a newer one: the server may send the next. */
  onDone(frame: WireFrame): void;
  onDrawn(frame: WireFrame): void;
  /** The picture could not be read. */
  onBroken(): void;
}

export class Player {
  readonly #events: PlayerEvents;
  #canvas: HTMLCanvasElement | null = null;
  #arrivals = NO_ARRIVALS;
  #busy = false;
  #newest: ImageBitmap | null = null;
  #original: ImageBitmap | null = null;
  #comparing = false;

  constructor(events: PlayerEvents) {
    this.#events = events;
  }

  attach(canvas: HTMLCanvasElement | null): void {
    this.#canvas = canvas;
    this.#draw();
  }

  /** What is shown is about something else by now; the canvas keeps it until the next comes. */
  forget(): void {
    this.#newest?.close();
    this.#newest = null;
  }

  /** A new connection counts from the start again. */
  reset(): void {
    this.#arrivals = NO_ARRIVALS;
  }

  show(frame: WireFrame): void {
    const { arrivals, skipped } = arrive(this.#arrivals, frame);
    this.#arrivals = arrivals;
    if (skipped !== null) {
      this.#events.onDone(skipped);
    }
    void this.#work();
  }

  async setOriginal(frame: WireFrame): Promise<void> {
    try {
      this.#original = await createImageBitmap(imageBlob(frame.encoded));
      this.#draw();
    } catch {
      this.#events.onBroken();
    }
    this.#events.onDone(frame);
  }

  compare(on: boolean): void {
    this.#comparing = on;
    this.#draw();
  }

  async #work(): Promise<void> {
    if (this.#busy) {
      return;
    }
    this.#busy = true;
    while (this.#arrivals.waiting !== null) {
      const frame = this.#arrivals.waiting;
      this.#arrivals = taken(this.#arrivals);
      await this.#play(frame);
    }
    this.#busy = false;
  }

  async #play(frame: WireFrame): Promise<void> {
    try {
      const bitmap = await createImageBitmap(imageBlob(frame.encoded));
      if (frame.kind !== FrameKind.RESTING) {
        await nextPaint();
      }
      this.#newest?.close();
      this.#newest = bitmap;
      this.#draw();
      this.#events.onDrawn(frame);
    } catch {
      this.#events.onBroken();
    }
    this.#events.onDone(frame);
  }

  #draw(): void {
    const canvas = this.#canvas;
    const bitmap = this.#comparing ? (this.#original ?? this.#newest) : this.#newest;
    const context = canvas?.getContext("2d");
    if (!canvas || !context || bitmap === null) {
      return;
    }
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  }
}

/** A hidden tab paints nothing, and must not keep the server waiting. */
function nextPaint(): Promise<void> {
  if (document.hidden) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, 250);
    requestAnimationFrame(() => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}
