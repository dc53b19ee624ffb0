/** What the server or the page has to say, until it is read. Pure. */

import type { Notice } from "../wire/messages";

export interface ShownNotice {
  key: number;
  level: Notice["level"];
  text: string;
  remedy: string;
}

const MOST = 4;
/** Long enough to be read twice; errors stay until they are closed. */
export const SHOWN_MS = { info: 7000, warning: 14_000, error: null } as const;

/** The same words again replace the earlier ones. */
export function told(
  notices: readonly ShownNotice[],
  notice: Omit<ShownNotice, "key">,
  key: number,
): readonly ShownNotice[] {
  const others = notices.filter((one) => one.text !== notice.text);
  return [...others, { ...notice, key }].slice(-MOST);
}

export function closed(notices: readonly ShownNotice[], key: number): readonly ShownNotice[] {
  return notices.filter((one) => one.key !== key);
}
