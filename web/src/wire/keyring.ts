/** The token and the session, which outlive a reload of this tab and nothing else. */

const TOKEN = "tugan-token";
const SESSION = "tugan-session";

export function readToken(address: URL, storage: Storage): string {
  const given = address.searchParams.get("token");
  if (given !== null) {
    storage.setItem(TOKEN, given);
    return given;
  }
  return storage.getItem(TOKEN) ?? "";
}

export function readSession(storage: Storage): string | null {
  return storage.getItem(SESSION);
}

export function keepSession(storage: Storage, session: string): void {
  storage.setItem(SESSION, session);
}

export function socketAddress(page: URL, token: string, session: string | null): string {
  const address = new URL("/ws", page);
  address.protocol = page.protocol === "https:" ? "wss:" : "ws:";
  address.searchParams.set("token", token);
  if (session !== null) {
    address.searchParams.set("session", session);
  }
  return address.href;
}
