/** What a file is that was chosen, dropped or pasted. Pure. */

export type Arrived = "project" | "photo" | "unknown";

export function arrivedFile(name: string, type: string): Arrived {
  if (name.toLowerCase().endsWith(".tugan")) {
    return "project";
  }
  if (
    type.startsWith("image/") ||
    /\.(png|jpe?g|webp|gif|bmp|tiff?|hei[cf]|avif|jfif)$/i.test(name)
  ) {
    return "photo";
  }
  return "unknown";
}
