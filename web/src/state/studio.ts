/** The page's parts, wired together: what comes in goes to the store, what is asked goes out. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { holdSeen } from "../commands/hold";
import { usualBrush } from "../mask/brush";
import { MaskLayer } from "../mask/mask_layer";
import { Player } from "../picture/player";
import { Thumbnails } from "../picture/thumbnails";
import { Connection } from "../wire/connection";
import type { WireFrame } from "../wire/frames";
import { keepSession, readSession, readToken, socketAddress } from "../wire/keyring";
import {
  type ClientMessage,
  FrameKind,
  type ServerMessage,
  type State,
  type Welcome,
} from "../wire/messages";
import { Rest } from "../wire/rest";
import { advised, stillMeant } from "./advice";
import { newGallery } from "./gallery";
import { closed, SHOWN_MS, type ShownNotice, told } from "./notices";
import { PhotoDesk } from "./photo_desk";
import { forgotten, received, stepped, toInputs } from "./points";
import { Store } from "./store";

/** A change that the server neither takes nor refuses is given up. */
const CONFIRM_MS = 4000;

type Request = Exclude<ClientMessage, { type: "ack" }>;

export class Studio {
  readonly store = new Store();
  readonly mask = new MaskLayer();
  readonly gallery = new Thumbnails();
  readonly history = new Thumbnails();
  readonly rest: Rest;
  readonly player: Player;
  readonly photo: PhotoDesk;
  readonly connection: Connection;
  #lastRequest = 0;
  #lastNotice = 0;
  #highestId = 0;
  #confirm = 0;
  #pointRequests = new Set<number>();
  #lastSetMask: Request | null = null;

  constructor(page: URL, storage: Storage) {
    const token = readToken(page, storage);
    this.rest = new Rest(token);
    const events = {
      onDone: (frame: WireFrame) => this.#acknowledge(frame),
      onBroken: () =>
        this.tell({
          level: "warning",
          text: "A picture arrived that could not be shown.",
          remedy: "If it happens again, reload the page; your work is kept.",
        }),
    };
    this.player = new Player({ ...events, onDrawn: (frame) => this.#drawn(frame) });
    this.photo = new PhotoDesk(this.store, {
      ...events,
      onLost: (name) =>
        this.tell({
          level: "warning",
          text: `“${name}” is not on its way any more.`,
          remedy: "Open it again to begin anew.",
        }),
    });
    this.connection = new Connection(
      () => socketAddress(page, token, readSession(storage)),
      () => this.rest.isTokenRefused(),
      {
        onLink: (link) => {
          this.store.link.value = link;
        },
        onMessage: (message) => this.receive(message, storage),
        onFrame: (frame) => void this.receiveFrame(frame),
      },
    );
  }

  /** Numbered, so that a refusal can be told from others. False if there is no connection. */
  ask(request: Request): boolean {
    this.#lastRequest += 1;
    const numbered = { ...request, id: this.#lastRequest };
    const sent = this.connection.send(numbered);
    if (request.type === "photo-cancel" || request.type === "photo-keep") {
      this.photo.letGo();
    }
    if (request.type === "set-points") {
      this.#pointRequests.add(this.#lastRequest);
      this.#awaitConfirmation();
    }
    if (request.type === "set-mask") {
      this.#lastSetMask = sent ? null : request;
    }
    return sent;
  }

  tell(notice: Omit<ShownNotice, "key">): void {
    this.#lastNotice += 1;
    const key = this.#lastNotice;
    this.store.notices.value = told(this.store.notices.value, notice, key);
    const shownMs = SHOWN_MS[notice.level];
    if (shownMs !== null) {
      window.setTimeout(() => this.closeNotice(key), shownMs);
    }
  }

  closeNotice(key: number): void {
    this.store.notices.value = closed(this.store.notices.value, key);
  }

  /** The server deletes what an earlier run saved; its list came with the welcome. */
  discard(session: string): void {
    this.ask({ type: "discard", session });
    const welcome = this.store.welcome.value;
    if (welcome !== null) {
      const recoverable = welcome.recoverable.filter((work) => work.session !== session);
      this.store.welcome.value = { ...welcome, recoverable };
    }
  }

  /** Points get numbers that this page has never seen. */
  newPointId(): number {
    const ids = this.store.list.value.map((point) => point.id);
    this.#highestId = Math.max(this.#highestId, ...ids) + 1;
    return this.#highestId;
  }

  receive(message: ServerMessage, storage: Storage): void {
    const { store } = this;
    switch (message.type) {
      case "welcome":
        this.#welcomed(message, storage);
        break;
      case "state":
        this.#changed(message);
        break;
      case "progress":
        store.progress.value = message;
        store.points.value = stepped(store.points.value, message.points);
        break;
      case "photo-progress":
        store.photoProgress.value = message;
        break;
      case "advice":
        store.advice.value = advised(store.advice.value, message);
        break;
      case "notice":
        if (message.reply_to !== null && this.#pointRequests.has(message.reply_to)) {
          store.points.value = forgotten(store.points.value);
        }
        this.tell({ level: message.level, text: message.text, remedy: message.remedy });
        break;
    }
  }

  async receiveFrame(frame: WireFrame): Promise<void> {
    switch (frame.kind) {
      case FrameKind.MOVING:
      case FrameKind.FINISHED:
      case FrameKind.RESTING:
        this.player.show(frame);
        return;
      case FrameKind.ORIGINAL:
        await this.player.setOriginal(frame);
        return;
      case FrameKind.MASK:
        await this.mask.receive(frame);
        this.store.hasMask.value = this.mask.hasMask;
        break;
      case FrameKind.PHOTO:
      case FrameKind.TARGET:
      case FrameKind.INVERTED:
        this.photo.receiveFrame(frame);
        return;
      case FrameKind.GALLERY:
        this.gallery.add(frame);
        break;
      case FrameKind.HISTORY:
        this.history.add(frame);
        break;
    }
    this.#acknowledge(frame);
  }

  #welcomed(welcome: Welcome, storage: Storage): void {
    const { store } = this;
    // Recovered work comes with its own welcome, on the same connection.
    const isSame = welcome.resumed && store.welcome.value?.session === welcome.session;
    keepSession(storage, welcome.session);
    this.player.reset();
    this.photo.preview.reset();
    store.welcome.value = welcome;
    store.liveHold.value = null;
    // Revisions count from the beginning on each connection.
    store.restingRevision.value = -1;
    if (!isSame) {
      store.points.value = forgotten(store.points.value);
      this.#lastSetMask = null;
      this.mask.clear();
      store.hasMask.value = false;
      return;
    }
    // What was done while there was no connection.
    const { local } = store.points.value;
    if (local !== null) {
      this.ask({ type: "set-points", points: toInputs(local), change: "move" });
    }
    if (this.#lastSetMask !== null) {
      this.ask(this.#lastSetMask);
    }
  }

  #changed(doc: State): void {
    const { store } = this;
    const before = store.doc.value;
    const moving = doc.phase === "dragging" || doc.phase === "live";
    if (moving && before?.phase !== doc.phase) {
      store.progress.value = null;
    }
    store.doc.value = doc;
    holdSeen(this);
    this.photo.changed(before, doc);
    store.points.value = received(store.points.value, doc.points, moving);
    store.advice.value = stillMeant(store.advice.value, store.list.value);
    this.history.keepOnly(doc.history.map((entry) => entry.id));
    const selected = store.selected.value;
    if (selected !== null && !store.list.value.some((point) => point.id === selected.id)) {
      store.selected.value = null;
    }
    const picture = store.picture.value;
    if (picture !== null) {
      this.mask.resize(picture);
      if (store.brushPx.value === 0) {
        store.brushPx.value = usualBrush(picture);
      }
    }
    if (store.gallery.value === null && doc.start !== null && doc.phase === "idle") {
      const gallery = newGallery(doc.start.seed, Math.random);
      store.gallery.value = { ...gallery, psi: doc.start.psi, label: doc.start.label };
    }
  }

  #drawn(frame: WireFrame): void {
    this.store.framesDrawn.value += 1;
    if (frame.kind === FrameKind.RESTING) {
      this.store.restingRevision.value = frame.step;
    }
    this.store.shownKind.value = frame.kind;
  }

  #acknowledge(frame: WireFrame): void {
    this.connection.send({ type: "ack", seq: frame.seq });
  }

  #awaitConfirmation(): void {
    window.clearTimeout(this.#confirm);
    this.#confirm = window.setTimeout(() => {
      const { store } = this;
      if (this.connection.isOpen && store.points.value.held === null) {
        store.points.value = forgotten(store.points.value);
      }
    }, CONFIRM_MS);
  }
}

export const StudioContext = createContext<Studio | null>(null);

export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (studio === null) {
    throw new Error("This part of the page stands outside the studio.");
  }
  return studio;
}
