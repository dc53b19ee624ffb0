/** Points: placed, moved, nudged, removed. */

import type { EndOfPoint } from "../geometry/hit";
import { intoPicture, toPicture, type Xy } from "../geometry/view";
import { withoutAdvice } from "../state/advice";
import {
  edited,
  endOf,
  forgotten,
  holding,
  nudged,
  received,
  toInputs,
  withEnd,
  withNew,
  without,
} from "../state/points";
import type { Studio } from "../state/studio";
import type { PointView, SetPoints } from "../wire/messages";

/** Arrow keys this close to each other are one entry of the history. */
const NUDGE_RUN_MS = 900;

export function newGestureId(): string {
  return `g${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
}

export function showPoints(studio: Studio, list: readonly PointView[]): void {
  studio.store.points.value = edited(studio.store.points.value, list);
}

export function sendPoints(
  studio: Studio,
  change: SetPoints["change"],
  gesture: string | null = null,
): void {
  const points = toInputs(studio.store.list.value);
  studio.ask({ type: "set-points", points, change, gesture });
}

export function holdEnd(studio: Studio, end: EndOfPoint | null): void {
  studio.store.points.value = holding(studio.store.points.value, end);
}

/** After a gesture that changed nothing there is nothing to confirm. */
export function settlePoints(studio: Studio): void {
  const points = studio.store.points.value;
  studio.store.points.value = received(points, points.server, true);
}

export function removePoint(studio: Studio, id: number): void {
  showPoints(studio, without(studio.store.list.value, id));
  if (studio.store.selected.value?.id === id) {
    studio.store.selected.value = null;
  }
  sendPoints(studio, "remove");
}

export function removeSelected(studio: Studio): void {
  const selected = studio.store.selected.value;
  if (selected !== null) {
    removePoint(studio, selected.id);
  }
}

export function clearPoints(studio: Studio): void {
  showPoints(studio, []);
  studio.store.selected.value = null;
  sendPoints(studio, "clear");
}

/** For those who have no pointer: a point in the middle of what can be seen. */
export function addPointInView(studio: Studio): void {
  const { store } = studio;
  const picture = store.picture.value;
  const { max_points: most } = store.welcome.value?.limits ?? { max_points: 200 };
  if (picture === null || store.list.value.length >= most) {
    return;
  }
  const { width, height } = store.stage.value;
  const middle = toPicture(store.view.value, [width / 2, height / 2]);
  const handle = intoPicture([Math.round(middle[0]), Math.round(middle[1])], picture);
  const up = Math.round(picture.height / 20);
  const goal = intoPicture([handle[0], handle[1] - up], picture);
  const id = studio.newPointId();
  const list = withEnd(withNew(store.list.value, id, handle), { id, end: "goal" }, goal);
  showPoints(studio, list);
  sendPoints(studio, "add");
  store.selected.value = { id, end: "goal" };
}

export function addGoal(studio: Studio, id: number): void {
  const { store } = studio;
  const point = store.list.value.find((one) => one.id === id);
  const picture = store.picture.value;
  if (point === undefined || picture === null) {
    return;
  }
  const up = Math.round(picture.height / 20);
  const goal = intoPicture([point.handle[0], point.handle[1] - up], picture);
  showPoints(studio, withEnd(store.list.value, { id, end: "goal" }, goal));
  sendPoints(studio, "add");
  store.selected.value = { id, end: "goal" };
}

export function takeBetterPlace(studio: Studio, id: number, better: Xy): void {
  const { store } = studio;
  store.advice.value = withoutAdvice(store.advice.value, id);
  showPoints(studio, withEnd(store.list.value, { id, end: "handle" }, better));
  sendPoints(studio, "move");
}

export class Nudges {
  readonly #studio: Studio;
  #gesture = "";
  #lastMs = 0;
  #lastEnd = "";

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  nudge(which: EndOfPoint, by: Xy, nowMs: number): void {
    const { store } = this.#studio;
    const picture = store.picture.value;
    if (picture === null || endOf(store.list.value, which) === null) {
      return;
    }
    const end = `${which.id} ${which.end}`;
    if (nowMs - this.#lastMs > NUDGE_RUN_MS || end !== this.#lastEnd) {
      this.#gesture = newGestureId();
    }
    this.#lastMs = nowMs;
    this.#lastEnd = end;
    if (which.end === "handle") {
      store.advice.value = withoutAdvice(store.advice.value, which.id);
    }
    showPoints(this.#studio, nudged(store.list.value, which, by, picture));
    sendPoints(this.#studio, "move", this.#gesture);
  }
}

/** What the server says counts again, as when another state of the document is asked for. */
export function forgetLocalPoints(studio: Studio): void {
  studio.store.points.value = forgotten(studio.store.points.value);
}
