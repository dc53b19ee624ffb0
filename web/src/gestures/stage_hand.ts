/** Pointers and wheel on the stage: which gesture a press begins, and what it does. */

import { LiveDrag } from "../commands/drag";
import { sendMask } from "../commands/mask";
import { holdEnd, newGestureId, sendPoints, settlePoints, showPoints } from "../commands/points";
import { look } from "../commands/view";
import { endAt, HIT_RADIUS } from "../geometry/hit";
import {
  distance,
  intoPicture,
  isInside,
  panned,
  pinched,
  type Size,
  tidy,
  toPicture,
  wheelFactor,
  type Xy,
  zoomedAt,
} from "../geometry/view";
import { withoutAdvice } from "../state/advice";
import type { Studio } from "../state/studio";
import type { PointView } from "../wire/messages";
import {
  applied,
  change,
  dragged,
  heldEnd,
  type PointGesture,
  type Pull,
  pressed,
  pullOf,
  TRAVEL,
} from "./point_gesture";
import { type Throttled, throttled } from "./throttle";

const SEND_EVERY_MS = 110;

type Gesture =
  | { kind: "pan"; last: Xy }
  | { kind: "live"; drag: LiveDrag; grip: Xy }
  | { kind: "paint" }
  | {
      kind: "points";
      gesture: PointGesture;
      before: readonly PointView[];
      history: string;
      pull: Pull | null;
    };

/** Where the place that was taken should be, with the pointer here. */
function gripped(at: Xy, grip: Xy, picture: Size): Xy {
  return tidy(intoPicture([at[0] + grip[0], at[1] + grip[1]], picture));
}

export class StageHand {
  readonly #studio: Studio;
  readonly #stage: HTMLElement;
  readonly #pointers = new Map<number, Xy>();
  readonly #sendSoon: Throttled<string>;
  #gesture: Gesture | null = null;

  constructor(studio: Studio, stage: HTMLElement) {
    this.#studio = studio;
    this.#stage = stage;
    this.#sendSoon = throttled(SEND_EVERY_MS, (history) => sendPoints(studio, "move", history));
  }

  /** Begins to listen; what is returned ends it. */
  listen(): () => void {
    const stage = this.#stage;
    const down = (event: PointerEvent) => this.#down(event);
    const move = (event: PointerEvent) => this.#move(event);
    const up = (event: PointerEvent) => this.#up(event, false);
    const cancel = (event: PointerEvent) => this.#up(event, true);
    const wheel = (event: WheelEvent) => this.#wheel(event);
    const still = (event: Event) => event.preventDefault();
    stage.addEventListener("pointerdown", down);
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", up);
    stage.addEventListener("pointercancel", cancel);
    stage.addEventListener("wheel", wheel, { passive: false });
    stage.addEventListener("contextmenu", still);
    return () => {
      stage.removeEventListener("pointerdown", down);
      stage.removeEventListener("pointermove", move);
      stage.removeEventListener("pointerup", up);
      stage.removeEventListener("pointercancel", cancel);
      stage.removeEventListener("wheel", wheel);
      stage.removeEventListener("contextmenu", still);
    };
  }

  /** Esc: what was begun is taken back. False if there was nothing. */
  leave(): boolean {
    const under = this.#gesture !== null;
    this.#abandon();
    return under;
  }

  #down(event: PointerEvent): void {
    const at = this.#at(event);
    this.#pointers.set(event.pointerId, at);
    try {
      this.#stage.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already.
    }
    if (this.#pointers.size === 2) {
      this.#abandon();
      return;
    }
    if (this.#pointers.size > 2 || event.button > 1) {
      return;
    }
    const { store } = this.#studio;
    if (event.button === 1 || store.panning.value || store.tool.value === "hand") {
      event.preventDefault();
      this.#gesture = { kind: "pan", last: at };
      return;
    }
    this.#begin(event, at);
  }

  #begin(event: PointerEvent, stageAt: Xy): void {
    const { store } = this.#studio;
    const picture = store.picture.value;
    if (picture === null || store.phase.value === "loading") {
      return;
    }
    const at = tidy(toPicture(store.view.value, stageAt));
    const tool = store.tool.value;
    if (tool === "brush" || tool === "eraser") {
      this.#studio.mask.begin(tool === "brush" ? "may-change" : "keep", at, store.brushPx.value);
      this.#gesture = { kind: "paint" };
    } else if (tool === "points" || tool === "select") {
      this.#beginPoints(event, tool, at, stageAt, picture);
    }
  }

  #beginPoints(
    event: PointerEvent,
    tool: "points" | "select",
    at: Xy,
    stageAt: Xy,
    picture: Size,
  ): void {
    const { store } = this.#studio;
    const points = store.list.value;
    const radius = HIT_RADIUS[event.pointerType === "touch" ? "touch" : "mouse"];
    const most = store.welcome.value?.limits.max_points ?? Number.POSITIVE_INFINITY;
    const hit = endAt(points, store.view.value, stageAt, radius);
    const awaiting = store.awaiting.value;
    const isLive = tool === "points" && store.live.value;
    if (
      hit === null &&
      awaiting === null &&
      tool === "points" &&
      !isLive &&
      points.length >= most
    ) {
      this.#studio.tell({
        level: "warning",
        text: `There are ${most} points already.`,
        remedy: "Remove one to place another.",
      });
      return;
    }
    const gesture = pressed({
      tool,
      at: intoPicture(at, picture),
      stageAt,
      inside: isInside(at, picture),
      hit,
      points,
      awaiting,
      newId: hit === null && awaiting === null ? this.#studio.newPointId() : -1,
    });
    if (gesture === null) {
      store.selected.value = null;
      return;
    }
    const pull = isLive ? pullOf(gesture, intoPicture(at, picture), stageAt) : null;
    this.#gesture = { kind: "points", gesture, before: points, history: newGestureId(), pull };
    this.#showGesture();
    if (hit !== null) {
      this.#focus(hit.id, hit.end);
      event.preventDefault();
    }
  }

  #move(event: PointerEvent): void {
    const at = this.#at(event);
    const last = this.#pointers.get(event.pointerId);
    if (last === undefined) {
      return;
    }
    if (this.#pointers.size === 2) {
      this.#pinch(event.pointerId, at);
      return;
    }
    this.#pointers.set(event.pointerId, at);
    const gesture = this.#gesture;
    const { store } = this.#studio;
    const picture = store.picture.value;
    if (gesture === null || picture === null) {
      return;
    }
    const view = store.view.value;
    switch (gesture.kind) {
      case "pan":
        look(this.#studio, panned(view, at[0] - gesture.last[0], at[1] - gesture.last[1]));
        gesture.last = at;
        break;
      case "live":
        gesture.drag.move(gripped(toPicture(view, at), gesture.grip, picture));
        break;
      case "paint":
        this.#studio.mask.extend(
          this.#path(event).map((xy) => toPicture(view, xy)),
          store.brushPx.value,
        );
        break;
      case "points":
        this.#dragPoint(gesture, at, picture, event.pointerType);
    }
  }

  #dragPoint(
    gesture: Gesture & { kind: "points" },
    at: Xy,
    picture: Size,
    pointerType: string,
  ): void {
    const { store } = this.#studio;
    const travel = TRAVEL[pointerType === "touch" ? "touch" : "mouse"];
    if (gesture.pull !== null) {
      if (distance(gesture.pull.from, at) >= travel) {
        this.#goLive(gesture, gesture.pull, at, picture);
      }
      return;
    }
    const inPicture = tidy(toPicture(store.view.value, at));
    gesture.gesture = dragged(gesture.gesture, inPicture, at, picture, travel);
    this.#showGesture();
    if (gesture.gesture.kind === "move" && gesture.gesture.to !== null) {
      this.#sendSoon(gesture.history);
    }
  }

  /** The press has become a pull: nothing is placed, the picture follows. */
  #goLive(gesture: Gesture & { kind: "points" }, pull: Pull, at: Xy, picture: Size): void {
    const { store } = this.#studio;
    holdEnd(this.#studio, null);
    showPoints(this.#studio, gesture.before);
    settlePoints(this.#studio);
    store.selected.value = null;
    const drag = new LiveDrag(this.#studio, pull.at);
    this.#gesture = { kind: "live", drag, grip: pull.grip };
    drag.move(gripped(toPicture(store.view.value, at), pull.grip, picture));
  }

  #up(event: PointerEvent, isCancelled: boolean): void {
    if (!this.#pointers.delete(event.pointerId)) {
      return;
    }
    const gesture = this.#gesture;
    if (gesture === null) {
      return;
    }
    if (isCancelled) {
      this.#abandon();
      return;
    }
    this.#gesture = null;
    if (gesture.kind === "live") {
      gesture.drag.release();
    } else if (gesture.kind === "paint") {
      this.#studio.mask.end();
      void sendMask(this.#studio, "paint");
    } else if (gesture.kind === "points") {
      this.#finishPoints(gesture);
    }
  }

  #finishPoints({ gesture, history }: Gesture & { kind: "points" }): void {
    this.#sendSoon.cancel();
    const { store } = this.#studio;
    const held = heldEnd(gesture);
    const what = change(gesture);
    holdEnd(this.#studio, null);
    if (what !== null) {
      store.isHintDismissed.value = true;
      sendPoints(this.#studio, what, history);
      if (held.end === "handle") {
        store.advice.value = withoutAdvice(store.advice.value, held.id);
      }
    } else {
      settlePoints(this.#studio);
    }
    store.selected.value = held;
  }

  /** The points as they are with the gesture so far, before the server knows. */
  #showGesture(): void {
    if (this.#gesture?.kind !== "points") {
      return;
    }
    const { gesture } = this.#gesture;
    holdEnd(this.#studio, heldEnd(gesture));
    showPoints(this.#studio, applied(gesture, this.#studio.store.list.value));
    this.#studio.store.selected.value = heldEnd(gesture);
  }

  #abandon(): void {
    const gesture = this.#gesture;
    this.#gesture = null;
    this.#sendSoon.cancel();
    if (gesture?.kind === "points") {
      holdEnd(this.#studio, null);
      showPoints(this.#studio, gesture.before);
      if (change(gesture.gesture) === "move") {
        sendPoints(this.#studio, "move", gesture.history);
      } else {
        settlePoints(this.#studio);
      }
    } else if (gesture?.kind === "live") {
      gesture.drag.release();
    } else if (gesture?.kind === "paint") {
      this.#studio.mask.end();
      void sendMask(this.#studio, "paint");
    }
  }

  #pinch(pointer: number, at: Xy): void {
    const [first, second] = [...this.#pointers.entries()];
    if (first === undefined || second === undefined) {
      return;
    }
    const from: [Xy, Xy] = [first[1], second[1]];
    const to: [Xy, Xy] = first[0] === pointer ? [at, second[1]] : [first[1], at];
    this.#pointers.set(pointer, at);
    look(this.#studio, pinched(this.#studio.store.view.value, from, to));
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const view = this.#studio.store.view.value;
    look(this.#studio, zoomedAt(view, this.#at(event), wheelFactor(event)));
  }

  /** Fast strokes have more places than events. */
  #path(event: PointerEvent): Xy[] {
    const events = event.getCoalescedEvents?.() ?? [];
    return (events.length > 0 ? events : [event]).map((one) => this.#at(one));
  }

  #at(event: MouseEvent): Xy {
    const box = this.#stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #focus(id: number, end: string): void {
    const node = this.#stage.querySelector<SVGElement>(`[data-testid="point-${end}-${id}"]`);
    node?.focus({ preventScroll: true });
  }
}
