/** Pictures, animations and projects, in and out. */

import { arrivedFile } from "../files/arrived_file";
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

/** The whole photograph, with what has become of its face. */
export async function exportPhoto(studio: Studio, format: string, mark: boolean): Promise<void> {
  await download(studio, photoPath(format, mark), `photo.${format}`, {
    doing: "Putting the face back into the photograph…",
  });
}

/** The same to be looked at; null if it cannot be had, which is then said. */
export async function editedPhoto(studio: Studio): Promise<{ blob: Blob; name: string } | null> {
  let edited: { blob: Blob; name: string } | null = null;
  await attempt(studio, "Putting the face back into the photograph…", async (session) => {
    edited = await studio.rest.get(
      `/api/sessions/${session}/${photoPath("jpg", false)}`,
      "photo.jpg",
    );
  });
  return edited;
}

function photoPath(format: string, mark: boolean): string {
  return `photo?format=${format}&mark=${mark}`;
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
      await sendPhoto(studio, file);
      return;
    case "unknown":
      studio.tell({
        level: "warning",
        text: `“${file.name}” is not a file that can be opened here.`,
        remedy: "Open a photo, or a project, whose name ends in .tugan.",
      });
  }
}

async function openProject(studio: Studio, file: File): Promise<void> {
  if (isTooLarge(studio, file, "Is it a project of this program?")) {
    return;
  }
  await attempt(studio, `Opening “${file.name}”…`, async (session) => {
    forgetLocalPoints(studio);
    await studio.rest.put(`/api/sessions/${session}/project`, file);
  });
}

/** The server finds faces in it; what comes of that is in its next state. */
async function sendPhoto(studio: Studio, file: File): Promise<void> {
  if (isTooLarge(studio, file, "Save a smaller copy of it, as JPEG, and open that.")) {
    return;
  }
  // Pasted pictures may have no name.
  const name = file.name === "" ? "photo" : file.name;
  await attempt(studio, `Opening “${name}”…`, (session) =>
    studio.rest.put(
      `/api/sessions/${session}/photo?name=${encodeURIComponent(name.slice(-200))}`,
      file,
    ),
  );
}

function isTooLarge(studio: Studio, file: File, remedy: string): boolean {
  const most = studio.store.welcome.value?.limits.max_upload_bytes;
  if (most === undefined || file.size <= most) {
    return false;
  }
  studio.tell({
    level: "error",
    text: `“${file.name}” is larger than ${Math.round(most / 1e6)} MB.`,
    remedy,
  });
  return true;
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
  if (session === undefined) {
    return;
  }
  if (store.job.value !== null) {
    studio.tell({
      level: "info",
      text: "One thing at a time.",
      remedy: `Still at it: ${store.job.value}`,
    });
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
