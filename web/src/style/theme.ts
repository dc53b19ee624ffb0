/** Dark or light: what was chosen here, else what the system prefers. */

const KEY = "tugan-theme";

export function isDarkNow(): boolean {
  const chosen = read();
  return chosen === null
    ? !window.matchMedia("(prefers-color-scheme: light)").matches
    : chosen === "dark";
}

export function keepTheme(isDark: boolean): void {
  try {
    localStorage.setItem(KEY, isDark ? "dark" : "light");
  } catch {
    // Storage is forbidden here: the choice lasts until the page is closed.
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
