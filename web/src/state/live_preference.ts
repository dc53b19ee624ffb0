/** Whether a pull moves the picture at once: so it is unless it was switched off here. */

const KEY = "tugan-live";

export function isLiveWanted(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

export function keepLive(isOn: boolean): void {
  try {
    localStorage.setItem(KEY, isOn ? "on" : "off");
  } catch {
    // Storage is forbidden here: the choice lasts until the page is closed.
  }
}
