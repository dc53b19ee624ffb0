/** Seeds to choose from; locked ones stay when the others are rolled again. Pure. */

export interface Gallery {
  seeds: readonly number[];
  locked: ReadonlySet<number>;
  psi: number;
  label: number | null;
}

export const GALLERY_SIZE = 12;
export const USUAL_PSI = 0.7;
/** Small enough to be read, said and typed. */
const SEEDS = 100_000;

export function newGallery(first: number | null, random: () => number): Gallery {
  const seeds = first === null ? [] : [first];
  return {
    seeds: filled(seeds, GALLERY_SIZE, random),
    locked: new Set(),
    psi: USUAL_PSI,
    label: null,
  };
}

export function rerolled(gallery: Gallery, random: () => number): Gallery {
  const keep = gallery.seeds.filter((seed) => gallery.locked.has(seed));
  const fresh = filled(keep, gallery.seeds.length, random).slice(keep.length);
  const seeds = gallery.seeds.map((seed) =>
    gallery.locked.has(seed) ? seed : (fresh.shift() ?? seed),
  );
  return { ...gallery, seeds };
}

export function lockToggled(gallery: Gallery, seed: number): Gallery {
  const locked = new Set(gallery.locked);
  if (!locked.delete(seed)) {
    locked.add(seed);
  }
  return { ...gallery, locked };
}

/** Different from each other and from what is there. */
function filled(start: readonly number[], size: number, random: () => number): number[] {
  const seeds = new Set(start);
  while (seeds.size < size) {
    seeds.add(Math.floor(random() * SEEDS));
  }
  return [...seeds];
}
