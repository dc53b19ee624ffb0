/** What is told in words. Pure. */

import type { GeneratorView, ModelView, PhotoView, Progress, State } from "../wire/messages";

export function progressWords(progress: Progress): string {
  const rate = progress.steps_per_s;
  const steps = rate >= 10 ? rate.toFixed(0) : rate.toFixed(1);
  // Not known before the first step.
  const pace = rate > 0 ? `, ${steps} steps/s` : "";
  return `step ${progress.step}, ${progress.farthest_px.toFixed(1)} px left${pace}`;
}

export function liveWords(progress: Progress): string {
  const rate = progress.steps_per_s;
  return `live, ${progress.farthest_px.toFixed(1)} px behind, ${rate.toFixed(0)} steps/s`;
}

export function sizeWords(bytes: number): string {
  if (bytes < 1e6) {
    return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  }
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

export function modelWords(model: ModelView): string {
  return `${model.title} · ${sizeWords(model.size_bytes)}`;
}

export function place(xy: readonly [number, number]): string {
  return `${Math.round(xy[0])}, ${Math.round(xy[1])}`;
}

export function pictureWords(
  generator: GeneratorView | null,
  seed: number | null,
  photo: PhotoView | null,
): string {
  if (generator === null) {
    return "The picture is being prepared";
  }
  if (photo !== null) {
    return `From the photograph ${photo.name}, as the model draws it`;
  }
  const from = seed === null ? "" : `, seed ${seed}`;
  return `Generated picture: ${generator.domain}${from}`;
}

/** What goes on when nobody drags. */
export function phaseWords(phase: State["phase"], model: string | null): string | null {
  switch (phase) {
    case "loading":
      return model === null ? "Loading the model…" : "Making the picture…";
    case "waiting":
      return "Waiting for other people's turns…";
    case "photo":
      return "Bringing the photograph in…";
    default:
      return null;
  }
}

export function psiWords(psi: number): string {
  if (psi < 0.35) {
    return "close to average";
  }
  if (psi < 0.6) {
    return "usual";
  }
  if (psi < 0.85) {
    return "varied";
  }
  return psi <= 1 ? "unusual" : "strange";
}
