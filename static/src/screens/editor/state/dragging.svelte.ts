// A drag of a card from press to drop, by mouse, finger or keyboard: one at a time, one write at its end.
import type { Presence } from "../../../document/types";
import { t } from "../../../ui/text.svelte";
import { notices } from "../../../ui/notices.svelte";
import {
  edgeScroll,
  gapAt,
  movedBy,
  START_PX,
  TOUCH_HOLD_MS,
  TOUCH_SLOP_PX,
  type Gap,
  type Point,
} from "./drag";
import { carry, find, type Arrow, type Column, type Seat } from "./keyboard";
import { Geometry } from "./geometry";

interface Pressed {
  id: string;
  pointer: number;
  at: Point;
  touch: boolean;
  element: HTMLElement;
  timer: ReturnType<typeof setTimeout> | null;
}
export interface Lifted {
  id: string;
  by: "pointer" | "keyboard";
  /** Of the floating card. */
  width: number;
}

/** What a drag needs of the editor that it happens in. */
export interface DragHost {
  readonly doc: { readonly presence: Pick<Presence, "set"> };
  readonly canEdit: boolean;
  readonly columns: readonly Column[];
  /** What the lanes were measured of. */
  readonly view: unknown;
  column: string | null | undefined;
  columnName(day: string | null): string;
  drop(card: string, gap: Gap): void;
  reveal(id: string): void;
  select(id: string | null): void;
}

/** Something narrower than this is a map pin: what flies then is a card of the usual width. */
const PIN_PX = 120;
const CARD_PX = 256;
/** How long a card is held over a day's tab before the board turns to it. */
const TAB_HOLD_MS = 350;

export class Dragging {
  lifted: Lifted | null = $state.raw(null);
  /** Where the floating card is: a signal of its own, since only it follows each move. */
  at: Point = $state.raw({ x: 0, y: 0 });
  gap: Gap | null = $state.raw(null);
  readonly #geometry = new Geometry();
  readonly #editor: DragHost;
  #board: HTMLElement | null = null;
  #pressed: Pressed | null = null;
  #grip: Point = { x: 0, y: 0 };
  #pointer: Point = { x: 0, y: 0 };
  #frame = 0;
  #justDropped = false;
  #hovered: { day: string; since: number } | null = null;
  /** To ask what is under the pointer searches all cards: only where there are tabs. */
  #hasTabs = false;

  constructor(editor: DragHost) {
    this.#editor = editor;
  }

  /** An attachment for the scrolling board; also where touches are kept from scrolling during a drag. */
  readonly board = (element: HTMLElement): (() => void) => {
    this.#board = element;
    const menu = (event: Event) =>
      (this.lifted !== null || this.#pressed?.touch === true) && event.preventDefault();
    element.addEventListener("touchmove", this.#hold, { passive: false });
    element.addEventListener("contextmenu", menu);
    return () => {
      this.cancel();
      element.removeEventListener("touchmove", this.#hold);
      element.removeEventListener("contextmenu", menu);
    };
  };

  readonly #hold = (event: TouchEvent): void => {
    if (this.lifted !== null && event.cancelable) event.preventDefault();
  };

  /** Whether the click that now arrives ended a drag and means nothing else. */
  endedNow(): boolean {
    return this.#justDropped;
  }

  press(event: PointerEvent, id: string): void {
    if (!this.#editor.canEdit || event.button !== 0 || this.#pressed !== null || this.lifted !== null) return;
    const element = event.currentTarget as HTMLElement;
    const touch = event.pointerType === "touch";
    const at = { x: event.clientX, y: event.clientY };
    this.#pressed = {
      id,
      pointer: event.pointerId,
      at,
      touch,
      element,
      timer: touch ? setTimeout(() => this.#lift(), TOUCH_HOLD_MS) : null,
    };
    this.#pointer = at;
    // On the card itself too: it may leave the page during the drag (another day's tab), and its touches still come to it alone.
    element.addEventListener("touchmove", this.#hold, { passive: false });
    addEventListener("pointermove", this.#moved);
    addEventListener("pointerup", this.#released);
    addEventListener("pointercancel", this.#lost);
  }

  /** Space on a selected card: picks it up, or drops it. */
  toggle(id: string): void {
    if (this.lifted?.by === "keyboard") return this.#drop();
    const seat = find(this.#editor.columns, id);
    if (!this.#editor.canEdit || seat === null) return;
    this.#seat(seat);
    this.lifted = { id, by: "keyboard", width: 0 };
    this.#editor.doc.presence.set({ drag: id });
    notices.announce(
      t("drag.picked", { column: this.#editor.columnName(this.gap?.day ?? null), n: seat.index + 1 }),
    );
  }

  carry(arrow: Arrow): void {
    if (this.lifted?.by !== "keyboard" || this.gap === null) return;
    const { id } = this.lifted;
    const columns = this.#editor.columns;
    const from: Seat = {
      column: columns.findIndex((column) => column.day === this.gap?.day),
      index: this.gap.index,
    };
    this.#seat(carry(columns, id, from, arrow));
    notices.announce(
      t("drag.moved", { column: this.#editor.columnName(this.gap.day), n: this.gap.index + 1 }),
    );
  }

  cancel(): void {
    const was = this.lifted;
    this.#end();
    if (was !== null) notices.announce(t("drag.cancelled"));
  }

  #seat(seat: Seat): void {
    const day = this.#editor.columns[seat.column]?.day ?? null;
    this.gap = { day, index: seat.index };
    requestAnimationFrame(() =>
      document.querySelector(`[data-gap]`)?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    );
  }

  readonly #moved = (event: PointerEvent): void => {
    const pressed = this.#pressed;
    if (pressed === null || event.pointerId !== pressed.pointer) return;
    this.#pointer = { x: event.clientX, y: event.clientY };
    const distance = movedBy(pressed.at, this.#pointer);
    if (this.lifted === null) {
      if (pressed.touch) {
        if (distance > TOUCH_SLOP_PX) this.#end();
        return;
      }
      if (distance < START_PX) return;
      this.#lift();
    }
    event.preventDefault();
  };

  #lift(): void {
    const pressed = this.#pressed;
    if (pressed === null) return;
    const box = pressed.element.getBoundingClientRect();
    const fromPin = box.width < PIN_PX;
    this.#grip = fromPin ? { x: 20, y: 20 } : { x: pressed.at.x - box.left, y: pressed.at.y - box.top };
    this.lifted = {
      id: pressed.id,
      by: "pointer",
      width: fromPin ? CARD_PX : box.width,
    };
    this.at = { x: box.left, y: box.top };
    getSelection()?.removeAllRanges();
    if (pressed.touch) navigator.vibrate?.(8);
    this.#editor.doc.presence.set({ drag: pressed.id });
    this.#hasTabs = document.querySelector("[data-day-tab]") !== null;
    this.#follow();
    this.#frame = requestAnimationFrame(this.#scroll);
  }

  /** Once a frame, however many moves a mouse tells of; first everything is read, then written. */
  #follow(): void {
    if (this.lifted === null) return;
    const lanes = this.#geometry.lanes(this.#board, this.#editor.view);
    const gap = gapAt(lanes, this.#pointer, this.lifted.id);
    this.#overTab();
    this.at = { x: this.#pointer.x - this.#grip.x, y: this.#pointer.y - this.#grip.y };
    if (gap?.day !== this.gap?.day || gap?.index !== this.gap?.index) this.gap = gap;
  }

  /** On a phone: a card held over a day's tab turns the board to that day. */
  #overTab(): void {
    if (!this.#hasTabs) return;
    const tab = document
      .elementFromPoint(this.#pointer.x, this.#pointer.y)
      ?.closest<HTMLElement>("[data-day-tab]");
    const day = tab?.dataset.dayTab;
    if (day === undefined) this.#hovered = null;
    else if (this.#hovered?.day !== day) this.#hovered = { day, since: performance.now() };
    else if (performance.now() - this.#hovered.since > TAB_HOLD_MS)
      this.#editor.column = day === "" ? null : day;
  }

  readonly #scroll = (): void => {
    if (this.lifted?.by !== "pointer") return;
    if (this.#board !== null) {
      const across = edgeScroll(this.#board.getBoundingClientRect(), this.#pointer).x;
      if (across !== 0) this.#board.scrollLeft += across;
      const scroller = this.gap && this.#geometry.scroller(this.#board, this.gap.day);
      if (scroller !== null) {
        const along = edgeScroll(scroller.getBoundingClientRect(), this.#pointer).y;
        if (along !== 0) scroller.scrollTop += along;
      }
    }
    this.#follow();
    this.#frame = requestAnimationFrame(this.#scroll);
  };

  readonly #released = (event: PointerEvent): void => {
    if (event.pointerId !== this.#pressed?.pointer) return;
    if (this.lifted === null) return this.#end();
    this.#pointer = { x: event.clientX, y: event.clientY };
    this.#follow();
    this.#justDropped = true;
    setTimeout(() => (this.#justDropped = false), 0);
    this.#drop();
  };

  readonly #lost = (event: PointerEvent): void => {
    if (event.pointerId === this.#pressed?.pointer) this.cancel();
  };

  #drop(): void {
    const { lifted, gap } = this;
    this.#end();
    if (lifted === null) return;
    if (gap === null) notices.announce(t("drag.cancelled"));
    else this.#editor.drop(lifted.id, gap);
    if (lifted.by === "keyboard") this.#editor.reveal(lifted.id);
    else this.#editor.select(lifted.id);
  }

  #end(): void {
    if (this.#pressed?.timer != null) clearTimeout(this.#pressed.timer);
    this.#pressed?.element.removeEventListener("touchmove", this.#hold);
    this.#pressed = null;
    cancelAnimationFrame(this.#frame);
    removeEventListener("pointermove", this.#moved);
    removeEventListener("pointerup", this.#released);
    removeEventListener("pointercancel", this.#lost);
    if (this.lifted !== null) this.#editor.doc.presence.set({ drag: null });
    this.lifted = null;
    this.gap = null;
  }
}
