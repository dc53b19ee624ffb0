/** The mask being painted, and its view over the picture. */

import type { Size, Xy } from "../geometry/view";
import { imageBlob, type WireFrame } from "../wire/frames";
import { beginsFilled, crisp, onCanvas, type Stroke, toCoverage } from "./brush";
import { FEATHER_PX, KEPT_SHADE } from "./look";

export class MaskLayer {
  /** White and opaque where the picture may change; nothing elsewhere. */
  readonly #coverage = document.createElement("canvas");
  #overlay: HTMLCanvasElement | null = null;
  #hasMask = false;
  #stroke: { kind: Stroke; last: Xy } | null = null;
  #drawing = 0;

  get hasMask(): boolean {
    return this.#hasMask;
  }

  attach(overlay: HTMLCanvasElement | null): void {
    this.#overlay = overlay;
    this.#show();
  }

  resize(picture: Size): void {
    if (this.#coverage.width !== picture.width || this.#coverage.height !== picture.height) {
      this.#coverage.width = picture.width;
      this.#coverage.height = picture.height;
      this.#hasMask = false;
      this.#show();
    }
  }

  begin(kind: Stroke, at: Xy, brushPx: number): void {
    if (!this.#hasMask) {
      this.#fill(beginsFilled(kind));
      this.#hasMask = true;
    }
    this.#stroke = { kind, last: at };
    this.extend([at], brushPx);
  }

  extend(path: readonly Xy[], brushPx: number): void {
    const stroke = this.#stroke;
    if (stroke === null) {
      return;
    }
    const context = this.#context();
    context.globalCompositeOperation =
      stroke.kind === "may-change" ? "source-over" : "destination-out";
    context.lineCap = "round";
    context.lineJoin = "round";
    context.lineWidth = brushPx;
    context.strokeStyle = "#fff";
    context.beginPath();
    context.moveTo(...onCanvas(stroke.last));
    for (const xy of path) {
      context.lineTo(...onCanvas(xy));
      stroke.last = xy;
    }
    context.stroke();
    context.globalCompositeOperation = "source-over";
    this.#showSoon();
  }

  end(): void {
    this.#stroke = null;
    this.#show();
  }

  invert(): void {
    const context = this.#context();
    context.globalCompositeOperation = "xor";
    this.#fillRect(context);
    context.globalCompositeOperation = "source-over";
    this.#hasMask = true;
    this.#show();
  }

  clear(): void {
    this.#hasMask = false;
    this.#stroke = null;
    this.#show();
  }

  /** The server's mask. A stroke under way is not disturbed: it will be sent. */
  async receive(frame: WireFrame): Promise<void> {
    if (this.#stroke !== null) {
      return;
    }
    if (frame.encoded.length === 0) {
      this.clear();
      return;
    }
    const bitmap = await createImageBitmap(imageBlob(frame.encoded));
    if (this.#stroke !== null) {
      return;
    }
    const context = this.#context();
    context.clearRect(0, 0, this.#coverage.width, this.#coverage.height);
    context.drawImage(bitmap, 0, 0, this.#coverage.width, this.#coverage.height);
    const pixels = context.getImageData(0, 0, this.#coverage.width, this.#coverage.height);
    toCoverage(pixels.data);
    context.putImageData(pixels, 0, 0);
    this.#hasMask = true;
    this.#show();
  }

  /** Base64 of a PNG of the picture's size, only black and white; null without a mask. */
  async encoded(): Promise<string | null> {
    if (!this.#hasMask) {
      return null;
    }
    const { width, height } = this.#coverage;
    const pixels = this.#context().getImageData(0, 0, width, height);
    crisp(pixels.data);
    const page = document.createElement("canvas");
    page.width = width;
    page.height = height;
    page.getContext("2d")?.putImageData(pixels, 0, 0);
    const address = page.toDataURL("image/png");
    return address.slice(address.indexOf(",") + 1);
  }

  #fill(all: boolean): void {
    const context = this.#context();
    context.clearRect(0, 0, this.#coverage.width, this.#coverage.height);
    if (all) {
      this.#fillRect(context);
    }
  }

  #fillRect(context: CanvasRenderingContext2D): void {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, this.#coverage.width, this.#coverage.height);
  }

  #showSoon(): void {
    if (this.#drawing === 0) {
      this.#drawing = requestAnimationFrame(() => {
        this.#drawing = 0;
        this.#show();
      });
    }
  }

  /** What is kept is dimmed, with the soft border that the drag will have once at rest. */
  #show(): void {
    const overlay = this.#overlay;
    const context = overlay?.getContext("2d");
    if (!overlay || !context) {
      return;
    }
    const { width, height } = overlay;
    context.clearRect(0, 0, width, height);
    if (!this.#hasMask) {
      return;
    }
    context.globalCompositeOperation = "source-over";
    context.fillStyle = KEPT_SHADE;
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = "destination-out";
    if (this.#stroke === null && "filter" in context) {
      context.filter = `blur(${(FEATHER_PX * width) / 512}px)`;
    }
    context.drawImage(this.#coverage, 0, 0, width, height);
    context.filter = "none";
    context.globalCompositeOperation = "source-over";
  }

  #context(): CanvasRenderingContext2D {
    const context = this.#coverage.getContext("2d", { willReadFrequently: true });
    if (context === null) {
      throw new Error("This browser gives no 2D canvas.");
    }
    return context;
  }
}
