/** The REST part: files out and in. */

/** What went wrong, in the server's words. */
export class Refusal extends Error {
  readonly remedy: string;

  constructor(text: string, remedy: string) {
    super(text);
    this.remedy = remedy;
  }
}

export class Rest {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  async download(path: string, fallbackName: string): Promise<void> {
    const { blob, name } = await this.get(path, fallbackName);
    saveFile(blob, name);
  }

  async get(path: string, fallbackName: string): Promise<{ blob: Blob; name: string }> {
    const answer = await this.#ask(path, { method: "GET" });
    const name = fileName(answer.headers.get("content-disposition")) ?? fallbackName;
    return { blob: await answer.blob(), name };
  }

  async put(path: string, body: Blob): Promise<void> {
    await this.#ask(path, { method: "PUT", body });
  }

  async isTokenRefused(): Promise<boolean> {
    try {
      const answer = await fetch("/api/health", { headers: this.#headers() });
      return answer.status === 401 || answer.status === 403;
    } catch {
      return false;
    }
  }

  async #ask(path: string, request: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(path, { ...request, headers: this.#headers() });
    } catch {
      throw new Refusal("The server cannot be reached.", "Is tugan still running in the terminal?");
    }
    if (!answer.ok) {
      throw await refusal(answer);
    }
    return answer;
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${encodeURIComponent(this.#token)}` };
  }
}

export function saveFile(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads the address after the click.
  window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

async function refusal(answer: Response): Promise<Refusal> {
  try {
    const said = (await answer.json()) as { text?: unknown; remedy?: unknown };
    if (typeof said.text === "string") {
      return new Refusal(said.text, typeof said.remedy === "string" ? said.remedy : "");
    }
  } catch {
    // Not JSON: something between the server and here answered.
  }
  return new Refusal(`The server answered ${answer.status}.`, "Try again in a moment.");
}

export function fileName(disposition: string | null): string | null {
  const encoded = disposition?.match(/filename\*=(?:utf-8|UTF-8)''([^;]+)/)?.[1];
  if (encoded !== undefined) {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return null;
    }
  }
  return disposition?.match(/filename="?([^";]+)"?/)?.[1] ?? null;
}
