/** One WebSocket that comes back by itself. */

import { parseFrame, type WireFrame } from "./frames";
import type { ClientMessage, ServerMessage } from "./messages";
import { afterClose, type Link } from "./reconnect";

export interface Listener {
  onLink(link: Link): void;
  onMessage(message: ServerMessage): void;
  onFrame(frame: WireFrame): void;
}

/** A closed socket says little when it never opened: the server is asked by HTTP. */
const REFUSED = 4401;

export class Connection {
  #address: () => string;
  #isRefused: () => Promise<boolean>;
  #listener: Listener;
  #socket: WebSocket | null = null;
  #link: Link = { status: "connecting", attempt: 0 };
  #timer = 0;

  constructor(address: () => string, isRefused: () => Promise<boolean>, listener: Listener) {
    this.#address = address;
    this.#isRefused = isRefused;
    this.#listener = listener;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  connect(): void {
    window.clearTimeout(this.#timer);
    this.#drop();
    const attempt = this.#link.status === "lost" ? this.#link.attempt : 0;
    this.#become({ status: "connecting", attempt });
    const socket = new WebSocket(this.#address());
    socket.binaryType = "arraybuffer";
    let opened = false;
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => {
      if (socket === this.#socket) {
        this.#socket = null;
        void this.#closed(event.code, opened);
      }
    };
    this.#socket = socket;
  }

  /** False if there is no connection; the message is then lost. */
  send(message: ClientMessage): boolean {
    if (!this.isOpen) {
      return false;
    }
    this.#socket?.send(JSON.stringify(message));
    return true;
  }

  async #closed(code: number, opened: boolean): Promise<void> {
    const refused = !opened && code < 4000 && (await this.#isRefused());
    if (this.#socket !== null) {
      return;
    }
    const link = afterClose(this.#link, refused ? REFUSED : code, Math.random());
    this.#become(link);
    if (link.status === "lost") {
      this.#timer = window.setTimeout(() => this.connect(), link.delayMs);
    }
  }

  #receive(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      const frame = parseFrame(data);
      if (frame !== null) {
        this.#listener.onFrame(frame);
      }
    } else if (typeof data === "string") {
      const message = JSON.parse(data) as ServerMessage;
      if (message.type === "welcome") {
        this.#become({ status: "open" });
      }
      this.#listener.onMessage(message);
    }
  }

  #become(link: Link): void {
    this.#link = link;
    this.#listener.onLink(link);
  }

  #drop(): void {
    const old = this.#socket;
    this.#socket = null;
    old?.close();
  }
}
