/** All that the page shows, as signals. The server's document is the truth; the rest is ours. */

import { computed, signal } from "@preact/signals";
import type { EndOfPoint } from "../geometry/hit";
import type { Size, View, Xy } from "../geometry/view";
import type { Tool } from "../keys/shortcuts";
import type { Advice, FrameKind, PhotoProgress, Progress, State, Welcome } from "../wire/messages";
import type { Link } from "../wire/reconnect";
import type { Gallery } from "./gallery";
import type { WantedHold } from "./hold";
import { isLiveWanted } from "./live_preference";
import type { ShownNotice } from "./notices";
import { type Choice, photoKey } from "./photo";
import { hasSomethingToDrag, NO_POINTS, type Points, shown } from "./points";

export class Store {
  readonly link = signal<Link>({ status: "connecting", attempt: 0 });
  readonly welcome = signal<Welcome | null>(null);
  readonly doc = signal<State | null>(null);
  readonly points = signal<Points>(NO_POINTS);
  readonly progress = signal<Progress | null>(null);
  readonly advice = signal<ReadonlyMap<number, Advice>>(new Map());
  readonly notices = signal<readonly ShownNotice[]>([]);
  readonly hasMask = signal(false);

  readonly tool = signal<Tool>("points");
  /** A pull on the picture moves it at once; without, it sets a handle and its goal. */
  readonly live = signal(isLiveWanted());
  /** What `hold` shall be, until the server has it. */
  readonly wantedHold = signal<WantedHold | null>(null);
  readonly selected = signal<EndOfPoint | null>(null);
  readonly brushPx = signal(0);
  readonly comparing = signal(false);
  /** Space is held: any press pans. */
  readonly panning = signal(false);
  /** Where the point that a live drag holds was taken, and where it should be. */
  readonly liveHold = signal<{ at: Xy; to: Xy } | null>(null);

  readonly view = signal<View>({ zoom: 1, left: 0, top: 0 });
  /** The view follows the window's size until someone zooms or pans. */
  readonly isFitted = signal(true);
  readonly stage = signal<Size>({ width: 0, height: 0 });
  readonly framesDrawn = signal(0);
  /** Of the last of them. */
  readonly shownKind = signal<FrameKind | null>(null);
  readonly restingRevision = signal(-1);
  /** Something has been drawn since the page was opened. */
  readonly hasPicture = computed(() => this.framesDrawn.value > 0);

  readonly gallery = signal<Gallery | null>(null);
  /** A file being made or sent, in words. */
  readonly job = signal<string | null>(null);
  readonly isSheetOpen = signal(false);
  readonly areShortcutsOpen = signal(false);
  readonly isRecoveryDismissed = signal(false);
  readonly isHintDismissed = signal(false);

  readonly photoProgress = signal<PhotoProgress | null>(null);
  /** The face or square that is being chosen in the photograph. */
  readonly choice = signal<Choice | null>(null);
  /** How often the preview of the photograph has been drawn. */
  readonly previewsDrawn = signal(0);
  /** Which photograph there is a picture of. */
  readonly photoShown = signal<string | null>(null);
  /** The whole photograph with what has become of its face is looked at. */
  readonly isPhotoSeen = signal(false);
  /** The picture's own photograph can be shown as it was. */
  readonly hasPhotoBefore = computed(() => {
    const photo = this.doc.value?.photo ?? null;
    return photo !== null && this.photoShown.value === photoKey(photo);
  });

  readonly list = computed(() => shown(this.points.value));
  readonly phase = computed(() => this.doc.value?.phase ?? "loading");
  readonly isDragging = computed(
    () => this.phase.value === "dragging" || this.phase.value === "waiting",
  );
  readonly picture = computed<Size | null>(() => {
    const generator = this.doc.value?.generator;
    return generator ? { width: generator.width_px, height: generator.height_px } : null;
  });
  readonly hasGoal = computed(() => hasSomethingToDrag(this.list.value));
  readonly canStart = computed(
    () => this.hasGoal.value && this.phase.value === "idle" && this.link.value.status === "open",
  );
  /** Nobody has dragged anything yet. */
  readonly isUntouched = computed(() => {
    const doc = this.doc.value;
    return doc !== null && doc.steps === 0 && doc.outcome === null && !this.isDragging.value;
  });
  /** The point that takes the next click as its goal. */
  readonly awaiting = computed(() => {
    const selected = this.selected.value;
    if (this.tool.value !== "points" || selected?.end !== "handle") {
      return null;
    }
    const point = this.list.value.find((one) => one.id === selected.id);
    return point !== undefined && point.goal === null ? point.id : null;
  });
}
