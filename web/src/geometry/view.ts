/**
 * Where the picture lies on the stage. Two frames: picture pixels (an integer is a pixel's centre,
 * so that the picture spans [-0.5, width - 0.5]) and stage CSS pixels from the stage's top left.
 */

export type Xy = [number, number];

export interface Size {
  width: number;
  height: number;
}

export interface View {
  /** CSS pixels a picture pixel. */
  zoom: number;
  /** Of the picture's outer edge, in stage CSS pixels. */
  left: number;
  top: number;
}

/** Room that other controls cover, in stage CSS pixels. */
export interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 32;
/** So much of the picture stays on the stage, so that it cannot get lost. */
const KEPT_CSS_PX = 48;

export function toStage(view: View, xy: Xy): Xy {
  return [view.left + (xy[0] + 0.5) * view.zoom, view.top + (xy[1] + 0.5) * view.zoom];
}

export function toPicture(view: View, stageXy: Xy): Xy {
  return [(stageXy[0] - view.left) / view.zoom - 0.5, (stageXy[1] - view.top) / view.zoom - 0.5];
}

/** To a hundredth of a pixel: what is sent and shown has no noise in its last digits. */
export function tidy(xy: Xy): Xy {
  return [Math.round(xy[0] * 100) / 100, Math.round(xy[1] * 100) / 100];
}

export function distance(a: Xy, b: Xy): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

export function isInside(xy: Xy, picture: Size): boolean {
  return (
    xy[0] >= -0.5 && xy[1] >= -0.5 && xy[0] < picture.width - 0.5 && xy[1] < picture.height - 0.5
  );
}

/** The nearest place between the centres of the outermost pixels. */
export function intoPicture(xy: Xy, picture: Size): Xy {
  return [clamp(xy[0], 0, picture.width - 1), clamp(xy[1], 0, picture.height - 1)];
}

/** The whole picture, centred in what the insets leave. */
export function fitted(picture: Size, stage: Size, insets: Insets): View {
  const width = Math.max(1, stage.width - insets.left - insets.right);
  const height = Math.max(1, stage.height - insets.top - insets.bottom);
  const zoom = clampZoom(Math.min(width / picture.width, height / picture.height));
  return {
    zoom,
    left: insets.left + (width - picture.width * zoom) / 2,
    top: insets.top + (height - picture.height * zoom) / 2,
  };
}

/** What lies under `stageXy` stays there. */
export function zoomedAt(view: View, stageXy: Xy, factor: number): View {
  const zoom = clampZoom(view.zoom * factor);
  const ratio = zoom / view.zoom;
  return {
    zoom,
    left: stageXy[0] - (stageXy[0] - view.left) * ratio,
    top: stageXy[1] - (stageXy[1] - view.top) * ratio,
  };
}

export function panned(view: View, dx: number, dy: number): View {
  return { ...view, left: view.left + dx, top: view.top + dy };
}

/** Two fingers went from `from` to `to`: what lay under their middle follows it. */
export function pinched(view: View, from: [Xy, Xy], to: [Xy, Xy]): View {
  const before = middle(from);
  const after = middle(to);
  const spread = Math.max(1, distance(...from));
  const moved = panned(view, after[0] - before[0], after[1] - before[1]);
  return zoomedAt(moved, after, distance(...to) / spread);
}

/** Some of the picture remains on the stage. */
export function kept(view: View, picture: Size, stage: Size): View {
  const width = picture.width * view.zoom;
  const height = picture.height * view.zoom;
  return {
    zoom: view.zoom,
    left: clamp(view.left, KEPT_CSS_PX - width, stage.width - KEPT_CSS_PX),
    top: clamp(view.top, KEPT_CSS_PX - height, stage.height - KEPT_CSS_PX),
  };
}

/** Wheels report lines, pages or pixels; a notch of about 100 px is a fifth. */
export function wheelFactor(event: {
  deltaY: number;
  deltaMode: number;
  ctrlKey: boolean;
}): number {
  const unit = event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 400 : 1;
  // A trackpad's pinch arrives as a ctrl-wheel of small steps.
  const speed = event.ctrlKey ? 0.01 : 0.0018;
  return Math.exp(-clamp(event.deltaY * unit, -400, 400) * speed);
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, Math.min(low, high)), Math.max(low, high));
}

function clampZoom(zoom: number): number {
  return clamp(zoom, MIN_ZOOM, MAX_ZOOM);
}

function middle(pair: [Xy, Xy]): Xy {
  return [(pair[0][0] + pair[1][0]) / 2, (pair[0][1] + pair[1][1]) / 2];
}
