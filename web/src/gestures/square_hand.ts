/** A pointer on the square of a photograph: the whole of it is moved, a corner is pulled. */

import { chooseFaceAt, moveSquare, pullCorner } from "../commands/photo";
import { distance, type Size, toPicture, type View, type Xy } from "../geometry/view";
import type { Choice } from "../state/photo";
import type { Studio } from "../state/studio";

/** A press that moves less, in CSS pixels, is a click. */
const CLICK_PX = 5;

type Grip = number | "whole";

interface Hold {
  pointer: number;
  grip: Grip;
  pressed: Xy;
  before: Choice;
  hasMoved: boolean;
}

export class SquareHand {
  readonly #studio: Studio;
  readonly #frame: () => HTMLElement | null;
  readonly #photo: Size;
  #hold: Hold | null = null;

  constructor(studio: Studio, frame: () => HTMLElement | null, photo: Size) {
    this.#studio = studio;
    this.#frame = frame;
    this.#photo = photo;
  }

  press(event: PointerEvent, on: HTMLElement, grip: Grip): void {
    const before = this.#studio.store.choice.value;
    if (this.#hold !== null || before === null || event.button !== 0) {
      return;
    }
    on.setPointerCapture(event.pointerId);
    const pressed: Xy = [event.clientX, event.clientY];
    this.#hold = { pointer: event.pointerId, grip, pressed, before, hasMoved: false };
  }

  move(event: PointerEvent): void {
    const hold = this.#held(event);
    if (hold === null) {
      return;
    }
    const at: Xy = [event.clientX, event.clientY];
    hold.hasMoved ||= distance(at, hold.pressed) > CLICK_PX;
    if (!hold.hasMoved) {
      return;
    }
    const { square } = hold.before;
    const to = this.#onPhoto(at);
    if (hold.grip === "whole") {
      const from = this.#onPhoto(hold.pressed);
      moveSquare(this.#studio, square, [to[0] - from[0], to[1] - from[1]]);
    } else {
      pullCorner(this.#studio, square, hold.grip, to);
    }
  }

  release(event: PointerEvent): void {
    const hold = this.#held(event);
    if (hold !== null && !hold.hasMoved && hold.grip === "whole") {
      // The square may lie over another face.
      chooseFaceAt(this.#studio, this.#onPhoto(hold.pressed));
    }
    this.#hold = hold === null ? this.#hold : null;
  }

  leave(event: PointerEvent): void {
    const hold = this.#held(event);
    if (hold !== null) {
      this.#studio.store.choice.value = hold.before;
      this.#hold = null;
    }
  }

  #held(event: PointerEvent): Hold | null {
    return this.#hold?.pointer === event.pointerId ? this.#hold : null;
  }

  #onPhoto(clientXy: Xy): Xy {
    const box = this.#frame()?.getBoundingClientRect();
    if (box === undefined || box.width === 0) {
      return clientXy;
    }
    const view: View = { zoom: box.width / this.#photo.width, left: box.left, top: box.top };
    return toPicture(view, clientXy);
  }
}
