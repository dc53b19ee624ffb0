/** Pictures, animations and projects, in and out. */

import { arrivedFile } from "../files/arrived_file";
import { PHOTOS_NOT_YET } from "../files/photos_not_yet";
import type { Studio } from "../state/studio";
import { Refusal } from "../wire/rest";
import { forgetLocalPoints } from "./points";

export async function exportPicture(
  studio: Studio,
  format: string,
  points: boolean,
): Promise<void> {
  await download(studio, `picture?format=${format}&points=${points}`, `tugan.${format}`, {
    doing: `Making the ${format.toUpperCase()}…`,
  });
}

export async function exportAnimation(
  studio: Studio,
  format: string,
  points: boolean,
): Promise<void> {
  await download(studio, `animation?format=${format}&points=${points}`, `tugan.${format}`, {
    doing: `Rendering the ${format.toUpperCase()}; this takes a few seconds…`,
  });
}

export async function saveProject(studio: Studio): Promise<void> {
  await download(studio, "project", "picture.tugan", { doing: "Saving the project…" });
}

/** A file that was chosen, dropped or pasted. */
export async function open(studio: Studio, file: File): Promise<void> {
  switch (arrivedFile(file.name, file.type)) {
    case "project":
      await openProject(studio, file);
      return;
    case "photo":
      studio.tell(PHOTOS_NOT_YET);
      return;
    case "unknown":
      studio.tell({
        level: "warning",
        text: `“${file.name}” is not a file that can be opened here.`,
        remedy: "Open a project, whose name ends in .tugan.",
      });
  }
}

async function openProject(studio: Studio, file: File): Promise<void> {
  const most = studio.store.welcome.value?.limits.max_upload_bytes;
  if (most !== undefined && file.size > most) {
    studio.tell({
      level: "error",
      text: `“${file.name}” is larger than ${Math.round(most / 1e6)} MB.`,
      remedy: "Is it a project of this program?",
    });
    return;
  }
  await attempt(studio, `Opening “${file.name}”…`, async (session) => {
    forgetLocalPoints(studio);
    await studio.rest.put(`/api/sessions/${session}/project`, file);
  });
}

async function download(
  studio: Studio,
  path: string,
  fallbackName: string,
  { doing }: { doing: string },
): Promise<void> {
  await attempt(studio, doing, (session) =>
    studio.rest.download(`/api/sessions/${session}/${path}`, fallbackName),
  );
}

async function attempt(
  studio: Studio,
  doing: string,
  work: (session: string) => Promise<void>,
): Promise<void> {
  const { store } = studio;
  const session = store.welcome.value?.session;
  if (session === undefined || store.job.value !== null) {
    return;
  }
  store.job.value = doing;
  try {
    await work(encodeURIComponent(session));
  } catch (error) {
    if (!(error instanceof Refusal)) {
      throw error;
    }
    studio.tell({ level: "error", text: error.message, remedy: error.remedy });
  } finally {
    store.job.value = null;
  }
}
